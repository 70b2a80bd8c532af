//! Who sent events: the key's holder and the address they came from.

use super::auth::{Caller, EventsWrite};
use crate::app::ingest::Item;
use crate::domain::event::NewEvent;

/// Who sent an event, for the writers.
pub(super) struct Sender {
    pub by: Caller<EventsWrite>,
    pub peer: std::net::IpAddr,
}

impl Sender {
    pub fn item(&self, event: NewEvent) -> Item {
        Item {
            customer: self.by.customer(),
            bound_to: self.by.by.license,
            peer: Some(self.peer),
            event,
            any_age: false,
        }
    }
}
