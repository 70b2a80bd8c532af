//! The command line: exit codes, JSON for scripts, one plain line for a failure, and no secret but where it belongs.

use crate::child::Child;
use crate::harness::{Home, Kind, both};
use crate::program::{guestlog, program, program_in, run};

const NOBODY: &str = "0199f0c2-6c1e-7b7a-9c53-0f3c3a1b2c4d";

/// A migrated home with a customer that has one licence.
fn house(kind: Kind) -> (Home, String) {
    let home = Home::new(kind);
    guestlog(&home, &["migrate"]).done();
    let customer = guestlog(&home, &["customer", "create", "--name", "Nordlys A/S", "--json"]).done().json();
    let customer = customer["id"].as_str().unwrap().to_owned();
    let issue = ["license", "issue", "--customer", &customer, "--number", "VS-1", "--name", "Hovedindgang"];
    guestlog(&home, &issue).done();
    (home, customer)
}

#[test]
fn help_says_what_exit_codes_mean_and_gives_examples() {
    let help = run(program(&["--help"])).done();
    for line in ["Exit codes:", "  5  doctor found a fault", "Examples:", "  guestlog demo "] {
        assert!(help.out.contains(line), "{line}\n{}", help.out);
    }
    for command in [
        vec!["serve"],
        vec!["migrate"],
        vec!["customer", "create"],
        vec!["license", "issue"],
        vec!["key", "issue"],
        vec!["doctor"],
        vec!["demo"],
    ] {
        let help = run(program(&[&command[..], &["--help"]].concat())).done();
        assert!(help.out.contains("Example"), "{command:?}: {}", help.out);
    }
    assert!(run(program(&["--version"])).done().out.starts_with("guestlog "));
}

#[test]
fn arguments_that_cannot_be_are_refused_with_2() {
    for args in [
        &["dance"][..],
        &["key", "issue", "--operator", "--scopes", "admin"],
        &["key", "issue", "--customer", NOBODY],
        &["key", "issue", "--operator", "--days", "0"],
        &["customer", "show", "not-an-id"],
        &["customer", "create", "--name", "x", "--time-zone", "Mars/Olympus"],
        &["license", "issue", "--customer", NOBODY, "--number", "1", "--name", "x", "--closes-at", "25:00"],
    ] {
        let said = run(program(args));
        assert_eq!(said.code, 2, "{args:?}: {said:?}");
        assert!(!said.err.is_empty() && said.out.is_empty(), "{args:?}: {said:?}");
    }
    run(program(&["customer", "create", "--name", " "])).refused(2, "--name ");
    run(program(&["demo", "--config", "/nowhere"])).refused(2, "--config");
}

#[test]
fn settings_that_cannot_be_are_named_and_refused_with_3() {
    let home = Home::new(Kind::Sqlite);
    let with = |name: &str, value: &str| {
        let mut command = program_in(&home, &["serve", "--migrate"]);
        command.env("GUESTLOG__LOG__LEVEL", "off").env(name, value);
        run(command)
    };
    with("GUESTLOG__HTTP__LISTN", "127.0.0.1:0").refused(3, "http.listn");
    with("GUESTLOG__HTTP__MAX_BODY_BYTES", "a lot").refused(3, "http.max_body_bytes");
    with("GUESTLOG__DATABASE__URL", "mysql://u:hunter2@127.0.0.1/x").refused(3, "database.url");
    with("GUESTLOG_PROFILE", "party").refused(3, "GUESTLOG_PROFILE");
    run(program_in(&home, &["--config", "/nowhere/at/all", "migrate"])).refused(3, "/nowhere/at/all");
    let file = home.dir.join("file");
    std::fs::write(&file, "").unwrap();
    let mut command = program(&["migrate"]);
    command.env("GUESTLOG__DATA_DIR", &file);
    run(command).refused(1, "/file/guestlog.db: ");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    with("GUESTLOG__HTTP__LISTEN", &taken.local_addr().unwrap().to_string()).refused(3, "http.listen");
}

#[test]
fn secrets_of_the_settings_are_in_no_output() {
    let home = Home::new(Kind::Sqlite);
    for args in [&["doctor", "--settings"][..], &["doctor", "--json"], &["serve", "--migrate"], &["customer", "list"]] {
        // Nobody listens there.
        for url in ["postgres://tester:hunter2@127.0.0.1:1/guestlog", "postgres://tester:hunter2@@/x", "hunter2"] {
            let mut command = program_in(&home, args);
            command.env("GUESTLOG__DATABASE__URL", url).env("GUESTLOG__DATABASE__ACQUIRE_TIMEOUT_MS", "200");
            let said = run(command);
            assert!(!said.out.contains("hunter2") && !said.err.contains("hunter2"), "{args:?}: {said:?}");
            assert!([1, 3, 5].contains(&said.code), "{args:?}: {said:?}");
        }
    }
}

