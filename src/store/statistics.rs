//! How many visits a span of time has, slot by slot; read from indexes alone.

use super::conn::Conn;
use super::schema::visits;
use super::stays::{self, Condition, SITES};
use crate::domain::{CustomerId, LicenseId, PersonId, Timestamp};
use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer};

/// What of a visit is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// When the guest was expected.
    Expected,
    /// When the guest arrived.
    Arrived,
    /// When the guest left.
    Departed,
    /// When the visit was cancelled.
    Cancelled,
    /// When the guest was turned away.
    Denied,
}

impl What {
    fn column(self) -> &'static str {
        match self {
            Self::Expected => "expected_at",
            Self::Arrived => "arrived_at",
            Self::Departed => "departed_at",
            Self::Cancelled => "cancelled_at",
            Self::Denied => "denied_at",
        }
    }
}

/// A span of time, and the slots that it is counted in.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// The length of a slot in seconds; slots are counted from 1970.
    pub slot_s: i64,
}

/// Classes of stays whose departures are looked for in one statement, as far back as the longest of them.
///
/// Each by itself would read less and ask more often: 64 hours are soon read, and longer stays are few.
const TOGETHER: [std::ops::RangeInclusive<i32>; 4] = [1..=4, 5..=6, 7..=7, 8..=8];

/// People of one statement.
const PEOPLE: usize = 10_000;

/// The slots that have any, each with how many; a slot may come more than once.
///
/// The visits of `uncounted` people are taken off again: the indexes that are counted along do not name the guest, and
/// who is restricted or has objected are few.
pub fn counts(
    conn: &mut Conn,
    customer: CustomerId,
    sites: &[LicenseId],
    what: What,
    span: Span,
    uncounted: &[PersonId],
) -> QueryResult<Vec<(i64, i64)>> {
    let slot = slot(conn, what, span.slot_s);
    let mut found = Vec::new();
    for chunk in sites.chunks(SITES) {
        for range in ranges(conn, what, span) {
            let counted: Vec<(i64, i64)> = visits::table
                .filter(visits::customer_id.eq(customer).and(visits::license_id.eq_any(chunk)))
                .filter(range)
                .group_by(sql::<BigInt>(&slot))
                .select((sql::<BigInt>(&slot), count_star()))
                .load(conn)?;
            found.extend(counted);
        }
        for people in uncounted.chunks(PEOPLE) {
            let theirs: Vec<(i64, i64)> = visits::table
                .filter(visits::customer_id.eq(customer).and(visits::person_id.eq_any(people)))
                .filter(visits::license_id.eq_any(chunk))
                .filter(within(what, span))
                .group_by(sql::<BigInt>(&slot))
                .select((sql::<BigInt>(&slot), count_star()))
                .load(conn)?;
            found.extend(theirs.into_iter().map(|(slot, count)| (slot, -count)));
        }
    }
    Ok(found)
}

/// The number of the slot that the instant falls into.
fn slot(conn: &Conn, what: What, slot_s: i64) -> String {
    let column = what.column();
    match conn {
        Conn::Postgres(_) => format!("floor(extract(epoch FROM {column}) / {slot_s})::bigint"),
        Conn::Sqlite(_) => format!("{column} / {}", slot_s.saturating_mul(1_000_000)),
    }
}

/// Whether the instant lies within the span, for the visits of a few people.
fn within(what: What, Span { from, to, .. }: Span) -> Condition {
    macro_rules! within {
        ($column:ident) => {
            Box::new(visits::$column.ge(from).and(visits::$column.lt(to)))
        };
    }
    match what {
        What::Expected => within!(expected_at),
        What::Arrived => within!(arrived_at),
        What::Departed => within!(departed_at),
        What::Cancelled => within!(cancelled_at),
        What::Denied => within!(denied_at),
    }
}

/// The ranges of an index in which the instants stand.
fn ranges(conn: &Conn, what: What, span: Span) -> Vec<Condition> {
    let Span { from, to, .. } = span;
    macro_rules! within {
        ($column:ident) => {
            visits::$column.ge(from).and(visits::$column.lt(to))
        };
    }
    let class = stays::class(conn);
    match what {
        What::Expected => vec![Box::new(within!(expected_at))],
        What::Cancelled => vec![Box::new(within!(cancelled_at))],
        What::Denied => vec![Box::new(within!(denied_at))],
        What::Arrived => {
            let all: Vec<i32> = std::iter::once(stays::OPEN).chain(stays::CLOSED).collect();
            vec![Box::new(sql::<Integer>(class).eq_any(all).and(within!(arrived_at)))]
        }
        What::Departed => TOGETHER
            .map(|classes| -> Condition {
                let begun = stays::begun(*classes.end(), from);
                let begun = visits::arrived_at.ge(begun).and(visits::arrived_at.lt(to));
                let classes: Vec<i32> = classes.collect();
                Box::new(sql::<Integer>(class).eq_any(classes).and(begun).and(within!(departed_at)))
            })
            .into(),
    }
}
