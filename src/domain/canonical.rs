//! The one form of a JSON text that is signed: JSON Canonicalization Scheme, RFC 8785.
//!
//! Written for what a receipt holds, and refused for the rest: the scheme writes fractions as ECMAScript does, which
//! is a subject of its own. Without them it says no more than that members are sorted by their UTF-16 code units,
//! that there is no white space, and how texts are escaped.

use super::FieldError;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The greatest whole number that every reader of JSON takes for itself, 2^53 − 1 (RFC 7493, 2.2).
pub const MAX_WHOLE: u64 = (1 << 53) - 1;

/// The canonical form of a value.
///
/// # Errors
/// `not_canonical` for a fraction, and for a whole number beyond [`MAX_WHOLE`].
pub fn canonical(value: &Value) -> Result<String, FieldError> {
    let mut text = String::new();
    write(value, &mut text)?;
    Ok(text)
}

fn write(value: &Value, text: &mut String) -> Result<(), FieldError> {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(yes) => text.push_str(if *yes { "true" } else { "false" }),
        Value::Number(number) => {
            let size = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            if size.is_none_or(|size| size > MAX_WHOLE) {
                let bound = format!("must have whole numbers from -{MAX_WHOLE} to {MAX_WHOLE} alone");
                return Err(FieldError::new("not_canonical", bound));
            }
            text.push_str(&number.to_string());
        }
        Value::String(string) => quote(string, text)?,
        Value::Array(items) => listed(text, ['[', ']'], items, write)?,
        Value::Object(members) => {
            // Not left to the map, whose order is a feature that any library may switch on for all.
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
            listed(text, ['{', '}'], members, |(name, value), text| {
                quote(name, text)?;
                text.push(':');
                write(value, text)
            })?;
        }
    }
    Ok(())
}

fn listed<T>(
    text: &mut String,
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    mut each: impl FnMut(T, &mut String) -> Result<(), FieldError>,
) -> Result<(), FieldError> {
    text.push(open);
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        each(item, text)?;
    }
    text.push(close);
    Ok(())
}

/// serde_json escapes as RFC 8785, 3.2.2.2 does; a test goes through every character that is escaped.
fn quote(string: &str, text: &mut String) -> Result<(), FieldError> {
    let quoted = serde_json::to_string(string);
    text.push_str(&quoted.map_err(|_| FieldError::new("not_canonical", "must hold texts that can be written"))?);
    Ok(())
}

/// Reads a JSON text in which no object names a member twice, as RFC 8785, 3.1 asks.
///
/// Of two members of one name readers take the first or the last, so that one signature would vouch for both.
///
/// # Errors
/// `malformed` for what is no JSON, or names a member twice; repeats nothing of it.
pub fn parse(text: &[u8]) -> Result<Value, FieldError> {
    let Unambiguous(value) = serde_json::from_slice(text)
        .map_err(|_| FieldError::new("malformed", "must be JSON that names nothing twice"))?;
    Ok(value)
}

struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, yes: bool) -> Result<Value, E> {
        Ok(yes.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unambiguous(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((name, Unambiguous(value))) = members.next_entry::<String, Unambiguous>()? {
            if map.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is named twice"));
            }
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Result<String, FieldError> {
        parse(text.as_bytes()).and_then(|value| canonical(&value))
    }

    /// RFC 8785, 3.2.2 and 3.2.3, without its fractions.
    #[test]
    fn the_examples_of_the_standard() {
        let text = r#"{ "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "numbers": [1, 0, -7],
            "literals": [null, true, false] }"#;
        let expected = r#"{"literals":[null,true,false],"numbers":[1,0,-7],"string":"€$\u000f\nA'B\"\\\\\"/"}"#;
        assert_eq!(of(text).unwrap(), expected);
        let text = "{\"\\u20ac\": \"Euro Sign\", \"\\r\": \"Carriage Return\", \"\\ufb33\": \"Hebrew Letter Dalet With Dagesh\",
            \"1\": \"One\", \"\\ud83d\\ude00\": \"Emoji: Grinning Face\", \"\\u0080\": \"Control\",
            \"\\u00f6\": \"Latin Small Letter O With Diaeresis\"}";
        let order: Vec<usize> = {
            let form = of(text).unwrap();
            ["Carriage Return", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"]
                .map(|name| form.find(name).unwrap())
                .to_vec()
        };
        assert!(order.is_sorted(), "by UTF-16 code units, in which the emoji comes before the letter: {order:?}");
    }

    #[test]
    fn texts_are_escaped_as_the_standard_says() {
        for c in '\0'..='\u{ff}' {
            let expected = match c {
                '\u{8}' => r"\b".to_owned(),
                '\t' => r"\t".to_owned(),
                '\n' => r"\n".to_owned(),
                '\u{c}' => r"\f".to_owned(),
                '\r' => r"\r".to_owned(),
                '"' => r#"\""#.to_owned(),
                '\\' => r"\\".to_owned(),
                '\0'..='\u{1f}' => format!("\\u{:04x}", u32::from(c)),
                _ => c.to_string(),
            };
            assert_eq!(canonical(&Value::from(c.to_string())).unwrap(), format!("\"{expected}\""));
        }
    }

    #[test]
    fn only_whole_numbers_that_every_reader_knows() {
        for number in ["9007199254740991", "-9007199254740991", "0"] {
            assert_eq!(of(number).unwrap(), number);
        }
        let beyond = ["9007199254740992", "-9007199254740992", "18446744073709551615", "1.0", "1e3", "-0", "0.5"];
        for number in beyond {
            assert_eq!(of(number).unwrap_err().code, "not_canonical", "{number}");
        }
    }

    #[test]
    fn nothing_is_named_twice() {
        for text in
            [r#"{"a":1,"a":1}"#, r#"{"a":{"b":1,"\u0062":2}}"#, r#"[{"a":1,"a":2}]"#, "", "{", "1 2", "\u{feff}1"]
        {
            assert_eq!(of(text).unwrap_err().code, "malformed", "{text}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_says_the_same_in_one_form_only(value in any_value()) {
            let form = canonical(&value).unwrap();
            let again = parse(form.as_bytes()).unwrap();
            prop_assert_eq!(&again, &value);
            prop_assert_eq!(canonical(&again).unwrap(), form.clone());
            prop_assert_eq!(of(&serde_json::to_string_pretty(&value).unwrap()).unwrap(), form);
        }
    }
}
