//! How far an import has come, for whoever watches it: a bar on a terminal, else a line now and then.

use crate::app::import::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);
const BAR: &str = "{bar:30} {percent:>3} %  {msg}  {elapsed_precise}, about {eta} left";
const SPINNER: &str = "{spinner} {msg}  {elapsed_precise}";

/// Shows how far an import has come, on standard error.
pub struct Display {
    bar: Option<ProgressBar>,
    size_bytes: Option<u64>,
    started: Instant,
    line_at: Instant,
}

impl Display {
    /// The display of a file of this size; of a stream, whose end nobody knows, without.
    #[must_use]
    pub fn new(size_bytes: Option<u64>) -> Self {
        let started = Instant::now();
        let bar = std::io::stderr().is_terminal().then(|| bar(size_bytes));
        Self { bar, size_bytes, started, line_at: started }
    }

    /// Shows how far it is.
    pub fn advance(&mut self, progress: Progress) {
        let text = rows(progress, self.started.elapsed());
        if let Some(bar) = &self.bar {
            bar.set_message(text);
            bar.set_position(progress.read_bytes);
        } else if self.line_at.elapsed() >= LINE_EVERY {
            self.line_at = Instant::now();
            let ahead = self.size_bytes.and_then(|size| ahead(progress.read_bytes, size, self.started.elapsed()));
            // Where standard error is closed, nobody watches.
            let _ = writeln!(std::io::stderr(), "{text}{}", ahead.unwrap_or_default());
        }
    }

    /// Lets something else be written without the bar in between.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(size_bytes: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(size_bytes, ProgressDrawTarget::stderr());
    let template = if size_bytes.is_some() { BAR } else { SPINNER };
    // The templates are sound; if they were not, a plain bar would do.
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// `12000 rows, 3 refused, 4100 rows/s`.
fn rows(progress: Progress, elapsed: Duration) -> String {
    let Progress { rows, refused, .. } = progress;
    let elapsed_ms = elapsed.as_millis().max(1);
    let rate = u128::from(rows) * 1_000 / elapsed_ms;
    let refused = if refused > 0 { format!(", {refused} refused") } else { String::new() };
    format!("{rows} rows{refused}, {rate} rows/s")
}

/// `, 40 %, about 8 s left`; nothing before the first byte.
fn ahead(read_bytes: u64, size_bytes: u64, elapsed: Duration) -> Option<String> {
    let left_bytes = size_bytes.saturating_sub(read_bytes);
    let percent = read_bytes.min(size_bytes).checked_mul(100)?.checked_div(size_bytes)?;
    let left_s = (elapsed.as_millis() * u128::from(left_bytes)).checked_div(u128::from(read_bytes))? / 1_000;
    Some(format!(", {percent} %, about {left_s} s left"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_time_left() {
        let progress = Progress { read_bytes: 40, rows: 12_000, refused: 0 };
        assert_eq!(rows(progress, Duration::from_secs(3)), "12000 rows, 4000 rows/s");
        assert_eq!(rows(Progress { refused: 2, ..progress }, Duration::ZERO), "12000 rows, 2 refused, 12000000 rows/s");
        assert_eq!(ahead(40, 100, Duration::from_secs(4)).unwrap(), ", 40 %, about 6 s left");
        assert_eq!(ahead(110, 100, Duration::from_secs(4)).unwrap(), ", 100 %, about 0 s left");
        assert_eq!((ahead(0, 100, Duration::ZERO), ahead(0, 0, Duration::ZERO)), (None, None));
    }
}
