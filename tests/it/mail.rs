//! Mails: queued with what they tell of, sent to a real server at least once, and forgotten once they have left.

use crate::harness::{Home, Kind, at, both, site};
use crate::raw::Raw;
use crate::smtp::{Fault, Smtp};
use guestlog::app::App;
use guestlog::app::mail::{Mail, queue};
use guestlog::clock::Clock;
use guestlog::domain::contact::Email;
use guestlog::domain::text::Subject;
use guestlog::domain::{CustomerId, Timestamp};
use guestlog::error::Error;
use guestlog::jobs::{Worker, run_due};
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

const NOW: &str = "2026-11-21T12:00:00Z";
const TEXT: &str = "Kære Åse\n\nDin kode er 123456. Den gælder i et kvarter.\n.\nVenlig hilsen\nNordlys Æ Ø Å";

/// A database, its clock and its application.
pub struct Office {
    pub home: Home,
    pub clock: Clock,
    pub app: App,
}

impl Office {
    pub fn new(kind: Kind, settings: &[(&'static str, String)]) -> Self {
        let (home, clock) = (Home::new(kind), Clock::fixed(at(NOW)));
        let app = home.open_with(clock.clone(), &borrowed(settings));
        Self { home, clock, app }
    }

    pub fn at(kind: Kind, server: &Smtp) -> Self {
        Self::new(kind, &server.settings())
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn later(&self, seconds: i64) {
        self.clock.set(self.now().plus_seconds(seconds));
    }

    pub fn queue(&self, customer: Option<CustomerId>, mail: &Mail) {
        self.app.write_blocking(|work| queue(work, customer, mail.clone())).unwrap();
    }

    pub fn run(&self) {
        run_due(&self.app).unwrap();
    }

    pub fn raw(&self) -> Raw {
        Raw::of(&self.home)
    }

    /// State, attempts and error of each mail, in the order in which they were queued.
    pub fn rows(&self) -> Vec<String> {
        let columns = "CAST(state AS text) || ' ' || CAST(attempts AS text) || ' ' || coalesce(last_error, '-')";
        self.raw().texts(&format!("SELECT {columns} AS text FROM mails ORDER BY id"))
    }

    pub fn notices(&self) -> Vec<String> {
        self.raw().texts("SELECT details AS text FROM notices WHERE kind = 'mail_undeliverable' AND customer_id = 0")
    }
}

pub fn borrowed<'a>(settings: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

pub fn mail(to: &str) -> Mail {
    Mail {
        to: Email::new(to).unwrap(),
        kind: "test_letter",
        subject: Subject::new("Din kode – på dansk: æøå ÆØÅ").unwrap(),
        text: TEXT.to_owned(),
        html: None,
        not_after: None,
    }
}

#[test]
fn a_mail_arrives_whole_and_is_forgotten() {
    let server = Smtp::started();
    both(|kind| {
        let office = Office::at(kind, &server);
        let customer = site(&office.app, "L-1").id;
        let before = server.arrived(if kind == Kind::Sqlite { 0 } else { 3 }).len();
        let html = "<!doctype html><html lang=\"da\"><p>Kære Åse</p></html>".to_owned();
        office.queue(Some(customer), &Mail { html: Some(html.clone()), ..mail("ase.holm@gaest.example") });
        office.queue(None, &mail("åse@gæst.example"));
        office.queue(None, &mail("karen@gaest.example"));
        office.run();
        assert_eq!(office.rows(), vec!["2 1 -"; 3], "{}", server.log());
        let arrived = server.arrived(before + 3);
        let with_page = arrived.iter().rfind(|mail| mail.text.contains("multipart/alternative")).unwrap();
        for arrived in &arrived[before..] {
            assert_eq!(arrived.header("from").as_deref(), Some("\"Eksempel ApS\" <privatliv@eksempel.example>"));
            assert_eq!(arrived.header("auto-submitted").as_deref(), Some("auto-generated"));
            assert_eq!(arrived.header("date").as_deref(), Some("Sat, 21 Nov 2026 12:00:00 +0000"));
            let subject = arrived.header("subject").unwrap();
            assert!(subject.contains("=?utf-8?") && subject.is_ascii(), "{subject}");
            let parts = arrived.parts();
            assert!(parts[0].0.starts_with("text/plain; charset=utf-8"), "{parts:?}");
            assert_eq!(parts[0].1, TEXT);
        }
        assert_eq!(with_page.header("to").as_deref(), Some("ase.holm@gaest.example"));
        assert_eq!(with_page.parts()[1].1, html);
        let sent = "mails WHERE state = 2 AND content_sealed IS NULL AND key_version IS NULL AND ended_at IS NOT NULL";
        assert_eq!(office.raw().count(sent), 3);
        // Nothing is left to do, and the row says only that it left; after a month it goes.
        assert_eq!(office.raw().count("jobs WHERE kind = 'mail'"), 0);
        assert_eq!(office.raw().count("jobs WHERE kind = 'scrub'"), 1);
        office.later(31 * 86_400);
        office.app.start_jobs().unwrap();
        office.run();
        assert_eq!(office.raw().count("mails"), 0);
    });
}

#[test]
fn a_server_that_was_away_gets_each_mail_once() {
    both(|kind| {
        let mut server = Smtp::new();
        let office = Office::at(kind, &server);
        for number in 0..40 {
            office.queue(None, &mail(&format!("g{number}@gaest.example")));
        }
        office.run();
        assert_eq!(office.rows(), vec!["1 1 connect"; 40]);
        office.later(61);
        office.run();
        assert_eq!(office.rows(), vec!["1 2 connect"; 40]);
        server.start();
        office.later(121);
        office.run();
        let arrived = server.arrived(40);
        let ids: BTreeSet<String> = arrived.iter().map(|mail| mail.header("message-id").unwrap()).collect();
        assert_eq!(ids.len(), 40);
        office.later(86_400);
        office.run();
        server.arrived(40);
        assert_eq!(office.rows(), vec!["2 3 -"; 40]);
        assert!(office.notices().is_empty());
    });
}

/// What makes the note that a mail has left fail, as a crash just then would.
fn keep_from_committing(kind: Kind, raw: &mut Raw) {
    match kind {
        Kind::Sqlite => raw.run(
            "CREATE TRIGGER crash BEFORE UPDATE ON mails WHEN NEW.state = 2 BEGIN SELECT RAISE(ABORT, 'crash'); END",
        ),
        Kind::Postgres => {
            raw.run(
                "CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN IF NEW.state = 2 THEN RAISE 'crash'; END IF; RETURN NEW; END $$",
            );
            raw.run("CREATE TRIGGER crash BEFORE UPDATE ON mails FOR EACH ROW EXECUTE FUNCTION crash()");
        }
    }
}

#[test]
fn a_mail_that_left_before_a_crash_comes_again_under_the_same_id() {
    both(|kind| {
        let server = Smtp::started();
        let office = Office::at(kind, &server);
        keep_from_committing(kind, &mut office.raw());
        office.queue(None, &mail("karen@gaest.example"));
        office.run();
        server.arrived(1);
        assert_eq!(office.rows(), ["1 0 -"]);
        office.raw().run(if kind == Kind::Sqlite { "DROP TRIGGER crash" } else { "DROP TRIGGER crash ON mails" });
        office.later(1_000);
        office.run();
        let arrived = server.arrived(2);
        let ids: BTreeSet<String> = arrived.iter().map(|mail| mail.header("message-id").unwrap()).collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
        assert_eq!(office.rows(), ["2 1 -"]);
    });
}

#[test]
fn a_server_that_is_not_the_one_meant_gets_nothing() {
    both(|kind| {
        let other = Smtp::new();
        for (fault, error) in [(Fault::WrongName, "tls"), (Fault::NoTls, "starttls"), (Fault::None, "tls")] {
            let mut server = Smtp::with(fault);
            server.start();
            let mut settings = server.settings();
            if fault == Fault::None {
                // Certified by another authority than the one that is believed.
                let believed = other.settings().into_iter().find(|(name, _)| *name == "mail.ca_file").unwrap();
                settings.retain(|(name, _)| *name != "mail.ca_file");
                settings.push(believed);
            }
            let office = Office::new(kind, &settings);
            office.queue(None, &mail("karen@gaest.example"));
            office.run();
            assert_eq!(office.rows(), [format!("1 1 {error}")], "{fault:?}: {}", server.log());
            assert!(!server.log().contains("gaest.example"), "the address was told: {}", server.log());
            server.arrived(0);
        }
    });
}

#[test]
fn tls_from_the_first_byte_and_signing_in_work() {
    both(|kind| {
        for fault in [Fault::AtOnce, Fault::SignIn] {
            let mut server = Smtp::with(fault);
            server.start();
            let office = Office::at(kind, &server);
            office.queue(None, &mail("karen@gaest.example"));
            office.run();
            assert_eq!(office.rows(), ["2 1 -"], "{}", server.log());
            server.arrived(1);
            assert!(server.log().contains("X=TLS1."), "{}", server.log());
            // What the server cannot take (RFC 6531) is not written to by a guess.
            office.queue(None, &mail("åse@gaest.example"));
            office.run();
            let expected = if fault == Fault::AtOnce { "3 1 address" } else { "2 1 -" };
            assert_eq!(office.rows()[1], expected, "{}", server.log());
        }
        let mut server = Smtp::with(Fault::SignIn);
        server.start();
        let mut settings = server.settings();
        settings.retain(|(name, _)| *name != "mail.password");
        settings.push(("mail.password", "wrong".to_owned()));
        let office = Office::new(kind, &settings);
        office.queue(None, &mail("karen@gaest.example"));
        office.run();
        // It says nothing of the mail, so the mail is not given up.
        assert_eq!(office.rows(), ["1 1 auth"]);
    });
}

#[test]
fn what_was_not_committed_is_not_said() {
    both(|kind| {
        let server = Smtp::started();
        let office = Office::at(kind, &server);
        let undone = office.app.write_blocking(|work| {
            queue(work, None, mail("karen@gaest.example"))?;
            Err::<(), _>(Error::not_found())
        });
        assert!(undone.is_err());
        office.run();
        server.arrived(0);
        assert_eq!((office.raw().count("mails"), office.raw().count("jobs WHERE kind = 'mail'")), (0, 0));
    });
}

#[test]
fn in_a_folder_each_mail_is_a_file_that_only_its_owner_reads() {
    both(|kind| {
        let office = Office::new(kind, &[]);
        office.queue(None, &mail("karen@gaest.example"));
        office.run();
        let files = crate::harness::files(&office.home.dir.join("mail"));
        let id = office.raw().texts(&match kind {
            Kind::Sqlite => "SELECT lower(hex(public_id)) AS text FROM mails".to_owned(),
            Kind::Postgres => "SELECT replace(public_id::text, '-', '') AS text FROM mails".to_owned(),
        });
        let [file] = files.as_slice() else { panic!("{files:?}") };
        assert_eq!(file.file_stem().unwrap().to_str().unwrap().replace('-', ""), id[0]);
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(std::fs::read_to_string(file).unwrap().contains("To: karen@gaest.example"));
    });
}

#[test]
fn nothing_said_can_become_a_header() {
    for text in ["Hej\r\nBcc: x@y.example", "Hej\nBcc: x@y.example", "Hej\u{2028}Bcc", "Hej\0"] {
        assert!(Subject::new(text).is_err(), "{text:?}");
        assert!(Email::new(format!("a@b.example{text}")).is_err(), "{text:?}");
    }
    both(|kind| {
        let office = Office::new(kind, &[]);
        let text = "Bcc: x@y.example\r\n\r\n.\r\nMAIL FROM:<x@y.example>".to_owned();
        let subject = Subject::new("Bcc: x@y.example, =?utf-8?q?=0D=0ABcc:_x?=").unwrap();
        office.queue(None, &Mail { text, subject, ..mail("karen@gaest.example") });
        office.run();
        let file = &crate::harness::files(&office.home.dir.join("mail"))[0];
        let text = std::fs::read_to_string(file).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        assert_eq!(head.lines().filter(|line| line.starts_with("Subject: ")).count(), 1, "{head}");
    });
}

#[test]
fn several_nodes_send_each_mail_once() {
    let server = Smtp::started();
    let office = Office::at(Kind::Postgres, &server);
    let customers: Vec<CustomerId> = (0..3).map(|n| site(&office.app, &format!("L-{n}")).id).collect();
    for number in 0..30 {
        office.queue(Some(customers[number % 3]), &mail(&format!("g{number}@gaest.example")));
    }
    let open = || App::open(office.home.settings(&borrowed(&server.settings())), office.clock.clone()).unwrap();
    let nodes = [open(), open(), open()];
    std::thread::scope(|scope| nodes.iter().for_each(|node| drop(scope.spawn(|| run_due(node).unwrap()))));
    server.arrived(30);
    assert_eq!(office.rows(), vec!["2 1 -"; 30]);
}

#[test]
fn a_server_that_says_nothing_holds_up_no_other_job() {
    both(|kind| {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = silent.local_addr().unwrap().port().to_string();
        let further = [
            ("mail.transport", "smtp"),
            ("mail.host", "localhost"),
            ("mail.port", port.as_str()),
            ("mail.timeout_ms", "3000"),
        ];
        let home = Home::new(kind);
        let app = home.open_with(Clock::System, &further);
        app.write_blocking(|work| queue(work, None, mail("karen@gaest.example"))).unwrap();
        let worker = Worker::start(&app).unwrap();
        let (began, mut raw) = (Instant::now(), Raw::of(&home));
        while raw.count("jobs WHERE kind = 'purge' AND ran_at IS NOT NULL") == 0 {
            assert!(began.elapsed() < Duration::from_millis(2_500), "the purge waits for the mail");
            std::thread::sleep(Duration::from_millis(20));
        }
        while raw.count("mails WHERE attempts = 1 AND last_error = 'timeout'") == 0 {
            assert!(began.elapsed() < Duration::from_secs(20), "the mail waits for ever");
            std::thread::sleep(Duration::from_millis(50));
        }
        worker.stop();
    });
}

#[test]
fn no_more_mails_wait_than_the_settings_allow() {
    both(|kind| {
        let office = Office::new(kind, &[("mail.max_waiting", "3".to_owned())]);
        let site = site(&office.app, "L-1");
        for _ in 0..3 {
            office.queue(Some(site.id), &mail("karen@gaest.example"));
        }
        let fourth = office.app.write_blocking(|work| queue(work, Some(site.id), mail("karen@gaest.example")));
        assert!(matches!(fourth, Err(Error::Unavailable(_))), "{fourth:?}");
        // Another's are another's.
        office.queue(None, &mail("karen@gaest.example"));
        office.run();
        office.queue(Some(site.id), &mail("karen@gaest.example"));
    });
}
