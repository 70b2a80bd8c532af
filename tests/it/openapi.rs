//! The OpenAPI document by itself: it leads nowhere into the void, and states the bound of everything it takes.
//!
//! That it is OpenAPI 3.1, and that the service does what it says, is for `tests/schemathesis` to find out.

use guestlog::domain::event::{Channel, CheckOutReason, DeliveryStatus, EventType, Origin};
use guestlog::domain::person::Kind;
use guestlog::domain::visit::VisitState;
use guestlog::http::openapi;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn document() -> Value {
    serde_json::from_str(&openapi::document().to_json().unwrap()).unwrap()
}

/// Every object within a value, with the way to it.
fn objects<'a>(value: &'a Value, way: &str, found: &mut Vec<(String, &'a Value)>) {
    if value.is_object() {
        found.push((way.to_owned(), value));
    }
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| objects(field, &format!("{way}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| objects(item, &format!("{way}/{n}"), found));
        }
        _ => {}
    }
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
        })
        .collect()
}

/// The schema itself, wherever it is kept.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(at) => document.pointer(at.strip_prefix('#').unwrap()).unwrap_or_else(|| panic!("{at} is nowhere")),
        None => schema,
    }
}

/// What has no bound in a schema of what is sent.
fn unbounded(document: &Value, schema: &Value, way: &str, found: &mut Vec<String>) {
    let schema = resolved(document, schema);
    for choice in ["oneOf", "anyOf", "allOf"] {
        for (n, part) in schema[choice].as_array().into_iter().flatten().enumerate() {
            unbounded(document, part, &format!("{way}/{choice}{n}"), found);
        }
    }
    let is = |name: &str| {
        schema["type"] == name || schema["type"].as_array().is_some_and(|types| types.contains(&json!(name)))
    };
    let states = |names: &[&str]| names.iter().any(|name| !schema[*name].is_null());
    let bounded = (!is("string") || states(&["maxLength", "enum", "format", "pattern"]))
        && (!is("integer") || states(&["maximum"]) && states(&["minimum"]))
        && (!is("array") || states(&["maxItems"]) || schema["items"]["enum"].is_array());
    let closed = !is("object") || schema["additionalProperties"] == false;
    if !(bounded && closed) {
        found.push(way.to_owned());
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        unbounded(document, field, &format!("{way}/{name}"), found);
    }
    if is("array") {
        unbounded(document, &schema["items"], &format!("{way}/items"), found);
    }
}

#[test]
fn every_reference_leads_somewhere_and_nothing_lies_about_unused() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let mut found = Vec::new();
    objects(&document, "", &mut found);
    let mut used = BTreeSet::new();
    for (way, object) in &found {
        if let Some(at) = object["$ref"].as_str() {
            let at = at.strip_prefix('#').unwrap();
            assert!(document.pointer(at).is_some(), "{way}: {at} is nowhere");
            used.insert(at.to_owned());
        }
        if let Some(id) = object["operationId"].as_str().filter(|_| way.contains("/links/")) {
            assert!(operations(&document).iter().any(|(_, operation)| operation["operationId"] == id), "{way}: {id}");
        }
    }
    for kind in ["schemas", "responses"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(used.contains(&format!("/components/{kind}/{name}")), "{kind}/{name} is used nowhere");
        }
    }
}

#[test]
fn every_operation_has_a_name_a_sentence_and_its_refusals() {
    let document = document();
    let operations = operations(&document);
    let ids: BTreeSet<&str> =
        operations.iter().map(|(_, operation)| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), operations.len());
    for (name, operation) in &operations {
        assert!(operation["summary"].as_str().unwrap().ends_with('.'), "{name}");
        assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{name}");
        for status in ["400", "401", "403", "404", "405", "413", "415", "422", "429", "500", "503"] {
            let answer = resolved(&document, &operation["responses"][status]);
            assert!(answer["content"]["application/problem+json"].is_object(), "{name} {status}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(!parameter["description"].as_str().unwrap().is_empty(), "{name} {}", parameter["name"]);
        }
    }
}

#[test]
fn all_that_is_taken_is_closed_and_has_a_bound() {
    let document = document();
    let mut found = Vec::new();
    for (name, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            unbounded(&document, &parameter["schema"], &format!("{name}?{}", parameter["name"]), &mut found);
        }
        for (media, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            unbounded(&document, &content["schema"], &format!("{name} {media}"), &mut found);
        }
    }
    // A stream has the bound of a body, each line one of its own; CloudEvents' envelope may have attributes that are
    // not ours, and holds our event, whose schema is closed.
    let open = ["application/x-ndjson", "application/cloudevents+json", "application/cloudevents-batch+json"];
    assert!(open.iter().all(|media| found.iter().any(|way| way.contains(media))), "{found:?}");
    found.retain(|way| !open.iter().any(|media| way.contains(media)));
    assert_eq!(found, [""; 0]);
}

#[test]
fn words_are_those_that_the_code_speaks() {
    let document = document();
    macro_rules! same {
        ($($type:ident)*) => {$(
            let words = document["components"]["schemas"][stringify!($type)]["enum"].clone();
            assert_eq!(words, $type::ALL.iter().map(|word| word.as_str()).collect::<Value>());
            assert_eq!(serde_json::from_value::<Vec<$type>>(words).unwrap(), $type::ALL);
        )*};
    }
    same!(Channel CheckOutReason DeliveryStatus EventType Origin Kind VisitState);
}
