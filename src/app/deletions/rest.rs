//! What is left of an erased person under a hold (Article 17(3), REQUIREMENTS L-31): made anew under a new key.
//!
//! The person is erased whole, like anybody, with the key. Before that the held fields are read, and afterwards they are
//! stored again as another row of `people`: sealed under a key of its own, under a blind index that no ref leads to, and
//! restricted for good. So nothing that is not held can be opened, whatever a file still holds of it, and the ref is free.

use super::Instruction;
use super::named::Named;
use crate::app::Work;
use crate::app::dossier::{Dossier, Words, rest_index};
use crate::app::ingest::{Details, HostDetails};
use crate::crypto::{CustomerKeys, fill};
use crate::domain::hold::{Held, HeldField};
use crate::domain::person::Field;
use crate::domain::receipt::{Kept, Origin, Status};
use crate::domain::{CustomerId, PersonId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::erasure::Deleted;
use crate::store::events::Group;
use crate::store::holds::Hold;
use crate::store::people::Person;
use crate::store::restrictions::{HELD, Restriction};
use std::collections::HashMap;
use zeroize::Zeroizing;

/// Which field of a person each held field is.
const FIELDS: [(HeldField, Field); 5] = [
    (HeldField::Name, Field::Name),
    (HeldField::Email, Field::Email),
    (HeldField::Phone, Field::Phone),
    (HeldField::Company, Field::Company),
    (HeldField::VehiclePlate, Field::VehiclePlate),
];

/// What is left of one person.
pub(super) struct Rest {
    /// Place among everybody named.
    pub place: usize,
    /// Until when the last hold lasts.
    pub until: Timestamp,
    /// Whether it was one before, of which a part goes now.
    pub is_reduced: bool,
    /// Who is erased for it.
    erased: PersonId,
    row: Person,
    rows: Group,
    holds: Vec<Hold>,
}

impl Rest {
    /// How much it is.
    pub fn kept(&self) -> Kept {
        let Group { events, hosts, recipients, visits } = &self.rows;
        let count = |rows: usize| rows as u64;
        Kept {
            people: 1,
            events: count(events.len()),
            visits: count(visits.len()),
            hosts: count(hosts.len()),
            recipients: count(recipients.len()),
        }
    }

    /// Takes what is kept off what was deleted to be made anew.
    pub fn take_off(&self, deleted: &mut HashMap<PersonId, Deleted>) {
        let Some(of) = deleted.get_mut(&self.erased) else { return };
        of.people = of.people.saturating_sub(1);
        of.events = of.events.saturating_sub(self.rows.events.len());
        of.visits = of.visits.saturating_sub(self.rows.visits.len());
        of.hosts = of.hosts.saturating_sub(self.rows.hosts.len());
        of.recipients = of.recipients.saturating_sub(self.rows.recipients.len());
        of.holds = of.holds.saturating_sub(self.holds.len());
        // Of a rest it is the mark that keeps it from being seen.
        of.restrictions = of.restrictions.saturating_sub(usize::from(self.is_reduced));
    }
}

/// Reads what must be kept of those who are to be erased.
///
/// An erasure that a journal repeats of what was left ends its holds, for they were over or lifted then.
pub(super) fn gather(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    instructions: &[&Instruction],
    named: &Named,
    verdicts: &[Status],
) -> Result<Vec<Rest>, Error> {
    let doomed = || named.everybody.iter().zip(verdicts).enumerate().filter(|(_, (_, v))| **v == Status::Erased);
    let ids: Vec<PersonId> = doomed().filter_map(|(_, (one, _))| one.row.as_ref()).map(|row| row.id).collect();
    let mut holds: HashMap<PersonId, Vec<Hold>> = HashMap::new();
    for hold in store::holds::of(work.tx, customer, &ids)? {
        holds.entry(hold.person_id).or_default().push(hold);
    }
    if holds.is_empty() {
        return Ok(Vec::new());
    }
    // What is kept is sealed anew, so these must be the keys of now.
    let keys = work.customer_keys(customer)?;
    let mut rests = Vec::new();
    for (place, (one, _)) in doomed() {
        let Some(row) = &one.row else { continue };
        let mut holds = holds.remove(&row.id).unwrap_or_default();
        let is_reduced = holds.iter().any(|hold| hold.erased_at.is_some());
        holds.retain(|hold| hold.ends_at > work.now);
        let Some(until) = holds.iter().map(|hold| hold.ends_at).max() else { continue };
        if is_reduced && instructions.get(one.by).is_some_and(|by| by.origin == Origin::Journal) {
            continue;
        }
        rests.push(Maker::new(work, &keys, row, is_reduced, &holds)?.make(work, place, until, holds)?);
    }
    Ok(rests)
}

/// Stores what was gathered, now that the people are erased.
pub(super) fn keep(work: &mut Work<'_, '_>, rests: Vec<Rest>) -> Result<(), Error> {
    let count = rests.len();
    let mut people = Vec::with_capacity(count);
    for rest in &rests {
        people.push(rest.row.clone());
    }
    if store::people::insert(work.tx, &people)? != count {
        return Err(Error::internal("what is left of a person could not be stored"));
    }
    for rest in rests {
        let mark = Restriction {
            customer_id: rest.row.customer_id,
            person_id: rest.row.id,
            ground: HELD,
            reason_sealed: None,
            placed_at: work.now,
        };
        store::restrictions::place(work.tx, &mark)?;
        store::holds::insert(work.tx, &rest.holds)?;
        if store::events::insert(work.tx, &rest.rows)? != rest.rows.events.len() {
            return Err(Error::internal("held events could not be stored"));
        }
    }
    Ok(())
}

/// Makes one rest: the person as was, and as is to be.
struct Maker<'r> {
    old: Dossier,
    new: Dossier,
    held: Held,
    row: &'r Person,
    is_reduced: bool,
}

