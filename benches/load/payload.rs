//! What is sent: the events of visits, about 400 bytes each, the same for every program and every round.

use std::cell::Cell;
use std::fmt::Write;

/// The licence that every event names.
pub const LICENSE: &str = "L-1";
/// Its row, where the driver makes it.
pub const LICENSE_ID: i64 = 1;
/// Hosts there are.
pub const HOSTS: u64 = 50;
/// Events of each guest of a stream: two visits.
const TURNS: u64 = 4;
/// Guests who begin before the first of them comes again: so many that nobody is twice under way, whatever the case.
const APART: u64 = 300;

/// Which event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    pub guest: u64,
    /// Even ones check in, odd ones out.
    pub turn: u64,
    /// Its place among all, from which its instant and its id follow.
    pub number: u64,
}

/// Events of an endless stream of guests who come twice each.
///
/// After the first [`Stream::START`] events the mixture stays: one in four is of somebody new, half check in and half
/// check out.
pub struct Stream {
    began_us: i64,
    step: Cell<u64>,
    turn: Cell<u64>,
    number: Cell<u64>,
}

impl Stream {
    /// Events until the mixture is steady.
    pub const START: u64 = APART * (1 + 2 + 3);

    /// A stream whose first event happened at `began_us`.
    pub fn new(began_us: i64) -> Self {
        Self { began_us, step: Cell::new(0), turn: Cell::new(0), number: Cell::new(0) }
    }

    /// The next event.
    pub fn next(&self) -> Event {
        loop {
            let (step, turn) = (self.step.get(), self.turn.get());
            if turn < TURNS && step >= turn * APART {
                self.turn.set(turn + 1);
                let number = self.number.replace(self.number.get() + 1);
                return Event { guest: step - turn * APART, turn, number };
            }
            self.step.set(step + 1);
            self.turn.set(0);
        }
    }

    /// The event's JSON, at the end of `body`.
    pub fn write(&self, event: Event, body: &mut Vec<u8>) {
        let mut text = String::with_capacity(512);
        self.text(event, &mut text);
        body.extend_from_slice(text.as_bytes());
    }

    /// When the event happened, in microseconds since 1970: a hundred a second.
    pub fn at_us(&self, event: Event) -> i64 {
        self.began_us + event.number.cast_signed() * 10_000
    }

    /// A UUID of version 7 of that instant, as a guest system would make it.
    pub fn id(&self, event: Event) -> uuid::Uuid {
        let millis = (self.at_us(event) / 1_000).cast_unsigned();
        let random = [mixed(event.number), mixed(!event.number)];
        let bytes = random.map(u64::to_le_bytes).concat();
        let mut counted = [0; 10];
        counted.copy_from_slice(&bytes[..10]);
        uuid::Builder::from_unix_timestamp_millis(millis, &counted).into_uuid()
    }

    fn text(&self, event: Event, text: &mut String) {
        let Event { guest, turn, .. } = event;
        let kind = ["visit.checked_in", "visit.checked_out"][usize::from(turn % 2 == 1)];
        let at = chrono::DateTime::from_timestamp_micros(self.at_us(event)).unwrap();
        let at = at.format("%Y-%m-%dT%H:%M:%S%.6fZ");
        let (id, host) = (self.id(event), guest % HOSTS);
        write!(
            text,
            r#"{{"id":"{id}","type":"{kind}","occurred_at":"{at}","license_number":"{LICENSE}","device":"reception-{}","#,
            guest % 4
        )
        .unwrap();
        write!(
            text,
            r#""person":{{"ref":"guest-{guest}","name":"Åse Østergård {guest}","email":"guest{guest}@example.dk","company":"Firma A/S"}},"#
        )
        .unwrap();
        write!(
            text,
            r#""host":{{"ref":"host-{host}","name":"Vært Værtsen"}},"recipients":[{{"ref":"host-{host}","channel":"sms","address":"+4512345{host:03}"}}],"ip":"203.0.113.{}"}}"#,
            guest % 250 + 1
        )
        .unwrap();
    }
}

/// A number that looks like no other: the finaliser of SplitMix64.
pub fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
