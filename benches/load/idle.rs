//! How much of the processors nobody used, from `/proc/stat`: a run on a busy machine measures the neighbours.

/// Ticks of all processors since the machine started.
#[derive(Debug, Clone, Copy)]
pub struct Ticks {
    idle: u64,
    all: u64,
}

impl Ticks {
    /// None where the system does not say.
    pub fn now() -> Option<Self> {
        let stat = std::fs::read_to_string("/proc/stat").ok()?;
        let numbers = stat.lines().next()?.split_ascii_whitespace().skip(1);
        // user, nice, system, idle, iowait, irq, softirq, steal; guest time is in user's already.
        let ticks: Vec<u64> = numbers.take(8).filter_map(|number| number.parse().ok()).collect();
        Some(Self { idle: ticks.get(3)? + ticks.get(4)?, all: ticks.iter().sum() })
    }
}

/// The share between two moments, 0 to 1.
pub fn share(before: Option<Ticks>, after: Option<Ticks>) -> Option<f64> {
    let (before, after) = (before?, after?);
    let all = after.all.checked_sub(before.all).filter(|all| *all > 0)?;
    Some(after.idle.saturating_sub(before.idle) as f64 / all as f64)
}
