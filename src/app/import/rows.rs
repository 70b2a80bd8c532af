//! From a row to the events it tells of.
//!
//! A row is taken whole or left out whole. If only the sound part of it went in, the mended row would later meet its
//! own events with another body and be refused as a conflict; and a guest without the name that the file has would
//! look as if the file had none. Only a cell with a civil registration number is left out by itself, see
//! [`Cells::spare`].

use super::cells::{Cells, Faults};
use super::instants::Instants;
use super::mapping::{Columns, Field};
use super::oddities::Oddity;
use super::records::Row;
use super::times::{Formats, Times};
use crate::domain::contact::{Email, Phone};
use crate::domain::event::{CheckOutReason, EventType, NewEvent, NewPerson, Origin};
use crate::domain::text::{Company, Device, Name, Ref, VehiclePlate, VisitRef};
use crate::domain::zone::Zone;
use crate::domain::{EventId, FieldError, Timestamp};
use std::collections::HashMap;
use uuid::Uuid;

/// What a row holds.
#[derive(Default)]
pub struct Drawn {
    /// Its events, with the field that each one's time stands in.
    pub events: Vec<(NewEvent, Field)>,
    /// What is odd, and in which field.
    pub oddities: Vec<(Field, Oddity)>,
    /// Whether the guest was expected on a date without time of day.
    pub expected_by_date: bool,
}

/// Draws events from rows.
pub struct Drawer {
    columns: Columns,
    formats: Formats,
    zone: Zone,
    zones: HashMap<String, Zone>,
    namespace: Uuid,
}

impl Drawer {
    /// Draws events from rows with these columns; `zone` is for rows without one of their own, and `namespace`, which
    /// stands for customer and licence, the space of the events' ids.
    #[must_use]
    pub fn new(columns: Columns, formats: Formats, zone: Zone, namespace: Uuid) -> Self {
        Self { columns, formats, zone, zones: HashMap::new(), namespace }
    }

    /// What the file calls a field.
    #[must_use]
    pub fn column(&self, field: Field) -> &str {
        self.columns.name(field)
    }

    /// The events of a row; all of them, or what is wrong with it.
    ///
    /// # Errors
    /// A fault for each field that is refused.
    pub fn draw(&mut self, row: &Row, now: Timestamp) -> Result<Drawn, Faults> {
        let zone = self.zone_of(row)?;
        let mut cells = Cells::new(row, &self.columns);
        let times = Instants::read(&mut cells, Times { zone, formats: &self.formats });
        let visit_ref = cells.needed(Field::VisitRef, VisitRef::new);
        let reference = cells.needed(Field::PersonRef, Ref::new);
        let name = cells.spare(Field::PersonName, Name::new);
        let email = cells.spare(Field::PersonEmail, Email::new);
        let phone = cells.spare(Field::PersonPhone, Phone::new);
        let company = cells.spare(Field::PersonCompany, Company::new);
        let vehicle_plate = cells.spare(Field::PersonVehiclePlate, VehiclePlate::new);
        let host = cells.host();
        let device = cells.spare(Field::Device, Device::new);
        if times.happened().is_empty() && cells.faults.is_empty() {
            cells.fault(
                Field::ArrivedAt,
                FieldError::new("no_time", "has no time in any of its columns, so nothing happened"),
            );
        }
        let (Some(visit_ref), Some(reference), true) = (visit_ref, reference, cells.faults.is_empty()) else {
            return Err(cells.faults);
        };
        let left_out = cells.left_out.into_iter().map(|field| (field, Oddity::CivilNumber));
        let oddities = times.oddities().into_iter().chain(left_out).collect();
        let person = NewPerson { reference, kind: None, name, email, phone, company, vehicle_plate };
        let mut drawn = Drawn { oddities, expected_by_date: times.expected_by_date, ..Drawn::default() };
        let mut faults = Faults::new();
        for (field, kind, occurred_at) in times.happened() {
            let attended = matches!(kind, EventType::CheckedIn | EventType::CheckedOut);
            let event = NewEvent {
                id: self.event_id(&visit_ref, &person.reference, kind),
                kind,
                occurred_at,
                expected_at: times.expected_at.filter(|_| kind == EventType::Expected),
                license_number: None,
                device: device.clone().filter(|_| attended),
                visit_ref: Some(visit_ref.clone()),
                person: person.clone(),
                host: host.clone(),
                recipients: Vec::new(),
                ip: None,
                origin: Some(Origin::Import),
                reason: (kind == EventType::CheckedOut).then_some(CheckOutReason::Import),
                corrects: None,
            };
            if let Err(broken) = event.check(now) {
                let code = "too_far_ahead";
                faults.extend(broken.into_iter().map(|fault| (field, FieldError::new(code, fault.detail))));
            }
            drawn.events.push((event, field));
        }
        if faults.is_empty() { Ok(drawn) } else { Err(faults) }
    }

    fn zone_of(&mut self, row: &Row) -> Result<Zone, Faults> {
        let mut cells = Cells::new(row, &self.columns);
        let Some(name) = cells.cell(Field::TimeZone) else {
            return if cells.faults.is_empty() { Ok(self.zone) } else { Err(cells.faults) };
        };
        if let Some(zone) = self.zones.get(name) {
            return Ok(*zone);
        }
        let zone = Zone::parse(name).map_err(|error| vec![(Field::TimeZone, error)])?;
        // Only names of the IANA database come here, so it stays small.
        self.zones.insert(name.to_owned(), zone);
        Ok(zone)
    }

    /// The same id whenever the row is read, so that a second import adds nothing.
    ///
    /// One booking may hold many guests, so the visit's ref alone does not make a row's identity.
    fn event_id(&self, visit_ref: &VisitRef, person: &Ref, kind: EventType) -> EventId {
        let (visit_ref, person) = (visit_ref.as_str(), person.as_str());
        let name = format!("{}:{visit_ref}{}:{person}{}", visit_ref.len(), person.len(), kind.as_str());
        EventId(Uuid::new_v5(&self.namespace, name.as_bytes()))
    }
}
