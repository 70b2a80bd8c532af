//! The query of the address into a type.

use super::message::{self, Place};
use super::percent;
use crate::error::{Code, Error};
use crate::http::gate::Gate;
use crate::http::part::Part;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};

/// The parameters of the address as a `T`; its `deny_unknown_fields` refuses unknown ones.
///
/// A parameter that is no list may come once; what does not fit is `invalid_input` with the pointer `?name`.
/// A bounded number should be a domain type that reads text, so that the refusal can name the bound.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> Part for Query<T> {
    const QUERY: bool = true;
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(req).map(Self))
    }
}

fn read<T: DeserializeOwned>(req: &HttpRequest) -> Result<T, Error> {
    let limit_bytes = Gate::at(req)?.limits.max_query_bytes;
    let query = req.query_string();
    if query.len() > limit_bytes {
        let detail = format!("The query of the address has more than {limit_bytes} bytes.");
        return Err(Error::refused(Code::MalformedRequest, detail));
    }
    parse(query)
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Error> {
    if percent::decode(query).is_none() {
        let detail = "The query of the address is not percent-encoded UTF-8.";
        return Err(Error::refused(Code::MalformedRequest, detail));
    }
    let deserializer = serde_html_form::Deserializer::from_bytes(query.as_bytes());
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let message = error.inner().to_string();
        Error::invalid(vec![message::fault(&message, error.path(), Place::Query)])
    })
}

/// Refuses parameters where the route has none.
///
/// # Errors
/// As [`Query`].
pub(in crate::http) fn no_query(req: &HttpRequest) -> Result<(), Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct None {}

    if req.query_string().is_empty() { Ok(()) } else { read::<None>(req).map(|_| ()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::Ref;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        person: Option<Ref>,
        limit: Option<u32>,
        flag: Option<bool>,
        #[serde(default)]
        r#type: Vec<String>,
    }

    #[test]
    fn reads_what_is_asked() {
        let filter: Filter = parse("person=g%C3%A6st+1&limit=5&type=a&type=b&flag=true").unwrap();
        assert_eq!(filter.person.unwrap().as_str(), "gæst 1");
        assert_eq!(
            (filter.limit, filter.flag, filter.r#type),
            (Some(5), Some(true), vec!["a".to_owned(), "b".to_owned()])
        );
        assert!(parse::<Filter>("").unwrap().person.is_none());
    }

    #[test]
    fn refuses_with_the_name_and_never_the_value() {
        let table = [
            (
                "nobody=Victoria",
                "?nobody",
                "unknown_field",
                "is not known here; known are `person`, `limit`, `flag`, `type`",
            ),
            (
                "v%40example.com=Victoria",
                "?",
                "unknown_field",
                "has a field that is not known here; known are `person`, `limit`, `flag`, `type`",
            ),
            ("person=Victoria&person=Victoria", "?person", "duplicate_field", "must be given once only"),
            ("limit=1&limit=2", "?limit", "duplicate_field", "must be given once only"),
            ("limit=Victoria", "?limit", "invalid_value", "must be a whole number within bounds"),
            ("flag=Victoria", "?flag", "invalid_value", "must be \"true\", \"on\" or \"false\""),
            ("person=", "?person", "empty", "must have 1 to 200 characters; leave it out or send null for none"),
        ];
        for (query, pointer, code, detail) in table {
            let Err(Error::Refused { code: Code::InvalidInput, faults, .. }) = parse::<Filter>(query) else {
                panic!("{query}")
            };
            let found = (faults[0].pointer.as_str(), faults[0].code.as_str(), faults[0].detail.as_str());
            assert_eq!(found, (pointer, code, detail), "{query}");
        }
        for query in ["person=%FF", "person=%", "%zz=1"] {
            assert_eq!(parse::<Filter>(query).unwrap_err().code(), Code::MalformedRequest, "{query}");
        }
    }
}
