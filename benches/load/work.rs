//! What a connection does: asks, one request after the other, and judges the answers.

use crate::client::{Client, Target};
use crate::histogram::Latencies;
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// A request to be sent.
pub struct Request {
    pub target: Target,
    pub body: Vec<u8>,
    /// What is counted when it is done: events, people or answers.
    pub counts: u64,
    /// Whether it goes over a connection of its own: actix may end one whose answer began before the body had ended.
    pub is_alone: bool,
}

/// Where requests come from, and what a good answer is.
pub trait Work {
    /// The next request; none when there is nothing left to do.
    fn next(&self) -> Option<Request>;

    /// What is wrong with an answer, if anything is.
    fn judge(&self, status: u16, body: &[u8], request: &Request) -> Result<(), String>;
}

/// What a run has come to, shared by its connections.
#[derive(Default)]
pub struct Tally {
    pub acknowledged: Cell<u64>,
    /// Answers of 503: refused for now, and so not acknowledged.
    pub refused: Cell<u64>,
    /// The first thing that went wrong; such a run is dropped.
    pub fault: RefCell<Option<String>>,
    latencies: RefCell<Option<Latencies>>,
    last: Cell<Option<Instant>>,
}

impl Tally {
    /// Sends a request and notes what came of it; false when the connection cannot go on.
    pub async fn send(&self, client: &mut Client, work: &dyn Work, request: &Request, since: Instant) -> bool {
        let renewed = if request.is_alone { client.reconnect().await } else { Ok(()) };
        let answered = match renewed {
            Ok(()) => client.send(&request.target, &request.body).await,
            Err(error) => Err(error),
        };
        match answered {
            Ok(503) => self.refused.set(self.refused.get() + 1),
            Ok(status) => match work.judge(status, &client.body, request) {
                Ok(()) => self.acknowledge(request.counts, since),
                Err(why) => return self.fail(why),
            },
            Err(error) => return self.fail(format!("a connection broke: {error}")),
        }
        true
    }

    fn acknowledge(&self, counts: u64, since: Instant) {
        let now = Instant::now();
        self.acknowledged.set(self.acknowledged.get() + counts);
        self.latencies.borrow_mut().get_or_insert_with(Latencies::new).note(now - since);
        self.last.set(Some(now));
    }

    fn fail(&self, why: String) -> bool {
        self.fault.borrow_mut().get_or_insert(why);
        false
    }

    pub fn failed(&self) -> bool {
        self.fault.borrow().is_some()
    }

    /// From `began` to the last acknowledgement.
    pub fn took(&self, began: Instant) -> Duration {
        self.last.get().map_or(Duration::ZERO, |last| last - began)
    }

    pub fn latencies(&self) -> Latencies {
        self.latencies.borrow_mut().take().unwrap_or_else(Latencies::new)
    }
}
