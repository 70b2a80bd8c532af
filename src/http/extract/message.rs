//! serde's error messages, rewritten: they repeat the value, which may be personal data, and speak of Rust's types.
//!
//! Only fixed text of ours leaves here: the codes and sentences below, what a type's `expecting` says, the names of
//! fields and variants in the code, and a [`FieldError`](crate::domain::FieldError) that travelled inside.

use crate::domain::{Fault, field::MARK};
use serde_path_to_error::{Path, Segment};

/// Where the text lies that was read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    /// In the body, at this JSON pointer.
    Body(&'a str),
    /// In the query of the address.
    Query,
}

/// A way to the field, as far as it may be shown.
struct Pointer {
    text: String,
    last: Option<String>,
    /// Whether a name was left out, because it is the client's own and may be personal data.
    cut: bool,
}

impl Pointer {
    fn new(path: &Path, place: Place<'_>) -> Self {
        let mut pointer = match place {
            Place::Body(base) => Self { text: base.to_owned(), last: None, cut: false },
            Place::Query => Self { text: "?".to_owned(), last: None, cut: false },
        };
        for segment in path {
            match segment {
                Segment::Seq { .. } if matches!(place, Place::Query) => break,
                Segment::Seq { index } => pointer.push(&index.to_string()),
                Segment::Map { key } | Segment::Enum { variant: key } if is_plain(key) => pointer.push(key),
                _ => pointer.cut = true,
            }
            if pointer.cut {
                break;
            }
        }
        pointer
    }

    /// No escaping (RFC 6901, 3): a plain name has neither `~` nor `/`.
    fn push(&mut self, name: &str) {
        if self.text != "?" {
            self.text.push('/');
        }
        self.text.push_str(name);
        self.last = Some(name.to_owned());
    }

    /// Goes on to the field of this name, unless the way ends there already.
    fn at(mut self, name: &str) -> Self {
        if self.cut {
        } else if !is_plain(name) {
            self.cut = true;
        } else if self.last.as_deref() != Some(name) {
            self.push(name);
        }
        self
    }
}

/// Whether a name is one that programs give to fields, so that it may be repeated: a letter first, at most 64 letters,
/// digits, hyphens and underscores, and too few digits for a telephone or registration number.
fn is_plain(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && name.bytes().filter(u8::is_ascii_digit).count() <= 4
}

/// One of serde's messages as a fault that repeats nothing of the value.
pub(super) fn fault(message: &str, path: &Path, place: Place<'_>) -> Fault {
    let pointer = Pointer::new(path, place);
    if let Some((code, detail)) = ours(message) {
        return finish(pointer, code, detail.to_owned());
    }
    if let Some(name) = quoted(message, "missing field `") {
        return finish(pointer.at(name), "missing_field", "must be given".to_owned());
    }
    if let Some(name) = quoted(message, "duplicate field `") {
        return finish(pointer.at(name), "duplicate_field", "must be given once only".to_owned());
    }
    if message.starts_with("unknown field `") {
        return unknown_field(message, pointer);
    }
    let (code, detail) = match message {
        // serde_html_form, of a parameter that comes more than once and is no list.
        "unsupported value" => ("duplicate_field", "must be given once only".to_owned()),
        // Of a number in a query, which comes as text.
        "invalid digit found in string"
        | "cannot parse integer from empty string"
        | "number too large to fit in target type"
        | "number too small to fit in target type" => {
            ("invalid_value", "must be a whole number within bounds".to_owned())
        }
        _ if message.starts_with("unknown variant `") => ("unknown_value", must_be_one_of(message)),
        _ if message.starts_with("invalid type: ") => ("invalid_type", must_be(message)),
        _ if message.starts_with("invalid value: ") => ("invalid_value", must_be(message)),
        _ if message.starts_with("invalid length ") => ("invalid_length", must_be(message)),
        _ if message.starts_with("UUID parsing failed") => ("invalid", "must be a UUID".to_owned()),
        _ => ("invalid", "is not right here".to_owned()),
    };
    finish(pointer, code, detail)
}

fn finish(pointer: Pointer, code: &str, detail: String) -> Fault {
    let detail = if pointer.cut { format!("holds something that {detail}") } else { detail };
    Fault { pointer: pointer.text, code: code.to_owned(), detail }
}

fn unknown_field(message: &str, pointer: Pointer) -> Fault {
    let name = quoted(message, "unknown field `").unwrap_or_default();
    let pointer = pointer.at(name);
    let subject = if pointer.cut { "has a field that is not known here" } else { "is not known here" };
    let detail = match names(message) {
        Some(names) => format!("{subject}; known are {names}"),
        None => format!("{subject}; nothing is"),
    };
    Fault { pointer: pointer.text, code: "unknown_field".to_owned(), detail }
}

/// The code and sentence of a `FieldError` that passed through serde as text.
fn ours(message: &str) -> Option<(&str, &str)> {
    let (code, detail) = message.split_once(MARK)?;
    let ok = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    ok.then_some((code, detail))
}

/// What stands in backticks after `prefix`. It may be the client's: show it through [`Pointer`] only.
fn quoted<'a>(message: &'a str, prefix: &str) -> Option<&'a str> {
    message.strip_prefix(prefix)?.split('`').next()
}

/// The names in the code that were expected. The last "expected" counts, for a client may have written earlier ones.
fn names(message: &str) -> Option<String> {
    let (_, tail) = message.rsplit_once("`, expected ")?;
    Some(tail.strip_prefix("one of ").unwrap_or(tail).replace("` or `", "`, `"))
}

fn must_be_one_of(message: &str) -> String {
    match names(message) {
        Some(names) => format!("must be one of {names}"),
        None => "is not right here".to_owned(),
    }
}

fn must_be(message: &str) -> String {
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("must be {}", in_terms_of_json(expected)),
        None => "is not right here".to_owned(),
    }
}

/// What a type of Rust is called in JSON.
fn in_terms_of_json(expected: &str) -> &str {
    match expected {
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0 to 18446744073709551615",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number within bounds",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "an array",
        "a map" => "an object",
        "unit" => "null",
        "a borrowed string" | "a string or byte array" => "a string",
        _ if expected.starts_with("struct ") => "an object",
        _ if expected.starts_with("a formatted UUID") => "a UUID",
        _ if expected.starts_with("internally tagged enum ") => "an object",
        _ => expected,
    }
}
