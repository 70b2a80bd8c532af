//! The requests of each case, and what a good answer to them is.

use crate::cases::{BATCH, LINES, Task};
use crate::client::Target;
use crate::payload::{Event, Stream, mixed};
use crate::work::{Request, Work};
use std::cell::Cell;
use std::rc::Rc;

/// Events of a stream, one or more in a request, until as many as are wanted were taken.
pub struct Ingest {
    pub stream: Rc<Stream>,
    pub task: Task,
    pub left: Cell<u64>,
}

impl Ingest {
    fn target(&self) -> Target {
        let content_type = if self.task == Task::Lines { "application/x-ndjson" } else { "application/json" };
        Target { method: "POST", path: "/v1/events".to_owned(), content_type: Some(content_type) }
    }
}

/// The body that holds `events`, in the form of a task.
fn body(stream: &Stream, task: Task, events: &[Event]) -> Vec<u8> {
    let mut body = Vec::with_capacity(events.len() * 512);
    let (before, between, after): (&[u8], &[u8], &[u8]) = match task {
        Task::Batch => (br#"{"events":["#, b",", b"]}"),
        Task::Lines => (b"", b"\n", b"\n"),
        _ => (b"", b"", b""),
    };
    body.extend_from_slice(before);
    for (place, event) in events.iter().enumerate() {
        if place > 0 {
            body.extend_from_slice(between);
        }
        stream.write(*event, &mut body);
    }
    body.extend_from_slice(after);
    body
}

impl Work for Ingest {
    fn next(&self) -> Option<Request> {
        let most = match self.task {
            Task::Batch => BATCH as u64,
            Task::Lines => LINES as u64,
            _ => 1,
        };
        let counts = most.min(self.left.get());
        self.left.set(self.left.get() - counts);
        let events: Vec<Event> = (0..counts).map(|_| self.stream.next()).collect();
        let is_alone = self.task == Task::Lines;
        let body = || body(&self.stream, self.task, &events);
        (counts > 0).then(|| Request { target: self.target(), body: body(), counts, is_alone })
    }

    fn judge(&self, status: u16, body: &[u8], request: &Request) -> Result<(), String> {
        let created = match self.task {
            Task::Single => u64::from(status == 201),
            _ => created(body),
        };
        if created == request.counts { Ok(()) } else { Err(wrong(status, body)) }
    }
}

/// How many events an answer says were created: a count up front, or a line each.
fn created(body: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(body);
    match text.strip_prefix(r#"{"created":"#).and_then(|rest| rest.split_once(',')) {
        Some((count, _)) => count.parse().unwrap_or(0),
        None => text.matches(r#""status":"created""#).count() as u64,
    }
}

/// Events of a batch when a database is filled.
pub const FILL: u64 = 500;

/// What every program is filled with before people are deleted or lists are read: so many guests with so many events
/// each, everybody's first, then everybody's second, as they come in life.
pub struct Fill {
    pub stream: Rc<Stream>,
    pub guests: u64,
    pub events_each: u64,
    pub taken: Cell<u64>,
}

impl Work for Fill {
    fn next(&self) -> Option<Request> {
        let all = self.guests * self.events_each;
        let from = self.taken.get();
        let counts = FILL.min(all - from);
        self.taken.set(from + counts);
        let event = |number| Event { guest: number % self.guests, turn: number / self.guests, number };
        let events: Vec<Event> = (from..from + counts).map(event).collect();
        let content_type = Some("application/json");
        let target = Target { method: "POST", path: "/v1/events".to_owned(), content_type };
        (counts > 0).then(|| Request {
            target,
            body: body(&self.stream, Task::Batch, &events),
            counts,
            is_alone: false,
        })
    }

    fn judge(&self, status: u16, body: &[u8], request: &Request) -> Result<(), String> {
        if created(body) == request.counts { Ok(()) } else { Err(wrong(status, body)) }
    }
}

/// Deletions of the guests, one after the other.
pub struct Deletions {
    pub guests: u64,
    pub taken: Cell<u64>,
}

impl Work for Deletions {
    fn next(&self) -> Option<Request> {
        let guest = self.taken.replace(self.taken.get() + 1);
        let path = format!("/v1/people/guest-{guest}");
        let target = Target { method: "DELETE", path, content_type: None };
        (guest < self.guests).then_some(Request { target, body: Vec::new(), counts: 1, is_alone: false })
    }

    fn judge(&self, status: u16, body: &[u8], _: &Request) -> Result<(), String> {
        if status == 200 { Ok(()) } else { Err(wrong(status, body)) }
    }
}

/// Lists or exports of guests at random, or the roll call.
pub struct Reads {
    pub task: Task,
    pub guests: u64,
    /// The fewest bytes of a whole answer.
    pub least_bytes: usize,
    pub taken: Cell<u64>,
}

impl Work for Reads {
    fn next(&self) -> Option<Request> {
        let number = self.taken.replace(self.taken.get() + 1);
        let path = match self.task {
            Task::RollCall => "/v1/visits/on-site".to_owned(),
            Task::Export => format!("/v1/people/guest-{}/export", mixed(number) % self.guests),
            _ => format!("/v1/events?person=guest-{}&limit=50", mixed(number) % self.guests),
        };
        Some(Request {
            target: Target { method: "GET", path, content_type: None },
            body: Vec::new(),
            counts: 1,
            is_alone: false,
        })
    }

    fn judge(&self, status: u16, body: &[u8], _: &Request) -> Result<(), String> {
        if status == 200 && body.len() >= self.least_bytes { Ok(()) } else { Err(wrong(status, body)) }
    }
}

fn wrong(status: u16, body: &[u8]) -> String {
    let start: String = String::from_utf8_lossy(body).chars().take(300).collect();
    format!("an answer of {status}: {start}")
}
