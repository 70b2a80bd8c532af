//! Metrics for Prometheus, shown on a listener of their own and nowhere else.
//!
//! The public listener has no such address, so that nobody outside learns how busy a customer is.

use crate::config;
use actix_web::dev::ServerHandle;
use actix_web::rt::task::JoinHandle;
use actix_web::{App, HttpResponse, HttpServer, guard, web};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use std::future::ready;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Bounds of the histograms `guestlog_*_seconds`: from a cached read to the timeout of a request.
const SECONDS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Bounds of the histograms `guestlog_*_events`: how many were written together.
const EVENTS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0];
/// Bounds of the histograms `guestlog_*_bytes`.
const BYTES: &[f64] = &[256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0];

/// The media type of the text that Prometheus reads.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A histogram keeps each value until it is drained into buckets, by a scrape or by this.
const UPKEEP: Duration = Duration::from_secs(5);

/// Why metrics cannot be kept or shown.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The process keeps its metrics elsewhere, or the bounds are not accepted.
    #[error("metrics cannot be kept: {0}")]
    Recorder(&'static str),
    /// The address cannot be listened on.
    #[error("setting metrics.listen: {address}: {source}")]
    Listen {
        /// What the setting says.
        address: SocketAddr,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

/// The metrics of the process: one for all servers in it.
struct Recorder {
    handle: PrometheusHandle,
    started: Instant,
}

fn recorder() -> Result<&'static Recorder, MetricsError> {
    static RECORDER: OnceLock<Result<Recorder, &'static str>> = OnceLock::new();
    RECORDER.get_or_init(install).as_ref().map_err(|reason| MetricsError::Recorder(reason))
}

fn install() -> Result<Recorder, &'static str> {
    let builder = || -> Result<PrometheusBuilder, BuildError> {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
            .set_buckets_for_metric(Matcher::Suffix("_events".to_owned()), EVENTS)?
            .set_buckets_for_metric(Matcher::Suffix("_bytes".to_owned()), BYTES)
    };
    let recorder = builder().map_err(|_| "the bounds of the histograms are not accepted")?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| "this process has another recorder")?;
    metrics::describe_gauge!("guestlog_build_info", "The version that runs, always 1.");
    metrics::describe_gauge!("guestlog_uptime_seconds", "Since this process began to keep metrics.");
    metrics::describe_gauge!("process_resident_memory_bytes", "Memory that is not swapped out.");
    metrics::describe_gauge!("process_open_fds", "Open files and sockets.");
    metrics::gauge!("guestlog_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(Recorder { handle, started: Instant::now() })
}

impl Recorder {
    fn render(&self) -> String {
        metrics::gauge!("guestlog_uptime_seconds").set(self.started.elapsed().as_secs_f64());
        if let Some(bytes) = resident_bytes() {
            metrics::gauge!("process_resident_memory_bytes").set(bytes);
        }
        if let Some(files) = open_files() {
            metrics::gauge!("process_open_fds").set(files);
        }
        self.handle.render()
    }
}

/// `VmRSS` of `/proc/self/status`, which unlike `statm` does not count in pages; none where there is no `/proc`.
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; memory stays far below 2^53 bytes")]
fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some((kibibytes * 1_024) as f64)
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; there are far fewer than 2^53 files")]
fn open_files() -> Option<f64> {
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count() as f64)
}

/// The listener, bound and ready to run.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    recorder: &'static Recorder,
}

impl Listener {
    /// Binds the listener and starts keeping metrics; none when they are not enabled.
    ///
    /// # Errors
    /// When the address is taken, or the process has another recorder.
    pub fn bind(settings: &config::Metrics) -> Result<Option<Self>, MetricsError> {
        if !settings.enabled {
            return Ok(None);
        }
        let recorder = recorder()?;
        let bound = TcpListener::bind(settings.listen).and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (address, socket) = bound.map_err(|source| MetricsError::Listen { address: settings.listen, source })?;
        Ok(Some(Self { socket, address, recorder }))
    }

