//! The two pools of connections, one that cannot write and one that can, and how they end.
//!
//! A pool makes connections on a thread of its own. The thread must be at rest before the process ends: OpenSSL, which
//! libpq may be using in it, is taken down by the process's exit handlers, and a handshake just then is a crash.

use super::Options;
use super::conn::{Conn, Manager};
use super::url::Target;
use crate::error::Error;
use diesel::r2d2::{Pool, PooledConnection};
use scheduled_thread_pool::ScheduledThreadPool;
use std::sync::{Arc, PoisonError, RwLock, mpsc};
use std::time::Duration;

/// The pools, until they are closed.
pub(super) struct Pools(RwLock<Option<Open>>);

#[derive(Clone)]
struct Open {
    readers: Maker,
    writers: Maker,
}

/// A pool and the one thread that makes its connections.
#[derive(Clone)]
struct Maker {
    name: &'static str,
    pool: Pool<Manager>,
    thread: Arc<ScheduledThreadPool>,
}

impl Pools {
    pub fn open(target: &Target, options: &Options) -> Result<Self, Error> {
        let writers = if target.is_sqlite() { 1 } else { options.writers };
        let writers = Maker::open("writer", target, options, writers)?;
        let readers = Maker::open("reader", target, options, options.readers)?;
        Ok(Self(RwLock::new(Some(Open { readers, writers }))))
    }

    pub fn reader(&self) -> Result<PooledConnection<Manager>, Error> {
        self.now()?.readers.get()
    }

    pub fn writer(&self) -> Result<PooledConnection<Manager>, Error> {
        self.now()?.writers.get()
    }

    /// Looks at a connection that writes and one that reads, while no other is being made.
    pub fn pair<T>(&self, look: impl FnOnce(&mut Conn, &mut Conn) -> Result<T, Error>) -> Result<T, Error> {
        let open = self.now()?;
        let _rest = [&open.readers, &open.writers].map(|maker| at_rest(&maker.thread));
        let (mut writer, mut reader) = (open.writers.get()?, open.readers.get()?);
        look(&mut writer, &mut reader)
    }

    /// Name, connections in use and connections there are.
    pub fn counts(&self) -> Vec<(&'static str, u32, u32)> {
        let count = |maker: &Maker| {
            let state = maker.pool.state();
            (maker.name, state.connections - state.idle_connections, state.connections)
        };
        self.now().map(|open| vec![count(&open.readers), count(&open.writers)]).unwrap_or_default()
    }

    fn now(&self) -> Result<Open, Error> {
        let open = self.0.read().unwrap_or_else(PoisonError::into_inner);
        open.clone().ok_or_else(|| Error::unavailable("the database is closed"))
    }

    /// Closes every connection that is not in use, in this thread, while nothing else makes any.
    pub fn close(&self) {
        let open = self.0.write().unwrap_or_else(PoisonError::into_inner).take();
        for maker in open.into_iter().flat_map(|open| [open.readers, open.writers]) {
            maker.close();
        }
    }
}

impl Drop for Pools {
    fn drop(&mut self) {
        self.close();
    }
}

impl Maker {
    fn open(name: &'static str, target: &Target, options: &Options, size: u32) -> Result<Self, Error> {
        let setup = setup(target, options, name == "reader");
        let manager = Manager { target: target.clone(), setup, is_pooled: options.direct_url.is_some() };
        let thread = Arc::new(ScheduledThreadPool::builder().num_threads(1).thread_name_pattern("connect-{}").build());
        let pool = Pool::builder()
            .max_size(size.max(1))
            .min_idle(Some(1))
            .connection_timeout(Duration::from_millis(options.acquire_timeout_ms.into()))
            .error_handler(Box::new(QuietHandler))
            .thread_pool(Arc::clone(&thread))
            .build(manager);
        match pool {
            Ok(pool) => Ok(Self { name, pool, thread }),
            Err(error) => {
                drop(at_rest(&thread));
                Err(Error::unavailable(error))
            }
        }
    }

    fn get(&self) -> Result<PooledConnection<Manager>, Error> {
        let conn = self.pool.get().map_err(Error::unavailable)?;
        metrics::counter!("guestlog_db_checkouts_total", "pool" => self.name).increment(1);
        Ok(conn)
    }

    /// Closes the connections while the thread rests.
    fn close(self) {
        let rest = at_rest(&self.thread);
        drop(self.pool);
        drop(rest);
    }
}

/// Waits until the thread has made the connection in hand, and keeps it from the next until the answer is dropped.
fn at_rest(thread: &ScheduledThreadPool) -> mpsc::Sender<()> {
    let (say, rests) = mpsc::channel();
    let (rest, over) = mpsc::channel::<()>();
    thread.execute(move || {
        // Neither can fail but by the end of whoever waits.
        let _ = say.send(());
        let _ = over.recv();
    });
    let _ = rests.recv();
    rest
}

/// What a connection is told before it is used.
pub(super) fn setup(target: &Target, options: &Options, read_only: bool) -> String {
    let wait_ms = options.busy_timeout_ms;
    let statement_ms = options.statement_timeout_ms;
    match (target, read_only) {
        (Target::Sqlite(_), true) => format!(
            "PRAGMA busy_timeout = {wait_ms}; PRAGMA query_only = ON; PRAGMA foreign_keys = ON; \
             PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;"
        ),
        // WAL with FULL: a commit is on disk when it returns. secure_delete: freed pages are overwritten.
        // wal_autocheckpoint: 32 MiB; a page that many commits change is then written into the file once.
        (Target::Sqlite(_), false) => format!(
            "PRAGMA busy_timeout = {wait_ms}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; \
             PRAGMA trusted_schema = OFF; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 8000;"
        ),
        // Every search has an index. Left to itself PostgreSQL goes through the table for what it believes to be rare.
        (Target::Postgres(_), true) => format!(
            "SET default_transaction_read_only = on; SET statement_timeout = {statement_ms}; SET TIME ZONE 'UTC'; \
             SET enable_seqscan = off; SET jit = off;"
        ),
        (Target::Postgres(_), false) => format!(
            "SET default_transaction_isolation = 'read committed'; SET lock_timeout = {wait_ms}; \
             SET statement_timeout = {statement_ms}; SET TIME ZONE 'UTC'; \
             SET enable_seqscan = off; SET jit = off;"
        ),
    }
}

/// The pool would log every failed attempt to connect, with the address; the caller logs once.
#[derive(Debug)]
struct QuietHandler;

impl<E> diesel::r2d2::HandleError<E> for QuietHandler {
    fn handle_error(&self, _: E) {}
}
