//! The shipped day of visits, as the events that guest systems would post of it.
//!
//! 152 visits of a visitor log that a government released into the public domain. Names, addresses and references are
//! made up, and so are check-outs, which that log has not; devices and the two sites are ours.

use super::home::Home;
use crate::cli::outcome::Failure;
use crate::domain::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

const CSV: &str = include_str!("../../../demo/visits.csv");
/// Its events wait for a network and are sent in one stream.
pub(super) const OFFLINE_DEVICE: &str = "kiosk-2";

const GARAGE: &str = "garage-1";

/// A visit; times are local, `HH:MM`.
#[derive(Debug, Deserialize)]
struct Row {
    visit_ref: String,
    guest_ref: String,
    guest_name: String,
    guest_email: Option<String>,
    guest_phone: Option<String>,
    license: String,
    device: Option<String>,
    host_ref: String,
    host_name: String,
    expected_at: String,
    cancelled_at: Option<String>,
    denied_at: Option<String>,
    arrived_at: Option<String>,
    departed_at: Option<String>,
}

/// Events by the way they are sent.
#[derive(Default)]
pub(super) struct Day {
    /// What the booking system knows in advance, and cancels.
    pub booked: Vec<Value>,
    /// What the entrances send as it happens.
    pub seen: Vec<Value>,
    /// What one entrance sends later, in one go.
    pub queued: Vec<Value>,
}

/// The day up to the instant at which the demo first started: what comes after has not happened yet.
pub(super) fn day(home: &Home) -> Result<Day, Failure> {
    let mut day = Day::default();
    for row in csv::Reader::from_reader(CSV.as_bytes()).deserialize() {
        let row: Row = row.map_err(|error| Failure::fault(&error))?;
        add(&mut day, home, &row)?;
    }
    for events in [&mut day.booked, &mut day.seen, &mut day.queued] {
        events.sort_by_cached_key(|event| event["occurred_at"].to_string());
    }
    Ok(day)
}

fn add(day: &mut Day, home: &Home, row: &Row) -> Result<(), Failure> {
    let at = |time: &str| instant(home.midnight(), time);
    let mut expected = event(home, row, "visit.expected", home.midnight());
    expected["expected_at"] = json!(at(&row.expected_at)?);
    expected["origin"] = json!("api");
    day.booked.push(expected);
    let seen = if row.device.as_deref() == Some(OFFLINE_DEVICE) { &mut day.queued } else { &mut day.seen };
    let moments =
        [("visit.cancelled", &row.cancelled_at, &mut day.booked), ("visit.denied", &row.denied_at, &mut *seen)];
    for (kind, time, events) in moments {
        if let Some(at) = time.as_deref().map(at).transpose()?.filter(|at| *at <= home.until()) {
            events.push(event(home, row, kind, at));
        }
    }
    if let Some(at) = row.arrived_at.as_deref().map(at).transpose()?.filter(|at| *at <= home.until()) {
        let mut arrived = event(home, row, "visit.checked_in", at);
        arrived["recipients"] = json!([{"ref": row.host_ref, "channel": "push", "status": "sent"}]);
        seen.push(arrived);
    }
    if let Some(at) = row.departed_at.as_deref().map(at).transpose()?.filter(|at| *at <= home.until()) {
        let mut departed = event(home, row, "visit.checked_out", at);
        departed["reason"] = json!("self");
        // Nobody leaves by the garage, and so it falls silent in the course of the day.
        if row.device.as_deref() == Some(GARAGE) {
            departed["device"] = json!("reception-1");
        }
        seen.push(departed);
    }
    Ok(())
}

fn event(home: &Home, row: &Row, kind: &str, at: Timestamp) -> Value {
    let id = uuid::Uuid::new_v5(&home.namespace(), format!("{}/{kind}", row.visit_ref).as_bytes());
    let reception = row.device.as_deref().is_some_and(|device| device.starts_with("reception"));
    json!({
        "id": id,
        "type": kind,
        "occurred_at": at,
        "license_number": row.license,
        "device": row.device,
        "visit_ref": row.visit_ref,
        "person": {
            "ref": row.guest_ref,
            "kind": "guest",
            "name": row.guest_name,
            "email": row.guest_email,
            "phone": row.guest_phone,
        },
        "host": {"ref": row.host_ref, "name": row.host_name},
        "origin": if reception { "reception" } else { "kiosk" },
    })
}

/// The instant of a local time of the day.
fn instant(midnight: Timestamp, time: &str) -> Result<Timestamp, Failure> {
    let parts = time.split_once(':').and_then(|(h, m)| Some((h.parse::<i64>().ok()?, m.parse::<i64>().ok()?)));
    let (hours, minutes) = parts.ok_or_else(|| Failure::Fault("the sample has a time that is none".to_owned()))?;
    Ok(midnight.plus_seconds(hours * 3_600 + minutes * 60))
}
