//! Rows in the binary form of PostgreSQL's `COPY`.
//!
//! Source: PostgreSQL 18 documentation, COPY, "Binary Format".

use super::rows::Rows;
use crate::straightforward::{At, Id, TO_2000_US, schema};
use diesel::pg::CopyFormat;
use diesel::prelude::*;
use diesel::result::Error;

const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const END: i16 = -1;
const NULL: i32 = -1;

/// The rows of one transaction, a table each.
pub struct Copied {
    people: Vec<u8>,
    visits: Vec<u8>,
    events: Vec<u8>,
    hosts: Vec<u8>,
    recipients: Vec<u8>,
}

/// A value in PostgreSQL's binary form.
trait Field {
    fn put(&self, out: &mut Vec<u8>);
}

fn sized(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&i32::try_from(bytes.len()).unwrap().to_be_bytes());
    out.extend_from_slice(bytes);
}

macro_rules! fields {
    ($($type:ty: |$value:ident| $bytes:expr;)*) => {$(
        impl Field for $type {
            fn put(&self, out: &mut Vec<u8>) {
                let $value = self;
                sized(&$bytes, out);
            }
        }
    )*};
}

fields! {
    i16: |value| value.to_be_bytes();
    i32: |value| value.to_be_bytes();
    i64: |value| value.to_be_bytes();
    At: |value| (value.0 - TO_2000_US).to_be_bytes();
    Id: |value| *value.0.as_bytes();
    Vec<u8>: |value| value;
    String: |value| value.as_bytes();
}

impl<T: Field> Field for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.put(out),
            None => out.extend_from_slice(&NULL.to_be_bytes()),
        }
    }
}

fn rows<T>(rows: &[T], fields: impl Fn(&T) -> Vec<&dyn Field>) -> Vec<u8> {
    let mut out = HEAD.to_vec();
    for row in rows {
        let fields = fields(row);
        out.extend_from_slice(&i16::try_from(fields.len()).unwrap().to_be_bytes());
        for field in fields {
            field.put(&mut out);
        }
    }
    out.extend_from_slice(&END.to_be_bytes());
    out
}

impl Copied {
    pub fn of(of: &Rows) -> Self {
        Self {
            people: rows(&of.people, |row| {
                vec![
                    &row.customer_id,
                    &row.id,
                    &row.ref_index,
                    &row.ref_sealed,
                    &row.wrapped_key,
                    &row.key_version,
                    &row.kind,
                    &row.name_sealed,
                    &row.email_sealed,
                    &row.email_index,
                    &row.company_sealed,
                    &row.created_at,
                    &row.updated_at,
                ]
            }),
            visits: rows(&of.visits, |row| {
                vec![
                    &row.customer_id,
                    &row.visit_id,
                    &row.person_id,
                    &row.license_id,
                    &row.state,
                    &row.starts_at,
                    &row.arrived_at,
                    &row.departed_at,
                    &row.device,
                    &row.updated_at,
                ]
            }),
            events: rows(&of.events, |row| {
                vec![
                    &row.customer_id,
                    &row.id,
                    &row.event_id,
                    &row.person_id,
                    &row.license_id,
                    &row.type_,
                    &row.occurred_at,
                    &row.received_at,
                    &row.device,
                    &row.visit_id,
                    &row.details_sealed,
                    &row.ip_sealed,
                    &row.digest,
                ]
            }),
            hosts: rows(&of.hosts, |row| {
                vec![
                    &row.customer_id,
                    &row.event_key,
                    &row.person_id,
                    &row.license_id,
                    &row.occurred_at,
                    &row.details_sealed,
                ]
            }),
            recipients: rows(&of.recipients, |row| {
                vec![
                    &row.customer_id,
                    &row.event_key,
                    &row.position,
                    &row.person_id,
                    &row.license_id,
                    &row.occurred_at,
                    &row.channel,
                    &row.address_sealed,
                ]
            }),
        }
    }

    /// Writes all of it in one transaction.
    #[expect(clippy::disallowed_methods, reason = "nobody else writes these rows")]
    pub fn write(&self, conn: &mut PgConnection) -> QueryResult<()> {
        macro_rules! copy {
            ($conn:ident, $table:ident, $bytes:expr) => {
                diesel::copy_from(schema::$table::table)
                    .from_raw_data(schema::$table::all_columns, |out| {
                        out.write_all($bytes).map_err(|error| Error::SerializationError(error.into()))
                    })
                    .with_format(CopyFormat::Binary)
                    .execute($conn)
            };
        }
        conn.transaction(|c| {
            copy!(c, people, &self.people)?;
            copy!(c, visits, &self.visits)?;
            copy!(c, events, &self.events)?;
            copy!(c, event_hosts, &self.hosts)?;
            copy!(c, event_recipients, &self.recipients).map(drop)
        })
    }
}
