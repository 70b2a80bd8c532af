//! Rows that were looked up a moment ago.
//!
//! Every request names an API key, and every event a licence, most of them the same one. What was looked up is kept for
//! `keys.cache_ms`; within this process a change forgets all of its kind at once, so only another process may take a
//! revoked one for so long.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

/// Rows that are kept at most: some 300 bytes each.
const MAX_ROWS: usize = 10_000;

/// The rows at hand.
pub(crate) struct Cache<K, V> {
    rows: RwLock<HashMap<K, (Instant, V)>>,
    /// How often all were forgotten: what was read before that is not kept after it.
    round: AtomicU64,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// A row that was looked up less than `age` ago.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q, age: Duration) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        let (since, row) = rows.get(key)?;
        (since.elapsed() < age).then(|| row.clone())
    }

    /// To be asked before a row is looked up, and handed to [`Cache::keep`].
    pub fn round(&self) -> u64 {
        self.round.load(Ordering::SeqCst)
    }

    /// Keeps a row, unless all were forgotten since `round`.
    pub fn keep(&self, round: u64, since: Instant, key: K, row: V) {
        let mut rows = self.lock();
        if self.round() != round {
            return;
        }
        if rows.len() >= MAX_ROWS {
            rows.clear();
        }
        rows.insert(key, (since, row));
    }

    /// Forgets all; called when a transaction that changed any is committed.
    pub fn forget(&self) {
        let mut rows = self.lock();
        self.round.fetch_add(1, Ordering::SeqCst);
        rows.clear();
    }

    fn lock(&self) -> RwLockWriteGuard<'_, HashMap<K, (Instant, V)>> {
        self.rows.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self { rows: RwLock::default(), round: AtomicU64::default() }
    }
}

/// How many, and nothing of any.
impl<K, V> std::fmt::Debug for Cache<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Cache").field("rows", &rows).finish_non_exhaustive()
    }
}
