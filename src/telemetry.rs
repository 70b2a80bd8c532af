//! The log: what is written, in which form, and what never is.
//!
//! Our own messages hold no personal data, by rule and by test. Libraries make no such promise: at `debug` and `trace`
//! actix and rustls write request lines, headers and host names. So whatever the level, a library's message is written
//! only from `warn` up (rustls's from `error`: its warnings repeat the host name that a client sent), and `RUST_LOG` is
//! not read, since it would lift that cap.

use crate::config::{Log, LogFormat, LogLevel};
use std::io::IsTerminal;
use std::panic::PanicHookInfo;
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::{FilterExt, LevelFilter, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// Starts the log of this process on standard error, and logs panics by their place alone.
///
/// # Errors
/// When the process has a log already.
pub fn init(log: &Log) -> Result<(), TryInitError> {
    let colour = std::io::stderr().is_terminal();
    assemble(log.level, log.format, colour, std::io::stderr).try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// The log that [`init`] installs, into any writer; a test that looks for personal data captures everything by it.
pub fn subscriber<W>(level: LogLevel, format: LogFormat, writer: W) -> impl Subscriber + Send + Sync + 'static
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    assemble(level, format, false, writer)
}

fn assemble<W>(level: LogLevel, format: LogFormat, colour: bool, writer: W) -> impl Subscriber + Send + Sync + 'static
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let level = match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Text => lines.with_ansi(colour).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    let filter = level.and(filter_fn(|meta| meta.target() != CLIENTS_NOISE && *meta.level() <= cap(meta.target())));
    tracing_subscriber::registry().with(lines.with_filter(filter))
}

/// Where actix says, as errors, that a client broke the protocol or went away: with it anybody could fill the disk.
const CLIENTS_NOISE: &str = "actix_http::h1::dispatcher";

/// The most talkative level that a target is trusted with.
fn cap(target: &str) -> Level {
    match target.split("::").next() {
        Some("guestlog") => Level::TRACE,
        Some("rustls") => Level::ERROR,
        _ => Level::WARN,
    }
}

/// One line with the place of the panic. Its message may hold a value, and with it personal data.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let (file, line) = panic.location().map_or(("unknown", 0), |place| (below_registry(place.file()), place.line()));
    tracing::error!(target: "guestlog::panic", file, line, "panicked");
}

/// A library's file by crate and path, without the directories of the machine that built it.
fn below_registry(file: &str) -> &str {
    let below = file.split_once("/registry/src/").and_then(|(_, rest)| rest.split_once('/'));
    below.map_or(file, |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Capture(Arc<Mutex<Vec<u8>>>);

    impl Write for Capture {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Capture {
        fn of(level: LogLevel, format: LogFormat, run: impl FnOnce()) -> String {
            let capture = Self::default();
            let writer = capture.clone();
            tracing::subscriber::with_default(subscriber(level, format, move || writer.clone()), run);
            let bytes = capture.0.lock().unwrap();
            String::from_utf8(bytes.clone()).unwrap()
        }
    }

    fn speak() {
        let span = tracing::info_span!(target: "guestlog::http", "request", route = "/v1/events");
        let _entered = span.enter();
        tracing::trace!(target: "guestlog::store", "own trace");
        tracing::error!(target: "guestlog", "own error");
        tracing::trace!(target: "actix_http::h1", "foreign trace");
        tracing::info!(target: "guestlogger", "foreign info");
        tracing::warn!(target: "actix_server::accept", "foreign warn");
        tracing::warn!(target: "rustls::msgs", "illegal host name");
        tracing::error!(target: "actix_http::h1::dispatcher", "stream error: request parse error");
    }

    #[test]
    fn libraries_are_capped_at_warn_whatever_the_level() {
        let said = Capture::of(LogLevel::Trace, LogFormat::Text, speak);
        assert!(said.contains("own trace") && said.contains("own error") && said.contains("foreign warn"), "{said}");
        assert!(!said.contains("foreign trace") && !said.contains("foreign info"), "{said}");
        assert!(!said.contains("illegal host name") && !said.contains("stream error"), "{said}");
        let said = Capture::of(LogLevel::Error, LogFormat::Text, speak);
        assert!(said.contains("own error") && said.lines().count() == 1, "{said}");
        assert_eq!(Capture::of(LogLevel::Off, LogFormat::Text, speak), "");
    }

    #[test]
    fn json_is_one_object_a_line_with_its_span() {
        let said = Capture::of(LogLevel::Info, LogFormat::Json, speak);
        let lines: Vec<serde_json::Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["message"], "own error");
        assert_eq!(lines[0]["level"], "ERROR");
        assert_eq!(lines[0]["span"]["route"], "/v1/events");
    }

    #[test]
    fn a_panic_is_logged_by_its_place_alone() {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(log_panic));
        let said = Capture::of(LogLevel::Info, LogFormat::Json, || {
            assert!(std::panic::catch_unwind(|| panic!("canary {}", 42)).is_err());
        });
        std::panic::set_hook(before);
        assert!(said.contains("\"file\":\"src/telemetry.rs\"") && said.contains("\"panicked\""), "{said}");
        assert!(said.lines().count() == 1 && !said.contains("canary"), "{said}");
    }

    #[test]
    fn a_librarys_file_is_shown_without_the_machines_directories() {
        assert_eq!(below_registry("/home/x/.cargo/registry/src/index-1/dep-1.0/src/lib.rs"), "dep-1.0/src/lib.rs");
        assert_eq!(below_registry("src/server.rs"), "src/server.rs");
    }
}
