//! Bounded text: every string that comes in has a stated length and no control characters.

use super::{FieldError, cpr, schema};
use serde::{Deserialize, Deserializer, Serialize};

/// Which further rule a kind of text obeys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// Nothing beyond length and control characters.
    None,
    /// No Danish civil registration number in any form (REQUIREMENTS L-06).
    Cpr,
    /// No civil registration number written with its hyphen: for opaque identifiers, whose ten bare digits may be a plain counter.
    HyphenatedCpr,
    /// As an e-mail address or as a phone number, whichever it looks like.
    Address,
}

/// Checks one text against its bounds.
///
/// # Errors
/// `empty`, `too_long`, `control_character` or `cpr_number`; never repeats the text.
pub fn check(text: &str, max: usize, screen: Screen) -> Result<(), FieldError> {
    if text.chars().all(|c| c.is_whitespace() || invisible(c)) {
        return Err(FieldError::new(
            "empty",
            format!("must have 1 to {max} characters; leave it out or send null for none"),
        ));
    }
    if text.len() > max && text.chars().count() > max {
        return Err(FieldError::new("too_long", format!("must have at most {max} characters")));
    }
    if text.chars().any(|c| c.is_control() || reorders(c)) {
        return Err(FieldError::new(
            "control_character",
            "must not contain control, line-separating or direction-changing characters",
        ));
    }
    let found = match screen {
        Screen::None => false,
        Screen::Cpr => cpr::found_in(text),
        Screen::Address if text.contains('@') => cpr::found_in(text),
        Screen::Address | Screen::HyphenatedCpr => cpr::hyphenated_in(text),
    };
    if found {
        return Err(FieldError::new(
            "cpr_number",
            "must not contain a civil registration number (CPR); it is not needed here and is not stored",
        ));
    }
    Ok(())
}

/// Takes no room on a page; joiners are part of words in some scripts, so they are not refused, only not enough.
fn invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Would make a list show a name otherwise than it is, or end its line.
fn reorders(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

macro_rules! text {
    ($($(#[$doc:meta])* $name:ident(max = $max:literal, screen = $screen:ident);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The most characters it may have.
            pub const MAX: usize = $max;

            /// Checks and takes the text.
            ///
            /// # Errors
            /// See [`check`].
            pub fn new(text: impl Into<String>) -> Result<Self, FieldError> {
                let text = text.into();
                check(&text, Self::MAX, Screen::$screen)?;
                Ok(Self(text))
            }

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        /// Redacted: the text may be personal data.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }

        schema::documented!($name, concat!(stringify!($name), "Text"), schema::text(1, $name::MAX, schema::PLAIN));
    )*};
}

text! {
    /// A customer's own identifier of a person: opaque, unique within the customer.
    Ref(max = 200, screen = HyphenatedCpr);
    /// A customer's own identifier of a visit; not screened, for a date and a number is a common booking number.
    VisitRef(max = 200, screen = None);
    /// A person's name.
    Name(max = 200, screen = Cpr);
    /// The company a guest comes from.
    Company(max = 200, screen = Cpr);
    /// A vehicle's number plate.
    VehiclePlate(max = 16, screen = Cpr);
    /// The number of a customer's guest-system licence.
    LicenseNumber(max = 64, screen = None);
    /// What a licence or a customer is called.
    Label(max = 200, screen = Cpr);
    /// The name of a check-in device, as its guest system gives it.
    Device(max = 100, screen = Cpr);
    /// The version of a guest-system app.
    AppVersion(max = 50, screen = Cpr);
    /// Where a notification went: a phone number or an e-mail address.
    Address(max = 254, screen = Address);
    /// The subject of a mail: one line, so that nothing in it can pass for another header.
    Subject(max = 200, screen = None);
    /// Why something is done, in words.
    Reason(max = 500, screen = Cpr);
    /// Which provision demands something.
    Law(max = 300, screen = Cpr);
    /// What a person says beside what is held of the person (Article 16).
    Statement(max = 2_000, screen = Cpr);
}
