//! What the person has asked for under the rights of data subjects, and what came of it.

use super::super::words::codes::Codes;
use super::Kind::{Code, CodeList, Flag, Instant, Text, Uuid};
use super::{Field, always, maybe};

pub(super) const REQUESTS: &[Field] = &[
    always("id", Uuid, &["cases.public_id"], "Id", "Id"),
    always("right", Code(Codes::Right), &["cases.asked"], "Hvad du bad om", "What you asked for"),
    maybe("about", Uuid, &["cases.about"], "Om sagen", "About the case"),
    always("came_by", Code(Codes::CaseChannel), &["cases.channel"], "Modtaget som", "Received by"),
    always("locale", Code(Codes::Language), &["cases.locale"], "Besvares på", "Answered in"),
    always("received_at", Instant, &["cases.received_at", "cases.received_on"], "Modtaget", "Received"),
    maybe("email", Text, &["cases.asked_sealed"], "Din e-mail", "Your e-mail"),
    maybe("phone", Text, &["cases.asked_sealed"], "Din telefon", "Your phone"),
    maybe("details", Text, &["cases.asked_sealed"], "Det, du skrev", "What you wrote"),
    maybe("mandate", Text, &["cases.asked_sealed"], "På vegne af", "On behalf of"),
    always("progress", Code(Codes::CaseState), &["cases.state"], "Hvor langt den er", "How far it has come"),
    maybe("verified_at", Instant, &["cases.verified_at"], "Identitet bekræftet", "Identity verified"),
    maybe("verified_by", Code(Codes::Method), &["cases.verified_by"], "Bekræftet med", "Verified by"),
    maybe("extended_at", Instant, &["cases.extended_at"], "Frist forlænget", "Time extended"),
    maybe("extended_for", Code(Codes::Extension), &["cases.extension_ground"], "Forlænget, fordi", "Extended because"),
    maybe("extension_reason", Text, &["cases.reasons_sealed"], "Hvorfor forlænget", "Why extended"),
    maybe("decided_at", Instant, &["cases.decided_at"], "Afgjort", "Decided"),
    maybe("decided", Code(Codes::CaseDecision), &["cases.decision"], "Afgørelse", "Decision"),
    maybe("was_held", Flag, &["cases.is_held"], "Var der oplysninger om dig", "Whether data on you were held"),
    always("refused_on", CodeList(Codes::Refusal), &["cases.grounds"], "Grunde til afslag", "Grounds of refusal"),
    maybe("reason", Text, &["cases.reasons_sealed"], "Begrundelse", "Reason"),
    maybe("evidence", Text, &["cases.reasons_sealed"], "Hvad afslaget bygger på", "What the refusal rests on"),
    maybe("ready_at", Instant, &["cases.prepared_at"], "Udført", "Carried out"),
    maybe("answered_at", Instant, &["cases.released_at"], "Besvaret", "Answered"),
    maybe("fetched_at", Instant, &["cases.downloaded_at"], "Filen hentet", "File fetched"),
    maybe("send_to", Text, &["case_transfers.sealed"], "Sendes til", "To be sent to"),
    maybe("sent_at", Instant, &["case_transfers.arrived_at"], "Fremme hos modtageren", "Arrived at the recipient"),
    maybe("closed_at", Instant, &["cases.closed_at"], "Afsluttet", "Closed"),
    maybe("receipt", Uuid, &["cases.receipt_id"], "Kvittering for sletning", "Receipt of the deletion"),
    maybe("held_until", Instant, &["cases.held_until"], "Noget gemmes til", "Some is kept until"),
];