#[test]
fn migrations_run_when_asked_and_once() {
    both(|kind| {
        let home = Home::new(kind);
        guestlog(&home, &["serve"]).refused(4, "guestlog migrate");
        guestlog(&home, &["customer", "list"]).refused(4, "guestlog migrate");
        let due = guestlog(&home, &["migrate", "--dry-run", "--json"]).done().json();
        assert!(due["due"].as_u64().unwrap() > 0 && due["ran"] == 0, "{due}");
        let ran = guestlog(&home, &["migrate", "--json"]).done().json();
        assert_eq!((&ran["ran"], &ran["due"]), (&due["due"], &0.into()));
        assert_eq!(guestlog(&home, &["migrate", "--json"]).done().json()["ran"], 0);
        assert!(guestlog(&home, &["migrate"]).done().out.contains("is up to date"));
    });
}

#[test]
fn a_dry_run_makes_no_file() {
    let home = Home::new(Kind::Sqlite);
    let said = guestlog(&home, &["migrate", "--dry-run"]).done();
    assert!(said.out.contains("does not exist yet"), "{said:?}");
    assert!(crate::harness::files(&home.dir).is_empty());
}

#[test]
fn customers_and_licences_are_made_shown_and_ended() {
    both(|kind| {
        let (home, customer) = house(kind);
        let shown = guestlog(&home, &["customer", "show", &customer, "--json"]).done().json();
        assert_eq!((&shown["name"], &shown["time_zone"]), (&"Nordlys A/S".into(), &"Europe/Copenhagen".into()));
        let list = guestlog(&home, &["customer", "list", "--json"]).done().json();
        assert_eq!(list, serde_json::json!([shown]));
        assert!(guestlog(&home, &["customer", "list"]).done().out.contains("Nordlys A/S"));

        let of = ["--customer", customer.as_str()];
        let again = [&["license", "issue", "--number", "VS-1", "--name", "x"][..], &of].concat();
        guestlog(&home, &again).refused(4, "licence");
        let revoke = [&["license", "revoke", "--number", "VS-1", "--json"][..], &of].concat();
        assert!(guestlog(&home, &revoke).done().json()["revoked_at"].is_string());
        let list = guestlog(&home, &[&["license", "list", "--json"][..], &of].concat()).done().json();
        assert!(list[0]["license_number"] == "VS-1" && list[0]["revoked_at"].is_string(), "{list}");
        let bound = [&["key", "issue", "--scopes", "events:write", "--license", "VS-1"][..], &of].concat();
        guestlog(&home, &bound).refused(4, "licence");

        guestlog(&home, &["customer", "show", NOBODY]).refused(4, "no customer");
        guestlog(&home, &["license", "list", "--customer", NOBODY]).refused(4, "no customer");
        guestlog(&home, &["license", "revoke", "--customer", &customer, "--number", "VS-2"]).refused(4, "no licence");
        guestlog(&home, &["key", "revoke", "--customer", &customer, "0f8z7k2m9q4x1c5v"]).refused(4, "no key");
    });
}

#[test]
fn a_key_is_shown_once_and_works_until_it_is_revoked() {
    both(|kind| {
        let (home, customer) = house(kind);
        let of = ["--customer", customer.as_str()];
        let issued = [&["key", "issue", "--scopes", "events:read,events:write", "--json"][..], &of].concat();
        let issued = guestlog(&home, &issued).done().json();
        let (key, id) = (issued["secret"].as_str().unwrap(), issued["key_id"].as_str().unwrap());
        let secret = key.rsplit('_').next().unwrap();

        let server = Child::start(&home, &[]);
        let status = |path: &str, key: &str| server.get(path, Some(key)).status;
        let on_site = "/v1/visits/on-site";
        assert_eq!(status(on_site, key), 200);

        for args in [&["key", "list"][..], &["key", "list", "--json"]] {
            let list = guestlog(&home, &[args, &of].concat()).done();
            assert!(list.out.contains(id) && !list.out.contains(secret), "{list:?}");
        }
        let revoked = guestlog(&home, &[&["key", "revoke", key, "--json"][..], &of].concat()).done();
        assert!(revoked.json()["revoked_at"].is_string() && !revoked.out.contains(secret), "{revoked:?}");
        // The service, another process, may have looked at the key a moment before: `keys.cache_ms`.
        std::thread::sleep(std::time::Duration::from_millis(600));
        assert_eq!(status(on_site, key), 401);
        guestlog(&home, &["key", "revoke", "--operator", id]).refused(4, "no key");

        let said = guestlog(&home, &["key", "issue", "--operator"]).done();
        let shown: Vec<_> = said.out.lines().filter(|line| line.starts_with("glk_")).collect();
        assert!(shown.len() == 1 && said.out.contains("shown this once"), "{said:?}");
        assert_eq!(status("/v1/admin/customers", shown[0]), 200);
        server.signal("TERM");
        let (ended, log) = server.wait();
        assert!(ended.success() && !log.contains(secret), "{ended} {log}");
        for file in crate::harness::files(&home.dir) {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{}", file.display());
        }
    });
}

#[test]
fn output_that_nobody_reads_is_no_failure() {
    let home = Home::new(Kind::Sqlite);
    guestlog(&home, &["migrate"]).done();
    let mut child = program_in(&home, &["customer", "list"]).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]));
}

/// A connection that is still being made when the process ends must not bring it down.
#[test]
fn a_short_command_ends_well_time_and_again() {
    let home = Home::new(Kind::Postgres);
    guestlog(&home, &["migrate"]).done();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..25).for_each(|_| drop(guestlog(&home, &["customer", "list"]).done())));
        }
    });
}
