//! A new case: by the public form, or entered by whom it reached otherwise.

use super::sealed::{Asked, Sealer};
use super::show::Case;
use super::{carry_out, dates, letters};
use crate::app::dossier::{hold_digest, ref_index};
use crate::app::jobs::{self, Kind};
use crate::app::webhooks::Event;
use crate::app::{Work, ids, requests};
use crate::domain::contact::{Email, Phone};
use crate::domain::deadlines;
use crate::domain::locale::Locale;
use crate::domain::rights::{Channel, Method, Right, State};
use crate::domain::text::{Reason, Ref};
use crate::domain::{CustomerId, FieldError, PersonId, PublicId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::audit;
use crate::store::cases::Case as Row;
use serde::Deserialize;
use utoipa::ToSchema;

/// A case that reached the customer by another channel.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCase)]
pub struct Draft {
    /// Which right.
    pub right: Right,
    /// How it came.
    pub channel: Channel,
    /// When it reached the customer; the time to answer runs from then (REQUIREMENTS L-21).
    pub received_at: Timestamp,
    /// The person whom it is about, when that is known.
    #[serde(rename = "ref")]
    pub reference: Option<Ref>,
    /// Where the answer goes.
    pub email: Option<Email>,
    /// Where the person can be called.
    pub phone: Option<Phone>,
    /// What the person wrote.
    pub details: Option<Reason>,
    /// Whether somebody acts for the person; then nothing is done before the mandate is noted (REQUIREMENTS L-18).
    #[serde(default)]
    pub by_representative: bool,
    /// Who acts for the person and by what mandate; left out when the person asks.
    pub mandate: Option<Reason>,
    /// The language of the answer; Danish when left out.
    #[serde(default)]
    pub locale: Locale,
    /// How the customer has made sure who asks, when it has.
    pub verified_by: Option<Method>,
    /// The case that a complaint is about.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub about: Option<PublicId>,
}

/// Where a case comes from.
pub(crate) struct Origin {
    pub request: Option<i64>,
    pub right: Right,
    pub channel: Channel,
    pub received_at: Timestamp,
    pub locale: Locale,
    pub about: Option<PublicId>,
    pub asked: Asked,
    pub person: Option<PersonId>,
    pub verified: Option<(Timestamp, Method)>,
}

/// Enters a case.
///
/// # Errors
/// `not_found` for the person or the case that a complaint is about; invalid input for a receipt that lies ahead.
pub fn open(work: &mut Work<'_, '_>, customer: CustomerId, actor: &str, draft: &Draft) -> Result<Case, Error> {
    super::hold(work, customer)?;
    draft.check(work.now)?;
    let person = match &draft.reference {
        Some(reference) => Some(person(work, customer, reference)?),
        None => None,
    };
    if let Some(about) = draft.about {
        store::cases::find(work.tx, customer, about)?.ok_or_else(Error::not_found)?;
    }
    let text = |text: &Option<Reason>| text.as_ref().map(|text| text.as_str().to_owned());
    let asked = Asked {
        email: draft.email.as_ref().map(|email| email.as_str().to_owned()),
        phone: draft.phone.as_ref().map(|phone| phone.as_str().to_owned()),
        details: text(&draft.details),
        mandate: text(&draft.mandate),
        by_representative: draft.by_representative || draft.mandate.is_some(),
    };
    let request = match &draft.email {
        Some(_) => Some(requests::for_case(work, customer, draft.right, draft.locale, draft.received_at, &asked)?),
        None => None,
    };
    let origin = Origin {
        request,
        right: draft.right,
        channel: draft.channel,
        received_at: draft.received_at,
        locale: draft.locale,
        about: draft.about,
        asked,
        person,
        verified: draft.verified_by.map(|method| (work.now, method)),
    };
    let row = make(work, customer, actor, &origin)?;
    letters::to_person(work, &row, letters::Letter::Received)?;
    super::show::show(&mut work.view(), &row)
}

impl Draft {
    fn check(&self, now: Timestamp) -> Result<(), Error> {
        let mut faults = Vec::new();
        let mut refuse = |pointer: &str, code, detail: &str| faults.push(FieldError::new(code, detail).at(pointer));
        if self.received_at > now {
            refuse("/received_at", "out_of_range", "must not lie ahead");
        }
        if self.verified_by.is_some() && self.reference.is_none() {
            refuse("/ref", "missing_field", "is needed with verified_by");
        }
        if self.verified_by == Some(Method::Code) {
            refuse("/verified_by", "not_allowed", "must not be code: the service alone sends codes");
        }
        if self.channel == Channel::Form {
            refuse("/channel", "not_allowed", "must not be form: the service's own form makes its cases itself");
        }
        if (self.right == Right::Complaint) != self.about.is_some() {
            refuse("/about", "missing_field", "is needed for a complaint, and for nothing else");
        }
        if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults)) }
    }
}

