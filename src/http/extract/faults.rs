//! What can be wrong with a body before anything in it is read.

use crate::error::{Code, Error};
use actix_web::error::PayloadError;

pub(super) fn too_large(limit_bytes: usize) -> Error {
    Error::refused(Code::BodyTooLarge, format!("The body has more than {limit_bytes} bytes."))
}

pub(super) fn broken_off(error: &PayloadError) -> Error {
    match error {
        PayloadError::Overflow => Error::refused(Code::BodyTooLarge, "The body is larger than the connection allows."),
        _ => Error::refused(Code::MalformedBody, "The body broke off before its end."),
    }
}
