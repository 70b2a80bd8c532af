//! Events of the person as a guest, others in them by role.

use super::super::super::{View, events};
use super::super::fields::Section;
use super::super::words::codes::Role;
use super::{PAGE, Source, Take};
use crate::app::events::{Event, EventHost, EventRecipient};
use crate::domain::LicenseId;
use crate::domain::event::{CheckOutReason, DeliveryStatus, Origin};
use crate::domain::person::Kind;
use crate::error::Error;
use crate::store;
use serde_json::{Value, json};

/// Gives every event, newest first, to `take`.
pub(super) fn each(source: &Source<'_>, view: &mut View<'_>, take: Take<'_>) -> Result<(), Error> {
    let (customer, person) = (source.subject.customer, source.subject.id());
    let filter = store::events::Filter { person: Some(person), ..store::events::Filter::default() };
    let mut before = None;
    loop {
        let mut rows = store::events::page(view.conn, customer, &filter, before, PAGE as i64, view.sight)?;
        rows.truncate(events::fitting(view, customer, PAGE, &rows)?);
        let Some(last) = rows.last() else { return Ok(()) };
        before = Some((last.occurred_at, last.id));
        let licenses: Vec<LicenseId> = rows.iter().map(|row| row.license_id).collect();
        for (event, license) in events::show_all(view, customer, rows)?.into_iter().zip(licenses) {
            one(source, event, license, take)?;
        }
    }
}

fn one(source: &Source<'_>, event: Event, license: LicenseId, take: Take<'_>) -> Result<(), Error> {
    let (number, site, clock) = source.subject.at_site(license);
    let uuid = |id: Option<uuid::Uuid>| Value::from(id.map(|id| id.to_string()));
    let host = event.host.as_ref().map(|host| party(source, host));
    let recipients: Vec<Value> =
        event.recipients.iter().map(|recipient| notified(source, recipient, event.host.as_ref())).collect();
    let person = event.person;
    take(&source.plan.section(Section::Events)?.row([
        ("id", Value::from(event.id.to_string())),
        ("type", Value::from(event.kind.as_str())),
        ("occurred_at", clock.at(event.occurred_at)),
        ("received_at", clock.at(event.received_at)),
        ("expected_at", clock.maybe(event.expected_at)),
        ("license_number", number),
        ("site", site),
        ("device", Value::from(event.device)),
        ("visit_ref", Value::from(event.visit_ref)),
        ("visit_id", uuid(event.visit_id.map(|id| id.0))),
        ("stated_kind", Value::from(person.kind.map(Kind::as_str))),
        ("name", Value::from(person.name)),
        ("email", Value::from(person.email)),
        ("phone", Value::from(person.phone)),
        ("company", Value::from(person.company)),
        ("vehicle_plate", Value::from(person.vehicle_plate)),
        ("ip", Value::from(event.ip)),
        ("origin", Value::from(event.origin.map(Origin::as_str))),
        ("reason", Value::from(event.reason.map(CheckOutReason::as_str))),
        ("corrects", uuid(event.corrects.map(|id| id.0))),
        ("superseded_by", uuid(event.superseded_by.map(|id| id.0))),
        ("host", host.unwrap_or_default()),
        ("recipients", Value::from(recipients)),
    ])?)
}

/// The host by role; what is left out is named, field by field (REQUIREMENTS L-16).
fn party(source: &Source<'_>, host: &EventHost) -> Value {
    if host.reference == source.subject.reference {
        return json!({"role": Role::Oneself.as_str(), "name": host.name, "email": host.email});
    }
    let held = [Some("ref"), host.name.as_ref().map(|_| "name"), host.email.as_ref().map(|_| "email")];
    json!({"role": Role::Host.as_str(), "redacted": held.into_iter().flatten().collect::<Vec<_>>()})
}

/// Somebody who was notified: role, channel and outcome, numbered and not named (REQUIREMENTS L-13).
fn notified(source: &Source<'_>, recipient: &EventRecipient, host: Option<&EventHost>) -> Value {
    let (channel, status) = (recipient.channel.as_str(), recipient.status.map(DeliveryStatus::as_str));
    if recipient.reference == source.subject.reference {
        let role = Role::Oneself.as_str();
        return json!({"role": role, "channel": channel, "status": status, "address": recipient.address});
    }
    let is_host = host.is_some_and(|host| host.reference == recipient.reference);
    let role = if is_host { Role::Host } else { Role::Recipient };
    let held = [Some("ref"), recipient.address.as_ref().map(|_| "address")];
    json!({
        "role": role.as_str(), "number": source.number(&recipient.reference), "channel": channel, "status": status,
        "redacted": held.into_iter().flatten().collect::<Vec<_>>(),
    })
}
