//! CloudEvents 1.0 (structured, batch and binary mode) around our own event.

use super::extract::{parse_json, percent_decode};
use crate::domain::event::{EventType, NewEvent};
use crate::domain::{Fault, FieldError, Timestamp};
use crate::error::Error;
use actix_web::HttpRequest;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// The media type of one event.
pub(super) const STRUCTURED: &str = "application/cloudevents+json";
/// The media type of several.
pub(super) const BATCH: &str = "application/cloudevents-batch+json";
/// The longest id or source.
const MAX_CHARACTERS: usize = 500;

/// An event in CloudEvents' envelope; extension attributes are taken and not kept.
#[derive(Deserialize, ToSchema)]
pub struct Envelope {
    /// `1.0`.
    #[schema(value_type = String, pattern = "^1\\.0$")]
    specversion: Option<String>,
    /// With `source` it identifies the event; one that is no UUID is mapped to a version 5 UUID of both.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    id: Option<String>,
    /// Where the event comes from.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    source: Option<String>,
    /// Our event's type.
    #[serde(rename = "type")]
    #[schema(value_type = EventType)]
    kind: Option<String>,
    /// When it happened, RFC 3339.
    #[schema(value_type = Timestamp)]
    time: Option<String>,
    /// Must be JSON.
    #[schema(pattern = "^application/json")]
    datacontenttype: Option<String>,
    /// Our event without `id`, `type` and `occurred_at`.
    #[schema(value_type = Object)]
    data: Option<Map<String, Value>>,
}

/// Reads an event in structured mode; `base` is the pointer to it in the body.
pub(super) fn structured(bytes: &[u8], base: &str) -> Result<NewEvent, Error> {
    let envelope: Envelope = parse_json(bytes, base)?;
    event(envelope, base)
}

/// Whether a request is in binary mode.
pub(super) fn is_binary(request: &HttpRequest) -> bool {
    request.headers().contains_key("ce-specversion")
}

/// Reads an event in binary mode: the envelope in headers, `data` as the body.
pub(super) fn binary(request: &HttpRequest, bytes: &[u8]) -> Result<NewEvent, Error> {
    let header = |name: &str| -> Option<String> {
        let text = request.headers().get(name)?.to_str().ok()?;
        percent_decode(text)
    };
    let envelope = Envelope {
        specversion: header("ce-specversion"),
        id: header("ce-id"),
        source: header("ce-source"),
        kind: header("ce-type"),
        time: header("ce-time"),
        datacontenttype: None,
        data: Some(parse_json(bytes, "/data")?),
    };
    event(envelope, "")
}

fn event(envelope: Envelope, base: &str) -> Result<NewEvent, Error> {
    let Envelope { specversion, id, source, kind, time, datacontenttype, data } = envelope;
    let mut faults: Vec<Fault> = Vec::new();
    let mut need = |name: &str, value: Option<String>, max: usize| match value {
        Some(text) if !text.is_empty() && text.chars().count() <= max => text,
        found => {
            let (code, detail) = match found {
                None => ("missing_field", "is needed in a CloudEvent".to_owned()),
                Some(_) => ("out_of_range", format!("must have 1 to {max} characters")),
            };
            faults.push(FieldError::new(code, detail).at(format!("{base}/{name}")));
            String::new()
        }
    };
    let specversion = need("specversion", specversion, 10);
    let id = need("id", id, MAX_CHARACTERS);
    let source = need("source", source, MAX_CHARACTERS);
    let kind = need("type", kind, 64);
    let time = need("time", time, 64);
    if !specversion.is_empty() && specversion != "1.0" {
        faults.push(FieldError::new("unknown_value", "must be 1.0").at(format!("{base}/specversion")));
    }
    if datacontenttype.is_some_and(|text| !text.starts_with("application/json")) {
        faults.push(FieldError::new("unknown_value", "must be application/json").at(format!("{base}/datacontenttype")));
    }
    let mut fields = data.unwrap_or_default();
    for name in ["id", "type", "occurred_at"] {
        if fields.contains_key(name) {
            let error = FieldError::new("unknown_field", "stands in the envelope of a CloudEvent, not in data");
            faults.push(error.at(format!("{base}/data/{name}")));
        }
    }
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    fields.insert("id".into(), uuid_of(&source, &id).to_string().into());
    fields.insert("type".into(), kind.into());
    fields.insert("occurred_at".into(), time.into());
    let bytes = serde_json::to_vec(&fields).map_err(Error::internal)?;
    parse_json(&bytes, &format!("{base}/data")).map_err(|error| in_envelope(error, base))
}

/// A fault of a field that stood in the envelope points there.
fn in_envelope(error: Error, base: &str) -> Error {
    let Error::Refused { code, detail, mut faults } = error else { return error };
    for fault in &mut faults {
        for (ours, theirs) in [("id", "id"), ("type", "type"), ("occurred_at", "time")] {
            if fault.pointer == format!("{base}/data/{ours}") {
                fault.pointer = format!("{base}/{theirs}");
            }
        }
    }
    Error::Refused { code, detail, faults }
}

fn uuid_of(source: &str, id: &str) -> Uuid {
    Uuid::try_parse(id)
        .unwrap_or_else(|_| Uuid::new_v5(&Uuid::new_v5(&Uuid::NAMESPACE_URL, source.as_bytes()), id.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_no_uuid_depend_on_source_and_id() {
        assert_ne!(uuid_of("a", "bc"), uuid_of("ab", "c"));
        assert_eq!(uuid_of("a", "1"), uuid_of("a", "1"));
        let own = "0199f0c2-6c1e-7b7a-9c53-0f3c3a1b2c4d";
        assert_eq!(uuid_of("a", own).to_string(), own);
    }

    #[test]
    fn an_envelope_becomes_an_event() {
        let text = r#"{"specversion":"1.0","id":"7","source":"/kiosk","type":"visit.checked_in","time":"2026-11-21T09:30:00+01:00",
            "traceparent":"x","data":{"person":{"ref":"g"}}}"#;
        let event = structured(text.as_bytes(), "").unwrap();
        assert_eq!(event.occurred_at.to_string(), "2026-11-21T08:30:00.000000Z");
        for (bad, pointer) in [
            (text.replace("1.0", "0.3"), "/specversion"),
            (text.replace("\"id\":\"7\",", ""), "/id"),
            (text.replace("visit.checked_in", "visit.unknown"), "/type"),
            (text.replace("2026-11-21T09:30:00+01:00", "yesterday"), "/time"),
            (text.replace("\"ref\"", "\"rf\""), "/data/person/rf"),
            (text.replace("\"person\"", "\"id\":\"x\",\"person\""), "/data/id"),
        ] {
            let Err(Error::Refused { faults, .. }) = structured(bad.as_bytes(), "") else { panic!("{bad}") };
            assert_eq!(faults[0].pointer, pointer);
        }
    }
}
