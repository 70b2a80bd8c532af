//! What rests on the person as a whole: restriction, objections, holds, and what the person has said.

use super::super::words::codes::Codes;
use super::Kind::{Code, CodeList, Instant, Text, Uuid, Whole};
use super::{Field, always, maybe};

pub(super) const RESTRICTION: &[Field] = &[
    always("ground", Code(Codes::Ground), &["restrictions.ground"], "Grund", "Ground"),
    maybe("reason", Text, &["restrictions.reason_sealed"], "Begrundelse", "Reason"),
    always("placed_at", Instant, &["restrictions.placed_at"], "Siden", "Since"),
];

pub(super) const EARLIER_DELETION: &[Field] = &[
    always(
        "life",
        Whole,
        &["tombstones.epoch"],
        "Hvilken oprettelse der blev slettet",
        "Which registration was deleted",
    ),
    always("deleted_at", Instant, &["tombstones.erased_at"], "Slettet", "Deleted"),
    always(
        "kept_until",
        Instant,
        &["tombstones.expires_at"],
        "Sletningen huskes til",
        "The deletion is remembered until",
    ),
];

pub(super) const CONSULTATIONS: &[Field] = &[
    always("at", Instant, &["accesses.at"], "Tidspunkt", "Time"),
    always("last_at", Instant, &["accesses.last_at"], "Sidst", "Last"),
    always("times", Whole, &["accesses.requests"], "Gange", "Times"),
    always("by", Code(Codes::ReadBy), &["accesses.role"], "Hvem (rolle)", "Who (role)"),
    always("purpose", Code(Codes::Lookup), &["accesses.purpose"], "Formål", "Purpose"),
];

pub(super) const STATEMENT: &[Field] = &[
    always("text", Text, &["statements.text_sealed"], "Din egen udtalelse", "Your own statement"),
    always("made_at", Instant, &["statements.made_at"], "Siden", "Since"),
];

pub(super) const OBJECTIONS: &[Field] = &[
    always("purpose", Code(Codes::Purpose), &["objections.purpose"], "Mod", "To"),
    always("claim", Code(Codes::Claim), &["objections.claim"], "Hvad", "What"),
    always("decision", Code(Codes::Decision), &["objections.state"], "Afgørelse", "Decision"),
    maybe("grounds", Text, &["objections.grounds_sealed"], "Begrundelse", "Grounds"),
    always("received_at", Instant, &["objections.received_at"], "Modtaget", "Received"),
    maybe("decided_at", Instant, &["objections.decided_at"], "Afgjort", "Decided"),
];

pub(super) const HOLDS: &[Field] = &[
    always("id", Uuid, &["holds.public_id"], "Id", "Id"),
    always("hold_ground", Code(Codes::HoldGround), &["holds.ground"], "Grund", "Ground"),
    always("law", Text, &["holds.law_sealed"], "Bestemmelse", "Provision"),
    always("held", CodeList(Codes::Held), &["holds.fields"], "Hvad der skal gemmes", "What must be kept"),
    always("placed_at", Instant, &["holds.placed_at"], "Siden", "Since"),
    always("ends_at", Instant, &["holds.ends_at"], "Til", "Until"),
    maybe("erased_at", Instant, &["holds.erased_at"], "Alt andet slettet", "All else deleted"),
];

pub(super) const TOLD: &[Field] = &[
    always("at", Instant, &[], "Tidspunkt", "Time"),
    always("topic", Code(Codes::Topic), &[], "Hvad", "What"),
    maybe("said", Text, &["webhook_messages.body_sealed"], "Ordret", "Verbatim"),
    always("recipient", Text, &[], "Modtager", "Recipient"),
    always("delivery", Code(Codes::Delivery), &[], "Hvad der blev af den", "What became of it"),
    maybe("acknowledged_at", Instant, &[], "Bekræftet", "Acknowledged"),
];
