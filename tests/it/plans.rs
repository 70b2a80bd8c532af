//! A deletion reads what it deletes and little else, however much there is: no statement of it goes through a table.
//!
//! SQLite is asked how it would run each statement that a deletion sent; PostgreSQL counts by itself what it reads, for
//! checks of foreign keys as well.

use crate::harness::{Home, Kind, both, site};
use crate::raw::Raw;
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use diesel::prelude::*;
use diesel::sql_types::Text;
use guestlog::app::App;
use guestlog::app::deletions::{Instruction, Subject};
use guestlog::app::ingest::{Item, Outcome};
use guestlog::clock::Clock;
use guestlog::domain::CustomerId;
use guestlog::domain::receipt::Origin;
use guestlog::domain::text::Ref;
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// People whose rows are as the application made them, with 20 events each.
const PEOPLE: u64 = 60;
const EVENTS: u64 = 20;
/// How often their rows stand in the tables, under other ids and each a day earlier: 30,000 events.
const COPIES: u64 = 25;
/// The tables that grow with people and events.
pub const LARGE: [&str; 5] = ["people", "events", "event_hosts", "event_recipients", "visits"];

thread_local! {
    /// The statements of this thread, while they are wanted.
    static SENT: RefCell<Option<BTreeSet<String>>> = const { RefCell::new(None) };
}

#[expect(clippy::unnecessary_wraps, reason = "the type that Diesel asks for")]
pub fn listener() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            SENT.with_borrow_mut(|sent| {
                if let Some(sent) = sent {
                    let text = query.to_string();
                    sent.insert(text.split(" -- binds: ").next().unwrap().to_owned());
                }
            });
        }
    }))
}

/// A database in which there is much, and the customer whose it is.
pub fn crowded(home: &Home) -> CustomerId {
    let app = home.open(Clock::System);
    let site = site(&app, "L-1");
    let began = app.clock().now();
    for n in 0..EVENTS {
        let items: Vec<Item> = (0..PEOPLE)
            .map(|person| {
                let kind = ["visit.checked_in", "visit.checked_out"][usize::from(n % 2 == 1)];
                let host = format!("guest-{}", (person + n) % 5);
                let event = serde_json::from_value(json!({
                    "id": uuid::Uuid::new_v4(), "type": kind, "license_number": "L-1",
                    "occurred_at": began.plus_seconds((n * 3_600 + person).cast_signed() - 86_400).to_string(),
                    "person": {"ref": format!("guest-{person}"), "name": "Åse"}, "host": {"ref": host},
                    "recipients": [{"ref": host, "channel": "sms", "address": "+4512345678"}],
                }));
                Item { customer: site.id, bound_to: None, peer: None, event: event.unwrap(), any_age: false }
            })
            .collect();
        let outcomes = app.ingest_blocking(&items).unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Created { .. })));
    }
    app.stop();
    let raw = &mut Raw::of(home);
    for table in LARGE {
        multiply(raw, home.kind, table);
        assert!(raw.count(table) >= (PEOPLE * (COPIES + 1)).cast_signed(), "{table}");
    }
    site.id
}

/// Copies all rows of a table, each time under other ids and another day earlier.
fn multiply(raw: &mut Raw, kind: Kind, table: &str) {
    let (columns, [uuid, bytes, day, series]) = match kind {
        Kind::Sqlite => (
            format!("SELECT name AS text FROM pragma_table_info('{table}')"),
            [
                "randomblob(16)",
                "randomblob(32)",
                "86400000000",
                "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {}) SELECT n FROM s)",
            ],
        ),
        Kind::Postgres => (
            format!("SELECT column_name::text AS text FROM information_schema.columns WHERE table_name = '{table}'"),
            [
                "gen_random_uuid()",
                "sha256(gen_random_uuid()::text::bytea)",
                "interval '1 day'",
                "(SELECT generate_series(1, {}) AS n)",
            ],
        ),
    };
    let columns = raw.texts(&columns);
    let values: Vec<String> = columns
        .iter()
        .map(|column| match column.as_str() {
            "id" | "person_id" | "event_key" => format!("{column} + n * 1000000"),
            "event_id" | "visit_id" => uuid.to_owned(),
            "ref_index" => bytes.to_owned(),
            at if at.ends_with("_at") => format!("{at} - n * {day}"),
            _ => column.clone(),
        })
        .collect();
    let series = series.replace("{}", &COPIES.to_string());
    raw.run(&format!(
        "INSERT INTO {table} ({}) SELECT {} FROM {table} CROSS JOIN {series} AS copies",
        columns.join(", "),
        values.join(", ")
    ));
}

/// The statements that this thread sends meanwhile.
pub fn sent(work: impl FnOnce()) -> BTreeSet<String> {
    SENT.set(Some(BTreeSet::new()));
    work();
    SENT.take().unwrap()
}