    /// Where it listens, with the port that was taken for port 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Starts to answer; `observe` runs before each answer, to set gauges that are read and not counted.
    ///
    /// # Errors
    /// When the operating system refuses to listen.
    pub fn start(self, observe: impl Fn() + Send + Sync + 'static) -> io::Result<Running> {
        let (recorder, observe) = (self.recorder, Arc::new(observe));
        let server = HttpServer::new(move || {
            let observe = Arc::clone(&observe);
            let show = move || {
                observe();
                ready(HttpResponse::Ok().content_type(TEXT).body(recorder.render()))
            };
            App::new().service(web::resource("/metrics").guard(guard::Get()).to(show))
        });
        let server = server.workers(1).max_connections(64).shutdown_timeout(1).disable_signals();
        let server = server.listen(self.socket)?.run();
        let upkeep = actix_web::rt::spawn(async move {
            loop {
                actix_web::rt::time::sleep(UPKEEP).await;
                recorder.handle.run_upkeep();
            }
        });
        Ok(Running { handle: server.handle(), upkeep, server: actix_web::rt::spawn(server) })
    }
}

/// The listener while it answers; stops at once when dropped.
pub struct Running {
    handle: ServerHandle,
    upkeep: JoinHandle<()>,
    server: JoinHandle<io::Result<()>>,
}

impl Running {
    /// Stops after the answers that are under way.
    pub async fn stop(self) {
        self.handle.stop(true).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.upkeep.abort();
        self.server.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpStream;

    fn exchange(address: SocketAddr, line: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[actix_web::test]
    async fn two_servers_of_one_process_show_the_same_metrics_and_nothing_else() {
        let settings = config::Metrics { enabled: true, listen: ([127, 0, 0, 1], 0).into() };
        let first = Listener::bind(&settings).unwrap().unwrap();
        let second = Listener::bind(&settings).unwrap().unwrap();
        metrics::histogram!("guestlog_test_seconds").record(0.003);
        metrics::histogram!("guestlog_test_events").record(7);
        let addresses = [first.address(), second.address()];
        let observed = || metrics::gauge!("guestlog_test_observed").set(1);
        let running = [first.start(observed).unwrap(), second.start(|| ()).unwrap()];
        let answers = web::block(move || {
            let [a, b] = addresses.map(|address| exchange(address, "GET /metrics"));
            (a, b, exchange(addresses[0], "GET /"), exchange(addresses[0], "POST /metrics"))
        });
        let (a, b, other, post) = answers.await.unwrap();
        let a_observed = a.contains("\nguestlog_test_observed 1\n");
        for answer in [a, b] {
            assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("text/plain; version=0.0.4"), "{answer}");
            assert!(answer.contains("guestlog_test_seconds_bucket{le=\"0.005\"} 1\n"), "{answer}");
            assert!(answer.contains("guestlog_test_events_bucket{le=\"10\"} 1\n"), "{answer}");
            assert!(answer.contains("\nguestlog_build_info{version="), "{answer}");
            assert!(answer.contains("\nprocess_resident_memory_bytes ") && answer.contains("\nprocess_open_fds "));
        }
        assert!(a_observed, "the hook has not run");
        assert!(other.starts_with("HTTP/1.1 404 ") && post.starts_with("HTTP/1.1 404 "), "{other}{post}");
        for listener in running {
            listener.stop().await;
        }
        assert!(addresses.iter().all(|address| TcpStream::connect(address).is_err()));
    }

    #[actix_web::test]
    async fn a_taken_address_is_named_and_none_is_needed_when_not_enabled() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let settings = config::Metrics { enabled: true, listen: taken.local_addr().unwrap() };
        let error = Listener::bind(&settings).err().unwrap().to_string();
        assert!(error.starts_with(&format!("setting metrics.listen: {}: ", settings.listen)), "{error}");
        assert!(Listener::bind(&config::Metrics { enabled: false, ..settings }).unwrap().is_none());
    }
}
