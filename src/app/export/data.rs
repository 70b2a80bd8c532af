//! `data.json`: everything, in one document that follows the published schema.

use super::super::View;
use super::Head;
use super::fields::Section;
use super::findings::Findings;
use super::rows::Source;
use super::schema;
use super::words::codes::Codes;
use crate::domain::words::Words;
use crate::error::Error;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

/// Members of an object, one a line.
struct Members<'w> {
    out: &'w mut dyn Write,
    is_first: bool,
}

impl<'w> Members<'w> {
    fn begin(out: &'w mut dyn Write) -> Result<Self, Error> {
        out.write_all(b"{").map_err(Error::unavailable)?;
        Ok(Self { out, is_first: true })
    }

    fn name(&mut self, name: &str) -> Result<(), Error> {
        let before = if self.is_first { "\n" } else { ",\n" };
        self.is_first = false;
        write!(self.out, "{before}\"{name}\": ").map_err(Error::unavailable)
    }

    fn member(&mut self, name: &str, value: &impl Serialize) -> Result<(), Error> {
        self.name(name)?;
        serde_json::to_writer(&mut *self.out, value).map_err(Error::unavailable)
    }

    fn end(self) -> Result<(), Error> {
        self.out.write_all(b"\n}\n").map_err(Error::unavailable)
    }
}

/// Writes it, and takes note of what there is.
pub(super) fn write(
    view: &mut View<'_>,
    source: &Source<'_>,
    head: &Head,
    findings: &mut Findings,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let mut data = Members::begin(out)?;
    data.member("schema", &schema::DATA_ID)?;
    data.member("head", head)?;
    let person = source.subject.row(source.plan)?;
    findings.person(&person);
    data.member(Section::Person.name(), &person)?;
    if source.plan.section(Section::Restriction)?.is_shown() {
        data.member(Section::Restriction.name(), &source.subject.restriction(view, source.plan)?)?;
        data.member(Section::EarlierDeletion.name(), &source.subject.earlier_deletion(source.plan)?)?;
    }
    data.member(Section::Statement.name(), &source.subject.statement(view, source.plan)?)?;
    for section in Section::ALL.into_iter().filter(|section| section.is_list()) {
        if source.plan.section(section)?.is_shown() {
            data.name(section.name())?;
            list(view, source, section, findings, data.out)?;
        }
    }
    data.member("codes", &codes())?;
    data.member("labels", &labels(source)?)?;
    data.end()
}

/// One row a line.
fn list(
    view: &mut View<'_>,
    source: &Source<'_>,
    section: Section,
    findings: &mut Findings,
    out: &mut dyn Write,
) -> Result<(), Error> {
    out.write_all(b"[").map_err(Error::unavailable)?;
    let mut before: &[u8] = b"\n";
    source.each(view, section, &mut |row| {
        findings.note(section, row);
        out.write_all(before).map_err(Error::unavailable)?;
        before = b",\n";
        serde_json::to_writer(&mut *out, row).map_err(Error::unavailable)
    })?;
    out.write_all(b"]").map_err(Error::unavailable)
}

/// What each code means, by the name of its field.
fn codes() -> BTreeMap<&'static str, BTreeMap<&'static str, Words>> {
    Codes::ALL.into_iter().map(|table| (table.name(), table.entries().into_iter().collect())).collect()
}

/// What each field is called.
fn labels(source: &Source<'_>) -> Result<BTreeMap<&'static str, BTreeMap<&'static str, Words>>, Error> {
    let mut labels = BTreeMap::new();
    for section in Section::ALL {
        let shown = source.plan.section(section)?.entries.iter().filter(|entry| entry.is_shown);
        let names: BTreeMap<_, _> =
            shown.map(|entry| (entry.field.name, Words::new(entry.field.da, entry.field.en))).collect();
        if !names.is_empty() {
            labels.insert(section.name(), names);
        }
    }
    Ok(labels)
}
