//! Assembles the house: settings, application, server.

use super::outcome::Failure;
use crate::app::{self, App};
use crate::clock::Clock;
use crate::config::Settings;
use crate::http;
use crate::jobs;
use crate::server::{Application, StartError};
use crate::store::Db;
use std::path::PathBuf;

/// Opens the application for one command, and closes it after.
///
/// # Errors
/// Those of the settings, of [`open`] and of the command.
pub fn within<T>(config: Option<PathBuf>, command: impl FnOnce(&App) -> Result<T, Failure>) -> Result<T, Failure> {
    let app = open(Settings::load(config)?)?;
    let outcome = command(&app);
    app.stop();
    outcome
}

/// Opens the application; refused while migrations are due, since a program must not change a database unasked.
///
/// # Errors
/// When the database is out of reach, unsafe or of another version, or the master key cannot be used.
pub fn open(settings: Settings) -> Result<App, Failure> {
    let db = app::open_db(&settings)?;
    refuse_due(&db)?;
    Ok(App::over(db, settings, Clock::System)?)
}

/// As [`open`], for a service that is bound while erasures are repeated; it runs the migrations that are due when
/// `with_migrations` says so.
///
/// # Errors
/// As [`open`], and when a migration fails.
pub fn starting(settings: Settings, with_migrations: bool) -> Result<(App, usize), Failure> {
    let db = app::open_db(&settings)?;
    let ran = if with_migrations { migrate(&db)? } else { refuse_due(&db).map(|()| 0)? };
    Ok((App::starting(db, settings, Clock::System)?, ran))
}

/// As [`open`], but runs the migrations that are due; returns how many ran.
///
/// # Errors
/// As [`open`], and when a migration fails.
pub fn open_migrated(settings: Settings) -> Result<(App, usize), Failure> {
    let db = app::open_db(&settings)?;
    let ran = migrate(&db)?;
    Ok((App::over(db, settings, Clock::System)?, ran))
}

/// Runs the migrations that are due; returns how many ran.
///
/// # Errors
/// When the database is of a later version, out of reach, or a migration fails.
pub fn migrate(db: &Db) -> Result<usize, Failure> {
    refuse_later(db.migrations_due()?.1)?;
    Ok(db.migrate()?)
}

/// Refuses a database that lacks migrations, or has some that this version does not know.
///
/// # Errors
/// [`Failure::Refused`] for either.
pub fn refuse_due(db: &Db) -> Result<(), Failure> {
    let (missing, unknown) = db.migrations_due()?;
    refuse_later(unknown)?;
    if missing == 0 {
        return Ok(());
    }
    Err(Failure::Refused(format!("the database lacks {} of this version; run: guestlog migrate", migrations(missing))))
}

fn refuse_later(unknown: usize) -> Result<(), Failure> {
    if unknown == 0 {
        return Ok(());
    }
    let count = migrations(unknown);
    Err(Failure::Refused(format!("the database has {count} that this version does not know; run a later guestlog")))
}

/// `1 migration`, `2 migrations`.
#[must_use]
pub fn migrations(count: usize) -> String {
    super::output::count(count, "migration")
}

/// Binds the listeners of the whole service and starts the worker of its jobs; both end, and the application is closed,
/// when the server stops.
///
/// # Errors
/// When an address is taken, or the certificate cannot be used.
pub fn server(app: &App) -> Result<Application, StartError> {
    let server = Application::build(app.settings(), http::floor(app))?;
    http::tally::describe();
    jobs::describe();
    let worker = jobs::Worker::start(app).map_err(StartError::Jobs)?;
    app::journal::describe();
    let (watched, stopped) = (app.clone(), app.clone());
    Ok(server.on_scrape(move || watched.observe()).on_stop(move || {
        worker.stop();
        stopped.stop();
    }))
}
