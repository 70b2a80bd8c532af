//! `guestlog export`: whether a file that a person got is as the service made it, without settings or database.

use super::client::Client;
use super::outcome::Failure;
use super::output::{Table, say};
use crate::app::export::{Flaw, Verified, verify};
use crate::domain::Timestamp;
use crate::domain::export::Right;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// Where a service publishes its keys.
const PUBLISHED: &str = "/.well-known/guestlog-receipt-keys.json";
/// More keys than a service ever has.
const MAX_KEYS_BYTES: u64 = 1 << 20;

const AFTER_HELP: &str = "\
FILE is the archive as it was downloaded. KEYS is what the service publishes at
/.well-known/guestlog-receipt-keys.json; with --url the service is asked for it,
otherwise nobody is asked anything.

The exit code is 0 for a valid archive, 5 for one that was changed, 4 when the
key that signed it is not among the keys.

Examples:
  guestlog export verify personoplysninger.zip --keys guestlog-receipt-keys.json
  guestlog export verify personoplysninger.zip --url https://guestlog.example.com";

/// What `export` can do.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Verify the signature of an archive and the digest of each file in it, and say what it is
    #[command(after_help = AFTER_HELP)]
    Verify {
        /// The archive
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The public keys, as a JSON Web Key set
        #[arg(long, value_name = "KEYS", required_unless_present = "url", conflicts_with = "url")]
        keys: Option<PathBuf>,
        /// The service to ask for its public keys
        #[arg(long, value_name = "URL")]
        url: Option<String>,
        /// Certificates to trust instead of the system's, in PEM
        #[arg(long, value_name = "PEM", requires = "url")]
        ca_file: Option<PathBuf>,
    },
}

/// Does it.
///
/// # Errors
/// A file that cannot be read; a service that cannot be asked; a key that is not among those given;
/// [`Failure::Findings`] for an archive that is no proof.
pub fn run(command: Command) -> Result<(), Failure> {
    let Command::Verify { file, keys, url, ca_file } = command;
    let archive = BufReader::new(open(&file)?);
    let keys = match (keys, url) {
        (Some(keys), _) => read(&keys)?,
        (None, Some(url)) => {
            let published = Client::anonymous(&url, ca_file.as_deref(), false)?.get(PUBLISHED)?;
            published.json.to_string().into_bytes()
        }
        (None, None) => return Err(Failure::Usage("name --keys or --url".to_owned())),
    };
    match verify(archive, &keys) {
        Ok(verified) => say(&text(&verified)),
        Err(flaw @ (Flaw::UnknownKey | Flaw::NotKeys)) => Err(Failure::Refused(flaw.to_string())),
        Err(flaw) => {
            say(&format!("NOT VALID: {flaw}."))?;
            Err(Failure::Findings)
        }
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let taken = open(path)?.take(MAX_KEYS_BYTES).read_to_end(&mut bytes);
    taken.map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
    Ok(bytes)
}

/// What an archive is, in words and without anything of the person.
fn text(verified: &Verified) -> String {
    let manifest = &verified.manifest;
    let signed = match verified.key_retired_at {
        None => String::new(),
        Some(at) => format!(", by a key that signs no more since {}", instant(at)),
    };
    let mut table = Table::new(&["VALID", &format!("signed by {}{signed}", manifest.software)]);
    table.row(&["answers the right of", right(manifest.right)]);
    table.row(&["shows the state of", &instant(manifest.snapshot_at)]);
    for file in &manifest.files {
        table.row(&[file.name.as_str(), &format!("{} bytes, unchanged", file.bytes)]);
    }
    table.to_string()
}

fn right(right: Right) -> &'static str {
    match right {
        Right::Access => "access (Article 15)",
        Right::Portability => "portability (Article 20)",
    }
}

fn instant(at: Timestamp) -> String {
    at.utc().format("%F %T UTC").to_string()
}
