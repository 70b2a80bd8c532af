//! Which extractors may stand in a handler behind the one that says who may call.

use actix_web::FromRequest;

/// An extractor that may stand behind the first one.
///
/// Only extractors that keep the house's bounds and answer with its problem documents have it; actix's own `Json`,
/// `Bytes`, `Query` or `Path` do not.
pub trait Part: FromRequest {
    /// The media types of the body that it reads; none when it leaves the body alone.
    const TAKES: &'static [&'static str] = &[];
    /// Whether it reads the query of the address.
    const QUERY: bool = false;
}

impl<T: 'static> Part for actix_web::web::Data<T> {}
impl Part for actix_web::HttpRequest {}
