//! What an event says of its people, kept as it was sent (REQUIREMENTS L-12) under each one's own key.

use crate::domain::Timestamp;
use crate::domain::event::{NewEvent, NewHost};
use crate::domain::person::{Dated, Field, Kind};
use serde::{Deserialize, Serialize};

/// The guest's part of an event; absent fields take no room.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vehicle_plate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit_ref: Option<String>,
}

impl Details {
    pub fn of(event: &NewEvent) -> Self {
        let person = &event.person;
        Self {
            kind: person.kind,
            name: person.name.as_ref().map(|text| text.as_str().to_owned()),
            email: person.email.as_ref().map(|text| text.as_str().to_owned()),
            phone: person.phone.as_ref().map(|text| text.as_str().to_owned()),
            company: person.company.as_ref().map(|text| text.as_str().to_owned()),
            vehicle_plate: person.vehicle_plate.as_ref().map(|text| text.as_str().to_owned()),
            visit_ref: event.visit_ref.as_ref().map(|text| text.as_str().to_owned()),
        }
    }

    /// The fields it states, dated.
    pub fn fields(&self, at: Timestamp) -> Vec<(Field, Dated)> {
        let all = [
            (Field::Name, &self.name),
            (Field::Email, &self.email),
            (Field::Phone, &self.phone),
            (Field::Company, &self.company),
            (Field::VehiclePlate, &self.vehicle_plate),
        ];
        all.into_iter().filter_map(|(field, value)| Some((field, Dated::event(at, value.clone()?)))).collect()
    }
}

/// The host's part of an event.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct HostDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl HostDetails {
    pub fn of(host: &NewHost) -> Self {
        Self {
            name: host.name.as_ref().map(|text| text.as_str().to_owned()),
            email: host.email.as_ref().map(|text| text.as_str().to_owned()),
        }
    }

    /// The fields it states, dated.
    pub fn fields(&self, at: Timestamp) -> Vec<(Field, Dated)> {
        let all = [(Field::Name, &self.name), (Field::Email, &self.email)];
        all.into_iter().filter_map(|(field, value)| Some((field, Dated::event(at, value.clone()?)))).collect()
    }
}
