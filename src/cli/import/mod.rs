//! `guestlog import`: visits from a file of the time before.

mod progress;
mod report;

use super::customer::NO_CUSTOMER;
use super::outcome::Failure;
use super::output::{Form, Table};
use super::{house, id, zone};
use crate::app::App;
use crate::app::import::mapping::Delimiter;
use crate::app::import::{Finding, Mapping, Order, Progress, Summary, Watcher, visits};
use crate::config::Settings;
use crate::domain::PublicId;
use crate::domain::zone::Zone;
use crate::error::Error;
use crate::telemetry;
use progress::Display;
use report::Report;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
FILE is CSV with a line of column names; - reads standard input. A mapping says
which column is what: visits and workplace_sessions are shipped, and an own one
is a file of lines such as guest_name = \"person.name\" under [columns], or
--map flags. Columns that are not mapped are not imported.

A row that is not right is left out and told in the report, by row, line,
column and reason, never with its content; then the exit code is 5. Running the
same import again adds nothing, so one that was interrupted is simply started
again.

Examples:
  guestlog import visits --customer $id --license VS-2024-000123 \\
    --mapping visits --dry-run --report findings.csv visits.csv
  zcat stays.csv.gz | guestlog import visits --customer $id --license L-1 \\
    --map ref=visit_ref --map guest=person.ref --map came=arrived_at \\
    --map left=departed_at --zone Europe/Oslo --delimiter ';' -";

/// What `import` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Import visits: bookings, cancellations, check-ins and check-outs, a row a visit
    Visits(Args),
}

/// What `import visits` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The customer's identifier, as `customer list` shows it
    #[arg(long, value_name = "ID", value_parser = id)]
    customer: PublicId,
    /// Number of the licence that the visits were at
    #[arg(long, value_name = "NUMBER")]
    license: String,
    /// A shipped mapping by its name, or a TOML file
    #[arg(long, value_name = "NAME|FILE.toml", required_unless_present = "map")]
    mapping: Option<String>,
    /// One column more, or another field for it; may be given many times
    #[arg(long, value_name = "COLUMN=FIELD")]
    map: Vec<String>,
    /// IANA time zone of local times where a row names none; else the mapping's, else the licence's
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    zone: Option<Zone>,
    /// What parts the fields of a row: , ; : | or tab; else the mapping's, else a comma
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    delimiter: Option<Delimiter>,
    /// Read and check everything, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Write what was found to this CSV file; else the first findings go to standard error
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    form: Form,
    /// The file, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

fn delimiter(text: &str) -> Result<Delimiter, String> {
    Delimiter::parse(text).map_err(|error| error.detail)
}

/// Imports, and prints what it came to.
///
/// # Errors
/// Arguments, mapping, file or report that cannot be used; no such customer or licence; those of opening the house;
/// [`Failure::Findings`] when rows were left out.
pub fn run(config: Option<PathBuf>, command: Command) -> Result<(), Failure> {
    let Command::Visits(args) = command;
    let order = Order {
        customer: args.customer,
        license_number: args.license.clone(),
        mapping: args.mapping()?,
        zone: args.zone,
        dry_run: args.dry_run,
    };
    let (input, size_bytes) = open(&args.file)?;
    let report = Report::open(args.report.as_deref())?;
    let settings = Settings::load(config)?;
    telemetry::init(&settings.log).map_err(|error| Failure::fault(&error))?;
    let app = house::open(settings)?;
    let outcome = import(&app, &order, input, &mut Telling { report, display: Display::new(size_bytes) });
    app.stop();
    let summary = outcome?;
    args.form.answer(&summary, text)?;
    if summary.rows.refused > 0 { Err(Failure::Findings) } else { Ok(()) }
}

fn import(app: &App, order: &Order, input: impl BufRead, told: &mut Telling) -> Result<Summary, Failure> {
    let outcome = visits(app, order, input, told);
    told.display.end();
    told.report.end()?;
    outcome.map_err(|error| Failure::missing(error, NO_CUSTOMER))
}

