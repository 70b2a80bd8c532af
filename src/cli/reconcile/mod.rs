//! `guestlog reconcile`: the customer's side of a comparison, so that nobody needs to write the client.

mod body;
mod difference;
mod source;

use super::client::{Answer, Client};
use super::outcome::Failure;
use super::output::{Form, Table, say};
use crate::app::reconciliation::Part;
use crate::domain::Timestamp;
use body::Body;
use difference::Difference;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use source::Source;
use std::path::PathBuf;
use std::time::Duration;

const AFTER_HELP: &str = "\
FILE lists everybody whom your backend still holds, guests, hosts and recipients
alike: CSV (column ref, or --column), NDJSON with {\"ref\": …} by the ending
.ndjson, else a ref a line; - reads standard input. Who is held by the service,
is not in the list and was not heard of since it was taken is deleted there.

The key needs the scope people:delete, with --by-digest people:read too. It is
read from --key-file or from GUESTLOG_API_KEY, and never from the command line.

When the list lacks more than --max-share percent of the people held, or is
empty, nothing is deleted and the exit code is 5. If the list is right, the
command that confirms exactly this list is printed.

Examples:
  guestlog reconcile --url https://guestlog.example.com --key-file key \\
    --from refs.csv --snapshot-at 2026-11-21T02:00:00+01:00 --dry-run
  psql -Atc 'select id from guests' | guestlog reconcile --now --from - \\
    --url https://guestlog.example.com --key-file key";

/// How far back `--now` goes, in seconds: whoever makes the list may have begun before the service was asked its time.
const MARGIN_S: i64 = 60;
/// The pause between two looks at how far it is.
const LOOK: Duration = Duration::from_millis(500);

/// What `reconcile` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Args {
    /// Where the service is
    #[arg(long, value_name = "URL")]
    url: String,
    /// The file with the API key; else GUESTLOG_API_KEY
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The list, or - for standard input
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The column of a CSV file that holds the refs
    #[arg(long, value_name = "NAME")]
    column: Option<String>,
    /// What parts the fields of a CSV file
    #[arg(long, value_name = "CHARACTER", default_value = ",", value_parser = delimiter)]
    delimiter: u8,
    /// When the list was taken, RFC 3339; rather too early than too late
    #[arg(long, value_name = "TIME", value_parser = instant, required_unless_present = "now", conflicts_with = "now")]
    snapshot_at: Option<Timestamp>,
    /// The list is being made now; who was heard of in the last minute is left alone
    #[arg(long)]
    now: bool,
    /// Count only
    #[arg(long)]
    dry_run: bool,
    /// Percent of the people held beyond which nothing is deleted until it is confirmed
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=100), default_value_t = 10)]
    max_share: u32,
    /// The token that confirms the deletion of many; printed when one is needed
    #[arg(long, value_name = "TOKEN")]
    confirm: Option<String>,
    /// Send the whole list; the default
    #[arg(long, conflicts_with = "by_digest")]
    full: bool,
    /// Compare digests first, and send only the refs of buckets that differ: for many people and few differences
    #[arg(long)]
    by_digest: bool,
    /// Trust the certificates of this PEM file instead of the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Allow a URL without TLS to another machine
    #[arg(long)]
    clear_text: bool,
    #[command(flatten)]
    form: Form,
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [one] if one.is_ascii() => Ok(*one),
        _ if text == "tab" => Ok(b'\t'),
        _ => Err("must be one ASCII character, or tab".to_owned()),
    }
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| error.detail)
}

/// Compares, waits for the end, and prints the report.
///
/// # Errors
/// A list, key or URL that cannot be used; what the service refuses; [`Failure::Findings`] when it waits for a
/// confirmation.
pub fn run(args: &Args) -> Result<(), Failure> {
    let source = Source::new(&args.from, args.column.as_deref(), args.delimiter);
    if args.by_digest && source.is_stream() {
        return Err(Failure::Usage("--by-digest reads the list twice; standard input can be read once".to_owned()));
    }
    let client = Client::new(&args.url, &key(args.key_file.as_ref())?, args.ca_file.as_deref(), args.clear_text)?;
    // Whether the key opens anything is better known before a list of an hour is sent.
    let first = client.get("/v1/reconciliations?limit=1")?;
    let snapshot_at = args.snapshot_at.or_else(|| first.date.map(|date| date.plus_seconds(-MARGIN_S)));
    let snapshot_at = snapshot_at.ok_or_else(|| Failure::Fault("the service does not tell its time".to_owned()))?;

    let mut answer = None;
    if args.by_digest {
        match difference::find(&client, &source)? {
            Difference::None { held } => {
                return say(&format!("No difference: both sides hold the same {held} people."));
            }
            Difference::Many => {}
            Difference::Some(part) => answer = Some(args.send(&client, &source, snapshot_at, Some(&part))?),
        }
        // A token is for a list; that of some buckets could not be made again.
        answer = answer.filter(|answer| !needs_confirmation(answer));
    }
    let answer = match answer {
        Some(answer) => answer,
        None => args.send(&client, &source, snapshot_at, None)?,
    };
    if needs_confirmation(&answer) {
        return args.ask(&answer.json, snapshot_at);
    }
    let report = wait(&client, answer.success()?.json)?;
    args.form.answer(&report, text)
}

