//! Visits and the roll call.

use super::View;
use super::devices::Device;
use super::dossier::Dossier;
use super::page::{Ask, Page, cut};
use crate::domain::event::CheckOutReason;
use crate::domain::person::Field;
use crate::domain::roll_call::{Certainty, Reason, certainty};
use crate::domain::text::{LicenseNumber, Ref};
use crate::domain::visit::VisitState;
use crate::domain::zone::Zone;
use crate::domain::{CustomerId, LicenseId, PersonId, Timestamp, VisitId};
use crate::error::Error;
use crate::store;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use utoipa::ToSchema;

/// A person in a list of visits: enough to know them by.
#[derive(Clone, Serialize, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
pub struct Who {
    /// The customer's own identifier.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Name.
    pub name: Option<String>,
    /// Company.
    pub company: Option<String>,
}

/// A visit as shown.
#[derive(Clone, Serialize, ToSchema)]
pub struct Visit {
    /// Its identifier, the same in whatever order its events arrive.
    #[schema(value_type = uuid::Uuid)]
    pub id: VisitId,
    /// Where it stands.
    pub state: VisitState,
    /// The customer's own identifier of it.
    pub visit_ref: Option<String>,
    /// The licence of the site.
    pub license_number: Option<String>,
    /// The guest.
    pub person: Who,
    /// The hosts.
    pub hosts: Vec<Who>,
    /// When the guest was expected.
    pub expected_at: Option<Timestamp>,
    /// First check-in.
    pub arrived_at: Option<Timestamp>,
    /// Check-out.
    pub departed_at: Option<Timestamp>,
    /// When it was cancelled.
    pub cancelled_at: Option<Timestamp>,
    /// When the guest was turned away.
    pub denied_at: Option<Timestamp>,
    /// Who checked the guest out.
    pub departure_reason: Option<CheckOutReason>,
    /// The device of the first check-in.
    pub device: Option<String>,
}

/// Who is in the building.
#[derive(Clone, Serialize, ToSchema)]
pub struct RollCall {
    /// The instant that it holds for.
    pub at: Timestamp,
    /// How many are in, those included whose data are restricted.
    pub count: usize,
    /// How many of them have their data restricted: they are in the building now and are not named (Article 18(2)).
    pub restricted: usize,
    /// Everybody else who is in, longest first.
    pub data: Vec<Present>,
    /// The entrances, and which of them are silent or have events yet to send.
    pub devices: Vec<Device>,
}

/// Somebody who is in the building.
#[derive(Clone, Serialize, ToSchema)]
pub struct Present {
    /// The visit.
    #[schema(value_type = uuid::Uuid)]
    pub visit_id: VisitId,
    /// The guest.
    pub person: Who,
    /// The hosts.
    pub hosts: Vec<Who>,
    /// The licence of the site.
    pub license_number: Option<String>,
    /// The device of the check-in.
    pub device: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Whether the guest ought to have left; nobody is checked out by a guess.
    pub certainty: Certainty,
    /// Why.
    pub reason: Reason,
}

/// How long ago the instant of a roll call may lie that counts those who are restricted, in seconds: clocks differ, and
/// a drill takes its time.
const PRESENT_S: i64 = 3_600;

/// Which visits a list asks for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this guest.
    pub person: Option<Ref>,
    /// At this site.
    pub license: Option<LicenseNumber>,
    /// To this host.
    pub host: Option<Ref>,
    /// Starting at or after this.
    pub from: Option<Timestamp>,
    /// Starting before this.
    pub to: Option<Timestamp>,
    /// In this state.
    pub state: Option<VisitState>,
}

/// One visit.
///
/// # Errors
/// `not_found`.
pub fn get(view: &mut View<'_>, customer: CustomerId, id: VisitId) -> Result<Visit, Error> {
    let row = store::visits::get(view.conn, customer, id, view.sight)?.ok_or_else(Error::not_found)?;
    show_all(view, customer, vec![row])?.pop().ok_or_else(Error::not_found)
}