impl<'r> Maker<'r> {
    fn new(
        work: &mut Work<'_, '_>,
        keys: &CustomerKeys,
        row: &'r Person,
        is_reduced: bool,
        holds: &[Hold],
    ) -> Result<Self, Error> {
        let held = holds.iter().fold(Held::default(), |held, hold| held.and(Held::from_bits(hold.fields)));
        let old = Dossier::open(keys, row.clone())?;
        let id = PersonId(store::ids::take_one(work.tx)?);
        let mut new = Dossier::create(keys, id, &old.reference()?, old.kind()?, work.now)?;
        for (as_held, field) in FIELDS {
            if held.has(as_held) {
                new.set(keys, field, old.dated(field)?.as_ref())?;
            }
        }
        // Nobody finds it: neither by ref nor by address.
        (new.row.email_index, new.row.phone_index) = (None, None);
        new.row.ref_index =
            if is_reduced { row.ref_index.clone() } else { rest_index(keys, &row.ref_index, row.id).to_vec() };
        (new.row.created_at, new.row.epoch, new.row.epoch_at) = (row.created_at, row.epoch, row.epoch_at);
        Ok(Self { old, new, held, row, is_reduced })
    }

    fn make(self, work: &mut Work<'_, '_>, place: usize, until: Timestamp, holds: Vec<Hold>) -> Result<Rest, Error> {
        let mut rows = Group::default();
        if self.held.has(HeldField::Events) {
            self.events(work, &mut rows)?;
        }
        if self.held.has(HeldField::Visits) {
            self.visits(work, &mut rows)?;
        }
        if self.held.has(HeldField::Hosting) {
            self.hosts(work, &mut rows)?;
        }
        if self.held.has(HeldField::Notifications) {
            self.recipients(work, &mut rows)?;
        }
        let now = work.now;
        let moved = |hold: Hold| {
            let law = self.old.open_words(Words::Hold(hold.public_id), &hold.law_sealed)?;
            let law_sealed = self.new.seal_words(Words::Hold(hold.public_id), &law)?;
            let erased_at = hold.erased_at.or(Some(now));
            Ok(Hold { person_id: self.new.id(), law_sealed, erased_at, ..hold })
        };
        let holds = holds.into_iter().map(moved).collect::<Result<Vec<_>, Error>>()?;
        let (erased, is_reduced) = (self.row.id, self.is_reduced);
        Ok(Rest { place, until, is_reduced, erased, row: self.new.row, rows, holds })
    }

