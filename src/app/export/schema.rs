//! The JSON Schemas (2020-12) of `data.json` and `article-15.json`, made from the same list of fields as the files.

use super::fields::{Kind, Section};
use super::plan::Plan;
use super::words::codes::Codes;
use crate::domain::export::{Right, SCHEMA_VERSION};
use crate::domain::person;
use crate::error::Error;
use serde_json::{Map, Value, json};

/// How `data.json` names its schema.
pub const DATA_ID: &str = "urn:guestlog:schema:export:1";
/// How `article-15.json` names its schema.
pub const ARTICLE_15_ID: &str = "urn:guestlog:schema:article-15:1";
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of `data.json`: one form for each right.
///
/// # Errors
/// A fault of ours, when a field names a column that the inventory lacks.
pub fn data() -> Result<Value, Error> {
    let mut forms = Vec::new();
    for right in Right::ALL {
        forms.push(form(*right)?);
    }
    Ok(json!({
        "$schema": DRAFT, "$id": DATA_ID, "title": "data.json of a guestlog export",
        "description": "Every personal field that is held of one person. Instants are RFC 3339 with the offset of the site.",
        "oneOf": forms,
        "$defs": {
            "instant": {"type": "string", "format": "date-time"},
            "words": words(),
            "head": head(),
            "dated": {
                "type": "object", "additionalProperties": false, "required": ["value", "said_at", "said_by"],
                "properties": {
                    "value": {"type": ["string", "null"]}, "said_at": {"$ref": "#/$defs/instant"},
                    "said_by": {"enum": codes(Codes::Source)},
                },
            },
            "mirror": mirror(),
            "party": party(),
        },
    }))
}

fn form(right: Right) -> Result<Value, Error> {
    let plan = Plan::of(right, person::Kind::Guest)?;
    let mut properties = Map::new();
    properties.insert("schema".to_owned(), json!({"const": DATA_ID}));
    let of_right = json!({"properties": {"right": {"const": right.as_str()}}});
    properties.insert("head".to_owned(), json!({"allOf": [{"$ref": "#/$defs/head"}, of_right]}));
    for section in Section::ALL {
        let planned = plan.section(section)?;
        if !planned.is_shown() {
            continue;
        }
        let mut fields = Map::new();
        for entry in planned.entries.iter().filter(|entry| entry.is_shown) {
            fields.insert(entry.field.name.to_owned(), value(entry.field.kind, entry.field.optional));
        }
        // Of a host or recipient, portability reaches nothing of what the customer has registered.
        let required: Vec<String> = if section == Section::Person && right == Right::Portability {
            Vec::new()
        } else {
            fields.keys().cloned().collect()
        };
        let row = json!({
            "type": "object", "additionalProperties": false, "required": required, "properties": fields,
        });
        let whole = match section {
            Section::Person => row,
            section if section.is_list() => json!({"type": "array", "items": row}),
            _ => json!({"oneOf": [{"type": "null"}, row]}),
        };
        properties.insert(section.name().to_owned(), whole);
    }
    let labelled = |inner: Value| json!({"type": "object", "additionalProperties": {"type": "object", "additionalProperties": inner}});
    properties.insert("codes".to_owned(), labelled(json!({"$ref": "#/$defs/words"})));
    properties.insert("labels".to_owned(), labelled(json!({"$ref": "#/$defs/words"})));
    let required: Vec<String> = properties.keys().cloned().collect();
    Ok(json!({
        "type": "object", "title": right.as_str(), "additionalProperties": false, "required": required,
        "properties": properties,
    }))
}

fn value(kind: Kind, is_optional: bool) -> Value {
    let schema = match kind {
        Kind::Text => json!({"type": "string"}),
        Kind::Instant => json!({"$ref": "#/$defs/instant"}),
        Kind::Uuid => json!({"type": "string", "format": "uuid"}),
        Kind::Whole => json!({"type": "integer"}),
        Kind::Code(table) => json!({"enum": codes(table)}),
        Kind::Dated => json!({"$ref": "#/$defs/dated"}),
        Kind::Mirror => json!({"$ref": "#/$defs/mirror"}),
        Kind::Flag => json!({"type": "boolean"}),
        Kind::CodeList(table) => json!({"type": "array", "items": {"enum": codes(table)}}),
        Kind::Party => json!({"$ref": "#/$defs/party"}),
        Kind::Parties => json!({"type": "array", "items": {"$ref": "#/$defs/party"}}),
    };
    if is_optional { json!({"anyOf": [schema, {"type": "null"}]}) } else { schema }
}

fn codes(table: Codes) -> Vec<&'static str> {
    table.entries().into_iter().map(|(code, _)| code).collect()
}

fn words() -> Value {
    let text = json!({"type": "string", "minLength": 1});
    json!({"type": "object", "additionalProperties": false, "required": ["da", "en"], "properties": {"da": text, "en": text}})
}

fn head() -> Value {
    let case = json!({
        "type": "object", "additionalProperties": false, "required": ["number", "received_at"],
        "properties": {"number": {"type": "string"}, "received_at": {"$ref": "#/$defs/instant"}},
    });
    json!({
        "type": "object", "additionalProperties": false,
        "required": ["schema_version", "right", "snapshot_at", "time_zone", "controller", "case", "software"],
        "properties": {
            "schema_version": {"const": SCHEMA_VERSION},
            "right": {"enum": Right::ALL.iter().map(|right| right.as_str()).collect::<Vec<_>>()},
            "snapshot_at": {"$ref": "#/$defs/instant"},
            "time_zone": {"type": "string"},
            "controller": {"type": "string", "minLength": 1},
            "case": {"anyOf": [{"type": "null"}, case]},
            "software": {"type": "string"},
        },
    })
}

