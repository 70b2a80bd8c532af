//! `/v1/reconciliations` and `/v1/people/digest`: what a lost deletion left behind is found and deleted.

mod digest;
mod lines;

pub use digest::{__path_digest, digest};

use super::auth::{Caller, PeopleDelete};
use super::extract::{Media, Path, Query, Segment, Upload};
use super::flag::Flag;
use super::list::{self, Paged, Pages};
use super::refusals::Refusals;
use crate::app::App;
use crate::app::reconciliation::{self, MAX_SHARE_PERCENT, Order, Part, Report};
use crate::domain::reconciliation::{Bits, Salt};
use crate::domain::{FieldError, PublicId, Timestamp};
use crate::error::{Code, Error};
use actix_web::web::{Data, Json, block};
use actix_web::{HttpRequest, HttpResponse};
use lines::Reader;
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

/// `application/x-ndjson`.
#[derive(Debug, Clone, Copy)]
pub enum Ndjson {}

impl Media for Ndjson {
    const TAKES: &'static [&'static str] = &["application/x-ndjson"];
}

/// A share in percent.
#[derive(Debug, Clone, Copy)]
pub struct Percent(u32);

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let percent = String::deserialize(deserializer)?.parse().ok().filter(|percent| (0..=100).contains(percent));
        let error = || FieldError::new("out_of_range", "must be a whole number from 0 to 100");
        percent.map(Self).ok_or_else(|| serde::de::Error::custom(error()))
    }
}

/// How the list is to be compared.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct How {
    /// When the list was taken, not in the future; people heard of since are left alone.
    snapshot_at: Timestamp,
    /// Whether to count only.
    #[param(value_type = Option<bool>)]
    dry_run: Option<Flag>,
    /// The share of the people held, in percent, beyond which nothing is deleted until it is confirmed; by default 10.
    #[param(value_type = Option<u32>, minimum = 0, maximum = 100)]
    max_share: Option<Percent>,
    /// The token of a `reconciliation_needs_confirmation`, for the same list.
    #[param(max_length = 100)]
    confirmation: Option<String>,
    /// For a list of some buckets: the `bits` of the digest.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 16)]
    bits: Option<Bits>,
    /// For a list of some buckets: the `salt` of the digest.
    #[param(inline)]
    salt: Option<Salt>,
    /// For a list of some buckets: which, with commas between them; only their people are judged.
    #[param(min_length = 1, max_length = 8192, pattern = "^[0-9a-f]+(,[0-9a-f]+)*$")]
    buckets: Option<String>,
}

impl How {
    fn part(&self) -> Result<Option<Part>, Error> {
        match (self.bits, self.salt, &self.buckets) {
            (None, None, None) => Ok(None),
            (Some(bits), Some(salt), Some(names)) => {
                let buckets = bits.read_all(names).map_err(|error| Error::invalid(vec![error.at("?buckets")]))?;
                Ok(Some(Part { bits, salt, buckets }))
            }
            _ => {
                let error =
                    FieldError::new("missing_field", "must be given with bits, salt and buckets, or none of them");
                Err(Error::invalid(vec![error.at("?buckets")]))
            }
        }
    }

    fn order(self, by: &Caller<PeopleDelete>) -> Result<Order, Error> {
        Ok(Order {
            part: self.part()?,
            customer: by.customer(),
            actor: by.by.key_id.as_str().to_owned(),
            snapshot_at: self.snapshot_at,
            dry_run: self.dry_run.is_some_and(|flag| flag.0),
            max_share_percent: self.max_share.map_or(MAX_SHARE_PERCENT, |percent| percent.0),
            confirmation: self.confirmation,
        })
    }
}

/// Compares the list of all people whom the customer still holds with ours, and deletes whom it lacks.
///
/// A line is `{"ref": "guest-42"}`; guests, hosts and recipients alike belong into the list. People heard of at or
/// after `snapshot_at` are left alone. A line that is not right, or a body that breaks off, refuses the whole list. More
/// than `max_share` percent missing, or an empty list, is answered 409 `reconciliation_needs_confirmation` with a token:
/// nothing is deleted until the same list comes with it, within a day.
#[utoipa::path(post, path = "/v1/reconciliations", tag = "deletions", operation_id = "create_reconciliation",
    params(How, ("Content-Encoding" = Option<String>, Header, description = "gzip, or left out",
        max_length = 8, pattern = "^(gzip|identity)$")),
    request_body(content((String = "application/x-ndjson"))),
    responses(
        (status = 200, description = "Counted", body = Report),
        (status = 202, description = "The deletions go on; see Location", body = Report,
            headers(("Location" = String, description = "Where to ask how far it has come"))),
        Refusals,
    ),
    security(("key" = ["people:delete"])))]
pub async fn post(
    by: Caller<PeopleDelete>,
    Query(how): Query<How>,
    mut upload: Upload<Ndjson>,
    app: Data<App>,
) -> Result<HttpResponse, Error> {
    let max_body_bytes = app.settings().reconciliation.max_body_bytes;
    if upload.declared_bytes as u64 > max_body_bytes {
        let detail = format!("The body has more than {max_body_bytes} bytes.");
        return Err(Error::refused(Code::BodyTooLarge, detail));
    }
    let list = app.begin_reconciliation(how.order(&by)?).await?;
    let mut reader = Reader::new(list, upload.packed, upload.max_line_bytes, max_body_bytes);
    while let Some(piece) = upload.piece().await? {
        let taken = block(move || reader.take(&piece).map(|()| reader)).await;
        reader = taken.map_err(Error::internal)??;
    }
    let list = block(move || reader.end()).await.map_err(Error::internal)??;
    let told = app.reconcile(list).await?;
    if told.dry_run {
        return Ok(HttpResponse::Ok().json(told));
    }
    let location = format!("/v1/reconciliations/{}", told.reconciliation_id);
    Ok(HttpResponse::Accepted().insert_header(("Location", location)).json(told))
}

/// A reconciliation in the path.
#[derive(Debug, Clone, Copy)]
pub struct OfReconciliation(PublicId);

impl Segment for OfReconciliation {
    const NAME: &'static str = "id";

    fn read(text: String) -> Result<Self, Error> {
        PublicId::parse(&text).map(Self).map_err(|_| Error::not_found())
    }
}

/// Shows how far a reconciliation has come.
#[utoipa::path(get, path = "/v1/reconciliations/{id}", tag = "deletions", operation_id = "get_reconciliation",
    params(("id" = uuid::Uuid, Path, description = "The reconciliation's id")),
    responses((status = 200, description = "The reconciliation", body = Report), Refusals),
    security(("key" = ["people:delete"])))]
pub async fn show(
    by: Caller<PeopleDelete>,
    Path(OfReconciliation(id)): Path<OfReconciliation>,
    app: Data<App>,
) -> Result<Json<Report>, Error> {
    let customer = by.customer();
    Ok(Json(app.read(move |view| reconciliation::get(view, customer, id)).await?))
}

/// Lists reconciliations, newest first.
#[utoipa::path(get, path = "/v1/reconciliations", tag = "deletions", operation_id = "list_reconciliations",
    params(Pages),
    responses((status = 200, description = "A page", body = list::PageOf<Report>), Refusals),
    security(("key" = ["people:delete"])))]
pub async fn index(
    by: Caller<PeopleDelete>,
    Query(pages): Query<Pages>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Paged<Report>, Error> {
    let (customer, ask) = (by.customer(), pages.into());
    let page = app.read(move |view| reconciliation::list(view, customer, &ask)).await?;
    Ok(Paged::new(&request, page))
}
