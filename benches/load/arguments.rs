//! The command line.

use crate::cases::{ALL, Case};
use crate::place::{Kind, postgres_url};
use crate::server::Program;
use std::path::PathBuf;
use std::time::Duration;

pub const HELP: &str = "\
cargo bench --bench load -- [options]

  --case NAME      only this case; may be repeated (--list shows them)
  --db NAME        only sqlite or postgres
  --program NAME   only this program; may be repeated
  --rounds N       5
  --seconds S      5, of each run
  --rate N         requests a second of the open loop; else 60 % of what the
                   straightforward server can do
  --against FILE   another build of this program, whose guestlog takes its turns
                   as 'before'
  --set NAME=VALUE a setting of guestlog (not of 'before'), such as
                   ingest.max_group_events=500; may be repeated
  --write          table and plot to docs/benchmarks, also of a part
  --short          everything once, rows counted, nothing timed, nothing written
  --list           the names
  --flush-library DIR   makes the library by which flushes take longer

PostgreSQL is measured when GUESTLOG_TEST_POSTGRES_URL names one, as a superuser;
with slower flushes when it was started with that library in LD_PRELOAD and a file
in SLOWER_FLUSH_FILE, which is set here as well.
All of it takes about an hour, and writes docs/benchmarks.";

/// What is asked for.
#[derive(Debug)]
pub struct Arguments {
    pub cases: Vec<&'static Case>,
    pub kinds: Vec<Kind>,
    pub programs: Vec<Program>,
    pub rounds: usize,
    pub time: Duration,
    pub rate_per_s: Option<f64>,
    pub against: Option<PathBuf>,
    pub settings: Vec<(String, String)>,
    pub write: bool,
    pub is_short: bool,
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// What is wrong with them.
pub fn read(arguments: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let (mut cases, mut kinds, mut programs, mut settings) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut rounds, mut seconds, mut rate_per_s, mut against) = (None, None, None, None);
    let (mut write, mut is_short) = (false, false);
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--case" => cases.push(case(&value()?)?),
            "--db" => kinds.push(kind(&value()?)?),
            "--program" => programs.push(program(&value()?)?),
            "--rounds" => rounds = Some(number(&value()?)? as usize),
            "--seconds" => seconds = Some(number(&value()?)?),
            "--rate" => rate_per_s = Some(number(&value()?)?),
            "--against" => against = Some(file(&value()?)?),
            "--set" => {
                let both = value()?;
                let (name, value) = both.split_once('=').ok_or("--set needs NAME=VALUE")?;
                settings.push((name.to_owned(), value.to_owned()));
            }
            "--write" => write = true,
            "--short" => is_short = true,
            // What cargo says to every bench.
            "--bench" => {}
            _ => return Err(format!("{argument} is not known\n\n{HELP}")),
        }
    }
    let whole = cases.is_empty() && kinds.is_empty() && programs.is_empty() && settings.is_empty() && !is_short;
    if cases.is_empty() {
        cases = ALL
            .iter()
            .filter(|case| !is_short || !["single-1", "single-8", "single-256"].contains(&case.name))
            .collect();
    }
    if kinds.is_empty() {
        kinds = std::iter::once(Kind::Sqlite).chain(postgres_url().map(|_| Kind::Postgres)).collect();
    }
    if programs.is_empty() {
        programs = Program::ALL.to_vec();
    }
    programs.retain(|program| *program != Program::Before || against.is_some());
    let time = Duration::from_secs_f64(seconds.unwrap_or(if is_short { 0.2 } else { 5.0 }));
    let rounds = rounds.unwrap_or(if is_short { 1 } else { 5 });
    let write = !is_short && (write || whole);
    Ok(Arguments { cases, kinds, programs, rounds, time, rate_per_s, against, settings, write, is_short })
}

fn file(path: &str) -> Result<PathBuf, String> {
    std::fs::canonicalize(path).map_err(|error| format!("--against: {error}"))
}

fn number(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|number| *number > 0.0).ok_or_else(|| "a number above 0 is expected".to_owned())
}

fn case(name: &str) -> Result<&'static Case, String> {
    ALL.iter().find(|case| case.name == name).ok_or_else(|| format!("the cases are {}", names()))
}

fn kind(name: &str) -> Result<Kind, String> {
    match name {
        "sqlite" => Ok(Kind::Sqlite),
        "postgres" if postgres_url().is_some() => Ok(Kind::Postgres),
        "postgres" => Err("GUESTLOG_TEST_POSTGRES_URL names no PostgreSQL".to_owned()),
        _ => Err("the databases are sqlite and postgres".to_owned()),
    }
}

fn program(name: &str) -> Result<Program, String> {
    let names = || Program::ALL.map(Program::name).join(", ");
    Program::ALL
        .into_iter()
        .find(|program| program.name() == name)
        .ok_or_else(|| format!("the programs are {}", names()))
}

/// The names of the cases.
pub fn names() -> String {
    ALL.iter().map(|case| case.name).collect::<Vec<_>>().join(", ")
}
