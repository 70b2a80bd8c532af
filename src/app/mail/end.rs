//! What becomes of a mail after an attempt: it has left, waits for another, or is given up.

use super::super::jobs::{self, DAY_S, Kind, SERVICE};
use super::super::{Core, Work, notices};
use crate::domain::Timestamp;
use crate::error::Error;
use crate::mail::{Concern, Failure};
use crate::store;
use crate::store::mails::{End, GIVEN_UP, Mail as MailRow, SENT};
use serde_json::json;

/// The kind of the notice for a mail that was given up.
const UNDELIVERABLE: &str = "mail_undeliverable";
/// One such notice stands for all within this time.
const NOTICE_S: i64 = 3_600;
/// The pause after the first failure; doubled after each further one.
const FIRST_PAUSE_S: i64 = 60;
/// The longest pause.
const LONGEST_PAUSE_S: i64 = 6 * 3_600;
/// The longest pause when no mail got through: then it says nothing of this one, and the way may be open again soon.
const LONGEST_PAUSE_OF_WAY_S: i64 = 600;
/// How long the row of a mail is kept, without its content, to show that it left.
pub(super) const KEPT_S: i64 = 30 * DAY_S;
/// How long a mail that was given up can be tried again by hand.
pub(super) const REVIVABLE_S: i64 = 7 * DAY_S;

/// Notes the outcome of an attempt.
pub(super) fn note(core: &Core, row: &MailRow, sent: Result<(), Failure>) -> Result<(), Error> {
    let now = core.clock.now();
    let outcome = match sent {
        Ok(()) => {
            let end = End { state: SENT, at: now, purge_at: now.plus_seconds(KEPT_S), error: None, wipe: true };
            core.write(|work| end_with(work, row, &end))?;
            "sent"
        }
        Err(failure) => failed(core, row, &failure, now)?,
    };
    count(row, outcome);
    Ok(())
}

fn failed(core: &Core, row: &MailRow, failure: &Failure, now: Timestamp) -> Result<&'static str, Error> {
    let (mail, attempts, error) = (row.public_id, row.attempts + 1, failure.code.as_str());
    if failure.of != Concern::MailForGood {
        let pause_s = pause_s(attempts, failure.of);
        let again = now.plus_seconds(pause_s);
        if again < row.give_up_at {
            core.write(|work| Ok(store::mails::put_off(work.tx, row, again, error)?))?;
            tracing::warn!(%mail, kind = row.kind, attempts, pause_s, error, "a mail is put off");
            return Ok("deferred");
        }
    }
    // What is too late to be read is of no use to whoever could try it again.
    let wipe = now >= row.give_up_at || row.give_up_at < row.created_at.plus_seconds(super::TRIED_S);
    let kept_s = if wipe { KEPT_S } else { REVIVABLE_S };
    let end = End { state: GIVEN_UP, at: now, purge_at: now.plus_seconds(kept_s), error: Some(error), wipe };
    core.write(|work| {
        end_with(work, row, &end)?;
        tell(work, row, error)
    })?;
    tracing::warn!(%mail, kind = row.kind, attempts, error, "a mail is given up");
    Ok("failed")
}

/// Ends a mail, and has what it said leave the database's files with the next scrub, a day later at most (S-44).
fn end_with(work: &mut Work<'_, '_>, row: &MailRow, end: &End<'_>) -> Result<(), Error> {
    if store::mails::end(work.tx, row, end)? && end.wipe {
        let within_a_day = work.now.plus_seconds(DAY_S);
        jobs::queue(work, SERVICE, Kind::Scrub, 0, within_a_day)?;
    }
    Ok(())
}

fn tell(work: &mut Work<'_, '_>, row: &MailRow, error: &str) -> Result<(), Error> {
    let last = store::notices::last_raised(work.tx, SERVICE, UNDELIVERABLE)?;
    if last.is_some_and(|at| work.now.seconds_since(at) < NOTICE_S) {
        return Ok(());
    }
    let details = json!({"mail": row.public_id, "kind": row.kind, "attempts": row.attempts + 1, "error": error});
    notices::raise(work, None, UNDELIVERABLE, &details)
}

fn count(row: &MailRow, outcome: &'static str) {
    metrics::counter!("guestlog_mails_total", "kind" => row.kind.clone(), "outcome" => outcome).increment(1);
}

/// A pause that grows with the attempts, jittered by a quarter, so that mails that failed together do not meet again.
fn pause_s(attempts: i32, of: Concern) -> i64 {
    let longest = if of == Concern::Way { LONGEST_PAUSE_OF_WAY_S } else { LONGEST_PAUSE_S };
    let full = FIRST_PAUSE_S.saturating_mul(1 << attempts.clamp(1, 20).saturating_sub(1)).min(longest);
    let mut byte = [0_u8; 1];
    // Without randomness the pause is merely not jittered.
    let _ = crate::crypto::fill(&mut byte);
    full - full * i64::from(byte[0]) / 1_024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_a_minute_to_six_hours_or_to_ten_minutes_when_nothing_gets_through() {
        for (attempts, of, full) in [
            (1, Concern::Mail, 60),
            (2, Concern::Mail, 120),
            (8, Concern::Mail, 7_680),
            (10, Concern::Mail, 21_600),
            (i32::MAX, Concern::Mail, 21_600),
            (1, Concern::Way, 60),
            (5, Concern::Way, 600),
            (i32::MAX, Concern::Way, 600),
        ] {
            let all: std::collections::BTreeSet<i64> = (0..200).map(|_| pause_s(attempts, of)).collect();
            assert!(all.iter().all(|pause| (full * 3 / 4..=full).contains(pause)), "{attempts}: {all:?}");
            assert!(all.len() > 5, "{attempts}: not jittered");
        }
    }
}
