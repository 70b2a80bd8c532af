//! `events.csv`, `visits.csv` and `recipients.csv`: RFC 4180 with quotation marks around every cell, UTF-8 with a byte
//! order mark, without which a spreadsheet shows Danish letters wrongly.

use super::super::View;
use super::cell::safe;
use super::fields::Section;
use super::rows::Source;
use crate::error::Error;
use csv::{QuoteStyle, Terminator, WriterBuilder};
use serde_json::Value;
use std::io::Write;

/// The first column of `events.csv`: what the person is in the event.
const OWN_ROLE: &str = "your_role";
/// Where all is the same as in the list of the person's own events, other lists add these columns.
const OTHERS: [Section; 2] = [Section::Hosted, Section::Notified];
const RECIPIENTS: [&str; 10] =
    ["event_id", "occurred_at", "type", "license_number", "number", "role", "channel", "status", "address", "redacted"];

struct Sheet<'w>(csv::Writer<&'w mut dyn Write>);

impl<'w> Sheet<'w> {
    fn begin(out: &'w mut dyn Write, headings: &[&str]) -> Result<Self, Error> {
        out.write_all("\u{feff}".as_bytes()).map_err(Error::unavailable)?;
        let mut csv = WriterBuilder::new();
        let csv = csv.quote_style(QuoteStyle::Always).terminator(Terminator::CRLF);
        let mut sheet = Self(csv.from_writer(out));
        sheet.0.write_record(headings).map_err(Error::unavailable)?;
        Ok(sheet)
    }

    fn line<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) -> Result<(), Error> {
        for cell in cells {
            self.0.write_field(safe(cell).as_bytes()).map_err(Error::unavailable)?;
        }
        self.0.write_record(None::<&[u8]>).map_err(Error::unavailable)
    }

    fn end(mut self) -> Result<(), Error> {
        self.0.flush().map_err(Error::unavailable)
    }
}

/// All events in which the person takes part, as a guest, host or recipient.
pub(super) fn events(view: &mut View<'_>, source: &Source<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let mut names = shown(source, Section::Events)?;
    for section in OTHERS {
        for name in shown(source, section)? {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let headings: Vec<&str> = [OWN_ROLE].into_iter().chain(names.iter().copied()).collect();
    let mut sheet = Sheet::begin(out, &headings)?;
    for (section, role) in [(Section::Events, "guest"), (Section::Hosted, "host"), (Section::Notified, "recipient")] {
        source.each(view, section, &mut |row| {
            let cells: Vec<String> = names.iter().map(|name| text(row.get(name))).collect();
            sheet.line([role].into_iter().chain(cells.iter().map(String::as_str)))
        })?;
    }
    sheet.end()
}

/// The visits that they add up to.
pub(super) fn visits(view: &mut View<'_>, source: &Source<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let names = shown(source, Section::Visits)?;
    let mut sheet = Sheet::begin(out, &names)?;
    source.each(view, Section::Visits, &mut |row| {
        let cells: Vec<String> = names.iter().map(|name| text(row.get(name))).collect();
        sheet.line(cells.iter().map(String::as_str))
    })?;
    sheet.end()
}

/// Who was notified of the person's events, each by a number and a role.
pub(super) fn recipients(
    view: &mut View<'_>,
    source: &Source<'_>,
    is_empty: bool,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let mut sheet = Sheet::begin(out, &RECIPIENTS)?;
    if !is_empty {
        source.each(view, Section::Events, &mut |row| {
            let of_event = ["id", "occurred_at", "type", "license_number"].map(|name| text(row.get(name)));
            for party in row.get("recipients").as_array().into_iter().flatten() {
                let own = ["number", "role", "channel", "status", "address", "redacted"].map(|name| text(&party[name]));
                sheet.line(of_event.iter().chain(&own).map(String::as_str))?;
            }
            Ok(())
        })?;
    }
    sheet.end()
}

fn shown(source: &Source<'_>, section: Section) -> Result<Vec<&'static str>, Error> {
    let entries = &source.plan.section(section)?.entries;
    Ok(entries.iter().filter(|entry| entry.is_shown).map(|entry| entry.field.name).collect())
}

/// A value as a cell: of another person the role, of a list the number of its parts.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(parts) if parts.iter().all(Value::is_string) => {
            parts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        Value::Array(parts) => parts.len().to_string(),
        Value::Object(party) => text(party.get("role").unwrap_or(&Value::Null)),
        other => other.to_string(),
    }
}