pub(super) fn person(work: &mut Work<'_, '_>, customer: CustomerId, reference: &Ref) -> Result<PersonId, Error> {
    let keys = work.customer_keys(customer)?;
    let index = vec![ref_index(&keys, reference.as_str())];
    if let Some(row) = store::people::lock_by_refs(work.tx, customer, &index)?.pop() {
        return Ok(row.id);
    }
    // Of an erased person what is left under a hold is still the person's (Article 15).
    let digest = hold_digest(&keys, &index[0]);
    let rest = store::holds::by_ref(work.tx, customer, &digest)?.pop().ok_or_else(Error::not_found)?;
    Ok(rest.person_id)
}

/// Stores a case, tells the customer of it, and sees to its deadlines.
pub(crate) fn make(work: &mut Work<'_, '_>, customer: CustomerId, actor: &str, origin: &Origin) -> Result<Row, Error> {
    let id = store::ids::take_one(work.tx)?;
    let sealer = Sealer::of_case(work.core, customer, id)?;
    let counted = deadlines::Case::received_at(origin.received_at, dates::ZONE);
    let state = if origin.verified.is_some() { State::Verified } else { State::Received };
    let mut row = Row {
        customer_id: customer,
        id,
        public_id: PublicId(ids::new_uuid(work.now)?),
        request_id: origin.request,
        about: origin.about,
        asked: origin.right.number(),
        channel: origin.channel.number(),
        locale: origin.locale.as_str().to_owned(),
        state: state.number(),
        received_at: origin.received_at,
        received_on: counted.received.to_string(),
        safe_end_at: origin.received_at,
        warned_percent: 0,
        verified_at: origin.verified.map(|(at, _)| at),
        verified_by: origin.verified.map(|(_, method)| method.number()),
        waited_days: 0,
        waiting_since: origin.verified.is_none().then_some(work.now),
        extended_at: None,
        extension_ground: None,
        decided_at: None,
        decided_by: None,
        decision: None,
        grounds: String::new(),
        prepared_at: None,
        released_at: None,
        downloaded_at: None,
        closed_at: None,
        receipt_id: None,
        held_until: None,
        is_held: None,
        asked_sealed: Some(sealer.seal("asked_sealed", &origin.asked)?),
        reasons_sealed: None,
    };
    row.safe_end_at = dates::safe_end(&row)?;
    store::cases::insert(work.tx, &row)?;
    if let Some(person) = origin.person {
        store::cases::link(work.tx, customer, id, &[person])?;
    }
    let details = serde_json::json!({"right": origin.right, "channel": origin.channel, "state": state});
    let (at, subject) = (work.now, Some(row.public_id));
    let action = "case.opened";
    audit::insert(work.tx, &audit::Entry { customer_id: customer, at, actor, action, subject, details })?;
    if state == State::Verified {
        carry_out::until_decided(work, &row, actor)?;
    }
    super::tell(work, &row, Event::CaseReceived)?;
    letters::to_customer(work, &row, letters::Occasion::Received)?;
    jobs::queue(work, customer, Kind::Case, id, work.now)?;
    Ok(row)
}
