//! `guestlog doctor` finds what is wrong, says what to do, and works where nothing else does.

use crate::harness::{Home, Kind, both};
use crate::program::{guestlog, program_in, run};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

/// The finding of a check that is not `ok`.
fn finding(report: &Value, check: &str, status: &str) -> Value {
    let all = report["findings"].as_array().unwrap();
    let found = all.iter().find(|finding| finding["check"] == check && finding["status"] == status);
    let found = found.unwrap_or_else(|| panic!("no {status} of {check}: {report:#}")).clone();
    assert!(status == "ok" || found["advice"].is_string(), "{found}");
    found
}

fn report(home: &Home, code: i32) -> Value {
    let said = guestlog(home, &["doctor", "--json"]);
    assert_eq!((said.code, said.err.as_str()), (code, ""), "{said:?}");
    let report = said.json();
    assert_eq!(report["faults"].as_u64().unwrap() > 0, code == 5, "{report:#}");
    report
}

/// Migrated, with a customer, so that there is a master key.
fn sound(kind: Kind) -> Home {
    let home = Home::new(kind);
    guestlog(&home, &["migrate"]).done();
    guestlog(&home, &["customer", "create", "--name", "Kunde"]).done();
    home
}

#[test]
fn a_sound_house_has_no_fault() {
    both(|kind| {
        let home = sound(kind);
        let report = report(&home, 0);
        for check in ["configuration", "data_dir", "master key", "database", "settings", "migrations", "key and data"] {
            finding(&report, check, "ok");
        }
        if kind == Kind::Sqlite {
            finding(&report, "integrity", "ok");
        }
        let text = guestlog(&home, &["doctor", "--settings"]).done().out;
        assert!(text.contains("database.url = (set)") && text.contains("0 faults"), "{text}");
    });
}

#[test]
fn a_master_key_that_others_can_read_is_found() {
    let home = sound(Kind::Sqlite);
    let key = home.dir.join("master.key");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let found = finding(&report(&home, 5), "master key", "fault");
    assert!(found["detail"].as_str().unwrap().contains("644"), "{found}");
    let said = guestlog(&home, &["doctor"]);
    assert_eq!(said.code, 5);
    assert!(said.out.contains("fault    master key"), "{}", said.out);
    guestlog(&home, &["serve"]).refused(3, "master.key");
}

#[test]
fn another_databases_master_key_is_found() {
    both(|kind| {
        let (home, other) = (sound(kind), sound(Kind::Sqlite));
        fs::copy(other.dir.join("master.key"), home.dir.join("master.key")).unwrap();
        finding(&report(&home, 5), "key and data", "fault");
        guestlog(&home, &["serve"]).refused(3, "holds master key");
    });
}

#[test]
fn a_draft_of_the_key_is_found() {
    let home = sound(Kind::Sqlite);
    fs::write(home.dir.join(".master.key.0123456789abcdef"), "").unwrap();
    finding(&report(&home, 0), "master key", "warning");
}

#[test]
fn missing_migrations_are_found_and_nothing_is_changed() {
    both(|kind| {
        let home = Home::new(kind);
        let before = report(&home, if kind == Kind::Sqlite { 0 } else { 5 });
        match kind {
            Kind::Sqlite => {
                finding(&before, "database", "warning");
                assert!(crate::harness::files(&home.dir).is_empty());
            }
            Kind::Postgres => {
                finding(&before, "migrations", "fault");
            }
        }
        guestlog(&home, &["customer", "list"]).refused(4, "guestlog migrate");
    });
}

#[test]
fn a_broken_database_is_reported_not_fallen_over() {
    let home = sound(Kind::Sqlite);
    let file = home.dir.join("guestlog.db");
    let whole = fs::read(&file).unwrap();
    for broken in [&b"this is no database, however long one reads in it"[..], &whole[..whole.len() / 2]] {
        fs::write(&file, broken).unwrap();
        let report = report(&home, 5);
        let found = report["findings"].as_array().unwrap().iter();
        let found = found.filter(|found| found["status"] == "fault");
        assert!(
            found.clone().any(|found| ["database", "integrity"].map(Value::from).contains(&found["check"])),
            "{report:#}"
        );
        finding(&report, "disk", "ok");
    }
}

#[test]
fn a_server_that_is_away_is_a_fault_soon() {
    let home = Home::new(Kind::Sqlite);
    let mut command = program_in(&home, &["doctor", "--json"]);
    // Nobody listens there.
    command.env("GUESTLOG__DATABASE__URL", "postgres://tester:hunter2@127.0.0.1:1/guestlog");
    let started = std::time::Instant::now();
    let said = run(command);
    assert_eq!(said.code, 5, "{said:?}");
    finding(&said.json(), "database", "fault");
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn settings_and_certificates_that_cannot_be_used_are_found() {
    let home = sound(Kind::Sqlite);
    let with = |settings: &[(&str, &str)]| {
        let mut command = program_in(&home, &["doctor", "--json"]);
        command.envs(settings.iter().copied());
        let said = run(command);
        assert_eq!(said.code, 5, "{said:?}");
        said.json()
    };
    let unknown = finding(&with(&[("GUESTLOG__HTTP__LISTN", "x")]), "configuration", "fault");
    assert!(unknown["detail"].as_str().unwrap().contains("http.listn"), "{unknown}");
    let tls = [
        ("GUESTLOG__HTTP__TLS__CERTIFICATE_FILE", "/nowhere/tls.crt"),
        ("GUESTLOG__HTTP__TLS__KEY_FILE", "/nowhere/tls.key"),
    ];
    finding(&with(&tls), "tls", "fault");
}

#[test]
fn a_port_in_use_is_a_warning() {
    let home = sound(Kind::Sqlite);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = program_in(&home, &["doctor", "--json"]);
    command.env("GUESTLOG__METRICS__LISTEN", taken.local_addr().unwrap().to_string());
    finding(&run(command).done().json(), "port", "warning");
}
