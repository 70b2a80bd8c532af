//! A server with routes of the test's own and no database, on a thread of its own.

use actix_web::web;
use guestlog::config::{Settings, Sources};
use guestlog::server::{Application, Handle, Stopped};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

/// A server that runs; stopped by its handle.
pub(crate) struct BareServer {
    pub(crate) address: SocketAddr,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) handle: Handle,
    thread: JoinHandle<Stopped>,
}

/// Settings for free ports, one worker, and what `more` changes.
pub(crate) fn settings(more: &[(&str, &str)]) -> Settings {
    let fixed = [("http.listen", "127.0.0.1:0"), ("metrics.listen", "127.0.0.1:0"), ("http.workers", "1")];
    let all = fixed.iter().chain(more);
    all.fold(Sources::default(), |sources, (name, value)| sources.with(name, *value)).load().unwrap()
}

impl BareServer {
    pub(crate) fn start<C>(settings: Settings, configure: C, on_stop: impl FnOnce() + Send + 'static) -> Self
    where
        C: Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let application = Application::build(&settings, configure).unwrap().on_stop(on_stop);
                sender.send((application.address(), application.metrics_address(), application.handle())).unwrap();
                application.run_until_stopped().await.unwrap()
            })
        });
        let (address, metrics, handle) = receiver.recv().unwrap();
        Self { address, metrics, handle, thread }
    }

    /// Waits for the end.
    pub(crate) fn join(self) -> Stopped {
        self.thread.join().unwrap()
    }

    /// Stops it in order.
    pub(crate) fn stop(self) {
        self.handle.stop();
        assert_eq!(self.join(), Stopped::InOrder);
    }
}

/// A connection that gives up after ten seconds.
pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// Sends the bytes and returns all that comes until the server closes the connection.
pub(crate) fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = connect(address);
    // A server may answer and close before it has read everything.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// A directory of its own, removed when dropped.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("guestlog-it-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
