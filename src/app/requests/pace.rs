//! How often a person, a network and everybody together may use the public form (REQUIREMENTS S-55).

use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

type Limiter<K> = RateLimiter<K, HashMapStateStore<K>, MonotonicClock, NoOpMiddleware>;

/// So many uses pass between two looks for entries that are full again.
const SWEEP: u32 = 1_000;
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// The limits; each process counts for itself, so several nodes let several times as much through.
#[derive(Clone)]
pub struct Pace(Arc<Limits>);

struct Limits {
    address: Limiter<[u8; 32]>,
    network: Limiter<Network>,
    all: Limiter<()>,
    clock: MonotonicClock,
    uses: AtomicU32,
}

/// A network as a household or a company has it: 24 bits of version 4, 56 bits of version 6.
type Network = (bool, u64);

/// Seconds until the next use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait(pub u64);

/// How much is let through.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Uses of an address in a day.
    pub address_per_day: NonZeroU32,
    /// Uses of a network in an hour.
    pub network_per_hour: NonZeroU32,
    /// Uses of everybody in a minute.
    pub all_per_minute: NonZeroU32,
}

fn limiter<K: Hash + Eq + Clone>(of: Duration, burst: NonZeroU32) -> Limiter<K> {
    let quota = Quota::with_period(of / burst.get()).unwrap_or(Quota::per_hour(burst)).allow_burst(burst);
    RateLimiter::new(quota, HashMapStateStore::default(), MonotonicClock)
}

impl Pace {
    /// The limits that the settings ask for.
    #[must_use]
    pub fn of(rights: &crate::config::Rights) -> Self {
        Self::new(Rates {
            address_per_day: rights.address_per_day,
            network_per_hour: rights.network_per_hour,
            all_per_minute: rights.all_per_minute,
        })
    }

    /// Limits of these rates.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        Self(Arc::new(Limits {
            address: limiter(24 * HOUR, rates.address_per_day),
            network: limiter(HOUR, rates.network_per_hour),
            all: limiter(MINUTE, rates.all_per_minute),
            clock: MonotonicClock,
            uses: AtomicU32::new(0),
        }))
    }

    /// Counts a use of the form.
    ///
    /// # Errors
    /// When address, network or everybody together has used it too often.
    pub fn take(&self, address: Option<[u8; 32]>, peer: Option<IpAddr>) -> Result<(), Wait> {
        let limits = &*self.0;
        if limits.uses.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            limits.address.retain_recent();
            limits.network.retain_recent();
        }
        let now = limits.clock.now();
        let wait = |not_until: Duration| Wait(not_until.as_secs() + 1);
        // The one who asks too often first: others are not to wait for it.
        if let Some(peer) = peer {
            limits.network.check_key(&network(peer)).map_err(|no| wait(no.wait_time_from(now)))?;
        }
        if let Some(address) = address {
            limits.address.check_key(&address).map_err(|no| wait(no.wait_time_from(now)))?;
        }
        limits.all.check_key(&()).map_err(|no| wait(no.wait_time_from(now)))
    }
}

fn network(peer: IpAddr) -> Network {
    match peer.to_canonical() {
        IpAddr::V4(address) => (false, u64::from(address.to_bits() >> 8)),
        IpAddr::V6(address) => (true, u64::try_from(address.to_bits() >> 72).unwrap_or_default()),
    }
}

impl std::fmt::Debug for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pace(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(address_per_day: u32, network_per_hour: u32, all_per_minute: u32) -> Pace {
        let rate = |number| NonZeroU32::new(number).unwrap();
        Pace::new(Rates {
            address_per_day: rate(address_per_day),
            network_per_hour: rate(network_per_hour),
            all_per_minute: rate(all_per_minute),
        })
    }

    fn peer(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_waits_for_hours_and_another_does_not() {
        let pace = pace(2, 100, 100);
        let take = |address: u8| pace.take(Some([address; 32]), Some(peer("192.0.2.1")));
        assert!(take(1).is_ok() && take(1).is_ok());
        assert!(take(1).unwrap_err().0 > 11 * 3_600, "half a day for each of two");
        assert!(take(2).is_ok());
    }

    #[test]
    fn a_network_is_counted_as_one() {
        let pace = pace(100, 2, 100);
        for (address, is_taken) in [
            ("192.0.2.1", true),
            ("192.0.2.77", true),
            ("192.0.2.200", false),
            ("::ffff:192.0.2.9", false),
            ("192.0.3.1", true),
            ("2001:db8:0:1::1", true),
            ("2001:db8:0:2::1", true),
            ("2001:db8:0:ff::1", false),
            ("2001:db8:0:100::1", true),
        ] {
            assert_eq!(pace.take(None, Some(peer(address))).is_ok(), is_taken, "{address}");
        }
    }

    #[test]
    fn everybody_together_has_a_bound() {
        let pace = pace(100, 100, 3);
        let taken = (0..10_u8).filter(|n| pace.take(Some([*n; 32]), Some(IpAddr::from([10, 0, *n, 1]))).is_ok());
        assert_eq!(taken.count(), 3);
    }
}
