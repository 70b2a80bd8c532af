//! `guestlog receipt`: whether the receipt of a deletion is genuine, without settings, database or network.

use super::outcome::Failure;
use super::output::{Table, say};
use crate::app::receipts::{Flaw, Verified, verify};
use crate::domain::Timestamp;
use crate::domain::receipt::{Kept, Origin, Receipt, Status, Word};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The longest receipt, of 10,000 people, has less than a hundredth of this.
const MAX_BYTES: u64 = 64 << 20;

const AFTER_HELP: &str = "\
RECEIPT is the answer to a deletion, as it came; - reads standard input. KEYS is
what the service publishes at /.well-known/guestlog-receipt-keys.json; keep a
copy of it from the day of the deletion. Nothing else is asked: no settings, no
database, no network.

The exit code is 0 for a valid receipt, 5 for one that was changed or is not
signed, 4 when the key that signed it is not in KEYS.

Examples:
  curl -sO https://guestlog.example.com/.well-known/guestlog-receipt-keys.json
  guestlog receipt verify receipt.json --keys guestlog-receipt-keys.json";

/// What `receipt` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Verify the signature of a receipt, and say what it states
    #[command(after_help = AFTER_HELP)]
    Verify {
        /// The receipt, or - for standard input
        #[arg(value_name = "RECEIPT")]
        receipt: PathBuf,
        /// The public keys, as a JSON Web Key set
        #[arg(long, value_name = "FILE")]
        keys: PathBuf,
    },
}

/// Does it.
///
/// # Errors
/// A file that cannot be read; a key that is not in the file of keys; [`Failure::Findings`] for a receipt that is no
/// proof.
pub fn run(command: Command) -> Result<(), Failure> {
    let Command::Verify { receipt, keys } = command;
    match verify(&read(&receipt)?, &read(&keys)?) {
        Ok(verified) => say(&text(&verified)),
        Err(flaw @ (Flaw::UnknownKey | Flaw::NotKeys)) => Err(Failure::Refused(flaw.to_string())),
        Err(flaw) => {
            say(&format!("NOT VALID: {flaw}."))?;
            Err(Failure::Findings)
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let refused = |error: io::Error| Failure::Usage(format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(refused)?)
    };
    input.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Failure::Usage(format!("{}: longer than {} MiB", path.display(), MAX_BYTES >> 20)));
    }
    Ok(bytes)
}

/// What a receipt states, in words and without an identifier.
fn text(verified: &Verified) -> String {
    let receipt = &verified.receipt;
    let signed = match verified.key_retired_at {
        None => String::new(),
        Some(at) => format!(", by a key that signs no more since {}", instant(at)),
    };
    let mut table = Table::new(&["VALID", &format!("signed by {}{signed}", receipt.software)]);
    table.row(&["asked for by", origin(receipt.origin)]);
    table.row(&["people named", &people(receipt)]);
    table.row(&["rows erased", &rows(receipt)]);
    if let Some(held) = receipt.held {
        table.row(&["kept under holds", &kept(held)]);
    }
    table.row(&["began", &instant(receipt.started_at)]);
    table.row(&["was complete", &instant(receipt.completed_at)]);
    table.row(&["how", &words(receipt.method.iter().map(|method| method.as_str()))]);
    let (clean, left): (Vec<_>, Vec<_>) = receipt.checked.iter().partition(|checked| checked.found == 0);
    table.row(&["searched, nothing left in", &words(clean.iter().map(|checked| checked.place.as_str()))]);
    if !left.is_empty() {
        table.row(&["SOMETHING LEFT IN", &words(left.iter().map(|checked| checked.place.as_str()))]);
    }
    table.row(&["not searched", &words(receipt.not_checked.iter().map(Word::as_str))]);
    table.row(&["to follow", &words(receipt.follow_ups.iter().map(Word::as_str))]);
    table.row(&["late events refused until", &instant(receipt.tombstone_expires_at)]);
    table.row(&["last backup expires", &instant(receipt.backups_expire_at)]);
    table.to_string()
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Single => "the customer, for one person",
        Origin::List => "the customer, for a list",
        Origin::Reconciliation => "a comparison with the people whom the customer holds",
        Origin::Journal => "the journal of erasures, after a restore",
        Origin::Agreement => "a written retention agreement",
        Origin::HoldEnded => "the end of a hold",
        Origin::Case => "a case in which the person asked for it",
    }
}

fn people(receipt: &Receipt) -> String {
    let mut parts = vec![receipt.refs.to_string()];
    for status in Status::ALL {
        let of = receipt.results.iter().filter(|outcome| outcome.status == *status).count();
        if of > 0 {
            parts.push(format!("{of} {}", spoken(status.as_str())));
        }
    }
    parts.join(", ")
}

fn rows(receipt: &Receipt) -> String {
    let erased = &receipt.erased;
    let rows = [
        (erased.people, "person with the key", "people with their keys"),
        (erased.events, "event", "events"),
        (erased.visits, "visit", "visits"),
        (erased.hosts, "part as host", "parts as host"),
        (erased.recipients, "notification received", "notifications received"),
        (erased.restrictions, "restriction", "restrictions"),
    ];
    rows.map(|(rows, one, more)| format!("{rows} {}", if rows == 1 { one } else { more })).join(", ")
}

fn kept(held: Kept) -> String {
    let Kept { people, events, visits, hosts, recipients } = held;
    format!("of {people} people: {events} events, {visits} visits, {hosts} parts as host, {recipients} notifications")
}

fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(spoken).collect::<Vec<_>>().join(", ")
}

/// `rows_deleted` as `rows deleted`.
fn spoken(word: &str) -> String {
    word.replace('_', " ")
}

fn instant(at: Timestamp) -> String {
    at.utc().format("%F %T UTC").to_string()
}
