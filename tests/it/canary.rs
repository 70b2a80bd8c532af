//! No personal value lies in the clear: not in a table, an index, a free page, a log or a temporary file.
//!
//! Canaries go into every personal field through the API, and every byte that the databases keep is searched for them.
//! In the clear by decision, and so not among them, are what `config/personal_data.toml` shows without `_sealed`: the
//! customer's own name, device names, instants and kinds.

use crate::client::Client;
use crate::harness::{Home, Kind, Served, at, both, files, key, serve, site};
use crate::raw::Raw;
use crate::search::{Canary, Search};
use crate::traffic::{self, DEVICE};
use diesel::connection::SimpleConnection;
use guestlog::app::jobs::Kind as Job;
use guestlog::app::{App, mail};
use guestlog::clock::Clock;
use serde_json::json;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const SCOPES: &str = "events:write,events:read,people:write,people:read,people:delete,rights,webhooks";

/// Where the server of the tests keeps everything, its log among it; none of a server that tests/run was given.
#[expect(clippy::disallowed_methods, reason = "tests/run tells by it where the server that it started keeps its files")]
pub fn postgres_dir() -> Option<PathBuf> {
    std::env::var_os("GUESTLOG_TEST_POSTGRES_DIR").map(PathBuf::from)
}

/// Runs a test on each database whose files can be searched.
pub fn on_searchable(test: impl Fn(Kind)) {
    both(|kind| match (kind, postgres_dir()) {
        (Kind::Postgres, None) => eprintln!("not run: without GUESTLOG_TEST_POSTGRES_DIR there are no files to search"),
        _ => test(kind),
    });
}

/// What is written from the beginning of a test on.
pub struct Evidence {
    since: SystemTime,
    folders: Vec<PathBuf>,
}

impl Evidence {
    /// On PostgreSQL, statements go to the server's log with all their parameters.
    pub fn begin(home: &Home) -> Self {
        let since = std::fs::metadata(&home.dir).unwrap().modified().unwrap();
        let mut folders = vec![home.dir.clone()];
        if home.kind == Kind::Postgres {
            let mut raw = Raw::of(home);
            for setting in [
                "log_statement = 'all'",
                "log_min_duration_statement = 0",
                "log_parameter_max_length = -1",
                "log_parameter_max_length_on_error = -1",
            ] {
                let database = home.url.rsplit('/').next().unwrap();
                raw.run(&format!("ALTER DATABASE {database} SET {setting}"));
            }
            let data = raw.texts("SELECT current_setting('data_directory') AS text").remove(0);
            let dir = postgres_dir().expect("the folder of the server is known");
            assert!(Path::new(&data).starts_with(&dir), "the folder is not that of the server");
            folders.push(dir);
        }
        Self { since, folders }
    }

    /// All files of the database, and what anybody wrote into the system's temporary folder meanwhile.
    fn files(&self) -> Vec<PathBuf> {
        let mut all: BTreeSet<PathBuf> = self.folders.iter().flat_map(|folder| files(folder)).collect();
        assert!(!all.is_empty(), "there is nothing to search");
        let fresh = |file: &PathBuf| {
            let changed = std::fs::metadata(file).and_then(|meta| meta.modified());
            changed.is_ok_and(|changed| changed >= self.since) && std::fs::File::open(file).is_ok()
        };
        all.extend(files(&std::env::temp_dir()).into_iter().filter(fresh));
        all.into_iter().collect()
    }

    pub fn assert_clean(&self, search: &Search, when: &str) {
        let found = search.in_files(&self.files());
        assert!(found.is_empty(), "{when}: {} hits, among them {:#?}", found.len(), &found[..found.len().min(10)]);
    }
}

/// Sends everything; gives the secret parts of the keys that were used.
fn send_all(served: &Served, canary: &Canary) -> Vec<String> {
    let site = site(&served.app, &traffic::license_number(canary));
    let key_of_customer = key(&served.app, Some(site.customer), SCOPES, None);
    let key_of_operator = key(&served.app, None, "admin", None);
    let client = Client::new(served.address);
    for customer in [Some(site.id), None] {
        served.app.write_blocking(|work| mail::queue(work, customer, traffic::letter(canary))).unwrap();
    }
    for call in traffic::personal(canary).into_iter().chain(traffic::operator(canary, &site.customer.to_string())) {
        let key = if call.operator { &key_of_operator } else { &key_of_customer };
        let answer = call.send(&client, Some(key));
        assert_eq!(answer.status, call.status, "{} {}: {}", call.method, call.path, answer.text);
    }
    ask(served, canary, &key_of_customer);
    let shown = served.get(&format!("/v1/people/{}-one", canary.text(2)), &key_of_customer);
    assert!(!canary.search().of(shown.text.as_bytes()).is_empty(), "what goes in comes out: {}", shown.text);
    let secret = |key: &String| key.rsplit('_').next().unwrap().to_owned();
    [&key_of_customer, &key_of_operator].map(secret).into()
}

