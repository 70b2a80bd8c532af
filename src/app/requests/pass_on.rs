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

/// People of one customer who have the same address, at most: more than a family has. Of a mailbox that more people
/// share the customer gets one case without a name.
const PEOPLE: i64 = 20;
/// Who acts.
const ACTOR: &str = "guestlog";

/// Makes the cases of a request, and lets them know when it is shown who asks; then deletes what is too old.
pub(crate) fn run(lease: &mut Lease) -> Result<Next, Error> {
    let core = lease.core.clone();
    let id = lease.subject();
    let Some(row) = core.read(|view| Ok(store::privacy_requests::get(view.conn, id)?))? else { return Ok(Next::Done) };
    if row.passed_on_at.is_none() {
        let mut failed = None;
        for customer in candidates(&core, &row)? {
            lease.renew()?;
            // One customer's trouble is not that of the others; the job runs again for it.
            if let Err(error) = core.write(|work| at_customer(work, id, customer)) {
                failed.get_or_insert(error);
            }
        }
        if let Some(error) = failed {
            core.write(|work| verified(work, id))?;
            return Err(error);
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
    core.write(|work| {
        store::privacy_requests::remove(work.tx, id)?;
        let now = work.now;
        jobs::queue(work, jobs::SERVICE, Kind::Scrub, 0, now)
    })?;
    Ok(Next::Done)
}

/// Wipes who asked and in what words, once that is wiped in all cases of the request (REQUIREMENTS L-39).
pub(crate) fn wipe(work: &mut Work<'_, '_>, id: i64) -> Result<(), Error> {
    if store::cases::of_request(work.tx, id)?.iter().any(|case| case.asked_sealed.is_some()) {
        return Ok(());
    }
    if let Some(mut row) = store::privacy_requests::lock(work.tx, id)? {
        row.asked_sealed = None;
        store::privacy_requests::update(work.tx, &row)?;
    }
    Ok(())
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
    let is_asked = customer == OPERATOR || row.customer_id == Some(customer);
    let subjects: Vec<Option<PersonId>> = match people.len() as i64 {
        0 if is_asked => vec![None],
        1..=PEOPLE => people.into_iter().map(Some).collect(),
        0 => Vec::new(),
        _ => vec![None],
    };
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

/// Whom an address leads to; at most one more than may be told apart.
pub(crate) fn people_at(work: &mut Work<'_, '_>, customer: CustomerId, asked: &Asked) -> Result<Vec<PersonId>, Error> {
    let keys = work.customer_keys(customer)?;
    let email = asked.email.as_deref().and_then(|text| email_index(&keys, text));
    let phone = asked.phone.as_deref().and_then(|text| phone_index(&keys, text));
    Ok(store::cases::people_at(work.tx, customer, email.as_deref(), phone.as_deref(), PEOPLE + 1)?)
}

/// A right code shows who asks, where the address is that of one person alone on file. Who shares a mailbox with others
/// is not shown by it: then the customer makes sure who asks (REQUIREMENTS L-17).
fn verified(work: &mut Work<'_, '_>, id: i64) -> Result<(), Error> {
    let Some(request) = store::privacy_requests::lock(work.tx, id)? else { return Ok(()) };
    let Some(at) = request.verified_at else { return Ok(()) };
    let made = store::cases::of_request(work.tx, id)?;
    for case in &made {
        let is_alone = made.iter().filter(|other| other.customer_id == case.customer_id).count() == 1;
        let Some(mut case) = store::cases::lock(work.tx, case.customer_id, case.id)? else { continue };
        let people = store::cases::people_of(work.tx, case.customer_id, case.id)?;
        // Without anybody on file there is nobody's identity to show; the customer may know the person otherwise.
        let is_on_file = !people.is_empty() && case.channel == Channel::Form.number();
        if case.verified_at.is_none() && is_on_file && is_alone && cases::state_of(&case)?.is_undecided() {
            cases::show_identity(&mut case, Method::Code, at)?;
            store::cases::update(work.tx, &case)?;
            cases::tell(work, &case, Event::CaseVerified)?;
            cases::until_decided(work, &case, ACTOR)?;
        }
        jobs::queue(work, case.customer_id, Kind::Case, case.id, work.now)?;
    }
    Ok(())
}
