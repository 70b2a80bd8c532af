//! Use-cases: synchronous, one transaction each; they state policy and the order of steps.

pub mod accesses;
pub mod agreements;
pub mod backup;
mod cache;
pub mod cases;
mod confirmation;
pub mod customers;
pub mod deletions;
pub mod devices;
mod dossier;
pub mod events;
pub mod export;
pub mod health;
pub mod holds;
pub mod idempotency;
pub mod identity;
mod ids;
pub mod import;
pub mod ingest;
pub mod jobs;
pub mod journal;
mod keyring;
pub mod keys;
mod lanes;
pub mod licenses;
pub mod mail;
pub mod notices;
pub mod objections;
pub mod page;
pub mod people;
mod purge;
pub mod receipts;
pub mod reconciliation;
pub mod requests;
pub mod restrictions;
pub mod rotation;
mod scrub;
pub mod statements;
pub mod statistics;
pub mod visits;
pub mod watch;
pub mod webhooks;
pub mod words;
mod work;

use crate::clock::Clock;
use crate::config::Settings;
use crate::crypto::{CryptoError, Keyring};
use crate::domain::CustomerId;
use crate::error::Error;
use crate::store::{Db, Options};
use secrecy::ExposeSecret;
use std::sync::Arc;

pub use crate::store::Sight;
pub use keys::By;
pub(crate) use work::After;
pub use work::{View, Work};

/// The running application: database, keys, clock, settings and the ingest writers.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    core: Core,
    ingest: ingest::Writers,
    deleters: deletions::Deleters,
    recorders: accesses::Recorders,
    arrivals: reconciliation::Arrivals,
    exports: export::Slots,
    form_pace: requests::Pace,
}

/// What a use-case needs beside its transaction.
#[derive(Clone)]
pub(crate) struct Core {
    pub db: Db,
    pub keyring: Keyring,
    pub known_keys: Arc<keys::Known>,
    pub known_licenses: Arc<ingest::KnownLicenses>,
    pub known_webhooks: Arc<webhooks::Topics>,
    pub clock: Clock,
    pub settings: Arc<Settings>,
    pub jobs: Arc<jobs::Bell>,
    pub erasures: Arc<journal::Erasures>,
    pub mail: Arc<mail::Way>,
}

impl App {
    /// Opens database and master key as the settings say, repeats erasures that the database does not know, and starts
    /// the ingest writers.
    ///
    /// A master key is made only for an empty database: with another one than the stored keys were wrapped by,
    /// nothing could be opened.
    ///
    /// # Errors
    /// A database out of reach or unsafe, migrations missing or unknown, a master key missing, readable by others or not the right one,
    /// a journal of erasures that is damaged or out of reach.
    pub fn open(settings: Settings, clock: Clock) -> Result<Self, Error> {
        Self::over(open_db(&settings)?, settings, clock)
    }

    /// As [`App::open`], over a database that is open already.
    ///
    /// # Errors
    /// Those of [`App::open`].
    pub fn over(db: Db, settings: Settings, clock: Clock) -> Result<Self, Error> {
        let app = Self::starting(db, settings, clock)?;
        match app.compare_with_journal() {
            Ok(_) => Ok(app),
            Err(error) => {
                app.stop();
                Err(error)
            }
        }
    }

    /// As [`App::over`], but not yet compared with the journal of erasures; nobody is served until
    /// [`App::keep_compared`] has done so.
    ///
    /// # Errors
    /// Those of [`App::open`], the journal's apart.
    pub fn starting(db: Db, settings: Settings, clock: Clock) -> Result<Self, Error> {
        let core = Core::over(db, settings, clock)?;
        let writers = if core.db.is_sqlite() { 1 } else { core.settings.database.writers };
        let ingest = ingest::Writers::start(&core, writers)?;
        let deleters = deletions::Deleters::start(&core)?;
        let recorders = accesses::Recorders::start(&core)?;
        let form_pace = requests::Pace::of(&core.settings.rights);
        let (arrivals, exports) = (reconciliation::Arrivals::default(), export::Slots::default());
        Ok(Self(Arc::new(Inner { core, ingest, deleters, recorders, arrivals, exports, form_pace })))
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.core.settings
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.core.clock
    }

