//! The rows that events leave behind, made beforehand.

use crate::payload::{HOSTS, LICENSE_ID, Stream};
use crate::straightforward::{At, CLOSED, CUSTOMER, EventRow, HostRow, Id, PersonRow, RecipientRow, VisitRow};
use guestlog::clock::Clock;

/// Ids of one writer's rows, apart from those of the others.
const APART: i64 = 1_000_000_000;

/// The rows of one transaction.
pub struct Rows {
    pub people: Vec<PersonRow>,
    pub visits: Vec<VisitRow>,
    pub events: Vec<EventRow>,
    pub hosts: Vec<HostRow>,
    pub recipients: Vec<RecipientRow>,
}

/// The people who are visited.
pub fn hosts() -> impl Iterator<Item = PersonRow> {
    let now = At(Clock::System.now().micros());
    (0..HOSTS).map(move |host| PersonRow::new(host_id(host), &format!("host-{host}"), Some("Vært Værtsen"), 2, now))
}

/// What one writer writes, so many events in a transaction.
pub fn batches(writer: u32, events: usize, count: usize) -> Vec<Rows> {
    let now = Clock::System.now();
    let stream = Stream::new(now.plus_seconds(-86_400).micros());
    let base = i64::from(writer + 1) * APART;
    let batch = |_| {
        let mut rows = Rows {
            people: Vec::new(),
            visits: Vec::new(),
            events: Vec::new(),
            hosts: Vec::new(),
            recipients: Vec::new(),
        };
        (0..events).for_each(|_| rows.add(&stream, base, At(now.micros())));
        rows
    };
    (0..count).map(batch).collect()
}

fn host_id(host: u64) -> i64 {
    host.cast_signed() + 1
}

impl Rows {
    fn add(&mut self, stream: &Stream, base: i64, now: At) {
        let event = stream.next();
        let (guest, at) = (event.guest, At(stream.at_us(event)));
        let person_id = base + guest.cast_signed() * 2;
        let key = base + event.number.cast_signed() * 2 + 1;
        let visit = uuid::Uuid::from_u64_pair(base.cast_unsigned(), guest * 2 + event.turn / 2);
        let visit = Id(uuid::Builder::from_bytes(mixed(visit)).into_uuid());
        let device = Some(format!("reception-{}", guest % 4));
        let name = format!("Åse Østergård {guest}");
        if event.turn == 0 {
            let reference = format!("guest-{base}-{guest}");
            let mail = Some(format!("guest{guest}@example.dk").into_bytes());
            self.people.push(PersonRow {
                email_sealed: mail.clone(),
                email_index: mail,
                company_sealed: Some(b"Firma A/S".to_vec()),
                ..PersonRow::new(person_id, &reference, Some(&name), 1, now)
            });
        }
        if event.turn.is_multiple_of(2) {
            self.visits.push(VisitRow {
                customer_id: CUSTOMER,
                visit_id: visit,
                person_id,
                license_id: LICENSE_ID,
                state: CLOSED,
                starts_at: at,
                arrived_at: Some(at),
                departed_at: Some(at),
                device: device.clone(),
                updated_at: now,
            });
        }
        let details = format!(
            r#"{{"ref":"guest-{guest}","name":"{name}","email":"guest{guest}@example.dk","company":"Firma A/S"}}"#
        );
        // Two writers post the same events otherwise, and an id is unique.
        let id = uuid::Uuid::from_u128(stream.id(event).as_u128() ^ u128::from(base.cast_unsigned()));
        self.events.push(EventRow {
            customer_id: CUSTOMER,
            id: key,
            event_id: Id(id),
            person_id,
            license_id: LICENSE_ID,
            type_: if event.turn.is_multiple_of(2) { 4 } else { 5 },
            occurred_at: at,
            received_at: now,
            device,
            visit_id: Some(visit),
            details_sealed: details.into_bytes(),
            ip_sealed: Some(b"203.0.113.1".to_vec()),
            digest: id.as_bytes().to_vec(),
        });
        let host = guest % HOSTS;
        self.hosts.push(HostRow {
            customer_id: CUSTOMER,
            event_key: key,
            person_id: host_id(host),
            license_id: LICENSE_ID,
            occurred_at: at,
            details_sealed: format!(r#"{{"ref":"host-{host}","name":"Vært Værtsen"}}"#).into_bytes(),
        });
        self.recipients.push(RecipientRow {
            customer_id: CUSTOMER,
            event_key: key,
            position: 0,
            person_id: host_id(host),
            license_id: LICENSE_ID,
            occurred_at: at,
            channel: 1,
            address_sealed: Some(format!("+4512345{host:03}").into_bytes()),
        });
    }
}

/// A visit's id looks like a digest, as ours are: in no order.
fn mixed(id: uuid::Uuid) -> [u8; 16] {
    let (high, low) = id.as_u64_pair();
    let bytes = [crate::payload::mixed(high ^ low), crate::payload::mixed(high.wrapping_add(!low))];
    let mut id = [0; 16];
    id.copy_from_slice(&bytes.map(u64::to_be_bytes).concat());
    id
}
