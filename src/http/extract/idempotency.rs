//! The header `Idempotency-Key`.

use crate::error::{Code, Error};
use crate::http::part::Part;
use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};

/// The longest key.
const MAX_CHARACTERS: usize = 255;

/// The key under which a client may repeat its request; none when it sent none.
///
/// Redacted in `Debug`: what a client chooses may be personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Idempotency(pub Option<String>);

impl std::fmt::Debug for Idempotency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Idempotency(…)")
    }
}

impl Part for Idempotency {}

impl FromRequest for Idempotency {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(req.headers()).map(Self))
    }
}

fn read(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let mut values = headers.get_all("idempotency-key");
    let Some(first) = values.next() else { return Ok(None) };
    let ok = (1..=MAX_CHARACTERS).contains(&first.len()) && first.as_bytes().iter().all(u8::is_ascii_graphic);
    match (ok, values.next(), first.to_str()) {
        (true, None, Ok(key)) => Ok(Some(key.to_owned())),
        _ => Err(Error::refused(
            Code::MalformedRequest,
            format!("The header Idempotency-Key must come once, with 1 to {MAX_CHARACTERS} visible ASCII characters."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let name = HeaderName::from_static("idempotency-key");
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_bytes(value).unwrap());
        }
        headers
    }

    #[test]
    fn one_visible_key_or_none() {
        assert_eq!(read(&headers(&[])).unwrap(), None);
        assert_eq!(read(&headers(&[b"a-1"])).unwrap().as_deref(), Some("a-1"));
        assert!(read(&headers(&[&[b'x'; 255]])).is_ok());
        let bad: [&[&[u8]]; 5] = [&[b""], &[b"a b"], &[b"a", b"a"], &[&[b'x'; 256]], &[&[0xe6]]];
        for values in bad {
            assert_eq!(read(&headers(values)).unwrap_err().code(), Code::MalformedRequest);
        }
    }
}
