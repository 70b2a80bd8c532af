//! The body: of a type that is taken here, no longer than allowed, whole in time.

use super::faults::{broken_off, too_large};
use super::json::parse_json;
use super::lines::Lines;
use crate::error::{Code, Error};
use crate::http::context;
use crate::http::gate::{Gate, Limits};
use crate::http::part::Part;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::mime::{self, Mime};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};
use std::marker::PhantomData;

/// A set of media types that a body may have.
pub trait Media: 'static {
    /// Their essences, such as `application/json`.
    const TAKES: &'static [&'static str];
}

/// `application/json`.
#[derive(Debug, Clone, Copy)]
pub enum Json {}

impl Media for Json {
    const TAKES: &'static [&'static str] = &["application/json"];
}

/// `application/merge-patch+json` (RFC 7396), or plain `application/json`.
#[derive(Debug, Clone, Copy)]
pub enum MergePatch {}

impl Media for MergePatch {
    const TAKES: &'static [&'static str] = &["application/merge-patch+json", "application/json"];
}

/// A body that is not read yet, but has a type of `M` and no declared length beyond the bound.
pub struct Incoming<M> {
    /// Which type of `M` it has.
    pub media: &'static str,
    payload: Payload,
    limits: Limits,
    declared_bytes: usize,
    set: PhantomData<M>,
}

impl<M: Media> Incoming<M> {
    fn open(req: &HttpRequest, payload: &mut Payload) -> Result<Self, Error> {
        let media = taken::<M>(req)?;
        if req.headers().get_all(header::CONTENT_ENCODING).any(|value| value != "identity") {
            return Err(unsupported("A Content-Encoding is not taken here; send the body as it is"));
        }
        let limits = Gate::at(req)?.limits.clone();
        let declared_bytes = declared_bytes(req);
        if declared_bytes > limits.max_body_bytes {
            return Err(too_large(limits.max_body_bytes));
        }
        Ok(Self { media, payload: payload.take(), limits, declared_bytes, set: PhantomData })
    }

    /// The whole body, counted while it comes.
    ///
    /// # Errors
    /// `body_too_large` naming the bound; `malformed_body` when it breaks off.
    pub async fn bytes(mut self) -> Result<Bytes, Error> {
        context::reading(true);
        let limit_bytes = self.limits.max_body_bytes;
        let mut body = BytesMut::with_capacity(self.declared_bytes.min(64 * 1024));
        while let Some(chunk) = self.payload.next().await {
            let chunk = chunk.map_err(|error| broken_off(&error))?;
            if body.len() + chunk.len() > limit_bytes {
                return Err(too_large(limit_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        context::reading(false);
        Ok(body.freeze())
    }

    /// The body line by line.
    #[must_use]
    pub fn lines(self) -> Lines {
        Lines::new(self.payload, &self.limits)
    }
}

impl<M: Media> Part for Incoming<M> {
    const TAKES: &'static [&'static str] = M::TAKES;
}

impl<M: Media> FromRequest for Incoming<M> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Self::open(req, payload))
    }
}

/// A JSON body as a `T`, of a media type of `M`: `Body(event, _): Body<NewEvent>`.
pub struct Body<T, M = Json>(pub T, pub PhantomData<M>);

impl<T: DeserializeOwned + 'static, M: Media> Part for Body<T, M> {
    const TAKES: &'static [&'static str] = M::TAKES;
}

impl<T: DeserializeOwned + 'static, M: Media> FromRequest for Body<T, M> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let incoming = Incoming::<M>::open(req, payload);
        Box::pin(async move { Ok(Self(parse_json(&incoming?.bytes().await?, "")?, PhantomData)) })
    }
}

/// The one media type that the request names for its body.
///
/// # Errors
/// `unsupported_media_type` when it names none, several or something else.
pub(in crate::http) fn media_type(req: &HttpRequest) -> Result<Mime, Error> {
    let mut values = req.headers().get_all(header::CONTENT_TYPE);
    let one = match (values.next(), values.next()) {
        (Some(one), None) => one.to_str().ok().and_then(|text| text.parse().ok()),
        _ => None,
    };
    one.ok_or_else(|| unsupported("The header Content-Type is missing or is not one media type"))
}

fn unsupported(what: &str) -> Error {
    Error::refused(Code::UnsupportedMediaType, format!("{what}."))
}

