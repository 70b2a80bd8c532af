//! The customer's list on its way in.

use super::order::Order;
use super::sorted::Sorted;
use crate::app::dossier::ref_index;
use crate::app::{App, Core};
use crate::crypto::CustomerKeys;
use crate::domain::text::Ref;
use crate::domain::{CustomerId, FieldError};
use crate::error::{Code, Error};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// How many lists may come in at once, of all customers together: each takes a mebibyte of memory, and disk.
const MOST_AT_ONCE: usize = 8;

/// The customers whose lists are coming in.
#[derive(Clone, Default)]
pub(crate) struct Arrivals(Arc<Mutex<HashSet<CustomerId>>>);

/// A place among them, given back when dropped.
struct Arrival {
    all: Arrivals,
    customer: CustomerId,
}

impl Arrivals {
    fn enter(&self, customer: CustomerId) -> Result<Arrival, Error> {
        // A panic leaves a set behind that is sound in any state.
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_AT_ONCE && !all.contains(&customer) {
            return Err(Error::unavailable("as many lists are coming in as may at once"));
        }
        if !all.insert(customer) {
            return Err(Error::refused(Code::AlreadyExists, "Another list of this customer is coming in."));
        }
        Ok(Arrival { all: self.clone(), customer })
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.customer);
    }
}

/// A list of refs that is coming in; nothing is left of it when it is dropped.
pub struct List {
    pub(super) order: Order,
    pub(super) refs: Sorted,
    keys: Arc<CustomerKeys>,
    max_refs: u64,
    _arrival: Arrival,
}

impl List {
    pub(super) fn open(core: &Core, arrivals: &Arrivals, order: Order) -> Result<Self, Error> {
        let customer = order.customer;
        let arrival = arrivals.enter(customer)?;
        let keys = core.read(|view| view.customer_keys(customer))?;
        let refs = Sorted::new(&core.settings.data_dir, customer)?;
        Ok(Self { order, refs, keys, max_refs: core.settings.reconciliation.max_refs, _arrival: arrival })
    }

    /// Takes in a ref; the same one may come more than once.
    ///
    /// # Errors
    /// `body_too_large` beyond `reconciliation.max_refs`; `invalid_input` for a ref that is not in the named buckets:
    /// the customer computes hashes otherwise than we, and people would be missing for no other reason.
    pub fn add(&mut self, reference: &Ref) -> Result<(), Error> {
        if self.refs.added() == self.max_refs {
            let detail = format!("The list has more than {} refs.", self.max_refs);
            return Err(Error::refused(Code::BodyTooLarge, detail));
        }
        if self.order.part.as_ref().is_some_and(|part| !part.holds(reference.as_str())) {
            let error = FieldError::new("not_in_buckets", "must fall into one of the buckets");
            return Err(Error::invalid(vec![error.at("/ref")]));
        }
        let index = ref_index(&self.keys, reference.as_str());
        let index = index.as_slice().try_into().map_err(Error::internal)?;
        self.refs.add(index)
    }
}

impl App {
    /// Opens an empty list for a comparison.
    ///
    /// # Errors
    /// `invalid_input` for a snapshot in the future; `already_exists` while another comparison of the customer runs or
    /// its list is coming in; [`Error::Unavailable`] while too many lists are, or the disk is full.
    pub async fn begin_reconciliation(&self, order: Order) -> Result<List, Error> {
        let app = self.clone();
        let work = move || {
            super::start::check(&app.0.core, &order)?;
            List::open(&app.0.core, &app.0.arrivals, order)
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
    }
}
