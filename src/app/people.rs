//! People: the mirror of the customer's own backend.
#![expect(clippy::option_option, reason = "a merge patch tells what is absent from what is null")]

use super::dossier::{Dossier, email_index, phone_index, ref_index, tombstone_digest};
use super::objections::{self, Objection};
use super::page::{Ask, Page, cut};
use super::restrictions::{self, Restriction};
use super::statements::{self, Statement};
use super::webhooks::{self, Event};
use super::{View, Work};
use crate::crypto::CustomerKeys;
use crate::domain::contact::{Email, Phone};
use crate::domain::person::{Dated, Field, Kind, Source};
use crate::domain::text::{Company, Name, Ref, VehiclePlate};
use crate::domain::webhook::Topic;
use crate::domain::{CustomerId, PersonId, Timestamp};
use crate::error::{Code, Error};
use crate::store;
use crate::store::tombstones::Tombstone;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::HashMap;
use utoipa::ToSchema;

/// A person as shown to the customer.
#[derive(Clone, Serialize, ToSchema)]
pub struct Person {
    /// The customer's own identifier.
    #[serde(rename = "ref")]
    pub reference: String,
    /// What the person is to the customer.
    pub kind: Kind,
    /// Name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number.
    pub phone: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// Number plate.
    pub vehicle_plate: Option<String>,
    /// When the person was first heard of.
    pub created_at: Timestamp,
    /// When anything last changed.
    pub updated_at: Timestamp,
    /// How the person's data are restricted: then they are stored, and not shown here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restriction: Option<Restriction>,
    /// To what the person has objected, and for what consent was withdrawn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objections: Vec<Objection>,
    /// What the person says beside what is held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<Statement>,
}

impl Person {
    /// The same without what was said of restriction and objections in words: for who may not read them.
    #[must_use]
    pub fn without_words(mut self) -> Self {
        if let Some(restriction) = &mut self.restriction {
            restriction.reason = None;
        }
        for objection in &mut self.objections {
            objection.grounds = None;
        }
        self
    }
}

/// What the backend holds of a person: what is left out or null, it holds not.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Put {
    /// What the person is to the customer; stays as it is when left out.
    pub kind: Option<Kind>,
    /// Name.
    pub name: Option<Name>,
    /// E-mail address.
    pub email: Option<Email>,
    /// Phone number.
    pub phone: Option<Phone>,
    /// Company.
    pub company: Option<Company>,
    /// Number plate.
    pub vehicle_plate: Option<VehiclePlate>,
}

/// A JSON merge patch (RFC 7396): what is left out stays, null removes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// What the person is to the customer; cannot be removed.
    pub kind: Option<Kind>,
    /// Name.
    #[serde(default, deserialize_with = "stated")]
    pub name: Option<Option<Name>>,
    /// E-mail address.
    #[serde(default, deserialize_with = "stated")]
    pub email: Option<Option<Email>>,
    /// Phone number.
    #[serde(default, deserialize_with = "stated")]
    pub phone: Option<Option<Phone>>,
    /// Company.
    #[serde(default, deserialize_with = "stated")]
    pub company: Option<Option<Company>>,
    /// Number plate.
    #[serde(default, deserialize_with = "stated")]
    pub vehicle_plate: Option<Option<VehiclePlate>>,
}

/// Tells null from absent.
pub(super) fn stated<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

impl Put {
    fn fields(&self) -> [Option<Option<String>>; 5] {
        [
            Some(self.name.as_ref().map(|text| text.as_str().to_owned())),
            Some(self.email.as_ref().map(|text| text.as_str().to_owned())),
            Some(self.phone.as_ref().map(|text| text.as_str().to_owned())),
            Some(self.company.as_ref().map(|text| text.as_str().to_owned())),
            Some(self.vehicle_plate.as_ref().map(|text| text.as_str().to_owned())),
        ]
    }
}

