//! Reading events back.

use super::View;
use super::dossier::Dossier;
use super::ingest::{Details, HostDetails};
use super::page::{Ask, Page, cut};
use crate::domain::event::{Channel, CheckOutReason, DeliveryStatus, EventType, MAX_RECIPIENTS, Origin};
use crate::domain::person::Kind;
use crate::domain::text::{LicenseNumber, Ref};
use crate::domain::{CustomerId, EventId, EventKey, FieldError, PersonId, Timestamp, VisitId};
use crate::error::Error;
use crate::store;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// The most recipients of all events of a page, one event's apart: a page has then at most 6 MB, of the longest texts.
const MAX_PAGE_RECIPIENTS: usize = 2_000;

/// An event as it was sent, with what became of it.
#[derive(Clone, Serialize, ToSchema)]
pub struct Event {
    /// Its identifier.
    #[schema(value_type = uuid::Uuid)]
    pub id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was stored.
    pub received_at: Timestamp,
    /// When the guest is expected.
    pub expected_at: Option<Timestamp>,
    /// The licence of the site.
    pub license_number: Option<String>,
    /// The device it was made at.
    pub device: Option<String>,
    /// The customer's own identifier of the visit.
    pub visit_ref: Option<String>,
    /// The visit that it belongs to now; none while it waits for another event.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub visit_id: Option<VisitId>,
    /// The guest, as sent.
    pub person: EventPerson,
    /// The host, as sent; none when the host has been erased.
    pub host: Option<EventHost>,
    /// The recipients; those erased are left out.
    pub recipients: Vec<EventRecipient>,
    /// The address on the network.
    pub ip: Option<String>,
    /// Where it was made.
    pub origin: Option<Origin>,
    /// Who checked the guest out.
    pub reason: Option<CheckOutReason>,
    /// The event that it corrects.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub corrects: Option<EventId>,
    /// The event that corrects it; it then counts no more.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub superseded_by: Option<EventId>,
}

/// The guest's part of an event.
#[derive(Clone, Serialize, ToSchema)]
pub struct EventPerson {
    /// The customer's own identifier.
    #[serde(rename = "ref")]
    pub reference: String,
    /// What the event said the person is.
    pub kind: Option<Kind>,
    /// Name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Number plate.
    pub vehicle_plate: Option<String>,
}

/// The host's part of an event.
#[derive(Clone, Serialize, ToSchema)]
pub struct EventHost {
    /// The customer's own identifier.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// A recipient's part of an event.
#[derive(Clone, Serialize, ToSchema)]
pub struct EventRecipient {
    /// The customer's own identifier.
    #[serde(rename = "ref")]
    pub reference: String,
    /// How the notification was sent.
    pub channel: Channel,
    /// Where it was sent.
    pub address: Option<String>,
    /// What became of it.
    pub status: Option<DeliveryStatus>,
}

/// Which events a list asks for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this guest.
    pub person: Option<Ref>,
    /// At this site.
    pub license: Option<LicenseNumber>,
    /// Of this type.
    pub kind: Option<EventType>,
    /// Happened at or after this.
    pub from: Option<Timestamp>,
    /// Happened before this.
    pub to: Option<Timestamp>,
    /// Stored after this event: to follow along, oldest first.
    pub after: Option<EventId>,
}

/// One event.
///
/// # Errors
/// `not_found`.
pub fn get(view: &mut View<'_>, customer: CustomerId, id: EventId) -> Result<Event, Error> {
    let row = store::events::get(view.conn, customer, id, view.sight)?.ok_or_else(Error::not_found)?;
    show_all(view, customer, vec![row])?.pop().ok_or_else(Error::not_found)
}

