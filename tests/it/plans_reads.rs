//! By which index each read finds its rows: none goes through a table, and none reads much more than it answers.
//!
//! SQLite is asked how it would run each statement that a read sends; PostgreSQL counts by itself which indexes it uses.

use crate::harness::{Home, Kind, both};
use crate::plans::{LARGE, crowded, listener, sent, steps};
use crate::raw::Raw;
use diesel::connection::set_default_instrumentation;
use guestlog::app::page::Ask;
use guestlog::app::{App, View, events, people, statistics, visits};
use guestlog::clock::Clock;
use guestlog::domain::contact::{Email, Phone};
use guestlog::domain::event::EventType;
use guestlog::domain::person::Kind as PersonKind;
use guestlog::domain::statistics::By;
use guestlog::domain::text::{LicenseNumber, Ref};
use guestlog::domain::visit::VisitState;
use guestlog::domain::{CustomerId, Timestamp};
use guestlog::error::Error;
use guestlog::store;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// A read, of an instant when few had come and nobody had left; gives how much it answers.
type Read = fn(&mut View<'_>, CustomerId, Timestamp) -> Result<usize, Error>;
/// What each is read by: SQLite's searches in the large tables, and the indexes that PostgreSQL uses.
const SNAPSHOT: &str = include_str!("../data/plans.txt");

fn ask() -> Ask {
    Ask { limit: Some(5), cursor: None }
}

/// The second page: its cursor is a range of the index.
fn next_page<T>(
    view: &mut View<'_>,
    list: impl Fn(&mut View<'_>, &Ask) -> Result<guestlog::app::page::Page<T>, Error>,
) -> Result<usize, Error> {
    let first = list(view, &ask())?;
    let second = list(view, &Ask { limit: Some(5), cursor: Some(first.next_cursor.expect("there are more")) })?;
    Ok(first.data.len() + second.data.len())
}

fn listed_events(view: &mut View<'_>, customer: CustomerId, filter: &events::Filter) -> Result<usize, Error> {
    next_page(view, |view, ask| events::list(view, customer, filter, ask))
}

fn listed_visits(view: &mut View<'_>, customer: CustomerId, filter: &visits::Filter) -> Result<usize, Error> {
    next_page(view, |view, ask| visits::list(view, customer, filter, ask))
}

fn guest() -> Ref {
    Ref::new("guest-30").unwrap()
}

fn host() -> Ref {
    Ref::new("guest-3").unwrap()
}

fn site() -> LicenseNumber {
    LicenseNumber::new("L-1").unwrap()
}

/// A day ago, 25 seconds before this guest came.
fn then(app: &App, customer: CustomerId) -> Timestamp {
    let filter = visits::Filter { person: Some(guest()), ..Default::default() };
    let visits = app.read_blocking(|view| visits::list(view, customer, &filter, &Ask::default())).unwrap();
    visits.data.last().and_then(|visit| visit.arrived_at).expect("the guest came").plus_seconds(-25)
}

const READS: &[(&str, Read)] = &[
    ("roll call", |v, c, _| visits::on_site(v, c, None, None).map(|call| call.count)),
    ("roll call then", |v, c, at| visits::on_site(v, c, Some(&site()), Some(at)).map(|call| call.count)),
    ("visits", |v, c, _| listed_visits(v, c, &visits::Filter::default())),
    ("visits of a guest", |v, c, _| {
        listed_visits(v, c, &visits::Filter { person: Some(guest()), ..Default::default() })
    }),
    ("visits to a host", |v, c, _| listed_visits(v, c, &visits::Filter { host: Some(host()), ..Default::default() })),
    ("visits at a site", |v, c, _| {
        listed_visits(v, c, &visits::Filter { license: Some(site()), ..Default::default() })
    }),
    ("visits in a state", |v, c, _| {
        listed_visits(v, c, &visits::Filter { state: Some(VisitState::Closed), ..Default::default() })
    }),
    ("visits of a day", |v, c, at| {
        let (from, to) = (Some(at), Some(at.plus_seconds(86_400)));
        listed_visits(v, c, &visits::Filter { from, to, ..Default::default() })
    }),
    ("events", |v, c, _| listed_events(v, c, &events::Filter::default())),
    ("events of a guest", |v, c, _| {
        listed_events(v, c, &events::Filter { person: Some(guest()), ..Default::default() })
    }),
    ("events at a site", |v, c, _| {
        listed_events(v, c, &events::Filter { license: Some(site()), ..Default::default() })
    }),
    ("events of a type", |v, c, _| {
        listed_events(v, c, &events::Filter { kind: Some(EventType::CheckedOut), ..Default::default() })
    }),
    ("events of a day", |v, c, at| {
        let (from, to) = (Some(at), Some(at.plus_seconds(86_400)));
        listed_events(v, c, &events::Filter { from, to, ..Default::default() })
    }),
    ("events stored after one", |v, c, _| {
        let after = events::list(v, c, &events::Filter::default(), &Ask { limit: Some(200), cursor: None })?;
        let after = after.data.last().map(|event| event.id);
        Ok(200 + listed_events(v, c, &events::Filter { after, ..Default::default() })?)
    }),
    ("people", |v, c, _| next_page(v, |v, ask| people::list(v, c, &people::Filter::default(), ask))),
    ("people of a kind", |v, c, _| {
        let filter = people::Filter { kind: Some(PersonKind::Host), ..Default::default() };
        Ok(people::list(v, c, &filter, &ask())?.data.len())
    }),
    ("people by e-mail", |v, c, _| {
        let filter = people::Filter { email: Some(Email::new("a@b.dk").unwrap()), ..Default::default() };
        Ok(people::list(v, c, &filter, &ask())?.data.len())
    }),
    ("people by phone", |v, c, _| {
        let filter = people::Filter { phone: Some(Phone::new("+4512345678").unwrap()), ..Default::default() };
        Ok(people::list(v, c, &filter, &ask())?.data.len())
    }),
    ("a person", |v, c, _| people::get(v, c, &guest()).map(|_| 1)),
    ("statistics", |v, c, at| {
        let (from, to) = (Some(at), Some(at.plus_seconds(7_200)));
        let ask = statistics::Ask { by: By::Hour, license: Some(site()), from, to };
        let counts = statistics::visits(v, c, &ask)?.data;
        Ok(counts.iter().map(|count| usize::try_from(count.arrived + count.departed).unwrap()).sum())
    }),
];

/// The name that PostgreSQL gives what SQLite calls otherwise.
fn renamed(step: &str) -> Option<String> {
    let (how, table) = step.split_once(' ').map(|(how, rest)| (how, rest.split(' ').next().unwrap()))?;
    if !LARGE.contains(&table) || !["SEARCH", "SCAN"].contains(&how) {
        return None;
    }
    let by = step.split_once(" USING ").map_or("nothing", |(_, by)| by);
    let by = by.trim_start_matches("COVERING ").trim_start_matches("INDEX ");
    // The customer is in each of them.
    let by = by.replace("(customer_id=? AND ", "(").replace(" (customer_id=?)", "");
    let by = by.replace("PRIMARY KEY", &format!("{table}_pkey"));
    let by = by.replace("sqlite_autoindex_people_2", "people_customer_id_ref_index_key");
    Some(by.replace("sqlite_autoindex_events_2", "events_customer_id_event_id_key"))
}

/// The searches of SQLite in the large tables.
fn of_sqlite(home: &Home, statements: &BTreeSet<String>) -> BTreeSet<String> {
    let raw = &mut Raw::of(home);
    let statements = statements.iter().filter(|text| text.starts_with("SELECT"));
    statements.flat_map(|statement| steps(raw, statement)).filter_map(|step| renamed(&step)).collect()
}

/// The indexes of the large tables that PostgreSQL has used, the tables it went through, and how many entries it read.
fn of_postgres(home: &Home) -> (BTreeSet<String>, i64) {
    let raw = &mut Raw::of(home);
    let names = LARGE.map(|table| format!("'{table}'")).join(", ");
    let others = "pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' \
        AND pid <> pg_backend_pid()";
    let used = format!("pg_stat_user_indexes WHERE relname IN ({names}) AND idx_scan > 0");
    let began = Instant::now();
    // A connection counts when it ends, and that takes a moment.
    while raw.count(others) > 0 || raw.count(&used) == 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "nothing is counted");
        std::thread::sleep(Duration::from_millis(20));
        raw.run("SELECT pg_stat_clear_snapshot()");
    }
    let used = raw.texts(&format!(
        "SELECT indexrelname::text AS text FROM {used} \
         UNION ALL SELECT relname || ' whole' FROM pg_stat_user_tables WHERE relname IN ({names}) AND seq_scan > 0"
    ));
    let entries = raw.number(&format!(
        "SELECT sum(idx_tup_read)::bigint AS count FROM pg_stat_user_indexes WHERE relname IN ({names})"
    ));
    (used.into_iter().collect(), entries)
}

