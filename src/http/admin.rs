//! `/v1/admin`: the operator's own customers, licences and keys.

use super::auth::Operator;
use super::extract::{Body, Idempotency, Incoming, Json as JsonBody, Path, Query, Segment, parse_json};
use super::list::{self, Paged};
use super::once::once;
use super::refusals::Refusals;
use crate::app::customers::{self, Customer};
use crate::app::keys::{self, Issued, Key};
use crate::app::licenses::{self, License};
use crate::app::page::Ask;
use crate::app::{App, Work};
use crate::domain::license::{OverdueRule, parse_closes_at};
use crate::domain::scope::Scopes;
use crate::domain::text::{Label, LicenseNumber};
use crate::domain::zone::Zone;
use crate::domain::{FieldError, PublicId, number, schema};
use crate::error::Error;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// A customer in the path.
#[derive(Debug, Clone, Copy)]
pub struct OfCustomer(pub(super) PublicId);

impl Segment for OfCustomer {
    const NAME: &'static str = "id";

    fn read(text: String) -> Result<Self, Error> {
        PublicId::parse(&text).map(Self).map_err(|_| Error::not_found())
    }
}

/// A licence in the path.
#[derive(Debug, Clone, Copy)]
pub struct OfLicense(PublicId);

impl Segment for OfLicense {
    const NAME: &'static str = "license";

    fn read(text: String) -> Result<Self, Error> {
        PublicId::parse(&text).map(Self).map_err(|_| Error::not_found())
    }
}

/// The public part of a key in the path.
#[derive(Debug, Clone)]
pub struct OfKey(String);

impl Segment for OfKey {
    const NAME: &'static str = "key_id";

    fn read(text: String) -> Result<Self, Error> {
        let plain = text.len() <= 64 && text.bytes().all(|octet| octet.is_ascii_alphanumeric());
        if plain { Ok(Self(text)) } else { Err(Error::not_found()) }
    }
}

/// Runs a creating request once for its `Idempotency-Key`.
async fn create<T: Serialize>(
    app: &App,
    request: &HttpRequest,
    idempotency: Idempotency,
    body: Vec<u8>,
    make: impl Fn(&mut Work<'_, '_>) -> Result<T, Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    run_once(app, request, idempotency, body, StatusCode::CREATED, make).await
}

/// Runs a changing request of the operator once for its `Idempotency-Key`, and answers with this status.
pub(super) async fn run_once<T: Serialize>(
    app: &App,
    request: &HttpRequest,
    idempotency: Idempotency,
    body: Vec<u8>,
    status: StatusCode,
    make: impl Fn(&mut Work<'_, '_>) -> Result<T, Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    once(app, request, None, idempotency, body, status, make).await
}

/// A customer to create.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCustomer {
    /// The company's name.
    name: Label,
    /// IANA time zone; Europe/Copenhagen when left out.
    time_zone: Option<Zone>,
}

/// Creates a customer.
#[utoipa::path(post, path = "/v1/admin/customers", tag = "admin", operation_id = "create_customer",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    request_body = NewCustomer,
    responses((status = 201, description = "Created", body = Customer), Refusals),
    security(("key" = ["admin"])))]
pub async fn create_customer(
    _: Operator,
    idempotency: Idempotency,
    body: Incoming<JsonBody>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let bytes = body.bytes().await?;
    let new: NewCustomer = parse_json(&bytes, "")?;
    create(&app, &request, idempotency, bytes.to_vec(), move |work| {
        customers::create(work, &new.name, new.time_zone.unwrap_or_default())
    })
    .await
}

/// Lists customers in the order in which they were created.
#[utoipa::path(get, path = "/v1/admin/customers", tag = "admin", operation_id = "list_customers", params(list::Pages),
    responses((status = 200, description = "A page", body = list::PageOf<Customer>), Refusals),
    security(("key" = ["admin"])))]
pub async fn customers(
    _: Operator,
    Query(pages): Query<list::Pages>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Paged<Customer>, Error> {
    let ask: Ask = pages.into();
    let page = app.read(move |view| customers::list(view, &ask)).await?;
    Ok(Paged::new(&request, page))
}

/// Shows one customer.
#[utoipa::path(get, path = "/v1/admin/customers/{id}", tag = "admin", operation_id = "get_customer",
    params(("id" = uuid::Uuid, Path, description = "The customer's id")),
    responses((status = 200, description = "The customer", body = Customer), Refusals),
    security(("key" = ["admin"])))]
pub async fn customer(_: Operator, Path(id): Path<OfCustomer>, app: Data<App>) -> Result<Json<Customer>, Error> {
    Ok(Json(app.read(move |view| customers::get(view, id.0)).await?))
}

