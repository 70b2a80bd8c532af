//! What each code means, so that a file is understood without asking (REQUIREMENTS L-12).

use crate::domain::event::{Channel, CheckOutReason, DeliveryStatus, EventType, Origin};
use crate::domain::hold::{HeldField, HoldGround};
use crate::domain::locale::Locale;
use crate::domain::objection::{Claim, Purpose, State as Decision};
use crate::domain::person::{Kind, Source};
use crate::domain::reading::{Lookup, Role as ReadBy};
use crate::domain::restriction::Ground;
use crate::domain::rights::{
    Channel as CaseChannel, Decision as CaseDecision, ExtensionGround, Ground as Refusal, Method, Right,
    State as CaseState,
};
use crate::domain::visit::VisitState;
use crate::domain::webhook::{State as Delivery, Topic};
use crate::domain::words::Words;

/// A table of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codes {
    /// What a person is to the customer.
    PersonKind,
    /// Who said what a field holds.
    Source,
    /// What happened.
    EventType,
    /// Where an event was made.
    Origin,
    /// Who checked a guest out.
    CheckOutReason,
    /// How a notification was sent.
    Channel,
    /// What became of it.
    DeliveryStatus,
    /// Where a visit stands.
    VisitState,
    /// What a restriction rests on.
    Ground,
    /// What data are processed for, to which a person can object.
    Purpose,
    /// What a person has said of it.
    Claim,
    /// What was decided on it.
    Decision,
    /// What a hold rests on.
    HoldGround,
    /// What a hold keeps.
    Held,
    /// What another system was told.
    Topic,
    /// What became of that.
    Delivery,
    /// What another person is in an event.
    Role,
    /// Who looked at the person's data.
    ReadBy,
    /// What was looked at.
    Lookup,
    /// What the person asked for.
    Right,
    /// How a request came.
    CaseChannel,
    /// The language it is answered in.
    Language,
    /// How far it has come.
    CaseState,
    /// How it was shown who asks.
    Method,
    /// Why it takes longer.
    Extension,
    /// What was decided on it.
    CaseDecision,
    /// Why it is not, or not wholly, as asked.
    Refusal,
}

impl Codes {
    /// All tables.
    pub const ALL: [Self; 27] = [
        Self::PersonKind,
        Self::Source,
        Self::EventType,
        Self::Origin,
        Self::CheckOutReason,
        Self::Channel,
        Self::DeliveryStatus,
        Self::VisitState,
        Self::Ground,
        Self::Purpose,
        Self::Claim,
        Self::Decision,
        Self::HoldGround,
        Self::Held,
        Self::Topic,
        Self::Delivery,
        Self::Role,
        Self::ReadBy,
        Self::Lookup,
        Self::Right,
        Self::CaseChannel,
        Self::Language,
        Self::CaseState,
        Self::Method,
        Self::Extension,
        Self::CaseDecision,
        Self::Refusal,
    ];

    /// Its name in `data.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::PersonKind => "kind",
            Self::Source => "said_by",
            Self::EventType => "type",
            Self::Origin => "origin",
            Self::CheckOutReason => "reason",
            Self::Channel => "channel",
            Self::DeliveryStatus => "status",
            Self::VisitState => "state",
            Self::Ground => "ground",
            Self::Purpose => "purpose",
            Self::Claim => "claim",
            Self::Decision => "decision",
            Self::HoldGround => "hold_ground",
            Self::Held => "held",
            Self::Topic => "topic",
            Self::Delivery => "delivery",
            Self::Role => "role",
            Self::ReadBy => "by",
            Self::Lookup => "looked_at",
            Self::Right => "right",
            Self::CaseChannel => "came_by",
            Self::Language => "locale",
            Self::CaseState => "progress",
            Self::Method => "verified_by",
            Self::Extension => "extended_for",
            Self::CaseDecision => "decided",
            Self::Refusal => "refused_on",
        }
    }

    /// Every code with its meaning.
    pub fn entries(self) -> Vec<(&'static str, Words)> {
        macro_rules! all {
            ($type:ident) => {
                $type::ALL.iter().map(|code| (code.as_str(), Meaning::words(*code))).collect()
            };
        }
        match self {
            Self::PersonKind => all!(Kind),
            Self::Source => [Source::Event, Source::Backend].map(|code| (source(code), code.words())).into(),
            Self::EventType => all!(EventType),
            Self::Origin => all!(Origin),
            Self::CheckOutReason => all!(CheckOutReason),
            Self::Channel => all!(Channel),
            Self::DeliveryStatus => all!(DeliveryStatus),
            Self::VisitState => all!(VisitState),
            Self::Ground => all!(Ground),
            Self::Purpose => all!(Purpose),
            Self::Claim => all!(Claim),
            Self::Decision => all!(Decision),
            Self::HoldGround => all!(HoldGround),
            Self::Held => all!(HeldField),
            Self::Topic => all!(Topic),
            Self::Delivery => all!(Delivery),
            Self::Role => Role::ALL.map(|code| (code.as_str(), code.words())).into(),
            Self::ReadBy => all!(ReadBy),
            Self::Lookup => all!(Lookup),
            Self::Right => all!(Right),
            Self::CaseChannel => all!(CaseChannel),
            Self::Language => all!(Locale),
            Self::CaseState => all!(CaseState),
            Self::Method => all!(Method),
            Self::Extension => all!(ExtensionGround),
            Self::CaseDecision => all!(CaseDecision),
            Self::Refusal => all!(Refusal),
        }
    }

    /// What one code means; none for one that the table lacks.
    pub fn meaning(self, code: &str) -> Option<Words> {
        self.entries().into_iter().find(|(known, _)| *known == code).map(|(_, words)| words)
    }
}

/// The code of a source.
pub(crate) fn source(source: Source) -> &'static str {
    match source {
        Source::Event => "event",
        Source::Backend => "company",
    }
}

/// What another person is in an event; the person's own part goes under `self`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Who visits.
    Guest,
    /// Who is visited.
    Host,
    /// Who was notified.
    Recipient,
    /// The person whose file it is.
    Oneself,
}

impl Role {
    const ALL: [Self; 4] = [Self::Guest, Self::Host, Self::Recipient, Self::Oneself];

    /// Its code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Host => "host",
            Self::Recipient => "recipient",
            Self::Oneself => "self",
        }
    }
}

/// What a code means.
pub(crate) trait Meaning {
    /// In words.
    fn words(self) -> Words;
}
