//! The addresses: free, or taken by guestlog itself.

use super::finding::Finding;
use crate::config::Settings;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

/// How long to wait for whoever has the port.
const PATIENCE: Duration = Duration::from_secs(1);

/// Both listeners.
pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    let http = &settings.http;
    let public = listener("http.listen", http.listen, || http.tls.is_none() && is_alive(http.listen));
    let metrics = settings.metrics.enabled.then(|| listener("metrics.listen", settings.metrics.listen, || false));
    std::iter::once(public).chain(metrics).collect()
}

fn listener(setting: &'static str, address: SocketAddr, is_ours: impl FnOnce() -> bool) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::ok("port", format!("{setting} {address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse && is_ours() => {
            Finding::ok("port", format!("{setting} {address}: a guestlog serves there"))
        }
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let detail = format!("{setting} {address} is in use");
            Finding::warning("port", detail, format!("fine if a guestlog runs there; else free it, or set {setting}"))
        }
        Err(error) => Finding::fault(
            "port",
            format!("{setting} {address}: {error}"),
            format!("set {setting} to an address of this machine"),
        ),
    }
}

/// Whether what listens there answers as guestlog does.
fn is_alive(address: SocketAddr) -> bool {
    let config = ureq::Agent::config_builder().proxy(None).timeout_global(Some(PATIENCE)).build();
    let answer = ureq::Agent::new_with_config(config).get(format!("http://{address}/healthz")).call();
    let body = answer.ok().and_then(|mut answer| answer.body_mut().read_json::<serde_json::Value>().ok());
    body.is_some_and(|body| body["status"] == "ok")
}
