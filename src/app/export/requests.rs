//! What the person has asked for (Articles 15 to 22), and what came of it.

use super::super::View;
use super::super::cases::{self, Asked, Reasons, Sealer};
use super::fields::Section;
use super::plan::{Plan, Row};
use super::subject::Subject;
use crate::domain::Timestamp;
use crate::domain::rights::{Channel, Decision, ExtensionGround, Method};
use crate::error::Error;
use crate::store;
use serde_json::Value;

/// All cases about the person, the latest first.
pub(super) fn of<'p>(view: &mut View<'_>, subject: &Subject, plan: &'p Plan) -> Result<Vec<Row<'p>>, Error> {
    let section = plan.section(Section::Requests)?;
    let mut found = store::cases::about_person(view.conn, subject.customer, subject.id())?;
    found.sort_unstable_by_key(|case| std::cmp::Reverse((case.received_at, case.id)));
    let maybe = |at: Option<Timestamp>| at.map_or(Value::Null, |at| subject.instant(at));
    let mut row = |case: &store::cases::Case| {
        let sealer = Sealer::of_case(view.core, case.customer_id, case.id)?;
        let asked: Asked = sealer.open("asked_sealed", case.asked_sealed.as_deref())?;
        let reasons: Reasons = sealer.open("reasons_sealed", case.reasons_sealed.as_deref())?;
        let grounds = cases::grounds_of(case)?;
        let transfer = cases::transfer_of(view.core, view.conn, case)?;
        let arrived_at =
            store::case_transfers::get(view.conn, case.customer_id, case.id)?.and_then(|row| row.arrived_at);
        let code = |word: Option<&'static str>| Value::from(word);
        section.row([
            ("id", Value::from(case.public_id.to_string())),
            ("right", Value::from(cases::right_of(case)?.as_str())),
            ("about", Value::from(case.about.map(|about| about.to_string()))),
            ("came_by", code(Channel::from_number(case.channel).map(Channel::as_str))),
            ("locale", Value::from(case.locale.as_str())),
            ("received_at", subject.instant(case.received_at)),
            ("email", Value::from(asked.email)),
            ("phone", Value::from(asked.phone)),
            ("details", Value::from(asked.details)),
            ("mandate", Value::from(asked.mandate)),
            ("progress", Value::from(cases::state_of(case)?.as_str())),
            ("verified_at", maybe(case.verified_at)),
            ("verified_by", code(case.verified_by.and_then(Method::from_number).map(Method::as_str))),
            ("extended_at", maybe(case.extended_at)),
            (
                "extended_for",
                code(case.extension_ground.and_then(ExtensionGround::from_number).map(ExtensionGround::as_str)),
            ),
            ("extension_reason", Value::from(reasons.extension)),
            ("decided_at", maybe(case.decided_at)),
            ("decided", code(cases::decision_of(case)?.map(Decision::as_str))),
            ("was_held", Value::from(case.is_held)),
            ("refused_on", grounds.iter().map(|ground| ground.as_str()).collect()),
            ("reason", Value::from(reasons.decision)),
            ("evidence", Value::from(reasons.evidence)),
            ("ready_at", maybe(case.prepared_at)),
            ("answered_at", maybe(case.released_at)),
            ("fetched_at", maybe(case.downloaded_at)),
            ("send_to", Value::from(transfer.map(|transfer| transfer.shown().host))),
            ("sent_at", maybe(arrived_at)),
            ("closed_at", maybe(case.closed_at)),
            ("receipt", Value::from(case.receipt_id.map(|receipt| receipt.to_string()))),
            ("held_until", maybe(case.held_until)),
        ])
    };
    found.iter().map(&mut row).collect()
}
