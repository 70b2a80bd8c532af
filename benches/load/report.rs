//! The tables: ratios first, for nothing else travels from one machine to another.

use crate::arguments::Arguments;
use crate::cases::Case;
use crate::figures::{Spread, ratio, spread};
use crate::place::Kind;
use crate::plot;
use crate::run::Measured;
use crate::server::Program;
use std::fmt::Write;
use std::path::Path;

/// The runs of one program in one case.
pub struct Row {
    pub case: &'static Case,
    pub kind: Kind,
    pub program: Program,
    /// Requests a second of an open loop.
    pub rate_per_s: f64,
    pub runs: Vec<Measured>,
}

/// How to read the tables, for whoever finds them.
const READING: &str = "\
Ratios are what counts: programs, driver and database share one machine, and another machine has other figures. All \
programs get the same requests. Each run has a fresh process over a fresh database, is warmed up, and ends by counting \
the rows of every table against what was acknowledged; a run in which they differ, or in which anything went wrong, is \
dropped and named below. Programs take turns within a round, and a ratio is taken within its round.

- **guestlog**: `guestlog serve` with its own settings, everything on: fields sealed, tombstones checked, people, visits, \
hosts, recipients and devices kept.
- **straightforward**: actix-web, Diesel and a pool (16 connections to PostgreSQL, one to SQLite), a transaction a \
request, a statement a row; the same tables, indexes and foreign keys, the same durability, nothing sealed, nobody's \
tombstone looked for.
- **nothing**: reads the JSON and answers; there is no database.
- **limit-100**, **limit-1000**: no server; rows made beforehand, written into the same tables in transactions of 100 or \
1,000 events by as many connections as guestlog has writers: binary `COPY` on PostgreSQL, prepared statements on SQLite. \
Nothing sealed, and visits written once.

A commit is on disk when it returns: PostgreSQL with `fsync`, `full_page_writes` and `synchronous_commit` on, SQLite in \
WAL mode with `synchronous = FULL`; both servers assert it on their own connections before they serve.

Latencies in the rows \"at a fixed rate\" count from the instant at which a request was due, so that waiting behind a \
stall is in them. In all other rows each connection asks again when it is answered (a closed loop): those rows measure \
capacity, and their latencies are those of a server asked for all it can do. *idle* is the share of the processors that \
nobody used.

Of deletions PostgreSQL's scrub is not in the figures, which comes once an hour and locks tables for seconds; SQLite's, \
which comes every ten seconds, is. Slower flushes are made by a library loaded before the C library, which waits before \
each flush and then makes it.
";

/// Writes `load.md` and the plot beside it.
///
/// # Errors
/// When the folder cannot be written.
pub fn write(rows: &[Row], arguments: &Arguments) -> std::io::Result<()> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/benchmarks");
    std::fs::create_dir_all(&dir)?;
    let (rounds, seconds) = (arguments.rounds, arguments.time.as_secs_f64());
    let head = format!(
        "# Load\n\nWritten by `cargo bench --bench load`: {rounds} rounds, {seconds} seconds a run.\n\n\
         ![Throughput as a multiple of the straightforward server](load.svg)\n\n{READING}\n"
    );
    std::fs::write(dir.join("load.md"), head + &markdown(rows))?;
    std::fs::write(dir.join("load.svg"), plot::svg(rows))
}

/// What a program is compared with: the straightforward server, or the build before where that alone was asked for.
pub fn base<'r>(rows: &'r [Row], row: &Row) -> Option<&'r Row> {
    let beside = |program| {
        let same = move |other: &&Row| other.case.name == row.case.name && other.kind == row.kind;
        rows.iter().filter(same).find(move |other| other.program == program)
    };
    beside(Program::Straightforward).or_else(|| beside(Program::Before)).filter(|base| base.program != row.program)
}

/// One table a database, and the runs that were dropped.
pub fn markdown(rows: &[Row]) -> String {
    let mut text = String::new();
    for kind in [Kind::Postgres, Kind::Sqlite] {
        let of_kind: Vec<&Row> = rows.iter().filter(|row| row.kind == kind).collect();
        if !of_kind.is_empty() {
            text.push_str(&table(kind, &of_kind, rows));
        }
    }
    text.push_str(&dropped(rows));
    text
}

fn table(kind: Kind, of_kind: &[&Row], rows: &[Row]) -> String {
    let mut text = format!(
        "## {}\n\nMedian (minimum to maximum) of the rounds; a ratio is taken within each round.\n\n\
         | Case | Program | a second | ratio | p50 ms | p99 ms | p99 ratio | p99.9 ms | idle |\n\
         |---|---|---|---|---|---|---|---|---|\n",
        kind.name()
    );
    let mut before = "";
    for row in of_kind {
        let rate = if row.case.is_open { format!(" ({:.0}/s)", row.rate_per_s) } else { String::new() };
        let title = if row.case.name == before { String::new() } else { format!("{}{rate}", row.case.title) };
        before = row.case.name;
        let base = base(rows, row);
        let cells = [
            title,
            row.program.name().to_owned(),
            cell(spread(row, |run| run.per_s), 0),
            cell(base.and_then(|base| ratio(row, base, |run| run.per_s)), 2),
            cell(spread(row, |run| run.p50_ms), 2),
            cell(spread(row, |run| run.p99_ms), 2),
            cell(base.and_then(|base| ratio(row, base, |run| run.p99_ms)), 2),
            cell(spread(row, |run| run.p999_ms), 2),
            spread(row, |run| run.idle.unwrap_or(f64::NAN))
                .map_or_else(String::new, |idle| format!("{:.0} %", idle.median * 100.0)),
        ];
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text.push('\n');
    text
}

fn cell(figures: Option<Spread>, digits: usize) -> String {
    figures.map_or_else(String::new, |Spread { least, median, most }| {
        format!("{median:.digits$} ({least:.digits$} to {most:.digits$})")
    })
}

/// Every run that was dropped, and every one that was refused something and counts all the same.
pub fn dropped(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        for (round, run) in (1..).zip(&row.runs) {
            let name = format!("{}, {}, {}, round {round}", row.kind.name(), row.case.name, row.program.name());
            if let Some(why) = &run.dropped {
                let _ = writeln!(text, "- {name}: {why}");
            } else if run.refused > 0 {
                let _ = writeln!(text, "- {name}: kept, but {} requests were answered 503", run.refused);
            }
        }
    }
    format!("## Dropped runs\n\n{}", if text.is_empty() { "None.\n" } else { &text })
}
