//! What people outside read of rights, decisions and grounds, in Danish and English.

use crate::domain::locale::Locale;
use crate::domain::rights::{Decision, Ground, Right};
use crate::domain::webhook::Fault;

/// The text of a language.
macro_rules! in_both {
    ($locale:expr, $da:literal, $en:literal) => {
        match $locale {
            Locale::Da => $da,
            Locale::En => $en,
        }
    };
}

/// Why a file could not be sent, after "that did not work:" and "det lykkedes ikke:".
#[must_use]
pub fn fault(fault: Fault, locale: Locale) -> &'static str {
    match fault {
        Fault::Status => {
            in_both!(locale, "modtageren tager ikke imod filen", "the recipient does not accept the file")
        }
        Fault::Redirect => {
            in_both!(locale, "adressen fører videre til en anden adresse", "the address leads on to another address")
        }
        Fault::Timeout => in_both!(locale, "modtageren svarer ikke i tide", "the recipient does not answer in time"),
        Fault::Name => in_both!(locale, "adressen findes ikke", "the address does not exist"),
        Fault::Address => {
            in_both!(locale, "adressen ligger ikke på det åbne internet", "the address is not on the open internet")
        }
        Fault::Certificate => in_both!(
            locale,
            "forbindelsen til modtageren er ikke sikker",
            "the connection to the recipient is not secure"
        ),
        Fault::Connection => {
            in_both!(locale, "der er ikke forbindelse til modtageren", "the recipient cannot be reached")
        }
    }
}

/// What a person asked for, after "asked for" and "bedt om".
#[must_use]
pub fn right(right: Right, locale: Locale) -> &'static str {
    match right {
        Right::Access => in_both!(locale, "indsigt i dine oplysninger", "access to your data"),
        Right::Portability => {
            in_both!(locale, "en fil med de oplysninger, du selv har givet", "a file of the data that you supplied")
        }
        Right::Erasure => in_both!(locale, "sletning af dine oplysninger", "deletion of your data"),
        Right::Rectification => in_both!(locale, "rettelse af dine oplysninger", "correction of your data"),
        Right::Restriction => {
            in_both!(locale, "at dine oplysninger gemmes uden at blive brugt", "your data to be stored and not used")
        }
        Right::Objection => {
            in_both!(locale, "at brugen af dine oplysninger stopper", "the use of your data to stop")
        }
        Right::ConsentWithdrawal => {
            in_both!(locale, "at dit samtykke ikke længere gælder", "your consent to be withdrawn")
        }
        Right::Complaint => in_both!(locale, "svar på din klage", "an answer to your complaint"),
    }
}

/// The name of a right, as a choice in a form and as a heading.
#[must_use]
pub fn right_name(right: Right, locale: Locale) -> &'static str {
    match right {
        Right::Access => in_both!(locale, "Se mine oplysninger", "See my data"),
        Right::Portability => in_both!(locale, "Tag mine oplysninger med", "Take my data with me"),
        Right::Erasure => in_both!(locale, "Slet mine oplysninger", "Delete my data"),
        Right::Rectification => in_both!(locale, "Ret mine oplysninger", "Correct my data"),
        Right::Restriction => in_both!(locale, "Gem, men brug ikke mine oplysninger", "Keep, but do not use my data"),
        Right::Objection => in_both!(locale, "Stop brugen af mine oplysninger", "Stop using my data"),
        Right::ConsentWithdrawal => in_both!(locale, "Træk mit samtykke tilbage", "Withdraw my consent"),
        Right::Complaint => in_both!(locale, "Klag", "Complain"),
    }
}

/// What a right means, in a sentence.
#[must_use]
pub fn right_about(right: Right, locale: Locale) -> &'static str {
    match right {
        Right::Access => in_both!(
            locale,
            "Du får at vide, om der er gemt noget om dig, og får en kopi som en fil.",
            "You learn whether anything is held about you, and get a copy as a file."
        ),
        Right::Portability => in_both!(
            locale,
            "Du får de oplysninger, du selv har givet, i en fil, som andre systemer kan læse.",
            "You get the data that you supplied in a file that other systems can read."
        ),
        Right::Erasure => in_both!(
            locale,
            "Dine oplysninger slettes, medmindre en lov kræver, at noget bliver gemt. Du får at vide hvad og hvor længe.",
            "Your data are deleted, unless a law demands that some be kept. You are told what, and for how long."
        ),
        Right::Rectification => in_both!(
            locale,
            "Skriv, hvad der er forkert eller mangler, og hvad der er rigtigt.",
            "Write what is wrong or missing, and what is right."
        ),
        Right::Restriction => in_both!(
            locale,
            "Oplysningerne gemmes, men bruges ikke, for eksempel mens det bliver undersøgt, om de er rigtige.",
            "The data are stored but not used, for instance while it is examined whether they are right."
        ),
        Right::Objection => in_both!(
            locale,
            "Skriv, hvad du vil have stoppet, og hvad det er i din situation, der gør det rimeligt. Er det markedsføring, behøver du ingen grund.",
            "Write what should stop, and what it is in your situation that calls for it. For marketing you need no reason."
        ),
        Right::ConsentWithdrawal => in_both!(
            locale,
            "Dit ja gælder ikke længere. Det, der allerede er sket, bliver ikke ulovligt af det.",
            "Your consent no longer applies. What happened before does not become unlawful by it."
        ),
        Right::Complaint => in_both!(
            locale,
            "Du er ikke tilfreds med et svar eller med, hvordan dine oplysninger er brugt.",
            "You are not satisfied with an answer, or with how your data were used."
        ),
    }
}

