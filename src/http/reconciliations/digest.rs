//! `GET /v1/people/digest`: where two sides differ, without sending everybody.

use crate::app::App;
use crate::app::reconciliation::PeopleDigest;
use crate::domain::reconciliation::{Bits, Salt};
use crate::error::Error;
use crate::http::auth::{Caller, PeopleRead};
use crate::http::extract::Query;
use crate::http::refusals::Refusals;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use utoipa::IntoParams;

/// How people are to be divided.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Division {
    /// Into two to the power of this many buckets.
    #[param(value_type = u32, minimum = 1, maximum = 16)]
    bits: Bits,
    /// The salt of an earlier answer, to compare with it; a new one otherwise.
    #[param(inline)]
    salt: Option<Salt>,
}

/// Divides the people held into buckets, and gives count and digest of each that is not empty.
///
/// The hash of a person is HMAC-SHA-256 with the 16 bytes of `salt` as key, of the ref in UTF-8. Its first `bits` bits
/// are the bucket; the digest of a bucket is the exclusive or of the first 16 bytes of the hashes in it. Whoever
/// computes the same over the refs it holds sees in which buckets the two differ, and reconciles these alone.
#[utoipa::path(get, path = "/v1/people/digest", tag = "people", operation_id = "digest_people", params(Division),
    responses((status = 200, description = "The buckets", body = PeopleDigest), Refusals),
    security(("key" = ["people:read"])))]
pub async fn digest(
    by: Caller<PeopleRead>,
    Query(division): Query<Division>,
    app: Data<App>,
) -> Result<Json<PeopleDigest>, Error> {
    Ok(Json(app.people_digest(by.customer(), division.bits, division.salt).await?))
}
