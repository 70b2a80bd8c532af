//! What is wrong with a field, said without repeating what stood in it.

use std::fmt;

/// Separates code and detail when a [`FieldError`] passes through serde's text-only errors.
pub const MARK: char = '\u{1f}';

/// Why one value is refused: a stable code and a sentence that names the bound.
///
/// Never holds the value itself, for it may be personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Stable snake_case code.
    pub code: &'static str,
    /// A sentence for people, naming the bound.
    pub detail: String,
}

impl FieldError {
    /// An error of this code, with this sentence.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// The same, placed at a JSON pointer.
    #[must_use]
    pub fn at(self, pointer: impl Into<String>) -> Fault {
        Fault { pointer: pointer.into(), code: self.code.to_owned(), detail: self.detail }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{MARK}{}", self.code, self.detail)
    }
}

impl std::error::Error for FieldError {}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Fault {
    /// JSON pointer into the body, or `?name` for a query parameter, `/name` in a path.
    pub pointer: String,
    /// Stable snake_case code.
    pub code: String,
    /// A sentence for people, naming the bound.
    pub detail: String,
}