/// Changes what is known of a customer: a JSON merge patch, in which null removes.
#[utoipa::path(patch, path = "/v1/admin/customers/{id}", tag = "admin", operation_id = "change_customer",
    params(("id" = uuid::Uuid, Path, description = "The customer's id")),
    request_body = customers::Change,
    responses((status = 200, description = "Changed", body = Customer), Refusals),
    security(("key" = ["admin"])))]
pub async fn change_customer(
    _: Operator,
    Path(id): Path<OfCustomer>,
    Body(change, _): Body<customers::Change>,
    app: Data<App>,
) -> Result<Json<Customer>, Error> {
    Ok(Json(app.write(move |work| customers::change(work, id.0, &change)).await?))
}

/// A licence to issue.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLicense {
    /// The number that events will name, unique within the customer.
    license_number: LicenseNumber,
    /// What the site is called.
    name: Label,
    /// IANA time zone of the site; the customer's when left out.
    time_zone: Option<Zone>,
    /// A guest is overdue so many minutes after check-in; 12 hours when neither is given.
    #[serde(default, deserialize_with = "number::whole::<1, { OverdueRule::MAX_AFTER_MINUTES }, _>")]
    #[schema(minimum = 1, maximum = 43200)]
    overdue_after_minutes: Option<u32>,
    /// A guest is overdue after this local time.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    closes_at: Option<String>,
}

fn rule(after: Option<u32>, closes_at: Option<&str>) -> Result<OverdueRule, Error> {
    let place = |pointer: &'static str| move |error: FieldError| Error::invalid(vec![error.at(pointer)]);
    let closes_at = closes_at.map(parse_closes_at).transpose().map_err(place("/closes_at"))?;
    OverdueRule::new(after, closes_at).map_err(place("/overdue_after_minutes"))
}

/// Issues a licence.
#[utoipa::path(post, path = "/v1/admin/customers/{id}/licenses", tag = "admin", operation_id = "issue_license",
    params(("id" = uuid::Uuid, Path, description = "The customer's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    request_body = NewLicense,
    responses((status = 201, description = "Issued", body = License), Refusals),
    security(("key" = ["admin"])))]
pub async fn issue_license(
    _: Operator,
    Path(id): Path<OfCustomer>,
    idempotency: Idempotency,
    body: Incoming<JsonBody>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let bytes = body.bytes().await?;
    let new: NewLicense = parse_json(&bytes, "")?;
    let draft = licenses::Draft {
        overdue: rule(new.overdue_after_minutes, new.closes_at.as_deref())?,
        number: new.license_number,
        name: new.name,
        zone: new.time_zone,
    };
    create(&app, &request, idempotency, bytes.to_vec(), move |work| licenses::issue(work, id.0, &draft)).await
}

/// Lists a customer's licences.
#[utoipa::path(get, path = "/v1/admin/customers/{id}/licenses", tag = "admin", operation_id = "list_licenses",
    params(("id" = uuid::Uuid, Path, description = "The customer's id"), list::Pages),
    responses((status = 200, description = "A page", body = list::PageOf<License>), Refusals),
    security(("key" = ["admin"])))]
pub async fn licenses(
    _: Operator,
    Path(id): Path<OfCustomer>,
    Query(pages): Query<list::Pages>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Paged<License>, Error> {
    let ask: Ask = pages.into();
    let page = app.read(move |view| licenses::list(view, id.0, &ask)).await?;
    Ok(Paged::new(&request, page))
}

/// What to change of a licence; hours that are given replace both of those before.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseChange {
    /// What the site is called.
    name: Option<Label>,
    /// IANA time zone of the site.
    time_zone: Option<Zone>,
    /// A guest is overdue so many minutes after check-in.
    #[serde(default, deserialize_with = "number::whole::<1, { OverdueRule::MAX_AFTER_MINUTES }, _>")]
    #[schema(minimum = 1, maximum = 43200)]
    overdue_after_minutes: Option<u32>,
    /// A guest is overdue after this local time.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    closes_at: Option<String>,
    /// True ends the licence for good: no event is taken for it any more.
    revoked: Option<Revoked>,
}

/// Changes or revokes a licence.
#[utoipa::path(patch, path = "/v1/admin/customers/{id}/licenses/{license}", tag = "admin", operation_id = "change_license",
    params(("id" = uuid::Uuid, Path, description = "The customer's id"), ("license" = uuid::Uuid, Path, description = "The licence's id")),
    request_body = LicenseChange,
    responses((status = 200, description = "Changed", body = License), Refusals),
    security(("key" = ["admin"])))]
