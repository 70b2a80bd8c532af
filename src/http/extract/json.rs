//! JSON into a type, with errors that point at the field and hold nothing of what stood in it.

use super::message::{self, Place};
use super::objects::Objects;
use crate::error::{Code, Error};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;
use serde_json::value::RawValue;

/// Reads one JSON text; `base_pointer` is where it lies in the body, `""` for the whole of it.
///
/// The nesting is bounded at 128 by serde_json; the length is the caller's to bound. Within an internally tagged,
/// untagged or flattened type serde loses the way to the field: the pointer then ends at that type.
///
/// # Errors
/// `malformed_body` with line and column when the text is not JSON in UTF-8; `invalid_input` with a JSON pointer
/// (RFC 6901) when it does not fit the type. Neither repeats anything of the text but the plain names of fields.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8], base_pointer: &str) -> Result<T, Error> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to() + 1;
        Error::refused(Code::MalformedBody, format!("The body is not UTF-8: reading stopped at byte {at}."))
    })?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(Objects(&mut deserializer)).map_err(|error| {
        let (path, error) = (error.path().clone(), error.into_inner());
        let message = bare(&error);
        if error.classify() == Category::Data || is_only_unexpected(&message, text) {
            Error::invalid(vec![message::fault(&message, &path, Place::Body(base_pointer))])
        } else {
            malformed(&error, &message)
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error, &bare(&error)))?;
    Ok(value)
}

/// Reads a part of a body that was set aside as it stood, such as an item of a batch.
///
/// # Errors
/// As [`parse_json`].
pub fn parse_value<T: DeserializeOwned>(value: &RawValue, base_pointer: &str) -> Result<T, Error> {
    parse_json(value.get().as_bytes(), base_pointer)
}

/// Only for what is no JSON: serde_json's reasons are then fixed sentences, without a word of the text.
fn malformed(error: &serde_json::Error, reason: &str) -> Error {
    let (line, column) = (error.line(), error.column());
    Error::refused(Code::MalformedBody, format!("The body is not JSON: {reason} at line {line}, column {column}."))
}

/// The message without the position that serde_json appends.
fn bare(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&position).unwrap_or(&message).to_owned()
}

