//! A database a test, on SQLite and on a real PostgreSQL, gone when the test is.

use crate::client::Client;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use guestlog::app::{self, App, customers, keys, licenses};
use guestlog::clock::Clock;
use guestlog::config::{Settings, Sources};
use guestlog::domain::license::OverdueRule;
use guestlog::domain::scope::Scopes;
use guestlog::domain::text::{Label, LicenseNumber};
use guestlog::domain::zone::Zone;
use guestlog::domain::{CustomerId, PublicId, Timestamp};
use std::path::{Path, PathBuf};

/// The server that `tests/run` starts, or the one it was told of.
#[expect(clippy::disallowed_methods, reason = "says where the tests' own server is; no setting of the program")]
pub fn postgres_url() -> String {
    std::env::var("GUESTLOG_TEST_POSTGRES_URL")
        .expect("GUESTLOG_TEST_POSTGRES_URL names no PostgreSQL; run tests/run, or set it to a superuser's URL")
}

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A folder and a database of one test.
pub struct Home {
    pub kind: Kind,
    pub dir: PathBuf,
    pub url: String,
    database: Option<String>,
}

impl Home {
    pub fn new(kind: Kind) -> Self {
        let name = format!("t_{}", uuid::Uuid::new_v4().simple());
        let dir = std::env::temp_dir().join("guestlog-tests").join(&name);
        std::fs::create_dir_all(&dir).unwrap();
        match kind {
            Kind::Sqlite => {
                let url = format!("sqlite://{}/guestlog.db", dir.display());
                Self { kind, dir, url, database: None }
            }
            Kind::Postgres => {
                let base = postgres_url();
                let mut admin = PgConnection::establish(&base).expect("the PostgreSQL of the tests answers");
                admin.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
                Self { kind, dir, url: with_database(&base, &name), database: Some(name) }
            }
        }
    }

    /// Settings for this home, with further ones by name.
    pub fn settings(&self, further: &[(&str, &str)]) -> Settings {
        let sources = Sources::default()
            .with("data_dir", self.dir.display().to_string())
            .with("database.url", self.url.clone())
            .with("http.listen", "127.0.0.1:0")
            .with("http.workers", "1")
            .with("metrics.listen", "127.0.0.1:0")
            .with("rights.pass_on_within_seconds", "0");
        further.iter().fold(sources, |sources, (name, value)| sources.with(name, *value)).load().unwrap()
    }

    /// The migrated application.
    pub fn open(&self, clock: Clock) -> App {
        self.open_with(clock, &[])
    }

    pub fn open_with(&self, clock: Clock, further: &[(&str, &str)]) -> App {
        let settings = self.settings(further);
        app::open_db(&settings).unwrap().migrate().unwrap();
        App::open(settings, clock).unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(name) = &self.database
            && let Ok(mut admin) = PgConnection::establish(&postgres_url())
        {
            let _ = admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn with_database(base: &str, name: &str) -> String {
    let (address, parameters) = base.split_once('?').map_or((base, None), |(a, p)| (a, Some(p)));
    let authority = address.find("://").map(|at| at + 3).unwrap();
    let server = address[authority..].find('/').map_or(address, |at| &address[..authority + at]);
    parameters.map_or_else(|| format!("{server}/{name}"), |parameters| format!("{server}/{name}?{parameters}"))
}

/// Runs a test on each database.
pub fn both(test: impl Fn(Kind)) {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        eprintln!("on {kind:?}");
        test(kind);
    }
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// A customer with one licence.
pub struct Site {
    pub customer: PublicId,
    pub id: CustomerId,
    pub number: String,
}

pub fn site(app: &App, number: &str) -> Site {
    site_with(app, number, Zone::COPENHAGEN, OverdueRule::new(None, None).unwrap())
}

pub fn site_with(app: &App, number: &str, zone: Zone, overdue: OverdueRule) -> Site {
    app.write_blocking(|work| {
        let customer = customers::create(work, &Label::new("Kunde").unwrap(), zone)?.id;
        let draft = licenses::Draft {
            number: LicenseNumber::new(number).unwrap(),
            name: Label::new("Hovedindgang").unwrap(),
            zone: None,
            overdue,
        };
        licenses::issue(work, customer, &draft)?;
        Ok(Site { customer, id: CustomerId(0), number: number.to_owned() })
    })
    .and_then(|site| {
        let id = app.read_blocking(|view| customers::internal_id(view, site.customer))?;
        Ok(Site { id, ..site })
    })
    .unwrap()
}

/// A key of a customer, or the operator's.
pub fn key(app: &App, customer: Option<PublicId>, scopes: &str, license: Option<&str>) -> String {
    let draft = keys::Draft {
        customer,
        license_number: license.map(str::to_owned),
        scopes: Scopes::parse_list(scopes).unwrap(),
        days: keys::DEFAULT_DAYS,
    };
    app.write_blocking(|work| keys::issue(work, &draft)).unwrap().secret
}

/// The regular files below a folder, without following links.
pub fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

/// A running server with its application.
pub struct Served {
    pub app: App,
    pub address: std::net::SocketAddr,
    handle: guestlog::server::Handle,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Starts the real server over `app` on a free port.
pub fn serve(app: &App) -> Served {
    use guestlog::http;
    let (sender, receiver) = std::sync::mpsc::channel();
    let (served, stopping) = (app.clone(), app.clone());
    let observed = app.clone();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let application = guestlog::server::Application::build(served.settings(), http::floor(&served))
                .unwrap()
                .on_scrape(move || observed.observe())
                .on_stop(move || stopping.stop());
            sender.send((application.address(), application.handle())).unwrap();
            application.run_until_stopped().await.unwrap();
        });
    });
    let (address, handle) = receiver.recv().unwrap();
    Served { app: app.clone(), address, handle, thread: Some(thread) }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.handle.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

impl Served {
    /// Sends a request; a body is JSON unless `content_type` says otherwise.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        Client::new(self.address).send(method, path, key, headers, body).unwrap()
    }

    pub fn get(&self, path: &str, key: &str) -> Answer {
        self.send("GET", path, Some(key), &[], None)
    }

    pub fn post(&self, path: &str, key: &str, body: &serde_json::Value) -> Answer {
        self.send("POST", path, Some(key), &[], Some(body.to_string().as_bytes()))
    }
}
