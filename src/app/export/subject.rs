//! The person whose file it is, and what is needed to open what is theirs.

use super::super::View;
use super::super::dossier::{Dossier, hold_digest, ref_index, tombstone_digest};
use super::super::{holds, licenses, objections, restrictions, statements};
use super::fields::Section;
use super::plan::{Plan, Row};
use super::words::codes;
use crate::domain::person::{Dated, Field, Kind};
use crate::domain::text::Ref;
use crate::domain::zone::Zone;
use crate::domain::{CustomerId, LicenseId, PersonId, Timestamp};
use crate::error::Error;
use crate::store::tombstones::Tombstone;
use crate::store::{self, Sight};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A site.
pub(super) struct Site {
    pub number: String,
    pub name: String,
    pub zone: Zone,
}

/// The person and the customer's sites.
pub(super) struct Subject {
    pub customer: CustomerId,
    pub dossier: Dossier,
    pub reference: String,
    pub zone: Zone,
    pub sites: HashMap<LicenseId, Site>,
    earlier: Option<Tombstone>,
}

impl Subject {
    /// Finds the person, restricted or not; when the person is erased but for a hold, what is left.
    ///
    /// # Errors
    /// `not_found`.
    pub fn find(view: &mut View<'_>, customer: CustomerId, reference: &Ref) -> Result<Self, Error> {
        let keys = view.customer_keys(customer)?;
        let index = ref_index(&keys, reference.as_str());
        let there = store::people::by_refs(view.conn, customer, std::slice::from_ref(&index))?.pop();
        let row = match there {
            Some(row) => row,
            None => rest(view, customer, &hold_digest(&keys, &index))?,
        };
        // It is the person's own right (Article 15), so restriction does not hide the person from this read.
        view.sight = Sight::with(row.id);
        let digest = tombstone_digest(&keys, &index).to_vec();
        let earlier = store::tombstones::find(view.conn, customer, &[digest])?.pop();
        let dossier = Dossier::open(&keys, row)?;
        let mut sites = HashMap::new();
        for row in store::licenses::of_customer(view.conn, customer)? {
            let zone = Zone::parse(&row.time_zone).map_err(Error::internal)?;
            let number = licenses::number(&keys, &row)?;
            sites.insert(row.id, Site { number, name: row.name, zone });
        }
        let zone = super::super::customers::zone(view, customer)?;
        Ok(Self { customer, reference: dossier.reference()?, dossier, zone, sites, earlier })
    }

    pub fn id(&self) -> PersonId {
        self.dossier.id()
    }

    pub fn kind(&self) -> Result<Kind, Error> {
        self.dossier.kind()
    }

    /// The instant, by the clock of the customer.
    pub fn instant(&self, at: Timestamp) -> Value {
        Value::from(self.zone.rfc3339(at))
    }

    /// The number and the name of a site, and its clock.
    pub fn at_site(&self, license: LicenseId) -> (Value, Value, Clock) {
        match self.sites.get(&license) {
            Some(site) => (Value::from(site.number.as_str()), Value::from(site.name.as_str()), Clock(site.zone)),
            None => (Value::Null, Value::Null, Clock(self.zone)),
        }
    }

