//! Locks that outlive a statement and end with the transaction.

use super::conn::Conn;
use super::pooler;
use super::prepared::Prepared;
use super::tx::Tx;
use crate::domain::CustomerId;
use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt};

/// Holds back every writer of a customer (alone) or only those who hold alone (shared), until the transaction ends.
///
/// A correction and the event that it corrects may arrive at two nodes at once, and neither would see the other:
/// a transaction with corrections holds its customer alone. SQLite has one writer and needs nothing.
pub fn hold_customer(tx: &mut Tx<'_>, customer: CustomerId, alone: bool) -> QueryResult<()> {
    if alone { take_alone(tx, vec![customer.0]) } else { take_shared(tx, vec![customer.0]) }
}

/// Into how many parts a customer's refs are divided for [`hold_people`]: enough that deletions seldom wait for each
/// other, few enough that a batch of new people can take all of them from PostgreSQL's table of locks.
const PARTS: u8 = 64;

/// What holds apart those who make people and those who erase them, by blind index of the ref.
#[must_use]
pub fn part_of(ref_index: &[u8]) -> u8 {
    ref_index.first().map_or(0, |byte| byte % PARTS)
}

/// Every part, for who knows no ref.
pub fn all_parts() -> impl Iterator<Item = u8> {
    0..PARTS
}

/// Keeps people of these parts from being erased (shared) or from being made, changed and erased (alone) by others until
/// the transaction ends.
///
/// A row that does not exist yet cannot be locked: without this, an event could find neither person nor tombstone
/// while the deletion that leaves the tombstone finds no person. Every transaction takes the customer first
/// ([`hold_customer`]), then parts in ascending order, then rows. SQLite has one writer and needs nothing.
pub fn hold_people(
    tx: &mut Tx<'_>,
    customer: CustomerId,
    parts: impl IntoIterator<Item = u8>,
    alone: bool,
) -> QueryResult<()> {
    let keys = keys_of(customer, parts);
    if alone { take_alone(tx, keys) } else { take_shared(tx, keys) }
}

/// Holds the customer and parts of its people shared, as [`hold_customer`] and [`hold_people`] do, and then takes ids as
/// [`take`](super::ids::take) does: in one statement, since each costs a round trip. Gives no ids on SQLite, where none
/// is saved.
///
/// Whoever waits for writers ([`await_writers`]) relies on ids being taken by who holds the customer already.
///
/// The transaction's further statements are planned once and for all values: planning each anew for one event costs
/// PostgreSQL more than running it. They look up each key for itself, so that their plans do not turn on how many there are.
pub fn hold_shared(
    tx: &mut Tx<'_>,
    customer: CustomerId,
    parts: impl IntoIterator<Item = u8>,
    ids: usize,
) -> QueryResult<Vec<i64>> {
    let conn: &mut Conn = tx;
    let Conn::Postgres(c) = conn else { return Ok(Vec::new()) };
    let mut keys = vec![customer.0];
    keys.extend(keys_of(customer, parts));
    SharedWithIds { keys, ids: i64::try_from(ids).unwrap_or(i64::MAX) }.load(c)
}

/// Holds the customer shared and parts of its people alone, in one statement: for who erases them.
pub fn hold_to_erase(tx: &mut Tx<'_>, customer: CustomerId, parts: impl IntoIterator<Item = u8>) -> QueryResult<()> {
    let mut keys = vec![customer.0];
    keys.extend(keys_of(customer, parts));
    let locks = "SELECT count(pg_advisory_xact_lock_shared(key)) FILTER (WHERE key > 0) \
                      + count(pg_advisory_xact_lock(key)) FILTER (WHERE key < 0) FROM unnest(";
    take::<Both>(tx, locks, keys)
}

/// The statement that locks keys shared, one after the other, and takes ids once all are locked.
#[derive(QueryId)]
struct SharedWithIds {
    keys: Vec<i64>,
    ids: i64,
}

