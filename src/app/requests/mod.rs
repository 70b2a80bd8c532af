//! Requests of people by the public form: who asks is shown by a code sent to the address given, and who decides is told.
//!
//! Nothing that the person sees or measures tells whether data are held (REQUIREMENTS L-27, S-55): a request is stored
//! and its code sent in the same way for every address, and the address is looked for later, by the worker.

mod calls;
mod code;
mod pace;
mod pass_on;
mod show;
mod transfer;

pub use code::Token;
use code::{renew, verify};
pub use pace::{Pace, Rates, Wait};
pub(crate) use pass_on::{people_at, run, wipe};
pub use show::{Answer, Progress, day, day_of, moment_of};
use show::{file, progress};
pub use transfer::Destination;

use super::cases::{Asked, Sealer};
use super::jobs::{self, Kind};
use super::{Core, Work, ids};
use crate::crypto::IndexKey;
use crate::domain::contact::{Email, Phone};
use crate::domain::locale::Locale;
use crate::domain::rights::Right;
use crate::domain::text::Reason;
use crate::domain::{CustomerId, FieldError, PublicId, Timestamp};
use crate::error::{Code, Error};
use crate::store;
use crate::store::privacy_requests::PrivacyRequest as Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long a request is kept after its receipt, when no case needs it for longer; in seconds.
const KEPT_S: i64 = 2 * 366 * 86_400;
/// How long one is kept to which no right code ever came.
const UNVERIFIED_KEPT_S: i64 = 120 * 86_400;

/// What a person asks for.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPrivacyRequest)]
pub struct Submission {
    /// Which right.
    pub right: Right,
    /// Where the code and the answer go.
    pub email: Option<Email>,
    /// For who has no e-mail: the company calls back, and makes sure by itself who asks.
    pub phone: Option<Phone>,
    /// The company that was visited; without it, every company that has the address, and the operator.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub customer: Option<PublicId>,
    /// Anything that helps to answer.
    pub details: Option<Reason>,
    /// The language of the answer; Danish when left out.
    #[serde(default)]
    pub locale: Locale,
}

/// The answer to a request: the same whether or not data are held.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PrivacyRequestReceived)]
pub struct Received {
    /// What the request is called; with the code it leads to the answer.
    #[schema(value_type = uuid::Uuid)]
    pub id: PublicId,
    /// When it arrived.
    pub received_at: Timestamp,
    /// What happens now, in the language asked for.
    pub message: &'static str,
}

/// Address and words as they came, in the form in which pace and codes know the address.
struct Address {
    email: Option<Email>,
    phone: Option<Phone>,
}

impl Submission {
    fn address(&self) -> Result<Address, Error> {
        let address = Address { email: self.email.clone(), phone: self.phone.clone() };
        if address.email.is_some() == address.phone.is_some() {
            let error = FieldError::new("missing_field", "or phone must be given, and not both");
            return Err(Error::invalid(vec![error.at("/email")]));
        }
        Ok(address)
    }
}

impl Address {
    /// A digest by which an address is counted; of no use to whoever has not this process's memory and the secret.
    fn digest(&self, core: &Core) -> Result<[u8; 32], Error> {
        let text = match (&self.email, &self.phone) {
            (Some(email), _) => email.normalised(),
            (None, Some(phone)) => phone.normalised(),
            (None, None) => String::new(),
        };
        Ok(secret(core)?.digest("address", &[text.as_bytes()]))
    }
}

fn secret(core: &Core) -> Result<IndexKey, Error> {
    Ok(IndexKey::from_bytes(&*core.keyring.secret("cases").map_err(Error::internal)?))
}

/// The digest of an address for [`Pace`].
///
/// # Errors
/// Invalid input unless there is one address.
fn address_digest(core: &Core, submission: &Submission) -> Result<[u8; 32], Error> {
    submission.address()?.digest(core)
}

