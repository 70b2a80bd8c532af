//! PgBouncer in transaction mode: the service does behind it what it does without, and leaves nothing in the sessions
//! that it shares.

use crate::bouncer::{Bouncer, SESSIONS};
use crate::child::Child;
use crate::client::Client;
use crate::fleet::Fleet;
use crate::harness::{Home, Kind, key, site};
use crate::ledger::Ledger;
use crate::nodes::{SCOPES, Senders, assert_nobody_back, assert_once, await_comparisons};
use crate::raw::Raw;
use crate::revocation::revoke_everywhere;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use guestlog::domain::CustomerId;
use guestlog::store::{Db, Options, locks};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Connections to each of two nodes, half of them with events alone.
const CONNECTIONS: usize = 8;

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    pid: i64,
    #[diesel(sql_type = BigInt)]
    set: i64,
    #[diesel(sql_type = BigInt)]
    prepared: i64,
    #[diesel(sql_type = BigInt)]
    locks: i64,
}

/// Nothing that was set, prepared or locked outlives a transaction in any of the shared sessions.
fn assert_clean(url: &str) {
    let mut clients: Vec<PgConnection> = (0..SESSIONS).map(|_| PgConnection::establish(url).unwrap()).collect();
    // Each holds on to a session, so that they are all different.
    let found: Vec<Found> = clients
        .iter_mut()
        .map(|client| {
            client.batch_execute("BEGIN").unwrap();
            // PgBouncer itself keeps the others of a session's settings apart.
            let sql = "SELECT pg_backend_pid()::bigint AS pid, \
                (SELECT count(*) FROM pg_settings WHERE source = 'session' AND name IN ('lock_timeout', \
                    'statement_timeout', 'default_transaction_read_only', 'default_transaction_isolation')) AS set, \
                (SELECT count(*) FROM pg_prepared_statements WHERE name <> '' AND name NOT LIKE 'probe%') AS prepared, \
                (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks";
            client.set_prepared_statement_cache_size(diesel::connection::CacheSize::Disabled);
            diesel::sql_query(sql).get_result::<Found>(client).unwrap()
        })
        .collect();
    for client in &mut clients {
        client.batch_execute("ROLLBACK").unwrap();
    }
    let different: std::collections::BTreeSet<i64> = found.iter().map(|found| found.pid).collect();
    assert_eq!(different.len(), found.len());
    for Found { set, prepared, locks, .. } in found {
        assert_eq!((set, prepared, locks), (0, 0, 0), "settings, statements and locks left in a session");
    }
}