/// A request by the public form, and a case whose file is made, with words of the person and of the customer.
fn ask(served: &Served, canary: &Canary, key: &str) {
    let form = json!({"right": "access", "email": canary.email(54), "details": canary.text(55)});
    let asked = served.send("POST", "/v1/privacy-requests", None, &[], Some(form.to_string().as_bytes()));
    assert_eq!(asked.status, 202, "{}", asked.text);
    let case = json!({"right": "access", "channel": "letter", "received_at": served.app.clock().now(),
        "ref": format!("{}-one", canary.text(2)), "verified_by": "knowledge", "email": canary.email(56),
        "details": canary.text(57), "mandate": canary.text(58)});
    let opened = served.post("/v1/rights/cases", key, &case);
    assert_eq!(opened.status, 201, "{}", opened.text);
    let path = format!("/v1/rights/cases/{}", opened.json()["id"].as_str().unwrap());
    let extended =
        served.post(&format!("{path}/extension"), key, &json!({"ground": "number", "reason": canary.text(59)}));
    assert_eq!(extended.status, 200, "{}", extended.text);
    let decided = served.post(&format!("{path}/decision"), key, &json!({"decision": "approve"}));
    assert_eq!(decided.status, 200, "{}", decided.text);
    // This kind of job alone: mails would go to a folder, where they are in the clear.
    while let Some(mut lease) = served.app.claim_job_of(&[Job::Case]).unwrap() {
        let next = served.app.run_job(&mut lease).unwrap();
        lease.finish(next).unwrap();
    }
}

/// Every sealed column of the inventory holds something, so that no personal field was left out of the canaries.
fn assert_every_sealed_column_is_filled(raw: &mut Raw) {
    let inventory: toml::Table = toml::from_str(include_str!("../../config/personal_data.toml")).unwrap();
    let mut columns = 0;
    for (table, fields) in inventory["tables"].as_table().unwrap() {
        for column in fields.as_table().unwrap().keys().filter(|name| name.ends_with("_sealed")) {
            assert!(raw.count(&format!("{table} WHERE {column} IS NOT NULL")) > 0, "{table}.{column} is empty");
            columns += 1;
        }
    }
    assert!(columns >= 12, "the inventory was not understood");
}

/// Forgets people as erasure does: on a connection of the application, whose settings overwrite what is freed.
fn forget(app: &App, whom: &str) {
    app.db().write(|tx| Ok(tx.batch_execute(&format!("DELETE FROM people {whom}"))?)).unwrap();
}

#[test]
fn no_personal_value_lies_in_the_clear_before_or_after_erasure() {
    on_searchable(|kind| {
        let home = Home::new(kind);
        let evidence = Evidence::begin(&home);
        let canary = Canary::new();
        let app = home.open(Clock::fixed(at(&format!("{}T12:00:00Z", traffic::day()))));
        let served = serve(&app);
        let secrets = send_all(&served, &canary);
        let search = secrets.iter().fold(canary.search(), |search, secret| search.for_text("secret", secret));
        let mut raw = Raw::of(&home);
        assert_every_sealed_column_is_filled(&mut raw);

        evidence.assert_clean(&search, "while it runs");
        // What is kept in the clear is found: the search looks in the right places.
        let in_the_clear = Search::default().for_text("device", DEVICE);
        let mut device = in_the_clear.in_files(&evidence.files());
        raw.checkpoint();
        evidence.assert_clean(&search, "after a checkpoint");
        device.extend(in_the_clear.in_files(&evidence.files()));
        let seen = |part: &str| device.iter().any(|hit| hit.contains(part));
        match kind {
            Kind::Sqlite => assert!(seen("guestlog.db: "), "{device:?}"),
            Kind::Postgres => {
                // Other tests may have used up this part of the write-ahead log meanwhile; so it is written anew.
                let in_wal = || {
                    raw.run(&format!("SELECT pg_logical_emit_message(true, 'control', '{DEVICE}')"));
                    in_the_clear.in_files(&evidence.files()).iter().any(|hit| hit.contains("/pg_wal/"))
                };
                assert!(std::iter::repeat_with(in_wal).take(5).any(|found| found));
                assert!(seen("/base/") && seen("/server.log: "), "{device:#?}");
            }
        }

        for file in files(&home.dir) {
            let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{} is open to others", file.display());
        }

        forget(&app, "");
        assert_eq!((raw.count("events"), raw.count("visits"), raw.count("event_hosts")), (0, 0, 0));
        evidence.assert_clean(&search, "after erasure");
        raw.checkpoint();
        evidence.assert_clean(&search, "after erasure and a checkpoint");
        drop(raw);
        drop(served);
        evidence.assert_clean(&search, "after the end");
    });
}

