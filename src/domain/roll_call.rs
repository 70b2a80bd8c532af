//! How sure the roll call is that somebody is in the building.

use super::Timestamp;
use super::license::OverdueRule;
use super::zone::Zone;
use chrono::{NaiveTime, TimeDelta};
use serde::Serialize;

/// How sure it is that a guest with an open visit is on site.
///
/// Nobody is checked out by a guess: an overdue guest stays on the list, marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// Seen in and not out, within the time that is usual.
    Observed,
    /// Seen in and not out for longer than is usual; may have left without checking out.
    Overdue,
}

/// Why the roll call says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The check-in is the last that was seen.
    CheckedIn,
    /// The licence's hours have gone by since the check-in.
    OverHours,
    /// The site has closed since the check-in.
    AfterClosing,
}

/// How sure it is at `at` that a guest who arrived at `arrived` is still there, and why.
///
/// Minutes count as they pass, whatever the clocks do; closing time is read off the clock in the
/// licence's zone. The limit passed first gives the reason, the hours when both fall together.
#[must_use]
pub fn certainty(arrived: Timestamp, at: Timestamp, rule: &OverdueRule, zone: Zone) -> (Certainty, Reason) {
    let hours = rule.after_minutes.map(|minutes| arrived.plus_seconds(i64::from(minutes) * 60));
    let closing = rule.closes_at.and_then(|time| closing_after(arrived, time, zone));
    [hours.map(|limit| (limit, Reason::OverHours)), closing.map(|limit| (limit, Reason::AfterClosing))]
        .into_iter()
        .flatten()
        .filter(|(limit, _)| *limit <= at)
        .min_by_key(|(limit, _)| *limit)
        .map_or((Certainty::Observed, Reason::CheckedIn), |(_, reason)| (Certainty::Overdue, reason))
}

/// The first closing strictly after an arrival: who comes after closing time stays until the next.
fn closing_after(arrived: Timestamp, closes_at: NaiveTime, zone: Zone) -> Option<Timestamp> {
    let today = zone.local_date(arrived);
    // From yesterday, whose closing a clock set forward over midnight can move into today.
    (-1..=2)
        .filter_map(|days| today.checked_add_signed(TimeDelta::days(days)))
        .map(|day| zone.resolve(day.and_time(closes_at)).at)
        .filter(|closing| *closing > arrived)
        .min()
}

#[cfg(test)]
mod tests {
    use super::super::license::parse_closes_at;
    use super::*;
    use proptest::prelude::*;

    const OBSERVED: (Certainty, Reason) = (Certainty::Observed, Reason::CheckedIn);
    const OVER_HOURS: (Certainty, Reason) = (Certainty::Overdue, Reason::OverHours);
    const AFTER_CLOSING: (Certainty, Reason) = (Certainty::Overdue, Reason::AfterClosing);

    fn rule(minutes: Option<u32>, closes_at: Option<&str>) -> OverdueRule {
        OverdueRule::new(minutes, closes_at.map(|text| parse_closes_at(text).unwrap())).unwrap()
    }

