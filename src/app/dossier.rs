//! A person's row with the key that opens it.

use crate::crypto::{CustomerKeys, DataKey, Place, Row, WrappedPersonKey};
use crate::domain::contact::{Email, Phone};
use crate::domain::objection::Purpose;
use crate::domain::person::{Dated, Field, Kind, Source, keep_later, later_kind};
use crate::domain::{CustomerId, EventKey, PersonId, PublicId, Timestamp, VisitId};
use crate::error::Error;
use crate::store::people::Person;

/// Person keys are made once and die with the person.
const PERSON_KEY_VERSION: u32 = 1;

/// Words about a person: where they stand.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Words {
    /// Why the data are restricted.
    Restriction,
    /// What the person says beside the data.
    Statement,
    /// On which grounds an objection was refused.
    Objection(Purpose),
    /// Which provision demands a hold.
    Hold(PublicId),
}

/// A person's row and key; sealing and opening of everything that is the person's.
pub(crate) struct Dossier {
    pub row: Person,
    key: DataKey,
    pub changed: bool,
}

impl Dossier {
    /// A person not heard of before.
    pub fn create(
        keys: &CustomerKeys,
        id: PersonId,
        reference: &str,
        kind: Kind,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let (key, wrapped) = keys.new_person_key(id).map_err(Error::internal)?;
        let place = place(keys.customer, "people", "ref_sealed", Row::Key(id.0), id);
        let row = Person {
            customer_id: keys.customer,
            id,
            ref_index: ref_index(keys, reference),
            ref_sealed: key.seal(&place, reference.as_bytes()).map_err(Error::internal)?,
            wrapped_key: wrapped.wrapped,
            key_version: version_column(wrapped.version)?,
            kind: kind.number(),
            kind_at: None,
            name_sealed: None,
            email_sealed: None,
            email_index: None,
            phone_sealed: None,
            phone_index: None,
            company_sealed: None,
            vehicle_plate_sealed: None,
            mirror_sealed: None,
            created_at: now,
            updated_at: now,
            epoch: 1,
            epoch_at: None,
        };
        Ok(Self { row, key, changed: false })
    }

    /// A stored person.
    pub fn open(keys: &CustomerKeys, row: Person) -> Result<Self, Error> {
        let version = u32::try_from(row.key_version).map_err(Error::internal)?;
        let wrapped = WrappedPersonKey { version, wrapped: row.wrapped_key.clone() };
        let key = keys.open_person_key(row.id, &wrapped).map_err(Error::internal)?;
        Ok(Self { row, key, changed: false })
    }

    pub fn id(&self) -> PersonId {
        self.row.id
    }

    fn place(&self, table: &'static str, column: &'static str, row: Row) -> Place {
        place(self.row.customer_id, table, column, row, self.row.id)
    }

    fn own(&self, column: &'static str) -> Place {
        self.place("people", column, Row::Key(self.row.id.0))
    }

    /// The customer's own identifier of the person.
    pub fn reference(&self) -> Result<String, Error> {
        text(self.key.open(&self.own("ref_sealed"), &self.row.ref_sealed).map_err(Error::internal)?.to_vec())
    }

    /// What the person is to the customer.
    pub fn kind(&self) -> Result<Kind, Error> {
        Kind::from_number(self.row.kind).ok_or_else(|| Error::internal("a kind of person out of range"))
    }

    /// Takes another word on the kind.
    pub fn say_kind(&mut self, kind: Kind, at: Option<Timestamp>) -> Result<(), Error> {
        let kept = (self.kind()?, self.row.kind_at);
        let after = later_kind(kept, (kind, at));
        if after != kept {
            (self.row.kind, self.row.kind_at) = (after.0.number(), after.1);
            self.changed = true;
        }
        Ok(())
    }

    fn column(&mut self, field: Field) -> &mut Option<Vec<u8>> {
        match field {
            Field::Name => &mut self.row.name_sealed,
            Field::Email => &mut self.row.email_sealed,
            Field::Phone => &mut self.row.phone_sealed,
            Field::Company => &mut self.row.company_sealed,
            Field::VehiclePlate => &mut self.row.vehicle_plate_sealed,
        }
    }

    /// A field with its date.
    pub fn dated(&self, field: Field) -> Result<Option<Dated>, Error> {
        let sealed = match field {
            Field::Name => &self.row.name_sealed,
            Field::Email => &self.row.email_sealed,
            Field::Phone => &self.row.phone_sealed,
            Field::Company => &self.row.company_sealed,
            Field::VehiclePlate => &self.row.vehicle_plate_sealed,
        };
        let Some(sealed) = sealed else { return Ok(None) };
        let plain = self.key.open(&self.own(field.column()), sealed).map_err(Error::internal)?;
        Dated::decode(&plain).map(Some).ok_or_else(|| Error::internal("a sealed field does not decode"))
    }

