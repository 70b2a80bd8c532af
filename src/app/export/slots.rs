//! How many files may be in the making at once.

use crate::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most files that are made at once in one process: each holds a connection to the database of its own, and old
/// rows with it.
const MOST: usize = 4;

/// The places for files in the making.
#[derive(Debug, Default)]
pub struct Slots(AtomicUsize);

/// One of them, free again when dropped.
pub(super) struct Slot<'a>(&'a Slots);

impl Slots {
    /// Takes a place.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when all are taken.
    pub(super) fn take(&self) -> Result<Slot<'_>, Error> {
        let more = |taken: usize| (taken < MOST).then_some(taken + 1);
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(_) => Ok(Slot(self)),
            Err(_) => Err(Error::unavailable("as many exports as may be are in the making")),
        }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_file_is_made() {
        let slots = Slots::default();
        let mut taken: Vec<_> = (0..MOST).map(|_| slots.take().unwrap()).collect();
        assert!(matches!(slots.take(), Err(Error::Unavailable(_))));
        taken.pop();
        assert!(slots.take().is_ok());
    }
}