impl Patch {
    fn fields(&self) -> [Option<Option<String>>; 5] {
        [
            self.name.as_ref().map(|v| v.as_ref().map(|text| text.as_str().to_owned())),
            self.email.as_ref().map(|v| v.as_ref().map(|text| text.as_str().to_owned())),
            self.phone.as_ref().map(|v| v.as_ref().map(|text| text.as_str().to_owned())),
            self.company.as_ref().map(|v| v.as_ref().map(|text| text.as_str().to_owned())),
            self.vehicle_plate.as_ref().map(|v| v.as_ref().map(|text| text.as_str().to_owned())),
        ]
    }
}

/// Creates a person, or replaces what is held; true when created.
///
/// # Errors
/// `person_erased` for a person whom the customer has deleted, unless the person shall be made anew.
pub fn put(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    reference: &Ref,
    put: &Put,
    recreate: bool,
) -> Result<(Person, bool), Error> {
    store::locks::hold_customer(work.tx, customer, false)?;
    let keys = work.customer_keys(customer)?;
    let index = vec![ref_index(&keys, reference.as_str())];
    store::locks::hold_people(work.tx, customer, index.iter().map(|index| store::locks::part_of(index)), false)?;
    let row = store::people::lock_by_refs(work.tx, customer, &index)?.pop();
    let created = row.is_none();
    let mut dossier = if let Some(row) = row {
        Dossier::open(&keys, row)?
    } else {
        let id = PersonId(store::ids::take_one(work.tx)?);
        let mut dossier = Dossier::create(&keys, id, reference.as_str(), Kind::Guest, work.now)?;
        if let Some(tombstone) = living_tombstone(work, customer, tombstone_digest(&keys, &index[0]))? {
            if !recreate {
                return Err(Error::refused(
                    Code::PersonErased,
                    "The person has been deleted; ?recreate=true makes the person anew.",
                ));
            }
            (dossier.row.epoch, dossier.row.epoch_at) = (tombstone.epoch.saturating_add(1), Some(work.now));
        }
        if store::people::insert(work.tx, std::slice::from_ref(&dossier.row))? != 1 {
            return Err(Error::Conflict("another node met this person first".into()));
        }
        dossier
    };
    let before = if created { None } else { before(work, &dossier)? };
    apply(work, &keys, &mut dossier, put.kind, put.fields())?;
    tell(work, &dossier, before)?;
    Ok((show(&mut work.view(), &dossier)?, created))
}

fn living_tombstone(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    digest: [u8; 32],
) -> Result<Option<Tombstone>, Error> {
    let found = store::tombstones::find(work.tx, customer, &[digest.to_vec()])?.pop();
    Ok(found.filter(|tombstone| tombstone.expires_at > work.now))
}

/// Corrects some of what is held (Article 16).
///
/// # Errors
/// `not_found`.
pub fn patch(work: &mut Work<'_, '_>, customer: CustomerId, reference: &Ref, patch: &Patch) -> Result<Person, Error> {
    store::locks::hold_customer(work.tx, customer, false)?;
    let keys = work.customer_keys(customer)?;
    let index = vec![ref_index(&keys, reference.as_str())];
    let row = store::people::lock_by_refs(work.tx, customer, &index)?.pop().ok_or_else(Error::not_found)?;
    let mut dossier = Dossier::open(&keys, row)?;
    let before = before(work, &dossier)?;
    apply(work, &keys, &mut dossier, patch.kind, patch.fields())?;
    tell(work, &dossier, before)?;
    show(&mut work.view(), &dossier)
}

/// What a correction can change.
type Values = (Kind, Vec<Option<String>>);

fn values(dossier: &Dossier) -> Result<Values, Error> {
    let values = Field::ALL.into_iter().map(|field| dossier.value(field)).collect::<Result<_, _>>()?;
    Ok((dossier.kind()?, values))
}

/// What is held before a correction, if anybody is to be told of it.
fn before(work: &mut Work<'_, '_>, dossier: &Dossier) -> Result<Option<Values>, Error> {
    let listens = webhooks::listens(&mut work.view(), dossier.row.customer_id, Topic::PersonRectified)?;
    listens.then(|| values(dossier)).transpose()
}

