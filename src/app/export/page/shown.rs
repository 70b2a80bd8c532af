//! Values as the page shows them: codes in words, instants as people write them.

use super::super::fields::{Field, Kind, Section};
use super::super::plan::Row;
use super::super::words::codes::Codes;
use super::texts;
use crate::domain::locale::Locale;
use serde_json::Value;

type Values = [(&'static str, Value)];

/// A field with its value.
pub(super) struct Fact {
    pub label: &'static str,
    pub value: String,
    pub note: Option<String>,
}

/// A list.
pub(super) struct Table {
    pub heads: Vec<&'static str>,
    pub rows: Vec<Line>,
    pub total: u64,
}

/// A row of a list: the cells of its columns, then whatever else the row holds.
pub(super) struct Line {
    pub cells: Vec<(&'static str, String)>,
    pub rest: Vec<(&'static str, String)>,
}

/// An event.
pub(super) struct Card {
    pub what: String,
    pub when: String,
    pub is_superseded: bool,
    pub facts: Vec<(&'static str, String)>,
}

fn label(field: &Field, locale: Locale) -> &'static str {
    match locale {
        Locale::Da => field.da,
        Locale::En => field.en,
    }
}

fn field(section: Section, name: &str) -> Option<&'static Field> {
    section.fields().iter().find(|field| field.name == name)
}

/// The fields of a single row that hold a value.
pub(super) fn facts(row: &Row<'_>, locale: Locale) -> Vec<Fact> {
    let mut facts = Vec::new();
    for (field, value) in row.shown() {
        if field.kind == Kind::Mirror {
            facts.extend(mirror(field, value, locale));
        } else if let Some(text) = written(field.kind, value, locale) {
            facts.push(Fact { label: label(field, locale), value: text, note: said(value, locale) });
        }
    }
    facts
}

/// What the customer's backend last said, as one field.
fn mirror(field: &'static Field, value: &Value, locale: Locale) -> Option<Fact> {
    let said = value.as_object()?;
    let parts: Vec<String> = Section::Person
        .fields()
        .iter()
        .filter_map(|of| {
            let text = said.get(of.name)?["value"].as_str()?;
            Some(format!("{}: {text}", label(of, locale)))
        })
        .collect();
    (!parts.is_empty()).then(|| Fact { label: label(field, locale), value: parts.join(" · "), note: None })
}

/// When and by whom a value was said.
fn said(value: &Value, locale: Locale) -> Option<String> {
    let by = Codes::Source.meaning(value["said_by"].as_str()?)?;
    let (at, t) = (instant(value["said_at"].as_str()?, locale), texts::of(locale));
    Some(format!("{} {}, {at}", t.said_by, by.of(locale)))
}

/// A list with its main columns.
pub(super) fn table(
    section: Section,
    main: &[&str],
    rows: &[Vec<(&'static str, Value)>],
    total: u64,
    locale: Locale,
) -> Table {
    let heads: Vec<&'static Field> = main.iter().filter_map(|name| field(section, name)).collect();
    let line = |row: &Vec<(&'static str, Value)>| Line {
        cells: heads.iter().map(|head| (label(head, locale), cell(head, row, locale))).collect(),
        rest: rest(section, main, row, locale),
    };
    Table {
        heads: heads.iter().map(|head| label(head, locale)).collect(),
        rows: rows.iter().map(line).collect(),
        total,
    }
}

fn cell(head: &Field, row: &Values, locale: Locale) -> String {
    let value = row.iter().find(|(name, _)| *name == head.name).map(|(_, value)| value);
    value.and_then(|value| written(head.kind, value, locale)).unwrap_or_else(|| "–".to_owned())
}

fn rest(section: Section, main: &[&str], row: &Values, locale: Locale) -> Vec<(&'static str, String)> {
    let others = row.iter().filter(|(name, _)| !main.contains(name));
    let others = others.filter_map(|(name, value)| {
        let field = field(section, name)?;
        Some((label(field, locale), written(field.kind, value, locale)?))
    });
    others.collect()
}

/// The events.
pub(super) fn cards(rows: &[Vec<(&'static str, Value)>], locale: Locale) -> Vec<Card> {
    let main = ["type", "occurred_at"];
    let one = |row: &Vec<(&'static str, Value)>| {
        let get = |name: &str| field(Section::Events, name).map(|head| cell(head, row, locale)).unwrap_or_default();
        Card {
            what: get("type"),
            when: get("occurred_at"),
            is_superseded: row.iter().any(|(name, value)| *name == "superseded_by" && !value.is_null()),
            facts: rest(Section::Events, &main, row, locale),
        }
    };
    rows.iter().map(one).collect()
}

/// A value in words; none for one that is not there.
fn written(kind: Kind, value: &Value, locale: Locale) -> Option<String> {
    match (kind, value) {
        (_, Value::Null) => None,
        (Kind::Instant, Value::String(text)) => Some(instant(text, locale)),
        (Kind::Code(table), Value::String(code)) => Some(capital(table.meaning(code)?.of(locale))),
        (Kind::Dated, Value::Object(dated)) => dated.get("value")?.as_str().map(str::to_owned),
        (Kind::CodeList(table), Value::Array(codes)) => {
            let meanings = codes.iter().filter_map(|code| table.meaning(code.as_str()?));
            Some(meanings.map(|words| words.of(locale).to_owned()).collect::<Vec<_>>().join(", "))
        }
        (Kind::Flag, Value::Bool(flag)) => Some(texts::of(locale).flag(*flag).to_owned()),
        (Kind::Party, party) => self::party(party, locale),
        (Kind::Parties, Value::Array(parties)) => {
            let parties: Vec<String> = parties.iter().filter_map(|party| self::party(party, locale)).collect();
            (!parties.is_empty()).then(|| parties.join("; "))
        }
        (_, Value::String(text)) => Some(text.clone()),
        (_, other) => Some(other.to_string()),
    }
}

/// Another person, by role, with how they were notified.
fn party(party: &Value, locale: Locale) -> Option<String> {
    let mut text = capital(Codes::Role.meaning(party["role"].as_str()?)?.of(locale));
    if let Some(number) = party["number"].as_u64() {
        text = format!("{} {number} ({})", texts::of(locale).person, text.to_lowercase());
    }
    if party["number"].is_null() && party["redacted"].as_array().is_some_and(|fields| !fields.is_empty()) {
        text = format!("{text} ({})", texts::of(locale).name_left_out);
    }
    for (name, table) in [
        ("channel", Some(Codes::Channel)),
        ("status", Some(Codes::DeliveryStatus)),
        ("name", None),
        ("email", None),
        ("address", None),
    ] {
        let Some(value) = party[name].as_str() else { continue };
        let meaning = table.and_then(|table| table.meaning(value));
        text.push_str(", ");
        text.push_str(meaning.as_ref().map_or(value, |words| words.of(locale)));
    }
    Some(text)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// An instant as its clock showed it.
pub(super) fn instant(text: &str, locale: Locale) -> String {
    let Ok(at) = chrono::DateTime::parse_from_rfc3339(text) else { return text.to_owned() };
    let is_full = at.timestamp() % 60 == 0;
    let form = match (locale, is_full) {
        (Locale::Da, true) => "%-d.%-m.%Y kl. %H.%M",
        (Locale::Da, false) => "%-d.%-m.%Y kl. %H.%M.%S",
        (Locale::En, true) => "%-d %b %Y, %H:%M",
        (Locale::En, false) => "%-d %b %Y, %H:%M:%S",
    };
    at.format(form).to_string()
}

/// The date of an instant.
pub(super) fn day(text: &str, locale: Locale) -> String {
    let Ok(at) = chrono::DateTime::parse_from_rfc3339(text) else { return text.to_owned() };
    match locale {
        Locale::Da => at.format("%-d.%-m.%Y").to_string(),
        Locale::En => at.format("%-d %b %Y").to_string(),
    }
}
