//! A body that may be as long as it likes until its reader says stop, plain or packed by gzip.

use super::body::{Media, declared_bytes, taken};
use super::faults::broken_off;
use crate::error::{Code, Error};
use crate::http::gate::Gate;
use crate::http::part::Part;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use futures_util::{FutureExt, StreamExt};
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::time::Duration;

/// How much is handed over at once: enough that the way to another thread does not count.
const PIECE_BYTES: usize = 256 * 1024;

/// A streamed body of a type of `M`, as it comes over the wire; the general bound on bodies does not apply.
pub struct Upload<M> {
    /// Whether it is packed by gzip (RFC 1952).
    pub packed: bool,
    /// Its declared length in bytes; 0 when it has none.
    pub declared_bytes: usize,
    /// The longest line of NDJSON.
    pub max_line_bytes: usize,
    payload: Payload,
    wait: Duration,
    set: PhantomData<M>,
}

impl<M: Media> Upload<M> {
    fn open(req: &HttpRequest, payload: &mut Payload) -> Result<Self, Error> {
        let mut encodings = req.headers().get_all(header::CONTENT_ENCODING);
        let packed = match (encodings.next().map(header::HeaderValue::as_bytes), encodings.next()) {
            (None | Some(b"identity"), None) => false,
            (Some(one), None) if one.eq_ignore_ascii_case(b"gzip") || one.eq_ignore_ascii_case(b"x-gzip") => true,
            _ => {
                let detail = "The Content-Encoding is not taken here; it may be gzip or left out.";
                return Err(Error::refused(Code::UnsupportedMediaType, detail));
            }
        };
        taken::<M>(req)?;
        let limits = &Gate::at(req)?.limits;
        Ok(Self {
            packed,
            declared_bytes: declared_bytes(req),
            max_line_bytes: limits.max_line_bytes,
            payload: payload.take(),
            wait: limits.request_timeout,
            set: PhantomData,
        })
    }

    /// The next piece; none after the last.
    ///
    /// # Errors
    /// `request_timeout` when nothing comes for as long as a request may take; `malformed_body` when it breaks off
    /// before its end, as HTTP tells it by a length or a last chunk.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, Error> {
        let late = |_| Error::refused(Code::RequestTimeout, "The rest of the body did not arrive in time.");
        let mut next = tokio::time::timeout(self.wait, self.payload.next()).await.map_err(late)?;
        let mut piece = BytesMut::new();
        // Waits for something, then takes what else has come already.
        loop {
            match next {
                Some(chunk) => piece.extend_from_slice(&chunk.map_err(|error| broken_off(&error))?),
                None => return Ok((!piece.is_empty()).then(|| piece.freeze())),
            }
            if piece.len() >= PIECE_BYTES {
                return Ok(Some(piece.freeze()));
            }
            next = match self.payload.next().now_or_never() {
                Some(next) => next,
                None => return Ok(Some(piece.freeze())),
            };
        }
    }
}

impl<M: Media> Part for Upload<M> {
    const TAKES: &'static [&'static str] = M::TAKES;
}

impl<M: Media> FromRequest for Upload<M> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Self::open(req, payload))
    }
}
