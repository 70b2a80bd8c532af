//! Personal columns that the export names and does not show, each with its reason.

use crate::domain::words::Words;

/// Why a column is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// A number of the database that links rows which the file shows together.
    Link,
    /// A keyed digest of a value that the file shows.
    Digest,
    /// A key: whoever has it could open copies of the data.
    Key,
    /// A fingerprint of bytes that are erased; it leads nowhere any more.
    Fingerprint,
    /// A mark that is there for the minutes that a comparison runs.
    Passing,
    /// Of a mail on its way, which hangs on no person's row: the person gets it, and its words go when it has left.
    Mail,
    /// What came by the public form: the request that it became stands in the file.
    Case,
    /// The file itself, while it waits for the person.
    File,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Link, Self::Digest, Self::Key, Self::Fingerprint, Self::Passing, Self::Mail, Self::Case, Self::File];

    /// Its name in `article-15.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Digest => "digest",
            Self::Key => "key",
            Self::Fingerprint => "fingerprint",
            Self::Passing => "passing",
            Self::Mail => "mail",
            Self::Case => "case",
            Self::File => "file",
        }
    }

    /// The reason, for the person.
    pub fn words(self) -> Words {
        match self {
            Self::Link => Words::new(
                "Interne løbenumre, der kun knytter rækker sammen. Det, de knytter sammen, står samlet i filen.",
                "Internal numbers that only link rows. What they link stands together in the file.",
            ),
            Self::Digest => Words::new(
                "Kontrolværdier, der er beregnet af oplysninger, som filen viser, og bruges til at finde dem igen.",
                "Values computed from data that the file shows, used to find them again.",
            ),
            Self::Key => Words::new(
                "Nøglen, der låser dine oplysninger op. Den kan ikke læses som en oplysning og udleveres ikke af hensyn til sikkerheden.",
                "The key that opens your data. It says nothing by itself and is not handed out, for security.",
            ),
            Self::Fingerprint => Words::new(
                "Fingeraftryk af data, der er slettet. De fører ikke længere til nogen og gemmes kun for at vise, at sletningen er sket.",
                "Fingerprints of data that are erased. They lead to nobody any more and are kept to show that the erasure was done.",
            ),
            Self::Passing => Words::new(
                "Mærker, der kun findes i de minutter, hvor virksomhedens liste bliver sammenlignet.",
                "Marks that exist only for the minutes in which the company's list is compared.",
            ),
            Self::Mail => Words::new(
                "E-mails, der er på vej. Dem til dig får du selv; indholdet slettes, når de er sendt.",
                "E-mails on their way. Those to you reach you; their content is deleted when they have been sent.",
            ),
            Self::Case => Words::new(
                "Det, du har skrevet i formularen. Når det er sendt videre, står det i filen under dine anmodninger.",
                "What you wrote in the form. Once it is passed on, it stands in the file among your requests.",
            ),
            Self::File => Words::new(
                "Filen med svaret, mens den venter på dig. Den slettes, når du har hentet den, eller efter syv dage.",
                "The file of an answer while it waits for you. It is deleted when you have fetched it, or after seven days.",
            ),
        }
    }
}

/// The columns, as `table.column`.
pub(crate) const UNSHOWN: &[(&str, Reason)] = &[
    ("people.id", Reason::Link),
    ("people.wrapped_key", Reason::Key),
    ("events.id", Reason::Link),
    ("events.person_id", Reason::Link),
    ("events.visit_ref_index", Reason::Digest),
    ("events.digest", Reason::Digest),
    ("event_hosts.event_key", Reason::Link),
    ("event_hosts.person_id", Reason::Link),
    ("event_recipients.event_key", Reason::Link),
    ("event_recipients.person_id", Reason::Link),
    ("visits.person_id", Reason::Link),
    ("restrictions.person_id", Reason::Link),
    ("objections.person_id", Reason::Link),
    ("statements.person_id", Reason::Link),
    ("holds.person_id", Reason::Link),
    ("holds.ref_digest", Reason::Digest),
    ("webhook_messages.person_id", Reason::Link),
    ("mails.public_id", Reason::Mail),
    ("mails.content_sealed", Reason::Mail),
    ("access_people.person_id", Reason::Link),
    ("access_people.access_id", Reason::Link),
    ("privacy_requests.id", Reason::Link),
    ("privacy_requests.public_id", Reason::Case),
    ("privacy_requests.asked", Reason::Case),
    ("privacy_requests.locale", Reason::Case),
    ("privacy_requests.received_at", Reason::Case),
    ("privacy_requests.asked_sealed", Reason::Case),
    ("privacy_requests.code_digest", Reason::Digest),
    ("privacy_requests.verified_at", Reason::Case),
    ("privacy_requests.token_digest", Reason::Digest),
    ("privacy_requests.passed_on_at", Reason::Case),
    ("cases.id", Reason::Link),
    ("cases.request_id", Reason::Link),
    ("case_people.case_id", Reason::Link),
    ("case_people.person_id", Reason::Link),
    ("case_files.case_id", Reason::File),
    ("case_files.sealed", Reason::File),
    ("case_transfers.case_id", Reason::Link),
    ("tombstones.digest", Reason::Digest),
    ("erasure_marks.marks", Reason::Fingerprint),
    ("reconciliation_people.person_id", Reason::Passing),
];
