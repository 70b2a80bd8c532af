//! The assembled server: binds first, then runs until it is told to stop, and stops in order.
//!
//! First the public listener, once accepted requests are answered; then the hook that stops the writer and closes the
//! database; the metrics last, so that the end can be watched. A second signal stops at once.

use crate::config::{self, Settings};
use crate::http::framing::refuse_unsafe;
use crate::http::metrics::{Listener, MetricsError};
use crate::http::middleware::frame;
use crate::http::tls::{Certificate, TlsError};
use actix_web::dev::Server;
use actix_web::http::KeepAlive;
use actix_web::middleware::from_fn;
use actix_web::rt::signal::unix::{Signal, SignalKind, signal};
use actix_web::rt::task::JoinHandle;
use actix_web::{App, HttpServer, web};
use futures_util::future::{Either, select};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How long after the first signal another one is still the same, as when a supervisor signals a process and then its
/// group.
const SAME_MOMENT: Duration = Duration::from_millis(100);

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("setting http.listen: {address}: {source}")]
    Listen {
        /// What the setting says.
        address: SocketAddr,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Metrics cannot be kept or shown.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The operating system has no thread left.
    #[error("there is no thread for jobs: {0}")]
    Jobs(#[source] io::Error),
}

/// How the server came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Accepted requests were answered or used up `http.shutdown_timeout_ms`, and the hook has run.
    InOrder,
    /// A second signal cut it short; the process should exit without waiting for anything.
    AtOnce,
}

/// Asks a server to stop, from anywhere; a second call stops it at once.
#[derive(Debug, Clone)]
pub struct Handle(mpsc::UnboundedSender<()>);

impl Handle {
    /// Does what a signal does; nothing when the server has stopped.
    pub fn stop(&self) {
        // The only error is that nobody listens any more.
        let _ = self.0.send(());
    }
}

type Observe = Box<dyn Fn() + Send + Sync>;
type Hook = Box<dyn FnOnce() + Send>;

/// A server that is bound to its addresses.
pub struct Application {
    server: Server,
    address: SocketAddr,
    certificate: Option<Arc<Certificate>>,
    metrics: Option<Listener>,
    observe: Observe,
    on_stop: Hook,
    handle: Handle,
    requests: mpsc::UnboundedReceiver<()>,
}

impl Application {
    /// Binds the listeners; connections wait in their backlog until the server runs.
    ///
    /// # Errors
    /// When an address is taken, or the certificate cannot be used.
    pub fn build<C>(settings: &Settings, configure: C) -> Result<Self, StartError>
    where
        C: Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    {
        let (http, address) = (&settings.http, settings.http.listen);
        let certificate = http.tls.as_ref().map(Certificate::load).transpose()?;
        let workers = workers(http);
        let max_header_bytes = http.max_header_bytes;
        let server = HttpServer::new(move || {
            let refuse = from_fn(move |request, next| refuse_unsafe(max_header_bytes, request, next));
            App::new().wrap(refuse).wrap(from_fn(frame)).configure(|routes| configure(routes))
        });
        let server = server
            .disable_signals()
            .workers(workers)
            .max_connections(http.max_connections.div_ceil(workers))
            .client_request_timeout(Duration::from_millis(http.header_timeout_ms))
            .tls_handshake_timeout(Duration::from_millis(http.header_timeout_ms))
            .keep_alive(keep_alive(http))
            .shutdown_timeout(http.shutdown_timeout_ms.div_ceil(1_000))
            // An answer is written whole; waiting to fill a packet only delays it.
            .tcp_nodelay(true);
        let bound = match &certificate {
            Some(certificate) => server.bind_rustls_0_23(address, certificate.server_config()?),
            None => server.bind(address),
        };
        let server = bound.map_err(|source| StartError::Listen { address, source })?;
        let address = server.addrs().first().copied().unwrap_or(address);
        if certificate.is_none() && !address.ip().is_loopback() {
            tracing::warn!(%address, "listening in clear text; set http.tls or let a proxy on this host end TLS");
        }
        let metrics = Listener::bind(&settings.metrics)?;
        let (sender, requests) = mpsc::unbounded_channel();
        let server = server.run();
        Ok(Self {
            server,
            address,
            certificate,
            metrics,
            observe: Box::new(|| ()),
            on_stop: Box::new(|| ()),
            handle: Handle(sender),
            requests,
        })
    }

