//! What signs for an endpoint.

use super::endpoints::{locked, note};
use super::seal::seal;
use crate::app::Work;
use crate::crypto::{CustomerKeys, WebhookSecret};
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::webhooks::sealed::Column;
use crate::store::webhooks::secrets;
use serde::Serialize;
use utoipa::ToSchema;

/// How long the secret before signs beside the new one when nothing else is said, in hours.
pub const OVERLAP_HOURS: u32 = 24;
/// The longest that it may, in hours.
pub const MAX_OVERLAP_HOURS: u32 = 168;

/// A new secret, with the only sight of it.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = RotatedSecret)]
pub struct Rotated {
    /// What verifies the signatures from now on; shown this once.
    #[schema(example = "whsec_…")]
    pub secret: String,
    /// Until when the secret before signs as well.
    pub previous_expires_at: Timestamp,
}

/// The first secret of an endpoint, as the customer is shown it.
pub(super) fn first(work: &mut Work<'_, '_>, keys: &CustomerKeys, endpoint: i64) -> Result<String, Error> {
    Ok(make(work, keys, endpoint)?.1)
}

fn make(work: &mut Work<'_, '_>, keys: &CustomerKeys, endpoint_id: i64) -> Result<(i64, String), Error> {
    let secret = WebhookSecret::generate().map_err(Error::internal)?;
    let id = store::ids::take_one(work.tx)?;
    let (key_version, secret_sealed) = seal(keys, Column::Secret, id, secret.as_bytes())?;
    let (customer_id, created_at) = (keys.customer, work.now);
    let row =
        secrets::Secret { customer_id, endpoint_id, id, secret_sealed, key_version, created_at, expires_at: None };
    secrets::insert(work.tx, &row)?;
    Ok((id, secret.reveal()))
}

/// Gives an endpoint a new secret; the one before signs beside it for some hours, and any before that ends now.
///
/// # Errors
/// `not_found`.
pub fn rotate(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    actor: &str,
    id: PublicId,
    overlap_hours: u32,
) -> Result<Rotated, Error> {
    store::locks::hold_customer(work.tx, customer, false)?;
    let endpoint = locked(work, customer, id)?;
    let keys = work.customer_keys(customer)?;
    let previous_expires_at = work.now.plus_seconds(i64::from(overlap_hours) * 3_600);
    if let Some(previous) = secrets::in_force(work.tx, customer, endpoint.id, work.now)?.first() {
        secrets::delete_before(work.tx, customer, endpoint.id, previous.id)?;
        secrets::end(work.tx, customer, endpoint.id, previous.id, previous_expires_at)?;
    }
    let (_, secret) = make(work, &keys, endpoint.id)?;
    note(work, actor, "webhook.secret_rotated", &endpoint)?;
    Ok(Rotated { secret, previous_expires_at })
}
