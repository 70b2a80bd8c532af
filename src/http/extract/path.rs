//! The parameters in the path of the address.

use super::percent;
use crate::domain::text::{Device, Ref};
use crate::domain::{EventId, FieldError, VisitId};
use crate::error::{Code, Error};
use crate::http::context;
use crate::http::part::Part;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};
use uuid::Uuid;

/// A value that stands in a path.
pub trait Segment: Sized {
    /// The parameter's name, as between the braces of the route.
    const NAME: &'static str;

    /// Reads it.
    ///
    /// # Errors
    /// Of an identifier, the same `not_found` for what can't be one as for what isn't there; otherwise
    /// `invalid_input` with the pointer `/name`.
    fn read(text: String) -> Result<Self, Error>;
}

/// Places what is wrong with a text at its name.
fn at<T: Segment>(read: Result<T, FieldError>) -> Result<T, Error> {
    read.map_err(|error| Error::invalid(vec![error.at(format!("/{}", T::NAME))]))
}

impl Segment for Ref {
    const NAME: &'static str = "ref";

    fn read(text: String) -> Result<Self, Error> {
        at(Self::new(text))
    }
}

impl Segment for Device {
    const NAME: &'static str = "device";

    fn read(text: String) -> Result<Self, Error> {
        at(Self::new(text))
    }
}

/// Only in its usual form, so that a thing has one address.
fn id(text: &str) -> Result<Uuid, Error> {
    let usual = (text.len() == uuid::fmt::Hyphenated::LENGTH).then(|| Uuid::try_parse(text).ok());
    usual.flatten().ok_or_else(Error::not_found)
}

impl Segment for EventId {
    const NAME: &'static str = "id";

    fn read(text: String) -> Result<Self, Error> {
        id(&text).map(Self)
    }
}

impl Segment for VisitId {
    const NAME: &'static str = "id";

    fn read(text: String) -> Result<Self, Error> {
        id(&text).map(Self)
    }
}

/// The parameter of the path that is a `T`.
///
/// Read from the address as it was sent: actix's own decoding makes U+FFFD of all that is not UTF-8.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<T: Segment> Part for Path<T> {}

impl<T: Segment> FromRequest for Path<T> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let route = context::route().unwrap_or_default();
        ready(raw::<T>(route, req.uri().path()).and_then(T::read).map(Self))
    }
}

fn raw<T: Segment>(route: &str, path: &str) -> Result<String, Error> {
    let index = route
        .split('/')
        .position(|segment| segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) == Some(T::NAME))
        .ok_or_else(|| Error::internal("a route without the parameter that its handler asks for"))?;
    let segment = path.split('/').nth(index).ok_or_else(Error::not_found)?;
    percent::decode(segment).ok_or_else(|| {
        let detail = format!("The part {} of the address is not percent-encoded UTF-8.", T::NAME);
        Error::refused(Code::MalformedRequest, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Segment>(route: &str, path: &str) -> Result<T, Error> {
        raw::<T>(route, path).and_then(T::read)
    }

    #[test]
    fn a_ref_is_any_text() {
        for (path, text) in [
            ("/v1/people/guest-42/export", "guest-42"),
            ("/v1/people/a%2Fb%3Fc%23d/export", "a/b?c#d"),
            ("/v1/people/%C3%A6%20+/export", "æ +"),
            ("/v1/people/%252F/export", "%2F"),
        ] {
            let found = read::<Ref>("/v1/people/{ref}/export", path).unwrap();
            assert_eq!(found.as_str(), text, "{path}");
        }
    }

    #[test]
    fn a_refusal_names_the_part() {
        let long = format!("/v1/people/{}", "x".repeat(201));
        for (path, code) in [("/v1/people/%20", "empty"), ("/v1/people/%00", "control_character"), (&long, "too_long")]
        {
            let Err(Error::Refused { faults, .. }) = read::<Ref>("/v1/people/{ref}", path) else { panic!("{path}") };
            assert_eq!((faults[0].pointer.as_str(), faults[0].code.as_str()), ("/ref", code), "{path}");
        }
        let bad = read::<Ref>("/v1/people/{ref}", "/v1/people/%FF").unwrap_err();
        assert_eq!(bad.to_string(), "malformed_request: The part ref of the address is not percent-encoded UTF-8.");
    }

    #[test]
    fn what_cannot_be_an_id_is_not_there() {
        let unknown = Error::not_found().to_string();
        for text in ["Victoria", "", "0199f0c26c1e7b7a9c530f3c3a1b2c4d", "{0199f0c2-6c1e-7b7a-9c53-0f3c3a1b2c4d}"] {
            let path = format!("/v1/events/{text}");
            assert_eq!(read::<EventId>("/v1/events/{id}", &path).unwrap_err().to_string(), unknown, "{text}");
        }
        assert!(read::<VisitId>("/v1/visits/{id}", "/v1/visits/0199F0C2-6c1e-7b7a-9c53-0f3c3a1b2c4d").is_ok());
    }
}