    /// The database, for those who assemble the house.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.core.db
    }

    /// Runs a reading use-case off the threads that serve requests; it may run again when keys are being rotated.
    ///
    /// # Errors
    /// Those of the use-case.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut View<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let app = self.clone();
        tokio::task::spawn_blocking(move || app.read_blocking(work)).await.map_err(Error::internal)?
    }

    /// As [`App::read`], seeing also whom an exception lets it see ([`restrictions::except`]).
    ///
    /// # Errors
    /// Those of the use-case.
    pub async fn read_with<T: Send + 'static>(
        &self,
        sight: Sight,
        mut work: impl FnMut(&mut View<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.read(move |view| {
            view.sight = sight;
            work(view)
        })
        .await
    }

    /// Runs a writing use-case in one transaction off the threads that serve requests; it may run again after a lost race.
    ///
    /// # Errors
    /// Those of the use-case.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Work<'_, '_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let app = self.clone();
        tokio::task::spawn_blocking(move || app.write_blocking(work)).await.map_err(Error::internal)?
    }

    /// As [`App::read`], on this thread.
    ///
    /// # Errors
    /// Those of the use-case.
    pub fn read_blocking<T>(&self, work: impl FnMut(&mut View<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.0.core.read(work)
    }

    /// As [`App::write`], on this thread.
    ///
    /// # Errors
    /// Those of the use-case.
    pub fn write_blocking<T>(&self, work: impl FnMut(&mut Work<'_, '_>) -> Result<T, Error>) -> Result<T, Error> {
        self.0.core.write(work)
    }

    /// Hands events to the writers and waits until they are on disk; outcomes in the order sent.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the queue is full or the database out of reach: then nothing was acknowledged.
    pub async fn ingest(&self, items: Vec<ingest::Item>) -> Result<Vec<ingest::Outcome>, Error> {
        self.0.ingest.submit(items).await
    }

    /// As [`App::ingest`], on this thread and at once: for an import.
    ///
    /// # Errors
    /// As [`App::ingest`].
    pub fn ingest_blocking(&self, items: &[ingest::Item]) -> Result<Vec<ingest::Outcome>, Error> {
        ingest::write(&self.0.core, items)
    }

    /// Who holds this credential.
    ///
    /// # Errors
    /// `unauthenticated`, in one wording for every cause; a wrong checksum costs no query.
    pub async fn authenticate(&self, token: &str) -> Result<By, Error> {
        let key = keys::parse(token)?;
        if let Some(known) = keys::known(&self.0.core, &key) {
            return known;
        }
        let app = self.clone();
        tokio::task::spawn_blocking(move || keys::authenticate(&app.0.core, &key)).await.map_err(Error::internal)?
    }

    /// Whether requests can be served.
    ///
    /// # Errors
    /// See [`health::ready`].
    pub async fn ready(&self) -> Result<(), Error> {
        let app = self.clone();
        tokio::task::spawn_blocking(move || health::ready(&app)).await.map_err(Error::internal)?
    }

    /// Sets the gauges that are read, not counted: queue and pools.
    pub fn observe(&self) {
        self.0.core.erasures.observe();
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        metrics::gauge!("guestlog_ingest_queue_events").set(self.0.ingest.queued() as f64);
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        metrics::gauge!("guestlog_deletion_queue_people").set(self.0.deleters.queued() as f64);
        for (pool, used, open) in self.db().pools() {
            metrics::gauge!("guestlog_db_connections_used", "pool" => pool).set(f64::from(used));
            metrics::gauge!("guestlog_db_connections_open", "pool" => pool).set(f64::from(open));
        }
    }

    /// Lets the writers finish what they have accepted, ends them, and closes the database.
    pub fn stop(&self) {
        self.0.core.erasures.stop();
        self.0.ingest.stop();
        self.0.deleters.stop();
        self.0.recorders.stop();
        if let Err(error) = scrub::at_stop(&self.0.core) {
            tracing::warn!(error = %error, "the write-ahead log is not emptied; the next start tries again");
        }
        self.db().close();
    }
}

