//! People.

use super::conn::Conn;
use super::each::{Search, each};
use super::schema::people;
use super::sight::{Sight, seen};
use super::tx::Tx;
use crate::domain::{CustomerId, PersonId, Timestamp};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

pub use super::bulk::people::{insert, update};

/// A person's row; every personal field is sealed under the person's own key.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = people, treat_none_as_default_value = false)]
pub struct Person {
    /// Whose.
    pub customer_id: CustomerId,
    /// Inside the database.
    pub id: PersonId,
    /// Blind index of the ref.
    pub ref_index: Vec<u8>,
    /// The ref.
    pub ref_sealed: Vec<u8>,
    /// The person's key, wrapped by the customer's.
    pub wrapped_key: Vec<u8>,
    /// Version of the customer's key.
    pub key_version: i32,
    /// Guest, host or recipient.
    pub kind: i16,
    /// When the kind was stated; none when it is implied.
    pub kind_at: Option<Timestamp>,
    /// Name with its date.
    pub name_sealed: Option<Vec<u8>>,
    /// E-mail address with its date.
    pub email_sealed: Option<Vec<u8>>,
    /// Blind index of the e-mail address.
    pub email_index: Option<Vec<u8>>,
    /// Phone number with its date.
    pub phone_sealed: Option<Vec<u8>>,
    /// Blind index of the phone number.
    pub phone_index: Option<Vec<u8>>,
    /// Company with its date.
    pub company_sealed: Option<Vec<u8>>,
    /// Number plate with its date.
    pub vehicle_plate_sealed: Option<Vec<u8>>,
    /// What the customer's backend last said, field by field.
    pub mirror_sealed: Option<Vec<u8>>,
    /// When the person was first heard of.
    pub created_at: Timestamp,
    /// When anything last changed.
    pub updated_at: Timestamp,
    /// Which life of the ref this is, from 1.
    pub epoch: i32,
    /// Since when, for a person made anew after a deletion: events that happened before stay refused.
    pub epoch_at: Option<Timestamp>,
}

/// A person who may be seen, by the blind index of the ref.
pub fn by_ref(conn: &mut Conn, customer: CustomerId, index: &[u8], sight: Sight) -> QueryResult<Option<Person>> {
    people::table
        .filter(people::customer_id.eq(customer).and(people::ref_index.eq(index)))
        .filter(seen!(customer, people::id, sight))
        .select(Person::as_select())
        .first(conn)
        .optional()
}

/// People by the blind indexes of their refs, locked in the order of ids so that two writers cannot wait for each other.
pub fn lock_by_refs(tx: &mut Tx<'_>, customer: CustomerId, indexes: &[Vec<u8>]) -> QueryResult<Vec<Person>> {
    let found: QueryResult<_> = each!(tx, ByRef<true>, customer, indexes);
    found.map(in_order)
}

/// People by the blind indexes of their refs, as they are; nobody waits.
pub fn by_refs(conn: &mut Conn, customer: CustomerId, indexes: &[Vec<u8>]) -> QueryResult<Vec<Person>> {
    each!(conn, ByRef<false>, customer, indexes)
}

/// People by their internal ids, locked likewise.
pub fn lock_by_ids(tx: &mut Tx<'_>, customer: CustomerId, ids: &[PersonId]) -> QueryResult<Vec<Person>> {
    let found: QueryResult<_> = each!(tx, ById, customer, ids);
    found.map(in_order)
}

/// Locked or as they are.
struct ByRef<const LOCKS: bool>;

impl<const LOCKS: bool> Search for ByRef<LOCKS> {
    type Key = Binary;
    type Row = people::SqlType;
    const COLUMNS: &'static str = COLUMNS;
    const TABLE: &'static str = "people";
    const BY: &'static str = "ref_index";
    const LOCKS: bool = LOCKS;
}

/// Locked.
struct ById;

impl Search for ById {
    type Key = BigInt;
    type Row = people::SqlType;
    const COLUMNS: &'static str = COLUMNS;
    const TABLE: &'static str = "people";
    const BY: &'static str = "id";
    const LOCKS: bool = true;
}

const COLUMNS: &str = "customer_id, id, ref_index, ref_sealed, wrapped_key, key_version, kind, kind_at, name_sealed, \
                       email_sealed, email_index, phone_sealed, phone_index, company_sealed, vehicle_plate_sealed, \
                       mirror_sealed, created_at, updated_at, epoch, epoch_at";

/// SQLite, which locks nothing, finds them in the order in which they are asked for.
fn in_order(mut people: Vec<Person>) -> Vec<Person> {
    people.sort_unstable_by_key(|person| person.id);
    people
}

/// People by their internal ids.
pub fn by_ids(conn: &mut Conn, customer: CustomerId, ids: &[PersonId]) -> QueryResult<Vec<Person>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(30_000) {
        found.extend(
            people::table
                .filter(people::customer_id.eq(customer).and(people::id.eq_any(chunk)))
                .select(Person::as_select())
                .load::<Person>(conn)?,
        );
    }
    Ok(found)
}

/// Which people a list asks for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<i16>,
    /// With this blind index of the e-mail address.
    pub email_index: Option<Vec<u8>>,
    /// With this blind index of the phone number.
    pub phone_index: Option<Vec<u8>>,
}

/// People who may be seen after `after`, in the order in which they were first heard of.
pub fn page(
    conn: &mut Conn,
    customer: CustomerId,
    filter: &Filter,
    after: Option<PersonId>,
    limit: i64,
    sight: Sight,
) -> QueryResult<Vec<Person>> {
    let mut query = people::table
        .filter(people::customer_id.eq(customer).and(people::id.gt(after.unwrap_or(PersonId(0)))))
        .filter(seen!(customer, people::id, sight))
        .order(people::id)
        .limit(limit)
        .select(Person::as_select())
        .into_boxed();
    if let Some(kind) = filter.kind {
        query = query.filter(people::kind.eq(kind));
    }
    if let Some(index) = &filter.email_index {
        query = query.filter(people::email_index.eq(index));
    }
    if let Some(index) = &filter.phone_index {
        query = query.filter(people::phone_index.eq(index));
    }
    query.load(conn)
}