/// Deletes one guest, a host of many, and some at once; gives the statements that this took.
fn delete_some(app: &App, customer: CustomerId) -> BTreeSet<String> {
    let subjects =
        |of: std::ops::Range<u64>| of.map(|n| Subject::Ref(Ref::new(format!("guest-{n}")).unwrap())).collect();
    sent(|| {
        let mut people = 0;
        for (origin, of) in [
            (Origin::Single, 30..31),
            (Origin::Single, 2..3),
            (Origin::List, 31..36),
            // Whoever is not held is looked for as well.
            (Origin::List, 58..63),
        ] {
            let receipt = app.delete_blocking(&Instruction::new(customer, "test", origin, subjects(of)), None).unwrap();
            people += receipt.erased.people;
        }
        assert_eq!(people, 9);
    })
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// How SQLite would run a statement.
pub fn steps(raw: &mut Raw, statement: &str) -> Vec<String> {
    let Raw::Sqlite(conn) = raw else { panic!("only SQLite is asked") };
    let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(conn).unwrap();
    steps.into_iter().map(|step| step.detail).collect()
}

/// The statements for which SQLite would go through a table, and the tables whose rows it could not find by the person.
fn scans_of_sqlite(home: &Home, sent: &BTreeSet<String>) -> Vec<String> {
    let raw = &mut Raw::of(home);
    let mut statements: Vec<String> = sent
        .iter()
        .filter(|text| ["SELECT", "INSERT", "UPDATE", "DELETE"].iter().any(|verb| text.starts_with(verb)))
        .cloned()
        .collect();
    assert!(statements.len() > 20, "{statements:?}");
    for table in raw.texts(
        "SELECT m.name AS text FROM sqlite_master m, pragma_foreign_key_list(m.name) f \
         WHERE m.type = 'table' AND f.\"table\" = 'people' AND f.seq = 0",
    ) {
        statements.push(format!("SELECT 1 FROM {table} WHERE customer_id = ? AND person_id = ?"));
    }
    assert!(statements.len() > 26, "the foreign keys were not found");
    // To look for a customer alone is to go through all that the customer has.
    let is_scan = |step: &&String| {
        let whole = step.starts_with("SCAN ") || step.ends_with("(customer_id=?)");
        whole && LARGE.iter().any(|table| step.contains(&format!(" {table}")))
    };
    let mut scans = Vec::new();
    for statement in &statements {
        scans.extend(steps(raw, statement).iter().filter(is_scan).map(|step| format!("{step}: {statement}")));
    }
    scans
}

/// The tables of those that grow of which PostgreSQL has read much more than was deleted.
fn scans_of_postgres(home: &Home) -> Vec<String> {
    let raw = &mut Raw::of(home);
    let names = LARGE.map(|table| format!("'{table}'")).join(", ");
    let tables = format!("pg_stat_user_tables WHERE relname IN ({names})");
    let began = Instant::now();
    // Counts arrive a moment after the connections have ended.
    while raw.number(&format!("SELECT count(*) AS count FROM {tables} AND n_tup_del > 0")) < 5 {
        assert!(began.elapsed() < Duration::from_secs(20), "nothing is counted");
        std::thread::sleep(Duration::from_millis(50));
        raw.run("SELECT pg_stat_clear_snapshot()");
    }
    // By an index, no more than a few times what was deleted.
    raw.texts(&format!(
        "SELECT format('%s: %s rows read whole, %s by an index, %s deleted', relname, seq_tup_read, idx_tup_fetch, n_tup_del) \
         AS text FROM {tables} AND (seq_scan > 0 OR idx_tup_fetch > 20 * n_tup_del + 500)"
    ))
}

fn scans(home: &Home, customer: CustomerId) -> Vec<String> {
    if home.kind == Kind::Postgres {
        Raw::of(home).run("SELECT pg_stat_reset()");
    }
    let app = App::open(home.settings(&[]), Clock::System).unwrap();
    let sent = delete_some(&app, customer);
    app.stop();
    match home.kind {
        Kind::Sqlite => scans_of_sqlite(home, &sent),
        Kind::Postgres => scans_of_postgres(home),
    }
}

#[test]
fn a_deletion_goes_through_no_table() {
    set_default_instrumentation(listener).unwrap();
    both(|kind| {
        let mut found = Vec::new();
        for analysed in [false, true] {
            let home = Home::new(kind);
            let customer = crowded(&home);
            if analysed {
                Raw::of(&home).run("ANALYZE");
            }
            found.extend(scans(&home, customer).into_iter().map(|scan| format!("analysed {analysed}: {scan}")));
        }
        assert!(found.is_empty(), "{found:#?}");
    });
}

#[test]
fn a_missing_index_shows() {
    set_default_instrumentation(listener).unwrap();
    both(|kind| {
        let home = Home::new(kind);
        let customer = crowded(&home);
        Raw::of(&home).run("DROP INDEX event_recipients_of_person; ANALYZE");
        let found = scans(&home, customer);
        assert!(!found.is_empty() && found.iter().all(|scan| scan.contains("event_recipients")), "{found:#?}");
    });
}