    /// A value, when its field is held.
    fn only(&self, field: HeldField, value: Option<String>) -> Option<String> {
        value.filter(|_| self.held.has(field))
    }

    fn events(&self, work: &mut Work<'_, '_>, rows: &mut Group) -> Result<(), Error> {
        for mut event in store::erasure::events_of(work.tx, self.row.customer_id, self.row.id)? {
            let plain = Zeroizing::new(self.old.open_event("details_sealed", event.id, &event.details_sealed)?);
            let said: Details = serde_json::from_slice(&plain).map_err(Error::internal)?;
            let kept = Details {
                kind: said.kind,
                name: self.only(HeldField::Name, said.name),
                email: self.only(HeldField::Email, said.email),
                phone: self.only(HeldField::Phone, said.phone),
                company: self.only(HeldField::Company, said.company),
                vehicle_plate: self.only(HeldField::VehiclePlate, said.vehicle_plate),
                visit_ref: said.visit_ref,
            };
            let plain = Zeroizing::new(serde_json::to_vec(&kept).map_err(Error::internal)?);
            event.details_sealed = self.new.seal_event("details_sealed", event.id, &plain)?;
            event.ip_sealed = match event.ip_sealed.filter(|_| self.held.has(HeldField::Ip)) {
                Some(sealed) => {
                    let ip = Zeroizing::new(self.old.open_event("ip_sealed", event.id, &sealed)?);
                    Some(self.new.seal_event("ip_sealed", event.id, &ip)?)
                }
                None => None,
            };
            // The digest is of all that was said, what is erased as well.
            event.digest = vec![0; event.digest.len()];
            fill(&mut event.digest).map_err(Error::internal)?;
            event.person_id = self.new.id();
            event.visit_id = event.visit_id.filter(|_| self.held.has(HeldField::Visits));
            rows.events.push(event);
        }
        Ok(())
    }

    fn visits(&self, work: &mut Work<'_, '_>, rows: &mut Group) -> Result<(), Error> {
        for mut visit in store::visits::of_people(work.tx, self.row.customer_id, &[self.row.id])? {
            if let Some(sealed) = &visit.visit_ref_sealed {
                let plain = self.old.open_visit_ref(visit.visit_id, sealed)?;
                visit.visit_ref_sealed = Some(self.new.seal_visit_ref(visit.visit_id, &plain)?);
            }
            visit.person_id = self.new.id();
            rows.visits.push(visit);
        }
        Ok(())
    }

    fn hosts(&self, work: &mut Work<'_, '_>, rows: &mut Group) -> Result<(), Error> {
        for mut host in store::erasure::hosting_of(work.tx, self.row.customer_id, self.row.id)? {
            let plain = Zeroizing::new(self.old.open_host(host.event_key, &host.details_sealed)?);
            let said: HostDetails = serde_json::from_slice(&plain).map_err(Error::internal)?;
            let name = self.only(HeldField::Name, said.name);
            let kept = HostDetails { name, email: self.only(HeldField::Email, said.email) };
            let plain = Zeroizing::new(serde_json::to_vec(&kept).map_err(Error::internal)?);
            host.details_sealed = self.new.seal_host(host.event_key, &plain)?;
            host.person_id = self.new.id();
            rows.hosts.push(host);
        }
        Ok(())
    }

    fn recipients(&self, work: &mut Work<'_, '_>, rows: &mut Group) -> Result<(), Error> {
        for mut part in store::erasure::notifications_of(work.tx, self.row.customer_id, self.row.id)? {
            if let Some(sealed) = &part.address_sealed {
                let plain = self.old.open_address(part.event_key, part.position, sealed)?;
                part.address_sealed = Some(self.new.seal_address(part.event_key, part.position, &plain)?);
            }
            part.person_id = self.new.id();
            rows.recipients.push(part);
        }
        Ok(())
    }
}