    /// Sets what is done when every accepted request is answered; it may block, and runs on a thread of its own.
    #[must_use]
    pub fn on_stop(mut self, hook: impl FnOnce() + Send + 'static) -> Self {
        self.on_stop = Box::new(hook);
        self
    }

    /// Sets what is done before metrics are shown: reading gauges that are not counted, such as the queue's length.
    #[must_use]
    pub fn on_scrape(mut self, observe: impl Fn() + Send + Sync + 'static) -> Self {
        self.observe = Box::new(observe);
        self
    }

    /// Where the public listener is, with the port that was taken for port 0.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port of the public listener.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Where the metrics are, unless they are not enabled.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(Listener::address)
    }

    /// What stops it, besides a signal.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Serves until SIGTERM, SIGINT or its handle stops it. Runs on an actix system.
    ///
    /// # Errors
    /// When signals cannot be received, or a listener fails for good.
    pub async fn run_until_stopped(self) -> io::Result<Stopped> {
        let mut stops = Stops::new(self.requests, self.handle)?;
        let metrics = self.metrics.map(|listener| listener.start(self.observe)).transpose()?;
        let _watch = self.certificate.map(|certificate| AbortOnDrop(actix_web::rt::spawn(certificate.watch())));
        let listener = self.server.handle();
        let mut server = AbortOnDrop(actix_web::rt::spawn(self.server));
        tracing::info!(address = %self.address, "serving");

        if let Either::Right((ended, _)) = select(pin!(stops.next()), &mut server.0).await {
            return Err(ended.map_or_else(io::Error::other, failure));
        }
        tracing::info!("stopping: accepted requests are finished first");
        let in_order = async {
            listener.stop(true).await;
            finish(self.on_stop).await;
            if let Some(metrics) = metrics {
                metrics.stop().await;
            }
        };
        Ok(match select(pin!(in_order), pin!(stops.again())).await {
            Either::Left(_) => {
                tracing::info!("stopped");
                Stopped::InOrder
            }
            Either::Right(_) => {
                tracing::warn!("stopped at once: accepted requests may be unanswered");
                Stopped::AtOnce
            }
        })
    }
}

fn workers(http: &config::Http) -> usize {
    match http.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    }
}

fn keep_alive(http: &config::Http) -> KeepAlive {
    match http.keep_alive_ms {
        0 => KeepAlive::Disabled,
        ms => KeepAlive::Timeout(Duration::from_millis(ms)),
    }
}

fn failure(ended: io::Result<()>) -> io::Error {
    ended.err().unwrap_or_else(|| io::Error::other("the listener ended by itself"))
}

/// Runs the hook on a thread of its own: one that hangs must not keep a second signal from ending the process, as a
/// thread of the runtime's pool would.
async fn finish(hook: Hook) {
    let (done, wait) = oneshot::channel();
    let run = move || {
        hook();
        // The only error is that a second signal came first.
        let _ = done.send(());
    };
    match std::thread::Builder::new().name("guestlog-stop".to_owned()).spawn(run) {
        Ok(_) if wait.await.is_ok() => {}
        Ok(_) => tracing::error!("the hook that closes the database panicked"),
        Err(error) => tracing::error!(%error, "the hook that closes the database has no thread to run on"),
    }
}

/// What may ask the server to stop.
struct Stops {
    terminate: Signal,
    interrupt: Signal,
    requests: mpsc::UnboundedReceiver<()>,
    /// Keeps the channel open when every other handle is gone.
    _handle: Handle,
}

impl Stops {
    fn new(requests: mpsc::UnboundedReceiver<()>, handle: Handle) -> io::Result<Self> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt, requests, _handle: handle })
    }

    /// Waits for the next signal or request.
    async fn next(&mut self) {
        poll_fn(|cx| self.poll(cx)).await;
    }

    /// Waits for a further one: those that come in the same moment, as to a process and to its group, are the same.
    async fn again(&mut self) {
        tokio::time::sleep(SAME_MOMENT).await;
        poll_fn(|cx| {
            while self.signalled(cx) {}
            Poll::Ready(())
        })
        .await;
        self.next().await;
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let requested = matches!(self.requests.poll_recv(cx), Poll::Ready(Some(())));
        if self.signalled(cx) || requested { Poll::Ready(()) } else { Poll::Pending }
    }

    fn signalled(&mut self, cx: &mut Context<'_>) -> bool {
        let signals = [self.terminate.poll_recv(cx), self.interrupt.poll_recv(cx)];
        signals.iter().any(|signal| matches!(signal, Poll::Ready(Some(()))))
    }
}

/// A task that ends with its owner.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
