//! Lists, with as much in them as ours have.

use super::statements::Statements;
use diesel::prelude::*;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The events of a guest, newest first.
pub fn events<C: Statements>(c: &mut C, reference: &str, limit: i64) -> QueryResult<Value> {
    let Some(person) = c.person(reference.as_bytes())? else { return Ok(json!({"data": []})) };
    let rows = c.events_of(person, limit)?;
    let keys: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let hosts: HashMap<i64, String> = c.hosts_of(&keys)?.into_iter().map(|(key, name)| (key, text(&name))).collect();
    let mut recipients: HashMap<i64, Vec<Value>> = HashMap::new();
    for (key, name) in c.recipients_of(&keys)? {
        recipients.entry(key).or_default().push(json!({"ref": text(&name)}));
    }
    let data: Vec<Value> = rows
        .into_iter()
        .map(|row| {
            let person: Value = serde_json::from_slice(&row.details_sealed).unwrap();
            json!({
                "id": row.event_id.0, "type": row.type_, "occurred_at": instant(row.occurred_at.0),
                "received_at": instant(row.received_at.0), "device": row.device, "person": person,
                "visit_id": row.visit_id.map(|id| id.0), "ip": row.ip_sealed.as_deref().map(text),
                "host": hosts.get(&row.id).map(|name| json!({"ref": name})),
                "recipients": recipients.remove(&row.id).unwrap_or_default(),
            })
        })
        .collect();
    Ok(json!({"data": data}))
}

/// Everybody who is in.
pub fn on_site<C: Statements>(c: &mut C) -> QueryResult<Value> {
    let present = c.on_site()?;
    let data: Vec<Value> = present
        .iter()
        .map(|(visit, reference, name)| {
            json!({
                "visit_id": visit.visit_id.0, "device": visit.device,
                "since": visit.arrived_at.map(|at| instant(at.0)),
                "person": {"ref": text(reference), "name": name.as_deref().map(text)},
            })
        })
        .collect();
    Ok(json!({"count": data.len(), "data": data}))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn instant(micros: i64) -> String {
    let at = chrono::DateTime::from_timestamp_micros(micros).unwrap();
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}
