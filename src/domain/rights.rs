//! Cases of data subjects: which right, how far a case has come, what may be decided and on what ground.

use super::FieldError;
use super::coded::coded;
use super::text::Reason;

coded! {
    /// What a person asks for.
    Right {
        /// What is held, and a copy of it (Article 15).
        Access = 1 as "access",
        /// What the person supplied, to be taken elsewhere (Article 20).
        Portability = 2 as "portability",
        /// Deletion (Article 17).
        Erasure = 3 as "erasure",
        /// Correction (Article 16).
        Rectification = 4 as "rectification",
        /// That the data are stored and not used (Article 18).
        Restriction = 5 as "restriction",
        /// That a processing stops (Article 21).
        Objection = 6 as "objection",
        /// That a consent no longer holds (Article 7(3)).
        ConsentWithdrawal = 7 as "consent_withdrawal",
        /// A complaint about how a case or the data were dealt with.
        Complaint = 8 as "complaint",
    }

    /// How far a case has come.
    State schema "CaseState" {
        /// It has arrived; who asks is not shown yet.
        Received = 1 as "received",
        /// Who asks is shown.
        Verified = 2 as "verified",
        /// It is decided, in whole or in part as asked.
        Decided = 3 as "decided",
        /// The answer has been let go to the person.
        Released = 4 as "released",
        /// Nothing is left to do.
        Closed = 5 as "closed",
        /// It is decided against.
        Refused = 6 as "refused",
    }

    /// How a request came.
    Channel schema "CaseChannel" {
        /// By the public form.
        Form = 1 as "form",
        /// By the customer's own system.
        Api = 2 as "api",
        /// By e-mail.
        Email = 3 as "email",
        /// By letter.
        Letter = 4 as "letter",
        /// By telephone.
        Phone = 5 as "phone",
        /// At the reception, or otherwise by word of mouth.
        InPerson = 6 as "in_person",
    }

    /// How it was shown who asks; the papers themselves are never kept (REQUIREMENTS L-17).
    Method schema "VerificationMethod" {
        /// A code that was sent to the address on file.
        Code = 1 as "code",
        /// The person was signed in at the customer's.
        SignedIn = 2 as "signed_in",
        /// The person knew what only the person knows.
        Knowledge = 3 as "knowledge",
        /// The customer knows the person.
        KnownInPerson = 4 as "known_in_person",
        /// An identity document was shown.
        Document = 5 as "document",
    }

    /// What was decided.
    Decision schema "CaseDecision" {
        /// As asked.
        Approve = 1 as "approve",
        /// Not.
        Refuse = 2 as "refuse",
        /// In part.
        Partial = 3 as "partial",
    }

    /// Why a case is not decided as asked; which ones may be given depends on the right.
    Ground schema "RefusalGround" {
        /// The person could not be told from others (Articles 11 and 12(2)).
        NotIdentified = 1 as "not_identified",
        /// Manifestly unfounded (Article 12(5)); needs evidence.
        ManifestlyUnfounded = 2 as "manifestly_unfounded",
        /// Excessive (Article 12(5)); needs evidence, and a number of requests is none.
        Excessive = 3 as "excessive",
        /// Rights of others (Article 15(4), section 22 of databeskyttelsesloven); never for the whole.
        RightsOfOthers = 4 as "rights_of_others",
        /// Not supplied by the person, or not kept on consent or contract (Article 20(1)).
        NotPortable = 5 as "not_portable",
        /// Freedom of expression and information (Article 17(3)(a)).
        FreedomOfExpression = 6 as "freedom_of_expression",
        /// A legal obligation, or a task in the public interest (Article 17(3)(b)).
        LegalObligation = 7 as "legal_obligation",
        /// Public health (Article 17(3)(c)).
        PublicHealth = 8 as "public_health",
        /// Archiving, research or statistics (Article 17(3)(d)).
        Archiving = 9 as "archiving",
        /// Legal claims (Articles 17(3)(e) and 21(1)).
        LegalClaims = 10 as "legal_claims",
        /// Still needed for the purpose that they were collected for (Article 17(1)(a) does not apply).
        StillNeeded = 11 as "still_needed",
        /// The data are accurate (Article 16 does not apply).
        Accurate = 12 as "accurate",
        /// None of the four cases of Article 18(1).
        NoGroundToRestrict = 13 as "no_ground_to_restrict",
        /// Compelling legitimate grounds (Article 21(1)).
        CompellingGrounds = 14 as "compelling_grounds",
        /// The complaint is not justified.
        ComplaintUnfounded = 15 as "complaint_unfounded",
    }

    /// Why a case takes longer (Article 12(3)). Workload is none.
    ExtensionGround {
        /// It is complex.
        Complexity = 1 as "complexity",
        /// There are many requests of the same person.
        Number = 2 as "number",
    }
}

/// The fewest letters of an evidence: more than the count of a person's requests needs.
const EVIDENCE_LETTERS: usize = 20;

impl Right {
    /// The rights that a person can use by the public form.
    pub const PUBLIC: [Self; 7] = [
        Self::Access,
        Self::Portability,
        Self::Erasure,
        Self::Rectification,
        Self::Restriction,
        Self::Objection,
        Self::ConsentWithdrawal,
    ];

    /// Whether the answer is a file.
    #[must_use]
    pub fn has_file(self) -> bool {
        matches!(self, Self::Access | Self::Portability)
    }

