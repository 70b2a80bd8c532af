//! What can be told, and what is said of it: ids, never names.

use crate::domain::webhook::{DisabledReason, Topic};
use crate::domain::{PersonId, PublicId, Timestamp};
use serde_json::{Value, json};

/// A person who is held, for a message that goes with the person.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    /// Inside the database.
    pub id: PersonId,
    /// The customer's own identifier: without it a recipient would not know whom to act on.
    pub reference: &'a str,
    /// The case that led to it, if one did.
    pub case: Option<PublicId>,
}

/// A data subject's request.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// Its identifier.
    pub id: PublicId,
    /// When it is to be answered.
    pub due_at: Timestamp,
}

/// What has happened.
#[derive(Clone, Copy)]
pub enum Event<'a> {
    /// The customer has corrected a person's data.
    PersonRectified(Person<'a>),
    /// People were erased.
    PersonErased {
        /// The deletion, whose receipt is the proof.
        deletion: PublicId,
        /// The customer's own identifiers of them.
        refs: &'a [String],
    },
    /// A person's data are restricted.
    PersonRestricted(Person<'a>),
    /// The restriction is lifted.
    PersonUnrestricted(Person<'a>),
    /// A person has objected.
    PersonObjected {
        /// Who.
        person: Person<'a>,
        /// To what.
        purpose: &'a str,
    },
    /// A request has come in.
    CaseReceived(Case),
    /// Who asks is who they say.
    CaseVerified(Case),
    /// A request is decided.
    CaseDecided(Case),
    /// A request's time is running out.
    CaseDueSoon(Case),
    /// A request's time is over.
    CaseOverdue(Case),
    /// A notice was raised.
    NoticeRaised {
        /// Its identifier.
        notice: PublicId,
        /// What it is about.
        kind: &'a str,
    },
    /// A test of an endpoint.
    WebhookTest {
        /// Which.
        webhook: PublicId,
    },
    /// An endpoint was disabled.
    WebhookDisabled {
        /// Which.
        webhook: PublicId,
        /// Why.
        reason: DisabledReason,
    },
}

impl Event<'_> {
    /// What it is about.
    #[must_use]
    pub fn topic(&self) -> Topic {
        match self {
            Self::PersonRectified(_) => Topic::PersonRectified,
            Self::PersonErased { .. } => Topic::PersonErased,
            Self::PersonRestricted(_) => Topic::PersonRestricted,
            Self::PersonUnrestricted(_) => Topic::PersonUnrestricted,
            Self::PersonObjected { .. } => Topic::PersonObjected,
            Self::CaseReceived(_) => Topic::CaseReceived,
            Self::CaseVerified(_) => Topic::CaseVerified,
            Self::CaseDecided(_) => Topic::CaseDecided,
            Self::CaseDueSoon(_) => Topic::CaseDueSoon,
            Self::CaseOverdue(_) => Topic::CaseOverdue,
            Self::NoticeRaised { .. } => Topic::NoticeRaised,
            Self::WebhookTest { .. } => Topic::WebhookTest,
            Self::WebhookDisabled { .. } => Topic::WebhookDisabled,
        }
    }

    /// The person who is held and whom it is about.
    pub(super) fn person(&self) -> Option<Person<'_>> {
        match self {
            Self::PersonRectified(person)
            | Self::PersonRestricted(person)
            | Self::PersonUnrestricted(person)
            | Self::PersonObjected { person, .. } => Some(*person),
            _ => None,
        }
    }

    /// The case, deletion, notice or endpoint by which it can be found.
    pub(super) fn subject(&self) -> Option<PublicId> {
        match self {
            Self::PersonErased { deletion, .. } => Some(*deletion),
            Self::CaseReceived(case)
            | Self::CaseVerified(case)
            | Self::CaseDecided(case)
            | Self::CaseDueSoon(case)
            | Self::CaseOverdue(case) => Some(case.id),
            Self::NoticeRaised { notice, .. } => Some(*notice),
            Self::WebhookTest { webhook } | Self::WebhookDisabled { webhook, .. } => Some(*webhook),
            _ => self.person().and_then(|person| person.case),
        }
    }

    /// What is said of it.
    pub(super) fn data(&self) -> Value {
        let of = |person: &Person<'_>| json!({"ref": person.reference, "case_id": person.case});
        match self {
            Self::PersonRectified(person) | Self::PersonRestricted(person) | Self::PersonUnrestricted(person) => {
                of(person)
            }
            Self::PersonObjected { person, purpose } => {
                json!({"ref": person.reference, "case_id": person.case, "purpose": purpose})
            }
            Self::PersonErased { deletion, refs } => json!({"deletion_id": deletion, "refs": refs}),
            Self::CaseReceived(case)
            | Self::CaseVerified(case)
            | Self::CaseDecided(case)
            | Self::CaseDueSoon(case)
            | Self::CaseOverdue(case) => json!({"case_id": case.id, "due_at": case.due_at}),
            Self::NoticeRaised { notice, kind } => json!({"notice_id": notice, "kind": kind}),
            Self::WebhookTest { webhook } => json!({"webhook_id": webhook}),
            Self::WebhookDisabled { webhook, reason } => json!({"webhook_id": webhook, "reason": reason}),
        }
    }
}
