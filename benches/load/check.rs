//! What makes a figure honest: every acknowledged row is in the tables, and a commit was a commit.

use crate::place::{Kind, Place, path};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    setting: String,
}

#[derive(QueryableByName)]
struct JournalMode {
    #[diesel(sql_type = Text)]
    journal_mode: String,
}

#[derive(QueryableByName)]
struct Synchronous {
    #[diesel(sql_type = Integer)]
    synchronous: i32,
}

#[derive(QueryableByName)]
struct ForeignKeys {
    #[diesel(sql_type = Integer)]
    foreign_keys: i32,
}

/// Panics unless a commit on this connection is on disk when it returns.
pub fn assert_postgres_durable(conn: &mut PgConnection) {
    for name in ["synchronous_commit", "fsync", "full_page_writes"] {
        let asked = diesel::sql_query(format!("SELECT current_setting('{name}') AS setting"));
        let found: Setting = asked.get_result(conn).unwrap();
        assert_eq!(found.setting, "on", "PostgreSQL's {name}");
    }
}

/// Panics unless a commit on this connection is on disk when it returns.
pub fn assert_sqlite_durable(conn: &mut SqliteConnection) {
    let journal: JournalMode = diesel::sql_query("PRAGMA journal_mode").get_result(conn).unwrap();
    assert_eq!(journal.journal_mode, "wal", "SQLite's journal_mode");
    let full: Synchronous = diesel::sql_query("PRAGMA synchronous").get_result(conn).unwrap();
    assert_eq!(full.synchronous, 2, "SQLite's synchronous");
    let keys: ForeignKeys = diesel::sql_query("PRAGMA foreign_keys").get_result(conn).unwrap();
    assert_eq!(keys.foreign_keys, 1, "SQLite's foreign_keys");
}

/// Rows that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Counts {
    #[diesel(sql_type = BigInt)]
    pub events: i64,
    #[diesel(sql_type = BigInt)]
    pub hosts: i64,
    #[diesel(sql_type = BigInt)]
    pub recipients: i64,
    #[diesel(sql_type = BigInt)]
    pub visits: i64,
    #[diesel(sql_type = BigInt)]
    pub people: i64,
}

const COUNTS: &str = "SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM event_hosts) AS hosts, \
    (SELECT count(*) FROM event_recipients) AS recipients, (SELECT count(*) FROM visits) AS visits, \
    (SELECT count(*) FROM people) AS people";

/// Counts over a connection of its own, so that it sees what is committed and nothing else.
pub fn counts(place: &Place) -> Counts {
    match place.kind {
        Kind::Postgres => {
            let mut conn = PgConnection::establish(&place.url).unwrap();
            diesel::sql_query(COUNTS).get_result(&mut conn).unwrap()
        }
        Kind::Sqlite => {
            let mut conn = SqliteConnection::establish(path(&place.url)).unwrap();
            conn.batch_execute("PRAGMA busy_timeout = 30000; PRAGMA query_only = ON").unwrap();
            diesel::sql_query(COUNTS).get_result(&mut conn).unwrap()
        }
    }
}

/// Has PostgreSQL look at its tables now, as it would by itself within a minute.
pub fn analyse(place: &Place) {
    PgConnection::establish(&place.url).unwrap().batch_execute("ANALYZE").unwrap();
}

/// Waits until guestlog has scrubbed PostgreSQL's files for the first time; the second is an hour away.
pub async fn await_scrub(place: &Place) -> Result<(), String> {
    #[derive(QueryableByName)]
    struct Runs {
        #[diesel(sql_type = BigInt)]
        runs: i64,
    }
    let mut conn = PgConnection::establish(&place.url).unwrap();
    for _ in 0..1_200 {
        let asked =
            "SELECT count(*) AS runs FROM jobs WHERE kind = 'scrub' AND ran_at IS NOT NULL AND leased_to IS NULL";
        let found: Runs = diesel::sql_query(asked).get_result(&mut conn).unwrap();
        if found.runs == 1 {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Err("the scrub does not come to its end".to_owned())
}

/// Says what is wrong when the tables do not hold as many events as were acknowledged, each with host and recipient.
pub fn against_acknowledged(found: Counts, acknowledged: u64) -> Result<(), String> {
    let wanted = acknowledged.cast_signed();
    if found.events == wanted && found.hosts == wanted && found.recipients == wanted {
        return Ok(());
    }
    Err(format!("{acknowledged} events acknowledged, but the tables hold {found:?}"))
}

/// Says what is wrong when the deletions did not take as many people with all their events.
pub fn against_deleted(before: Counts, after: Counts, deleted: u64, events_each: u64) -> Result<(), String> {
    let (people, events) = (deleted.cast_signed(), (deleted * events_each).cast_signed());
    if before.people - after.people == people && before.events - after.events == events {
        return Ok(());
    }
    Err(format!("{deleted} deletions acknowledged, but the tables went from {before:?} to {after:?}"))
}