#[test]
fn the_service_works_behind_pgbouncer_in_transaction_mode() {
    let began = Instant::now();
    let fleet = Fleet::new();
    let bouncer = Bouncer::start(&fleet.home);
    let (pooled, direct) = (bouncer.url(&fleet.home), fleet.home.url.clone());
    let fleet = fleet
        .with("database.url", &pooled)
        .with("database.direct_url", &direct)
        // Each scrub may run again at once; the database is small enough to be rewritten.
        .with("erasure.vacuum_interval_minutes", "1");
    let app = fleet.open();
    let site = site(&app, "L-1");
    let customer = site.customer.0.to_string();
    let (all, operator) = (key(&app, Some(site.customer), SCOPES, None), key(&app, None, "admin", None));
    app.stop();
    let ledger = Ledger::new(&all);
    let nodes = [0, 1].map(|node| fleet.start(node));
    let senders = Senders::new(&ledger, &all, [nodes[0].address, nodes[1].address]);
    std::thread::scope(|threads| {
        let (ledger, senders) = (&ledger, &senders);
        (0..CONNECTIONS).for_each(|_| drop(threads.spawn(|| senders.send())));
        for node in 0..CONNECTIONS {
            let client = Client::new(nodes[node % 2].address);
            threads.spawn(move || {
                let until = Instant::now() + Duration::from_secs(8);
                while Instant::now() < until {
                    assert!(ledger.anything(&client), "the connection broke");
                }
            });
        }
        std::thread::sleep(Duration::from_secs(8));
        senders.stop();
    });
    await_comparisons(&fleet.home);
    ledger.erase_rest(&Client::new(nodes[1].address));
    assert_nobody_back(&ledger, &nodes, &all);
    ledger.assert_stored(&fleet.home);
    assert_once(&fleet.home);

    let get = |path: &str| Client::new(nodes[0].address).send("GET", path, Some(&all), &[], None).unwrap();
    let on_site = get("/v1/visits/on-site");
    assert_eq!(on_site.status, 200, "{}", on_site.text);
    assert!(!on_site.json()["data"].as_array().unwrap().is_empty(), "{}", on_site.text);
    let event = get("/v1/events?limit=1").json()["data"][0]["id"].as_str().unwrap().to_owned();
    // A follower waits for the customer's writers, by a lock.
    let follow = format!("/v1/events?after={event}&limit=5");
    for path in ["/v1/visits?limit=5", &follow, "/v1/statistics/visits?by=day", "/v1/deletions", "/v1/notices"] {
        let answer = get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    }
    // The scrub goes past the pooler: VACUUM takes no transaction, and its settings are a session's.
    let waiting = Instant::now();
    let scrubbed = |node: &Child| node.scrape().contains("guestlog_jobs_total{kind=\"scrub\",outcome=\"done\"}");
    while !nodes.iter().any(scrubbed) {
        assert!(waiting.elapsed() < Duration::from_secs(30), "{:?}", Raw::of(&fleet.home).rows("jobs", "true"));
        std::thread::sleep(Duration::from_millis(50));
    }
    for node in &nodes {
        let failed =
            node.scrape().lines().any(|line| line.starts_with("guestlog_jobs_total") && line.contains("failed"));
        assert!(!failed, "{}", node.said());
    }
    revoke_everywhere(&fleet, &nodes, &operator, &customer);
    assert_clean(&pooled);
    let told = ledger.told.lock().unwrap();
    assert_eq!((told.broken, told.wrong.as_slice()), (0, &[][..]));
    assert!(told.stored.len() > 100 && told.receipts.len() > 5, "that is no load");
    eprintln!(
        "16 connections, 2 nodes, {SESSIONS} sessions in {:.0?}: {} events stored, {} answered again by the other node, \
         {} receipts, {} reconciliations, {} refused for now",
        began.elapsed(),
        told.stored.len(),
        senders.repeated.load(Ordering::SeqCst),
        told.receipts.len(),
        told.reconciliations.len(),
        told.refused,
    );
}

#[test]
fn a_pooler_that_the_settings_do_not_name_is_refused() {
    let home = Home::new(Kind::Postgres);
    home.open(guestlog::clock::Clock::System).stop();
    let bouncer = Bouncer::start(&home);
    let url = bouncer.url(&home);
    let (_, said) = Child::refused(&home, &[("database.url", &url)]);
    assert!(said.contains("database.direct_url") && !said.contains(&url), "{said}");
    let (_, said) = Child::refused(&home, &[("database.direct_url", "sqlite:///nowhere.db")]);
    assert!(said.contains("database.direct_url"), "{said}");
}

#[test]
fn a_direct_address_of_another_database_is_refused() {
    let (home, another) = (Home::new(Kind::Postgres), Home::new(Kind::Postgres));
    home.open(guestlog::clock::Clock::System).stop();
    let bouncer = Bouncer::start(&home);
    let settings = [("database.url", bouncer.url(&home)), ("database.direct_url", another.url.clone())];
    let (_, said) = Child::refused(&home, &settings.each_ref().map(|(name, value)| (*name, value.as_str())));
    assert!(said.contains("database.direct_url is not"), "{said}");
}

#[derive(QueryableByName)]
struct Free {
    #[diesel(sql_type = Bool)]
    free: bool,
}

#[test]
fn reading_behind_a_pooler_cannot_write_and_keeps_no_writer_waiting() {
    let home = Home::new(Kind::Postgres);
    home.open(guestlog::clock::Clock::System).stop();
    let db = Db::open(&Options { direct_url: Some(home.url.clone()), ..Options::new(home.url.clone()) }).unwrap();
    let mut beside = PgConnection::establish(&home.url).unwrap();
    db.read(|conn| {
        locks::await_writers(conn, CustomerId(7))?;
        // Still in the transaction that reads: whoever writes goes on.
        let lock = diesel::sql_query("SELECT pg_try_advisory_lock(7) AS free").get_result::<Free>(&mut beside)?;
        assert!(lock.free, "the lock of a reader outlives its statement");
        Ok(())
    })
    .unwrap();
    let written = db.read(|conn| Ok(diesel::sql_query("CREATE TABLE canary (x int)").execute(conn)?));
    assert!(format!("{:?}", written.unwrap_err()).contains("read-only"));
    // The connection is in order after that.
    db.read(|conn| Ok(diesel::sql_query("SELECT true AS free").get_result::<Free>(conn)?.free)).unwrap();
    db.close();
}
