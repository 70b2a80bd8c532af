//! The words of the page itself.

use crate::domain::locale::Locale;

macro_rules! texts {
    ($($name:ident: $da:literal, $en:literal;)*) => {
        /// Headings and sentences in one language, by what they are for.
        pub(super) struct Texts { $(pub $name: &'static str),* }

        const DA: Texts = Texts { $($name: $da),* };
        const EN: Texts = Texts { $($name: $en),* };
    };
}

texts! {
    title: "Dine personoplysninger", "Your personal data";
    lead: "Her er det, som er registreret om dig. Filen er din: gem den, print den eller giv den videre.",
        "Here is what is registered about you. The file is yours: keep it, print it or pass it on.";
    lead_portability: "Her er det, du selv har givet, i et format, som du kan tage med dig.",
        "Here is what you have provided yourself, in a format that you can take with you.";
    held_by: "Hos", "Held by";
    state_of: "Opgjort", "As of";
    case: "Sag", "Case";
    period: "Periode", "Period";
    contents: "Indhold", "Contents";
    tile_visits: "Besøg", "Visits";
    tile_events: "Hændelser", "Events";
    tile_hosted: "Som vært", "As a host";
    tile_notified: "Beskeder til dig", "Notifications to you";
    about_you: "Om dig", "About you";
    nothing_stated: "Der er ikke registreret andet om dig end det, der står nedenfor.",
        "Nothing is registered about you but what follows.";
    said_by: "Oplyst af", "Stated by";
    restriction: "Dine oplysninger er under begrænsning", "Your data are under restriction";
    earlier_deletion: "Tidligere sletning", "Earlier deletion";
    visits: "Dine besøg", "Your visits";
    events: "Det, der er registreret", "What was registered";
    events_about: "Hver gang noget er sket, er det gemt som her. Navn, kontaktoplysninger og andet står, som det blev angivet den dag.",
        "Each time something happened it was stored as here. Name, contact details and the rest stand as they were stated on that day.";
    superseded: "Rettet senere", "Corrected later";
    hosted: "Når du har været vært", "When you were the host";
    notified: "Beskeder til dig", "Notifications to you";
    more: "Andet", "More";
    newest_of: "Viser de nyeste", "Showing the newest";
    of: "af", "of";
    all_in: "Alle står i", "All are in";
    none: "Ingen.", "None.";
    processing: "Hvorfor, hvor længe og hvem", "Why, how long and who";
    purposes: "Hvad oplysningerne bruges til", "What the data are used for";
    who_gets: "Hvem der har fået oplysninger om dig", "Who has received data about you";
    who_told: "Personer, der fik besked om dig", "People who were notified of you";
    person: "Person", "Person";
    name_left_out: "navn udeladt", "name left out";
    once: "gang", "time";
    times: "gange, senest", "times, last";
    runs_service: "Driver gæsteloggen for", "Runs the guest log for";
    told: "Andre systemer, der har fået besked om dig", "Other systems that were told of you";
    consultations: "Opslag i dine oplysninger", "Look-ups of your data";
    retention: "Hvor længe de gemmes", "How long they are kept";
    source: "Hvor de kommer fra", "Where they come from";
    automated: "Automatiske afgørelser", "Automated decisions";
    transfers: "Lande uden for EU og EØS", "Countries outside the EU and the EEA";
    left_out: "Det, der er udeladt", "What is left out";
    values_left_out: "oplysninger om andre er udeladt.", "values about others are left out.";
    ground: "Grundlag: artikel 15, stk. 4, i databeskyttelsesforordningen.", "Ground: Article 15(4) GDPR.";
    rights: "Dine rettigheder", "Your rights";
    article: "Artikel", "Article";
    complaint: "Klage", "Complaint";
    files: "Filerne", "The files";
    file_data: "alt, til maskiner", "everything, for machines";
    file_events: "alle hændelser, til regneark", "all events, for a spreadsheet";
    file_visits: "alle besøg, til regneark", "all visits, for a spreadsheet";
    file_recipients: "hvem der fik besked hvornår, til regneark", "who was notified when, for a spreadsheet";
    file_article15: "oplysningerne om behandlingen, til maskiner", "the information on the processing, for machines";
    file_manifest: "kontrolsummer med digital underskrift, så enhver kan se, at intet er ændret",
        "checksums with a digital signature, so that anybody can see that nothing was changed";
    apostrophe: "I regnearkene står der en apostrof foran tekster, der ellers kunne blive læst som en formel.",
        "In the spreadsheets an apostrophe stands before texts that could otherwise be read as a formula.";
    times_are_local: "Alle tider er lokal tid på stedet.", "All times are local time at the site.";
    cvr: "CVR", "CVR";
    yes: "Ja", "Yes";
    no: "Nej", "No";
    statement: "Din udtalelse", "Your statement";
    objections: "Dine indsigelser", "Your objections";
    requests: "Dine anmodninger", "Your requests";
    holds: "Det, der skal gemmes efter loven", "What must be kept by law";
}

impl Texts {
    /// Yes or no.
    pub fn flag(&self, flag: bool) -> &'static str {
        if flag { self.yes } else { self.no }
    }
}

/// Those of a language.
pub(super) fn of(locale: Locale) -> &'static Texts {
    match locale {
        Locale::Da => &DA,
        Locale::En => &EN,
    }
}
