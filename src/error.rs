//! The one error type and its table of codes. Knows nothing of HTTP.

use crate::domain::Fault;
use std::collections::BTreeMap;
use std::error::Error as StdError;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal / $status:literal : $title_en:literal, $title_da:literal;
       $about_en:literal, $about_da:literal;)*) => {
        /// Every way a request can be refused, or fail; the table that clients, pages and tests read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant),* }

        impl Code {
            /// All codes, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable snake_case code.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// The status that goes with it.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status),* }
            }

            /// A short title, English then Danish.
            #[must_use]
            pub fn title(self) -> (&'static str, &'static str) {
                match self { $(Self::$variant => ($title_en, $title_da)),* }
            }

            /// What it means and what to do about it, English then Danish.
            #[must_use]
            pub fn about(self) -> (&'static str, &'static str) {
                match self { $(Self::$variant => ($about_en, $about_da)),* }
            }
        }
    };
}

codes! {
    /// The body is not JSON, or not UTF-8.
    MalformedBody = "malformed_body" / 400: "The body cannot be read", "Indholdet kan ikke læses";
    "The body is not valid JSON in UTF-8. The detail says at which line and column reading stopped.",
    "Indholdet er ikke gyldig JSON i UTF-8. Detaljen siger, ved hvilken linje og kolonne læsningen stoppede.";
    /// A header, or the address, cannot be read.
    MalformedRequest = "malformed_request" / 400: "The request cannot be read", "Forespørgslen kan ikke læses";
    "A header or the address of the request is malformed. The detail names it.",
    "En header eller adressen i forespørgslen er forkert opbygget. Detaljen siger hvilken.";
    /// No credential, or one that is not valid.
    Unauthenticated = "unauthenticated" / 401: "A valid key is needed", "Der skal bruges en gyldig nøgle";
    "Send an API key as 'Authorization: Bearer glk_…'. A key that is misspelt, revoked or expired is refused in the same words as one that never existed.",
    "Send en API-nøgle som 'Authorization: Bearer glk_…'. En nøgle, der er skrevet forkert, tilbagekaldt eller udløbet, afvises med samme ord som en, der aldrig har eksisteret.";
    /// The key is valid, its scopes do not reach this far.
    Forbidden = "forbidden" / 403: "The key does not allow this", "Nøglen giver ikke adgang til dette";
    "The key is valid, but lacks the scope that this operation needs, or is bound to another licence. The detail names the scope.",
    "Nøglen er gyldig, men mangler den rettighed, som handlingen kræver, eller er bundet til en anden licens. Detaljen nævner rettigheden.";
    /// A one-time code is wrong, or its time is over.
    CodeRefused = "code_refused" / 403: "The code is not right", "Koden er ikke rigtig";
    "The code is misspelt, was tried too often, or its time is over. Ask for a new one. An unknown request is answered in the same words.",
    "Koden er skrevet forkert, prøvet for mange gange eller udløbet. Bed om en ny. En ukendt anmodning besvares med de samme ord.";
    /// Nothing here, or nothing of this customer's.
    NotFound = "not_found" / 404: "There is nothing here", "Her er ikke noget";
    "No such thing exists for the customer of this key. What belongs to another customer is answered in exactly the same way.",
    "Det findes ikke hos den kunde, som nøglen hører til. Det, der hører til en anden kunde, besvares på præcis samme måde.";
    /// The address exists, not with this method.
    MethodNotAllowed = "method_not_allowed" / 405: "The method is not allowed here", "Metoden kan ikke bruges her";
    "The address exists, but not with this method. The header Allow lists those it has.",
    "Adressen findes, men ikke med denne metode. Headeren Allow viser dem, den har.";
    /// None of the media types on offer is accepted.
    NotAcceptable = "not_acceptable" / 406: "No acceptable form", "Ingen brugbar form";
    "The answer does not exist in any of the media types that the request accepts.",
    "Svaret findes ikke i nogen af de medietyper, som forespørgslen accepterer.";
    /// The client took too long to send its request.
    RequestTimeout = "request_timeout" / 408: "The request took too long", "Forespørgslen tog for lang tid";
    "The request did not arrive whole in time. Send it again; events are safe to repeat by their id.",
    "Forespørgslen nåede ikke frem i tide. Send den igen; begivenheder kan trygt gentages med samme id.";
    /// The same event id with another body.
    EventConflict = "event_conflict" / 409: "The event id is taken by another event", "Begivenhedens id er brugt til en anden begivenhed";
    "An event with this id is stored, and its content differs from what was sent. Events are never overwritten: send a correction as a new event with 'corrects'.",
    "Der er gemt en begivenhed med dette id, og dens indhold er et andet end det sendte. Begivenheder overskrives aldrig: send en rettelse som en ny begivenhed med 'corrects'.";
    /// The same Idempotency-Key with another request.
    IdempotencyConflict = "idempotency_conflict" / 409: "The Idempotency-Key was used for another request", "Idempotency-Key er brugt til en anden forespørgsel";
    "Within the last seven days the same Idempotency-Key came with another request. Use a new key for a new request.",
    "Inden for de seneste syv dage kom samme Idempotency-Key med en anden forespørgsel. Brug en ny nøgle til en ny forespørgsel.";
    /// Something of that name exists.
    AlreadyExists = "already_exists" / 409: "It exists already", "Det findes allerede";
    "Something with this number or name exists already. The detail says what.",
    "Der findes allerede noget med dette nummer eller navn. Detaljen siger hvad.";
    /// The customer has deleted the person; only an explicit word makes the person anew.
    PersonErased = "person_erased" / 409: "The person has been deleted", "Personen er slettet";
    "The customer has deleted this person, and late messages must not bring the person back. If you mean to register the person anew, PUT with ?recreate=true: a new life of the ref begins, and events from before it stay refused.",
    "Kunden har slettet personen, og forsinkede beskeder må ikke bringe personen tilbage. Skal personen oprettes på ny, så brug PUT med ?recreate=true: så begynder forfra under samme ref, og begivenheder fra før afvises fortsat.";
    /// The person's data are restricted: they must be kept.
    PersonRestricted = "person_restricted" / 409: "The person's data are under restriction", "Personens oplysninger er under begrænsning";
    "The person's data may be stored and not used otherwise (Article 18 GDPR). They are in no list, count or message. A key with the scope rights sees the mark by GET /v1/people/{ref}; with ?restricted= and the ground of the exception it reads the data, and the reading is written down. A deletion is refused when the person has asked that the data be kept (grounds b and c): nothing was deleted. If it is to be carried out all the same, repeat the request with ?confirmation= and the token in 'confirmation'.",
    "Personens oplysninger må kun opbevares, ikke bruges til andet (artikel 18 i databeskyttelsesforordningen). De indgår ikke i lister, optællinger eller beskeder. En nøgle med rettigheden rights kan se markeringen med GET /v1/people/{ref}; med ?restricted= og grunden til undtagelsen kan den læse oplysningerne, og det bliver noteret. En sletning afvises, når personen har bedt om, at oplysningerne bevares (litra b og c): intet er slettet. Skal der slettes alligevel, så gentag forespørgslen med ?confirmation= og koden i 'confirmation'.";
    /// A restriction is to be lifted, and the person has not been told.
    PersonNotTold = "person_not_told" / 409: "The person must be told first", "Personen skal have besked først";
    "A restriction may be lifted only when the person has been told that it will be (Article 18(3) GDPR). Tell the person, and repeat the request with ?told_at= and the time at which you did.",
    "En begrænsning må først ophæves, når personen har fået besked om det (artikel 18, stk. 3, i databeskyttelsesforordningen). Giv personen besked, og gentag forespørgslen med ?told_at= og tidspunktet for beskeden.";
    /// Nobody may refuse this objection.
    ObjectionAbsolute = "objection_absolute" / 409: "This objection cannot be refused", "Denne indsigelse kan ikke afvises";
    "An objection to direct marketing stops it at once and for good, and a consent can always be withdrawn (Articles 21(3) and 7(3) GDPR). There is nothing to weigh, so neither can be refused, and an objection to marketing cannot be removed.",
    "En indsigelse mod direkte markedsføring stopper den straks og for altid, og et samtykke kan altid trækkes tilbage (artikel 21, stk. 3, og artikel 7, stk. 3, i databeskyttelsesforordningen). Der er intet at afveje. Derfor kan ingen af dem afvises, og en indsigelse mod markedsføring kan ikke fjernes.";
    /// The case has come too far, or not far enough, for this.
    CaseState = "case_state" / 409: "The case is not where this can be done", "Sagen er ikke nået til det punkt, hvor dette kan gøres";
    "A case goes from received over verified and decided to released and closed, or is refused. The detail says what is missing or what is over.",
    "En sag går fra modtaget over bekræftet og afgjort til frigivet og lukket, eller den afvises. Detaljen siger, hvad der mangler, eller hvad der er overstået.";
    /// A comparison would delete more than its bound.
    ReconciliationNeedsConfirmation = "reconciliation_needs_confirmation" / 409: "The comparison would delete many people", "Sammenligningen ville slette mange personer";
    "The list lacks more of the people held than the bound allows, or it is empty. Nothing was deleted. If the list is right, send it again with ?confirmation= and the token in 'confirmation'.",
    "Listen mangler flere af de registrerede personer, end grænsen tillader, eller den er tom. Intet er slettet. Er listen rigtig, så send den igen med ?confirmation= og koden i 'confirmation'.";
    /// There are as many as there may be.
    LimitReached = "limit_reached" / 409: "There are as many as there may be", "Der er så mange, som der må være";
    "Nothing was made: there are as many of this kind as a customer may have. The detail names the bound. Delete one that is not needed, or ask the operator.",
    "Intet er oprettet: der er allerede så mange af slagsen, som en kunde må have. Detaljen nævner grænsen. Slet en, der ikke bruges, eller spørg dem, der driver tjenesten.";
    /// A message that cannot be sent.
    NotDeliverable = "not_deliverable" / 409: "It cannot be sent", "Det kan ikke sendes";
    "The webhook is disabled, or what the message said is not kept any more: that goes as soon as every webhook has it, and after some time in any case. The detail says which.",
    "Webhooken er slået fra, eller beskedens indhold gemmes ikke længere: det fjernes, så snart alle webhooks har fået det, og under alle omstændigheder efter nogen tid. Detaljen siger hvilket.";
    /// The file of an answer was fetched, or its time is over.
    FileGone = "file_gone" / 410: "The file is gone", "Filen er væk";
    "The file of an answer can be fetched once, within seven days of its release. It was fetched, or the days are over. Ask again; a new request is free.",
    "Filen med et svar kan hentes én gang, inden for syv dage efter at den er klar. Den er hentet, eller dagene er gået. Bed om den igen; det koster ikke noget.";
    /// The body is larger than allowed.
    BodyTooLarge = "body_too_large" / 413: "The body is too large", "Indholdet er for stort";
    "The body, a line of it or a batch is larger than the bound that the detail names. Send it in smaller parts.",
    "Indholdet, en linje i det eller et parti er større end den grænse, som detaljen nævner. Send det i mindre dele.";
    /// The body is of a media type that is not taken here.
    UnsupportedMediaType = "unsupported_media_type" / 415: "The media type is not taken here", "Medietypen kan ikke bruges her";
    "The header Content-Type is missing or names a type that this address does not take. The detail lists those it takes.",
    "Headeren Content-Type mangler eller nævner en type, som adressen ikke tager imod. Detaljen viser dem, den kan bruge.";
    /// The body reads well and says something that cannot be.
    InvalidInput = "invalid_input" / 422: "Something in the request is not right", "Noget i forespørgslen er ikke rigtigt";
    "One or more fields are missing, unknown or outside their bounds. 'errors' names each by its JSON pointer, with the bound.",
    "Et eller flere felter mangler, er ukendte eller ligger uden for deres grænser. 'errors' nævner hvert felt med dets JSON-pointer og grænsen.";
    /// The licence is unknown to the customer, or revoked.
    LicenseUnknown = "license_unknown" / 422: "The licence is not in force", "Licensen er ikke gyldig";
    "The customer of this key has no licence of that number, or it has been revoked.",
    "Kunden har ingen licens med dette nummer, eller den er tilbagekaldt.";
    /// A hold that rests on no provision.
    HoldWithoutGround = "hold_without_ground" / 422: "The hold names no provision", "Der er ikke nævnt nogen bestemmelse";
    "Data may be kept beyond an erasure only where Article 17(3) GDPR allows it. Name the provision that demands it in 'law', for instance 'Bogføringsloven § 12' or the number of the legal case. Administrative reasons alone are not enough.",
    "Oplysninger må kun bevares trods sletning, når artikel 17, stk. 3, i databeskyttelsesforordningen giver lov til det. Nævn den bestemmelse, der kræver det, i 'law', for eksempel 'Bogføringsloven § 12' eller retssagens nummer. Administrative grunde alene er ikke nok.";
    /// More requests than the limit allows.
    TooManyRequests = "too_many_requests" / 429: "Too many requests", "For mange forespørgsler";
    "The limit for this key is used up for now. The header Retry-After says in how many seconds to try again.",
    "Grænsen for denne nøgle er brugt op for nu. Headeren Retry-After siger, om hvor mange sekunder der kan prøves igen.";
    /// The headers are too large.
    HeadersTooLarge = "headers_too_large" / 431: "The headers are too large", "Headerne er for store";
    "The headers of the request are larger than the bound that the detail names.",
    "Forespørgslens headere er større end den grænse, som detaljen nævner.";
    /// A fault of ours.
    Internal = "internal" / 500: "A fault of ours", "En fejl hos os";
    "Something went wrong on our side and has been logged under the request id. Nothing was acknowledged; it is safe to try again.",
    "Noget gik galt hos os og er noteret under forespørgslens id. Intet er kvitteret for; det er trygt at prøve igen.";
    /// Busy, starting, stopping, or without its database.
    Unavailable = "unavailable" / 503: "Not available just now", "Ikke tilgængelig lige nu";
    "The service is busy, starting, stopping or cannot reach its database. Nothing was acknowledged; try again after the seconds in Retry-After.",
    "Tjenesten er optaget, ved at starte eller stoppe eller kan ikke nå sin database. Intet er kvitteret for; prøv igen efter det antal sekunder, der står i Retry-After.";
}