/// Tells the customer's other systems of a correction (Article 19); what says nothing new is none.
fn tell(work: &mut Work<'_, '_>, dossier: &Dossier, before: Option<Values>) -> Result<(), Error> {
    let Some(before) = before else { return Ok(()) };
    if before == values(dossier)? {
        return Ok(());
    }
    let reference = dossier.reference()?;
    let person = restrictions::person(dossier, &reference);
    webhooks::tell(work, dossier.row.customer_id, &Event::PersonRectified(person))?;
    Ok(())
}

fn apply(
    work: &mut Work<'_, '_>,
    keys: &CustomerKeys,
    dossier: &mut Dossier,
    kind: Option<Kind>,
    fields: [Option<Option<String>>; 5],
) -> Result<(), Error> {
    let mut mirror = dossier.mirror()?;
    for ((field, stated), kept) in Field::ALL.into_iter().zip(fields).zip(&mut mirror) {
        let Some(value) = stated else { continue };
        // The backend's last word replaces its words before, also in one instant or by a node whose clock is behind.
        let next = kept.as_ref().and_then(|kept| Timestamp::from_micros(kept.at.micros() + 1));
        let at = next.map_or(work.now, |next| next.max(work.now));
        let said = Dated { at, source: Source::Backend, value };
        dossier.say(keys, field, said.clone())?;
        *kept = Some(said);
    }
    dossier.set_mirror(&mirror)?;
    if let Some(kind) = kind {
        dossier.say_kind(kind, Some(work.now))?;
    }
    dossier.row.updated_at = work.now;
    store::people::update(work.tx, std::slice::from_ref(&dossier.row))?;
    Ok(())
}

/// One person.
///
/// # Errors
/// `not_found`; `person_restricted`.
pub fn get(view: &mut View<'_>, customer: CustomerId, reference: &Ref) -> Result<Person, Error> {
    find(view, customer, reference, false)
}

/// As [`get`]; somebody whose data are restricted is shown with the mark, and without data.
///
/// # Errors
/// `not_found`.
pub fn get_marked(view: &mut View<'_>, customer: CustomerId, reference: &Ref) -> Result<Person, Error> {
    find(view, customer, reference, true)
}

fn find(view: &mut View<'_>, customer: CustomerId, reference: &Ref, sees_marks: bool) -> Result<Person, Error> {
    let keys = view.customer_keys(customer)?;
    let index = ref_index(&keys, reference.as_str());
    let seen = match view.sight.exception() {
        // Who asked for the exception has found whom the ref means.
        Some(person) => store::people::by_ids(view.conn, customer, &[person])?.pop(),
        None => store::people::by_ref(view.conn, customer, &index, view.sight)?,
    };
    let row = if let Some(row) = seen {
        row
    } else {
        let restricted = store::restrictions::by_ref(view.conn, customer, &index)?;
        let (row, _) = restricted.ok_or_else(Error::not_found)?;
        if !sees_marks {
            return Err(restrictions::refusal());
        }
        row
    };
    show(view, &Dossier::open(&keys, row)?)
}

fn show(view: &mut View<'_>, dossier: &Dossier) -> Result<Person, Error> {
    let customer = dossier.row.customer_id;
    show_all(view, customer, std::slice::from_ref(dossier))?.pop().ok_or_else(Error::not_found)
}