impl Core {
    fn over(db: Db, settings: Settings, clock: Clock) -> Result<Self, Error> {
        let (missing, unknown) = db.migrations_due()?;
        if missing > 0 || unknown > 0 {
            return Err(Error::internal(format!(
                "the database lacks {missing} migrations and has {unknown} that this program does not know; run `guestlog migrate` with the right version"
            )));
        }
        let keyring = keyring::open(&settings, &db, &clock)?;
        let erasures = journal::Erasures::at(settings.erasure.journal.expose_secret(), db.target())?;
        Ok(Self {
            db,
            keyring,
            known_keys: Arc::default(),
            known_licenses: Arc::default(),
            known_webhooks: Arc::default(),
            clock,
            settings: Arc::new(settings),
            erasures: Arc::new(erasures),
            jobs: Arc::default(),
            mail: Arc::default(),
        })
    }

    pub fn read<T>(&self, mut work: impl FnMut(&mut View<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let (now, sight) = (|| self.clock.now(), Sight::USUAL);
        self.with_keys(|| {
            let shown = accesses::Shown::default();
            self.db.read(|conn| work(&mut View { conn, core: self, now: now(), sight, shown: &shown }))
        })
    }

    /// Runs a reading use-case that takes long, once and on a connection of its own: all it reads is of one instant.
    pub fn snapshot<T>(&self, work: impl FnOnce(&mut View<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let (now, sight) = (self.clock.now(), Sight::USUAL);
        let shown = accesses::Shown::default();
        self.db.snapshot(|conn| work(&mut View { conn, core: self, now, sight, shown: &shown }))
    }

    pub fn write<T>(&self, mut work: impl FnMut(&mut Work<'_, '_>) -> Result<T, Error>) -> Result<T, Error> {
        let after = After::default();
        let done = self.with_keys(|| {
            self.db.write(|tx| {
                // A transaction that runs again begins anew.
                after.parcels.take();
                after.shown.take();
                let step = &mut Work { tx, core: self, now: self.clock.now(), after: &after };
                let done = work(step)?;
                jobs::queue_parcels(step)?;
                Ok(done)
            })
        });
        if after.keys_changed.get() {
            self.known_keys.forget();
        }
        if after.licenses_changed.get() {
            self.known_licenses.forget();
        }
        if after.webhooks_changed.get() {
            self.known_webhooks.forget();
        }
        let done = done?;
        if after.job_queued.get() {
            self.jobs.ring();
        }
        Ok(done)
    }

    /// Runs `work`, and again with the keys read anew when it meets a row of another version than those at hand:
    /// another process is rotating them.
    fn with_keys<T>(&self, mut work: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
        for _ in 1..KEY_ATTEMPTS {
            let outcome = work();
            let Err(Error::Internal(why)) = &outcome else { return outcome };
            let Some(customer) = lacks_version(&**why) else { return outcome };
            self.keyring.forget(customer);
        }
        work()
    }
}

/// How often a use-case runs that meets keys which another process is just rotating.
const KEY_ATTEMPTS: u32 = 4;

/// The customer of whose key a version is not at hand.
fn lacks_version(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<CustomerId> {
    match error.downcast_ref::<CryptoError>() {
        Some(CryptoError::NoVersion { customer, .. }) => Some(*customer),
        _ => None,
    }
}

/// Connections that write beside those that take events in: one for deletions, one for all else.
const OTHER_WRITERS: u32 = 2;

/// Opens the database as the settings say, without looking at its migrations.
///
/// # Errors
/// A database out of reach, or unsafe settings.
pub fn open_db(settings: &Settings) -> Result<Db, Error> {
    let ms = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    Db::open(&Options {
        url: settings.database.url.expose_secret().to_owned(),
        direct_url: settings.database.direct_url.as_ref().map(|url| url.expose_secret().to_owned()),
        readers: settings.database.readers,
        writers: settings.database.writers.saturating_add(OTHER_WRITERS),
        busy_timeout_ms: ms(settings.database.busy_timeout_ms),
        acquire_timeout_ms: ms(settings.database.acquire_timeout_ms),
        statement_timeout_ms: ms(settings.database.statement_timeout_ms),
    })
}
