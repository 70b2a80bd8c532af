//! `article-15.json`: the information on the processing, block by block and tailored to the person (REQUIREMENTS L-11).

use super::super::View;
use super::Head;
use super::fields::Section;
use super::fields::unshown::{Reason, UNSHOWN};
use super::findings::{Findings, Notified, Told};
use super::identity::{Contact, Identity, System};
use super::rows::Source;
use super::schema::ARTICLE_15_ID;
use super::words::blocks::{self, Agreed, Remedy};
use super::words::categories;
use crate::domain::words::Words;
use crate::error::Error;
use crate::store;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

/// The whole answer.
#[derive(Serialize)]
pub(super) struct Answer<'a> {
    schema: &'static str,
    pub head: &'a Head,
    pub confirmation: Confirmation,
    pub period: Option<Period>,
    pub counts: BTreeMap<&'static str, u64>,
    pub controller: &'a Contact,
    pub processor: Option<&'a Contact>,
    pub purposes: Vec<Purpose>,
    pub categories: Vec<Category>,
    pub recipients: Recipients<'a>,
    pub retention: Vec<Words>,
    pub rights: Vec<Remedy>,
    pub complaint: Complaint<'a>,
    pub source: Vec<Origin>,
    pub automated_decisions: Decisions,
    pub transfers: Transfers<'a>,
    pub redactions: Vec<Redaction>,
    pub not_shown: Vec<NotShown>,
}

/// Whether data are processed (REQUIREMENTS L-10).
#[derive(Serialize)]
pub(super) struct Confirmation {
    processed: bool,
    pub text: Words,
}

/// From the first to the last event or visit.
#[derive(Serialize)]
pub(super) struct Period {
    pub from: String,
    pub to: String,
}

/// What data of one category are used for.
#[derive(Serialize)]
pub(super) struct Purpose {
    category: &'static str,
    pub text: Words,
}

/// A category that holds anything of the person.
#[derive(Serialize)]
pub(super) struct Category {
    category: &'static str,
    pub label: Words,
}

/// Who got the data.
#[derive(Serialize)]
pub(super) struct Recipients<'a> {
    /// Companies and systems, by name.
    pub systems: &'a [System],
    /// Systems that the customer has had told of the person, by name.
    pub told: Vec<ToldSystem<'a>>,
    /// People, by number and role.
    pub people: Vec<Person<'a>>,
}

/// A system that was told something of the person.
#[derive(Serialize)]
pub(super) struct ToldSystem<'a> {
    pub name: &'a str,
    #[serde(flatten)]
    pub told: &'a Told,
}

/// Somebody who was notified.
#[derive(Serialize)]
pub(super) struct Person<'a> {
    pub number: u64,
    #[serde(flatten)]
    pub notified: &'a Notified,
}

/// To whom one complains.
#[derive(Serialize)]
pub(super) struct Complaint<'a> {
    pub authority: &'a Contact,
    pub text: Words,
}

/// Where data come from.
#[derive(Serialize)]
pub(super) struct Origin {
    source: &'static str,
    pub text: Words,
}

/// Decisions by machine alone.
#[derive(Serialize)]
pub(super) struct Decisions {
    exist: bool,
    pub text: Words,
}

/// What leaves the EEA, and on which ground.
#[derive(Serialize)]
pub(super) struct Transfers<'a> {
    pub to: Vec<&'a System>,
    pub text: Option<Words>,
}

/// What is left out for the sake of others.
#[derive(Serialize)]
pub(super) struct Redaction {
    place: &'static str,
    fields: Vec<String>,
    values: u64,
    ground: &'static str,
    pub reason: Words,
}

/// What is named and not shown.
#[derive(Serialize)]
pub(super) struct NotShown {
    reason: &'static str,
    columns: Vec<&'static str>,
    pub text: Words,
}