    /// A field's value.
    pub fn value(&self, field: Field) -> Result<Option<String>, Error> {
        Ok(self.dated(field)?.and_then(|dated| dated.value))
    }

    /// Takes another word on a field: the later one stays.
    pub fn say(&mut self, keys: &CustomerKeys, field: Field, said: Dated) -> Result<(), Error> {
        let mut slot = self.dated(field)?;
        if keep_later(&mut slot, said) {
            self.set(keys, field, slot.as_ref())?;
        }
        Ok(())
    }

    /// Sets a field whatever was there.
    pub fn set(&mut self, keys: &CustomerKeys, field: Field, dated: Option<&Dated>) -> Result<(), Error> {
        let sealed = dated
            .map(|dated| self.key.seal(&self.own(field.column()), &dated.encode()))
            .transpose()
            .map_err(Error::internal)?;
        let value = dated.and_then(|dated| dated.value.as_deref());
        match field {
            Field::Email => self.row.email_index = value.and_then(|text| email_index(keys, text)),
            Field::Phone => self.row.phone_index = value.and_then(|text| phone_index(keys, text)),
            _ => {}
        }
        *self.column(field) = sealed;
        self.changed = true;
        Ok(())
    }

    /// What the customer's backend last said, field by field.
    pub fn mirror(&self) -> Result<[Option<Dated>; 5], Error> {
        let mut fields = [const { None }; 5];
        let Some(sealed) = &self.row.mirror_sealed else { return Ok(fields) };
        let plain = self.key.open(&self.own("mirror_sealed"), sealed).map_err(Error::internal)?;
        let kept: Vec<Option<(i64, Option<String>)>> = serde_json::from_slice(&plain).map_err(Error::internal)?;
        for (slot, kept) in fields.iter_mut().zip(kept) {
            if let Some((micros, value)) = kept {
                let at = Timestamp::from_micros(micros).ok_or_else(|| Error::internal("instant out of range"))?;
                *slot = Some(Dated { at, source: Source::Backend, value });
            }
        }
        Ok(fields)
    }

    /// Keeps what the customer's backend says now.
    pub fn set_mirror(&mut self, fields: &[Option<Dated>; 5]) -> Result<(), Error> {
        let kept: Vec<_> = fields.iter().map(|f| f.as_ref().map(|d| (d.at.micros(), d.value.as_deref()))).collect();
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(&kept).map_err(Error::internal)?);
        self.row.mirror_sealed = Some(self.key.seal(&self.own("mirror_sealed"), &plain).map_err(Error::internal)?);
        self.changed = true;
        Ok(())
    }

    /// Seals something of the person's that stands in an event's row.
    pub fn seal_event(&self, column: &'static str, event: EventKey, plain: &[u8]) -> Result<Vec<u8>, Error> {
        self.key.seal(&self.place("events", column, Row::Key(event.0)), plain).map_err(Error::internal)
    }

    /// Opens it again.
    pub fn open_event(&self, column: &'static str, event: EventKey, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let place = self.place("events", column, Row::Key(event.0));
        Ok(self.key.open(&place, sealed).map_err(Error::internal)?.to_vec())
    }

    /// Seals what an event says of the person as host.
    pub fn seal_host(&self, event: EventKey, plain: &[u8]) -> Result<Vec<u8>, Error> {
        self.key.seal(&self.place("event_hosts", "details_sealed", Row::Key(event.0)), plain).map_err(Error::internal)
    }

    /// Opens it again.
    pub fn open_host(&self, event: EventKey, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let place = self.place("event_hosts", "details_sealed", Row::Key(event.0));
        Ok(self.key.open(&place, sealed).map_err(Error::internal)?.to_vec())
    }

    /// Seals where a notification to the person went.
    pub fn seal_address(&self, event: EventKey, position: i16, plain: &str) -> Result<Vec<u8>, Error> {
        let place = self.place("event_recipients", "address_sealed", Row::Part(event.0, position.into()));
        self.key.seal(&place, plain.as_bytes()).map_err(Error::internal)
    }

    /// Opens it again.
    pub fn open_address(&self, event: EventKey, position: i16, sealed: &[u8]) -> Result<String, Error> {
        let place = self.place("event_recipients", "address_sealed", Row::Part(event.0, position.into()));
        text(self.key.open(&place, sealed).map_err(Error::internal)?.to_vec())
    }

    /// Seals words about the person that stand in a row of another table.
    pub fn seal_words(&self, words: Words, plain: &str) -> Result<Vec<u8>, Error> {
        self.key.seal(&self.words_place(words), plain.as_bytes()).map_err(Error::internal)
    }

    /// Opens them again.
    pub fn open_words(&self, words: Words, sealed: &[u8]) -> Result<String, Error> {
        text(self.key.open(&self.words_place(words), sealed).map_err(Error::internal)?.to_vec())
    }

    fn words_place(&self, words: Words) -> Place {
        let own = self.row.id.0;
        match words {
            Words::Restriction => self.place("restrictions", "reason_sealed", Row::Key(own)),
            Words::Statement => self.place("statements", "text_sealed", Row::Key(own)),
            Words::Objection(purpose) => {
                self.place("objections", "grounds_sealed", Row::Part(own, purpose.number().into()))
            }
            Words::Hold(id) => self.place("holds", "law_sealed", Row::Uuid(id.0)),
        }
    }

    /// Seals the customer's own identifier of a visit.
    pub fn seal_visit_ref(&self, visit: VisitId, plain: &str) -> Result<Vec<u8>, Error> {
        let place = self.place("visits", "visit_ref_sealed", Row::Uuid(visit.0));
        self.key.seal(&place, plain.as_bytes()).map_err(Error::internal)
    }

    /// Opens it again.
    pub fn open_visit_ref(&self, visit: VisitId, sealed: &[u8]) -> Result<String, Error> {
        let place = self.place("visits", "visit_ref_sealed", Row::Uuid(visit.0));
        text(self.key.open(&place, sealed).map_err(Error::internal)?.to_vec())
    }
}

