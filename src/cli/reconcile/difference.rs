//! In which buckets the two sides differ.

use super::super::client::Client;
use super::source::Source;
use crate::app::reconciliation::{Bucket, Part};
use crate::cli::outcome::Failure;
use crate::domain::reconciliation::{Bits, Buckets, Salt};
use serde_json::Value;
use std::collections::BTreeSet;

/// 65,536 buckets: of a million people 15 in each.
const BITS: u8 = 16;
/// The most buckets that are named in an address; with more differences the whole list is little more to send.
const MOST: usize = 1_000;

/// What a comparison of the buckets found.
pub(super) enum Difference {
    /// Both sides hold the same people.
    None { held: u64 },
    /// They differ in these buckets.
    Some(Part),
    /// In more than can be named.
    Many,
}

/// Asks the service for its buckets and compares them with those of the list.
pub(super) fn find(client: &Client, source: &Source) -> Result<Difference, Failure> {
    let bits = Bits::new(BITS).map_err(|error| Failure::Fault(error.detail))?;
    let told = client.get(&format!("/v1/people/digest?bits={BITS}"))?.json;
    let unreadable = || Failure::Fault("the service's digest cannot be read".to_owned());
    let salt = told["salt"].as_str().and_then(|text| Salt::parse(text).ok()).ok_or_else(unreadable)?;
    let (mut own, mut refs) = (Buckets::new(bits), source.refs()?);
    while let Some(one) = refs.next()? {
        own.add(&salt.hash(one.as_str()));
    }
    let theirs: Option<BTreeSet<_>> = told["buckets"].as_array().into_iter().flatten().map(bucket).collect();
    let (own, theirs) = (own.filled().collect::<BTreeSet<_>>(), theirs.ok_or_else(unreadable)?);
    let names: BTreeSet<String> = own.symmetric_difference(&theirs).map(|(name, ..)| name.clone()).collect();
    if names.is_empty() {
        return Ok(Difference::None { held: told["held"].as_u64().unwrap_or_default() });
    }
    if names.len() > MOST {
        return Ok(Difference::Many);
    }
    let names: Vec<String> = names.into_iter().collect();
    let buckets = bits.read_all(&names.join(",")).map_err(|_| unreadable())?;
    Ok(Difference::Some(Part { bits, salt, buckets }))
}

fn bucket(told: &Value) -> Option<(String, u64, String)> {
    let Bucket { bucket, count, digest } = serde_json::from_value(told.clone()).ok()?;
    Some((bucket, count, digest))
}
