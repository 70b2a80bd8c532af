//! A visit: what the events of one person at one licence add up to.

use super::coded::coded;
use super::event::CheckOutReason;
use super::{EventId, EventKey, Timestamp};

coded! {
    /// Where a visit stands.
    VisitState {
        /// The guest is expected.
        Expected = 1 as "expected",
        /// The guest has checked in and not out.
        Open = 2 as "open",
        /// The guest has checked out.
        Closed = 3 as "closed",
        /// The guest will not come.
        Cancelled = 4 as "cancelled",
        /// The guest was not let in.
        Denied = 5 as "denied",
    }
}

/// What gives a visit its identity, so that any order of arrival finds the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Anchor {
    /// The customer's own identifier of the visit, as its blind index.
    Ref([u8; 32]),
    /// The event that opened it.
    Event(EventId),
}

/// A visit as the projection finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// Its identity.
    pub anchor: Anchor,
    /// Blind index of the customer's own identifier, if it has one.
    pub group: Option<[u8; 32]>,
    /// When the guest was expected.
    pub expected_at: Option<Timestamp>,
    /// The first check-in.
    pub arrived_at: Option<Timestamp>,
    /// The check-out.
    pub departed_at: Option<Timestamp>,
    /// When it was cancelled.
    pub cancelled_at: Option<Timestamp>,
    /// When the guest was turned away.
    pub denied_at: Option<Timestamp>,
    /// Who checked the guest out.
    pub reason: Option<CheckOutReason>,
    /// The device of the first check-in.
    pub device: Option<String>,
    /// The earliest event, for the order of lists.
    pub starts_at: Timestamp,
    /// Its events, in the order of time.
    pub events: Vec<EventKey>,
}

impl Stay {
    /// A visit with nothing yet in it.
    #[must_use]
    pub fn new(anchor: Anchor, group: Option<[u8; 32]>, starts_at: Timestamp) -> Self {
        Self {
            anchor,
            group,
            expected_at: None,
            arrived_at: None,
            departed_at: None,
            cancelled_at: None,
            denied_at: None,
            reason: None,
            device: None,
            starts_at,
            events: Vec::new(),
        }
    }

    /// Where it stands: who has arrived is here or was, whatever was cancelled before.
    #[must_use]
    pub fn state(&self) -> VisitState {
        match (self.arrived_at, self.departed_at) {
            (Some(_), Some(_)) => VisitState::Closed,
            (Some(_), None) => VisitState::Open,
            (None, _) if self.denied_at.is_some() => VisitState::Denied,
            (None, _) if self.cancelled_at.is_some() => VisitState::Cancelled,
            (None, _) => VisitState::Expected,
        }
    }
}
