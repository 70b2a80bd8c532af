//! How often a key may call, so that one customer cannot starve the others (REQUIREMENTS S-51).

use crate::config;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

type Limiter = RateLimiter<String, HashMapStateStore<String>, MonotonicClock, StateInformationMiddleware>;

/// The limit of requests for each key; none when the settings set none.
///
/// A token bucket (GCRA): `burst` requests at once, and as many a second as the rate says after that. It is asked
/// after the key was found valid, so that it holds no more entries than there are keys. A batch counts once.
#[derive(Clone, Default)]
pub struct Pace(Option<Arc<Bucket>>);

struct Bucket {
    limiter: Limiter,
    clock: MonotonicClock,
    rate: NonZeroU32,
    burst: NonZeroU32,
}

/// What a key has left, for the headers of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// Requests at once, when nothing was asked for a while.
    burst: u32,
    /// Seconds until an empty bucket is full again.
    window_s: u64,
    /// Requests left now.
    left: u32,
    /// Seconds until one more is there, when none is left; until all are there otherwise.
    wait_s: u64,
}

impl Pace {
    /// The pace that the settings ask for.
    #[must_use]
    pub fn of(limits: &config::Limits) -> Self {
        let (rate, burst) = (NonZeroU32::new(limits.requests_per_second_per_key), NonZeroU32::new(limits.burst));
        Self(rate.zip(burst).map(|(rate, burst)| {
            let clock = MonotonicClock;
            let quota = Quota::per_second(rate).allow_burst(burst);
            let limiter = Limiter::new(quota, HashMapStateStore::default(), clock.clone()).with_middleware();
            Arc::new(Bucket { limiter, clock, rate, burst })
        }))
    }

    /// Counts a request of a key; none when there is no limit.
    ///
    /// # Errors
    /// When the key has called too often; says when it may again.
    pub(super) fn take(&self, key_id: &str) -> Result<Option<Standing>, Standing> {
        let Some(bucket) = &self.0 else { return Ok(None) };
        let (rate, burst) = (bucket.rate.get(), bucket.burst.get());
        let window_s = u64::from(burst.div_ceil(rate)).max(1);
        match bucket.limiter.check_key(&key_id.to_owned()) {
            Ok(now) => {
                let left = now.remaining_burst_capacity();
                let wait_s = u64::from(burst.saturating_sub(left).div_ceil(rate)).max(1);
                Ok(Some(Standing { burst, window_s, left, wait_s }))
            }
            Err(refused) => {
                let wait_s = whole_seconds(refused.wait_time_from(bucket.clock.now()));
                Err(Standing { burst, window_s, left: 0, wait_s })
            }
        }
    }
}

impl Standing {
    /// Adds `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers), and to a refusal `Retry-After`.
    pub(super) fn show(self, headers: &mut HeaderMap) {
        let policy = format!("\"key\";q={};w={}", self.burst, self.window_s);
        let limit = format!("\"key\";r={};t={}", self.left, self.wait_s);
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", limit)] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }

    /// When to try again.
    pub(super) fn retry_after(self, headers: &mut HeaderMap) {
        headers.insert(RETRY_AFTER, HeaderValue::from(self.wait_s));
    }
}

/// Rounded up: who waits so long is not refused again.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::auth::{Caller, EventsWrite, Public};
    use crate::http::fixture::{Fixture, problem};
    use crate::http::routes::Table;
    use actix_web::http::StatusCode;
    use actix_web::test::TestRequest;

    fn pace(requests_per_second_per_key: u32, burst: u32) -> Pace {
        Pace::of(&config::Limits { requests_per_second_per_key, burst })
    }

    #[test]
    fn a_key_has_its_own_bucket() {
        let pace = pace(1, 3);
        for left in (0..3).rev() {
            let standing = pace.take("a").unwrap().unwrap();
            assert_eq!((standing.left, standing.burst, standing.window_s), (left, 3, 3));
        }
        let refused = pace.take("a").unwrap_err();
        assert_eq!((refused.left, refused.wait_s), (0, 1));
        assert_eq!(pace.take("b").unwrap().unwrap().left, 2);
    }

    #[test]
    fn no_rate_is_no_limit() {
        let pace = pace(0, 1);
        assert!((0..1_000).all(|_| pace.take("a") == Ok(None)));
    }

    async fn tenant(_: Caller<EventsWrite>) -> &'static str {
        "here"
    }

    async fn anybody(_: Public) -> &'static str {
        "here"
    }

    #[actix_web::test]
    async fn who_calls_too_often_is_told_when_to_come_back() {
        let table = Table::new().get("/v1/tenant", tenant).get("/anybody", anybody);
        let fixture = Fixture::new(table).pace(pace(1, 2));
        let call = |token: &str| {
            TestRequest::get().uri("/v1/tenant").insert_header(("authorization", format!("Bearer {token}")))
        };
        for left in [1, 0] {
            let answer = fixture.send(call("events")).await;
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(answer.headers().get("ratelimit-policy").unwrap(), "\"key\";q=2;w=2");
            let limit = answer.headers().get("ratelimit").unwrap().to_str().unwrap();
            assert!(limit.starts_with(&format!("\"key\";r={left};t=")), "{limit}");
        }
        let answer = fixture.send(call("events")).await;
        assert_eq!(answer.headers().get("retry-after").unwrap(), "1");
        assert!(answer.headers().contains_key("ratelimit"));
        assert_eq!(problem(answer).await, "too_many_requests");
        // Who has no valid key is told so, and uses up nobody's requests.
        assert_eq!(problem(fixture.send(call("nobody")).await).await, "unauthenticated");
        assert_eq!(fixture.get("/anybody").await.status(), StatusCode::OK);
    }
}