/// A page of events: newest first, or in the order of storage after a named one.
///
/// # Errors
/// Invalid limit or cursor; `unknown_event` when `after` names none.
pub fn list(view: &mut View<'_>, customer: CustomerId, filter: &Filter, ask: &Ask) -> Result<Page<Event>, Error> {
    let limit = ask.limit()?;
    let keyring = view.core.keyring.clone();
    let order = if filter.after.is_some() { "events-after" } else { "events" };
    let cursor = ask.position(&keyring, Some(customer), order)?;
    let Some(narrow) = narrowed(view, customer, filter)? else {
        return Ok(Page { data: Vec::new(), next_cursor: None });
    };
    if let Some(after) = filter.after {
        let after = match cursor.and_then(|text| text.parse().ok()) {
            Some(key) => EventKey(key),
            None => stored_key(view, customer, after)?,
        };
        store::locks::await_writers(view.conn, customer)?;
        let rows = store::events::page_stored_after(view.conn, customer, &narrow, after, limit as i64 + 1, view.sight)?;
        let limit = fitting(view, customer, limit, &rows)?;
        return cut(
            &keyring,
            Some(customer),
            order,
            limit,
            rows,
            |row| row.id.0.to_string(),
            |rows| show_all(view, customer, rows),
        );
    }
    let before = cursor
        .as_deref()
        .and_then(|text| text.split_once(' '))
        .and_then(|(at, id)| Some((Timestamp::from_micros(at.parse().ok()?)?, EventKey(id.parse().ok()?))));
    let rows = store::events::page(view.conn, customer, &narrow, before, limit as i64 + 1, view.sight)?;
    let limit = fitting(view, customer, limit, &rows)?;
    let position = |row: &store::events::Event| format!("{} {}", row.occurred_at.micros(), row.id.0);
    cut(&keyring, Some(customer), order, limit, rows, position, |rows| show_all(view, customer, rows))
}

/// How many of the rows make a page, so that no page is large however many recipients its events have.
pub(super) fn fitting(
    view: &mut View<'_>,
    customer: CustomerId,
    limit: usize,
    rows: &[store::events::Event],
) -> Result<usize, Error> {
    let keys: Vec<EventKey> = rows.iter().take(limit).map(|row| row.id).collect();
    if keys.len() * MAX_RECIPIENTS <= MAX_PAGE_RECIPIENTS {
        return Ok(limit);
    }
    let counts: HashMap<EventKey, i64> =
        store::events::recipient_counts(view.conn, customer, &keys)?.into_iter().collect();
    let mut sum = 0;
    let over = keys.iter().position(|key| {
        sum += counts.get(key).map_or(0, |count| usize::try_from(*count).unwrap_or(usize::MAX));
        sum > MAX_PAGE_RECIPIENTS
    });
    Ok(over.map_or(limit, |over| over.max(1)))
}

fn stored_key(view: &mut View<'_>, customer: CustomerId, id: EventId) -> Result<EventKey, Error> {
    store::events::key_of(view.conn, customer, id)?
        .ok_or_else(|| Error::invalid(vec![FieldError::new("unknown_event", "must name a stored event").at("?after")]))
}

/// None when the filter names a person or licence that the customer has not: then the list is empty.
fn narrowed(
    view: &mut View<'_>,
    customer: CustomerId,
    filter: &Filter,
) -> Result<Option<store::events::Filter>, Error> {
    let mut narrow = store::events::Filter {
        type_: filter.kind.map(EventType::number),
        from: filter.from,
        to: filter.to,
        ..store::events::Filter::default()
    };
    if let Some(reference) = &filter.person {
        narrow.person = super::people::guest_by_ref(view, customer, reference)?;
        if narrow.person.is_none() {
            return Ok(None);
        }
    }
    if let Some(number) = &filter.license {
        narrow.license = super::licenses::id_by_number(view, customer, number.as_str())?;
        if narrow.license.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(narrow))
}

