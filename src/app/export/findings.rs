//! What the lists add up to, noted while they are written: the tailored parts of `article-15.json` and of the page.

use super::fields::Section;
use super::plan::Row;
use super::words::blocks::Source;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many rows of each list the page shows; all of them are in the other files.
pub(super) const PREVIEW: usize = 200;

/// One other person who was notified of the person's events, in numbers.
#[derive(Clone, Default, Serialize)]
pub(super) struct Notified {
    /// Host or recipient.
    pub role: String,
    /// How they were notified, each way once.
    pub channels: BTreeSet<String>,
    /// How often.
    pub count: u64,
    /// The first time.
    pub first_at: String,
    /// The last time.
    pub last_at: String,
}

/// A system that was told something of the person.
#[derive(Clone, Default, Serialize)]
pub(super) struct Told {
    /// How often.
    pub count: u64,
    /// The last time.
    pub last_at: String,
}

/// What of other people is left out, of one kind.
#[derive(Clone, Default)]
pub(super) struct Redacted {
    /// Which fields.
    pub fields: BTreeSet<String>,
    /// How many values.
    pub values: u64,
}

/// What was found on the way.
#[derive(Default)]
pub(super) struct Findings {
    /// How many rows each list has.
    counts: BTreeMap<&'static str, u64>,
    /// The first rows of each list, as name and value.
    previews: BTreeMap<&'static str, Vec<Vec<(&'static str, Value)>>>,
    /// Others who were notified, by their number.
    pub notified: BTreeMap<u64, Notified>,
    /// Other systems that were told something of the person, by name.
    pub told: BTreeMap<String, Told>,
    /// What is left out, by the place in `data.json`.
    pub redacted: BTreeMap<&'static str, Redacted>,
    /// Where the data come from.
    pub sources: BTreeSet<Source>,
    /// The earliest and the latest instant of any event or visit.
    pub period: Option<(String, String)>,
}

impl Findings {
    /// Takes note of a row.
    pub fn note(&mut self, section: Section, row: &Row<'_>) {
        let count = self.counts.entry(section.name()).or_default();
        *count += 1;
        if *count <= PREVIEW as u64 {
            let values = row.shown().map(|(field, value)| (field.name, value.clone()));
            self.previews.entry(section.name()).or_default().push(values.collect());
        }
        if let Some(at) = row.text("occurred_at").or_else(|| row.text("starts_at")) {
            self.stretch(at);
        }
        match section {
            Section::Events => self.event(row),
            Section::Told => self.told(row),
            Section::Hosted => self.left_out("/hosted/*/guest", row.get("guest")),
            Section::Notified => self.left_out("/notified/*/guest", row.get("guest")),
            _ => {}
        }
        if matches!(section, Section::Hosted | Section::Notified) {
            self.sources.insert(Source::GuestSystem);
        }
    }

    /// Takes note of who said what the person's own fields hold.
    pub fn person(&mut self, row: &Row<'_>) {
        let backend =
            row.shown().any(|(_, value)| value["said_by"] == "company") || !row.get("stated_by_company").is_null();
        if backend {
            self.sources.insert(Source::Backend);
        }
    }

    fn event(&mut self, row: &Row<'_>) {
        self.sources.insert(match row.text("origin") {
            Some("kiosk") => Source::Oneself,
            Some("api") => Source::Backend,
            Some("import") => Source::Import,
            _ => Source::GuestSystem,
        });
        self.left_out("/events/*/host", row.get("host"));
        let at = row.text("occurred_at").unwrap_or_default();
        for party in row.get("recipients").as_array().into_iter().flatten() {
            self.left_out("/events/*/recipients/*", party);
            let Some(number) = party["number"].as_u64() else { continue };
            let one = self.notified.entry(number).or_default();
            let role = party["role"].as_str().unwrap_or_default();
            // Who was a host once is named so.
            if one.role.is_empty() || role == "host" {
                role.clone_into(&mut one.role);
            }
            one.channels.extend(party["channel"].as_str().map(str::to_owned));
            one.count += 1;
            // Newest first.
            if one.last_at.is_empty() {
                at.clone_into(&mut one.last_at);
            }
            at.clone_into(&mut one.first_at);
        }
    }

    fn told(&mut self, row: &Row<'_>) {
        let one = self.told.entry(row.text("recipient").unwrap_or_default().to_owned()).or_default();
        one.count += 1;
        // Newest first.
        if one.last_at.is_empty() {
            row.text("at").unwrap_or_default().clone_into(&mut one.last_at);
        }
    }

    fn left_out(&mut self, place: &'static str, party: &Value) {
        let Some(fields) = party["redacted"].as_array() else { return };
        let redacted = self.redacted.entry(place).or_default();
        redacted.values += fields.len() as u64;
        redacted.fields.extend(fields.iter().filter_map(Value::as_str).map(str::to_owned));
    }

    /// The period by instants rather than by letters: offsets differ between sites and seasons.
    fn stretch(&mut self, at: &str) {
        let when = |text: &str| chrono::DateTime::parse_from_rfc3339(text).ok();
        match &mut self.period {
            None => self.period = Some((at.to_owned(), at.to_owned())),
            Some((first, last)) => {
                if when(at) < when(first) {
                    at.clone_into(first);
                }
                if when(at) > when(last) {
                    at.clone_into(last);
                }
            }
        }
    }

    /// How many rows a list has.
    pub fn count(&self, section: Section) -> u64 {
        self.counts.get(section.name()).copied().unwrap_or_default()
    }

    /// The first rows of a list.
    pub fn preview(&self, section: Section) -> &[Vec<(&'static str, Value)>] {
        self.previews.get(section.name()).map_or(&[], Vec::as_slice)
    }
}
