//! Plays the day through the HTTP API, as a booking system, entrances and a kiosk that was offline would.

use super::home::Home;
use super::sample::{self, OFFLINE_DEVICE};
use crate::cli::outcome::Failure;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Events of one request.
const BATCH_EVENTS: usize = 100;
const TIMEOUT: Duration = Duration::from_secs(60);

/// A client with the demo's key.
pub(super) struct Client {
    agent: ureq::Agent,
    url: String,
    credential: String,
}

/// What the API answered.
#[derive(Default)]
pub(super) struct Played {
    /// Events by their status: created, duplicate and so on.
    pub statuses: BTreeMap<String, u64>,
    pub requests: usize,
    pub took: Duration,
}

impl Client {
    pub fn new(url: String, key: &str) -> Self {
        let config = ureq::Agent::config_builder()
            // The server is in this process; what the environment says of proxies is not about it.
            .proxy(None)
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .build();
        Self { agent: ureq::Agent::new_with_config(config), url, credential: format!("Bearer {key}") }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The JSON at a path.
    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        let request = self.agent.get(format!("{}{path}", self.url)).header("authorization", &self.credential);
        json_of(&answer(request.call())?)
    }

    fn post(&self, path: &str, media_type: &str, body: &str) -> Result<String, Failure> {
        let request = self.agent.post(format!("{}{path}", self.url));
        let request = request.header("authorization", &self.credential).header("content-type", media_type);
        answer(request.send(body))
    }
}

/// The body of an answer that is a success.
fn answer(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<String, Failure> {
    let stopped = |_| Failure::Fault("the server stopped before all was shown; start the demo again".to_owned());
    let mut answer = answer.map_err(stopped)?;
    let body = answer.body_mut().read_to_string().map_err(stopped)?;
    if answer.status().is_success() {
        return Ok(body);
    }
    let problem: Value = serde_json::from_str(&body).unwrap_or_default();
    let detail = problem["detail"].as_str().or(problem["code"].as_str()).unwrap_or("no reason given");
    Err(Failure::Refused(format!("the server answered {}: {detail}", answer.status().as_u16())))
}

fn json_of(body: &str) -> Result<Value, Failure> {
    serde_json::from_str(body).map_err(|error| Failure::fault(&error))
}

/// Posts the day; a second time nothing is added, for each event has the id that it had before.
pub(super) fn day(client: &Client, home: &Home) -> Result<Played, Failure> {
    let started = Instant::now();
    let day = sample::day(home)?;
    let mut played = Played::default();
    for events in day.booked.chunks(BATCH_EVENTS).chain(day.seen.chunks(BATCH_EVENTS)) {
        let body = json!({"events": events}).to_string();
        let answer = json_of(&client.post("/v1/events", "application/json", &body)?)?;
        played.add(answer["results"].as_array().into_iter().flatten());
    }
    let lines = day.queued.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let answer = client.post("/v1/events", "application/x-ndjson", &lines)?;
    let results = answer.lines().map(json_of).collect::<Result<Vec<_>, _>>()?;
    played.add(results.iter());
    // The garage has no heartbeat, so the roll call will call it silent; the kiosk says that it has more to send.
    for (device, queued_events) in [("reception-1", 0), ("kiosk-1", 0), (OFFLINE_DEVICE, 2)] {
        let beat = json!({"app_version": "4.2.0", "queued_events": queued_events}).to_string();
        client.post(&format!("/v1/devices/{device}/heartbeat"), "application/json", &beat)?;
    }
    played.took = started.elapsed();
    Ok(played)
}

impl Played {
    fn add<'a>(&mut self, results: impl Iterator<Item = &'a Value>) {
        self.requests += 1;
        for result in results {
            let status = result["status"].as_str().unwrap_or("unreadable");
            *self.statuses.entry(status.to_owned()).or_default() += 1;
        }
    }
}
