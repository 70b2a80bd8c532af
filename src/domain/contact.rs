//! E-mail addresses and phone numbers: kept as given, compared in one normal form.

use super::text::{Screen, check};
use super::{FieldError, schema};
use serde::{Deserialize, Deserializer, Serialize};
use unicode_normalization::UnicodeNormalization;

/// What every address has.
const EMAIL: &str = "^[^@]+@[^@]+$";
/// How a number is written.
const PHONE: &str = "^[ ()./-]*\\+?[ ()./-]*([0-9][ ()./-]*){4,15}$";

/// An e-mail address, as given.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// The most characters it may have (RFC 5321 section 4.5.3.1.3, without its brackets).
    pub const MAX: usize = 254;

    /// Checks and takes the address.
    ///
    /// Only what every address has is asked for; whether it takes mail, only mail can tell.
    ///
    /// # Errors
    /// `invalid_email`, or those of [`check`]; never repeats the address.
    pub fn new(text: impl Into<String>) -> Result<Self, FieldError> {
        let text = text.into();
        check(&text, Self::MAX, Screen::Cpr)?;
        // Judged as it will be compared, since a full-width @ becomes a plain one there.
        let normalised = normalised_email(&text);
        let sound = text.matches('@').count() == 1
            && normalised.matches('@').count() == 1
            && normalised.split_once('@').is_some_and(|(local, domain)| {
                !local.is_empty() && !domain.is_empty() && !domain.contains(char::is_whitespace)
            });
        if !sound {
            return Err(FieldError::new(
                "invalid_email",
                "must be one e-mail address of at most 254 characters: a name, one @, a domain without spaces",
            ));
        }
        Ok(Self(text))
    }

    /// The address as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two spellings of one address are equal: trimmed, NFKC, lower case.
    ///
    /// Not full case folding, which would make `straße` and `strasse`, two mailboxes, one person's.
    #[must_use]
    pub fn normalised(&self) -> String {
        normalised_email(&self.0)
    }
}

fn normalised_email(text: &str) -> String {
    // Twice NFKC: lower case may leave a letter decomposed.
    let lower = text.nfkc().collect::<String>().to_lowercase();
    lower.nfkc().collect::<String>().trim().to_owned()
}

/// A phone number, as given.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Phone(String);

impl Phone {
    /// The most characters it may have.
    pub const MAX: usize = 32;

    /// Checks and takes the number.
    ///
    /// Ten bare digits pass, for many countries have such numbers; a civil registration number with its
    /// dash does not.
    ///
    /// # Errors
    /// `invalid_phone`, or those of [`check`]; never repeats the number.
    pub fn new(text: impl Into<String>) -> Result<Self, FieldError> {
        let text = text.into();
        check(&text, Self::MAX, Screen::HyphenatedCpr)?;
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let written = text.bytes().all(|byte| byte.is_ascii_digit() || b" +-()./".contains(&byte));
        // A plus behind a digit is a second number, or an extension: no E.164 comes of it.
        let led = text.rfind('+').is_none_or(|plus| text.find(|c: char| c == '+' || c.is_ascii_digit()) == Some(plus));
        if !written || !led || !(4..=15).contains(&digits) {
            return Err(FieldError::new(
                "invalid_phone",
                "must have 4 to 15 digits in at most 32 characters: digits, spaces, - ( ) . / and at most one + before the digits",
            ));
        }
        Ok(Self(text))
    }

    /// The number as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two spellings of one number are equal: E.164 where the number tells its country.
    ///
    /// `00` before a country becomes `+`; eight digits without either are Danish, `+45`; any others stay
    /// bare digits, as nothing says where they belong.
    #[must_use]
    pub fn normalised(&self) -> String {
        let digits: String = self.0.chars().filter(char::is_ascii_digit).collect();
        // No country's code starts with 0, and what is left must be a number by itself.
        let abroad = digits.strip_prefix("00").filter(|rest| !rest.starts_with('0') && rest.len() >= 4);
        match abroad {
            Some(rest) => format!("+{rest}"),
            None if self.0.contains('+') => format!("+{digits}"),
            None if digits.len() == 8 => format!("+45{digits}"),
            None => digits,
        }
    }
}

macro_rules! guarded {
    ($($name:ident),*) => {$(
        /// Redacted: personal data.
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
    )*};
}

guarded!(Email, Phone);

