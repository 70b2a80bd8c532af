//! Mails: queued in the transaction of what they tell of, sent by a job afterwards.
//!
//! So nothing is said of what did not happen, and nothing that happened goes unsaid: each mail leaves at least once,
//! and a second copy, after a crash between the server's word and ours, has the same Message-ID. No transaction is open
//! while a server is waited for.

mod content;
mod end;
mod letters;
mod purge;
mod send;

use super::Work;
use super::jobs::{self, Kind, SERVICE};
use crate::domain::contact::Email;
use crate::domain::text::Subject;
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::mails::{Mail as MailRow, WAITING};
use std::fmt;

pub(super) use content::reseal;
pub use letters::{Shown, list, retry};
pub(super) use purge::purge;
pub(super) use send::{Way, run};

/// How long a mail is tried.
const TRIED_S: i64 = 3 * 86_400;
/// The most characters of a mail, text and page together.
const MAX_CHARACTERS: usize = 200_000;

/// A mail to be sent.
#[derive(Clone)]
pub struct Mail {
    /// To whom.
    pub to: Email,
    /// What it is for, as `jobs` and metrics name it; nothing of a person.
    pub kind: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// What it says, as plain text.
    pub text: String,
    /// The same as a page.
    pub html: Option<String>,
    /// When it is of no use any more, such as a code that has expired; three days when left out.
    pub not_after: Option<Timestamp>,
}

/// Redacted: to whom and what is personal.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A mail's own identifier, which its Message-ID holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailId(pub PublicId);

/// Queues a mail on behalf of a customer, or with none of the service itself; it leaves when the transaction is
/// committed, and not at all when it is not.
///
/// Best last in the transaction, as all jobs are queued.
///
/// # Errors
/// [`Error::Unavailable`] when `mail.max_waiting` mails of the customer wait already; when the database fails.
pub fn queue(work: &mut Work<'_, '_>, customer: Option<CustomerId>, mail: Mail) -> Result<MailId, Error> {
    let customer = customer.unwrap_or(SERVICE);
    let length = mail.text.chars().count() + mail.html.as_ref().map_or(0, |html| html.chars().count());
    if length > MAX_CHARACTERS {
        return Err(Error::internal("a mail is longer than any that is written here"));
    }
    if customer != SERVICE {
        store::locks::hold_customer(work.tx, customer, false)?;
    }
    let most = work.core.settings.mail.max_waiting;
    if store::mails::waiting(work.tx, customer, most.into())? >= most as usize {
        return Err(Error::unavailable("too many mails wait to be sent"));
    }
    let id = store::ids::take_one(work.tx)?;
    let public_id = PublicId(super::ids::new_uuid(work.now)?);
    let latest = work.now.plus_seconds(TRIED_S);
    let (kind, give_up_at) = (mail.kind.to_owned(), mail.not_after.map_or(latest, |at| at.min(latest)));
    let (content_sealed, version) = content::seal(work, customer, id, mail)?;
    let row = MailRow {
        customer_id: customer,
        id,
        public_id,
        kind,
        state: WAITING,
        due_at: work.now,
        give_up_at,
        attempts: 0,
        last_error: None,
        created_at: work.now,
        ended_at: None,
        content_sealed: Some(content_sealed),
        key_version: Some(version),
    };
    store::mails::insert(work.tx, &row)?;
    let now = work.now;
    jobs::queue(work, customer, Kind::Mail, 0, now)?;
    Ok(MailId(public_id))
}
