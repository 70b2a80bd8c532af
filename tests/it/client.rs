//! A client that keeps its connection, for servers in this process and in others.

use crate::harness::Answer;
use std::net::SocketAddr;
use std::time::Duration;

/// Longer than the server takes for any answer.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Client {
    agent: ureq::Agent,
    address: SocketAddr,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self::patient(address, PATIENCE)
    }

    /// One that waits so long for an answer.
    pub fn patient(address: SocketAddr, patience: Duration) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(patience));
        Self { agent: config.build().into(), address }
    }

    /// Sends a request and reads the whole answer; a body is JSON unless `content-type` says otherwise.
    ///
    /// # Errors
    /// When the connection ends before the answer does.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, ureq::Error> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        if body.is_some() && headers.iter().all(|(name, _)| *name != "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = match body {
            Some(body) => self.agent.run(request.body(body)?)?,
            None => self.agent.run(request.body(())?)?,
        };
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let bytes = answer.body_mut().with_config().limit(64 << 20).read_to_vec()?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer { status: answer.status().as_u16(), headers, text, bytes })
    }
}
