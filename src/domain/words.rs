//! Texts that people outside read, in each of the languages they are written to in.

use super::locale::Locale;
use serde::Serialize;
use std::borrow::Cow;

/// The same in Danish and in English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Words {
    /// Danish.
    pub da: Cow<'static, str>,
    /// English.
    pub en: Cow<'static, str>,
}

impl Words {
    /// Words of the program's text.
    #[must_use]
    pub const fn new(da: &'static str, en: &'static str) -> Self {
        Self { da: Cow::Borrowed(da), en: Cow::Borrowed(en) }
    }

    /// Words that were put together.
    #[must_use]
    pub fn made(da: String, en: String) -> Self {
        Self { da: Cow::Owned(da), en: Cow::Owned(en) }
    }

    /// The same name in both languages.
    #[must_use]
    pub fn name(name: &str) -> Self {
        Self::made(name.to_owned(), name.to_owned())
    }

    /// Those of one language.
    #[must_use]
    pub fn of(&self, locale: Locale) -> &str {
        match locale {
            Locale::Da => &self.da,
            Locale::En => &self.en,
        }
    }
}
