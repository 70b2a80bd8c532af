//! Who was where and when: events, visits, and parts in the events of others.

use super::super::words::codes::Codes;
use super::Kind::{Code, Instant, Parties, Party, Text, Uuid};
use super::{Field, always, maybe};

/// The guest's own fields are shown as the event stated them, whatever is true now (REQUIREMENTS L-12).
const STATED: &[&str] = &["events.details_sealed"];

pub(super) const EVENTS: &[Field] = &[
    always("id", Uuid, &["events.event_id"], "Id", "Id"),
    always("type", Code(Codes::EventType), &["events.type"], "Hvad", "What"),
    always("occurred_at", Instant, &["events.occurred_at"], "Tidspunkt", "Time"),
    always("received_at", Instant, &["events.received_at"], "Gemt", "Stored"),
    maybe("expected_at", Instant, &["events.expected_at"], "Ventet", "Expected"),
    maybe("license_number", Text, &["events.license_id"], "Licens", "Licence"),
    maybe("site", Text, &["licenses.name"], "Sted", "Site"),
    maybe("device", Text, &["events.device"], "Enhed", "Device"),
    maybe("visit_ref", Text, STATED, "Virksomhedens nummer på besøget", "The company's identifier of the visit"),
    maybe("visit_id", Uuid, &["events.visit_id"], "Besøg", "Visit"),
    maybe("stated_kind", Code(Codes::PersonKind), STATED, "Angivet som", "Stated as"),
    maybe("name", Text, STATED, "Angivet navn", "Name stated"),
    maybe("email", Text, STATED, "Angivet e-mail", "E-mail stated"),
    maybe("phone", Text, STATED, "Angivet telefon", "Phone stated"),
    maybe("company", Text, STATED, "Angivet firma", "Company stated"),
    maybe("vehicle_plate", Text, STATED, "Angivet nummerplade", "Number plate stated"),
    maybe("ip", Text, &["events.ip_sealed"], "IP-adresse", "IP address"),
    maybe("origin", Code(Codes::Origin), &["events.origin"], "Registreret fra", "Logged from"),
    maybe("reason", Code(Codes::CheckOutReason), &["events.reason"], "Tjekket ud af", "Checked out by"),
    maybe("corrects", Uuid, &["events.corrects"], "Retter", "Corrects"),
    maybe("superseded_by", Uuid, &["events.superseded_by"], "Rettet af", "Corrected by"),
    maybe("host", Party, &[], "Vært", "Host"),
    always("recipients", Parties, &[], "Fik besked", "Notified"),
];

pub(super) const VISITS: &[Field] = &[
    always("id", Uuid, &["visits.visit_id"], "Id", "Id"),
    always("state", Code(Codes::VisitState), &["visits.state"], "Status", "State"),
    always("starts_at", Instant, &["visits.starts_at"], "Begynder", "Begins"),
    maybe("license_number", Text, &["visits.license_id"], "Licens", "Licence"),
    maybe("site", Text, &["licenses.name"], "Sted", "Site"),
    maybe(
        "visit_ref",
        Text,
        &["visits.visit_ref_sealed"],
        "Virksomhedens nummer på besøget",
        "The company's identifier of the visit",
    ),
    maybe("expected_at", Instant, &["visits.expected_at"], "Ventet", "Expected"),
    maybe("arrived_at", Instant, &["visits.arrived_at"], "Ankommet", "Arrived"),
    maybe("departed_at", Instant, &["visits.departed_at"], "Gået", "Left"),
    maybe("cancelled_at", Instant, &["visits.cancelled_at"], "Aflyst", "Cancelled"),
    maybe("denied_at", Instant, &["visits.denied_at"], "Afvist", "Turned away"),
    maybe("departure_reason", Code(Codes::CheckOutReason), &["visits.reason"], "Tjekket ud af", "Checked out by"),
    maybe("device", Text, &["visits.device"], "Enhed", "Device"),
    always("last_changed_at", Instant, &["visits.updated_at"], "Senest ændret", "Last changed"),
];

pub(super) const HOSTED: &[Field] = &[
    always("occurred_at", Instant, &["event_hosts.occurred_at"], "Tidspunkt", "Time"),
    maybe("type", Code(Codes::EventType), &[], "Hvad", "What"),
    maybe("license_number", Text, &["event_hosts.license_id"], "Licens", "Licence"),
    maybe("site", Text, &["licenses.name"], "Sted", "Site"),
    maybe("name", Text, &["event_hosts.details_sealed"], "Angivet navn", "Name stated"),
    maybe("email", Text, &["event_hosts.details_sealed"], "Angivet e-mail", "E-mail stated"),
    maybe("guest", Party, &[], "Gæst", "Guest"),
];

pub(super) const NOTIFIED: &[Field] = &[
    always("occurred_at", Instant, &["event_recipients.occurred_at"], "Tidspunkt", "Time"),
    maybe("type", Code(Codes::EventType), &[], "Hvad", "What"),
    maybe("license_number", Text, &["event_recipients.license_id"], "Licens", "Licence"),
    maybe("site", Text, &["licenses.name"], "Sted", "Site"),
    always("channel", Code(Codes::Channel), &["event_recipients.channel"], "Sendt som", "Sent as"),
    maybe("address", Text, &["event_recipients.address_sealed"], "Sendt til", "Sent to"),
    maybe(
        "status",
        Code(Codes::DeliveryStatus),
        &["event_recipients.status"],
        "Hvad der blev af den",
        "What became of it",
    ),
    maybe("guest", Party, &[], "Gæst", "Guest"),
];
