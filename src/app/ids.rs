//! New public identifiers.

use crate::crypto::fill;
use crate::domain::Timestamp;
use crate::error::Error;

/// A random UUID (version 4), for what must not be guessed from another.
pub(super) fn random_uuid() -> Result<uuid::Uuid, Error> {
    let mut random = [0; 16];
    fill(&mut random).map_err(Error::internal)?;
    Ok(uuid::Builder::from_random_bytes(random).into_uuid())
}

/// A version 7 UUID at `now`.
pub(super) fn new_uuid(now: Timestamp) -> Result<uuid::Uuid, Error> {
    let mut random = [0; 10];
    fill(&mut random).map_err(Error::internal)?;
    let millis = u64::try_from(now.micros() / 1_000).unwrap_or_default();
    Ok(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}
