//! `index.html`: all of it to read, in Danish and in English, without a network, a script or another file.

mod shown;
mod texts;

use super::super::View;
use super::article15::Answer;
use super::fields::Section;
use super::findings::Findings;
use super::identity::{Contact, System};
use super::rows::Source;
use super::words::codes::Codes;
use crate::domain::export::Right;
use crate::domain::locale::Locale;
use crate::error::Error;
use askama::Template;
use shown::{Card, Fact, Table};
use std::io::Write;
use texts::Texts;

/// The page.
#[derive(Template)]
#[template(path = "export/index.html")]
struct Page<'a> {
    opens_in: &'static str,
    title: String,
    sides: Vec<Side<'a>>,
}

/// The page in one language.
struct Side<'a> {
    lang: &'static str,
    t: &'static Texts,
    is_portability: bool,
    controller: &'a Contact,
    processor: Option<&'a Contact>,
    authority: &'a Contact,
    snapshot_at: String,
    case: Option<String>,
    period: Option<(String, String)>,
    confirmation: &'a str,
    tiles: Vec<(u64, &'static str)>,
    person: Vec<Fact>,
    restriction: Vec<Fact>,
    earlier_deletion: Vec<Fact>,
    statement: Vec<Fact>,
    objections: Table,
    holds: Table,
    requests: Table,
    visits: Table,
    events: Vec<Card>,
    events_total: u64,
    hosted: Table,
    notified: Table,
    told: Table,
    consultations: Table,
    purposes: Vec<(&'a str, &'a str)>,
    systems: Vec<Named<'a>>,
    people: Vec<Told>,
    retention: Vec<&'a str>,
    rights: Vec<(&'a str, &'a str, &'a str)>,
    complaint: &'a str,
    source: Vec<&'a str>,
    automated: &'a str,
    transfers: Vec<String>,
    redactions: Vec<&'a str>,
    redacted_values: u64,
    not_shown: Vec<&'a str>,
}

/// A company or system that gets the data.
struct Named<'a> {
    name: &'a str,
    purpose: &'a str,
    country: Option<&'a str>,
}

/// Somebody who was notified.
struct Told {
    who: String,
    how: String,
    count: u64,
    last_at: String,
}

