//! Refuses requests whose headers are too large, and requests of which nobody can say where they end.
//!
//! Actix-http answers the other ways of smuggling by itself: two lengths, a length beside chunks, unknown encodings,
//! folded headers. But for `Upgrade: websocket` it ignores `Content-Length` and takes all that follows on the
//! connection for the body. Behind a proxy that shares connections this would be another client's request, with its
//! key. We offer no upgrade, so the request is refused and the connection closed (RFC 9110, section 7.8; RFC 9112,
//! section 11.2).

use crate::error::{Code, Error};
use actix_web::ResponseError;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{HeaderMap, UPGRADE};
use actix_web::middleware::Next;

/// The middleware next inside the one that gives every answer its form.
///
/// # Errors
/// None of its own; a refusal is an answer.
pub async fn refuse_unsafe<B: MessageBody>(
    max_header_bytes: usize,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    match refusal(max_header_bytes, request.headers()) {
        None => next.call(request).await.map(ServiceResponse::map_into_left_body),
        Some(refusal) => {
            let mut answer = refusal.error_response();
            answer.head_mut().set_connection_type(ConnectionType::Close);
            Ok(request.into_response(answer).map_into_right_body())
        }
    }
}

fn refusal(max_header_bytes: usize, headers: &HeaderMap) -> Option<Error> {
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > max_header_bytes {
        let detail = format!("The headers are larger than {max_header_bytes} bytes, names and values together.");
        return Some(Error::refused(Code::HeadersTooLarge, detail));
    }
    // The very comparison of actix-http; a list that names it among others changes nothing there.
    let upgrade =
        headers.get_all(UPGRADE).any(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"websocket"));
    upgrade.then(|| Error::refused(Code::MalformedRequest, "The header Upgrade is not taken here."))
}
