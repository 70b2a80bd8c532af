//! Tokens by which a client confirms what was refused for now.

use super::Core;
use crate::crypto::IndexKey;
use crate::domain::Timestamp;
use crate::error::Error;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How long a token is good for, in seconds.
const GOOD_S: i64 = 86_400;
/// Bytes of the keyed digest in a token.
const TAG: usize = 16;

/// A token for exactly this: the same parts, no others, within a day.
///
/// Nothing is stored; the token carries its own end and a keyed digest.
pub(crate) fn token(core: &Core, label: &'static str, parts: &[&[u8]], now: Timestamp) -> Result<String, Error> {
    let ends = now.plus_seconds(GOOD_S).micros().to_be_bytes();
    let tag = tag(core, label, parts, &ends)?;
    Ok(URL_SAFE_NO_PAD.encode([ends.as_slice(), &tag[..TAG]].concat()))
}

/// Whether this is a token for exactly this, and still good.
pub(crate) fn confirms(
    core: &Core,
    label: &'static str,
    parts: &[&[u8]],
    now: Timestamp,
    token: &str,
) -> Result<bool, Error> {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return Ok(false) };
    let Some((ends, given)) = bytes.split_first_chunk::<8>() else { return Ok(false) };
    let tag = tag(core, label, parts, ends)?;
    // Compared as digests of both, so that the time tells nothing of where they differ.
    let key = IndexKey::generate().map_err(Error::internal)?;
    let same = key.digest("compare", &[given]) == key.digest("compare", &[&tag[..TAG]]);
    Ok(same && i64::from_be_bytes(*ends) > now.micros())
}

fn tag(core: &Core, label: &'static str, parts: &[&[u8]], ends: &[u8]) -> Result<[u8; 32], Error> {
    let key = IndexKey::from_bytes(&*core.keyring.secret("confirmation").map_err(Error::internal)?);
    let mut all = vec![ends];
    all.extend_from_slice(parts);
    Ok(key.digest(label, &all))
}
