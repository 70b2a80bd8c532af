//! From a request to cases: those who decide are told at once, the person's data are looked for here and nowhere else.

use super::Row;
use crate::app::cases::{self, Asked, OPERATOR, Sealer};
use crate::app::dossier::{email_index, phone_index};
use crate::app::jobs::{self, Kind, Lease, Next};
use crate::app::webhooks::Event;
use crate::app::{Core, Work};
use crate::domain::locale::Locale;
use crate::domain::rights::{Channel, Method, Right};
use crate::domain::{CustomerId, PersonId};
use crate::error::Error;
use crate::store;

/// People of one customer who have the same address, at most: more than a family or a company's shared mailbox has.
const PEOPLE: i64 = 20;
/// Who acts.
const ACTOR: &str = "guestlog";

/// Makes the cases of a request, and lets them know when it is shown who asks; then deletes what is too old.
pub(crate) fn run(lease: &mut Lease) -> Result<Next, Error> {
    let core = lease.core.clone();
    let id = lease.subject();
    let Some(row) = core.read(|view| Ok(store::privacy_requests::get(view.conn, id)?))? else { return Ok(Next::Done) };
    if row.passed_on_at.is_none() {
        for customer in candidates(&core, &row)? {
            lease.renew()?;
            core.write(|work| at_customer(work, id, customer))?;
        }
        core.write(|work| {
            let Some(mut row) = store::privacy_requests::lock(work.tx, id)? else { return Ok(()) };
            row.passed_on_at = Some(work.now);
            store::privacy_requests::update(work.tx, &row)?;
            Ok(())
        })?;
    }
    core.write(|work| verified(work, id))?;
    let row = core.read(|view| Ok(store::privacy_requests::get(view.conn, id)?))?;
    let Some(row) = row else { return Ok(Next::Done) };
    if core.clock.now() < row.expires_at {
        return Ok(Next::At(row.expires_at));
    }
    core.write(|work| Ok(store::privacy_requests::remove(work.tx, id)?))?;
    Ok(Next::Done)
}

/// The customer that was named; or all, and the operator for data of its own.
fn candidates(core: &Core, row: &Row) -> Result<Vec<CustomerId>, Error> {
    if let Some(named) = row.customer_id {
        return Ok(vec![named]);
    }
    let mut all = core.read(|view| Ok(store::inventory::customers(view.conn)?))?;
    all.sort_unstable();
    Ok(all.into_iter().map(|(id, _)| id).chain([OPERATOR]).collect())
}

/// A case for each person who has the address; for a customer that was named one in any case, since it answers "no" as
/// well. Run again after a crash it makes none twice.
fn at_customer(work: &mut Work<'_, '_>, id: i64, customer: CustomerId) -> Result<(), Error> {
    if customer != OPERATOR {
        store::locks::hold_customer(work.tx, customer, false)?;
    }
    let Some(row) = store::privacy_requests::lock(work.tx, id)? else { return Ok(()) };
    let made = store::cases::of_request(work.tx, id)?;
    if made.iter().any(|case| case.customer_id == customer) {
        return Ok(());
    }
    let asked: Asked = Sealer::of_request(work.core, id)?.open("asked_sealed", row.asked_sealed.as_deref())?;
    let people = if customer == OPERATOR { Vec::new() } else { people_at(work, customer, &asked)? };
    let mut subjects: Vec<Option<PersonId>> = people.into_iter().map(Some).collect();
    let is_asked = customer == OPERATOR || row.customer_id == Some(customer);
    if subjects.is_empty() && is_asked {
        subjects.push(None);
    }
    for person in subjects {
        let origin = cases::Origin {
            request: Some(id),
            right: Right::from_number(row.asked).ok_or_else(|| Error::internal("a right out of range"))?,
            channel: Channel::Form,
            received_at: row.received_at,
            locale: Locale::parse_or_default(&row.locale),
            about: None,
            asked: asked.clone(),
            person,
            verified: None,
        };
        cases::make(work, customer, ACTOR, &origin)?;
    }
    Ok(())
}

fn people_at(work: &mut Work<'_, '_>, customer: CustomerId, asked: &Asked) -> Result<Vec<PersonId>, Error> {
    let keys = work.customer_keys(customer)?;
    let email = asked.email.as_deref().and_then(|text| email_index(&keys, text));
    let phone = asked.phone.as_deref().and_then(|text| phone_index(&keys, text));
    Ok(store::cases::people_at(work.tx, customer, email.as_deref(), phone.as_deref(), PEOPLE)?)
}

/// A right code shows who asks, where the address is on file.
fn verified(work: &mut Work<'_, '_>, id: i64) -> Result<(), Error> {
    let Some(request) = store::privacy_requests::lock(work.tx, id)? else { return Ok(()) };
    let Some(at) = request.verified_at else { return Ok(()) };
    for case in store::cases::of_request(work.tx, id)? {
        let Some(mut case) = store::cases::lock(work.tx, case.customer_id, case.id)? else { continue };
        let people = store::cases::people_of(work.tx, case.customer_id, case.id)?;
        // Without anybody on file there is nobody's identity to show; the customer may know the person otherwise.
        let is_on_file = !people.is_empty() && case.channel == Channel::Form.number();
        if case.verified_at.is_none() && is_on_file && cases::state_of(&case)?.is_undecided() {
            cases::show_identity(&mut case, Method::Code, at)?;
            store::cases::update(work.tx, &case)?;
            cases::tell(work, &case, Event::CaseVerified)?;
            cases::until_decided(work, &case, ACTOR)?;
        }
        jobs::queue(work, case.customer_id, Kind::Case, case.id, work.now)?;
    }
    Ok(())
}
