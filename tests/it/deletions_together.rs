//! Single deletions that come at the same time: carried out together, and each as if it were alone.

use crate::client::Client;
use crate::deletions::House;
use crate::harness::{Answer, Home, Kind, both, key, serve, site};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use guestlog::clock::Clock;
use guestlog::error::Error;
use guestlog::store::{Conn, journal::Journal, locks};
use serde_json::{Value, json};
use std::sync::mpsc;
use std::time::Duration;

/// A deletion: whose key, of whom, and under which `Idempotency-Key`.
type Asked<'a> = (&'a str, &'a str, Option<&'a str>);

impl House {
    /// Sends deletions while nobody can write, so that all but the first few wait together; answers in the order asked.
    fn at_once(&self, asked: &[Asked<'_>]) -> Vec<Answer> {
        let (held, is_held) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let (app, customer) = (&self.served.app, self.site.id);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                app.db()
                    .write(|tx| {
                        locks::hold_customer(tx, customer, true)?;
                        held.send(()).unwrap();
                        released.recv().unwrap();
                        Ok(())
                    })
                    .unwrap();
            });
            is_held.recv().unwrap();
            let ask = |&(key, reference, retry): &Asked<'_>| {
                let (address, path) = (self.served.address, format!("/v1/people/{reference}"));
                let (key, retry) = (key.to_owned(), retry.map(ToOwned::to_owned));
                scope.spawn(move || {
                    let headers: Vec<(&str, &str)> = retry.iter().map(|retry| ("idempotency-key", &**retry)).collect();
                    Client::new(address).send("DELETE", &path, Some(&key), &headers, None).unwrap()
                })
            };
            let sent: Vec<_> = asked.iter().map(ask).collect();
            std::thread::sleep(Duration::from_millis(400));
            release.send(()).unwrap();
            sent.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    fn run(&self, sqlite: &str, postgres: &str) {
        let run = |conn: &mut Conn| match conn {
            Conn::Sqlite(c) => c.batch_execute(sqlite),
            Conn::Postgres(c) => c.batch_execute(postgres),
        };
        self.served.app.db().write(|tx| Ok(run(tx)?)).unwrap();
    }

    /// A guest with so many events, and a host who is notified of each.
    fn guest(&self, number: u128, events: u128) -> String {
        let name = format!("guest-{number}");
        for n in 0..events {
            let kind = ["visit.checked_in", "visit.checked_out"][usize::try_from(n % 2).unwrap()];
            let at = format!("2026-11-21T08:{n:02}:00Z");
            assert_eq!(self.event(number * 100 + n, kind, &at, &name, Some("host")).status, 201);
        }
        name
    }
}

fn journalled(house: &House) -> usize {
    let path = house.home.dir.join("erasures.journal");
    let journal = Journal::at(&format!("file://{}", path.display()), house.served.app.db().target()).unwrap();
    let mut entries = 0;
    let mut count = |_| -> Result<(), Error> {
        entries += 1;
        Ok(())
    };
    journal.read_after(0, &mut count).unwrap();
    entries
}

