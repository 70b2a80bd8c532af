//! Webhooks: what recipients can be told, and how long that is tried.

use super::coded::coded;

coded! {
    /// What a webhook tells.
    Topic schema "WebhookTopic" {
        /// The customer has corrected a person's data (Article 16); recipients do likewise (Article 19).
        PersonRectified = 1 as "person.rectified",
        /// People were erased (Article 17); recipients do likewise.
        PersonErased = 2 as "person.erased",
        /// A person's data are restricted (Article 18); recipients do likewise.
        PersonRestricted = 3 as "person.restricted",
        /// The restriction is lifted.
        PersonUnrestricted = 4 as "person.unrestricted",
        /// A person has objected to a purpose (Article 21).
        PersonObjected = 5 as "person.objected",
        /// A request of a data subject has come in.
        CaseReceived = 6 as "case.received",
        /// Who asks is who they say.
        CaseVerified = 7 as "case.verified",
        /// A case is decided.
        CaseDecided = 8 as "case.decided",
        /// A case's time is running out.
        CaseDueSoon = 9 as "case.due_soon",
        /// A case's time is over.
        CaseOverdue = 10 as "case.overdue",
        /// A notice was raised.
        NoticeRaised = 11 as "notice.raised",
        /// A test that the customer asked for.
        WebhookTest = 12 as "webhook.test",
        /// Another endpoint of the customer's was disabled.
        WebhookDisabled = 13 as "webhook.disabled",
    }

    /// How far a delivery has come.
    State schema "WebhookDeliveryState" {
        /// It is due, or waits to be tried again.
        Pending = 1 as "pending",
        /// The endpoint has said that it has it.
        Delivered = 2 as "delivered",
        /// It was given up; it can be sent again while its content is kept.
        Dead = 3 as "dead",
    }

    /// Why an attempt failed.
    Fault schema "WebhookFault" {
        /// The endpoint answered another status than 200 to 299.
        Status = 1 as "status",
        /// The endpoint answered with a redirect, which is not followed.
        Redirect = 2 as "redirect",
        /// It took too long.
        Timeout = 3 as "timeout",
        /// The host's name has no address.
        Name = 4 as "name_not_found",
        /// The host's name leads to an address that is not public.
        Address = 5 as "address_not_public",
        /// The certificate is not valid for the host, or not trusted.
        Certificate = 6 as "tls",
        /// The connection was refused or broken off.
        Connection = 7 as "connection",
    }

    /// Why an endpoint is sent nothing.
    DisabledReason schema "WebhookDisabledReason" {
        /// The customer has disabled it.
        Customer = 1 as "customer",
        /// It answered 410.
        Gone = 2 as "gone",
        /// It has failed for days.
        Failing = 3 as "failing",
    }
}

/// The answer by which an endpoint asks to be sent nothing more (Standard Webhooks; RFC 9110, 15.5.11).
pub const GONE: u16 = 410;

/// The pauses after each attempt but the last, in seconds: ten attempts within three days (REQUIREMENTS L-43).
const PAUSES_S: [i64; 9] = [10, 60, 300, 1_800, 7_200, 21_600, 43_200, 86_400, 93_600];

/// How old a delivery may be when it is tried once more: an endpoint with many of them is not asked for each.
pub const MAX_AGE_S: i64 = 84 * 3_600;

/// Since when an endpoint must have failed, when a delivery is given up, to be disabled.
pub const DISABLED_AFTER_S: i64 = 5 * 86_400;

/// The longest rest of an endpoint after failures one after the other, whatever is due to it.
const LONGEST_REST_S: i64 = 300;

/// How long to wait after so many attempts, shorter by up to a tenth as `chance` says, so that what failed together does
/// not come again together; none when it is given up.
#[must_use]
pub fn pause_s(attempts: u32, chance: u8) -> Option<i64> {
    let pause = *PAUSES_S.get(usize::try_from(attempts).ok()?.checked_sub(1)?)?;
    Some((pause - pause * i64::from(chance) / 2_560).max(1))
}

/// How long an endpoint is let be after so many failures without a success between: one that hangs does not hold up
/// those who send for others.
#[must_use]
pub fn rest_s(failures: u32) -> i64 {
    (1_i64 << failures.clamp(1, 16)).min(LONGEST_REST_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_within_three_days_of_which_one_comes_after_two() {
        for chance in [0, 1, 127, 255] {
            let mut at = 0;
            let mut attempts = vec![0];
            for attempt in 1..10 {
                at += pause_s(attempt, chance).unwrap();
                attempts.push(at);
            }
            assert_eq!(pause_s(10, chance), None);
            assert!(attempts.is_sorted() && attempts.len() == 10);
            assert!((60 * 3_600..=72 * 3_600).contains(&at), "{chance}: {at}");
            assert!(at < MAX_AGE_S);
            assert!(attempts.iter().any(|at| (48 * 3_600..72 * 3_600).contains(at)), "offline for two days");
        }
        assert_eq!((pause_s(0, 0), pause_s(u32::MAX, 0)), (None, None));
    }

    #[test]
    fn rests_grow_to_a_bound() {
        let rests: Vec<i64> = [0, 1, 2, 3, 8, 9, 40, u32::MAX].into_iter().map(rest_s).collect();
        assert_eq!(rests, [2, 2, 4, 8, 256, 300, 300, 300]);
    }
}