fn place(customer: CustomerId, table: &'static str, column: &'static str, row: Row, person: PersonId) -> Place {
    Place { customer, table, column, row, subject: Some(person), version: PERSON_KEY_VERSION }
}

/// The ref alone of a stored person.
pub(crate) fn open_ref(
    keys: &CustomerKeys,
    id: PersonId,
    key_version: i32,
    wrapped_key: &[u8],
    ref_sealed: &[u8],
) -> Result<String, Error> {
    let version = u32::try_from(key_version).map_err(Error::internal)?;
    let wrapped = WrappedPersonKey { version, wrapped: wrapped_key.to_vec() };
    let key = keys.open_person_key(id, &wrapped).map_err(Error::internal)?;
    let place = place(keys.customer, "people", "ref_sealed", Row::Key(id.0), id);
    text(key.open(&place, ref_sealed).map_err(Error::internal)?.to_vec())
}

fn text(bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|_| Error::internal("a sealed text is not UTF-8"))
}

/// A key's version as its column holds it.
pub(crate) fn version_column(version: u32) -> Result<i32, Error> {
    i32::try_from(version).map_err(Error::internal)
}

/// Blind index of a person's ref.
pub(crate) fn ref_index(keys: &CustomerKeys, reference: &str) -> Vec<u8> {
    keys.index.index("person.ref", reference.as_bytes()).to_vec()
}

/// Blind index of an e-mail address; none when it is not one.
pub(crate) fn email_index(keys: &CustomerKeys, text: &str) -> Option<Vec<u8>> {
    let email = Email::new(text).ok()?;
    Some(keys.index.index("person.email", email.normalised().as_bytes()).to_vec())
}

/// Blind index of a phone number; none when it is not one.
pub(crate) fn phone_index(keys: &CustomerKeys, text: &str) -> Option<Vec<u8>> {
    let phone = Phone::new(text).ok()?;
    Some(keys.index.index("person.phone", phone.normalised().as_bytes()).to_vec())
}

/// By what the holds of a ref are found, the living person's and those of what is left of erased ones.
pub(crate) fn hold_digest(keys: &CustomerKeys, ref_index: &[u8]) -> [u8; 32] {
    keys.index.digest("hold", &[ref_index])
}

/// The blind index of what is left of an erased person: no ref leads to it, and the ref is free for another life.
///
/// A restored backup holds the person under the same internal id, so that the same comes out when its erasure is
/// repeated.
pub(crate) fn rest_index(keys: &CustomerKeys, ref_index: &[u8], id: PersonId) -> [u8; 32] {
    keys.index.digest("hold.rest", &[ref_index, &id.0.to_be_bytes()])
}

/// By what an erased person's tombstone and journal entries are found.
///
/// Made of the blind index of the ref, so that it can be told from a ref and from a person's row alike; whoever has no
/// key of the customer cannot tell to which row of an old backup it belongs.
pub(crate) fn tombstone_digest(keys: &CustomerKeys, ref_index: &[u8]) -> [u8; 32] {
    keys.index.digest("tombstone", &[ref_index])
}
