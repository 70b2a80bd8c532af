//! `guestlog jobs`: what is to be done later, and what could not be.

use super::outcome::Failure;
use super::output::{Form, Table, count};
use super::{house, id};
use crate::app::{jobs, mail};
use crate::domain::{PublicId, Timestamp};
use serde::Serialize;
use std::path::PathBuf;

/// What `jobs` can do.
#[derive(Debug, Clone, Copy, clap::Subcommand)]
pub enum Command {
    /// List jobs, and the mails that wait or were given up
    List {
        #[command(flatten)]
        form: Form,
    },
    /// Try mails again that were given up
    #[command(after_help = "\
Examples:
  guestlog jobs retry --all
  guestlog jobs retry 01936f5e-7c1a-7d3b-9f0e-2b6c5d4e3f21")]
    Retry {
        /// The mail, as `jobs list` shows it
        #[arg(value_parser = id, required_unless_present = "all")]
        mail: Option<PublicId>,
        /// All that can be tried again
        #[arg(long, conflicts_with = "mail")]
        all: bool,
        #[command(flatten)]
        form: Form,
    },
}

/// What there is.
#[derive(Serialize)]
struct Everything {
    jobs: Vec<jobs::Shown>,
    mails: Vec<mail::Shown>,
}

/// How many are tried again.
#[derive(Serialize)]
struct Retried {
    mails: usize,
}

/// Does it.
///
/// # Errors
/// No such mail that could be tried again; those of opening the house.
pub fn run(config: Option<PathBuf>, command: Command) -> Result<(), Failure> {
    house::within(config, |app| match command {
        Command::List { form } => {
            let everything =
                app.read_blocking(|view| Ok(Everything { jobs: jobs::list(view)?, mails: mail::list(view)? }))?;
            form.answer(&everything, tables)
        }
        Command::Retry { mail, form, .. } => {
            let retried = app.write_blocking(|work| mail::retry(work, mail));
            let mails =
                retried.map_err(|error| Failure::missing(error, "mail of this id that could be tried again"))?;
            form.answer(&Retried { mails }, |retried| format!("{} will be tried again.", count(retried.mails, "mail")))
        }
    })
}

fn tables(everything: &Everything) -> String {
    let mut jobs = Table::new(&["JOB", "STATE", "DUE (UTC)", "FAILED", "LAST DONE (UTC)", "CUSTOMER"]);
    for job in &everything.jobs {
        let failed = if job.attempts == 0 { String::new() } else { job.attempts.to_string() };
        let customer = job.customer_id.map(|id| id.to_string()).unwrap_or_default();
        jobs.row(&[&job.kind, job.state, &minute(job.due_at), &failed, &minute(job.ran_at), &customer]);
    }
    let mut mails = Table::new(&["MAIL", "KIND", "STATE", "QUEUED (UTC)", "DUE (UTC)", "TRIED", "ERROR", "RETRY"]);
    for mail in &everything.mails {
        mails.row(&[
            &mail.id.to_string(),
            &mail.kind,
            mail.state,
            &minute(Some(mail.created_at)),
            &minute(mail.due_at),
            &mail.attempts.to_string(),
            mail.last_error.as_deref().unwrap_or_default(),
            if mail.can_retry { "yes" } else { "" },
        ]);
    }
    format!("{jobs}\n{mails}")
}

fn minute(at: Option<Timestamp>) -> String {
    at.map(|at| at.utc().format("%F %H:%M").to_string()).unwrap_or_default()
}
