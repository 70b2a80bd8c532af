//! How values look in the OpenAPI document, kept beside the checks that they describe.

use utoipa::openapi::schema::{ArrayBuilder, KnownFormat, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema, SchemaFormat};

/// What [`super::text::check`] lets pass, but for its look at registration numbers: no control, line-separating or
/// direction-changing character, and one at least that is seen. A regular expression of ECMA 262.
pub const PLAIN: &str = concat!(
    r"^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*",
    r"[^\u0000-\u0020\u007f-\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u2066-\u2069\u3000\ufeff]",
    r"[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$",
);

/// A string of `min` to `max` characters that has this pattern.
#[must_use]
pub fn text(min: usize, max: usize, pattern: &str) -> RefOr<Schema> {
    bounded(min, max, pattern).into()
}

/// The same, of a format that JSON Schema names.
#[must_use]
pub fn formatted_text(format: &str, min: usize, max: usize, pattern: &str) -> RefOr<Schema> {
    bounded(min, max, pattern).format(Some(SchemaFormat::Custom(format.to_owned()))).into()
}

fn bounded(min: usize, max: usize, pattern: &str) -> ObjectBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(min)).max_length(Some(max));
    text.pattern(Some(pattern))
}

/// One of these strings.
#[must_use]
pub fn choice(names: impl IntoIterator<Item = &'static str>) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
}

/// Nothing but `true`.
#[must_use]
pub fn only_true() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true])).into()
}

/// A list of one or more of these strings.
#[must_use]
pub fn choices(names: impl IntoIterator<Item = &'static str>) -> RefOr<Schema> {
    ArrayBuilder::new().items(choice(names)).min_items(Some(1)).into()
}

/// An instant of RFC 3339 that begins with one of these years.
#[must_use]
pub fn instant(years: &str) -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(years));
    text.format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))).examples(["2026-11-21T08:30:00.000000Z"]).into()
}

/// A string of a format that JSON Schema does not know.
#[must_use]
pub fn formatted(format: &str, example: &str) -> RefOr<Schema> {
    let text = ObjectBuilder::new().schema_type(Type::String).examples([example]);
    text.format(Some(SchemaFormat::Custom(format.to_owned()))).into()
}

/// Gives a type its schema, under a name of its own.
macro_rules! documented {
    ($type:ty, $name:expr, $schema:expr) => {
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $schema
            }
        }

        impl utoipa::ToSchema for $type {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed($name)
            }
        }
    };
}
pub(crate) use documented;