pub(super) fn show_all(
    view: &mut View<'_>,
    customer: CustomerId,
    rows: Vec<store::events::Event>,
) -> Result<Vec<Event>, Error> {
    let keys: Vec<EventKey> = rows.iter().map(|row| row.id).collect();
    let hosts = store::events::hosts(view.conn, customer, &keys, view.sight)?;
    let recipients = store::events::recipients(view.conn, customer, &keys, view.sight)?;
    let ids = rows.iter().map(|row| row.person_id);
    let ids = ids.chain(hosts.iter().map(|row| row.person_id)).chain(recipients.iter().map(|row| row.person_id));
    let dossiers = super::people::dossiers(view, customer, ids.collect())?;
    let mut hosts: HashMap<EventKey, EventHost> =
        hosts.into_iter().filter_map(|row| show_host(&dossiers, &row).transpose()).collect::<Result<_, _>>()?;
    let mut notified: HashMap<EventKey, Vec<EventRecipient>> = HashMap::new();
    for row in recipients {
        let key = row.event_key;
        notified.entry(key).or_default().extend(show_recipient(&dossiers, &row)?);
    }
    let numbers = super::visits::license_numbers(view, customer, rows.iter().map(|row| row.license_id))?;
    rows.into_iter()
        .map(|row| {
            let (host, recipients) = (hosts.remove(&row.id), notified.remove(&row.id).unwrap_or_default());
            let number = numbers.get(&row.license_id).cloned();
            let dossier = dossiers.get(&row.person_id).ok_or_else(|| Error::internal("an event without its person"))?;
            show(dossier, row, number, host, recipients)
        })
        .collect()
}

fn show(
    dossier: &Dossier,
    row: store::events::Event,
    license_number: Option<String>,
    host: Option<EventHost>,
    recipients: Vec<EventRecipient>,
) -> Result<Event, Error> {
    let plain = dossier.open_event("details_sealed", row.id, &row.details_sealed)?;
    let details: Details = serde_json::from_slice(&plain).map_err(Error::internal)?;
    let ip = row.ip_sealed.as_deref().map(|sealed| dossier.open_event("ip_sealed", row.id, sealed)).transpose()?;
    Ok(Event {
        id: row.event_id,
        kind: EventType::from_number(row.type_).ok_or_else(|| Error::internal("a type out of range"))?,
        occurred_at: row.occurred_at,
        received_at: row.received_at,
        expected_at: row.expected_at,
        license_number,
        device: row.device,
        visit_ref: details.visit_ref,
        visit_id: row.visit_id,
        person: EventPerson {
            reference: dossier.reference()?,
            kind: details.kind,
            name: details.name,
            email: details.email,
            phone: details.phone,
            company: details.company,
            vehicle_plate: details.vehicle_plate,
        },
        host,
        recipients,
        ip: ip.map(String::from_utf8).transpose().map_err(Error::internal)?,
        origin: row.origin.and_then(Origin::from_number),
        reason: row.reason.and_then(CheckOutReason::from_number),
        corrects: row.corrects,
        superseded_by: row.superseded_by,
    })
}

type Dossiers = HashMap<PersonId, Dossier>;

fn show_host(dossiers: &Dossiers, row: &store::events::Host) -> Result<Option<(EventKey, EventHost)>, Error> {
    let Some(dossier) = dossiers.get(&row.person_id) else { return Ok(None) };
    let plain = dossier.open_host(row.event_key, &row.details_sealed)?;
    let details: HostDetails = serde_json::from_slice(&plain).map_err(Error::internal)?;
    let host = EventHost { reference: dossier.reference()?, name: details.name, email: details.email };
    Ok(Some((row.event_key, host)))
}

fn show_recipient(dossiers: &Dossiers, row: &store::events::Recipient) -> Result<Option<EventRecipient>, Error> {
    let Some(dossier) = dossiers.get(&row.person_id) else { return Ok(None) };
    let open = |sealed: &Vec<u8>| dossier.open_address(row.event_key, row.position, sealed);
    Ok(Some(EventRecipient {
        reference: dossier.reference()?,
        channel: Channel::from_number(row.channel).ok_or_else(|| Error::internal("a channel out of range"))?,
        address: row.address_sealed.as_ref().map(open).transpose()?,
        status: row.status.and_then(DeliveryStatus::from_number),
    }))
}
