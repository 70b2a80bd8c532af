//! What a request does to the tables: one statement after the other, within the request's transaction.

use super::rows::{CUSTOMER, Event, EventRow, HostRow, OPEN, PersonRow, RecipientRow, VisitRow};
use super::statements::Statements;
use super::types::{At, Id};
use diesel::prelude::*;
use std::sync::atomic::{AtomicI64, Ordering};

/// The next id of a row. A counter of the process costs nothing, which a sequence would: that is to this server's good.
static NEXT: AtomicI64 = AtomicI64::new(1);

/// What became of an event.
#[derive(Debug, Clone, Copy)]
pub struct Stored {
    pub id: Id,
    pub visit: Option<Id>,
    pub created: bool,
}

/// Stores an event.
pub fn store<C: Statements>(c: &mut C, event: &Event, now: At) -> QueryResult<Stored> {
    let at = At(event.occurred_at.timestamp_micros());
    let license_id = c.license(event.license_number.as_bytes())?;
    let guest = |id| PersonRow::guest(id, &event.person, now);
    let person_id = person(c, &event.person.reference, guest)?;
    let open = c.open_visit(person_id, license_id)?;
    let (checks_in, checks_out) = (event.kind == "visit.checked_in", event.kind == "visit.checked_out");
    let new = (checks_in && open.is_none()).then(|| Id(uuid::Uuid::new_v4()));
    let key = take();
    let row = EventRow {
        customer_id: CUSTOMER,
        id: key,
        event_id: Id(event.id),
        person_id,
        license_id,
        type_: if checks_in { 4 } else { 5 },
        occurred_at: at,
        received_at: now,
        device: event.device.clone(),
        visit_id: open.or(new),
        details_sealed: json(&event.person),
        ip_sealed: event.ip.map(|ip| ip.to_string().into_bytes()),
        digest: event.id.as_bytes().to_vec(),
    };
    if c.add_event(&row)? == 0 {
        return Ok(Stored { id: row.event_id, visit: row.visit_id, created: false });
    }
    if let Some(visit_id) = new {
        c.add_visit(&VisitRow {
            customer_id: CUSTOMER,
            visit_id,
            person_id,
            license_id,
            state: OPEN,
            starts_at: at,
            arrived_at: Some(at),
            departed_at: None,
            device: event.device.clone(),
            updated_at: now,
        })?;
    }
    if let Some(visit_id) = open.filter(|_| checks_out) {
        c.close_visit(visit_id, at, now)?;
    }
    if let Some(host) = &event.host {
        let person_id =
            person(c, &host.reference, |id| PersonRow::new(id, &host.reference, host.name.as_deref(), 2, now))?;
        let details_sealed = json(host);
        c.add_host(&HostRow {
            customer_id: CUSTOMER,
            event_key: key,
            person_id,
            license_id,
            occurred_at: at,
            details_sealed,
        })?;
    }
    for (position, recipient) in (0_i16..).zip(&event.recipients) {
        let person_id = person(c, &recipient.reference, |id| PersonRow::new(id, &recipient.reference, None, 3, now))?;
        c.add_recipient(&RecipientRow {
            customer_id: CUSTOMER,
            event_key: key,
            position,
            person_id,
            license_id,
            occurred_at: at,
            channel: i16::from(recipient.channel == "email") + 1,
            address_sealed: recipient.address.as_deref().map(Into::into),
        })?;
    }
    Ok(Stored { id: row.event_id, visit: row.visit_id, created: true })
}

/// Finds somebody, or makes the row; another transaction may make it first.
fn person<C: Statements>(c: &mut C, reference: &str, row: impl FnOnce(i64) -> PersonRow) -> QueryResult<i64> {
    if let Some(found) = c.person(reference.as_bytes())? {
        return Ok(found);
    }
    let row = row(take());
    if c.add_person(&row)? == 1 {
        return Ok(row.id);
    }
    c.person(reference.as_bytes())?.ok_or(diesel::result::Error::NotFound)
}

fn take() -> i64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}