impl<'a> Answer<'a> {
    /// The answer to one person, after the lists have been written.
    pub fn of(
        view: &mut View<'_>,
        source: &Source<'_>,
        identity: &'a Identity,
        head: &'a Head,
        findings: &'a Findings,
    ) -> Result<Self, Error> {
        let controller = &identity.controller.name;
        let used = source.plan.categories();
        let of_person: Vec<&categories::Category> = used.iter().filter_map(|name| categories::of(name)).collect();
        let lists = Section::ALL.into_iter().filter(|section| section.is_list());
        let abroad: Vec<&System> = identity.systems.iter().filter(|system| system.transfer_basis.is_some()).collect();
        Ok(Self {
            schema: ARTICLE_15_ID,
            head,
            confirmation: Confirmation {
                processed: true,
                text: Words::made(
                    format!("Ja, {controller} behandler oplysninger om dig."),
                    format!("Yes, {controller} processes data about you."),
                ),
            },
            period: findings.period.clone().map(|(from, to)| Period { from, to }),
            counts: lists.map(|section| (section.name(), findings.count(section))).collect(),
            controller: &identity.controller,
            processor: identity.processor.as_ref(),
            purposes: of_person.iter().map(|c| Purpose { category: c.name, text: c.purpose.clone() }).collect(),
            categories: of_person.iter().map(|c| Category { category: c.name, label: c.label.clone() }).collect(),
            recipients: Recipients {
                systems: &identity.systems,
                told: findings.told.iter().map(|(name, told)| ToldSystem { name, told }).collect(),
                people: findings
                    .notified
                    .iter()
                    .map(|(number, notified)| Person { number: *number, notified })
                    .collect(),
            },
            retention: retention(view, source)?,
            rights: blocks::rights(controller),
            complaint: Complaint { authority: &identity.authority, text: blocks::complaint(&identity.authority.name) },
            source: findings
                .sources
                .iter()
                .map(|source| Origin { source: source.as_str(), text: source.words() })
                .collect(),
            automated_decisions: Decisions { exist: false, text: blocks::automated_decisions() },
            transfers: Transfers { text: abroad.is_empty().then(blocks::no_transfers), to: abroad },
            redactions: redactions(findings),
            not_shown: not_shown(),
        })
    }

    /// Writes it.
    pub fn write(&self, out: &mut dyn Write) -> Result<(), Error> {
        serde_json::to_writer_pretty(&mut *out, self).map_err(Error::unavailable)?;
        out.write_all(b"\n").map_err(Error::unavailable)
    }
}

/// For how long what is held is kept: by the inventory, by agreements in force, and in backups.
fn retention(view: &mut View<'_>, source: &Source<'_>) -> Result<Vec<Words>, Error> {
    let mut said: Vec<Words> = Vec::new();
    for words in source.plan.retentions().into_iter().map(categories::retention) {
        if !said.contains(&words) {
            said.push(words);
        }
    }
    for row in store::agreements::of_customer(view.conn, source.subject.customer)? {
        let over = row.in_force_until.is_some_and(|until| until <= view.now);
        if row.signed_at.is_none() || row.in_force_from > view.now || over {
            continue;
        }
        let days = |days: Option<i32>| days.and_then(|days| u32::try_from(days).ok());
        said.extend(days(row.visits_days).map(|days| blocks::agreement(Agreed::Visits, days)));
        said.extend(days(row.people_days).map(|days| blocks::agreement(Agreed::People, days)));
    }
    said.push(blocks::backups(view.core.settings.erasure.backup_window_days));
    Ok(said)
}

fn redactions(findings: &Findings) -> Vec<Redaction> {
    let one = |(place, redacted): (&&'static str, &super::findings::Redacted)| Redaction {
        place,
        fields: redacted.fields.iter().cloned().collect(),
        values: redacted.values,
        ground: "Article 15(4) GDPR",
        reason: blocks::rights_of_others(),
    };
    findings.redacted.iter().map(one).collect()
}

fn not_shown() -> Vec<NotShown> {
    let of = |reason: Reason| UNSHOWN.iter().filter(move |(_, why)| *why == reason).map(|(column, _)| *column);
    let one = |reason: Reason| NotShown { reason: reason.name(), columns: of(reason).collect(), text: reason.words() };
    Reason::ALL.into_iter().map(one).collect()
}