    /// Whether this ground may be given when this is not done, or not wholly.
    #[must_use]
    pub fn may_be_denied(self, decision: Decision, ground: Ground) -> bool {
        use Ground::{
            Accurate, Archiving, CompellingGrounds, ComplaintUnfounded, Excessive, FreedomOfExpression, LegalClaims,
            LegalObligation, ManifestlyUnfounded, NoGroundToRestrict, NotIdentified, NotPortable, PublicHealth,
            RightsOfOthers, StillNeeded,
        };
        if decision == Decision::Approve {
            return false;
        }
        match ground {
            NotIdentified => decision == Decision::Refuse,
            ManifestlyUnfounded | Excessive => {
                decision == Decision::Refuse && !matches!(self, Self::ConsentWithdrawal | Self::Complaint)
            }
            RightsOfOthers => decision == Decision::Partial && self.has_file(),
            NotPortable => self == Self::Portability,
            FreedomOfExpression | LegalObligation | PublicHealth | Archiving | StillNeeded => self == Self::Erasure,
            LegalClaims => matches!(self, Self::Erasure | Self::Objection),
            Accurate => self == Self::Rectification,
            NoGroundToRestrict => self == Self::Restriction,
            CompellingGrounds => self == Self::Objection,
            ComplaintUnfounded => self == Self::Complaint,
        }
    }
}

impl State {
    /// Whether it waits for a decision.
    #[must_use]
    pub fn is_undecided(self) -> bool {
        matches!(self, Self::Received | Self::Verified)
    }

    /// Whether nothing is left to do.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Closed | Self::Refused)
    }
}

/// What is decided, and why, as far as it is not as asked.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// What.
    pub decision: Decision,
    /// On what grounds; none when it is as asked.
    pub grounds: Vec<Ground>,
    /// Why, in words for the person.
    pub reason: Option<Reason>,
    /// What shows that a request is manifestly unfounded or excessive; for the controller's own proof.
    pub evidence: Option<Reason>,
}

impl Verdict {
    /// What cannot be decided so (Article 12(4) and (5), REQUIREMENTS L-16, L-28, L-29).
    #[must_use]
    pub fn faults(&self, right: Right) -> Vec<super::Fault> {
        let mut faults = Vec::new();
        let mut refuse = |pointer: &str, code, detail: &str| faults.push(FieldError::new(code, detail).at(pointer));
        if self.decision == Decision::Approve {
            if !self.grounds.is_empty() {
                refuse("/grounds", "unexpected", "must be left out when the case is decided as asked");
            }
            return faults;
        }
        if self.reason.is_none() {
            refuse("/reason", "missing_field", "is needed: the person is told why");
        }
        if self.grounds.is_empty() {
            refuse("/grounds", "missing_field", "must name at least one ground");
        }
        if self.grounds.iter().any(|ground| !right.may_be_denied(self.decision, *ground)) {
            refuse("/grounds", "ground_not_allowed", "names a ground that the law does not give for this right");
        }
        let needs = [Ground::ManifestlyUnfounded, Ground::Excessive].iter().any(|ground| self.grounds.contains(ground));
        let letters = |text: &Reason| text.as_str().chars().filter(|letter| letter.is_alphabetic()).count();
        if needs && self.evidence.as_ref().is_none_or(|text| letters(text) < EVIDENCE_LETTERS) {
            refuse("/evidence", "missing_field", "must say in words what shows it; a number of requests does not");
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(decision: Decision, grounds: &[Ground], reason: bool, evidence: Option<&str>) -> Verdict {
        Verdict {
            decision,
            grounds: grounds.to_vec(),
            reason: reason.then(|| Reason::new("Fordi.").unwrap()),
            evidence: evidence.map(|text| Reason::new(text).unwrap()),
        }
    }

    #[test]
    fn a_refusal_needs_a_reason_and_a_ground_that_the_right_has() {
        let refused = |right: Right, grounds: &[Ground], reason| {
            !verdict(Decision::Refuse, grounds, reason, None).faults(right).is_empty()
        };
        assert!(refused(Right::Erasure, &[], true) && refused(Right::Erasure, &[Ground::LegalObligation], false));
        assert!(!refused(Right::Erasure, &[Ground::LegalObligation], true));
        assert!(refused(Right::Rectification, &[Ground::LegalClaims], true), "Article 16 has no ground of its own");
        assert!(refused(Right::Access, &[Ground::RightsOfOthers], true), "never for the whole");
        assert!(verdict(Decision::Partial, &[Ground::RightsOfOthers], true, None).faults(Right::Access).is_empty());
        assert!(verdict(Decision::Approve, &[], false, None).faults(Right::Access).is_empty());
        assert!(!verdict(Decision::Approve, &[Ground::Excessive], true, None).faults(Right::Access).is_empty());
    }

    #[test]
    fn excessive_needs_evidence_and_a_count_is_none() {
        let faults = |evidence| verdict(Decision::Refuse, &[Ground::Excessive], true, evidence).faults(Right::Access);
        assert!(!faults(None).is_empty() && !faults(Some("17 requests in 2026")).is_empty());
        assert!(
            faults(Some("The person wrote that the requests serve to make us pay, see letter of 3 May.")).is_empty()
        );
    }

    #[test]
    fn a_withdrawn_consent_can_only_be_somebody_elses() {
        let grounds = Ground::ALL.iter().filter(|ground| {
            Right::ConsentWithdrawal.may_be_denied(Decision::Refuse, **ground)
                || Right::ConsentWithdrawal.may_be_denied(Decision::Partial, **ground)
        });
        assert_eq!(grounds.collect::<Vec<_>>(), [&Ground::NotIdentified]);
    }
}
