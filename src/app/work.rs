//! What a use-case works with: a connection that only reads, or a transaction.

use super::{Core, accesses, customers};
use crate::crypto::{CustomerKeys, MasterKey};
use crate::domain::{CustomerId, Timestamp};
use crate::error::Error;
use crate::store::{self, Conn, Sight, Tx};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A connection that cannot write, and the present.
pub struct View<'a> {
    pub(crate) conn: &'a mut Conn,
    pub(crate) core: &'a Core,
    pub(crate) now: Timestamp,
    /// Whom it sees of those whose data are restricted.
    pub(crate) sight: Sight,
    /// Whose data it has opened to be shown.
    pub(crate) shown: &'a accesses::Shown,
}

/// A write transaction, and the present.
pub struct Work<'a, 't> {
    pub(crate) tx: &'a mut Tx<'t>,
    pub(crate) core: &'a Core,
    pub(crate) now: Timestamp,
    /// What is to be done once it is committed.
    pub(crate) after: &'a After,
}

/// What follows a commit in this process.
#[derive(Default)]
pub(crate) struct After {
    /// API keys have changed: those at hand are forgotten.
    pub keys_changed: Cell<bool>,
    /// Licences have changed: those at hand are forgotten.
    pub licenses_changed: Cell<bool>,
    /// A job was queued: the worker is woken.
    pub job_queued: Cell<bool>,
    /// Whose data the answer shows.
    pub shown: accesses::Shown,
    /// Endpoints have changed: those at hand are forgotten.
    pub webhooks_changed: Cell<bool>,
    /// The endpoints to which messages were written, to be queued before the commit.
    pub parcels: RefCell<BTreeSet<(CustomerId, i64)>>,
}

impl Work<'_, '_> {
    /// The same transaction, for a use-case that only reads.
    pub(crate) fn view(&mut self) -> View<'_> {
        View { conn: self.tx, core: self.core, now: self.now, sight: Sight::USUAL, shown: &self.after.shown }
    }

    /// The keys of a customer as they are now: another process may have rotated them, and what would be wrapped by an
    /// old one could be lost with it. Who wraps or seals by them holds the customer first.
    pub(crate) fn customer_keys(&mut self, customer: CustomerId) -> Result<Arc<CustomerKeys>, Error> {
        let mut view = self.view();
        view.refresh_keys(customer)?;
        view.customer_keys(customer)
    }

    /// The master key that wraps new keys; no rotation ends before this transaction does.
    pub(crate) fn master(&mut self) -> Result<Arc<MasterKey>, Error> {
        store::master_keys::hold(self.tx, false)?;
        let id = store::master_keys::in_use(self.tx)?.ok_or_else(|| Error::internal("no master key is in use"))?;
        self.core.keyring.master(&id).map_err(Error::internal)
    }
}

impl View<'_> {
    /// The keys of a customer, unwrapped once and kept in memory.
    pub(crate) fn customer_keys(&mut self, customer: CustomerId) -> Result<Arc<CustomerKeys>, Error> {
        if let Some(keys) = self.core.keyring.cached(customer) {
            return Ok(keys);
        }
        let rows = store::customers::keys(self.conn, customer)?;
        let wrapped = rows.into_iter().map(customers::wrapped_key).collect::<Result<Vec<_>, _>>()?;
        self.core.keyring.open_customer(customer, &wrapped).map_err(Error::internal)
    }

    /// Forgets the keys at hand when they are not those that this read sees: for work that cannot run again.
    pub(crate) fn refresh_keys(&mut self, customer: CustomerId) -> Result<(), Error> {
        if let Some(kept) = self.core.keyring.cached(customer) {
            let stored = store::rewrap::seal_versions(self.conn, customer)?;
            if !kept.versions().eq(stored.into_iter().map(i32::cast_unsigned)) {
                self.core.keyring.forget(customer);
            }
        }
        Ok(())
    }
}
