//! Stays in classes of their length, so that whoever looks for those that hold an instant knows how far to look back.
//!
//! A stay of a class that holds an instant began at most so long before it as the class is long. So each class is one
//! range of the index `visits_by_stay`, and little of what lies in the range is not wanted: a class is four times as
//! long as the one before. An index on arrivals alone would have to be read from the first visit of the site.

use super::conn::{Conn, MultiBackend};
use super::schema::visits;
use crate::domain::Timestamp;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable};

/// Sites of one statement: SQLite allows 32,766 bound values.
pub(super) const SITES: usize = 1_000;

/// What leaves some of the visits.
pub(super) type Condition = Box<dyn BoxableExpression<visits::table, MultiBackend, SqlType = Nullable<Bool>>>;

/// The longest stay of each class but the last, in hours: those of the migration.
const HOURS: [i64; 7] = [1, 4, 16, 64, 256, 1_024, 4_096];

/// Who has arrived and not left.
pub(super) const OPEN: i32 = 0;
/// Who has left, by the length of the stay.
pub(super) const CLOSED: std::ops::RangeInclusive<i32> = 1..=8;

/// A visit's class, as the databases' own expression: that of the index, or the index would not be found.
pub(super) fn class(conn: &Conn) -> &'static str {
    match conn {
        Conn::Postgres(_) => {
            "CASE WHEN departed_at IS NULL THEN 0 \
             WHEN departed_at - arrived_at <= interval '1 hours' THEN 1 \
             WHEN departed_at - arrived_at <= interval '4 hours' THEN 2 \
             WHEN departed_at - arrived_at <= interval '16 hours' THEN 3 \
             WHEN departed_at - arrived_at <= interval '64 hours' THEN 4 \
             WHEN departed_at - arrived_at <= interval '256 hours' THEN 5 \
             WHEN departed_at - arrived_at <= interval '1024 hours' THEN 6 \
             WHEN departed_at - arrived_at <= interval '4096 hours' THEN 7 \
             ELSE 8 END"
        }
        Conn::Sqlite(_) => {
            "CASE WHEN departed_at IS NULL THEN 0 \
             WHEN departed_at - arrived_at <= 3600000000 THEN 1 \
             WHEN departed_at - arrived_at <= 14400000000 THEN 2 \
             WHEN departed_at - arrived_at <= 57600000000 THEN 3 \
             WHEN departed_at - arrived_at <= 230400000000 THEN 4 \
             WHEN departed_at - arrived_at <= 921600000000 THEN 5 \
             WHEN departed_at - arrived_at <= 3686400000000 THEN 6 \
             WHEN departed_at - arrived_at <= 14745600000000 THEN 7 \
             ELSE 8 END"
        }
    }
}

/// No stay of the class that still held `at` began before this; the longest began at any time.
pub(super) fn begun(class: i32, at: Timestamp) -> Timestamp {
    let hours = usize::try_from(class - 1).ok().and_then(|index| HOURS.get(index));
    hours.map_or(Timestamp::EPOCH, |hours| at.plus_seconds(-hours * 3_600).max(Timestamp::EPOCH))
}
