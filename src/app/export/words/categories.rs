//! What the inventory's categories, retentions and sources mean to the person.

use crate::domain::words::Words;

/// A category of the inventory: what it is called, and what its data are used for.
pub(crate) struct Category {
    /// Its name in the inventory.
    pub name: &'static str,
    /// What it is called.
    pub label: Words,
    /// What its data are used for.
    pub purpose: Words,
}

const fn category(
    name: &'static str,
    da: &'static str,
    en: &'static str,
    purpose_da: &'static str,
    purpose_en: &'static str,
) -> Category {
    Category { name, label: Words::new(da, en), purpose: Words::new(purpose_da, purpose_en) }
}

/// Every category that data of guests, hosts and recipients have.
pub(crate) const CATEGORIES: &[Category] = &[
    category(
        "identity",
        "Hvem du er",
        "Who you are",
        "At vide, hvem der besøger, bliver besøgt eller får besked, og at kende dig igen.",
        "To know who visits, is visited or is notified, and to recognise you.",
    ),
    category(
        "contact",
        "Kontaktoplysninger",
        "Contact details",
        "At kunne få fat i dig og finde dine oplysninger igen.",
        "To be able to reach you and to find your data again.",
    ),
    category(
        "affiliation",
        "Firma",
        "Company",
        "At kunne fortælle værten, hvilket firma gæsten kommer fra.",
        "To be able to tell the host which company the guest comes from.",
    ),
    category(
        "vehicle",
        "Køretøj",
        "Vehicle",
        "At vide, hvis bil der holder på området.",
        "To know whose car is parked on the premises.",
    ),
    category(
        "role",
        "Rolle",
        "Role",
        "At skelne mellem gæster, værter og dem, der får besked.",
        "To tell guests, hosts and those who are notified apart.",
    ),
    category(
        "presence",
        "Besøg: hvor og hvornår",
        "Visits: where and when",
        "At vide, hvem der er i bygningen, også ved en evakuering, og hvem der har været der.",
        "To know who is in the building, in an evacuation as well, and who has been there.",
    ),
    category(
        "network",
        "IP-adresse",
        "IP address",
        "At kunne spore, hvor på netværket noget er registreret fra, hvis der sker misbrug.",
        "To be able to trace where on the network something was logged from, in case of abuse.",
    ),
    category(
        "device",
        "Enhed",
        "Device",
        "At vide, ved hvilken indgang eller skærm noget er registreret.",
        "To know at which entrance or screen something was logged.",
    ),
    category(
        "notification",
        "Beskeder",
        "Notifications",
        "At give værten eller andre besked om gæsten og at vide, om beskeden kom frem.",
        "To notify the host or others of the guest and know whether the notification arrived.",
    ),
    category(
        "account",
        "Dine anmodninger",
        "Your requests",
        "At svare på det, du beder om, og kunne vise, at det er gjort i tide.",
        "To answer what you ask for, and to be able to show that it was done in time.",
    ),
    category(
        "technical",
        "Teknik og rettigheder",
        "Technical data and rights",
        "At gemme hver hændelse kun én gang og at holde styr på rettelser, begrænsninger og sletninger.",
        "To store each event only once and to keep track of corrections, restrictions and deletions.",
    ),
];

/// A category by its name in the inventory.
pub(crate) fn of(name: &str) -> Option<&'static Category> {
    CATEGORIES.iter().find(|category| category.name == name)
}

