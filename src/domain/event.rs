//! What a guest system logs: the closed contract of one event (REQUIREMENTS ).

use super::coded::coded;
use super::contact::{Email, Phone};
use super::person::Kind;
use super::text::{Address, Company, Device, LicenseNumber, Name, Ref, VehiclePlate, VisitRef};
use super::{EventId, Fault, FieldError, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};
use std::net::IpAddr;
use utoipa::ToSchema;

/// The most recipients one event may name.
pub const MAX_RECIPIENTS: usize = 100;
/// How far ahead of our clock an event may say it happened, in seconds: 48 hours (T-15).
pub const MAX_AHEAD_S: i64 = 48 * 3600;

coded! {
    /// What happened.
    EventType {
        /// A guest is expected.
        Expected = 1 as "visit.expected",
        /// The expected guest will not come.
        Cancelled = 2 as "visit.cancelled",
        /// The guest was not let in.
        Denied = 3 as "visit.denied",
        /// The guest checked in.
        CheckedIn = 4 as "visit.checked_in",
        /// The guest checked out.
        CheckedOut = 5 as "visit.checked_out",
        /// A notification was sent.
        NotificationSent = 6 as "notification.sent",
        /// A notification arrived.
        NotificationDelivered = 7 as "notification.delivered",
        /// A notification could not be delivered.
        NotificationFailed = 8 as "notification.failed",
        /// Somebody answered a notification.
        NotificationAcknowledged = 9 as "notification.acknowledged",
    }
    /// Where the event was made.
    Origin {
        /// A self-service screen.
        Kiosk = 1 as "kiosk",
        /// A receptionist.
        Reception = 2 as "reception",
        /// The host.
        Host = 3 as "host",
        /// The customer's own system.
        Api = 4 as "api",
        /// A file read in.
        Import = 5 as "import",
        /// The guest system itself.
        System = 6 as "system",
    }
    /// Who or what checked a guest out.
    CheckOutReason {
        /// The guest.
        SelfService = 1 as "self",
        /// The host.
        Host = 2 as "host",
        /// The reception.
        Reception = 3 as "reception",
        /// A rule of the guest system.
        Auto = 4 as "auto",
        /// An evacuation.
        Evacuation = 5 as "evacuation",
        /// A file read in.
        Import = 6 as "import",
    }
    /// How a notification was sent.
    Channel {
        /// Text message.
        Sms = 1 as "sms",
        /// E-mail.
        Email = 2 as "email",
        /// Message in an app.
        Push = 3 as "push",
        /// A call.
        Voice = 4 as "voice",
        /// A chat service.
        Chat = 5 as "chat",
    }
    /// What became of a notification to one recipient.
    DeliveryStatus {
        /// Waiting to be sent.
        Queued = 1 as "queued",
        /// Sent.
        Sent = 2 as "sent",
        /// Arrived.
        Delivered = 3 as "delivered",
        /// Not delivered.
        Failed = 4 as "failed",
        /// Answered.
        Acknowledged = 5 as "acknowledged",
    }
}

/// The guest an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// The customer's own identifier of the person.
    #[serde(rename = "ref")]
    pub reference: Ref,
    /// What the person is to the customer.
    pub kind: Option<Kind>,
    /// The person's name.
    pub name: Option<Name>,
    /// E-mail address.
    pub email: Option<Email>,
    /// Phone number.
    pub phone: Option<Phone>,
    /// The company the guest comes from.
    pub company: Option<Company>,
    /// Number plate of the guest's vehicle.
    pub vehicle_plate: Option<VehiclePlate>,
}

/// The person visited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHost {
    /// The customer's own identifier of the person.
    #[serde(rename = "ref")]
    pub reference: Ref,
    /// The person's name.
    pub name: Option<Name>,
    /// E-mail address.
    pub email: Option<Email>,
}

/// Somebody who was notified: a person in their own right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRecipient {
    /// The customer's own identifier of the person.
    #[serde(rename = "ref")]
    pub reference: Ref,
    /// How the notification was sent.
    pub channel: Channel,
    /// Where it was sent.
    pub address: Option<Address>,
    /// What became of it.
    pub status: Option<DeliveryStatus>,
}

/// One event as a guest system posts it. Unknown fields are refused, not ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEvent {
    /// Made by the guest system; makes a retry safe, for ever.
    #[schema(value_type = uuid::Uuid)]
    pub id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// When it happened, RFC 3339 with an offset, at most 48 hours ahead of now.
    pub occurred_at: Timestamp,
    /// When an expected guest is expected; with `visit.expected` only.
    pub expected_at: Option<Timestamp>,
    /// The licence of the site; may be left out with a key bound to one.
    pub license_number: Option<LicenseNumber>,
    /// The device it was made at.
    pub device: Option<Device>,
    /// The customer's own identifier of the visit.
    pub visit_ref: Option<VisitRef>,
    /// The guest.
    pub person: NewPerson,
    /// The person visited.
    pub host: Option<NewHost>,
    /// Who was notified.
    #[serde(default, deserialize_with = "recipients")]
    #[schema(value_type = Option<Vec<NewRecipient>>, max_items = 100)]
    pub recipients: Vec<NewRecipient>,
    /// The guest's address on the network; the sender's when left out.
    #[serde(default, deserialize_with = "ip")]
    #[schema(value_type = Option<String>, format = "ip-address", min_length = 2, max_length = 100)]
    pub ip: Option<IpAddr>,
    /// Where the event was made.
    pub origin: Option<Origin>,
    /// Who checked the guest out; with `visit.checked_out` only.
    pub reason: Option<CheckOutReason>,
    /// The event that this one corrects.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub corrects: Option<EventId>,
}

fn ip<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)?
        .map(|text| super::net::parse_ip(&text))
        .transpose()
        .map_err(serde::de::Error::custom)
}

fn recipients<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<NewRecipient>, D::Error> {
    let list = Option::<Vec<NewRecipient>>::deserialize(deserializer)?.unwrap_or_default();
    if list.len() > MAX_RECIPIENTS {
        let error = FieldError::new("too_many", format!("must name at most {MAX_RECIPIENTS} recipients"));
        return Err(serde::de::Error::custom(error));
    }
    Ok(list)
}

impl NewEvent {
    /// The rules that concern more than one field.
    ///
    /// # Errors
    /// One fault for each rule that is broken.
    pub fn check(&self, now: Timestamp) -> Result<(), Vec<Fault>> {
        let mut faults = Vec::new();
        if self.occurred_at.seconds_since(now) > MAX_AHEAD_S {
            let error = FieldError::new("too_far_ahead", "must lie at most 48 hours ahead of the present");
            faults.push(error.at("/occurred_at"));
        }
        if self.expected_at.is_some() && self.kind != EventType::Expected {
            let error = FieldError::new("not_allowed_here", "goes with type visit.expected only");
            faults.push(error.at("/expected_at"));
        }
        if self.reason.is_some() && self.kind != EventType::CheckedOut {
            let error = FieldError::new("not_allowed_here", "goes with type visit.checked_out only");
            faults.push(error.at("/reason"));
        }
        if self.corrects == Some(self.id) {
            let error = FieldError::new("corrects_itself", "must name another event than this one");
            faults.push(error.at("/corrects"));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}
