//! What is to be sent next to an endpoint, ready to be sent.

use super::change::let_be;
use super::endpoints::url;
use super::outcome::Sent;
use super::seal::open;
use crate::app::jobs::{Kind, Lease, Next};
use crate::app::{App, View, Work};
use crate::crypto::WebhookSecret;
use crate::domain::webhook::{self, Fault};
use crate::domain::{CustomerId, Timestamp};
use crate::error::Error;
use crate::store::webhooks::sealed::Column;
use crate::store::webhooks::{deliveries, endpoints, messages, secrets};
use zeroize::Zeroizing;

/// A message as it goes over the wire; its address and content are not shown.
pub struct Parcel {
    /// Where to.
    pub url: String,
    /// The headers of Standard Webhooks.
    pub headers: [(&'static str, String); 3],
    /// The content, JSON.
    pub body: Zeroizing<Vec<u8>>,
    pub(super) row: deliveries::Delivery,
}

/// What became of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// The endpoint answered with this status.
    Answered(u16),
    /// It did not answer.
    Failed(Fault),
}

impl Attempt {
    /// Why it failed; none when it arrived.
    #[must_use]
    pub fn fault(self) -> Option<Fault> {
        match self {
            Self::Answered(200..=299) => None,
            Self::Answered(300..=399) => Some(Fault::Redirect),
            Self::Answered(_) => Some(Fault::Status),
            Self::Failed(fault) => Some(fault),
        }
    }

    /// What was answered.
    #[must_use]
    pub fn status(self) -> Option<u16> {
        match self {
            Self::Answered(status) => Some(status),
            Self::Failed(_) => None,
        }
    }

    /// Its name in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.fault().map_or("delivered", Fault::as_str)
    }
}

impl App {
    /// Claims an endpoint to which something is due and that nobody holds; none when there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub fn claim_webhook(&self) -> Result<Option<Lease>, Error> {
        self.claim_job_of(&[Kind::Webhook])
    }

    /// What is due first to the endpoint of a lease, signed by every secret in force; none when nothing is.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the service stops or another node has taken over; when the database fails.
    pub fn next_parcel(&self, lease: &mut Lease) -> Result<Option<Parcel>, Error> {
        let (customer, endpoint) = (lease.customer(), lease.subject());
        loop {
            lease.renew()?;
            match self.read_blocking(|view| due(view, customer, endpoint))? {
                Due::Nothing => return Ok(None),
                Due::Parcel(parcel) => return Ok(Some(*parcel)),
                Due::Unsaid(message) => self.write_blocking(|work| give_up_unsaid(work, customer, message))?,
            }
        }
    }

    /// Notes what became of a parcel: the endpoint has it, it is tried again later, or it is given up. False when the
    /// endpoint is to be let be for now.
    ///
    /// # Errors
    /// When the database fails: then the parcel is sent again.
    pub fn parcel_sent(&self, lease: &mut Lease, parcel: &Parcel, attempt: Attempt) -> Result<bool, Error> {
        let (customer, endpoint) = (lease.customer(), lease.subject());
        let sent = Sent { customer, endpoint, attempt };
        self.write_blocking(|work| super::outcome::note(work, &sent, &parcel.row))
    }

    /// When the endpoint of a lease is to be looked at next: not before its rest is over, if it is failing.
    ///
    /// # Errors
    /// When the database fails.
    pub fn after_parcels(&self, lease: &Lease) -> Result<Next, Error> {
        let (customer, endpoint) = (lease.customer(), lease.subject());
        let row = self.read_blocking(|view| Ok(endpoints::get(view.conn, customer, endpoint)?))?;
        if row.is_some_and(|row| row.disabled_at.is_some()) {
            // What was told while it was being disabled.
            return self.write_blocking(|work| {
                let row = endpoints::lock(work.tx, customer, endpoint)?;
                row.filter(|row| row.disabled_at.is_some()).map_or(Ok(()), |row| let_be(work, &row))?;
                Ok(Next::Done)
            });
        }
        self.read_blocking(|view| {
            let Some(row) = endpoints::get(view.conn, customer, endpoint)? else { return Ok(Next::Done) };
            let Some(due_at) = deliveries::next_due(view.conn, customer, endpoint)? else { return Ok(Next::Done) };
            match u32::try_from(row.failures) {
                Ok(failures) if failures > 0 => {
                    let rests_to = view.now.plus_seconds(webhook::rest_s(failures));
                    Ok(Next::Rest { rests_to, due_at: due_at.max(rests_to) })
                }
                _ => Ok(Next::At(due_at)),
            }
        })
    }
}

/// What there is to do for an endpoint.
enum Due {
    Nothing,
    Parcel(Box<Parcel>),
    /// A message that says nothing any more, by its id.
    Unsaid(i64),
}

fn due(view: &mut View<'_>, customer: CustomerId, endpoint: i64) -> Result<Due, Error> {
    let row = endpoints::get(view.conn, customer, endpoint)?;
    let Some(to) = row.filter(|row| row.disabled_at.is_none()) else { return Ok(Due::Nothing) };
    let Some((row, message)) = deliveries::due(view.conn, customer, endpoint, view.now)? else {
        return Ok(Due::Nothing);
    };
    let keys = view.customer_keys(customer)?;
    let Some(sealed) = message.body_sealed.as_deref() else { return Ok(Due::Unsaid(message.id)) };
    let body = open(&keys, Column::Body, message.id, message.key_version, sealed)?;
    let (id, sent_at) = (message.public_id.to_string(), seconds(view.now));
    let mut signatures = Vec::new();
    for secret in secrets::in_force(view.conn, customer, endpoint, view.now)? {
        let bytes = open(&keys, Column::Secret, secret.id, secret.key_version, &secret.secret_sealed)?;
        let secret = WebhookSecret::from_bytes(&bytes).map_err(Error::internal)?;
        signatures.push(secret.sign(&id, sent_at, &body));
    }
    let headers =
        [("webhook-id", id), ("webhook-timestamp", sent_at.to_string()), ("webhook-signature", signatures.join(" "))];
    Ok(Due::Parcel(Box::new(Parcel { url: url(&keys, &to)?, headers, body, row })))
}

/// Gives up a message of which nothing is left to be sent.
fn give_up_unsaid(work: &mut Work<'_, '_>, customer: CustomerId, message: i64) -> Result<(), Error> {
    let locked = messages::lock(work.tx, customer, message)?;
    if locked.is_some_and(|message| message.body_sealed.is_none()) {
        deliveries::give_up_messages(work.tx, customer, &[message])?;
    }
    Ok(())
}

fn seconds(at: Timestamp) -> i64 {
    at.micros().div_euclid(1_000_000)
}
