//! Rows, and the JSON that they are made of; nothing is sealed.

use super::schema::{customers, event_hosts, event_recipients, events, licenses, people, visits};
use super::types::{At, Id};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// The one customer.
pub const CUSTOMER: i64 = 1;
/// States of a visit.
pub const OPEN: i16 = 2;
pub const CLOSED: i16 = 3;

/// An event as it is sent.
#[derive(Debug, Deserialize)]
pub struct Event {
    pub id: uuid::Uuid,
    #[serde(rename = "type")]
    pub kind: String,
    pub occurred_at: chrono::DateTime<chrono::Utc>,
    pub license_number: String,
    pub device: Option<String>,
    pub person: Guest,
    pub host: Option<Host>,
    #[serde(default)]
    pub recipients: Vec<Recipient>,
    pub ip: Option<std::net::IpAddr>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Guest {
    #[serde(rename = "ref")]
    pub reference: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub company: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Host {
    #[serde(rename = "ref")]
    pub reference: String,
    pub name: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Recipient {
    #[serde(rename = "ref")]
    pub reference: String,
    pub channel: String,
    pub address: Option<String>,
}

/// A batch of events.
#[derive(Debug, Deserialize)]
pub struct Batch {
    pub events: Vec<Event>,
}

#[derive(Insertable)]
#[diesel(table_name = customers)]
pub struct CustomerRow {
    pub id: i64,
    pub public_id: Id,
    pub name: &'static str,
    pub time_zone: &'static str,
    pub created_at: At,
}

#[derive(Insertable)]
#[diesel(table_name = licenses)]
pub struct LicenseRow {
    pub customer_id: i64,
    pub id: i64,
    pub public_id: Id,
    pub number_index: &'static [u8],
    pub number_sealed: &'static [u8],
    pub key_version: i32,
    pub name: &'static str,
    pub time_zone: &'static str,
    pub issued_at: At,
}

#[derive(Clone, Insertable)]
#[diesel(table_name = people, treat_none_as_default_value = false)]
pub struct PersonRow {
    pub customer_id: i64,
    pub id: i64,
    pub ref_index: Vec<u8>,
    pub ref_sealed: Vec<u8>,
    pub wrapped_key: Vec<u8>,
    pub key_version: i32,
    pub kind: i16,
    pub name_sealed: Option<Vec<u8>>,
    pub email_sealed: Option<Vec<u8>>,
    pub email_index: Option<Vec<u8>>,
    pub company_sealed: Option<Vec<u8>>,
    pub created_at: At,
    pub updated_at: At,
}

#[derive(Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
pub struct EventRow {
    pub customer_id: i64,
    pub id: i64,
    pub event_id: Id,
    pub person_id: i64,
    pub license_id: i64,
    pub type_: i16,
    pub occurred_at: At,
    pub received_at: At,
    pub device: Option<String>,
    pub visit_id: Option<Id>,
    pub details_sealed: Vec<u8>,
    pub ip_sealed: Option<Vec<u8>>,
    pub digest: Vec<u8>,
}

#[derive(Clone, Insertable)]
#[diesel(table_name = event_hosts)]
pub struct HostRow {
    pub customer_id: i64,
    pub event_key: i64,
    pub person_id: i64,
    pub license_id: i64,
    pub occurred_at: At,
    pub details_sealed: Vec<u8>,
}

#[derive(Clone, Insertable)]
#[diesel(table_name = event_recipients, treat_none_as_default_value = false)]
pub struct RecipientRow {
    pub customer_id: i64,
    pub event_key: i64,
    pub position: i16,
    pub person_id: i64,
    pub license_id: i64,
    pub occurred_at: At,
    pub channel: i16,
    pub address_sealed: Option<Vec<u8>>,
}

#[derive(Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = visits, treat_none_as_default_value = false)]
pub struct VisitRow {
    pub customer_id: i64,
    pub visit_id: Id,
    pub person_id: i64,
    pub license_id: i64,
    pub state: i16,
    pub starts_at: At,
    pub arrived_at: Option<At>,
    pub departed_at: Option<At>,
    pub device: Option<String>,
    pub updated_at: At,
}

impl PersonRow {
    /// Somebody of whom only the ref and the name are known.
    pub fn new(id: i64, reference: &str, name: Option<&str>, kind: i16, now: At) -> Self {
        Self {
            customer_id: CUSTOMER,
            id,
            ref_index: reference.into(),
            ref_sealed: reference.into(),
            wrapped_key: Vec::new(),
            key_version: 1,
            kind,
            name_sealed: name.map(Into::into),
            email_sealed: None,
            email_index: None,
            company_sealed: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// A guest with what the event says.
    pub fn guest(id: i64, guest: &Guest, now: At) -> Self {
        Self {
            email_sealed: guest.email.as_deref().map(Into::into),
            email_index: guest.email.as_deref().map(Into::into),
            company_sealed: guest.company.as_deref().map(Into::into),
            ..Self::new(id, &guest.reference, guest.name.as_deref(), 1, now)
        }
    }
}