/// A page of visits, newest first.
///
/// # Errors
/// Invalid limit or cursor.
pub fn list(view: &mut View<'_>, customer: CustomerId, filter: &Filter, ask: &Ask) -> Result<Page<Visit>, Error> {
    let limit = ask.limit()?;
    let keyring = view.core.keyring.clone();
    let cursor = ask.position(&keyring, Some(customer), "visits")?;
    let Some(narrow) = narrowed(view, customer, filter)? else {
        return Ok(Page { data: Vec::new(), next_cursor: None });
    };
    let before = cursor
        .as_deref()
        .and_then(|text| text.split_once(' '))
        .and_then(|(at, id)| Some((Timestamp::from_micros(at.parse().ok()?)?, VisitId::parse(id).ok()?)));
    let rows = store::visits::page(view.conn, customer, &narrow, before, limit as i64 + 1, view.sight)?;
    let position = |row: &store::visits::Visit| format!("{} {}", row.starts_at.micros(), row.visit_id);
    cut(&keyring, Some(customer), "visits", limit, rows, position, |rows| show_all(view, customer, rows))
}

/// None when the filter names a person or licence that the customer has not: then the list is empty.
fn narrowed(
    view: &mut View<'_>,
    customer: CustomerId,
    filter: &Filter,
) -> Result<Option<store::visits::Filter>, Error> {
    let mut narrow = store::visits::Filter {
        from: filter.from,
        to: filter.to,
        state: filter.state.map(VisitState::number),
        ..store::visits::Filter::default()
    };
    if let Some(reference) = &filter.person {
        narrow.person = super::people::guest_by_ref(view, customer, reference)?;
        if narrow.person.is_none() {
            return Ok(None);
        }
    }
    if let Some(reference) = &filter.host {
        narrow.host = super::people::id_by_ref(view, customer, reference)?;
        if narrow.host.is_none() {
            return Ok(None);
        }
    }
    if let Some(number) = &filter.license {
        narrow.license = super::licenses::id_by_number(view, customer, number.as_str())?;
        if narrow.license.is_none() {
            return Ok(None);
        }
    }
    Ok(Some(narrow))
}

/// Who is in the building at `at`, or now.
///
/// # Errors
/// `license_unknown`: in an evacuation a mistyped number must not read as an empty building.
pub fn on_site(
    view: &mut View<'_>,
    customer: CustomerId,
    license: Option<&LicenseNumber>,
    at: Option<Timestamp>,
) -> Result<RollCall, Error> {
    let is_now = at.is_none_or(|at| at >= view.now.plus_seconds(-PRESENT_S));
    let at = at.unwrap_or(view.now);
    let mut call = RollCall { at, count: 0, restricted: 0, data: Vec::new(), devices: Vec::new() };
    let license = license.map(|number| super::licenses::named(view, customer, number)).transpose()?;
    call.devices = super::devices::of_license(view, customer, license)?;
    let sites = sites(view, customer, license)?;
    let store::roll_call::OnSite { visits: rows, restricted } =
        store::roll_call::on_site(view.conn, customer, &sites, at)?;
    // Whoever calls the roll in an evacuation has to know how many are still in there: a life is at stake, of the person
    // and of those who search (Articles 6(1)(d) and 18(2)). Of the past nobody needs to know.
    call.restricted = if is_now { restricted } else { 0 };
    let people = Parts::of(view, customer, &rows)?;
    let mut rules = HashMap::new();
    for row in rows {
        let (rule, zone) = match rules.get(&row.license_id) {
            Some(known) => *known,
            None => *rules.entry(row.license_id).or_insert(rule_of(view, customer, row.license_id)?),
        };
        let Some(since) = row.arrived_at else { continue };
        let (certainty, reason) = certainty(since, at, &rule, zone);
        call.data.push(Present {
            visit_id: row.visit_id,
            person: people.who(row.person_id)?,
            hosts: people.hosts(row.visit_id),
            license_number: people.numbers.get(&row.license_id).cloned(),
            device: row.device,
            since,
            certainty,
            reason,
        });
    }
    call.count = call.data.len() + call.restricted;
    Ok(call)
}

/// The one site, or all that the customer has.
pub(super) fn sites(
    view: &mut View<'_>,
    customer: CustomerId,
    site: Option<LicenseId>,
) -> Result<Vec<LicenseId>, Error> {
    if let Some(site) = site {
        return Ok(vec![site]);
    }
    Ok(store::licenses::of_customer(view.conn, customer)?.into_iter().map(|row| row.id).collect())
}