#[test]
fn every_read_has_its_index() {
    set_default_instrumentation(listener).unwrap();
    both(|kind| {
        let home = Home::new(kind);
        let customer = crowded(&home);
        let app = App::open(home.settings(&[]), Clock::System).unwrap();
        let then = then(&app, customer);
        app.stop();
        if kind == Kind::Postgres {
            Raw::of(&home).run("VACUUM ANALYZE");
        }
        let mut found = String::new();
        for (name, read) in READS {
            if kind == Kind::Postgres {
                Raw::of(&home).run("SELECT pg_stat_reset()");
            }
            let app = App::open(home.settings(&[]), Clock::System).unwrap();
            let mut answered = 0;
            let statements = sent(|| answered = app.read_blocking(|view| read(view, customer, then)).unwrap());
            app.stop();
            let by = match kind {
                Kind::Sqlite => of_sqlite(&home, &statements),
                Kind::Postgres => {
                    let (by, entries) = of_postgres(&home);
                    // Hosts and guests are looked up one by one, and a host has been visited many times.
                    let most = 30 * answered + 1_500;
                    assert!(usize::try_from(entries).unwrap() < most, "{name}: {entries} entries for {answered}");
                    by
                }
            };
            found.extend(std::iter::once(format!("{name}\n")).chain(by.iter().map(|by| format!("  {kind:?}: {by}\n"))));
        }
        let other = [Kind::Sqlite, Kind::Postgres].into_iter().find(|other| *other != kind).unwrap();
        let other = format!("  {other:?}: ");
        let expected: String = SNAPSHOT.split_inclusive('\n').filter(|line| !line.starts_with(&other)).collect();
        assert!(found == expected, "it is now\n{found}");
    });
}

#[test]
fn the_scan_of_a_reconciliation_reads_the_index_alone() {
    set_default_instrumentation(listener).unwrap();
    let home = Home::new(Kind::Sqlite);
    let customer = crowded(&home);
    let app = App::open(home.settings(&[]), Clock::System).unwrap();
    let statements = sent(|| {
        let held = app.db().read(|conn| Ok(store::roster::indexes_from(conn, customer, 7)?)).unwrap();
        assert!(held.is_sorted() && held.iter().all(|index| index[0] == 7));
    });
    app.stop();
    let raw = &mut Raw::of(&home);
    let found: Vec<String> = statements.iter().flat_map(|statement| steps(raw, statement)).collect();
    let by = "USING COVERING INDEX sqlite_autoindex_people_2 (customer_id=? AND ref_index>? AND ref_index<?)";
    assert!(
        found.contains(&format!("SEARCH people {by}")) && found.iter().all(|step| !step.starts_with("SCAN people"))
    );
}
