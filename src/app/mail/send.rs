//! The job that sends a customer's mails.

use super::super::jobs::{Lease, Next};
use super::super::{App, Core};
use super::{content, end};
use crate::domain::{CustomerId, Timestamp};
use crate::error::Error;
use crate::mail::{Carrier, Concern, Failure, Letter};
use crate::store;
use crate::store::mails::{Mail as MailRow, WAITING};
use std::sync::{Mutex, PoisonError};

/// How many mails are read together.
const BATCH: i64 = 16;
/// How long a way out that failed is left alone, so that those who wait do not each wait for it in turn.
const REST_S: i64 = 20;

/// What is known in this process of the way out: until when it is not tried again, and why.
#[derive(Default)]
pub(crate) struct Way(Mutex<Option<(Timestamp, Failure)>>);

impl Way {
    /// A panic leaves a value behind that is sound in any state.
    fn closed(&self, now: Timestamp) -> Option<Failure> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(until, _)| now < *until).map(|(_, why)| why.clone())
    }

    fn note(&self, failure: Option<(Timestamp, Failure)>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// Forgets that it failed: somebody has set it right.
    pub(super) fn open(&self) {
        self.note(None);
    }
}

/// Sends what of a customer's is due, one mail after the other; a mail that fails waits, the others go on.
pub(crate) fn run(app: &App, lease: &mut Lease) -> Result<Next, Error> {
    let (core, customer) = (lease.core.clone(), lease.customer());
    let mut carrier = None;
    let mut outcome = Ok(());
    while outcome.is_ok() {
        let due = core.read(|view| Ok(store::mails::due(view.conn, customer, WAITING, view.now, BATCH)?))?;
        if due.is_empty() {
            break;
        }
        outcome = due.iter().try_for_each(|row| {
            lease.renew()?;
            let sent = attempt(&core, app, &mut carrier, row);
            end::note(&core, row, sent)
        });
    }
    if let Some(carrier) = carrier {
        carrier.close();
    }
    outcome?;
    next(&core, customer)
}

fn next(core: &Core, customer: CustomerId) -> Result<Next, Error> {
    let next = core.read(|view| Ok(store::mails::next_due(view.conn, customer)?))?;
    Ok(next.map_or(Next::Done, Next::At))
}

/// One attempt, outside of any transaction.
fn attempt<'a>(core: &Core, app: &'a App, carrier: &mut Option<Carrier<'a>>, row: &MailRow) -> Result<(), Failure> {
    let now = core.clock.now();
    if now >= row.give_up_at {
        return Err(Failure { of: Concern::MailForGood, code: "expired".to_owned() });
    }
    if let Some(why) = core.mail.closed(now) {
        return Err(why);
    }
    let content = core.read(|view| content::open(view, row)).map_err(|error| {
        tracing::error!(mail = %row.public_id, error = %error, "a mail does not open");
        Failure { of: Concern::Mail, code: "sealed".to_owned() }
    })?;
    let letter = Letter {
        id: row.public_id,
        at: row.created_at,
        to: content.to,
        subject: content.subject,
        text: content.text,
        html: content.html,
    };
    let sent = match carrier {
        Some(open) => open.send(&letter),
        None => Carrier::new(app.settings()).and_then(|new| carrier.insert(new).send(&letter)),
    };
    if let Err(failure) = &sent
        && failure.of == Concern::Way
    {
        core.mail.note(Some((core.clock.now().plus_seconds(REST_S), failure.clone())));
    }
    sent
}