/// What a decision is called.
#[must_use]
pub fn decision(decision: Decision, locale: Locale) -> &'static str {
    match decision {
        Decision::Approve => in_both!(locale, "Imødekommet", "Done as you asked"),
        Decision::Partial => in_both!(locale, "Delvist imødekommet", "Done in part"),
        Decision::Refuse => in_both!(locale, "Ikke imødekommet", "Not done"),
    }
}

/// Why something was not done, with the article that says so.
#[must_use]
pub fn ground(ground: Ground, locale: Locale) -> &'static str {
    match ground {
        Ground::NotIdentified => in_both!(
            locale,
            "Vi kunne ikke få sikkerhed for, hvem du er (artikel 12, stk. 2).",
            "We could not make sure who you are (Article 12(2))."
        ),
        Ground::ManifestlyUnfounded => in_both!(
            locale,
            "Anmodningen er åbenbart grundløs (artikel 12, stk. 5).",
            "The request is manifestly unfounded (Article 12(5))."
        ),
        Ground::Excessive => in_both!(
            locale,
            "Anmodningen er overdreven (artikel 12, stk. 5).",
            "The request is excessive (Article 12(5))."
        ),
        Ground::RightsOfOthers => in_both!(
            locale,
            "Noget er udeladt af hensyn til andre personer (artikel 15, stk. 4, og databeskyttelseslovens § 22).",
            "Some things are left out to protect other people (Article 15(4), section 22 of databeskyttelsesloven)."
        ),
        Ground::NotPortable => in_both!(
            locale,
            "Noget af det har du ikke selv givet, eller det bygger ikke på samtykke eller aftale (artikel 20, stk. 1).",
            "Some of it was not supplied by you, or does not rest on consent or contract (Article 20(1))."
        ),
        Ground::FreedomOfExpression => in_both!(
            locale,
            "Oplysningerne er nødvendige for ytrings- og informationsfriheden (artikel 17, stk. 3, litra a).",
            "The data are needed for the freedom of expression and information (Article 17(3)(a))."
        ),
        Ground::LegalObligation => in_both!(
            locale,
            "En lov kræver, at oplysningerne gemmes (artikel 17, stk. 3, litra b).",
            "A law demands that the data be kept (Article 17(3)(b))."
        ),
        Ground::PublicHealth => in_both!(
            locale,
            "Oplysningerne er nødvendige for folkesundheden (artikel 17, stk. 3, litra c).",
            "The data are needed for public health (Article 17(3)(c))."
        ),
        Ground::Archiving => in_both!(
            locale,
            "Oplysningerne er nødvendige for arkiv, forskning eller statistik i samfundets interesse (artikel 17, stk. 3, litra d).",
            "The data are needed for archives, research or statistics in the public interest (Article 17(3)(d))."
        ),
        Ground::LegalClaims => in_both!(
            locale,
            "Oplysningerne er nødvendige for et retskrav (artikel 17, stk. 3, litra e, og artikel 21, stk. 1).",
            "The data are needed for a legal claim (Articles 17(3)(e) and 21(1))."
        ),
        Ground::StillNeeded => in_both!(
            locale,
            "Oplysningerne bruges stadig til det, de blev indsamlet til (artikel 17, stk. 1, litra a).",
            "The data are still needed for what they were collected for (Article 17(1)(a))."
        ),
        Ground::Accurate => in_both!(
            locale,
            "Vi har undersøgt oplysningerne, og de er rigtige (artikel 16).",
            "We have examined the data, and they are right (Article 16)."
        ),
        Ground::NoGroundToRestrict => in_both!(
            locale,
            "Ingen af de fire grunde til at begrænse brugen er til stede (artikel 18, stk. 1).",
            "None of the four grounds to restrict the use is there (Article 18(1))."
        ),
        Ground::CompellingGrounds => in_both!(
            locale,
            "Der er vægtige legitime grunde til brugen, som går forud for dine interesser (artikel 21, stk. 1).",
            "There are compelling legitimate grounds for the use, which override your interests (Article 21(1))."
        ),
        Ground::ComplaintUnfounded => in_both!(
            locale,
            "Vi har gennemgået sagen igen og mener, at svaret var rigtigt.",
            "We have gone through the case again and find that the answer was right."
        ),
    }
}
