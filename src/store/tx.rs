//! A write transaction, and the two databases inside it.

use super::conn::Conn;
use std::ops::{Deref, DerefMut};

/// Proof of being inside a write transaction; only [`Db::write`](super::Db::write) makes one.
pub struct Tx<'c>(&'c mut Conn);

impl<'c> Tx<'c> {
    /// The proof, for who has begun the transaction: [`Db::write`](super::Db::write) alone.
    pub(super) fn new(conn: &'c mut Conn) -> Self {
        Self(conn)
    }
}

impl Deref for Tx<'_> {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        self.0
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.0
    }
}

/// Runs the same Diesel statement against the concrete connection inside, for
/// clauses (`ON CONFLICT`, batch inserts, `RETURNING`) that the derived backend cannot express.
macro_rules! on_each {
    ($conn:expr, |$c:ident| $body:expr) => {
        match $crate::store::tx::concrete($conn) {
            $crate::store::conn::Conn::Postgres($c) => $body,
            $crate::store::conn::Conn::Sqlite($c) => $body,
        }
    };
}
pub(super) use on_each;

/// Loads the rows of a query, locked until the transaction ends; SQLite has one writer and needs no lock.
macro_rules! load_locked {
    ($tx:expr, $query:expr) => {{
        match $crate::store::tx::concrete($tx) {
            $crate::store::conn::Conn::Postgres(c) => $query.for_update().load(c),
            $crate::store::conn::Conn::Sqlite(c) => $query.load(c),
        }
    }};
}
pub(super) use load_locked;

/// The connection inside a transaction, for [`on_each`].
pub(super) fn concrete<'a>(tx: &'a mut Tx<'_>) -> &'a mut Conn {
    tx
}
