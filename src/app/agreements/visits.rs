//! Visits that have been kept for the time agreed on, of people who stay.

use super::run::{ACTOR, Between, Ran};
use super::{Kept, force};
use crate::app::jobs::{self, Kind};
use crate::app::{App, Work};
use crate::crypto::mark;
use crate::domain::hold::Held;
use crate::domain::retention::{self, Moments};
use crate::domain::visit::VisitState;
use crate::domain::{CustomerId, EventKey, LicenseId, PersonId, Timestamp, VisitId};
use crate::error::Error;
use crate::store;
use crate::store::audit;
use crate::store::deletions::Marks;
use crate::store::events::Outline;
use crate::store::holds::Hold;
use crate::store::retention::{Deleted, OF_GUESTS};
use crate::store::visits::Visit;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Guests of one transaction.
const GUESTS: i64 = 100;
/// The most fingerprints that one transaction leaves.
const MOST_MARKS: usize = 50_000;

/// Deletes a customer's visits that are over for longer than agreed, with their events and everybody's part in them.
pub(super) fn let_go(app: &App, customer: CustomerId, ran: &mut Ran, between: &mut Between<'_>) -> Result<(), Error> {
    let mut after = PersonId(0);
    loop {
        between()?;
        let Some((last, deleted)) = app.write_blocking(|work| batch(work, customer, after))? else { return Ok(()) };
        after = last;
        ran.add(&deleted);
    }
}

/// The visits of the next guests; none when there are no more guests, or no agreement any more.
fn batch(work: &mut Work<'_, '_>, customer: CustomerId, after: PersonId) -> Result<Option<(PersonId, Deleted)>, Error> {
    store::locks::hold_customer(work.tx, customer, false)?;
    let Some(kept) = force(&mut work.view(), customer)?.visits else { return Ok(None) };
    let since = retention::before(work.now, kept.days);
    let guests = store::retention::guests_of_before(work.tx, customer, since, after, GUESTS)?;
    let Some(&last) = guests.last() else { return Ok(None) };
    // Whoever brings these guests' visits up to date holds their rows.
    store::people::lock_by_ids(work.tx, customer, &guests)?;
    let restricted = store::restrictions::of(work.tx, customer, &guests)?;
    let mut spared: HashSet<PersonId> = restricted.into_iter().map(|restriction| restriction.person_id).collect();
    let holds = store::holds::of(work.tx, customer, &guests)?.into_iter();
    let is_theirs = |hold: &Hold| OF_GUESTS.iter().any(|field| Held::from_bits(hold.fields).has(*field));
    spared.extend(holds.filter(is_theirs).map(|hold| hold.person_id));
    // What is due goes after the answer, at the latest when that is due (REQUIREMENTS L-20).
    spared.extend(store::cases::waiting_for_files(work.tx, customer, &guests, work.now)?);
    let mut visits = store::visits::of_people(work.tx, customer, &guests)?;
    visits.retain(|visit| !spared.contains(&visit.person_id));
    let outlines = store::events::outlines(work.tx, customer, &guests)?;
    let (gone, mut keys) = due(&visits, &outlines, since)?;
    if gone.is_empty() {
        return Ok(Some((last, Deleted::default())));
    }
    add_superseded(work, customer, &mut keys)?;
    let gone: Vec<VisitId> = gone.into_iter().collect();
    let keys: Vec<EventKey> = keys.into_iter().collect();
    let deleted = store::retention::delete(work.tx, customer, &gone, &keys)?;
    leave_marks(work, customer, &deleted)?;
    note(work, customer, kept, &deleted)?;
    let now = work.now;
    jobs::queue(work, jobs::SERVICE, Kind::Scrub, 0, now)?;
    Ok(Some((last, deleted)))
}

type Name = (PersonId, LicenseId, Vec<u8>);