/// The length that the request declares, 0 without one.
pub(super) fn declared_bytes(req: &HttpRequest) -> usize {
    match req.headers().get(header::CONTENT_LENGTH) {
        // A length too long for a number is too long for any bound.
        Some(value) => value.to_str().ok().and_then(|text| text.parse().ok()).unwrap_or(usize::MAX),
        None => 0,
    }
}

/// Which type of `M` the body has.
pub(super) fn taken<M: Media>(req: &HttpRequest) -> Result<&'static str, Error> {
    let takes = || format!("this address takes {}", M::TAKES.join(", "));
    let media = media_type(req).map_err(|_| {
        unsupported(&format!("The header Content-Type is missing or is not one media type; {}", takes()))
    })?;
    let Some(found) = M::TAKES.iter().copied().find(|essence| *essence == media.essence_str()) else {
        return Err(unsupported(&format!("The media type is not taken here; {}", takes())));
    };
    if media.get_param(mime::CHARSET).is_some_and(|charset| charset != mime::UTF_8) {
        return Err(unsupported("The charset is not taken here; JSON is UTF-8"));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::auth::Public;
    use crate::http::fixture::{Fixture, problem, text};
    use crate::http::routes::Table;
    use actix_web::test::TestRequest;

    async fn take(_: Public, Body(texts, _): Body<Vec<String>>) -> String {
        texts.len().to_string()
    }

    async fn patch(_: Public, body: Incoming<MergePatch>) -> &'static str {
        body.media
    }

    fn fixture() -> Fixture {
        Fixture::new(Table::new().post("/take", take).patch("/patch", patch))
    }

    fn post(media: &str) -> TestRequest {
        TestRequest::post().uri("/take").insert_header(("content-type", media)).set_payload(r#"["a","b"]"#)
    }

    #[actix_web::test]
    async fn json_is_taken() {
        for media in ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\""] {
            assert_eq!(text(fixture().send(post(media)).await).await, "2", "{media}");
        }
        let call = TestRequest::patch().uri("/patch").insert_header(("content-type", "application/merge-patch+json"));
        assert_eq!(text(fixture().send(call).await).await, "application/merge-patch+json");
    }

    #[actix_web::test]
    async fn nothing_else_is() {
        let fixture = fixture();
        for media in
            ["text/plain", "application/json; charset=latin1", "application/merge-patch+json", "json", "*/*", ""]
        {
            assert_eq!(problem(fixture.send(post(media)).await).await, "unsupported_media_type", "{media}");
        }
        let none = TestRequest::post().uri("/take").set_payload("[]");
        assert!(text(fixture.send(none).await).await.contains("this address takes application/json."));
        let twice = post("application/json").append_header(("content-type", "application/json"));
        assert_eq!(problem(fixture.send(twice).await).await, "unsupported_media_type");
        let packed = post("application/json").insert_header(("content-encoding", "gzip"));
        assert_eq!(problem(fixture.send(packed).await).await, "unsupported_media_type");
    }

    #[actix_web::test]
    async fn a_long_body_is_refused_with_the_bound() {
        let long = post("application/json").set_payload(format!("[\"{}\"]", "x".repeat(1_000)));
        let answer = text(fixture().send(long).await).await;
        assert!(answer.contains("body_too_large") && answer.contains("The body has more than 1000 bytes."), "{answer}");
    }

    #[actix_web::test]
    async fn a_declared_length_is_refused_before_it_comes() {
        let answer = fixture()
            .raw("POST /take HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1001\r\n\r\n")
            .await;
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("connection: close"), "{answer}");
    }

    #[actix_web::test]
    async fn a_body_without_end_is_cut_off() {
        let answer = fixture()
            .raw(concat!(
                "POST /take HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
                "3ea\r\n[        ",
            ))
            .await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        let long = format!(
            "POST /take HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3ea\r\n{}\r\n",
            " ".repeat(0x3ea)
        );
        let answer = fixture().raw(long.leak()).await;
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("connection: close"), "{answer}");
    }

    #[actix_web::test]
    async fn a_bad_body_is_refused_without_its_content() {
        for (body, code) in
            [("[\"Victoria", "malformed_body"), ("{\"Victoria\":1}", "invalid_input"), ("", "malformed_body")]
        {
            let answer = text(fixture().send(post("application/json").set_payload(body)).await).await;
            assert!(answer.contains(code) && !answer.contains("Victoria"), "{answer}");
        }
    }
}
