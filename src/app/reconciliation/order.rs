//! What is to be compared, and at whose word.

use crate::domain::reconciliation::{Bits, Salt};
use crate::domain::{CustomerId, Timestamp};
use std::collections::BTreeSet;

/// The share of the people held, in percent, beyond which a run stops unless the customer names another.
pub const MAX_SHARE_PERCENT: u32 = 10;

/// A comparison to make.
#[derive(Debug, Clone)]
pub struct Order {
    /// Whose people: taken from the credential alone.
    pub customer: CustomerId,
    /// Id of the key that asks.
    pub actor: String,
    /// When the list was taken; people heard of since are left alone.
    pub snapshot_at: Timestamp,
    /// Whether to count only.
    pub dry_run: bool,
    /// The share of the people held, in percent, beyond which a run stops until it is confirmed.
    pub max_share_percent: u32,
    /// The token that confirms it.
    pub confirmation: Option<String>,
    /// The buckets that the list is of; none when it is of everybody.
    pub part: Option<Part>,
}

/// Some of the buckets into which people are divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// How many buckets there are.
    pub bits: Bits,
    /// By which salt people fall into them.
    pub salt: Salt,
    /// Those that the list is of.
    pub buckets: BTreeSet<u16>,
}

impl Part {
    /// Whether a person of this ref falls into one of them.
    #[must_use]
    pub fn holds(&self, reference: &str) -> bool {
        self.buckets.contains(&self.bits.bucket(&self.salt.hash(reference)))
    }

    /// Everything that makes it this part and no other.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let buckets = self.buckets.iter().flat_map(|bucket| bucket.to_be_bytes());
        std::iter::once(self.bits.get()).chain(self.salt.0).chain(buckets).collect()
    }
}
