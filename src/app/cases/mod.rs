//! Cases of data subjects: a customer's for its guests, the operator's for data of its own.
//!
//! A case keeps the facts of the procedure. What it holds of the person is sealed, and wiped when the case has been over
//! for a time (REQUIREMENTS L-39).

mod act;
mod carry_out;
mod dates;
mod erase;
mod file;
pub mod letters;
mod open;
mod run;
mod sealed;
mod show;
mod transfer;

pub(crate) use act::show_identity;
pub use act::{Deciding, Delegation, Shown, decide, delegate, delegations, extend, release, undelegate, verify};
pub(crate) use carry_out::until_decided;
pub use dates::Dates;
pub(crate) use dates::{ZONE, calendar, of as dates_of};
pub use file::{Pieces, file};
pub(crate) use file::{gone, is_there as file_is_there, pieces};
pub use open::{Draft, open};
pub(crate) use open::{Origin, make};
pub(crate) use run::run;
pub(crate) use sealed::{Asked, Reasons, Sealer};
pub use show::{Case, Filter, get, list};
pub(crate) use show::{decision_of, grounds_of, right_of, state_of};
pub use transfer::{Consignment, Content, Shown as ShownTransfer, stop_all as stop_transfers};
pub(crate) use transfer::{Transfer, name as name_transfer, stop as stop_transfer};
pub(crate) use transfer::{allowed as transfer_allowed, is_offered as transfer_is_offered, of as transfer_of};

use super::{Work, webhooks};
use crate::domain::{CustomerId, PublicId};
use crate::error::{Code, Error};
use crate::store;
use crate::store::cases::Case as Row;

/// Whose the cases about the operator's own data are.
pub const OPERATOR: CustomerId = CustomerId(0);

/// How long a file waits to be fetched, in seconds.
pub(crate) const FILE_S: i64 = 7 * 86_400;

/// Keeps the customer from being rotated meanwhile; the operator has no keys that could be.
fn hold(work: &mut Work<'_, '_>, customer: CustomerId) -> Result<(), Error> {
    if customer != OPERATOR {
        store::locks::hold_customer(work.tx, customer, false)?;
    }
    Ok(())
}

/// Tells the customer's other systems of a case; the operator's own have none.
pub(crate) fn tell(
    work: &mut Work<'_, '_>,
    row: &Row,
    event: impl FnOnce(webhooks::Case) -> webhooks::Event<'static>,
) -> Result<(), Error> {
    if row.customer_id == OPERATOR {
        return Ok(());
    }
    let case = webhooks::Case { id: row.public_id, due_at: row.safe_end_at };
    webhooks::tell(work, row.customer_id, &event(case))?;
    Ok(())
}

fn locked(work: &mut Work<'_, '_>, customer: CustomerId, id: PublicId) -> Result<Row, Error> {
    let found = store::cases::find(work.tx, customer, id)?.ok_or_else(Error::not_found)?;
    store::cases::lock(work.tx, customer, found.id)?.ok_or_else(Error::not_found)
}

fn wrong_state(detail: &'static str) -> Error {
    Error::refused(Code::CaseState, detail)
}
