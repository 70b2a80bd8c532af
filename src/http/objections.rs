//! `/v1/people/{ref}/objections/{purpose}`: objection and withdrawal of consent.

use super::auth::{Caller, Rights};
use super::extract::{Body, Path, Segment};
use super::refusals::Refusals;
use crate::app::App;
use crate::app::objections::{self, Objection, Put};
use crate::domain::FieldError;
use crate::domain::objection::Purpose;
use crate::domain::text::Ref;
use crate::error::Error;
use actix_web::HttpResponse;
use actix_web::web::{Data, Json};

impl Segment for Purpose {
    const NAME: &'static str = "purpose";

    fn read(text: String) -> Result<Self, Error> {
        let known = Self::ALL.iter().find(|purpose| purpose.as_str() == text).copied();
        known.ok_or_else(|| {
            let words: Vec<&str> = Self::ALL.iter().map(|purpose| purpose.as_str()).collect();
            let detail = format!("must be one of: {}", words.join(" "));
            Error::invalid(vec![FieldError::new("unknown_purpose", detail).at("/purpose")])
        })
    }
}

/// Stores that a person objects to a purpose or withdraws consent to it, or what was decided; the processing for it stops
/// at once.
///
/// An objection to `registration` restricts the person's data on the ground `d`. One to `marketing` and the withdrawal of
/// a consent are upheld whatever is sent, and nobody can refuse them. `docs/limits.md` has the table of combinations.
#[utoipa::path(put, path = "/v1/people/{ref}/objections/{purpose}", tag = "rights", operation_id = "put_objection",
    params(("ref" = inline(Ref), Path, description = "The customer's own identifier"),
        ("purpose" = inline(Purpose), Path, description = "What the data are processed for")),
    request_body = Put,
    responses((status = 200, description = "In force", body = Objection), Refusals),
    security(("key" = ["rights"])))]
pub async fn put(
    by: Caller<Rights>,
    Path(reference): Path<Ref>,
    Path(purpose): Path<Purpose>,
    Body(put, _): Body<Put>,
    app: Data<App>,
) -> Result<Json<Objection>, Error> {
    let (customer, actor) = (by.customer(), by.by.key_id.clone());
    Ok(Json(app.write(move |work| objections::put(work, customer, &actor, &reference, purpose, &put)).await?))
}

/// Removes an objection that the person has taken back; one to `marketing` stays.
///
/// A restriction that came with it is lifted by itself, after the person has been told.
#[utoipa::path(delete, path = "/v1/people/{ref}/objections/{purpose}", tag = "rights",
    operation_id = "delete_objection",
    params(("ref" = inline(Ref), Path, description = "The customer's own identifier"),
        ("purpose" = inline(Purpose), Path, description = "What the data are processed for")),
    responses((status = 204, description = "Taken back"), Refusals),
    security(("key" = ["rights"])))]
pub async fn delete(
    by: Caller<Rights>,
    Path(reference): Path<Ref>,
    Path(purpose): Path<Purpose>,
    app: Data<App>,
) -> Result<HttpResponse, Error> {
    let (customer, actor) = (by.customer(), by.by.key_id.clone());
    app.write(move |work| objections::remove(work, customer, &actor, &reference, purpose)).await?;
    Ok(HttpResponse::NoContent().finish())
}