pub async fn change_license(
    _: Operator,
    Path(id): Path<OfCustomer>,
    Path(license): Path<OfLicense>,
    Body(change, _): Body<LicenseChange>,
    app: Data<App>,
) -> Result<Json<License>, Error> {
    let overdue = if change.overdue_after_minutes.is_some() || change.closes_at.is_some() {
        Some(rule(change.overdue_after_minutes, change.closes_at.as_deref())?)
    } else {
        None
    };
    let change =
        licenses::Change { name: change.name, zone: change.time_zone, overdue, revoke: change.revoked.is_some() };
    Ok(Json(app.write(move |work| licenses::change(work, id.0, license.0, &change)).await?))
}

/// True: what is revoked stays revoked.
#[derive(Debug, Clone, Copy)]
pub struct Revoked;

schema::documented!(Revoked, "Revoked", schema::only_true());

impl<'de> Deserialize<'de> for Revoked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if bool::deserialize(deserializer)? {
            return Ok(Self);
        }
        let error = FieldError::new("not_allowed_here", "must be true or left out; a revocation cannot be taken back");
        Err(serde::de::Error::custom(error))
    }
}

/// A key to issue.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What it may do.
    #[schema(example = json!(["events:write", "events:read"]))]
    scopes: Scopes,
    /// Number of a licence to bind it to.
    license_number: Option<LicenseNumber>,
    /// How long it lives, in days; 365 when left out.
    #[serde(default, deserialize_with = "number::whole::<1, { keys::MAX_DAYS }, _>")]
    #[schema(minimum = 1, maximum = 3650)]
    expires_in_days: Option<u32>,
}

/// Issues a key; its secret is shown in this answer alone.
#[utoipa::path(post, path = "/v1/admin/customers/{id}/keys", tag = "admin", operation_id = "issue_key",
    params(("id" = uuid::Uuid, Path, description = "The customer's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a retry safe for seven days",
            min_length = 1, max_length = 255, pattern = "^[!-~]+$")),
    request_body = NewKey,
    responses((status = 201, description = "Issued", body = Issued), Refusals),
    security(("key" = ["admin"])))]
pub async fn issue_key(
    _: Operator,
    Path(id): Path<OfCustomer>,
    idempotency: Idempotency,
    body: Incoming<JsonBody>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let bytes = body.bytes().await?;
    let new: NewKey = parse_json(&bytes, "")?;
    let draft = keys::Draft {
        customer: Some(id.0),
        license_number: new.license_number.map(|number| number.as_str().to_owned()),
        scopes: new.scopes,
        days: new.expires_in_days.unwrap_or(keys::DEFAULT_DAYS),
    };
    create(&app, &request, idempotency, bytes.to_vec(), move |work| keys::issue(work, &draft)).await
}

/// Lists a customer's keys, without their secrets.
#[utoipa::path(get, path = "/v1/admin/customers/{id}/keys", tag = "admin", operation_id = "list_keys",
    params(("id" = uuid::Uuid, Path, description = "The customer's id"), list::Pages),
    responses((status = 200, description = "A page", body = list::PageOf<Key>), Refusals),
    security(("key" = ["admin"])))]
pub async fn keys(
    _: Operator,
    Path(id): Path<OfCustomer>,
    Query(pages): Query<list::Pages>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Paged<Key>, Error> {
    let ask: Ask = pages.into();
    let page = app.read(move |view| keys::list(view, id.0, &ask)).await?;
    Ok(Paged::new(&request, page))
}

/// What to change of a key.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    /// True ends the key for good: at this node from the next request on, at others within `keys.cache_ms`.
    revoked: Revoked,
}

/// Revokes a key.
#[utoipa::path(patch, path = "/v1/admin/customers/{id}/keys/{key_id}", tag = "admin", operation_id = "change_key",
    params(("id" = uuid::Uuid, Path, description = "The customer's id"),
        ("key_id" = String, Path, description = "The public part of the key", min_length = 1, max_length = 64)),
    request_body = KeyChange,
    responses((status = 200, description = "Revoked", body = Key), Refusals),
    security(("key" = ["admin"])))]
pub async fn change_key(
    _: Operator,
    Path(id): Path<OfCustomer>,
    Path(key): Path<OfKey>,
    Body(change, _): Body<KeyChange>,
    app: Data<App>,
) -> Result<Json<Key>, Error> {
    let KeyChange { revoked: Revoked } = change;
    Ok(Json(app.write(move |work| keys::revoke(work, Some(id.0), &key.0)).await?))
}