    /// The person's own fields.
    pub fn row<'p>(&self, plan: &'p Plan) -> Result<Row<'p>, Error> {
        let row = &self.dossier.row;
        let kept = |field| Ok::<_, Error>(self.dossier.dated(field)?.map_or(Value::Null, |dated| self.dated(&dated)));
        let mirror = row.mirror_sealed.as_ref().map(|_| self.mirror()).transpose()?;
        plan.section(Section::Person)?.row([
            ("ref", Value::from(self.reference.as_str())),
            ("kind", Value::from(self.kind()?.as_str())),
            ("kind_stated_at", row.kind_at.map_or(Value::Null, |at| self.instant(at))),
            ("name", kept(Field::Name)?),
            ("email", kept(Field::Email)?),
            ("phone", kept(Field::Phone)?),
            ("company", kept(Field::Company)?),
            ("vehicle_plate", kept(Field::VehiclePlate)?),
            ("stated_by_company", mirror.unwrap_or_default()),
            ("found_by_ref", Value::from(!row.ref_index.is_empty())),
            ("found_by_email", Value::from(row.email_index.is_some())),
            ("found_by_phone", Value::from(row.phone_index.is_some())),
            ("first_heard_of_at", self.instant(row.created_at)),
            ("last_changed_at", self.instant(row.updated_at)),
            ("life", Value::from(row.epoch)),
            ("life_since", row.epoch_at.map_or(Value::Null, |at| self.instant(at))),
        ])
    }

    fn dated(&self, dated: &Dated) -> Value {
        json!({"value": dated.value, "said_at": self.instant(dated.at), "said_by": codes::source(dated.source)})
    }

    /// What the customer's backend last said, field by field.
    fn mirror(&self) -> Result<Value, Error> {
        let names = ["name", "email", "phone", "company", "vehicle_plate"];
        let fields = names.into_iter().zip(self.dossier.mirror()?);
        let fields = fields.map(|(name, said)| (name.to_owned(), said.map_or(Value::Null, |said| self.dated(&said))));
        Ok(Value::Object(fields.collect::<Map<_, _>>()))
    }

    /// The restriction in force.
    pub fn restriction<'p>(&self, view: &mut View<'_>, plan: &'p Plan) -> Result<Option<Row<'p>>, Error> {
        let Some(row) = store::restrictions::of(view.conn, self.customer, &[self.id()])?.pop() else { return Ok(None) };
        // What is left under a hold is restricted by the hold itself.
        let Some(shown) = restrictions::shown(&self.dossier, &row)? else { return Ok(None) };
        let placed = plan.section(Section::Restriction)?.row([
            ("ground", Value::from(shown.ground.as_str())),
            ("reason", Value::from(shown.reason)),
            ("placed_at", self.instant(shown.placed_at)),
        ])?;
        Ok(Some(placed))
    }

    /// What the person says beside the data.
    pub fn statement<'p>(&self, view: &mut View<'_>, plan: &'p Plan) -> Result<Option<Row<'p>>, Error> {
        let Some(row) = store::statements::of(view.conn, self.customer, &[self.id()])?.pop() else { return Ok(None) };
        let said = statements::shown(&self.dossier, &row)?;
        let row = plan
            .section(Section::Statement)?
            .row([("text", Value::from(said.text)), ("made_at", self.instant(said.made_at))])?;
        Ok(Some(row))
    }

    /// What the person has objected to.
    pub fn objections<'p>(&self, view: &mut View<'_>, plan: &'p Plan) -> Result<Vec<Row<'p>>, Error> {
        let section = plan.section(Section::Objections)?;
        let rows = store::objections::of(view.conn, self.customer, &[self.id()])?;
        let row = |row: &store::objections::Objection| {
            let shown = objections::shown(&self.dossier, row)?;
            section.row([
                ("purpose", Value::from(shown.purpose.as_str())),
                ("claim", Value::from(shown.claim.as_str())),
                ("decision", Value::from(shown.state.as_str())),
                ("grounds", Value::from(shown.grounds)),
                ("received_at", self.instant(shown.received_at)),
                ("decided_at", shown.decided_at.map_or(Value::Null, |at| self.instant(at))),
            ])
        };
        rows.iter().map(row).collect()
    }

    /// What must be kept although the person is erased.
    pub fn holds<'p>(&self, view: &mut View<'_>, plan: &'p Plan) -> Result<Vec<Row<'p>>, Error> {
        let section = plan.section(Section::Holds)?;
        let rows = store::holds::of(view.conn, self.customer, &[self.id()])?;
        let row = |row: &store::holds::Hold| {
            let shown = holds::shown(&self.dossier, row)?;
            section.row([
                ("id", Value::from(shown.id.to_string())),
                ("hold_ground", Value::from(shown.ground.as_str())),
                ("law", Value::from(shown.law)),
                ("held", shown.fields.iter().map(|field| field.as_str()).collect()),
                ("placed_at", self.instant(shown.placed_at)),
                ("ends_at", self.instant(shown.ends_at)),
                ("erased_at", shown.erased_at.map_or(Value::Null, |at| self.instant(at))),
            ])
        };
        rows.iter().map(row).collect()
    }

    /// What is left of an earlier deletion under the same ref.
    pub fn earlier_deletion<'p>(&self, plan: &'p Plan) -> Result<Option<Row<'p>>, Error> {
        let Some(earlier) = &self.earlier else { return Ok(None) };
        let row = plan.section(Section::EarlierDeletion)?.row([
            ("life", Value::from(earlier.epoch)),
            ("deleted_at", self.instant(earlier.erased_at)),
            ("kept_until", self.instant(earlier.expires_at)),
        ])?;
        Ok(Some(row))
    }
}

/// What is left under a hold of a person who is erased.
fn rest(view: &mut View<'_>, customer: CustomerId, digest: &[u8]) -> Result<store::people::Person, Error> {
    let hold = store::holds::by_ref(view.conn, customer, digest)?.pop().ok_or_else(Error::not_found)?;
    store::people::by_ids(view.conn, customer, &[hold.person_id])?.pop().ok_or_else(Error::not_found)
}

/// The clock on the wall of a site.
#[derive(Clone, Copy)]
pub(super) struct Clock(Zone);

impl Clock {
    /// What it shows.
    pub fn at(self, at: Timestamp) -> Value {
        Value::from(self.0.rfc3339(at))
    }

    /// What it shows, if there is an instant.
    pub fn maybe(self, at: Option<Timestamp>) -> Value {
        at.map_or(Value::Null, |at| self.at(at))
    }
}
