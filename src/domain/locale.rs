//! The languages in which people are written to.

use super::FieldError;
use super::coded::coded;

coded! {
    /// A language that everything outsiders read exists in.
    Locale {
        /// Danish.
        Da = 1 as "da",
        /// English.
        En = 2 as "en",
    }
}

impl Default for Locale {
    /// Danish: the promises were made in it.
    fn default() -> Self {
        Self::Da
    }
}

impl Locale {
    /// The language of a stored code; Danish for one that there are no texts in.
    #[must_use]
    pub fn parse_or_default(text: &str) -> Self {
        Self::parse(text).unwrap_or_default()
    }

    /// Reads a language's code (ISO 639-1).
    ///
    /// # Errors
    /// `unknown_locale`.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let found = Self::ALL.iter().copied().find(|locale| locale.as_str() == text);
        found.ok_or_else(|| FieldError::new("unknown_locale", "must be da or en"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_languages_that_there_are_texts_in_pass() {
        assert_eq!((Locale::parse("da"), Locale::parse("en")), (Ok(Locale::Da), Ok(Locale::En)));
        for text in ["", "DA", "de", "da-DK"] {
            assert_eq!(Locale::parse(text).unwrap_err().code, "unknown_locale");
        }
    }
}
