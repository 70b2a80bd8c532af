//! The file that a person gets of what is held: one ZIP, written in constant memory from one consistent read.
//!
//! `data.json` holds every personal field of the inventory; `events.csv`, `visits.csv` and `recipients.csv` the lists for
//! a spreadsheet; `article-15.json` the information on the processing, tailored to the person; `index.html` all of it to
//! read; `manifest.json` the digests of the others, signed. Which field shows which column stands in [`fields`], other
//! people are shown by role ([`rows`]), and [`verify()`] tells whether an archive is genuine.

mod archive;
mod article15;
mod cell;
mod consultations;
mod data;
mod fields;
mod findings;
mod identity;
mod manifest;
mod page;
mod plan;
mod requests;
mod rows;
pub mod schema;
mod slots;
mod subject;
mod tables;
mod verify;
mod words;

pub use slots::Slots;
pub use verify::{Flaw, Verified, verify};

use super::accesses::Reader;
use super::{App, View};
use crate::domain::export::{Right, SCHEMA_VERSION};
use crate::domain::locale::Locale;
use crate::domain::text::Ref;
use crate::domain::words::Words;
use crate::domain::{CustomerId, PersonId, Timestamp};
use crate::error::Error;
use archive::Archive;
use fields::Section;
use findings::Findings;
use identity::Identity;
use plan::Plan;
use rows::Source;
use serde::Serialize;
use slots::For;
use std::io::Write;
use subject::Subject;

/// The case that the file answers.
#[derive(Debug, Clone, Serialize)]
pub struct CaseInfo {
    /// Its number, as the person knows it.
    pub number: String,
    /// When the person asked.
    pub received_at: Timestamp,
}

/// What file is asked for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Which right it answers.
    pub right: Right,
    /// The case, if there is one.
    pub case: Option<CaseInfo>,
    /// The language that the page opens in; it holds both.
    pub locale: Locale,
}

/// What the file holds, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Events of the person as a guest.
    pub events: u64,
    /// Visits that they add up to.
    pub visits: u64,
    /// Parts as a host in the events of others.
    pub hosted: u64,
    /// Notifications that the person got of others.
    pub notified: u64,
}

/// What each file says of itself first.
#[derive(Serialize)]
struct Head {
    schema_version: &'static str,
    right: Right,
    /// The instant of which the file shows the state.
    snapshot_at: String,
    time_zone: &'static str,
    controller: String,
    case: Option<Case>,
    software: &'static str,
}

#[derive(Serialize)]
struct Case {
    number: String,
    received_at: String,
}

/// The program, as files name it.
const SOFTWARE: &str = concat!("guestlog ", env!("CARGO_PKG_VERSION"));

/// What categories of data the inventory has of guests, hosts and recipients, and what each is used for: name, purpose.
pub fn categories() -> impl Iterator<Item = (&'static Words, &'static Words)> {
    words::categories::CATEGORIES.iter().map(|category| (&category.label, &category.purpose))
}

impl App {
    /// Writes the file of a person to `out`, on this thread, for a case: downloads take none of its places.
    ///
    /// Restricted and held people are exported like all others: it is their right. Nothing is written before the person
    /// is found. When it fails midway, `out` has got a beginning without an end, which no program takes for an archive.
    ///
    /// # Errors
    /// `not_found`; [`Error::Unavailable`] when as many files as may be made at once are in the making, or nobody takes
    /// what is written.
    pub fn export_blocking(
        &self,
        customer: CustomerId,
        reference: &Ref,
        ask: &Ask,
        out: &mut dyn Write,
    ) -> Result<Summary, Error> {
        let _slot = self.0.exports.take(For::Case)?;
        self.0.core.snapshot(|view| write(view, customer, reference, ask, out, |_| Ok(())))
    }

    /// As [`App::export_blocking`], for somebody of the customer's who downloads it: it is written down first that the
    /// data are read. A customer has some of the places for downloads, and not all of them.
    ///
    /// # Errors
    /// As [`App::export_blocking`]; when it cannot be written down, nothing is written to `out`.
    pub fn export_read_blocking(
        &self,
        reader: &Reader,
        customer: CustomerId,
        reference: &Ref,
        ask: &Ask,
        out: &mut dyn Write,
    ) -> Result<Summary, Error> {
        let _slot = self.0.exports.take(For::Download(customer))?;
        let found = |person| self.record_blocking(reader, person);
        self.0.core.snapshot(|view| write(view, customer, reference, ask, out, found))
    }
}

/// Writes the file of a person, all of it as one read sees it.
///
/// # Errors
/// See [`App::export_blocking`].
fn write(
    view: &mut View<'_>,
    customer: CustomerId,
    reference: &Ref,
    ask: &Ask,
    out: &mut dyn Write,
    found: impl FnOnce(PersonId) -> Result<(), Error>,
) -> Result<Summary, Error> {
    view.refresh_keys(customer)?;
    let subject = Subject::find(view, customer, reference)?;
    found(subject.id())?;
    let identity = Identity::of(view, customer)?;
    let plan = Plan::of(ask.right, subject.kind()?)?;
    let source = Source::new(&subject, &plan);
    let written = |at| subject.zone.rfc3339(at);
    let head = Head {
        schema_version: SCHEMA_VERSION,
        right: ask.right,
        snapshot_at: written(view.now),
        time_zone: subject.zone.name(),
        controller: identity.controller.name.clone(),
        case: ask
            .case
            .as_ref()
            .map(|case| Case { number: case.number.clone(), received_at: written(case.received_at) }),
        software: SOFTWARE,
    };
    let mut findings = Findings::default();
    let mut archive = Archive::new(out, view.now, subject.zone);
    archive.file("data.json", |out| data::write(view, &source, &head, &mut findings, out))?;
    archive.file("events.csv", |out| tables::events(view, &source, out))?;
    archive.file("visits.csv", |out| tables::visits(view, &source, out))?;
    archive.file("recipients.csv", |out| tables::recipients(view, &source, findings.notified.is_empty(), out))?;
    let answer = article15::Answer::of(view, &source, &identity, &head, &findings)?;
    archive.file("article-15.json", |out| answer.write(out))?;
    archive.file("index.html", |out| page::write(ask.locale, view, &source, &answer, &findings, out))?;
    let manifest = manifest::signed(&view.core.keyring, ask.right, view.now, archive.listed())?;
    archive.file(crate::domain::export::MANIFEST, |out| manifest::write(&manifest, out))?;
    archive.finish()?;
    Ok(Summary {
        events: findings.count(Section::Events),
        visits: findings.count(Section::Visits),
        hosted: findings.count(Section::Hosted),
        notified: findings.count(Section::Notified),
    })
}
