//! What `doctor` and readiness ask of the database.

use super::conn::Conn;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Answers when the database does.
pub fn ping(conn: &mut Conn) -> QueryResult<()> {
    super::db::run(conn, "SELECT 1")
}

/// The settings on which durability and erasure rest, by name.
pub fn settings(conn: &mut Conn) -> QueryResult<Vec<(&'static str, String)>> {
    let (names, sql): (&[&'static str], fn(&str) -> String) = match conn {
        Conn::Postgres(_) => {
            (&["server_version", "fsync", "full_page_writes", "synchronous_commit", "data_checksums"], |name| {
                format!("SELECT current_setting('{name}') AS value")
            })
        }
        Conn::Sqlite(_) => (&["journal_mode", "synchronous", "foreign_keys", "secure_delete"], |name| {
            format!("SELECT CAST({name} AS TEXT) AS value FROM pragma_{name}")
        }),
    };
    names
        .iter()
        .map(|name| diesel::sql_query(sql(name)).get_result::<Row>(conn).map(|row| (*name, row.value)))
        .collect()
}

/// The database's clock, in microseconds since 1970; none on SQLite, which has the machine's.
pub fn clock_micros(conn: &mut Conn) -> QueryResult<Option<i64>> {
    match conn {
        Conn::Sqlite(_) => Ok(None),
        Conn::Postgres(c) => {
            let row: Number =
                diesel::sql_query("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS number")
                    .get_result(c)?;
            Ok(Some(row.number))
        }
    }
}

/// SQLite's own check of its file; `ok` when it is whole. PostgreSQL checks its pages itself.
pub fn quick_check(conn: &mut Conn) -> QueryResult<String> {
    match conn {
        Conn::Sqlite(c) => {
            let row: Row =
                diesel::sql_query("SELECT quick_check AS value FROM pragma_quick_check LIMIT 1").get_result(c)?;
            Ok(row.value)
        }
        Conn::Postgres(_) => Ok("ok".to_owned()),
    }
}
