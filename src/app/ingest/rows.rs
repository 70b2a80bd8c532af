//! The rows of accepted events, their hosts, recipients and devices.

use super::fields::host_plain;
use super::projection::plain;
use super::{Accepted, Batch};
use crate::domain::event::{CheckOutReason, DeliveryStatus, Origin};
use crate::domain::{DeviceId, LicenseId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::devices::Device;
use crate::store::events::{Event, Group, Host, Recipient};
use crate::store::visits::Visit;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

impl Batch<'_, '_, '_> {
    pub(super) fn insert_rows(&mut self, accepted: &[Accepted<'_>], visits: Vec<Visit>) -> Result<(), Error> {
        let mut group = Group { visits, ..Group::default() };
        for accepted in accepted {
            group.events.push(self.event_row(accepted)?);
            group.hosts.extend(self.host_row(accepted)?);
            for &(position, recipient) in &accepted.recipients {
                let dossier = self.people.by_ref(recipient.reference.as_str())?;
                let seal = |address: &crate::domain::text::Address| {
                    dossier.seal_address(accepted.key, position, address.as_str())
                };
                group.recipients.push(Recipient {
                    customer_id: self.customer,
                    event_key: accepted.key,
                    position,
                    person_id: dossier.id(),
                    license_id: accepted.license,
                    occurred_at: accepted.event().occurred_at,
                    channel: recipient.channel.number(),
                    address_sealed: recipient.address.as_ref().map(seal).transpose()?,
                    status: recipient.status.map(DeliveryStatus::number),
                });
            }
        }
        if store::events::insert(self.work.tx, &group)? != group.events.len() {
            return Err(Error::Conflict("another node stored one of these events first".into()));
        }
        Ok(())
    }

    fn event_row(&self, accepted: &Accepted<'_>) -> Result<Event, Error> {
        let event = accepted.event();
        let guest = self.people.by_ref(event.person.reference.as_str())?;
        let details = Zeroizing::new(plain(event)?);
        let ip = event.ip.or(accepted.item.peer);
        let seal_ip = |ip: std::net::IpAddr| guest.seal_event("ip_sealed", accepted.key, ip.to_string().as_bytes());
        let group = |text: &crate::domain::text::VisitRef| {
            self.keys.index.index("visit.ref", text.as_str().as_bytes()).to_vec()
        };
        Ok(Event {
            customer_id: self.customer,
            id: accepted.key,
            event_id: event.id,
            person_id: guest.id(),
            license_id: accepted.license,
            type_: event.kind.number(),
            occurred_at: event.occurred_at,
            received_at: self.work.now,
            expected_at: event.expected_at,
            device: event.device.as_ref().map(|device| device.as_str().to_owned()),
            visit_ref_index: event.visit_ref.as_ref().map(group),
            visit_id: accepted.visit_id,
            details_sealed: guest.seal_event("details_sealed", accepted.key, &details)?,
            ip_sealed: ip.map(seal_ip).transpose()?,
            origin: event.origin.map(Origin::number),
            reason: event.reason.map(CheckOutReason::number),
            corrects: event.corrects,
            superseded_by: accepted.superseded_by,
            digest: accepted.digest.clone(),
        })
    }

    fn host_row(&self, accepted: &Accepted<'_>) -> Result<Option<Host>, Error> {
        let Some(host) = accepted.host else { return Ok(None) };
        let dossier = self.people.by_ref(host.reference.as_str())?;
        Ok(Some(Host {
            customer_id: self.customer,
            event_key: accepted.key,
            person_id: dossier.id(),
            license_id: accepted.license,
            occurred_at: accepted.event().occurred_at,
            details_sealed: dossier.seal_host(accepted.key, &Zeroizing::new(host_plain(host)?))?,
        }))
    }

    /// Notes which devices were heard of, so that the roll call knows the silent ones.
    pub(super) fn touch_devices(&mut self, accepted: &[Accepted<'_>]) -> Result<(), Error> {
        let now = self.work.now;
        let mut heard: BTreeMap<&str, (Timestamp, LicenseId)> = BTreeMap::new();
        for accepted in accepted {
            let Some(device) = &accepted.event().device else { continue };
            // An old event read in says when the device was alive, not that it is.
            let at = accepted.event().occurred_at.min(now);
            let latest = heard.entry(device.as_str()).or_insert((at, accepted.license));
            *latest = (*latest).max((at, accepted.license));
        }
        let names: Vec<String> = heard.keys().map(|&name| name.to_owned()).collect();
        if names.is_empty() {
            return Ok(());
        }
        for mut device in store::devices::by_names(self.work.tx, self.customer, &names)? {
            let Some((at, license)) = heard.remove(device.name.as_str()) else { continue };
            // To half a minute is enough, and spares a write an event.
            if device.event_at.is_none_or(|before| at.seconds_since(before) >= 30) {
                device.event_at = Some(at);
                device.license_id = Some(license);
                store::devices::update(self.work.tx, &device)?;
            }
        }
        for (name, (at, license)) in heard {
            let device = Device {
                customer_id: self.customer,
                id: DeviceId(store::ids::take_one(self.work.tx)?),
                name: name.to_owned(),
                license_id: Some(license),
                app_version: None,
                queued_events: None,
                heartbeat_at: None,
                event_at: Some(at),
                created_at: now,
            };
            store::devices::insert(self.work.tx, &device)?;
        }
        Ok(())
    }
}
