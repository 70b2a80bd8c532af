//! The prepared file of a case, given out once.

use super::context;
use crate::app::cases::Pieces;
use crate::error::Error;
use actix_web::http::{Method, header};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;

/// The file, piece by piece; when one fails the connection ends, so that nobody takes a part for the whole. Who asks only
/// whether it is there (HEAD) does not take it.
pub(super) fn answer(pieces: Pieces, request: &HttpRequest) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer
        .content_type("application/zip")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"guestlog.zip\""))
        .insert_header((header::CACHE_CONTROL, "no-store"));
    if request.method() == Method::HEAD {
        return answer.finish();
    }
    let request = context::request_id();
    let parts = stream::unfold(Some(pieces), move |state| async move {
        let mut pieces = state?;
        let read = tokio::task::spawn_blocking(move || {
            let next = pieces.take();
            (pieces, next)
        });
        match read.await.map_err(Error::internal) {
            Ok((pieces, Ok(Some(piece)))) => Some((Ok(Bytes::from(piece)), Some(pieces))),
            Ok((_, Ok(None))) => None,
            Ok((_, Err(error))) | Err(error) => {
                tracing::error!(%error, request_id = ?request, "a file could not be given out whole");
                Some((Err(error), None))
            }
        }
    });
    answer.streaming(Box::pin(parts))
}
