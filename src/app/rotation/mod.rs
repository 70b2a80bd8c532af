//! Rotation of keys: other keys take the place of those that wrap, and the data stay as they are.
//!
//! Every step is a transaction of its own that leaves everything readable, so a rotation may be cut short anywhere and
//! is taken up again by asking for it again. Two versions are valid meanwhile, and other processes go on.
//!
//! Not rotated are customers' index keys: event digests, visit ids and tombstones are made with them and would have to
//! be made anew (they are wrapped by a new master key like all others).

mod customer;
mod inventory;
mod master;
mod retired;

pub use customer::{CustomerRotation, rotate_customer};
pub use inventory::{CustomerKeyShown, Inventory, MasterKeyShown, ServiceKeyShown, inventory};
pub use master::{MasterRotation, prepare_master, rotate_master};
pub(crate) use retired::destroy_overdue;
pub use retired::destroy_retired;

use crate::error::Error;
use std::time::{Duration, Instant};

/// Who acts, in the audit.
const ACTOR: &str = "guestlog";
/// Rows of one transaction: others who want one of them wait for it.
const BATCH: i64 = 500;
/// How often a rotation looks anew for what is left; more than once only if somebody wrapped by the old key meanwhile.
const PASSES: u32 = 10;
/// The longest rest between two transactions.
const REST: Duration = Duration::from_millis(100);

/// How often a step is tried while the database is busy: SQLite may keep one that waits from its turn for long.
const ATTEMPTS: u32 = 20;

/// Runs a step again while the database is busy or away; each may be repeated.
fn patiently<T>(mut step: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 1..ATTEMPTS {
        match step() {
            Err(Error::Unavailable(_)) => std::thread::sleep(REST),
            outcome => return outcome,
        }
    }
    step()
}

/// Leaves the database to others for as long as a transaction took.
///
/// SQLite does not queue its writers: one that comes back at once would keep a server waiting.
fn rest_after(began: Instant) {
    std::thread::sleep(began.elapsed().min(REST));
}