impl Args {
    fn mapping(&self) -> Result<Mapping, Failure> {
        let mut mapping = match &self.mapping {
            None => Mapping::default(),
            Some(name) => match Mapping::of_name(name)? {
                Some(shipped) => shipped,
                None => Mapping::of_toml(&mapping_file(name)?)?,
            },
        };
        for pair in &self.map {
            mapping.set(pair)?;
        }
        mapping.delimiter = self.delimiter.or(mapping.delimiter);
        Ok(mapping)
    }
}

fn mapping_file(name: &str) -> Result<String, Failure> {
    std::fs::read_to_string(name).map_err(|error| {
        let shipped = Mapping::shipped().collect::<Vec<_>>().join(", ");
        Failure::Usage(format!("--mapping {name}: {error}; the shipped mappings are {shipped}"))
    })
}

/// The file as a stream, and its size where it has one.
fn open(path: &Path) -> Result<(Box<dyn BufRead>, Option<u64>), Failure> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin().lock()), None));
    }
    let refused = |error: io::Error| Failure::Usage(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(refused)?;
    let about = file.metadata().map_err(refused)?;
    if about.is_dir() {
        return Err(Failure::Usage(format!("{} is a directory", path.display())));
    }
    let size_bytes = about.is_file().then_some(about.len());
    Ok((Box::new(BufReader::with_capacity(1 << 16, file)), size_bytes))
}

/// Tells the report and the person at the terminal.
struct Telling {
    report: Report,
    display: Display,
}

impl Watcher for Telling {
    fn found(&mut self, finding: &Finding) -> Result<(), Error> {
        let Self { report, display } = self;
        display.aside(|| report.add(finding)).map_err(Error::internal)
    }

    fn advanced(&mut self, progress: Progress) -> Result<(), Error> {
        self.display.advance(progress);
        Ok(())
    }
}

fn text(summary: &Summary) -> String {
    let mut table = Table::new(&[if summary.dry_run { "WOULD BE" } else { "IMPORTED" }, "COUNT"]);
    let known = |count: Option<u64>| count.map_or_else(|| "too many to tell".to_owned(), |count| count.to_string());
    let distinct = |count: Option<usize>| known(count.map(|count| count as u64));
    let (rows, events) = (&summary.rows, &summary.events);
    let counts = [
        ("rows read", rows.read),
        ("rows imported", rows.imported),
        ("rows refused", rows.refused),
        ("events new", events.created),
        ("events known before", events.duplicate),
        ("events in conflict", events.conflict),
        ("events rejected", events.rejected),
        ("events of erased people", events.erased),
        ("visits expected", summary.expected),
        ("of these by date only", summary.expected_by_date),
        ("cancellations", summary.cancelled),
        ("check-ins", summary.check_ins),
        ("check-outs", summary.check_outs),
    ];
    table.row(&["guests", &distinct(summary.guests)]);
    table.row(&["hosts", &distinct(summary.hosts)]);
    for (name, count) in counts {
        table.row(&[name, &count.to_string()]);
    }
    table.row(&["check-ins while in", &known(summary.already_checked_in)]);
    let codes = |kind: &str, counts: &std::collections::BTreeMap<&str, u64>| {
        let lines = counts.iter().map(|(code, count)| format!("{kind} {code}: {count}\n"));
        lines.collect::<String>()
    };
    let left_out = match summary.columns_left_out.as_slice() {
        [] => String::new(),
        columns => format!("columns not imported: {}\n", columns.join(", ")),
    };
    let (errors, notices) = (codes("error", &summary.errors), codes("notice", &summary.notices));
    let (took_s, rate) = (seconds(summary.elapsed_ms), summary.rows_per_second);
    format!("{table}\n{errors}{notices}{left_out}{took_s:.1} s, {rate} rows/s")
}

#[expect(clippy::cast_precision_loss, reason = "shown to a tenth of a second")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}