/// serde_json calls it a syntax error when a number stands where the name of an enum's variant should; it is not one.
fn is_only_unexpected(message: &str, text: &str) -> bool {
    message == "expected value" && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FieldError, text::Ref};
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Guest,
        Host,
    }

    #[derive(Debug)]
    struct Word;

    impl<'de> Deserialize<'de> for Word {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            match text.as_str() {
                "word" => Ok(Self),
                _ => Err(serde::de::Error::custom(FieldError::new("not_the_word", "must be the word"))),
            }
        }
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Person {
        #[serde(rename = "ref")]
        reference: Ref,
        name: Option<String>,
        kind: Option<Kind>,
        age: Option<u8>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its shape matters")]
    struct Event {
        person: Person,
        #[serde(default)]
        others: Vec<Person>,
        word: Option<Word>,
        uuid: Option<uuid::Uuid>,
        loose: Option<Loose>,
        flag: Option<bool>,
        map: Option<std::collections::BTreeMap<String, u32>>,
        tagged: Option<Tagged>,
        ip: Option<std::net::IpAddr>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "only its shape matters")]
    enum Loose {
        Number(u8),
        List(Vec<u8>),
    }

    #[derive(Debug, Deserialize)]
    #[serde(tag = "type", deny_unknown_fields, rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its shape matters")]
    enum Tagged {
        One { person: u8 },
        Two { b: String },
    }

    fn refused(text: &str) -> (Code, String, String, String) {
        match parse_json::<Event>(text.as_bytes(), "") {
            Err(Error::Refused { code, detail, faults }) => {
                let fault = faults.into_iter().next().map(|fault| (fault.pointer, fault.code, fault.detail));
                let (pointer, kind, fault) = fault.unwrap_or_default();
                (code, pointer, kind, if fault.is_empty() { detail } else { fault })
            }
            other => panic!("{text} gives {other:?}"),
        }
    }

    #[test]
    fn data_errors_point_at_the_field() {
        let table = [
            (r#"{"person":{"ref":5}}"#, "/person/ref", "invalid_type", "must be a string"),
            (r#"{"person":{"ref":"a","name":["Victoria"]}}"#, "/person/name", "invalid_type", "must be a string"),
            (
                r#"{"person":{"ref":""}}"#,
                "/person/ref",
                "empty",
                "must have 1 to 200 characters; leave it out or send null for none",
            ),
            (r#"{"person":{}}"#, "/person/ref", "missing_field", "must be given"),
            (r#"{"person":"Victoria"}"#, "/person", "invalid_type", "must be an object"),
            (r#"{"person":[]}"#, "/person", "invalid_type", "must be an object"),
            (r#"{"person":{"ref":"a","ref":"b"}}"#, "/person/ref", "duplicate_field", "must be given once only"),
            (
                r#"{"person":{"ref":"a","nmae":"Victoria"}}"#,
                "/person/nmae",
                "unknown_field",
                "is not known here; known are `ref`, `name`, `kind`, `age`",
            ),
            (
                r#"{"person":{"ref":"a","v@example.com":1}}"#,
                "/person",
                "unknown_field",
                "has a field that is not known here; known are `ref`, `name`, `kind`, `age`",
            ),
            (
                r#"{"person":{"ref":"a","a/b~c":1}}"#,
                "/person",
                "unknown_field",
                "has a field that is not known here; known are `ref`, `name`, `kind`, `age`",
            ),
            (
                r#"{"person":{"ref":"a","kind":"Victoria"}}"#,
                "/person/kind",
                "unknown_value",
                "must be one of `guest`, `host`",
            ),
            (r#"{"person":{"ref":"a","kind":5}}"#, "/person/kind", "invalid", "is not right here"),
            (r#"{"person":{"ref":"a","kind":[]}}"#, "/person/kind", "invalid", "is not right here"),
            (
                r#"{"person":{"ref":"a","age":300}}"#,
                "/person/age",
                "invalid_value",
                "must be a whole number from 0 to 255",
            ),
            (
                r#"{"person":{"ref":"a","age":1.5}}"#,
                "/person/age",
                "invalid_type",
                "must be a whole number from 0 to 255",
            ),
            (
                r#"{"person":{"ref":"a"},"others":[{"ref":"b"},{"ref":true}]}"#,
                "/others/1/ref",
                "invalid_type",
                "must be a string",
            ),
            (r#"{"person":{"ref":"a"},"others":{}}"#, "/others", "invalid_type", "must be an array"),
            (r#"{"person":{"ref":"a"},"word":"Victoria"}"#, "/word", "not_the_word", "must be the word"),
            (r#"{"person":{"ref":"a"},"uuid":"Victoria"}"#, "/uuid", "invalid", "must be a UUID"),
            (r#"{"person":{"ref":"a"},"ip":"Victoria"}"#, "/ip", "invalid", "is not right here"),
            (r#"{"person":{"ref":"a"},"loose":"Victoria"}"#, "/loose", "invalid", "is not right here"),
            (r#"{"person":{"ref":"a"},"flag":"true"}"#, "/flag", "invalid_type", "must be true or false"),
            (
                r#"{"person":{"ref":"a"},"map":{"v@example.com":"x"}}"#,
                "/map",
                "invalid_type",
                "holds something that must be a whole number from 0 to 4294967295",
            ),
            (
                r#"{"person":{"ref":"a"},"map":{"plain":"x"}}"#,
                "/map/plain",
                "invalid_type",
                "must be a whole number from 0 to 4294967295",
            ),
            (
                r#"{"person":{"ref":"a"},"tagged":{"type":"one","person":1,"extra":2}}"#,
                "/tagged/extra",
                "unknown_field",
                "is not known here; known are `person`",
            ),
            (
                r#"{"person":{"ref":"a"},"tagged":{"type":"one","person":"x"}}"#,
                "/tagged",
                "invalid_type",
                "must be a whole number from 0 to 255",
            ),
            (r"[1]", "", "invalid_type", "must be an object"),
            (r#""Victoria""#, "", "invalid_type", "must be an object"),
            (r"null", "", "invalid_type", "must be an object"),
        ];
        let mut wrong = Vec::new();
        for (text, pointer, kind, detail) in table {
            let expected = (Code::InvalidInput, pointer.to_owned(), kind.to_owned(), detail.to_owned());
            let found = refused(text);
            if found != expected {
                wrong.push(format!("{text}\n   gives {found:?}\n   not   {expected:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn syntax_errors_say_where() {
        let table = [
            ("", "The body is not JSON: EOF while parsing a value at line 1, column 0."),
            ("{", "The body is not JSON: EOF while parsing an object at line 1, column 1."),
            ("{\n  \"person\": Victoria}", "The body is not JSON: expected value at line 2, column 13."),
            (r#"{"person":{"ref":"a"}} Victoria"#, "The body is not JSON: trailing characters at line 1, column 24."),
            (r#"{"person":{"ref":"a"},}"#, "The body is not JSON: trailing comma at line 1, column 23."),
            (
                r#"{"person":{"ref":"\ud800"}}"#,
                "The body is not JSON: unexpected end of hex escape at line 1, column 25.",
            ),
        ];
        for (text, detail) in table {
            assert_eq!(refused(text), (Code::MalformedBody, String::new(), String::new(), detail.to_owned()), "{text}");
        }
        let Err(error) = parse_json::<Event>(b"{\"person\":\"\xff\"}", "") else { panic!() };
        assert_eq!(error.to_string(), "malformed_body: The body is not UTF-8: reading stopped at byte 12.");
    }

    #[test]
    fn nesting_is_bounded() {
        for depth in [100, 127, 128, 1_000, 100_000] {
            let text = format!(r#"{{"person":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
            assert!(parse_json::<Event>(text.as_bytes(), "").is_err());
            let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert_eq!(parse_json::<serde_json::Value>(nested.as_bytes(), "").is_ok(), depth < 128);
        }
    }

    #[test]
    fn a_part_is_placed_in_the_whole() {
        #[derive(Deserialize)]
        struct Batch {
            events: Vec<Box<RawValue>>,
        }
        let text = br#"{"events":[{"person":{"ref":"a"}},{"person":{"name":"b"}}, 5]}"#;
        let batch: Batch = parse_json(text, "").unwrap();
        assert!(parse_value::<Event>(&batch.events[0], "/events/0").is_ok());
        let Err(Error::Refused { faults, .. }) = parse_value::<Event>(&batch.events[1], "/events/1") else { panic!() };
        assert_eq!(faults[0].pointer, "/events/1/person/ref");
        let Err(Error::Refused { faults, .. }) = parse_value::<Event>(&batch.events[2], "/events/2") else { panic!() };
        assert_eq!((faults[0].pointer.as_str(), faults[0].detail.as_str()), ("/events/2", "must be an object"));
    }

    /// A text that no error may repeat: what people are called, and what would break a naive cut of a message.
    fn canary() -> impl Strategy<Value = String> {
        let cuts =
            ["", ", expected ", "`, expected one of `", "\u{1f}", "missing field `", " at line 1 column 2", "\"", "`"];
        (
            proptest::sample::select(cuts.to_vec()),
            proptest::sample::select(cuts.to_vec()),
            proptest::sample::select(cuts.to_vec()),
        )
            .prop_map(|(before, between, after)| format!("{before}Viç@toria{between}Viç@toria{after}"))
    }

    fn document(canary: String) -> impl Strategy<Value = serde_json::Value> {
        let names = [
            "person", "others", "ref", "name", "kind", "age", "word", "uuid", "loose", "flag", "map", "tagged", "type",
            "b", "ip",
        ];
        let leaf = prop_oneof![
            4 => Just(serde_json::Value::from(canary.clone())),
            1 => any::<i64>().prop_map(serde_json::Value::from),
            1 => Just(serde_json::Value::Bool(true)),
            1 => Just(serde_json::Value::Null),
            2 => Just(serde_json::Value::from("one")),
        ];
        leaf.prop_recursive(4, 24, 6, move |inner| {
            let key = prop_oneof![9 => proptest::sample::select(names.to_vec()).prop_map(str::to_owned), 1 => Just(canary.clone())];
            prop_oneof![
                1 => proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                4 => proptest::collection::btree_map(key, inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn no_error_repeats_what_stood_in_the_body(value in canary().prop_flat_map(document), cut in 0_usize..400) {
            let mut text = value.to_string();
            if cut < 200 && let Some(at) = text.char_indices().map(|(at, _)| at).nth(cut) {
                text.truncate(at);
            }
            if let Err(error) = parse_json::<Event>(text.as_bytes(), "") {
                let all = format!("{error} {error:?} {}", serde_json::to_string(&crate::http::problem::Problem::from(&error)).unwrap());
                prop_assert!(!all.contains("toria") && !all.contains("Vi"), "{}", all);
            }
        }
    }
}
