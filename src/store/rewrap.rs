//! Putting stored keys under other keys, a batch at a time.

use super::conn::Conn;
use super::customers::{Customer, CustomerKey};
use super::licenses::License;
use super::mails::Mail;
use super::schema::{customer_keys, customers, licenses, mails, people};
use super::tx::{Tx, load_locked};
use crate::domain::{CustomerId, LicenseId, PersonId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Integer};

/// `customer_keys.purpose` of keys that seal.
const SEAL: i16 = 1;

/// A person's wrapped key.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = people)]
pub struct PersonKey {
    /// Whose.
    pub id: PersonId,
    /// The key.
    pub wrapped_key: Vec<u8>,
    /// Version of the customer's key that wraps it.
    pub key_version: i32,
}

/// The versions of a customer's sealing key, the earliest first.
pub fn seal_versions(conn: &mut Conn, customer: CustomerId) -> QueryResult<Vec<i32>> {
    customer_keys::table
        .filter(customer_keys::customer_id.eq(customer).and(customer_keys::purpose.eq(SEAL)))
        .order(customer_keys::version)
        .select(customer_keys::version)
        .load(conn)
}

/// People whose keys are under an earlier version, from `after` on, locked in the order of ids as every writer does.
pub fn people_before(
    tx: &mut Tx<'_>,
    customer: CustomerId,
    version: i32,
    after: PersonId,
    limit: i64,
) -> QueryResult<Vec<PersonKey>> {
    let wanted = people::customer_id.eq(customer).and(people::id.gt(after)).and(people::key_version.lt(version));
    load_locked!(tx, people::table.filter(wanted).order(people::id).limit(limit).select(PersonKey::as_select()))
}

/// Stores people's keys as another version wraps them.
pub fn set_people(
    tx: &mut Tx<'_>,
    customer: CustomerId,
    version: i32,
    keys: &[(PersonId, Vec<u8>)],
) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    match conn {
        Conn::Postgres(c) => {
            let (ids, wrapped): (Vec<i64>, Vec<&[u8]>) = keys.iter().map(|(id, key)| (id.0, key.as_slice())).unzip();
            diesel::sql_query(
                "UPDATE people SET wrapped_key = new.wrapped_key, key_version = $2 \
                 FROM unnest($3, $4) AS new (id, wrapped_key) WHERE people.customer_id = $1 AND people.id = new.id",
            )
            .bind::<BigInt, _>(customer.0)
            .bind::<Integer, _>(version)
            .bind::<Array<BigInt>, _>(ids)
            .bind::<Array<Binary>, _>(wrapped)
            .execute(c)
        }
        Conn::Sqlite(c) => keys.iter().try_fold(0, |sum, (id, wrapped)| {
            let set = (people::wrapped_key.eq(wrapped), people::key_version.eq(version));
            Ok(sum + diesel::update(people::table.find((customer, *id))).set(set).execute(c)?)
        }),
    }
}

/// Licences whose numbers are sealed under an earlier version, locked.
pub fn licenses_before(tx: &mut Tx<'_>, customer: CustomerId, version: i32, limit: i64) -> QueryResult<Vec<License>> {
    let wanted = licenses::customer_id.eq(customer).and(licenses::key_version.lt(version));
    load_locked!(tx, licenses::table.filter(wanted).order(licenses::id).limit(limit).select(License::as_select()))
}

/// Stores a licence's number as another version seals it.
pub fn set_license(
    tx: &mut Tx<'_>,
    customer: CustomerId,
    license: LicenseId,
    version: i32,
    number_sealed: &[u8],
) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(licenses::table.find((customer, license)))
        .set((licenses::number_sealed.eq(number_sealed), licenses::key_version.eq(version)))
        .execute(conn)
}

/// Stores a customer's contact as another version seals it.
pub fn set_contact(tx: &mut Tx<'_>, row: &Customer) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(customers::table.find(row.id))
        .set((customers::contact_sealed.eq(&row.contact_sealed), customers::key_version.eq(row.key_version)))
        .execute(conn)
}

/// Mails whose content is sealed under an earlier version, locked.
pub fn mails_before(tx: &mut Tx<'_>, customer: CustomerId, version: i32, limit: i64) -> QueryResult<Vec<Mail>> {
    let wanted = mails::customer_id.eq(customer).and(mails::key_version.lt(version));
    load_locked!(tx, mails::table.filter(wanted).order(mails::id).limit(limit).select(Mail::as_select()))
}

/// Stores what a mail says as another version seals it.
pub fn set_mail(tx: &mut Tx<'_>, mail: &Mail, version: i32, content_sealed: &[u8]) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(mails::table.find((mail.customer_id, mail.id)).filter(mails::content_sealed.is_not_null()))
        .set((mails::content_sealed.eq(content_sealed), mails::key_version.eq(version)))
        .execute(conn)
}

/// Whether anything of a customer's is still under an earlier version.
pub fn anything_before(conn: &mut Conn, customer: CustomerId, version: i32) -> QueryResult<bool> {
    let person = people::customer_id.eq(customer).and(people::key_version.lt(version));
    let person = people::table.filter(person).select(people::id).first::<PersonId>(conn).optional()?;
    let license = licenses::customer_id.eq(customer).and(licenses::key_version.lt(version));
    let license = licenses::table.filter(license).select(licenses::id).first::<LicenseId>(conn).optional()?;
    let contact = customers::id.eq(customer).and(customers::key_version.lt(version));
    let contact = customers::table.filter(contact).select(customers::id).first::<CustomerId>(conn).optional()?;
    let mail = mails::customer_id.eq(customer).and(mails::key_version.lt(version));
    let mail = mails::table.filter(mail).select(mails::id).first::<i64>(conn).optional()?;
    let held = person.is_some() || license.is_some() || contact.is_some() || mail.is_some();
    Ok(held || super::webhooks::sealed::any_before(conn, customer, version)?)
}

/// Deletes the earlier versions of a customer's sealing key.
pub fn delete_seal_keys_before(tx: &mut Tx<'_>, customer: CustomerId, version: i32) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    let earlier = customer_keys::customer_id
        .eq(customer)
        .and(customer_keys::purpose.eq(SEAL))
        .and(customer_keys::version.lt(version));
    diesel::delete(customer_keys::table.filter(earlier)).execute(conn)
}

/// Customers' keys that another master key wraps, locked.
pub fn customer_keys_not_under(tx: &mut Tx<'_>, master_key_id: &str, limit: i64) -> QueryResult<Vec<CustomerKey>> {
    let order = (customer_keys::customer_id, customer_keys::purpose, customer_keys::version);
    load_locked!(
        tx,
        customer_keys::table
            .filter(customer_keys::master_key_id.ne(master_key_id))
            .order(order)
            .limit(limit)
            .select(CustomerKey::as_select())
    )
}

/// Stores a customer's key as another master key wraps it.
pub fn set_customer_key(tx: &mut Tx<'_>, key: &CustomerKey, master_key_id: &str, wrapped: &[u8]) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(customer_keys::table.find((key.customer_id, key.purpose, key.version)))
        .set((customer_keys::wrapped.eq(wrapped), customer_keys::master_key_id.eq(master_key_id)))
        .execute(conn)
}
