//! Our own server: the product as `guestlog serve` starts it, over a database that is made ready first.

use crate::check;
use crate::server::KEY;
use guestlog::app::{self, App, customers, keys, licenses};
use guestlog::clock::Clock;
use guestlog::config::Settings;
use guestlog::domain::license::OverdueRule;
use guestlog::domain::scope::Scopes;
use guestlog::domain::text::{Label, LicenseNumber};
use guestlog::domain::zone::Zone;
use guestlog::store::Conn;
use std::process::ExitCode;

const SCOPES: &str = "events:write,events:read,people:write,people:read,people:delete,rights";

/// Migrates, makes a customer with a licence and a key, asserts how the connections are set up, and serves.
pub fn serve() -> ExitCode {
    let settings = Settings::load(None).unwrap();
    let db = app::open_db(&settings).unwrap();
    db.migrate().unwrap();
    let app = App::over(db, settings, Clock::System).unwrap();
    assert_durable(&app);
    println!("{KEY}{}", key(&app));
    app.stop();
    drop(app);
    guestlog::cli::run(["guestlog", "serve"].map(Into::into))
}

/// Asks a connection of the pool from which every writer takes its own.
fn assert_durable(app: &App) {
    let asked = app.db().write(|tx| {
        match &mut **tx {
            Conn::Postgres(c) => check::assert_postgres_durable(c),
            Conn::Sqlite(c) => check::assert_sqlite_durable(c),
        }
        Ok(())
    });
    asked.unwrap();
}

fn key(app: &App) -> String {
    let issued = app.write_blocking(|work| {
        let customer = customers::create(work, &Label::new("Kunde").unwrap(), Zone::COPENHAGEN)?.id;
        let license = licenses::Draft {
            number: LicenseNumber::new(crate::payload::LICENSE).unwrap(),
            name: Label::new("Hovedindgang").unwrap(),
            zone: None,
            overdue: OverdueRule::new(None, None).unwrap(),
        };
        licenses::issue(work, customer, &license)?;
        let scopes = Scopes::parse_list(SCOPES).unwrap();
        let draft = keys::Draft { customer: Some(customer), license_number: None, scopes, days: keys::DEFAULT_DAYS };
        keys::issue(work, &draft)
    });
    issued.unwrap().secret
}