/// Writes it, to open in `locale`.
pub(super) fn write(
    locale: Locale,
    view: &mut View<'_>,
    source: &Source<'_>,
    answer: &Answer<'_>,
    findings: &Findings,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let restriction = source.subject.restriction(view, source.plan)?;
    let earlier = source.subject.earlier_deletion(source.plan)?;
    let statement = source.subject.statement(view, source.plan)?;
    let person = source.subject.row(source.plan)?;
    let facts = |row: &Option<super::plan::Row<'_>>, locale| row.as_ref().map(|row| shown::facts(row, locale));
    let side = |locale: Locale| {
        let of = |section| findings.preview(section);
        let table =
            |section: Section, main: &[&str]| shown::table(section, main, of(section), findings.count(section), locale);
        let people = &answer.recipients.people;
        Side {
            lang: locale.as_str(),
            t: texts::of(locale),
            is_portability: answer.head.right == Right::Portability,
            controller: answer.controller,
            processor: answer.processor,
            authority: answer.complaint.authority,
            snapshot_at: shown::instant(&answer.head.snapshot_at, locale),
            case: answer.head.case.as_ref().map(|case| case.number.clone()),
            period: answer.period.as_ref().map(|p| (shown::day(&p.from, locale), shown::day(&p.to, locale))),
            confirmation: answer.confirmation.text.of(locale),
            tiles: tiles(findings, locale),
            person: shown::facts(&person, locale),
            restriction: facts(&restriction, locale).unwrap_or_default(),
            earlier_deletion: facts(&earlier, locale).unwrap_or_default(),
            statement: facts(&statement, locale).unwrap_or_default(),
            objections: table(Section::Objections, &["received_at", "claim", "purpose", "decision"]),
            holds: table(Section::Holds, &["held", "law", "hold_ground", "ends_at"]),
            requests: table(Section::Requests, &["received_at", "right", "progress", "decided"]),
            visits: table(Section::Visits, &["arrived_at", "departed_at", "site", "state"]),
            events: shown::cards(of(Section::Events), locale),
            events_total: findings.count(Section::Events),
            hosted: table(Section::Hosted, &["occurred_at", "type", "site", "guest"]),
            notified: table(Section::Notified, &["occurred_at", "channel", "address", "status"]),
            told: table(Section::Told, &["at", "topic", "recipient", "delivery"]),
            consultations: table(Section::Consultations, &["at", "last_at", "times", "by", "purpose"]),
            purposes: answer
                .categories
                .iter()
                .zip(&answer.purposes)
                .map(|(category, purpose)| (category.label.of(locale), purpose.text.of(locale)))
                .collect(),
            systems: answer.recipients.systems.iter().map(|system| named(system, locale)).collect(),
            people: people.iter().map(|person| told(person, locale)).collect(),
            retention: answer.retention.iter().map(|words| words.of(locale)).collect(),
            rights: answer
                .rights
                .iter()
                .map(|right| (right.label.of(locale), right.article, right.text.of(locale)))
                .collect(),
            complaint: answer.complaint.text.of(locale),
            source: answer.source.iter().map(|origin| origin.text.of(locale)).collect(),
            automated: answer.automated_decisions.text.of(locale),
            transfers: transfers(answer, locale),
            redactions: answer.redactions.first().map(|one| one.reason.of(locale)).into_iter().collect(),
            redacted_values: findings.redacted.values().map(|redacted| redacted.values).sum(),
            not_shown: answer.not_shown.iter().map(|one| one.text.of(locale)).collect(),
        }
    };
    let page = Page {
        opens_in: locale.as_str(),
        title: texts::of(locale).title.to_owned(),
        sides: Locale::ALL.iter().map(|locale| side(*locale)).collect(),
    };
    let text = page.render().map_err(Error::internal)?;
    out.write_all(text.as_bytes()).map_err(Error::unavailable)
}

fn tiles(findings: &Findings, locale: Locale) -> Vec<(u64, &'static str)> {
    let t = texts::of(locale);
    let all = [
        (Section::Visits, t.tile_visits),
        (Section::Events, t.tile_events),
        (Section::Hosted, t.tile_hosted),
        (Section::Notified, t.tile_notified),
    ];
    let counted = all.into_iter().map(|(section, label)| (findings.count(section), label));
    counted.filter(|(count, _)| *count > 0).collect()
}

fn named(system: &System, locale: Locale) -> Named<'_> {
    Named { name: &system.name, purpose: system.purpose.of(locale), country: system.country.as_deref() }
}

fn told(person: &super::article15::Person<'_>, locale: Locale) -> Told {
    let meaning = |table: Codes, code: &str| {
        table.meaning(code).map_or_else(|| code.to_owned(), |words| words.of(locale).to_owned())
    };
    let channels: Vec<String> =
        person.notified.channels.iter().map(|channel| meaning(Codes::Channel, channel)).collect();
    let role = meaning(Codes::Role, &person.notified.role);
    Told {
        who: format!("{} {}: {role}", texts::of(locale).person, person.number),
        how: channels.join(", "),
        count: person.notified.count,
        last_at: shown::instant(&person.notified.last_at, locale),
    }
}

fn transfers(answer: &Answer<'_>, locale: Locale) -> Vec<String> {
    let to = answer.transfers.to.iter().map(|system| {
        let country = system.country.as_deref().unwrap_or_default();
        format!("{} ({country}): {}", system.name, system.transfer_basis.as_deref().unwrap_or_default())
    });
    to.chain(answer.transfers.text.as_ref().map(|words| words.of(locale).to_owned())).collect()
}
