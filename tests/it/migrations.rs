//! Migrations: looking whether any are due changes nothing, and an exchanged one is not taken for the right one.

use crate::harness::{Home, Kind, both};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use guestlog::app;
use std::time::Duration;

fn execute(home: &Home, sql: &str) {
    match home.kind {
        Kind::Sqlite => {
            SqliteConnection::establish(home.url.trim_start_matches("sqlite://")).unwrap().batch_execute(sql)
        }
        Kind::Postgres => PgConnection::establish(&home.url).unwrap().batch_execute(sql),
    }
    .unwrap();
}

#[test]
fn looking_changes_nothing_and_needs_no_right_to_write() {
    both(|kind| {
        let home = Home::new(kind);
        let db = app::open_db(&home.settings(&[])).unwrap();
        let (missing, unknown) = db.migrations_due().unwrap();
        assert_eq!((missing > 0, unknown), (true, 0));
        // It would fail if the look had made the table.
        execute(&home, "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY)");
        assert_eq!(db.migrations_due().unwrap(), (missing, 0));
        execute(&home, "DROP TABLE __diesel_schema_migrations");
        assert_eq!(db.migrate().unwrap(), missing);
        assert_eq!(db.migrations_due().unwrap(), (0, 0));
        assert_eq!(db.migrate().unwrap(), 0);
    });
}

#[test]
fn an_exchanged_migration_is_both_missing_and_unknown() {
    both(|kind| {
        let home = Home::new(kind);
        let db = app::open_db(&home.settings(&[])).unwrap();
        let missing = db.migrate().unwrap();
        execute(&home, "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001')");
        assert_eq!(db.migrations_due().unwrap(), (0, 1));
        execute(&home, "DELETE FROM __diesel_schema_migrations WHERE version < '2999'");
        assert_eq!(db.migrations_due().unwrap(), (missing, 1));
    });
}

#[test]
fn a_node_waits_for_another_that_migrates() {
    let home = Home::new(Kind::Postgres);
    let mut other = PgConnection::establish(&home.url).unwrap();
    // The bytes of "guestlog".
    other.batch_execute("SELECT pg_advisory_lock(x'67756573746c6f67'::bigint)").unwrap();
    let limits = [("database.busy_timeout_ms", "100"), ("database.statement_timeout_ms", "200")];
    let db = app::open_db(&home.settings(&limits)).unwrap();
    let node = std::thread::spawn(move || (db.migrate(), db.migrate()));
    std::thread::sleep(Duration::from_millis(800));
    assert!(!node.is_finished());
    drop(other);
    let (first, again) = node.join().unwrap();
    assert_eq!((first.unwrap() > 0, again.unwrap()), (true, 0));
}