#[test]
fn each_gets_its_own_receipt_and_the_restricted_one_is_held_alone() {
    both(|kind| {
        let house = House::new(kind);
        let guests: Vec<String> = (1..=30).map(|n| house.guest(n, 1 + n % 5)).collect();
        let ground = json!({"ground": "c", "reason": "sag 12"});
        assert_eq!(house.send("PUT", "/v1/people/guest-7/restriction", Some(&ground)).status, 200);
        let foreign_site = site(&house.served.app, "L-2");
        let foreign = key(&house.served.app, Some(foreign_site.customer), "people:delete", None);
        let mut asked: Vec<Asked<'_>> = guests.iter().map(|guest| (&*house.key, &**guest, None)).collect();
        // One twice, one of another customer, one who was never held, and a retry that overtakes its first attempt.
        asked.extend([(&*house.key, "guest-3", None), (&*foreign, "guest-5", None), (&*house.key, "never", None)]);
        asked.extend([(&*house.key, "again", Some("k-1")), (&*house.key, "again", Some("k-1"))]);
        asked.push((&house.key, "another", Some("k-1")));
        let answers = house.at_once(&asked);
        for (n, answer) in (1_u64..).zip(&answers[..30]) {
            let receipt = answer.json();
            match n {
                7 => {
                    assert_eq!(
                        (answer.status, &receipt["code"]),
                        (409, &json!("person_restricted")),
                        "{}",
                        answer.text
                    );
                    assert!(receipt["confirmation"].is_string());
                }
                // Whichever of the two came first.
                3 => assert_eq!(answer.status, 200, "{}", answer.text),
                n => {
                    assert_eq!(answer.status, 200, "{}", answer.text);
                    let events = 1 + n % 5;
                    let erased = json!({"people": 1, "events": events, "visits": events.div_ceil(2), "hosts": 0,
                        "recipients": 0, "restrictions": 0});
                    assert_eq!((&receipt["erased"], &receipt["refs"]), (&erased, &json!(1)), "guest-{n}");
                    assert_eq!(receipt["results"], json!([{"index": 0, "status": "erased", "epoch": 1}]));
                    assert!(receipt["signature"]["value"].is_string());
                }
            }
        }
        let status = |answer: &Answer| answer.json()["results"][0]["status"].clone();
        let mut twice = [status(&answers[2]), status(&answers[30])];
        twice.sort_by_key(ToString::to_string);
        assert_eq!(twice, [json!("erased"), json!("not_held")]);
        assert_eq!([status(&answers[31]), status(&answers[32])], [json!("not_held"), json!("not_held")]);
        // The two with one key have one receipt; or one of them met the other request under it.
        let kept: Vec<&Answer> = answers[33..].iter().filter(|answer| answer.status == 200).collect();
        assert!(answers[33..].iter().all(|answer| [200, 409].contains(&answer.status)));
        assert!(!kept.is_empty() && kept.iter().all(|answer| answer.text == kept[0].text));
        assert_eq!(answers[35].status == 200, answers[33].status == 409, "one request owns the key");

        assert_eq!(house.get("/v1/people/guest-7").status, 200);
        let kept = house.get("/v1/events?person=guest-7&restricted=legal_claims").json();
        assert_eq!(kept["data"].as_array().unwrap().len(), 3);
        for guest in guests.iter().filter(|guest| *guest != "guest-7") {
            assert_eq!(house.get(&format!("/v1/people/{guest}")).status, 404, "{guest}");
        }
        let listed = house.get("/v1/deletions?limit=200").json();
        let ids: std::collections::BTreeSet<&str> =
            listed["data"].as_array().unwrap().iter().map(|row| row["deletion_id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), 32, "29 guests, guest-3 once more, never, and the one under the key");
        let receipts = answers.iter().filter(|answer| answer.status == 200);
        for answer in receipts.filter(|answer| answer.text != answers[31].text) {
            let receipt: Value = answer.json();
            let id = receipt["deletion_id"].as_str().unwrap();
            assert!(ids.contains(id));
            assert_eq!(house.get(&format!("/v1/deletions/{id}")).text, answer.text, "as it was signed");
        }
        let notices = house.get("/v1/notices").json();
        assert_eq!(notices["data"][0]["kind"], "deletion_held", "{notices}");
        // 29 guests, never, the one under the key, and the other customer's.
        assert_eq!(journalled(&house), 33, "guest-3 twice: the second deletion notes its tombstone too");
        if kind == Kind::Postgres {
            assert!(transactions(&house) < 16, "they went together");
        }
    });
}

/// How many transactions the deletions took.
fn transactions(house: &House) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let count = |conn: &mut Conn| {
        diesel::sql_query("SELECT count(DISTINCT xmin::text) AS count FROM deletions").get_result::<Count>(conn)
    };
    house.served.app.db().read(|conn| Ok(count(conn)?)).unwrap().count
}

#[test]
fn those_that_wait_share_a_transaction() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let site = site(&app, "L-1");
        let key = key(&app, Some(site.customer), "people:delete", None);
        let house = House { served: serve(&app), clock: Clock::System, key, site, home };
        let names: Vec<String> = (0..30).map(|n| format!("never-{n}")).collect();
        let asked: Vec<Asked<'_>> = names.iter().map(|name| (&*house.key, &**name, None)).collect();
        let answers = house.at_once(&asked);
        // The time at which a deletion starts is that of its transaction.
        let started = |answer: &Answer| answer.json()["started_at"].as_str().unwrap().to_owned();
        let transactions: std::collections::BTreeSet<String> = answers.iter().map(started).collect();
        assert!(transactions.len() < 16, "{} transactions for 30", transactions.len());
    });
}

#[test]
fn a_fault_with_one_is_not_the_others() {
    both(|kind| {
        let house = House::new(kind);
        let guests: Vec<String> = (1..=12).map(|n| house.guest(n, 2)).collect();
        // The database keeps the visit of one of them, whatever it is told.
        let kept = "CREATE TABLE kept AS SELECT person_id FROM events WHERE event_id =";
        let id = uuid::Uuid::from_u128(500);
        house.run(
            &format!(
                "{kept} x'{}'; CREATE TRIGGER kept BEFORE DELETE ON visits \
                   WHEN OLD.person_id IN (SELECT person_id FROM kept) BEGIN SELECT RAISE(ABORT, 'kept'); END",
                id.simple()
            ),
            &format!(
                "{kept} '{id}'; CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                   IF OLD.person_id IN (SELECT person_id FROM kept) THEN RAISE 'kept'; END IF; RETURN OLD; END $$; \
                 CREATE TRIGGER kept BEFORE DELETE ON visits FOR EACH ROW EXECUTE FUNCTION keep()"
            ),
        );
        let asked: Vec<Asked<'_>> = guests.iter().map(|guest| (&*house.key, &**guest, None)).collect();
        let answers = house.at_once(&asked);
        for (guest, answer) in guests.iter().zip(&answers) {
            let wanted = if guest == "guest-5" { 500 } else { 200 };
            assert_eq!(answer.status, wanted, "{guest}: {}", answer.text);
            assert_eq!(house.get(&format!("/v1/people/{guest}")).status, if wanted == 500 { 200 } else { 404 });
        }
        assert_eq!(journalled(&house), 11, "what was rolled back is not in the journal");
        assert_eq!(house.get("/v1/deletions").json()["data"].as_array().unwrap().len(), 11);
        house.run("DROP TRIGGER kept", "DROP TRIGGER kept ON visits");
        assert_eq!(house.delete("guest-5")["erased"]["visits"], 1);
    });
}
