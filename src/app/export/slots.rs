//! How many files may be in the making at once.

use crate::domain::CustomerId;
use crate::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most files that are made at once in one process for those who download them: each holds a connection to the
/// database of its own, and old rows with it, for as long as the client reads.
const MOST: usize = 4;
/// The most of them for one customer, so that others have theirs whoever is slow.
const MOST_OF_ONE: usize = 2;
/// The most files of cases that the worker makes beside those, which no client holds up.
const MOST_OF_CASES: usize = 1;

/// For whom a file is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// Somebody with a key of this customer's, who downloads it.
    Download(CustomerId),
    /// A case, of any customer's.
    Case,
}

/// The places for files in the making.
#[derive(Debug, Default)]
pub struct Slots(Mutex<Vec<For>>);

/// One of them, free again when dropped.
pub(super) struct Slot<'a>(&'a Slots, For);

impl Slots {
    /// Takes a place.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when all are taken.
    pub(super) fn take(&self, whose: For) -> Result<Slot<'_>, Error> {
        let mut taken = self.lock();
        let of_this = taken.iter().filter(|other| **other == whose).count();
        let of_cases = taken.iter().filter(|other| **other == For::Case).count();
        let is_full = match whose {
            For::Download(_) => of_this >= MOST_OF_ONE || taken.len() - of_cases >= MOST,
            For::Case => of_cases >= MOST_OF_CASES,
        };
        if is_full {
            return Err(Error::unavailable("as many exports as may be are in the making"));
        }
        taken.push(whose);
        Ok(Slot(self, whose))
    }

    /// A panic leaves a list behind that is sound in any state.
    fn lock(&self) -> MutexGuard<'_, Vec<For>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut taken = self.0.lock();
        if let Some(at) = taken.iter().position(|whose| *whose == self.1) {
            taken.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_full(slots: &Slots, whose: For) -> bool {
        matches!(slots.take(whose), Err(Error::Unavailable(_)))
    }

    #[test]
    fn a_place_is_free_again_when_its_file_is_made() {
        let slots = Slots::default();
        let one = For::Download(CustomerId(1));
        let mut taken: Vec<_> = (0..MOST_OF_ONE).map(|_| slots.take(one).unwrap()).collect();
        assert!(is_full(&slots, one));
        taken.pop();
        assert!(slots.take(one).is_ok());
    }

    #[test]
    fn nobody_takes_the_places_of_all_others_nor_that_of_cases() {
        let slots = Slots::default();
        let download = |customer| For::Download(CustomerId(customer));
        let of_first: Vec<_> = (0..MOST_OF_ONE).map(|_| slots.take(download(1)).unwrap()).collect();
        let of_second: Vec<_> = (0..MOST - MOST_OF_ONE).map(|_| slots.take(download(2)).unwrap()).collect();
        assert!(is_full(&slots, download(3)));
        let case = slots.take(For::Case).unwrap();
        assert!(is_full(&slots, For::Case));
        drop(of_first);
        assert!(slots.take(download(3)).is_ok() && is_full(&slots, For::Case));
        drop((of_second, case));
        assert!(slots.take(For::Case).is_ok());
    }
}
