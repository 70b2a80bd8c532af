//! What becomes of mails that do not leave at once: put off, given up, told to the operator, tried again by hand, purged.

use crate::harness::{Home, both, site};
use crate::mail::{Office, borrowed, mail};
use crate::program::guestlog;
use crate::raw::Raw;
use crate::smtp::Smtp;
use guestlog::app::mail::{Mail, queue};
use guestlog::app::rotation;
use guestlog::clock::Clock;
use guestlog::jobs::run_due;

#[test]
fn what_a_server_refuses_is_given_up_and_what_it_puts_off_waits_ever_longer() {
    both(|kind| {
        let server = Smtp::started();
        let office = Office::at(kind, &server);
        let customer = site(&office.app, "L-1").id;
        office.queue(Some(customer), &mail("nobody@gaest.example"));
        office.queue(Some(customer), &mail("later@gaest.example"));
        office.queue(Some(customer), &mail("karen@gaest.example"));
        office.run();
        // One that is refused does not hold up the others.
        assert_eq!(office.rows(), ["3 1 smtp_550", "1 1 smtp_451", "2 1 -"]);
        server.arrived(1);
        let notices = office.notices();
        assert!(notices.len() == 1 && notices[0].contains("smtp_550") && !notices[0].contains("gaest"), "{notices:?}");

        let mut pauses = Vec::new();
        for _ in 0..100 {
            let due = office.raw().texts("SELECT CAST(due_at AS text) AS text FROM mails WHERE state = 1");
            if due.is_empty() {
                break;
            }
            let due = office.app.db().read(|conn| Ok(guestlog::store::mails::next_due(conn, customer)?)).unwrap();
            let pause = due.unwrap().seconds_since(office.now());
            pauses.push(pause);
            office.later(pause + 1);
            office.run();
        }
        assert!(pauses[0] >= 45 && pauses[0] <= 60 && pauses.iter().all(|pause| *pause <= 21_600), "{pauses:?}");
        assert!(pauses.windows(2).take(7).all(|pair| pair[0] < pair[1]), "{pauses:?}");
        let tried: i64 = pauses.iter().sum();
        assert!((2 * 86_400..=3 * 86_400).contains(&tried), "tried for {tried} s");
        assert!(office.rows()[1].ends_with("smtp_451") && office.rows()[1].starts_with("3 "), "{:?}", office.rows());
        assert_eq!(office.notices().len(), 2);

        // Whoever runs the service sees both, and can have them tried again while their words are kept.
        let listed = guestlog(&office.home, &["jobs", "list", "--json"]).done().json();
        let mails = listed["mails"].as_array().unwrap().clone();
        assert_eq!(mails.len(), 2, "{listed}");
        assert!(mails.iter().all(|mail| mail["state"] == "given_up" && mail["kind"] == "test_letter"), "{listed}");
        assert_eq!(mails.iter().map(|mail| mail["can_retry"].as_bool().unwrap()).collect::<Vec<_>>(), [true, true]);
        let table = guestlog(&office.home, &["jobs", "list"]).done().out;
        assert!(table.contains("smtp_550") && !table.contains("gaest.example"), "{table}");
    });
}

#[test]
fn a_mail_that_was_given_up_is_tried_again_by_hand() {
    both(|kind| {
        let mut server = Smtp::new();
        let (home, clock) = (Home::new(kind), Clock::System);
        let app = home.open_with(clock, &borrowed(&server.settings()));
        app.write_blocking(|work| queue(work, None, mail("karen@gaest.example"))).unwrap();
        // As if three days had passed.
        let mut raw = Raw::of(&home);
        raw.run("UPDATE mails SET state = 3, ended_at = created_at, last_error = 'connect', attempts = 20");
        raw.run("DELETE FROM jobs WHERE kind = 'mail'");
        let id = guestlog(&home, &["jobs", "list", "--json"]).done().json()["mails"][0]["id"].clone();
        let id = id.as_str().unwrap();
        guestlog(&home, &["jobs", "retry", "01936f5e-7c1a-7d3b-9f0e-2b6c5d4e3f21"]).refused(4, "no mail");
        assert_eq!(guestlog(&home, &["jobs", "retry", id, "--json"]).done().json()["mails"], 1);
        assert_eq!(guestlog(&home, &["jobs", "retry", "--all", "--json"]).done().json()["mails"], 0);
        server.start();
        run_due(&app).unwrap();
        let arrived = server.arrived(1);
        assert!(arrived[0].header("message-id").unwrap().contains(id));
        guestlog(&home, &["jobs", "retry", id]).refused(4, "no mail");
    });
}

#[test]
fn what_is_too_late_never_leaves() {
    both(|kind| {
        let mut server = Smtp::new();
        let office = Office::at(kind, &server);
        let not_after = Some(office.now().plus_seconds(900));
        office.queue(None, &Mail { not_after, ..mail("karen@gaest.example") });
        office.run();
        assert_eq!(office.rows(), ["1 1 connect"]);
        server.start();
        office.later(901);
        office.run();
        server.arrived(0);
        assert_eq!(office.rows(), ["3 2 expired"]);
        assert_eq!(office.raw().count("mails WHERE content_sealed IS NOT NULL"), 0, "a code of no use is not kept");
        assert_eq!(office.notices().len(), 1);
    });
}

#[test]
fn a_mail_that_waits_survives_a_rotation_and_one_given_up_loses_its_words_in_a_week() {
    both(|kind| {
        let mut server = Smtp::new();
        let office = Office::at(kind, &server);
        let site = site(&office.app, "L-1");
        office.queue(Some(site.id), &mail("karen@gaest.example"));
        office.queue(Some(site.id), &mail("nobody@gaest.example"));
        rotation::rotate_customer(&office.app, site.customer).unwrap();
        assert_eq!(office.raw().count("mails WHERE key_version = 2"), 2);
        server.start();
        office.run();
        server.arrived(1);
        assert_eq!(office.rows(), ["2 1 -", "3 1 smtp_550"]);
        for (days, whole, rows) in [(6, 1, 2), (2, 0, 2), (23, 0, 0)] {
            office.later(days * 86_400);
            office.app.start_jobs().unwrap();
            office.run();
            let mut raw = office.raw();
            let found = (raw.count("mails WHERE content_sealed IS NOT NULL"), raw.count("mails"));
            assert_eq!(found, (whole, rows), "after {days} days more");
        }
    });
}
