//! Objection and withdrawal of consent: which processing stops, and what follows (Articles 21, 7(3), 17(1) and 18(1)(d)).

use super::coded::coded;

coded! {
    /// What data of a person are processed for.
    Purpose {
        /// Keeping the log of who visits: all that is done here with the person's data.
        Registration = 1 as "registration",
        /// Counting visits.
        Statistics = 2 as "statistics",
        /// Making the guest system better; it is fed by the counts.
        Improvement = 3 as "improvement",
        /// Telling the person, as host or recipient, that somebody has come.
        Notification = 4 as "notification",
        /// Direct marketing: nothing of it is done here, the customer must know all the same.
        Marketing = 5 as "marketing",
    }

    /// What the person has said.
    Claim {
        /// An objection (Article 21).
        Objection = 1 as "objection",
        /// Consent was given, and is withdrawn (Article 7(3)).
        Withdrawal = 2 as "withdrawal",
    }

    /// Whether it is decided, and how.
    State schema "ObjectionState" {
        /// Not decided; the processing has stopped.
        Pending = 1 as "pending",
        /// The processing has stopped for good.
        Upheld = 2 as "upheld",
        /// Compelling grounds were shown; the processing goes on.
        Overruled = 3 as "overruled",
    }
}

impl Purpose {
    /// Those for which visits are counted.
    pub const COUNTING: [Self; 2] = [Self::Statistics, Self::Improvement];
}

/// Whether nobody may refuse it: direct marketing (Article 21(3), REQUIREMENTS L-51), and consent that is withdrawn.
#[must_use]
pub fn is_absolute(purpose: Purpose, claim: Claim) -> bool {
    purpose == Purpose::Marketing || claim == Claim::Withdrawal
}

/// What an objection comes to beside the end of the processing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consequence {
    /// The person's data are restricted from now on (Article 18(1)(d)).
    pub restricts: bool,
    /// The customer has to erase the person (Article 17(1)(b) and (c)).
    pub erasure_due: bool,
}

/// The table of combinations in `docs/limits.md` (REQUIREMENTS L-52).
#[must_use]
pub fn consequence(purpose: Purpose, claim: Claim, state: State, has_other_ground: bool) -> Consequence {
    let all_of_it = purpose == Purpose::Registration;
    let stands = state != State::Overruled;
    let goes_on = claim == Claim::Withdrawal && has_other_ground;
    Consequence {
        restricts: all_of_it && stands && !goes_on,
        erasure_due: all_of_it && state == State::Upheld && !goes_on,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marketing_and_withdrawn_consent_cannot_be_refused() {
        for purpose in Purpose::ALL {
            assert!(is_absolute(*purpose, Claim::Withdrawal));
            assert_eq!(is_absolute(*purpose, Claim::Objection), *purpose == Purpose::Marketing);
        }
    }

    #[test]
    fn the_table_of_combinations() {
        let none = Consequence { restricts: false, erasure_due: false };
        for purpose in Purpose::ALL.iter().filter(|purpose| **purpose != Purpose::Registration) {
            for (claim, state) in [(Claim::Objection, State::Upheld), (Claim::Withdrawal, State::Upheld)] {
                assert_eq!(consequence(*purpose, claim, state, false), none);
            }
        }
        let table = [
            (Claim::Objection, State::Pending, false, true, false),
            (Claim::Objection, State::Upheld, false, true, true),
            (Claim::Objection, State::Upheld, true, true, true),
            (Claim::Objection, State::Overruled, true, false, false),
            (Claim::Withdrawal, State::Upheld, false, true, true),
            (Claim::Withdrawal, State::Upheld, true, false, false),
        ];
        for (claim, state, other, restricts, erasure_due) in table {
            let expected = Consequence { restricts, erasure_due };
            assert_eq!(
                consequence(Purpose::Registration, claim, state, other),
                expected,
                "{claim:?} {state:?} {other}"
            );
        }
    }
}
