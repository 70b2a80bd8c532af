//! The words of each code.

use super::super::super::words;
use super::codes::{Meaning, Role};
use crate::domain::event::{Channel, CheckOutReason, DeliveryStatus, EventType, Origin};
use crate::domain::hold::{HeldField, HoldGround};
use crate::domain::locale::Locale;
use crate::domain::objection::{Claim, Purpose, State as Decision};
use crate::domain::person::{Kind, Source};
use crate::domain::reading::{Lookup, Role as ReadBy};
use crate::domain::restriction::Ground;
use crate::domain::rights::{self, Channel as CaseChannel, ExtensionGround, Method, Right, State as CaseState};
use crate::domain::visit::VisitState;
use crate::domain::webhook::{State as Delivery, Topic};
use crate::domain::words::Words;

macro_rules! meanings {
    ($($type:ident { $($variant:ident = $da:literal, $en:literal;)* })*) => {$(
        impl Meaning for $type {
            fn words(self) -> Words {
                match self { $(Self::$variant => Words::new($da, $en)),* }
            }
        }
    )*};
}

/// Codes whose words are those of the letters and pages.
macro_rules! as_in_letters {
    ($($type:ty = $words:path;)*) => {$(
        impl Meaning for $type {
            fn words(self) -> Words {
                Words::new($words(self, Locale::Da), $words(self, Locale::En))
            }
        }
    )*};
}

as_in_letters! {
    Right = words::right_name;
    rights::Decision = words::decision;
    rights::Ground = words::ground;
}

