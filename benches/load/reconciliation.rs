//! The comparison with a list of everybody whom the customer still holds: counted over and over, then carried out once.

use crate::check;
use crate::client::{Client, Target};
use crate::payload::HOSTS;
use crate::place::Place;
use crate::server::Server;
use crate::work::{Request, Work};
use guestlog::clock::Clock;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Of so many guests one is missing from the list.
const ONE_IN: u64 = 100;

/// A list of the guests that lacks one in a hundred of them.
pub struct Lists {
    body: Vec<u8>,
    refs: u64,
    absent: u64,
    snapshot_at: String,
}

impl Lists {
    /// A list taken now, of so many guests and all hosts.
    pub fn new(guests: u64) -> Self {
        let mut body = String::new();
        let guests = (0..guests).map(|guest| ("guest", guest));
        let absent = guests.clone().filter(|(_, guest)| is_absent(*guest)).count() as u64;
        let kept = guests.filter(|(_, guest)| !is_absent(*guest)).chain((0..HOSTS).map(|host| ("host", host)));
        let mut refs = 0;
        for (who, number) in kept {
            writeln!(body, r#"{{"ref":"{who}-{number}"}}"#).unwrap();
            refs += 1;
        }
        Self { body: body.into_bytes(), refs, absent, snapshot_at: Clock::System.now().to_string() }
    }

    fn target(&self, is_dry: bool) -> Target {
        let path = format!("/v1/reconciliations?snapshot_at={}&dry_run={is_dry}", self.snapshot_at);
        Target { method: "POST", path, content_type: Some("application/x-ndjson") }
    }

    /// Has those who are missing deleted, and says what is wrong when others are.
    pub async fn carry_out(&self, server: &Server, place: &Place) -> Result<(), String> {
        let before = check::counts(place);
        let mut client = Client::of(server).await.map_err(|error| error.to_string())?;
        let status = client.send(&self.target(false), &self.body).await.map_err(|error| error.to_string())?;
        let report: serde_json::Value = serde_json::from_slice(&client.body).map_err(|error| error.to_string())?;
        let id = report["reconciliation_id"].as_str().filter(|_| status == 202).ok_or(format!("{status}: {report}"))?;
        let target = Target { method: "GET", path: format!("/v1/reconciliations/{id}"), content_type: None };
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(120) {
            client.send(&target, &[]).await.map_err(|error| error.to_string())?;
            if String::from_utf8_lossy(&client.body).contains(r#""state":"finished""#) {
                return check::against_deleted(before, check::counts(place), self.absent, 1);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err("the reconciliation does not end".to_owned())
    }
}

fn is_absent(guest: u64) -> bool {
    guest % ONE_IN == ONE_IN / 2
}

impl Work for Lists {
    fn next(&self) -> Option<Request> {
        Some(Request { target: self.target(true), body: self.body.clone(), counts: self.refs, is_alone: false })
    }

    fn judge(&self, status: u16, body: &[u8], _: &Request) -> Result<(), String> {
        let text = String::from_utf8_lossy(body);
        let is_right = status == 200 && text.contains(&format!(r#""absent":{},"#, self.absent));
        if is_right { Ok(()) } else { Err(format!("an answer of {status}: {text}")) }
    }
}
