//! Answers kept for a retry with the same `Idempotency-Key`, seven days, in the transaction of the work itself.
//!
//! A kept answer may hold a secret that is shown once. It is sealed under a key that only the client's own
//! `Idempotency-Key` leads to: a copy of the database does not open it.

use super::Work;
use crate::crypto::{DataKey, IndexKey, Place, Row};
use crate::domain::CustomerId;
use crate::error::{Code, Error};
use crate::store;
use crate::store::idempotency::Kept;

/// How long an answer is kept, in seconds.
const KEPT_S: i64 = 7 * 86_400;
/// Whose the operator's own requests are.
pub(super) const OPERATOR: CustomerId = CustomerId(0);

/// A retry's identity: the client's key and what it asks for.
#[derive(Clone)]
pub struct Token {
    /// Whose; none is the operator.
    pub customer: Option<CustomerId>,
    /// The header `Idempotency-Key`.
    pub key: String,
    /// Method, path and body.
    pub request: Vec<u8>,
}

/// Redacted.
impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Runs `make` once for a token: a retry gets the kept status and body.
///
/// # Errors
/// Those of `make`; `idempotency_conflict` when the key came with another request.
pub fn once(
    work: &mut Work<'_, '_>,
    token: Option<&Token>,
    make: impl FnOnce(&mut Work<'_, '_>) -> Result<(u16, Vec<u8>), Error>,
) -> Result<(u16, Vec<u8>), Error> {
    let Some(token) = token else { return make(work) };
    match kept(work, token)? {
        Ok(answer) => Ok(answer),
        Err(first) => {
            let (status, body) = make(work)?;
            keep(work, first, status, &body)?;
            Ok((status, body))
        }
    }
}

/// A request that came for the first time, and how its answer is to be kept.
pub(super) struct First {
    customer: CustomerId,
    key_digest: Vec<u8>,
    request_digest: Vec<u8>,
    sealing: DataKey,
}

/// The answer that is kept for a token, or what keeps the one that is to be made.
///
/// # Errors
/// `idempotency_conflict` when the key came with another request.
pub(super) fn kept(work: &mut Work<'_, '_>, token: &Token) -> Result<Result<(u16, Vec<u8>), First>, Error> {
    let customer = token.customer.unwrap_or(OPERATOR);
    let master = IndexKey::from_bytes(&*work.core.keyring.secret("idempotency").map_err(Error::internal)?);
    let owner = customer.0.to_be_bytes();
    let key_digest = master.digest("idempotency.key", &[&owner, token.key.as_bytes()]).to_vec();
    let request_digest = master.digest("idempotency.request", &[&owner, &token.request]).to_vec();
    let sealing = sealing_key(work, &owner, &token.key)?;
    forget(work, customer)?;
    let Some(kept) = store::idempotency::find(work.tx, customer, &key_digest)? else {
        return Ok(Err(First { customer, key_digest, request_digest, sealing }));
    };
    if kept.request_digest != request_digest {
        return Err(Error::refused(
            Code::IdempotencyConflict,
            "This Idempotency-Key came with another request before.",
        ));
    }
    let body = sealing.open(&place(customer), &kept.answer_sealed).map_err(Error::internal)?.to_vec();
    Ok(Ok((u16::try_from(kept.status).map_err(Error::internal)?, body)))
}

/// Keeps the answer of a request for its retries.
///
/// # Errors
/// When the database fails.
pub(super) fn keep(work: &mut Work<'_, '_>, first: First, status: u16, body: &[u8]) -> Result<(), Error> {
    let First { customer, key_digest, request_digest, sealing } = first;
    let kept = Kept {
        customer_id: customer,
        key_digest,
        request_digest,
        status: i16::try_from(status).map_err(Error::internal)?,
        answer_sealed: sealing.seal(&place(customer), body).map_err(Error::internal)?,
        created_at: work.now,
    };
    store::idempotency::insert(work.tx, &kept)?;
    Ok(())
}

/// What the seal of a kept answer is bound to, beside its key.
fn place(customer: CustomerId) -> Place {
    Place { customer, table: "idempotency_keys", column: "answer_sealed", row: Row::Key(0), subject: None, version: 1 }
}

/// Deletes the answers of a customer that are older than seven days.
pub(super) fn forget(work: &mut Work<'_, '_>, customer: CustomerId) -> Result<(), Error> {
    store::idempotency::remove_before(work.tx, customer, work.now.plus_seconds(-KEPT_S))?;
    Ok(())
}

fn sealing_key(work: &Work<'_, '_>, owner: &[u8], key: &str) -> Result<DataKey, Error> {
    let root = IndexKey::from_bytes(&*work.core.keyring.secret("idempotency-seal").map_err(Error::internal)?);
    Ok(DataKey::from_bytes(&root.digest("idempotency.seal", &[owner, key.as_bytes()])))
}
