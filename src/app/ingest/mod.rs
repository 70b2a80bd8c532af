//! Taking events in: one transaction for a whole group of them, an outcome for each.

mod corrections;
mod details;
mod erased;
mod fields;
mod licenses;
mod people;
mod projection;
mod rows;
mod writers;

pub(crate) use details::{Details, HostDetails};
pub(crate) use licenses::KnownLicenses;
pub use writers::Writers;

use super::dossier::ref_index;
use super::{Core, Work};
use crate::crypto::CustomerKeys;
use crate::domain::event::{NewEvent, NewHost, NewRecipient};
use crate::domain::{CustomerId, EventId, EventKey, LicenseId, VisitId};
use crate::error::{Code, Error};
use crate::store;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

/// An event on its way in, with who sent it.
#[derive(Debug, Clone)]
pub struct Item {
    /// Whose: taken from the credential alone.
    pub customer: CustomerId,
    /// The licence that the credential is bound to.
    pub bound_to: Option<LicenseId>,
    /// Where it came from, for an event that names no address itself.
    pub peer: Option<IpAddr>,
    /// The event.
    pub event: NewEvent,
    /// Whether it may be of any age and make people all the same: for an import of what happened long ago.
    pub any_age: bool,
}

/// What became of an event.
#[derive(Debug)]
pub enum Outcome {
    /// Stored now.
    Created {
        /// The visit that it belongs to, if any yet.
        visit_id: Option<VisitId>,
        /// Whether the person was in already.
        already_in: bool,
    },
    /// Stored before, with the same body.
    Duplicate {
        /// The visit that it belongs to, if any yet.
        visit_id: Option<VisitId>,
    },
    /// Stored before, with another body.
    Conflict,
    /// Not stored: the customer has deleted the person.
    Erased,
    /// Refused.
    Rejected(Error),
}

/// Stores events in one transaction and tells what became of each, in the order given.
///
/// When the group fails for a fault of ours, each event is tried alone, so that one bad event cannot hold up its neighbours.
pub(super) fn write(core: &Core, items: &[Item]) -> Result<Vec<Outcome>, Error> {
    match core.write(|work| store_all(work, items)) {
        Err(Error::Internal(why)) if items.len() > 1 => {
            tracing::warn!(events = items.len(), error = %why, "a group of events failed; trying each alone");
            items.iter().map(|item| alone(core, item)).collect()
        }
        outcome => outcome,
    }
}

fn alone(core: &Core, item: &Item) -> Result<Outcome, Error> {
    match core.write(|work| store_all(work, std::slice::from_ref(item))) {
        Ok(mut outcomes) => outcomes.pop().ok_or_else(|| Error::internal("an event without outcome")),
        Err(error @ Error::Internal(_)) => Ok(Outcome::Rejected(error)),
        Err(error) => Err(error),
    }
}

fn store_all(work: &mut Work<'_, '_>, items: &[Item]) -> Result<Vec<Outcome>, Error> {
    let mut by_customer: BTreeMap<CustomerId, Vec<usize>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        by_customer.entry(item.customer).or_default().push(index);
    }
    // Every writer takes customers, then parts of their people, then rows, in the same order: nobody waits in a circle.
    let mut held: Vec<Held> = Vec::new();
    for (customer, indexes) in by_customer {
        // The keys that index refs stay the same; those that seal are looked at again once the customer is held.
        let blind = work.view().customer_keys(customer)?;
        let refs = indexes.iter().flat_map(|&index| erased::refs(&items[index].event));
        let found: BlindIndexes = refs.map(|reference| (reference.to_owned(), ref_index(&blind, reference))).collect();
        let parts = found.values().map(|index| store::locks::part_of(index));
        let ids = if indexes.iter().any(|&index| items[index].event.corrects.is_some()) {
            store::locks::hold_customer(work.tx, customer, true)?;
            store::locks::hold_people(work.tx, customer, parts, false)?;
            Vec::new()
        } else {
            // As many as the group can need; ids that are left over are nobody's.
            store::locks::hold_shared(work.tx, customer, parts, indexes.len() + found.len())?
        };
        let keys = work.customer_keys(customer)?;
        held.push((customer, indexes, keys, found, ids));
    }
    let mut outcomes: Vec<Option<Outcome>> = items.iter().map(|_| None).collect();
    for (customer, indexes, keys, blind, ids) in held {
        Batch::new(work, customer, keys, blind, ids).run(items, &indexes, &mut outcomes)?;
    }
    outcomes.into_iter().map(|o| o.ok_or_else(|| Error::internal("an event without outcome"))).collect()
}

/// A customer who is held: which items are its own, its keys, the blind indexes of their refs, and ids for them.
type Held = (CustomerId, Vec<usize>, Arc<CustomerKeys>, BlindIndexes, Vec<i64>);

/// One accepted event.
struct Accepted<'i> {
    index: usize,
    item: &'i Item,
    key: EventKey,
    license: LicenseId,
    digest: Vec<u8>,
    /// The event that corrects it, when that one came first.
    superseded_by: Option<EventId>,
    visit_id: Option<VisitId>,
    /// The host, unless erased.
    host: Option<&'i NewHost>,
    /// The recipients who are not erased, with their places in the event.
    recipients: Vec<(i16, &'i NewRecipient)>,
}

impl Accepted<'_> {
    fn event(&self) -> &NewEvent {
        &self.item.event
    }
}

/// Blind indexes of the refs that a group names.
type BlindIndexes = HashMap<String, Vec<u8>>;

/// New events; and repeats within the group: index, index of the first, whether their bodies agree.
type Sorted<'i> = (Vec<Accepted<'i>>, Vec<(usize, usize, bool)>);