fn needs_confirmation(answer: &Answer) -> bool {
    answer.status == 409 && answer.json["code"] == "reconciliation_needs_confirmation"
}

impl Args {
    fn send(
        &self,
        client: &Client,
        source: &Source,
        snapshot_at: Timestamp,
        part: Option<&Part>,
    ) -> Result<Answer, Failure> {
        let mut path = format!("/v1/reconciliations?snapshot_at={snapshot_at}&max_share={}", self.max_share);
        if self.dry_run {
            path.push_str("&dry_run=true");
        }
        if let Some(token) = self.confirm.as_ref().filter(|_| part.is_none()) {
            let plain = token.len() <= 100 && token.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c));
            if !plain {
                return Err(Failure::Usage("--confirm is not a token that this command has printed".to_owned()));
            }
            path = format!("{path}&confirmation={token}");
        }
        if let Some(part) = part {
            let names: Vec<String> = part.buckets.iter().map(|bucket| part.bits.name(*bucket)).collect();
            path = format!("{path}&bits={}&salt={}&buckets={}", part.bits.get(), part.salt, names.join(","));
        }
        let mut body = Body::packed(source.refs()?, part);
        let answer = client.post(&path, &mut body);
        match body.get_mut().failed.take() {
            Some(failure) => Err(failure),
            None => answer,
        }
    }

    /// Says what would go, and how to confirm it.
    fn ask(&self, problem: &Value, snapshot_at: Timestamp) -> Result<(), Failure> {
        let count = |name: &str| problem["counts"][name].as_u64().unwrap_or_default();
        let (held, refs, absent) = (count("held"), count("refs"), count("absent"));
        let token = problem["confirmation"].as_str().unwrap_or_default();
        self.form.answer(problem, |_| {
            format!(
                "Stopped: of {held} people held, {absent} are not among the {refs} refs of the list. Nothing was deleted.\n\
                 If the list is right, run the same command within a day with\n  \
                 --snapshot-at {snapshot_at} --full --confirm {token}"
            )
        })?;
        Err(Failure::Findings)
    }
}

/// The key, which a list of processes must not show.
fn key(file: Option<&PathBuf>) -> Result<String, Failure> {
    let text = match file {
        Some(path) => {
            std::fs::read_to_string(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?
        }
        #[expect(clippy::disallowed_methods, reason = "the customer's side has no settings, and a flag would be seen")]
        None => std::env::var("GUESTLOG_API_KEY")
            .map_err(|_| Failure::Usage("there is no key: give --key-file, or set GUESTLOG_API_KEY".to_owned()))?,
    };
    let key = text.trim();
    if key.is_empty() || !key.bytes().all(|c| c.is_ascii_graphic()) {
        return Err(Failure::Usage("the key is not one line of visible ASCII characters".to_owned()));
    }
    Ok(key.to_owned())
}

/// Asks until all is done.
fn wait(client: &Client, mut report: Value) -> Result<Value, Failure> {
    let of = |report: &Value, name: &str| report[name].as_u64().unwrap_or_default();
    let style =
        ProgressStyle::with_template("{bar:30} {pos} of {len} people").map_err(|error| Failure::fault(&error))?;
    let bar = ProgressBar::new(of(&report, "absent")).with_style(style);
    let id = report["reconciliation_id"].as_str().unwrap_or_default().to_owned();
    loop {
        match report["state"].as_str() {
            Some("starting" | "running") => {}
            Some("counted" | "finished") => break,
            _ => return Err(Failure::Fault("the comparison was interrupted; send the list again".to_owned())),
        }
        bar.set_position(of(&report, "erased") + of(&report, "changed") + of(&report, "restricted"));
        std::thread::sleep(LOOK);
        report = client.get(&format!("/v1/reconciliations/{id}"))?.json;
    }
    bar.finish_and_clear();
    Ok(report)
}

fn text(report: &Value) -> String {
    let only = report["dry_run"] == true;
    let mut table = Table::new(&[if only { "COUNTED" } else { "DONE" }, ""]);
    let restricted = if only { "would be kept, under restriction" } else { "kept, under restriction" };
    let rows = [
        ("refs in the list", "refs"),
        ("people held", "held"),
        (if only { "would be deleted" } else { "not in the list" }, "absent"),
        ("deleted", "erased"),
        ("kept, heard of meanwhile", "changed"),
        (restricted, "restricted"),
    ];
    for (label, name) in rows.into_iter().filter(|(_, name)| !only || !["erased", "changed"].contains(name)) {
        table.row(&[label, &report[name].to_string()]);
    }
    table.row(&["reconciliation", report["reconciliation_id"].as_str().unwrap_or_default()]);
    table.to_string()
}
