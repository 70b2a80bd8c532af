//! The rounds: every program in turn, then again, so that whatever else the machine does meets all of them alike.

use crate::arguments::Arguments;
use crate::cases::{ALL, Case, Task};
use crate::limit;
use crate::place::Kind;
use crate::report::{self, Row};
use crate::run::{self, Measured, Plan};
use crate::server::Program;
use std::process::ExitCode;
use tokio::task::LocalSet;

/// The share of the straightforward server's capacity at which the open loop asks.
const SHARE: f64 = 0.6;

/// Runs what was asked for; fails when a run was dropped in the short mode, where none may be.
pub fn run(arguments: &Arguments) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let rows = LocalSet::new().block_on(&runtime, all(arguments));
    println!("\n{}", if arguments.is_short { report::dropped(&rows) } else { report::markdown(&rows) });
    if arguments.write {
        report::write(&rows, arguments).unwrap();
    }
    let dropped = rows.iter().flat_map(|row| &row.runs).filter(|run| run.dropped.is_some()).count();
    if arguments.is_short && dropped > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

async fn all(arguments: &Arguments) -> Vec<Row> {
    let mut rows = Vec::new();
    for &kind in &arguments.kinds {
        for &case in &arguments.cases {
            let mut plan = Plan {
                time: arguments.time,
                is_short: arguments.is_short,
                against: arguments.against.clone(),
                settings: arguments.settings.clone(),
                rate_per_s: 0.0,
                slower_flush_ms: case.slower_flush_ms,
            };
            if case.is_open {
                plan.rate_per_s = match arguments.rate_per_s {
                    Some(rate_per_s) => rate_per_s,
                    None if arguments.is_short => 100.0,
                    None => capacity(kind, &plan).await * SHARE,
                };
            }
            rows.extend(of_case(case, kind, arguments, &plan).await);
        }
    }
    rows
}

async fn of_case(case: &'static Case, kind: Kind, arguments: &Arguments, plan: &Plan) -> Vec<Row> {
    if !arguments.programs.iter().any(|program| case.takes(*program, kind)) {
        return Vec::new();
    }
    println!("\n{}, {}", kind.name(), case.title);
    if case.is_open {
        println!("  {:.0} requests a second", plan.rate_per_s);
    }
    let programs = arguments.programs.iter().filter(|program| case.takes(**program, kind));
    let mut rows: Vec<Row> =
        programs.map(|&program| Row { case, kind, program, rate_per_s: plan.rate_per_s, runs: Vec::new() }).collect();
    for round in 1..=arguments.rounds {
        for row in &mut rows {
            let measured = one(case, row.program, kind, plan).await;
            println!("  {round}  {}", line(row.program, &measured, case.unit));
            row.runs.push(measured);
        }
    }
    rows
}

async fn one(case: &Case, program: Program, kind: Kind, plan: &Plan) -> Measured {
    match program {
        Program::Limit100 => limit::measure(kind, 100, plan),
        Program::Limit1000 => limit::measure(kind, 1_000, plan),
        _ => run::of_server(case, program, kind, plan).await,
    }
}

/// What the straightforward server can do, in requests a second.
async fn capacity(kind: Kind, plan: &Plan) -> f64 {
    let case = ALL
        .iter()
        .find(|case| case.task == Task::Single && case.connections == 64 && !case.is_open && case.slower_flush_ms == 0)
        .unwrap();
    let measured = run::of_server(case, Program::Straightforward, kind, plan).await;
    measured.per_s.max(50.0)
}

fn line(program: Program, measured: &Measured, unit: &str) -> String {
    if let Some(why) = &measured.dropped {
        return format!("{:<16} dropped: {why}", program.name());
    }
    let Measured { per_s, p50_ms, p99_ms, p999_ms, .. } = measured;
    let idle = measured.idle.map(|idle| format!(", idle {:.0} %", idle * 100.0)).unwrap_or_default();
    let refused = if measured.refused > 0 { format!(", {} refused", measured.refused) } else { String::new() };
    format!(
        "{:<16} {per_s:>8.0} {unit}/s   p50 {p50_ms:>7.2}  p99 {p99_ms:>7.2}  p99.9 {p999_ms:>7.2} ms{idle}{refused}",
        program.name()
    )
}