fn rule_of(
    view: &mut View<'_>,
    customer: CustomerId,
    license: LicenseId,
) -> Result<(crate::domain::license::OverdueRule, Zone), Error> {
    let row = store::licenses::get(view.conn, customer, license)?;
    let row = row.ok_or_else(|| Error::internal("a visit without its licence"))?;
    Ok((super::licenses::rule(&row)?, Zone::parse(&row.time_zone).map_err(Error::internal)?))
}

/// What stands around visits: guests, hosts and licence numbers.
struct Parts {
    people: HashMap<PersonId, Dossier>,
    hosts: HashMap<VisitId, Vec<Who>>,
    numbers: BTreeMap<LicenseId, String>,
}

impl Parts {
    fn of(view: &mut View<'_>, customer: CustomerId, rows: &[store::visits::Visit]) -> Result<Self, Error> {
        let mut guests: Vec<PersonId> = rows.iter().map(|row| row.person_id).collect();
        let visits: Vec<VisitId> = rows.iter().map(|row| row.visit_id).collect();
        let hosted = store::events::hosts_of_visits(view.conn, customer, &visits, view.sight)?;
        guests.extend(hosted.iter().map(|(_, host)| host.person_id));
        let people = super::people::dossiers(view, customer, guests)?;
        let mut hosts: HashMap<VisitId, Vec<Who>> = HashMap::new();
        for (visit, host) in hosted {
            let (Some(visit), Some(dossier)) = (visit, people.get(&host.person_id)) else { continue };
            let who = who(dossier)?;
            let list = hosts.entry(visit).or_default();
            if !list.contains(&who) {
                list.push(who);
            }
        }
        let numbers = license_numbers(view, customer, rows.iter().map(|row| row.license_id))?;
        Ok(Self { people, hosts, numbers })
    }

    fn who(&self, person: PersonId) -> Result<Who, Error> {
        who(self.people.get(&person).ok_or_else(|| Error::internal("a visit without its person"))?)
    }

    fn hosts(&self, visit: VisitId) -> Vec<Who> {
        self.hosts.get(&visit).cloned().unwrap_or_default()
    }
}

fn who(dossier: &Dossier) -> Result<Who, Error> {
    Ok(Who {
        reference: dossier.reference()?,
        name: dossier.value(Field::Name)?,
        company: dossier.value(Field::Company)?,
    })
}

/// The numbers of these licences.
pub(super) fn license_numbers(
    view: &mut View<'_>,
    customer: CustomerId,
    licenses: impl Iterator<Item = LicenseId>,
) -> Result<BTreeMap<LicenseId, String>, Error> {
    let keys = view.customer_keys(customer)?;
    let wanted: std::collections::BTreeSet<LicenseId> = licenses.collect();
    let mut numbers = BTreeMap::new();
    for id in wanted {
        if let Some(row) = store::licenses::get(view.conn, customer, id)? {
            numbers.insert(id, super::licenses::number(&keys, &row)?);
        }
    }
    Ok(numbers)
}

fn show_all(view: &mut View<'_>, customer: CustomerId, rows: Vec<store::visits::Visit>) -> Result<Vec<Visit>, Error> {
    let parts = Parts::of(view, customer, &rows)?;
    rows.into_iter().map(|row| show(&parts, row)).collect()
}

fn show(parts: &Parts, row: store::visits::Visit) -> Result<Visit, Error> {
    let dossier = parts.people.get(&row.person_id).ok_or_else(|| Error::internal("a visit without its person"))?;
    let open = |sealed: &Vec<u8>| dossier.open_visit_ref(row.visit_id, sealed);
    Ok(Visit {
        id: row.visit_id,
        state: VisitState::from_number(row.state).ok_or_else(|| Error::internal("a state out of range"))?,
        visit_ref: row.visit_ref_sealed.as_ref().map(open).transpose()?,
        license_number: parts.numbers.get(&row.license_id).cloned(),
        person: who(dossier)?,
        hosts: parts.hosts(row.visit_id),
        expected_at: row.expected_at,
        arrived_at: row.arrived_at,
        departed_at: row.departed_at,
        cancelled_at: row.cancelled_at,
        denied_at: row.denied_at,
        departure_reason: row.reason.and_then(CheckOutReason::from_number),
        device: row.device,
    })
}
