//! The public keys of receipts, where everybody finds them.

use super::auth::Public;
use super::docs::CACHED;
use super::refusals::Refusals;
use crate::app::{App, receipts};
use crate::domain::jwk::Jwks;
use crate::error::Error;
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;

/// Where the keys are (RFC 8615).
pub const KEYS: &str = "/.well-known/guestlog-receipt-keys.json";

/// The public keys by which receipts of deletions are verified, those that sign no more as well.
#[utoipa::path(get, path = "/.well-known/guestlog-receipt-keys.json", tag = "service", operation_id = "receipt_keys",
    responses((status = 200, description = "A JSON Web Key set (RFC 7517, RFC 8037)", body = Jwks), Refusals))]
pub async fn keys(_: Public, app: Data<App>) -> Result<HttpResponse, Error> {
    let keys = app.read(|view| Ok(receipts::public_keys(view))).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, CACHED)).json(keys))
}
