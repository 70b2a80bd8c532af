//! The person.

use super::super::words::codes::Codes;
use super::Kind::{Code, Dated, Flag, Instant, Mirror, Text, Whole};
use super::{Field, always, maybe};

pub(super) const PERSON: &[Field] = &[
    always("ref", Text, &["people.ref_sealed"], "Dit nummer hos virksomheden", "The company's own identifier of you"),
    always("kind", Code(Codes::PersonKind), &["people.kind"], "Registreret som", "Registered as"),
    maybe("kind_stated_at", Instant, &["people.kind_at"], "Rolle registreret", "Role registered"),
    maybe("name", Dated, &["people.name_sealed"], "Navn", "Name"),
    maybe("email", Dated, &["people.email_sealed"], "E-mail", "E-mail"),
    maybe("phone", Dated, &["people.phone_sealed"], "Telefon", "Phone"),
    maybe("company", Dated, &["people.company_sealed"], "Firma", "Company"),
    maybe("vehicle_plate", Dated, &["people.vehicle_plate_sealed"], "Nummerplade", "Number plate"),
    maybe(
        "stated_by_company",
        Mirror,
        &["people.mirror_sealed"],
        "Senest oplyst af virksomhedens eget system",
        "Last stated by the company's own system",
    ),
    always("found_by_ref", Flag, &["people.ref_index"], "Kan findes på nummeret", "Can be found by the identifier"),
    always("found_by_email", Flag, &["people.email_index"], "Kan findes på e-mail", "Can be found by e-mail"),
    always("found_by_phone", Flag, &["people.phone_index"], "Kan findes på telefon", "Can be found by phone"),
    always("first_heard_of_at", Instant, &["people.created_at"], "Først registreret", "First registered"),
    always("last_changed_at", Instant, &["people.updated_at"], "Senest ændret", "Last changed"),
    always(
        "life",
        Whole,
        &["people.epoch"],
        "Gange oprettet under samme nummer",
        "Times registered under the same identifier",
    ),
    maybe("life_since", Instant, &["people.epoch_at"], "Oprettet på ny", "Registered anew"),
];