fn mirror() -> Value {
    let fields = ["name", "email", "phone", "company", "vehicle_plate"];
    let said = json!({"anyOf": [{"$ref": "#/$defs/dated"}, {"type": "null"}]});
    let properties: Map<String, Value> = fields.iter().map(|name| ((*name).to_owned(), said.clone())).collect();
    json!({"type": "object", "additionalProperties": false, "required": fields, "properties": properties})
}

fn party() -> Value {
    let text = json!({"type": ["string", "null"]});
    let or_null = |table| json!({"anyOf": [{"enum": codes(table)}, {"type": "null"}]});
    json!({
        "type": "object", "additionalProperties": false, "required": ["role"],
        "description": "Another person, by role; 'redacted' names the fields that are left out (Article 15(4) GDPR).",
        "properties": {
            "role": {"enum": codes(Codes::Role)}, "number": {"type": "integer", "minimum": 1},
            "channel": or_null(Codes::Channel), "status": or_null(Codes::DeliveryStatus),
            "name": text, "email": text, "address": text,
            "redacted": {"type": "array", "items": {"type": "string"}},
        },
    })
}

/// The schema of `article-15.json`: every block is required.
#[must_use]
pub fn article_15() -> Value {
    let text = json!({"type": ["string", "null"]});
    let contact = object(&[
        ("name", json!({"type": "string", "minLength": 1})),
        ("cvr", text.clone()),
        ("address", text.clone()),
        ("email", text.clone()),
        ("phone", text.clone()),
        ("url", text.clone()),
    ]);
    let words = || json!({"$ref": "#/$defs/words"});
    let plain = || json!({"type": "string"});
    let whole = || json!({"type": "integer", "minimum": 0});
    let list = |items: Value| json!({"type": "array", "items": items});
    let some = |items: Value| json!({"type": "array", "minItems": 1, "items": items});
    let system = object(&[
        ("name", plain()),
        ("role", json!({"enum": ["processor", "sub_processor", "recipient"]})),
        ("purpose", words()),
        ("country", text.clone()),
        ("transfer_basis", text),
    ]);
    let told = object(&[("name", plain()), ("count", whole()), ("last_at", json!({"$ref": "#/$defs/instant"}))]);
    let person = object(&[
        ("number", whole()),
        ("role", json!({"enum": codes(Codes::Role)})),
        ("channels", list(json!({"enum": codes(Codes::Channel)}))),
        ("count", whole()),
        ("first_at", json!({"$ref": "#/$defs/instant"})),
        ("last_at", json!({"$ref": "#/$defs/instant"})),
    ]);
    let period = object(&[("from", json!({"$ref": "#/$defs/instant"})), ("to", json!({"$ref": "#/$defs/instant"}))]);
    let or_null = |schema: Value| json!({"anyOf": [{"type": "null"}, schema]});
    let mut schema = object(&[
        ("schema", json!({"const": ARTICLE_15_ID})),
        ("head", json!({"$ref": "#/$defs/head"})),
        ("confirmation", object(&[("processed", json!({"type": "boolean"})), ("text", words())])),
        ("period", or_null(period)),
        ("counts", json!({"type": "object", "additionalProperties": whole()})),
        ("controller", json!({"$ref": "#/$defs/contact"})),
        ("processor", or_null(json!({"$ref": "#/$defs/contact"}))),
        ("purposes", list(object(&[("category", plain()), ("text", words())]))),
        ("categories", list(object(&[("category", plain()), ("label", words())]))),
        (
            "recipients",
            object(&[
                ("systems", list(json!({"$ref": "#/$defs/system"}))),
                ("told", list(told)),
                ("people", list(person)),
            ]),
        ),
        ("retention", some(words())),
        ("rights", some(object(&[("right", plain()), ("article", plain()), ("label", words()), ("text", words())]))),
        ("complaint", object(&[("authority", json!({"$ref": "#/$defs/contact"})), ("text", words())])),
        ("source", list(object(&[("source", plain()), ("text", words())]))),
        ("automated_decisions", object(&[("exist", json!({"type": "boolean"})), ("text", words())])),
        ("transfers", object(&[("to", list(json!({"$ref": "#/$defs/system"}))), ("text", or_null(words()))])),
        (
            "redactions",
            list(object(&[
                ("place", plain()),
                ("fields", some(plain())),
                ("values", whole()),
                ("ground", plain()),
                ("reason", words()),
            ])),
        ),
        ("not_shown", list(object(&[("reason", plain()), ("columns", some(plain())), ("text", words())]))),
    ]);
    schema["$schema"] = json!(DRAFT);
    schema["$id"] = json!(ARTICLE_15_ID);
    schema["title"] = json!("article-15.json of a guestlog export");
    schema["$defs"] = json!({
        "instant": {"type": "string", "format": "date-time"}, "words": self::words(), "head": head(),
        "contact": contact, "system": system,
    });
    schema
}

/// An object of which every member is required, and no other allowed.
fn object(members: &[(&str, Value)]) -> Value {
    let required: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({"type": "object", "additionalProperties": false, "required": required, "properties": properties})
}
