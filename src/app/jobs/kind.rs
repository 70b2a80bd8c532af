//! Which jobs there are, on which thread each runs, and how long it may take.

use crate::app::Core;

/// How long others wait for a job whose worker has died.
const LEASE_S: i64 = 300;
/// The same for a scrub of PostgreSQL, of which one statement may take long.
const LEASE_OF_VACUUM_S: i64 = 3_600;

/// The same for a comparison, which renews it with every few people: one that was broken off goes on soon.
const LEASE_OF_RECONCILIATION_S: i64 = 20;

/// The same for an endpoint, which is renewed before each message: sending one takes less than half of it.
const LEASE_OF_WEBHOOK_S: i64 = 15;

/// The same for mails: longer than the slowest server can take over one.
const LEASE_OF_MAIL_S: i64 = 900;

/// The same for a file to another controller: longer than `rights.transfer_timeout_ms` may be.
pub(crate) const LEASE_OF_TRANSFER_S: i64 = 900;

/// What there is to do later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Gets what was erased out of the database's files ([`crate::app::scrub`]).
    Scrub,
    /// Deletes what is kept for a time only ([`crate::app::purge`]).
    Purge,
    /// Looks whether a customer deletes unusually many people one by one ([`crate::app::watch`]).
    Watch,
    /// Deletes those whom a customer's list lacks ([`crate::app::reconciliation`]).
    Reconciliation,
    /// Deletes what written agreements say has been kept long enough ([`crate::app::agreements`]).
    Agreements,
    /// Erases what was kept for holds that are over ([`crate::app::holds`]).
    Holds,
    /// Sends a customer's mails ([`crate::app::mail`]).
    Mail,
    /// Sends an endpoint what is due to it ([`crate::app::webhooks`]).
    Webhook,
    /// Makes the cases of a request by the public form ([`crate::app::requests`]).
    Request,
    /// Carries a case on, and sees to its deadlines ([`crate::app::cases`]).
    Case,
    /// Sends the file of a case to another controller ([`crate::app::cases`]).
    Transfer,
}

/// On which thread of a server a job runs: what waits for others must not hold up what does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Work on the database and its files.
    House,
    /// Mails, which wait for an SMTP server.
    Mail,
    /// Messages to webhooks, which wait for endpoints; several threads of their own.
    Webhooks,
    /// Files to other controllers, which wait for those.
    Transfers,
}

impl Lane {
    /// Those with one thread, which runs one job after the other.
    pub const IN_TURN: [Self; 2] = [Self::House, Self::Mail];

    /// Its name, for the thread.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::House => "jobs",
            Self::Mail => "jobs-mail",
            Self::Webhooks => "webhooks",
            Self::Transfers => "transfers",
        }
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Scrub,
        Self::Purge,
        Self::Watch,
        Self::Reconciliation,
        Self::Agreements,
        Self::Holds,
        Self::Mail,
        Self::Webhook,
        Self::Request,
        Self::Case,
        Self::Transfer,
    ];

    /// Those of a lane; with none, of all whose jobs are run in turn.
    pub fn of(lane: Option<Lane>) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |kind| match lane {
            Some(lane) => kind.lane() == lane,
            None => Lane::IN_TURN.contains(&kind.lane()),
        })
    }

    /// Its name in the database and in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scrub => "scrub",
            Self::Purge => "purge",
            Self::Watch => "watch",
            Self::Reconciliation => "reconciliation",
            Self::Agreements => "agreements",
            Self::Holds => "holds",
            Self::Mail => "mail",
            Self::Webhook => "webhook",
            Self::Request => "request",
            Self::Case => "case",
            Self::Transfer => "transfer",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The thread it runs on.
    #[must_use]
    pub fn lane(self) -> Lane {
        match self {
            Self::Mail => Lane::Mail,
            Self::Webhook => Lane::Webhooks,
            Self::Transfer => Lane::Transfers,
            _ => Lane::House,
        }
    }

    /// How long a worker may go without [`super::Lease::renew`].
    pub(super) fn lease_s(self, core: &Core) -> i64 {
        match self {
            Self::Scrub if !core.db.is_sqlite() => LEASE_OF_VACUUM_S,
            Self::Reconciliation => LEASE_OF_RECONCILIATION_S,
            Self::Mail => LEASE_OF_MAIL_S,
            Self::Webhook => LEASE_OF_WEBHOOK_S,
            Self::Transfer => LEASE_OF_TRANSFER_S,
            _ => LEASE_S,
        }
    }

    /// The shortest time from the end of a run to the next.
    pub(super) fn pause_s(self, core: &Core) -> i64 {
        match self {
            Self::Scrub => crate::app::scrub::pause_s(core),
            _ => 0,
        }
    }
}
