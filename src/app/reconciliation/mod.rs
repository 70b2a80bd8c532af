//! Comparisons with the list of people whom the customer still holds: what a lost deletion left behind goes.
//!
//! A list comes in ([`List`]), is compared with the people held in constant memory, and who is missing from it is
//! deleted by a job, each with receipt, tombstone and journal like any other deletion. Whoever was heard of since the
//! list was taken is left alone; a list that would delete many stops until the customer confirms it (T-14).

mod absent;
mod compare;
mod digest;
mod list;
mod order;
mod people;
pub(crate) mod run;
mod show;
mod sorted;
mod spill;
mod start;

pub use digest::{Bucket, PeopleDigest};
pub use list::List;
pub use order::{MAX_SHARE_PERCENT, Order, Part};
pub use show::{Report, get, list};

pub(crate) use list::Arrivals;