    fn instant(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    /// Checks that the guest is observed to the last microsecond before `due`, and overdue from it on.
    fn due(rule: &OverdueRule, arrived: &str, due: &str, expected: (Certainty, Reason)) {
        let (arrived, due) = (instant(arrived), instant(due));
        let just_before = Timestamp::from_micros(due.micros() - 1).unwrap();
        assert_eq!(certainty(arrived, just_before, rule, Zone::COPENHAGEN), OBSERVED, "{arrived} {due}");
        assert_eq!(certainty(arrived, due, rule, Zone::COPENHAGEN), expected, "{arrived} {due}");
        assert_eq!(certainty(arrived, due.plus_seconds(864_000), rule, Zone::COPENHAGEN), expected);
    }

    #[test]
    fn hours_are_elapsed_hours() {
        let hours = OverdueRule::DEFAULT;
        due(&hours, "2026-06-01T09:00:00+02:00", "2026-06-01T21:00:00+02:00", OVER_HOURS);
        due(&hours, "2026-06-01T20:00:00+02:00", "2026-06-02T08:00:00+02:00", OVER_HOURS);
        due(&hours, "2026-03-28T20:00:00+01:00", "2026-03-29T09:00:00+02:00", OVER_HOURS);
        due(&hours, "2026-10-24T20:00:00+02:00", "2026-10-25T07:00:00+01:00", OVER_HOURS);
    }

    #[test]
    fn closing_is_read_off_the_clock() {
        let closing = rule(None, Some("18:00"));
        due(&closing, "2026-06-01T09:00:00+02:00", "2026-06-01T18:00:00+02:00", AFTER_CLOSING);
        due(&closing, "2026-06-01T17:59:59.999999+02:00", "2026-06-01T18:00:00+02:00", AFTER_CLOSING);
        due(&closing, "2026-06-01T18:00:00+02:00", "2026-06-02T18:00:00+02:00", AFTER_CLOSING);
        due(&closing, "2026-06-01T23:30:00+02:00", "2026-06-02T18:00:00+02:00", AFTER_CLOSING);
        due(&closing, "2026-03-28T19:00:00+01:00", "2026-03-29T18:00:00+02:00", AFTER_CLOSING);
        due(&closing, "2026-10-24T19:00:00+02:00", "2026-10-25T18:00:00+01:00", AFTER_CLOSING);
        due(&rule(None, Some("00:00")), "2026-06-01T09:00:00+02:00", "2026-06-02T00:00:00+02:00", AFTER_CLOSING);
        due(&rule(None, Some("03:00")), "2026-06-01T21:00:00+02:00", "2026-06-02T03:00:00+02:00", AFTER_CLOSING);
    }

    #[test]
    fn closing_while_the_clocks_change() {
        let closing = rule(None, Some("02:30"));
        // Skipped: moved forward by the hour. Twice: the earlier, and for who comes between them the next day's.
        due(&closing, "2026-03-28T22:00:00+01:00", "2026-03-29T03:30:00+02:00", AFTER_CLOSING);
        due(&closing, "2026-10-24T22:00:00+02:00", "2026-10-25T02:30:00+02:00", AFTER_CLOSING);
        due(&closing, "2026-10-25T02:15:00+01:00", "2026-10-26T02:30:00+01:00", AFTER_CLOSING);
    }

    #[test]
    fn a_closing_moved_over_midnight_counts() {
        // 23:30 became 00:30: a closing at 23:45 came at 00:45.
        let zone = Zone::parse("America/Toronto").unwrap();
        let arrived = zone.day_start("1919-03-31".parse().unwrap()).plus_seconds(60);
        let rule = rule(None, Some("23:45"));
        assert_eq!(certainty(arrived, arrived.plus_seconds(13 * 60), &rule, zone), OBSERVED);
        assert_eq!(certainty(arrived, arrived.plus_seconds(14 * 60), &rule, zone), AFTER_CLOSING);
    }

    #[test]
    fn the_limit_passed_first_gives_the_reason() {
        let both = rule(Some(480), Some("18:00"));
        due(&both, "2026-06-01T09:00:00+02:00", "2026-06-01T17:00:00+02:00", OVER_HOURS);
        due(&both, "2026-06-01T10:00:00+02:00", "2026-06-01T18:00:00+02:00", OVER_HOURS);
        due(&both, "2026-06-01T11:00:00+02:00", "2026-06-01T18:00:00+02:00", AFTER_CLOSING);
        due(&both, "2026-06-01T19:00:00+02:00", "2026-06-02T03:00:00+02:00", OVER_HOURS);
    }

    #[test]
    fn before_the_arrival_nobody_is_overdue() {
        let arrived = instant("2026-06-01T09:00:00+02:00");
        assert_eq!(certainty(arrived, Timestamp::EPOCH, &OverdueRule::DEFAULT, Zone::COPENHAGEN), OBSERVED);
        assert_eq!(serde_json::to_string(&OVER_HOURS).unwrap(), r#"["overdue","over_hours"]"#);
    }

    proptest! {
        #[test]
        fn once_overdue_always_overdue_for_the_same_reason(
            arrived in 0..4_000_000_000_i64, gone in 0..200_000_i64, more in 0..200_000_i64,
            minutes in proptest::option::of(1..=2_880_u32), at in proptest::option::of(0..1_440_u32),
        ) {
            let rule = OverdueRule::new(minutes, at.and_then(|at| NaiveTime::from_hms_opt(at / 60, at % 60, 0))).unwrap();
            let arrived = Timestamp::EPOCH.plus_seconds(arrived);
            let early = certainty(arrived, arrived.plus_seconds(gone), &rule, Zone::COPENHAGEN);
            let late = certainty(arrived, arrived.plus_seconds(gone + more), &rule, Zone::COPENHAGEN);
            prop_assert!(early == OBSERVED || early == late);
            // A closing comes at least every 25 hours.
            if rule.closes_at.is_some() && gone >= 25 * 3_600 {
                prop_assert_eq!(early.0, Certainty::Overdue);
            }
        }
    }
}
