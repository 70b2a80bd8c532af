//! Customers and their wrapped keys.

use super::conn::Conn;
use super::schema::{customer_keys, customers};
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, PublicId, Timestamp};
use diesel::prelude::*;

/// A customer's row.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = customers, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Customer {
    /// Inside the database.
    pub id: CustomerId,
    /// Outside.
    pub public_id: PublicId,
    /// The company's name.
    pub name: String,
    /// IANA time zone.
    pub time_zone: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// The language in which it is written to.
    pub locale: String,
    /// How it is named and written to, sealed under its own key.
    pub contact_sealed: Option<Vec<u8>>,
    /// The version of that key.
    pub key_version: Option<i32>,
}

/// A wrapped key's row.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = customer_keys)]
pub struct CustomerKey {
    /// Whose.
    pub customer_id: CustomerId,
    /// 1 seals, 2 indexes.
    pub purpose: i16,
    /// Counted from 1.
    pub version: i32,
    /// The key, wrapped by the master key.
    pub wrapped: Vec<u8>,
    /// Which master key.
    pub master_key_id: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Stores a customer.
pub fn insert(tx: &mut Tx<'_>, customer: &Customer) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(customers::table).values(customer).execute(c))
}

/// Stores wrapped keys.
pub fn insert_keys(tx: &mut Tx<'_>, keys: &[CustomerKey]) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(customer_keys::table).values(keys).execute(c))
}

/// The wrapped keys of a customer.
pub fn keys(conn: &mut Conn, customer: CustomerId) -> QueryResult<Vec<CustomerKey>> {
    customer_keys::table
        .filter(customer_keys::customer_id.eq(customer))
        .order((customer_keys::purpose, customer_keys::version))
        .select(CustomerKey::as_select())
        .load(conn)
}

/// A customer by its internal id.
pub fn get(conn: &mut Conn, id: CustomerId) -> QueryResult<Option<Customer>> {
    customers::table.find(id).select(Customer::as_select()).first(conn).optional()
}

/// A customer by its public id.
pub fn find(conn: &mut Conn, id: PublicId) -> QueryResult<Option<Customer>> {
    customers::table.filter(customers::public_id.eq(id)).select(Customer::as_select()).first(conn).optional()
}

/// Customers after `after`, in the order in which they were created.
pub fn page(conn: &mut Conn, after: Option<CustomerId>, limit: i64) -> QueryResult<Vec<Customer>> {
    customers::table
        .filter(customers::id.gt(after.unwrap_or(CustomerId(0))))
        .order(customers::id)
        .limit(limit)
        .select(Customer::as_select())
        .load(conn)
}

/// A customer, its row locked until the transaction ends; SQLite has one writer and needs no lock.
pub fn lock(tx: &mut Tx<'_>, id: CustomerId) -> QueryResult<Option<Customer>> {
    let conn: &mut Conn = tx;
    match conn {
        Conn::Postgres(c) => {
            customers::table.find(id).select(Customer::as_select()).for_no_key_update().first(c).optional()
        }
        Conn::Sqlite(c) => customers::table.find(id).select(Customer::as_select()).first(c).optional(),
    }
}

/// Changes what is known of a customer.
pub fn update(tx: &mut Tx<'_>, customer: &Customer) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(customers::table.find(customer.id)).set(customer).execute(conn)
}
