//! The sender of files to other controllers: a thread that waits for them, so that nobody else does.

use super::carrier::Carrier;
use super::run;
use crate::app::App;
use crate::app::cases::Content;
use crate::app::jobs::{Kind, Lease, Next};
use crate::error::Error;
use metrics::describe_counter;

/// Sends on this thread the files that are due; returns how often that was tried.
///
/// # Errors
/// When the database fails between two files, or the certificates to be trusted cannot be read.
pub fn transfer_due(app: &App) -> Result<usize, Error> {
    let carrier = Carrier::of_files(app).map_err(Error::internal)?;
    send_all(app, &carrier)
}

pub(super) fn send_all(app: &App, carrier: &Carrier) -> Result<usize, Error> {
    let mut tried = 0;
    while !app.jobs_stop() {
        let Some(lease) = app.claim_job_of(&[Kind::Transfer])? else { break };
        run::run(app, lease, |lease| send(app, carrier, lease, &mut tried))?;
    }
    Ok(tried)
}

fn send(app: &App, carrier: &Carrier, lease: &mut Lease, tried: &mut usize) -> Result<Next, Error> {
    let Some((consignment, pieces)) = app.next_transfer(lease)? else { return Ok(Next::Done) };
    *tried += 1;
    let mut content = Content::new(pieces, lease);
    let attempt = carrier.send_file(&consignment, &mut content);
    // Nobody's fault but ours: the file has gone meanwhile, or the service stops.
    if let Some(error) = content.broken.take() {
        return Err(error);
    }
    metrics::counter!("guestlog_file_transfers_total", "outcome" => attempt.as_str()).increment(1);
    app.transfer_tried(lease, &consignment, attempt)
}

/// Says what the metrics mean, for whoever reads them.
pub(super) fn describe() {
    describe_counter!(
        "guestlog_file_transfers_total",
        "Attempts to send a person's file directly to another controller, by outcome."
    );
}