impl QueryFragment<Pg> for SharedWithIds {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT nextval('id_blocks') FROM (");
        out.push_sql(SHARED);
        out.push_bind_param::<Array<BigInt>, Vec<i64>>(&self.keys)?;
        out.push_sql(") AS key) AS locks (held), set_config('plan_cache_mode', 'force_generic_plan', true), ");
        out.push_sql("LATERAL generate_series(1, 0 * held + ");
        out.push_bind_param::<BigInt, i64>(&self.ids)?;
        out.push_sql(")");
        Ok(())
    }
}

impl Query for SharedWithIds {
    type SqlType = BigInt;
}

impl RunQueryDsl<PgConnection> for SharedWithIds {}

/// Customers are locked by their positive ids, their parts by negative numbers.
fn keys_of(customer: CustomerId, parts: impl IntoIterator<Item = u8>) -> Vec<i64> {
    let parts: std::collections::BTreeSet<u8> = parts.into_iter().collect();
    parts.into_iter().map(|part| -(customer.0 * i64::from(PARTS) + i64::from(part)) - 1).collect()
}

/// The statement that locks keys, one after the other, shared with others.
struct Shared;
/// Or alone.
struct Alone;
/// Or the customer shared and its parts alone.
struct Both;

const SHARED: &str = "SELECT count(pg_advisory_xact_lock_shared(key)) FROM unnest(";

fn take_shared(tx: &mut Tx<'_>, keys: Vec<i64>) -> QueryResult<()> {
    take::<Shared>(tx, SHARED, keys)
}

fn take_alone(tx: &mut Tx<'_>, keys: Vec<i64>) -> QueryResult<()> {
    take::<Alone>(tx, "SELECT count(pg_advisory_xact_lock(key)) FROM unnest(", keys)
}

/// `count` does without the answer of each, and an array is read in its order.
fn take<Tag: 'static>(tx: &mut Tx<'_>, locks: &'static str, keys: Vec<i64>) -> QueryResult<()> {
    let conn: &mut Conn = tx;
    let Conn::Postgres(c) = conn else { return Ok(()) };
    Prepared::<Tag, Array<BigInt>, BigInt, Vec<i64>>::new(locks, keys, ") AS key").execute(c)?;
    Ok(())
}

/// The key under which jobs are queued and claimed; no customer's.
const JOBS: i64 = i64::MIN;

/// Keeps jobs from being claimed (shared) or queued (alone) by others until the transaction ends.
///
/// Who finds a job already due need not touch its row, which every deletion of everybody would wait for; but it must not
/// be claimed before that transaction has committed, or the run would not see its work. The last lock that a transaction
/// takes, rows of jobs apart. SQLite has one writer and needs nothing.
pub fn hold_jobs(tx: &mut Tx<'_>, alone: bool) -> QueryResult<()> {
    if alone { take_alone(tx, vec![JOBS]) } else { take_shared(tx, vec![JOBS]) }
}

/// Waits until every writer of a customer who has taken ids by now has committed or given up.
///
/// PostgreSQL hands out ids when they are taken and shows rows when they are committed, so a row may appear behind one
/// with a greater id. Whoever follows along by id waits here first and then sees all that is below what it sees.
/// SQLite has one writer and needs nothing.
pub fn await_writers(conn: &mut Conn, customer: CustomerId) -> QueryResult<()> {
    if let Conn::Postgres(c) = conn {
        if pooler::in_transaction(c)? {
            // With the savepoint goes the lock that was taken after it; writers must not wait for what is read next.
            return c.batch_execute(&format!(
                "SAVEPOINT waited; SELECT pg_advisory_xact_lock({}); ROLLBACK TO waited; RELEASE waited",
                customer.0
            ));
        }
        // Outside of a transaction the lock ends with the statement.
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(customer.0).execute(c)?;
    }
    Ok(())
}