/// For how long, in the words of the inventory and in those for the person.
const RETENTIONS: &[(&str, Words)] = &[
    (
        "as long as the customer keeps the guest in its own backend",
        Words::new(
            "Så længe virksomheden har dig registreret som gæst i sit eget system. Sletter den dig der, bliver oplysningerne også slettet her.",
            "As long as the company has you registered as a guest in its own system. When it deletes you there, the data are deleted here too.",
        ),
    ),
    (
        "as long as the customer keeps the host in its own backend",
        Words::new(
            "Så længe virksomheden har dig registreret som vært i sit eget system. Sletter den dig der, bliver oplysningerne også slettet her.",
            "As long as the company has you registered as a host in its own system. When it deletes you there, the data are deleted here too.",
        ),
    ),
    (
        "as long as the customer keeps the recipient in its own backend",
        Words::new(
            "Så længe virksomheden har dig registreret som modtager af beskeder i sit eget system. Sletter den dig der, bliver oplysningerne også slettet her.",
            "As long as the company has you registered as a recipient of notifications in its own system. When it deletes you there, the data are deleted here too.",
        ),
    ),
    (
        "as long as the customer keeps the person in its own backend",
        Words::new(
            "Så længe virksomheden har dig registreret i sit eget system. Sletter den dig der, bliver oplysningerne også slettet her.",
            "As long as the company has you registered in its own system. When it deletes you there, the data are deleted here too.",
        ),
    ),
    (
        "erasure.tombstone_days (40) after the erasure, then until the next daily purge",
        Words::new(
            "En begrænset tid efter en sletning, så forsinkede beskeder ikke kan bringe de slettede oplysninger tilbage; datoen står i data.json.",
            "A limited time after a deletion, so that late messages cannot bring back what was deleted; the date stands in data.json.",
        ),
    ),
    (
        "until the objection is taken back or the person deleted",
        Words::new(
            "Til du tager indsigelsen tilbage eller bliver slettet.",
            "Until you take the objection back or are deleted.",
        ),
    ),
    (
        "until the hold ends or is lifted",
        Words::new(
            "Det, der efter loven skal gemmes: til den dato, der står ved det.",
            "What must be kept by law: until the date that stands beside it.",
        ),
    ),
    (
        "until the statement is taken back or the person deleted",
        Words::new(
            "Din udtalelse: til du tager den tilbage eller bliver slettet.",
            "Your statement: until you take it back or are deleted.",
        ),
    ),
    (
        "until every recipient has got it, at most webhooks.dead_letter_days",
        Words::new(
            "Det, som andre systemer skal have besked om: til de har fået det, og i en begrænset tid, hvis det mislykkes.",
            "What other systems are to be told: until they have got it, and for a limited time if that fails.",
        ),
    ),
    (
        "two years after the end of the case",
        Words::new(
            "Dine anmodninger: hvad der skete med dem, i to år efter svaret.",
            "Your requests: what became of them, for two years after the answer.",
        ),
    ),
    (
        "90 days after the end of the case",
        Words::new(
            "Det, du skrev i en anmodning, og begrundelserne i svaret: 90 dage efter svaret.",
            "What you wrote in a request, and the reasons of the answer: 90 days after the answer.",
        ),
    ),
    (
        "until the restriction is lifted or the person deleted",
        Words::new(
            "Til begrænsningen ophæves, eller du bliver slettet.",
            "Until the restriction is lifted or you are deleted.",
        ),
    ),
];

/// What a retention of the inventory means to the person; the inventory's own words where there are no others.
pub(crate) fn retention(text: &str) -> Words {
    let found = RETENTIONS.iter().find(|(known, _)| *known == text);
    found.map_or_else(|| Words::name(text), |(_, words)| words.clone())
}

#[cfg(test)]
mod tests {
    use super::super::super::fields::Section;
    use super::*;
    use crate::domain::inventory::Inventory;

    #[test]
    fn whatever_is_shown_has_its_words() {
        let inventory = Inventory::of_this_build().unwrap();
        for field in Section::ALL.iter().flat_map(|section| section.fields()) {
            for column in field.from.iter().filter_map(|place| inventory.column(place)).filter(|c| c.is_of_people()) {
                assert!(
                    of(&column.category).is_some(),
                    "{}: the category {:?} has no words",
                    field.name,
                    column.category
                );
                let known = RETENTIONS.iter().any(|(known, _)| *known == column.retention);
                assert!(known, "{}: the retention {:?} has no words", field.name, column.retention);
            }
        }
    }
}
