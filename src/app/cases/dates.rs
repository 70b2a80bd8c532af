//! The dates of a case, always worked out from the day of receipt.

use crate::app::Core;
use crate::domain::Timestamp;
use crate::domain::calendar::Calendar;
use crate::domain::deadlines::{self, Deadlines, WARNINGS_PERCENT};
use crate::domain::zone::Zone;
use crate::error::Error;
use crate::store::cases::Case as Row;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

/// The zone whose days count (REQUIREMENTS L-21).
pub(crate) const ZONE: Zone = Zone::COPENHAGEN;
/// From one alarm about an overdue case to the next, in seconds.
const AGAIN_S: i64 = 86_400;

/// The dates of a case; each is a whole day in Denmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CaseDates)]
pub struct Dates {
    /// When it should be answered.
    pub target_on: NaiveDate,
    /// When it must be answered by the shortest reading of the law; warnings follow it.
    pub safe_on: NaiveDate,
    /// When it must be answered by law: moved to a working day, and past the days on which the person was waited for.
    pub legal_on: NaiveDate,
    /// The last day on which it may be extended; null when it is extended already.
    pub extend_until: Option<NaiveDate>,
}

/// What is counted of a case.
pub(crate) fn counted(row: &Row) -> Result<deadlines::Case, Error> {
    Ok(deadlines::Case {
        received: row.received_on.parse().map_err(Error::internal)?,
        is_extended: row.extended_at.is_some(),
        suspended_days: u16::try_from(row.waited_days).map_err(Error::internal)?,
    })
}

pub(crate) fn calendar(core: &Core) -> Calendar {
    Calendar { further: core.settings.rights.holidays.iter().copied().collect() }
}

pub(crate) fn of(core: &Core, row: &Row) -> Result<Dates, Error> {
    let case = counted(row)?;
    let Deadlines { target, safe, legal } = case.deadlines(&calendar(core), core.settings.rights.target_days);
    let first = deadlines::Case { is_extended: false, ..case };
    let extend_until = (!case.is_extended).then(|| first.deadlines(&Calendar::default(), 0).safe);
    Ok(Dates { target_on: target, safe_on: safe, legal_on: legal, extend_until })
}

/// The end of the safe limit.
pub(crate) fn safe_end(row: &Row) -> Result<Timestamp, Error> {
    Ok(ZONE.day_end(counted(row)?.deadlines(&Calendar::default(), 0).safe))
}

/// An alarm that is due, or the instant of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alarm {
    /// So many per cent of the time are over; 100 and more is overdue, by so many days beyond 100.
    Due(i16),
    /// Not before.
    At(Timestamp),
}

/// Which alarm comes next for a case that is not answered.
pub(crate) fn alarm(row: &Row, now: Timestamp) -> Result<Alarm, Error> {
    let warnings = counted(row)?.warnings(row.received_at, &Calendar::default(), ZONE);
    let shares = WARNINGS_PERCENT.into_iter().map(i16::from).zip(warnings);
    // The last one that is over counts for those before it as well.
    let over = row.safe_end_at.seconds_since(now);
    if over <= 0 {
        let days = i16::try_from(-over / AGAIN_S).unwrap_or(i16::MAX - 100).min(i16::MAX - 100);
        return Ok(if row.warned_percent < 100 + days {
            Alarm::Due(100 + days)
        } else {
            Alarm::At(row.safe_end_at.plus_seconds((i64::from(days) + 1) * AGAIN_S))
        });
    }
    let mut next = row.safe_end_at;
    let mut due = None;
    for (percent, at) in shares {
        if at <= now {
            due = Some(percent).filter(|percent| *percent > row.warned_percent);
        } else if percent > row.warned_percent {
            next = next.min(at);
        }
    }
    Ok(due.map_or(Alarm::At(next), Alarm::Due))
}