/// The visits that are over since before `since`, and their events.
///
/// Stays under one ref are one to the projection: which of them is the first gives the ref's visit its identifier. So
/// they go together, when the last of them is due. Every other visit is the same without these events, for each has
/// only chosen among more.
fn due(
    visits: &[Visit],
    outlines: &[Outline],
    since: Timestamp,
) -> Result<(BTreeSet<VisitId>, BTreeSet<EventKey>), Error> {
    let mut due = BTreeSet::new();
    for visit in visits {
        if over_at(visit)?.is_some_and(|at| at < since) {
            due.insert(visit.visit_id);
        }
    }
    let mut stays: BTreeMap<Name, BTreeSet<VisitId>> = BTreeMap::new();
    for outline in outlines {
        if let (Some(name), Some(visit)) = (name(outline), outline.visit_id) {
            stays.entry(name).or_default().insert(visit);
        }
    }
    let mut whole = HashSet::new();
    for (name, stays) in stays {
        if stays.is_subset(&due) {
            whole.insert(name);
        } else {
            due.retain(|visit| !stays.contains(visit));
        }
    }
    // What waits under the ref of a visit that goes, as a second check-out, belongs to nothing any more.
    let waits = |outline: &Outline| {
        outline.visit_id.is_none()
            && outline.superseded_by.is_none()
            && outline.occurred_at < since
            && name(outline).is_some_and(|name| whole.contains(&name))
    };
    let goes = |outline: &&Outline| outline.visit_id.map_or_else(|| waits(outline), |visit| due.contains(&visit));
    let keys = outlines.iter().filter(goes).map(|outline| outline.id).collect();
    Ok((due, keys))
}

fn name(outline: &Outline) -> Option<Name> {
    let index = outline.visit_ref_index.clone()?;
    Some((outline.person_id, outline.license_id, index))
}

fn over_at(visit: &Visit) -> Result<Option<Timestamp>, Error> {
    let state = VisitState::from_number(visit.state).ok_or_else(|| Error::internal("a visit's state out of range"))?;
    let moments = Moments {
        state,
        starts_at: visit.starts_at,
        expected_at: visit.expected_at,
        departed_at: visit.departed_at,
        cancelled_at: visit.cancelled_at,
        denied_at: visit.denied_at,
    };
    Ok(moments.over_at())
}

/// Adds what the events have corrected, step by step back to what was said first.
fn add_superseded(work: &mut Work<'_, '_>, customer: CustomerId, keys: &mut BTreeSet<EventKey>) -> Result<(), Error> {
    let mut latest: Vec<EventKey> = keys.iter().copied().collect();
    while !latest.is_empty() {
        let mut behind = store::retention::superseded_behind(work.tx, customer, &latest)?;
        behind.retain(|key| keys.insert(*key));
        latest = behind;
    }
    Ok(())
}

/// Fingerprints of what was deleted, for a search of the raw files; those of PostgreSQL are not ours to read.
fn leave_marks(work: &mut Work<'_, '_>, customer: CustomerId, deleted: &Deleted) -> Result<(), Error> {
    if !work.core.db.is_sqlite() {
        return Ok(());
    }
    let marks: Vec<u8> = deleted.sealed.iter().take(MOST_MARKS).flat_map(|sealed| mark(sealed)).collect();
    let expires_at = work.now.plus_seconds(86_400 * i64::from(work.core.settings.erasure.marks_days));
    let id = store::ids::take_one(work.tx)?;
    store::deletions::insert_marks(work.tx, &[Marks { customer_id: customer, id, marks, expires_at }])?;
    Ok(())
}

fn note(work: &mut Work<'_, '_>, customer: CustomerId, kept: Kept, deleted: &Deleted) -> Result<(), Error> {
    let entry = audit::Entry {
        customer_id: customer,
        at: work.now,
        actor: ACTOR,
        action: "visits.deleted",
        subject: Some(kept.agreement),
        details: serde_json::json!({
            "days": kept.days,
            "visits": deleted.visits,
            "events": deleted.events,
            "hosts": deleted.hosts,
            "recipients": deleted.recipients,
        }),
    };
    audit::insert(work.tx, &entry)?;
    Ok(())
}