schema::documented!(Email, "Email", schema::formatted_text("idn-email", 3, Email::MAX, EMAIL));
schema::documented!(Phone, "Phone", schema::text(4, Phone::MAX, PHONE));

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn email(text: &str) -> Result<String, &'static str> {
        Email::new(text).map(|email| email.normalised()).map_err(|error| error.code)
    }

    fn phone(text: &str) -> Result<String, &'static str> {
        Phone::new(text).map(|phone| phone.normalised()).map_err(|error| error.code)
    }

    #[test]
    fn addresses_are_kept_as_given_and_compared_in_one_form() {
        assert_eq!(Email::new(" Jens@Example.DK").unwrap().as_str(), " Jens@Example.DK");
        for (text, normal) in [
            (" Jens@Example.DK ", "jens@example.dk"),
            ("ＪＥＮＳ@example.dk", "jens@example.dk"),
            ("SØREN@ÆBLE.dk", "søren@æble.dk"),
            ("A\u{30a}se@example.dk", "åse@example.dk"),
            ("\"j h\"@example.dk", "\"j h\"@example.dk"),
            ("root@localhost", "root@localhost"),
        ] {
            assert_eq!(email(text), Ok(normal.to_owned()));
        }
        // Two mailboxes stay two.
        assert_ne!(email("straße@example.de"), email("strasse@example.de"));
        assert_ne!(email("m\u{131}ke@example.org"), email("mike@example.org"));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in
            ["jens", "@example.dk", "jens@", "a@b@c.dk", "a＠b@c.dk", "a＠b.dk", "a@b c.dk", "a@b\u{a0}c.dk", " @ "]
        {
            assert_eq!(email(text), Err("invalid_email"), "{text}");
        }
        assert_eq!(email(" "), Err("empty"));
        assert_eq!(email("a@b.dk\r\nBcc: c@d.dk"), Err("control_character"));
        assert_eq!(email("0101901234@example.dk"), Err("cpr_number"));
        assert_eq!(email(&format!("{}@b.dk", "a".repeat(249))).map(|text| text.len()), Ok(254));
        assert_eq!(email(&format!("{}@b.dk", "a".repeat(250))), Err("too_long"));
    }

    #[test]
    fn numbers_are_compared_as_e164() {
        for (text, normal) in [
            ("12 34 56 78", "+4512345678"),
            ("+45 12 34 56 78", "+4512345678"),
            ("(+45) 12.34/56-78", "+4512345678"),
            ("0045 12345678", "+4512345678"),
            ("+0045 12345678", "+4512345678"),
            ("+46 8-123 456 78", "+46812345678"),
            ("0701234567", "0701234567"),
            ("010190 1234", "0101901234"),
            ("4512345678", "4512345678"),
            ("1234", "1234"),
            ("0000", "0000"),
            ("0010", "0010"),
        ] {
            assert_eq!(phone(text), Ok(normal.to_owned()), "{text}");
        }
        assert_eq!(Phone::new("12 34 56 78").unwrap().as_str(), "12 34 56 78");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in
            ["123", "1234567890123456", "call me", "12345678 ext. 9", "12+345678", "++4512345678", "+-+", "１２３４５"]
        {
            assert_eq!(phone(text), Err("invalid_phone"), "{text}");
        }
        assert_eq!(phone(""), Err("empty"));
        assert_eq!(phone("010190-1234"), Err("cpr_number"));
        assert_eq!(phone(&format!("1234{}", ".".repeat(29))), Err("too_long"));
    }

    #[test]
    fn debug_and_errors_keep_silent() {
        assert_eq!(format!("{:?}", Email::new("jens@example.dk").unwrap()), "Email(…)");
        assert_eq!(format!("{:?}", Phone::new("12345678").unwrap()), "Phone(…)");
        let error = serde_json::from_str::<Email>("\"secret\"").unwrap_err().to_string();
        assert!(error.starts_with("invalid_email\u{1f}") && !error.contains("secret"));
        assert_eq!(serde_json::to_string(&Phone::new("12345678").unwrap()).unwrap(), "\"12345678\"");
    }

    proptest! {
        #[test]
        fn the_normal_form_is_its_own(text in "\\PC{1,20}@\\PC{1,20}", number in "[+(]?[0-9 ().-]{4,20}") {
            if let Ok(once) = Email::new(text).map(|email| email.normalised()) {
                prop_assert_eq!(normalised_email(&once), once);
            }
            if let Ok(once) = phone(&number) {
                prop_assert_eq!(phone(&once), Ok(once));
            }
        }

        #[test]
        fn spelling_does_not_matter(local in "[a-z]{1,9}", danish in "[1-9][0-9]{7}") {
            prop_assert_eq!(email(&format!("{}@Example.dk ", local.to_uppercase())), email(&format!("{local}@example.DK")));
            let (a, b) = danish.split_at(4);
            for spelling in [format!("{a} {b}"), format!("+45{danish}"), format!("0045-{a}.{b}"), format!("(+45) {danish}")] {
                prop_assert_eq!(phone(&spelling), Ok(format!("+45{danish}")));
            }
        }
    }
}
