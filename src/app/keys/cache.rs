//! API keys that were looked up a moment ago.
//!
//! Every request names its key, and most of them the same one. A key is kept for `keys.cache_ms`; within this process a
//! revocation forgets all of them at once, so only another process may take a revoked key for so long.

use crate::store::keys::Key;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

/// Keys that are kept at most: some 300 bytes each.
const MAX_KEYS: usize = 10_000;

/// The keys at hand.
#[derive(Default)]
pub(crate) struct Cache {
    keys: RwLock<HashMap<String, (Instant, Arc<Key>)>>,
    /// How often all were forgotten: what was read before that is not kept after it.
    round: AtomicU64,
}

impl Cache {
    /// A key that was looked up less than `age` ago.
    pub fn get(&self, key_id: &str, age: Duration) -> Option<Arc<Key>> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let (since, key) = keys.get(key_id)?;
        (since.elapsed() < age).then(|| Arc::clone(key))
    }

    /// To be asked before a key is looked up, and handed to [`Cache::keep`].
    pub fn round(&self) -> u64 {
        self.round.load(Ordering::SeqCst)
    }

    /// Keeps a key, unless all were forgotten since `round`.
    pub fn keep(&self, round: u64, since: Instant, key: Arc<Key>) {
        let mut keys = self.lock();
        if self.round() != round {
            return;
        }
        if keys.len() >= MAX_KEYS {
            keys.clear();
        }
        keys.insert(key.key_id.clone(), (since, key));
    }

    /// Forgets all keys; called when a transaction that changed any is committed.
    pub fn forget(&self) {
        let mut keys = self.lock();
        self.round.fetch_add(1, Ordering::SeqCst);
        keys.clear();
    }

    fn lock(&self) -> RwLockWriteGuard<'_, HashMap<String, (Instant, Arc<Key>)>> {
        self.keys.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many, and no digest of any.
impl std::fmt::Debug for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Cache").field("keys", &keys).finish_non_exhaustive()
    }
}
