//! The person's parts in the events of other guests: as their host, and as somebody who was notified of them.

use super::super::super::View;
use super::super::super::ingest::HostDetails;
use super::super::fields::Section;
use super::super::words::codes::Role;
use super::{PAGE, Source, Take};
use crate::domain::event::{Channel, DeliveryStatus, EventType};
use crate::domain::{EventKey, PersonId};
use crate::error::Error;
use crate::store;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::HashMap;

/// What a guest's file would hold of the event; here the guest is another, and left out.
const OF_THE_GUEST: [&str; 2] = ["ref", "details"];

/// The guests' events of these keys, while they are there: what happened, and to whom.
struct Guests(HashMap<EventKey, (EventType, PersonId)>);

impl Guests {
    fn of(source: &Source<'_>, view: &mut View<'_>, keys: &[EventKey]) -> Result<Self, Error> {
        let mut found = HashMap::new();
        for (key, type_, person) in store::export::kinds(view.conn, source.subject.customer, keys, view.sight)? {
            let kind = EventType::from_number(type_).ok_or_else(|| Error::internal("a type out of range"))?;
            found.insert(key, (kind, person));
        }
        Ok(Self(found))
    }

    fn show(&self, source: &Source<'_>, key: EventKey) -> (Value, Value) {
        let Some((kind, person)) = self.0.get(&key) else { return (Value::Null, Value::Null) };
        let guest = if *person == source.subject.id() {
            json!({"role": Role::Oneself.as_str()})
        } else {
            json!({"role": Role::Guest.as_str(), "redacted": OF_THE_GUEST})
        };
        (Value::from(kind.as_str()), guest)
    }
}

/// Gives every part as a host, newest first, to `take`.
pub(super) fn hosted(source: &Source<'_>, view: &mut View<'_>, take: Take<'_>) -> Result<(), Error> {
    let customer = source.subject.customer;
    let mut order = store::export::hosted_by(view.conn, customer, source.subject.id())?;
    order.sort_unstable_by(|a, b| b.cmp(a));
    for page in order.chunks(PAGE) {
        let keys: Vec<EventKey> = page.iter().map(|(_, key)| *key).collect();
        let mut rows = store::events::hosts(view.conn, customer, &keys, view.sight)?;
        rows.sort_unstable_by_key(|row| Reverse((row.occurred_at, row.event_key)));
        let guests = Guests::of(source, view, &keys)?;
        for row in rows {
            let plain = source.subject.dossier.open_host(row.event_key, &row.details_sealed)?;
            let details: HostDetails = serde_json::from_slice(&plain).map_err(Error::internal)?;
            let (number, site, clock) = source.subject.at_site(row.license_id);
            let (kind, guest) = guests.show(source, row.event_key);
            take(&source.plan.section(Section::Hosted)?.row([
                ("occurred_at", clock.at(row.occurred_at)),
                ("type", kind),
                ("license_number", number),
                ("site", site),
                ("name", Value::from(details.name)),
                ("email", Value::from(details.email)),
                ("guest", guest),
            ])?)?;
        }
    }
    Ok(())
}

/// Gives every notification that the person got, newest first, to `take`.
pub(super) fn notified(source: &Source<'_>, view: &mut View<'_>, take: Take<'_>) -> Result<(), Error> {
    let (customer, person) = (source.subject.customer, source.subject.id());
    let mut order = store::export::notified(view.conn, customer, person)?;
    order.sort_unstable_by(|a, b| b.cmp(a));
    order.dedup();
    for page in order.chunks(PAGE) {
        let keys: Vec<EventKey> = page.iter().map(|(_, key)| *key).collect();
        let mut rows = store::export::recipients(view.conn, customer, person, &keys)?;
        rows.sort_unstable_by_key(|row| Reverse((row.occurred_at, row.event_key, row.position)));
        let guests = Guests::of(source, view, &keys)?;
        for row in rows {
            let open = |sealed: &Vec<u8>| source.subject.dossier.open_address(row.event_key, row.position, sealed);
            let channel = Channel::from_number(row.channel).ok_or_else(|| Error::internal("a channel out of range"))?;
            let status = row.status.and_then(DeliveryStatus::from_number);
            let (number, site, clock) = source.subject.at_site(row.license_id);
            let (kind, guest) = guests.show(source, row.event_key);
            take(&source.plan.section(Section::Notified)?.row([
                ("occurred_at", clock.at(row.occurred_at)),
                ("type", kind),
                ("license_number", number),
                ("site", site),
                ("channel", Value::from(channel.as_str())),
                ("address", Value::from(row.address_sealed.as_ref().map(open).transpose()?)),
                ("status", Value::from(status.map(DeliveryStatus::as_str))),
                ("guest", guest),
            ])?)?;
        }
    }
    Ok(())
}
