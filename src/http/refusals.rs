//! What any route may answer besides what it is for, as the OpenAPI document says it.

use super::problem::MEDIA_TYPE;
use std::collections::BTreeMap;
use utoipa::IntoResponses;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

/// The refusals and faults that any route may answer with, each a problem document.
pub struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let statuses = [400, 401, 403, 404, 405, 406, 408, 409, 413, 415, 422, 429, 431, 500, 503];
        let refusal = |status: u16| {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let response = ResponseBuilder::new().description("A problem").content(MEDIA_TYPE, content).build();
            (status.to_string(), RefOr::T(response))
        };
        statuses.into_iter().map(refusal).collect()
    }
}