fn show_all(view: &mut View<'_>, customer: CustomerId, dossiers: &[Dossier]) -> Result<Vec<Person>, Error> {
    let ids: Vec<PersonId> = dossiers.iter().map(Dossier::id).collect();
    view.shown.add(ids.iter().copied());
    let restricted = store::restrictions::of(view.conn, customer, &ids)?.into_iter().map(|row| (row.person_id, row));
    let restricted: HashMap<PersonId, _> = restricted.collect();
    let mut objected: HashMap<PersonId, Vec<_>> = HashMap::new();
    for row in store::objections::of(view.conn, customer, &ids)? {
        objected.entry(row.person_id).or_default().push(row);
    }
    let stated = store::statements::of(view.conn, customer, &ids)?.into_iter().map(|row| (row.person_id, row));
    let stated: HashMap<PersonId, _> = stated.collect();
    let one = |dossier: &Dossier| {
        let id = dossier.id();
        let restriction = restricted.get(&id);
        let is_seen = restriction.is_none() || view.sight.exception() == Some(id);
        let value = |field| if is_seen { dossier.value(field) } else { Ok(None) };
        let objections = objected.get(&id).into_iter().flatten();
        let stated = stated.get(&id).filter(|_| is_seen);
        Ok(Person {
            reference: dossier.reference()?,
            kind: dossier.kind()?,
            name: value(Field::Name)?,
            email: value(Field::Email)?,
            phone: value(Field::Phone)?,
            company: value(Field::Company)?,
            vehicle_plate: value(Field::VehiclePlate)?,
            created_at: dossier.row.created_at,
            updated_at: dossier.row.updated_at,
            restriction: restriction.and_then(|row| restrictions::shown(dossier, row).transpose()).transpose()?,
            objections: objections.map(|row| objections::shown(dossier, row)).collect::<Result<_, _>>()?,
            statement: stated.map(|row| statements::shown(dossier, row)).transpose()?,
        })
    };
    dossiers.iter().map(one).collect()
}

/// Which people a list asks for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<Kind>,
    /// With this e-mail address.
    pub email: Option<Email>,
    /// With this phone number.
    pub phone: Option<Phone>,
}

/// A page of people, in the order in which they were first heard of.
///
/// # Errors
/// Invalid limit or cursor.
pub fn list(view: &mut View<'_>, customer: CustomerId, filter: &Filter, ask: &Ask) -> Result<Page<Person>, Error> {
    let keys = view.customer_keys(customer)?;
    let filter = store::people::Filter {
        kind: filter.kind.map(Kind::number),
        email_index: filter.email.as_ref().and_then(|email| email_index(&keys, email.as_str())),
        phone_index: filter.phone.as_ref().and_then(|phone| phone_index(&keys, phone.as_str())),
    };
    let limit = ask.limit()?;
    let keyring = &view.core.keyring;
    let after = ask.position(keyring, Some(customer), "people")?.and_then(|text| text.parse().ok()).map(PersonId);
    let rows = store::people::page(view.conn, customer, &filter, after, limit as i64 + 1, view.sight)?;
    let keyring = keyring.clone();
    cut(
        &keyring,
        Some(customer),
        "people",
        limit,
        rows,
        |row| row.id.0.to_string(),
        |rows| {
            let dossiers = rows.into_iter().map(|row| Dossier::open(&keys, row));
            show_all(view, customer, &dossiers.collect::<Result<Vec<_>, _>>()?)
        },
    )
}

/// The guest whom a filter names: as [`id_by_ref`], or whom the exception is for.
pub(super) fn guest_by_ref(
    view: &mut View<'_>,
    customer: CustomerId,
    reference: &Ref,
) -> Result<Option<PersonId>, Error> {
    match view.sight.exception() {
        Some(person) => Ok(Some(person)),
        None => id_by_ref(view, customer, reference),
    }
}

/// The inside number of a person by ref, for a filter: none when not held, or not to be seen.
pub(super) fn id_by_ref(view: &mut View<'_>, customer: CustomerId, reference: &Ref) -> Result<Option<PersonId>, Error> {
    let keys = view.customer_keys(customer)?;
    Ok(store::people::by_ref(view.conn, customer, &ref_index(&keys, reference.as_str()), view.sight)?.map(|row| row.id))
}

/// The dossiers of these people, by id.
pub(super) fn dossiers(
    view: &mut View<'_>,
    customer: CustomerId,
    mut ids: Vec<PersonId>,
) -> Result<HashMap<PersonId, Dossier>, Error> {
    ids.sort_unstable();
    ids.dedup();
    let keys = view.customer_keys(customer)?;
    let rows = store::people::by_ids(view.conn, customer, &ids)?;
    view.shown.add(rows.iter().map(|row| row.id));
    rows.into_iter().map(|row| Ok((row.id, Dossier::open(&keys, row)?))).collect()
}