meanings! {
    Kind {
        Guest = "gæst", "guest";
        Host = "vært", "host";
        Recipient = "modtager af beskeder", "recipient of notifications";
    }
    Source {
        Event = "gæstesystemet", "the guest system";
        Backend = "virksomhedens eget system", "the company's own system";
    }
    EventType {
        Expected = "Besøg ventet", "Visit expected";
        Cancelled = "Besøg aflyst", "Visit cancelled";
        Denied = "Adgang afvist", "Turned away";
        CheckedIn = "Tjekket ind", "Checked in";
        CheckedOut = "Tjekket ud", "Checked out";
        NotificationSent = "Besked sendt", "Notification sent";
        NotificationDelivered = "Besked leveret", "Notification delivered";
        NotificationFailed = "Besked ikke leveret", "Notification failed";
        NotificationAcknowledged = "Besked besvaret", "Notification answered";
    }
    Origin {
        Kiosk = "skærm til selvbetjening", "self-service screen";
        Reception = "receptionen", "the reception";
        Host = "værten", "the host";
        Api = "virksomhedens eget system", "the company's own system";
        Import = "indlæst fra en fil", "read from a file";
        System = "gæstesystemet selv", "the guest system itself";
    }
    CheckOutReason {
        SelfService = "gæsten selv", "the guest";
        Host = "værten", "the host";
        Reception = "receptionen", "the reception";
        Auto = "automatisk efter en regel", "automatically, by a rule";
        Evacuation = "en evakuering", "an evacuation";
        Import = "indlæst fra en fil", "read from a file";
    }
    Channel {
        Sms = "sms", "text message";
        Email = "e-mail", "e-mail";
        Push = "besked i en app", "message in an app";
        Voice = "opkald", "call";
        Chat = "chat", "chat";
    }
    DeliveryStatus {
        Queued = "venter på at blive sendt", "waiting to be sent";
        Sent = "sendt", "sent";
        Delivered = "leveret", "delivered";
        Failed = "ikke leveret", "not delivered";
        Acknowledged = "besvaret", "answered";
    }
    VisitState {
        Expected = "ventet", "expected";
        Open = "i gang", "under way";
        Closed = "afsluttet", "over";
        Cancelled = "aflyst", "cancelled";
        Denied = "afvist", "turned away";
    }
    Ground {
        Accuracy = "Du bestrider, at oplysningerne er rigtige (artikel 18, stk. 1, litra a)",
            "You contest that the data are accurate (Article 18(1)(a))";
        UnlawfulKept = "Behandlingen er ulovlig, og du har modsat dig sletning (artikel 18, stk. 1, litra b)",
            "The processing is unlawful and you oppose erasure (Article 18(1)(b))";
        LegalClaim = "Du skal bruge oplysningerne til et retskrav (artikel 18, stk. 1, litra c)",
            "You need the data for a legal claim (Article 18(1)(c))";
        Objection = "Du har gjort indsigelse, og den er ikke afgjort (artikel 18, stk. 1, litra d)",
            "You have objected, and it is not decided yet (Article 18(1)(d))";
    }
    Purpose {
        Registration = "at dine besøg registreres", "that your visits are logged";
        Statistics = "at dine besøg tælles med", "that your visits are counted";
        Improvement = "at dine besøg bruges til at forbedre systemet", "that your visits are used to improve the system";
        Notification = "at du får besked, når nogen kommer", "that you are told when somebody comes";
        Marketing = "markedsføring", "marketing";
    }
    Claim {
        Objection = "indsigelse", "objection";
        Withdrawal = "samtykke trukket tilbage", "consent withdrawn";
    }
    Decision {
        Pending = "ikke afgjort; brugen er stoppet", "not decided; the use has stopped";
        Upheld = "imødekommet; brugen er stoppet", "upheld; the use has stopped";
        Overruled = "afslået; brugen fortsætter", "refused; the use goes on";
    }
    HoldGround {
        Expression = "ytrings- og informationsfrihed (artikel 17, stk. 3, litra a)",
            "freedom of expression and information (Article 17(3)(a))";
        Obligation = "en retlig forpligtelse eller en opgave i samfundets interesse (artikel 17, stk. 3, litra b)",
            "a legal obligation or a task in the public interest (Article 17(3)(b))";
        PublicHealth = "folkesundhed (artikel 17, stk. 3, litra c)", "public health (Article 17(3)(c))";
        Archiving = "arkiv, forskning eller statistik efter loven (artikel 17, stk. 3, litra d)",
            "archives, research or statistics by law (Article 17(3)(d))";
        LegalClaim = "et retskrav (artikel 17, stk. 3, litra e)", "a legal claim (Article 17(3)(e))";
    }
    HeldField {
        Name = "navn", "name";
        Email = "e-mail", "e-mail";
        Phone = "telefon", "phone";
        Company = "firma", "company";
        VehiclePlate = "nummerplade", "number plate";
        Visits = "besøg", "visits";
        Events = "hændelser", "events";
        Ip = "IP-adresse", "IP address";
        Hosting = "når du har været vært", "when you were the host";
        Notifications = "beskeder til dig", "notifications to you";
    }
    Topic {
        PersonRectified = "dine oplysninger er rettet", "your data were corrected";
        PersonErased = "du er slettet", "you were deleted";
        PersonRestricted = "dine oplysninger er under begrænsning", "your data are under restriction";
        PersonUnrestricted = "begrænsningen er ophævet", "the restriction was lifted";
        PersonObjected = "du har gjort indsigelse", "you have objected";
        CaseReceived = "en sag er modtaget", "a case was received";
        CaseVerified = "identiteten i en sag er bekræftet", "the identity in a case was verified";
        CaseDecided = "en sag er afgjort", "a case was decided";
        CaseDueSoon = "en sag skal snart besvares", "a case must be answered soon";
        CaseOverdue = "en sag er ikke besvaret i tide", "a case was not answered in time";
        NoticeRaised = "noget kræver opmærksomhed", "something needs attention";
        WebhookTest = "en prøve", "a test";
        WebhookDisabled = "et system får ikke længere besked", "a system is told no more";
    }
    Locale {
        Da = "dansk", "Danish";
        En = "engelsk", "English";
    }
    Delivery {
        Pending = "på vej", "on its way";
        Delivered = "leveret", "delivered";
        Dead = "ikke leveret", "not delivered";
    }
    Role {
        Guest = "gæst", "guest";
        Host = "vært", "host";
        Recipient = "modtager af besked", "recipient of a notification";
        Oneself = "dig selv", "yourself";
    }
    ReadBy {
        Operator = "den, der driver tjenesten", "whoever runs the service";
        GuestSystem = "gæstesystemet på et af virksomhedens steder", "the guest system at one of the company's sites";
        Backend = "virksomhedens eget system", "the company's own system";
    }
    Lookup {
        Events = "en liste over hændelser", "a list of events";
        Event = "en enkelt hændelse", "one event";
        Visits = "en liste over besøg", "a list of visits";
        Visit = "et enkelt besøg", "one visit";
        OnSite = "hvem der er i bygningen", "who is in the building";
        People = "en liste over personer", "a list of people";
        Person = "dine oplysninger", "your data";
        Put = "dine oplysninger, i svaret på, at virksomheden oplyste dem", "your data, in the answer to the company stating them";
        Patch = "dine oplysninger, i svaret på en rettelse", "your data, in the answer to a correction";
        Holds = "hvad der skal gemmes om dig", "what must be kept of you";
        Export = "alt om dig, til at give dig", "everything about you, to be given to you";
        Cases = "anmodninger om indsigt, rettelse og sletning", "requests for access, correction and deletion";
        CaseFile = "filen med svaret på din anmodning, til at give dig", "the file that answers your request, to be given to you";
        Case = "en anmodning om indsigt, rettelse eller sletning", "a request for access, correction or deletion";
    }
    CaseChannel {
        Form = "formularen på nettet", "the form on the web";
        Api = "virksomhedens eget system", "the company's own system";
        Email = "e-mail", "e-mail";
        Letter = "brev", "letter";
        Phone = "telefon", "telephone";
        InPerson = "personligt fremmøde", "in person";
    }
    CaseState {
        Received = "modtaget", "received";
        Verified = "identiteten er bekræftet", "identity verified";
        Decided = "afgjort, svaret er på vej", "decided, the answer is on its way";
        Released = "svaret er klar til dig", "the answer is ready for you";
        Closed = "afsluttet", "closed";
        Refused = "ikke imødekommet", "not done";
    }
    Method {
        Code = "en kode til din adresse", "a code to your address";
        SignedIn = "at du var logget ind", "your being signed in";
        Knowledge = "noget, kun du ved", "something only you know";
        KnownInPerson = "at virksomheden kender dig", "the company knowing you";
        Document = "et id-dokument, som ikke er gemt", "an identity document, which is not kept";
    }
    ExtensionGround {
        Complexity = "sagen er kompliceret", "the case is complex";
        Number = "du har sendt mange anmodninger", "you have made many requests";
    }
}
