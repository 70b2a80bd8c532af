//! A server under load: this program again, in a process of its own.

use crate::place::{Kind, Place};
use crate::run::Plan;
use crate::slow;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What precedes the address on a server's standard output, and the key.
pub const SERVES: &str = "serves http://";
pub const KEY: &str = "key ";

/// What may be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// Ours.
    Guestlog,
    /// Another build of ours, named by `--against`.
    Before,
    /// actix-web, diesel and a pool, and nothing clever.
    Straightforward,
    /// Reads the JSON and forgets it.
    Nothing,
    /// No server: rows encoded beforehand, written in transactions of 100 events as fast as the database takes them.
    Limit100,
    /// The same by 1,000.
    Limit1000,
}

impl Program {
    pub const ALL: [Self; 6] =
        [Self::Guestlog, Self::Before, Self::Straightforward, Self::Nothing, Self::Limit100, Self::Limit1000];

    pub fn name(self) -> &'static str {
        match self {
            Self::Guestlog => "guestlog",
            Self::Before => "before",
            Self::Straightforward => "straightforward",
            Self::Nothing => "nothing",
            Self::Limit100 => "limit-100",
            Self::Limit1000 => "limit-1000",
        }
    }
}

/// A server's process; ends with its owner.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub key: String,
}

impl Server {
    /// Starts `program` over the fresh database of `place` and waits until it serves.
    ///
    /// Of the environment nothing that would set guestlog reaches it.
    ///
    /// # Errors
    /// What it said instead of serving.
    pub fn start(program: Program, place: &Place, plan: &Plan) -> Result<Self, String> {
        let (role, binary) = match (program, &plan.against) {
            (Program::Before, Some(other)) => (Program::Guestlog, other.clone()),
            _ => (program, std::env::current_exe().unwrap()),
        };
        let mut command = Command::new(binary);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GUESTLOG_")) {
            command.env_remove(name);
        }
        if role == Program::Guestlog {
            let own = [
                ("data_dir", place.dir.display().to_string()),
                ("database.url", place.url.clone()),
                ("http.listen", "127.0.0.1:0".to_owned()),
                ("metrics.listen", "127.0.0.1:0".to_owned()),
            ];
            command.envs(own.map(|(name, value)| (variable(name), value)));
        }
        if program == Program::Guestlog {
            command.envs(plan.settings.iter().map(|(name, value)| (variable(name), value)));
        }
        if plan.slower_flush_ms > 0 && place.kind == Kind::Sqlite {
            command.envs(slow::environment(&place.dir, plan.slower_flush_ms)?);
        }
        let log = place.dir.join("server.log");
        let mut child = command
            .env("RUST_BACKTRACE", "0")
            .args(["serve", role.name(), &place.url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let Some((address, key)) = first_words(said) else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("it does not serve: {}", tail(&log)));
        };
        Ok(Self { child, address, key })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its database goes next, so nothing is gained by an orderly end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The variable of a setting.
fn variable(setting: &str) -> String {
    format!("GUESTLOG__{}", setting.replace('.', "__").to_uppercase())
}

/// Address and key; the rest of what the server says is read and thrown away, or it would block.
fn first_words(mut said: BufReader<impl Read + Send + 'static>) -> Option<(SocketAddr, String)> {
    let mut key = None;
    let mut line = String::new();
    while said.read_line(&mut line).unwrap_or(0) > 0 {
        if let Some(word) = line.strip_prefix(KEY) {
            key = Some(word.trim().to_owned());
        }
        if let Some((_, rest)) = line.split_once(SERVES) {
            let end = rest.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(rest.len());
            std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
            return Some((rest[..end].parse().ok()?, key?));
        }
        line.clear();
    }
    None
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(4)..].join(" ")
}

/// Ends this process when the driver's does, which holds the other end of standard input.
#[expect(clippy::disallowed_methods, reason = "the driver is gone: nobody waits for an answer")]
pub fn end_with_driver() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        std::process::exit(0);
    });
}