/// The events of one customer within a group.
struct Batch<'w, 'a, 't> {
    work: &'w mut Work<'a, 't>,
    customer: CustomerId,
    keys: Arc<CustomerKeys>,
    licenses: licenses::Licenses,
    people: people::People,
    blind: BlindIndexes,
    /// Ids that were taken with the locks.
    ids: Vec<i64>,
    standing: erased::Standing,
    /// Stored events that correct one of the group: (corrected, correcting).
    corrections: Vec<(EventId, EventId)>,
}

impl<'w, 'a, 't> Batch<'w, 'a, 't> {
    fn new(
        work: &'w mut Work<'a, 't>,
        customer: CustomerId,
        keys: Arc<CustomerKeys>,
        blind: BlindIndexes,
        ids: Vec<i64>,
    ) -> Self {
        let (licenses, people) = (licenses::Licenses::default(), people::People::default());
        let (standing, corrections) = (erased::Standing::default(), Vec::new());
        Self { work, customer, keys, licenses, people, blind, ids, standing, corrections }
    }

    /// Blind index of a ref that an event of this group names.
    fn index_of(&self, reference: &str) -> Vec<u8> {
        self.blind.get(reference).cloned().unwrap_or_else(|| ref_index(&self.keys, reference))
    }

    fn run(mut self, items: &[Item], indexes: &[usize], outcomes: &mut [Option<Outcome>]) -> Result<(), Error> {
        let (accepted, repeats) = self.sort_out(items, indexes, outcomes)?;
        let mut accepted = self.refuse_erased(accepted, outcomes)?;
        if !accepted.is_empty() {
            let corrected = self.find_corrections(&mut accepted)?;
            self.meet_people(&mut accepted, &corrected)?;
            self.merge_fields(&accepted)?;
            self.people.insert_new(self.work)?;
            let (already_in, visits) = self.project(&mut accepted, &corrected)?;
            self.insert_rows(&accepted, visits)?;
            self.settle_corrections(&corrected)?;
            self.people.write_changed(self.work)?;
            self.touch_devices(&accepted)?;
            self.tell_others()?;
            for event in &accepted {
                let already_in = already_in.contains(&event.key);
                outcomes[event.index] = Some(Outcome::Created { visit_id: event.visit_id, already_in });
            }
        }
        let visits: HashMap<EventId, Option<VisitId>> =
            accepted.iter().map(|event| (event.event().id, event.visit_id)).collect();
        for (index, first, same) in repeats {
            outcomes[index] = Some(match (visits.get(&items[index].event.id), &outcomes[first]) {
                (Some(&visit_id), _) if same => Outcome::Duplicate { visit_id },
                (Some(_), _) => Outcome::Conflict,
                (None, Some(Outcome::Rejected(Error::Refused { code, detail, faults }))) => {
                    let (detail, faults) = (detail.clone(), faults.clone());
                    Outcome::Rejected(Error::Refused { code: *code, detail, faults })
                }
                (None, _) => Outcome::Erased,
            });
        }
        Ok(())
    }

    /// Tells new events from repeated and unacceptable ones; also gives repeats within the group, and whether their bodies agree.
    fn sort_out<'i>(
        &mut self,
        items: &'i [Item],
        indexes: &[usize],
        outcomes: &mut [Option<Outcome>],
    ) -> Result<Sorted<'i>, Error> {
        let ids: BTreeSet<EventId> = indexes.iter().map(|&index| items[index].event.id).collect();
        let ids: Vec<EventId> = ids.into_iter().collect();
        let mut known: HashMap<EventId, store::events::Related> = HashMap::new();
        for related in store::events::related(self.work.tx, self.customer, &ids)? {
            if related.corrects {
                self.corrections.push((related.asked, related.event_id));
            } else {
                known.insert(related.asked, related);
            }
        }
        let mut accepted: Vec<Accepted<'i>> = Vec::with_capacity(indexes.len());
        let mut first: HashMap<EventId, usize> = HashMap::new();
        let mut repeats = Vec::new();
        for &index in indexes {
            let item = &items[index];
            let digest = self.digest(&item.event)?;
            if let Some(known) = known.get(&item.event.id) {
                let same = known.digest == digest;
                outcomes[index] =
                    Some(if same { Outcome::Duplicate { visit_id: known.visit_id } } else { Outcome::Conflict });
            } else if let Some(&earlier) = first.get(&item.event.id) {
                repeats.push((index, accepted[earlier].index, accepted[earlier].digest == digest));
            } else {
                match self.license_of(item).and_then(|license| check(item, self.work.now).map(|()| license)) {
                    Ok(license) => {
                        first.insert(item.event.id, accepted.len());
                        let key = EventKey(0);
                        accepted.push(Accepted {
                            index,
                            item,
                            key,
                            license,
                            digest,
                            superseded_by: None,
                            visit_id: None,
                            host: item.event.host.as_ref(),
                            recipients: (0_i16..).zip(&item.event.recipients).collect(),
                        });
                    }
                    Err(error @ Error::Refused { .. }) => outcomes[index] = Some(Outcome::Rejected(error)),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok((accepted, repeats))
    }

    /// A keyed digest of the body as it was understood: neither the order of fields nor white space matters.
    fn digest(&self, event: &NewEvent) -> Result<Vec<u8>, Error> {
        let body = zeroize::Zeroizing::new(serde_json::to_vec(event).map_err(Error::internal)?);
        Ok(self.keys.index.digest("event", &[body.as_slice()])[..16].to_vec())
    }
}

fn check(item: &Item, now: crate::domain::Timestamp) -> Result<(), Error> {
    item.event.check(now).map_err(Error::invalid)
}

/// The refusal of an event whose id another one has.
#[must_use]
pub fn conflict() -> Error {
    Error::refused(
        Code::EventConflict,
        "An event with this id and another content is stored; events are never overwritten.",
    )
}
