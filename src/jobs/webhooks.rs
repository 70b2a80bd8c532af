//! The senders: threads that send endpoints what is due to them.
//!
//! Who sends to an endpoint holds it by a lease in the database, so no two threads of any node do, and one that is slow
//! holds up one thread for one message: after a failure an endpoint is let be, longer each time. A process that dies
//! amid sending has its messages sent again when the lease is over, under the same ids: at least once.

use super::carrier::Carrier;
use super::run;
use crate::app::App;
use crate::app::jobs::{Lease, Next};
use crate::error::Error;
use metrics::{Unit, describe_counter, describe_histogram};
use std::time::{Duration, Instant};

/// The most messages that are sent to an endpoint before others have their turn.
const TURN_MESSAGES: usize = 100;
/// The longest turn, but for the message that is on its way.
const TURN: Duration = Duration::from_secs(10);

/// Sends on this thread what is due, until nothing is; returns how many messages were sent, arrived or not.
///
/// # Errors
/// When the database fails between two endpoints, or the certificates to be trusted cannot be read; what fails with one
/// endpoint is logged and tried again later.
pub fn send_due(app: &App) -> Result<usize, Error> {
    let carrier = Carrier::of_messages(app).map_err(Error::internal)?;
    send_all(app, &carrier)
}

pub(super) fn send_all(app: &App, carrier: &Carrier) -> Result<usize, Error> {
    let mut sent = 0;
    while !app.jobs_stop() {
        let Some(lease) = app.claim_webhook()? else { break };
        run::run(app, lease, |lease| turn(app, carrier, lease, &mut sent))?;
    }
    Ok(sent)
}

fn turn(app: &App, carrier: &Carrier, lease: &mut Lease, sent: &mut usize) -> Result<Next, Error> {
    let began = Instant::now();
    for _ in 0..TURN_MESSAGES {
        let Some(parcel) = app.next_parcel(lease)? else { break };
        let sending = Instant::now();
        let attempt = carrier.send(&parcel);
        metrics::counter!("guestlog_webhook_attempts_total", "outcome" => attempt.as_str()).increment(1);
        metrics::histogram!("guestlog_webhook_duration_seconds").record(sending.elapsed().as_secs_f64());
        *sent += 1;
        if !app.parcel_sent(lease, &parcel, attempt)? || began.elapsed() > TURN {
            break;
        }
    }
    app.after_parcels(lease)
}

/// Says what the metrics mean, for whoever reads them.
pub(super) fn describe() {
    describe_counter!("guestlog_webhook_attempts_total", "Attempts to deliver a message to a webhook, by outcome.");
    describe_histogram!(
        "guestlog_webhook_duration_seconds",
        Unit::Seconds,
        "From the look-up of the name to the answer."
    );
}