/// Takes a request in: one row, one code, one job, whoever asks.
///
/// # Errors
/// Invalid input unless exactly one address is given; for a right that has no form, and for a customer that there is not.
pub fn submit(work: &mut Work<'_, '_>, submission: &Submission) -> Result<Received, Error> {
    submission.address()?;
    if !Right::PUBLIC.contains(&submission.right) {
        let error = FieldError::new(
            "not_allowed",
            "must be one of the rights that the form has; a complaint goes to who decided",
        );
        return Err(Error::invalid(vec![error.at("/right")]));
    }
    let customer = match submission.customer {
        Some(id) => Some(super::customers::internal_id(&mut work.view(), id).map_err(unknown)?),
        None => None,
    };
    let asked = Asked {
        email: submission.email.as_ref().map(|email| email.as_str().to_owned()),
        phone: submission.phone.as_ref().map(|phone| phone.as_str().to_owned()),
        details: submission.details.as_ref().map(|text| text.as_str().to_owned()),
        mandate: None,
        by_representative: false,
    };
    let origin = Origin { customer, right: submission.right, locale: submission.locale, received_at: work.now };
    let mut row = make(work, &origin, &asked)?;
    code::send(work, &mut row, &asked)?;
    store::privacy_requests::insert(work.tx, &row)?;
    let at = pass_on_at(work)?;
    jobs::queue(work, jobs::SERVICE, Kind::Request, row.id, at)?;
    Ok(Received { id: row.public_id, received_at: row.received_at, message: message(submission) })
}

/// A moment that nobody can tell beforehand: looking for the address takes longer where it is found.
fn pass_on_at(work: &Work<'_, '_>) -> Result<Timestamp, Error> {
    let mut bytes = [0_u8; 4];
    crate::crypto::fill(&mut bytes).map_err(Error::internal)?;
    let within_s = work.core.settings.rights.pass_on_within_seconds;
    Ok(work.now.plus_seconds(i64::from(u32::from_be_bytes(bytes) % (within_s + 1))))
}

fn unknown(error: Error) -> Error {
    match error.code() {
        Code::NotFound => {
            let error = FieldError::new("unknown_customer", "names no company that uses this service");
            Error::invalid(vec![error.at("/customer")])
        }
        _ => error,
    }
}

fn message(submission: &Submission) -> &'static str {
    match (submission.locale, submission.email.is_some()) {
        (Locale::Da, true) => {
            "Tak. Vi har sendt en kode til adressen. Skriv den, så den, der skal svare, ved, at det er dig, der spørger."
        }
        (Locale::En, true) => {
            "Thank you. We have sent a code to the address. Enter it, so that whoever has to answer knows that it is you who asks."
        }
        (Locale::Da, false) => "Tak. Vi giver din anmodning videre til den, der skal svare. Du bliver ringet op.",
        (Locale::En, false) => "Thank you. We pass your request on to who has to answer. You will be called.",
    }
}

/// A request for a case that reached the customer otherwise, so that the person can follow it and fetch the answer.
pub(crate) fn for_case(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    right: Right,
    locale: Locale,
    received_at: Timestamp,
    asked: &Asked,
) -> Result<i64, Error> {
    let mut row = make(work, &Origin { customer: Some(customer), right, locale, received_at }, asked)?;
    row.passed_on_at = Some(work.now);
    row.expires_at = work.now.plus_seconds(KEPT_S);
    store::privacy_requests::insert(work.tx, &row)?;
    jobs::queue(work, jobs::SERVICE, Kind::Request, row.id, work.now)?;
    Ok(row.id)
}

/// Where a request comes from.
pub(crate) struct Origin {
    pub customer: Option<CustomerId>,
    pub right: Right,
    pub locale: Locale,
    pub received_at: Timestamp,
}

/// A request's row, not stored yet.
pub(crate) fn make(work: &mut Work<'_, '_>, origin: &Origin, asked: &Asked) -> Result<Row, Error> {
    let id = store::ids::take_one(work.tx)?;
    let sealer = Sealer::of_request(work.core, id)?;
    Ok(Row {
        id,
        // Random, not by time: whoever has the id of one request shall not guess at another's.
        public_id: PublicId(ids::random_uuid()?),
        customer_id: origin.customer,
        asked: origin.right.number(),
        locale: origin.locale.as_str().to_owned(),
        received_at: origin.received_at,
        asked_sealed: Some(sealer.seal("asked_sealed", asked)?),
        code_digest: None,
        code_expires_at: None,
        code_tries: 0,
        codes_sent: 0,
        verified_at: None,
        token_digest: None,
        token_expires_at: None,
        passed_on_at: None,
        expires_at: work.now.plus_seconds(UNVERIFIED_KEPT_S),
    })
}