type Source = Box<dyn StdError + Send + Sync>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The client's doing: a code, a sentence without personal data, and the fields at fault.
    #[error("{}: {detail}", code.as_str())]
    Refused {
        /// Which of the table.
        code: Code,
        /// A sentence for people; names fields and bounds, never values.
        detail: String,
        /// The fields at fault, for invalid input.
        faults: Vec<Fault>,
    },
    /// Refused until the client says with a token that it is meant.
    #[error("{}: {detail}", code.as_str())]
    Unconfirmed {
        /// Which of the table.
        code: Code,
        /// A sentence for people.
        detail: String,
        /// The token.
        confirmation: String,
        /// What is to be confirmed, in numbers.
        counts: BTreeMap<&'static str, u64>,
    },
    /// Busy or out of reach for a moment; the client may try again.
    #[error("unavailable")]
    Unavailable(#[source] Source),
    /// The database lost a race and the transaction may be run again.
    #[error("lost a race")]
    Conflict(#[source] Source),
    /// A fault of ours.
    #[error("internal")]
    Internal(#[source] Source),
}

impl Error {
    /// A refusal with a sentence of its own.
    pub fn refused(code: Code, detail: impl Into<String>) -> Self {
        Self::Refused { code, detail: detail.into(), faults: Vec::new() }
    }

    /// Nothing here: one and the same for what is missing and what is somebody else's.
    #[must_use]
    pub fn not_found() -> Self {
        Self::refused(Code::NotFound, "There is nothing here for the customer of this key.")
    }

    /// Invalid input, each fault with its pointer.
    #[must_use]
    pub fn invalid(faults: Vec<Fault>) -> Self {
        let detail = match faults.as_slice() {
            [one] => format!("{} {}", if one.pointer.is_empty() { "The body" } else { &one.pointer }, one.detail),
            more => format!("{} fields are not right; see errors.", more.len()),
        };
        Self::Refused { code: Code::InvalidInput, detail, faults }
    }

    /// A fault of ours.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::Internal(source.into())
    }

    /// Busy or out of reach.
    pub fn unavailable(source: impl Into<Source>) -> Self {
        Self::Unavailable(source.into())
    }

    /// Its place in the table.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Refused { code, .. } | Self::Unconfirmed { code, .. } => *code,
            Self::Unavailable(_) | Self::Conflict(_) => Code::Unavailable,
            Self::Internal(_) => Code::Internal,
        }
    }
}
