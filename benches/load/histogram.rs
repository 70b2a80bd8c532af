//! Latencies.

use hdrhistogram::Histogram;
use std::time::Duration;

/// How long answers took, to three digits from a microsecond to a minute.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    pub fn new() -> Self {
        Self(Histogram::new_with_bounds(1, 60_000_000, 3).unwrap())
    }

    /// Notes one; what took more than a minute counts as a minute.
    pub fn note(&mut self, took: Duration) {
        self.0.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Of so many in a hundred it took no longer, in milliseconds.
    pub fn at_ms(&self, percent: f64) -> f64 {
        self.0.value_at_percentile(percent) as f64 / 1_000.0
    }
}
