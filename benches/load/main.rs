//! guestlog under load, beside the server that anybody would write and the limit of the database itself.
//!
//! `cargo bench --bench load` runs all of it; `-- --help` tells the rest. Only ratios mean anything: driver and server
//! share the machine. Every run has a fresh database and a fresh process, programs take turns within a round, and after
//! each run the rows are counted against what was acknowledged. The report, `docs/benchmarks/load.md`, says how to read it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a bench fails by panicking")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures of a measurement"
)]
#![allow(missing_docs, reason = "a program of its own, which nobody imports")]

mod arguments;
mod cases;
mod check;
mod client;
mod closed;
mod figures;
mod histogram;
mod idle;
mod limit;
mod open;
mod own;
mod payload;
mod place;
mod plot;
mod reconciliation;
mod report;
mod requests;
mod rounds;
mod run;
mod server;
mod slow;
mod straightforward;
mod work;

use server::Program;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", name, url] => serve(name, url),
        ["--flush-library", dir, ..] => match slow::library(std::path::Path::new(dir)) {
            Ok(library) => {
                println!("{}", library.display());
                ExitCode::SUCCESS
            }
            Err(why) => {
                eprintln!("{why}");
                ExitCode::FAILURE
            }
        },
        ["--list" | "--help", ..] => {
            println!("{}\n\ncases: {}", arguments::HELP, arguments::names());
            ExitCode::SUCCESS
        }
        _ => match arguments::read(arguments.into_iter()) {
            Ok(arguments) => rounds::run(&arguments),
            Err(why) => {
                eprintln!("{why}");
                ExitCode::from(2)
            }
        },
    }
}

/// Serves until the driver ends this process.
fn serve(name: &str, url: &str) -> ExitCode {
    server::end_with_driver();
    if name == Program::Guestlog.name() {
        return own::serve();
    }
    let system = actix_web::rt::System::new();
    let served = if name == Program::Nothing.name() {
        system.block_on(straightforward::serve_nothing())
    } else {
        system.block_on(straightforward::serve(url))
    };
    served.unwrap();
    ExitCode::SUCCESS
}
