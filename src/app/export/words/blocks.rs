//! The blocks of Article 15(1) GDPR that are the same for everybody (REQUIREMENTS L-11).

use crate::domain::words::Words;
use serde::Serialize;

/// A right, and how it is used.
#[derive(Serialize)]
pub(crate) struct Remedy {
    /// Which right.
    pub right: &'static str,
    /// Where it stands.
    pub article: &'static str,
    /// What it is called.
    pub label: Words,
    /// What it gives, and how it is used.
    pub text: Words,
}

/// The rights beside the one that the file answers (Article 15(1)(e)).
pub(crate) fn rights(controller: &str) -> Vec<Remedy> {
    let ask = |da: &str, en: &str| {
        Words::made(format!("{da} Skriv til {controller}."), format!("{en} Write to {controller}."))
    };
    let remedy = |right, article, da, en, text| Remedy { right, article, label: Words::new(da, en), text };
    vec![
        remedy(
            "rectification",
            "16",
            "Ret til at få fejl rettet",
            "Right to rectification",
            ask(
                "Er noget forkert eller mangelfuldt, kan du få det rettet.",
                "If something is wrong or incomplete, you can have it corrected.",
            ),
        ),
        remedy(
            "erasure",
            "17",
            "Ret til at blive slettet",
            "Right to erasure",
            ask(
                "Du kan i en række tilfælde få oplysninger om dig slettet.",
                "In a number of cases you can have data about you deleted.",
            ),
        ),
        remedy(
            "restriction",
            "18",
            "Ret til at begrænse brugen",
            "Right to restriction",
            ask(
                "Du kan i nogle tilfælde kræve, at oplysningerne kun opbevares og ikke bruges, for eksempel mens det undersøges, om de er rigtige.",
                "In some cases you can demand that the data are only kept and not used, for example while it is examined whether they are right.",
            ),
        ),
        remedy(
            "objection",
            "21",
            "Ret til at gøre indsigelse",
            "Right to object",
            ask(
                "Af grunde, der vedrører din særlige situation, kan du gøre indsigelse mod, at oplysningerne bruges.",
                "On grounds relating to your particular situation you can object to the use of the data.",
            ),
        ),
        remedy(
            "portability",
            "20",
            "Ret til dataportabilitet",
            "Right to data portability",
            ask(
                "Det, du selv har givet, kan du få i et format, som maskiner kan læse. Denne fil er i et sådant format.",
                "What you have provided yourself you can get in a machine-readable format. This file is in such a format.",
            ),
        ),
    ]
}

/// Whether decisions are made by machine alone (Article 15(1)(h)).
pub(crate) fn automated_decisions() -> Words {
    Words::new(
        "Nej. Der træffes ingen automatiske afgørelser om dig, og der laves ingen profil af dig. Om et besøg er i gang eller afsluttet, regnes ud af, hvornår du er tjekket ind og ud.",
        "None. No automated decisions are made about you, and no profile is made of you. Whether a visit is under way or over is worked out from when you checked in and out.",
    )
}

/// That nothing leaves the EEA (Article 15(2)).
pub(crate) fn no_transfers() -> Words {
    Words::new(
        "Oplysningerne bliver ikke sendt til lande uden for EU og EØS.",
        "The data are not sent to countries outside the EU and the EEA.",
    )
}

/// How one complains (Article 15(1)(f)).
pub(crate) fn complaint(authority: &str) -> Words {
    Words::made(
        format!("Er du utilfreds med, hvordan oplysninger om dig bliver brugt, kan du klage til {authority}."),
        format!("If you are dissatisfied with how data about you are used, you can complain to {authority}."),
    )
}

/// Copies for safety, which outlive a deletion by a bounded time.
pub(crate) fn backups(days: u32) -> Words {
    Words::made(
        format!(
            "Sikkerhedskopier bliver slettet efter højst {days} dage. Gendannes en kopi, bliver sletninger foretaget igen, før den tages i brug."
        ),
        format!(
            "Backups are deleted after at most {days} days. When one is restored, deletions are repeated before it is used."
        ),
    )
}

/// A written agreement by which visits or people go after a time, too.
pub(crate) fn agreement(subject: Agreed, days: u32) -> Words {
    match subject {
        Agreed::Visits => Words::made(
            format!(
                "Besøg bliver desuden slettet senest {days} dage efter, at de er slut, efter en skriftlig aftale med virksomheden."
            ),
            format!(
                "Visits are deleted {days} days after they are over at the latest, too, by a written agreement with the company."
            ),
        ),
        Agreed::People => Words::made(
            format!(
                "Du bliver desuden slettet {days} dage efter, at der senest er registreret noget om dig, efter en skriftlig aftale med virksomheden."
            ),
            format!(
                "You are deleted {days} days after something about you was last registered, too, by a written agreement with the company."
            ),
        ),
    }
}

/// What an agreement lets go.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Agreed {
    /// People.
    People,
    /// Visits.
    Visits,
}

/// Where data come from when not from the person (Article 15(1)(g)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// The person, at a self-service screen.
    Oneself,
    /// The guest system: reception, host, or the system itself.
    GuestSystem,
    /// The customer's own backend.
    Backend,
    /// A file that was read in.
    Import,
}

impl Source {
    /// Its code.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Oneself => "self",
            Self::GuestSystem => "guest_system",
            Self::Backend => "company",
            Self::Import => "import",
        }
    }

    /// In words.
    pub fn words(self) -> Words {
        match self {
            Self::Oneself => {
                Words::new("Fra dig selv, ved en skærm til selvbetjening.", "From yourself, at a self-service screen.")
            }
            Self::GuestSystem => Words::new(
                "Fra virksomhedens gæstesystem: receptionen, en vært, en gæst eller systemet selv.",
                "From the company's guest system: the reception, a host, a guest or the system itself.",
            ),
            Self::Backend => Words::new(
                "Fra virksomhedens eget system, hvor du er registreret.",
                "From the company's own system, in which you are registered.",
            ),
            Self::Import => Words::new(
                "Fra en fil med tidligere besøg, som virksomheden har indlæst.",
                "From a file of earlier visits that the company has read in.",
            ),
        }
    }
}

/// Why another person's data are left out (Article 15(4); REQUIREMENTS L-16).
pub(crate) fn rights_of_others() -> Words {
    Words::new(
        "Oplysninger om andre personer er udeladt, fordi det ville krænke deres rettigheder at udlevere dem. Du kan se, hvilken rolle de havde.",
        "Data about other people are left out, since handing them over would adversely affect their rights. You can see what part they had.",
    )
}