#[test]
fn the_search_finds_what_was_written_in_the_clear() {
    on_searchable(|kind| {
        let home = Home::new(kind);
        let evidence = Evidence::begin(&home);
        let canary = Canary::new();
        let mut raw = Raw::of(&home);
        raw.run("CREATE TABLE scratch (note TEXT)");
        // More than one, since a page of the write-ahead log may end within a row.
        for n in 0..3 {
            raw.run(&format!("INSERT INTO scratch VALUES ('Åse {}')", canary.text(n)));
        }
        let mut found = canary.search().in_files(&evidence.files());
        raw.checkpoint();
        found.extend(canary.search().in_files(&evidence.files()));
        let places: &[&str] = match kind {
            Kind::Sqlite => &["guestlog.db: text as it is"],
            Kind::Postgres => &["/base/", "/pg_wal/", "/server.log: "],
        };
        for place in places {
            assert!(found.iter().any(|hit| hit.contains(place)), "not found in {place}: {found:#?}");
        }
    });
}

/// The sealed fields, wrapped key, digests and blind indexes in a person's rows.
fn sealed_bytes(raw: &mut Raw, person: &str) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for (table, columns) in [
        (
            "people",
            "ref_index ref_sealed wrapped_key name_sealed email_sealed email_index phone_sealed phone_index company_sealed vehicle_plate_sealed mirror_sealed",
        ),
        ("events", "visit_ref_index details_sealed ip_sealed digest"),
        ("event_hosts", "details_sealed"),
        ("event_recipients", "address_sealed"),
        ("visits", "visit_ref_sealed"),
    ] {
        let id = if table == "people" { "id" } else { "person_id" };
        for column in columns.split(' ') {
            let sql = format!("SELECT {column} AS bytes FROM {table} WHERE {id} = {person} AND {column} IS NOT NULL");
            all.extend(raw.bytes(&sql));
        }
    }
    all
}

#[test]
fn nothing_sealed_of_an_erased_person_stays_in_the_file() {
    let home = Home::new(Kind::Sqlite);
    let canary = Canary::new();
    let app = home.open(Clock::fixed(at(&format!("{}T12:00:00Z", traffic::day()))));
    let served = serve(&app);
    send_all(&served, &canary);
    let mut raw = Raw::of(&home);
    // The guest of the first event has every field; its host stands in all the others as well.
    let guest = "(SELECT person_id FROM events ORDER BY id LIMIT 1)";
    let host = "(SELECT person_id FROM event_hosts ORDER BY event_key LIMIT 1)";
    let [theirs, others] = [guest, host].map(|person| sealed_bytes(&mut raw, person));
    assert!(theirs.len() >= 15 && others.len() >= 10, "{} and {}", theirs.len(), others.len());
    let found = |sealed: &[Vec<u8>]| {
        let files = files(&home.dir);
        let lies_there = |bytes: &&Vec<u8>| !Search::default().for_bytes("sealed", bytes).in_files(&files).is_empty();
        sealed.iter().filter(lies_there).count()
    };
    assert_eq!((found(&theirs), found(&others)), (theirs.len(), others.len()));

    forget(&app, &format!("WHERE id = {guest}"));
    raw.checkpoint();
    assert_eq!((found(&theirs), found(&others)), (0, others.len()), "what is another's stays");
}
