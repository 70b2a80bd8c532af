//! `/v1/people`: the mirror of the customer's backend.

use super::auth::{Caller, PeopleRead, PeopleWrite};
use super::excepted;
use super::extract::{Body, MergePatch, Path, Query};
use super::flag::Flag;
use super::list::{self, Paged};
use super::refusals::Refusals;
use crate::app::page::Ask;
use crate::app::people::{self, Filter, Patch, Person, Put};
use crate::app::{App, Work, accesses};
use crate::domain::contact::{Email, Phone};
use crate::domain::person::Kind;
use crate::domain::reading::Lookup;
use crate::domain::scope::Scope;
use crate::domain::text::Ref;
use crate::error::Error;
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::IntoParams;

/// How a person is to be put.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct How {
    /// Whether a person who has been deleted shall be made anew; events from before stay refused.
    #[param(value_type = Option<bool>)]
    recreate: Option<Flag>,
}

/// Creates a person, or replaces what is held.
///
/// The answer gives the reason of a restriction and the grounds of objections to a key with the scope `rights` alone.
#[utoipa::path(put, path = "/v1/people/{ref}", tag = "people", operation_id = "put_person",
    params(("ref" = inline(Ref), Path, description = "The customer's own identifier"), How),
    request_body = Put,
    responses(
        (status = 200, description = "Replaced", body = Person),
        (status = 201, description = "Created", body = Person),
        Refusals,
    ),
    security(("key" = ["people:write"])))]
pub async fn put(
    by: Caller<PeopleWrite>,
    Path(reference): Path<Ref>,
    Query(how): Query<How>,
    Body(put, _): Body<Put>,
    app: Data<App>,
) -> Result<HttpResponse, Error> {
    let customer = by.customer();
    let recreate = how.recreate.is_some_and(|flag| flag.0);
    let reader = by.reads(Lookup::Put);
    let put = move |work: &mut Work<'_, '_>| {
        let put = people::put(work, customer, &reference, &put, recreate)?;
        accesses::record(work, &reader)?;
        Ok(put)
    };
    let (person, created) = app.write(put).await?;
    let person = for_key(&by, person);
    Ok(if created { HttpResponse::Created().json(person) } else { HttpResponse::Ok().json(person) })
}

/// Corrects some of what is held: a JSON merge patch, in which null removes.
///
/// The answer gives the reason of a restriction and the grounds of objections to a key with the scope `rights` alone.
#[utoipa::path(patch, path = "/v1/people/{ref}", tag = "people", operation_id = "patch_person",
    params(("ref" = inline(Ref), Path, description = "The customer's own identifier")),
    request_body(content((Patch = "application/merge-patch+json"), (Patch = "application/json"))),
    responses((status = 200, description = "Corrected", body = Person), Refusals),
    security(("key" = ["people:write"])))]
pub async fn patch(
    by: Caller<PeopleWrite>,
    Path(reference): Path<Ref>,
    Body(patch, _): Body<Patch, MergePatch>,
    app: Data<App>,
) -> Result<Json<Person>, Error> {
    let customer = by.customer();
    let reader = by.reads(Lookup::Patch);
    let patch = move |work: &mut Work<'_, '_>| {
        let patched = people::patch(work, customer, &reference, &patch)?;
        accesses::record(work, &reader)?;
        Ok(patched)
    };
    Ok(Json(for_key(&by, app.write(patch).await?)))
}

/// The reasons of restrictions and the grounds of objections are for keys with the scope `rights`.
fn for_key(by: &Caller<PeopleWrite>, person: Person) -> Person {
    if by.by.scopes.contains(Scope::Rights) { person } else { person.without_words() }
}

/// Shows one person.
///
/// Of somebody whose data are restricted a key with the scope `rights` as well sees the mark, and no data.
#[utoipa::path(get, path = "/v1/people/{ref}", tag = "people", operation_id = "get_person",
    params(("ref" = inline(Ref), Path, description = "The customer's own identifier"), excepted::Why),
    responses((status = 200, description = "The person", body = Person), Refusals),
    security(("key" = ["people:read"])))]
pub async fn show(
    by: Caller<PeopleRead>,
    Path(reference): Path<Ref>,
    Query(why): Query<excepted::Why>,
    app: Data<App>,
) -> Result<Json<Person>, Error> {
    let get = if by.by.scopes.contains(Scope::Rights) { people::get_marked } else { people::get };
    let customer = by.customer();
    let sight = excepted::sight(&app, &by, Some(&reference), why.restricted).await?;
    let reader = by.reads(Lookup::Person).with(sight);
    Ok(Json(app.read_for(reader, move |view| get(view, customer, &reference)).await?))
}

/// Which people to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Search {
    /// What the person is to the customer.
    #[param(inline)]
    kind: Option<Kind>,
    /// With this e-mail address, whatever its case.
    #[param(inline)]
    email: Option<Email>,
    /// With this phone number, however it is written.
    #[param(inline)]
    phone: Option<Phone>,
    /// Items of a page, 1 to 200.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<list::Limit>,
    /// The next_cursor of the page before.
    #[param(max_length = 200)]
    cursor: Option<String>,
}

/// Lists people.
#[utoipa::path(get, path = "/v1/people", tag = "people", operation_id = "list_people", params(Search),
    responses((status = 200, description = "A page", body = list::PageOf<Person>), Refusals),
    security(("key" = ["people:read"])))]
pub async fn index(
    by: Caller<PeopleRead>,
    Query(search): Query<Search>,
    app: Data<App>,
    request: HttpRequest,
) -> Result<Paged<Person>, Error> {
    let customer = by.customer();
    let ask = Ask { limit: search.limit.map(|limit| limit.0), cursor: search.cursor };
    let filter = Filter { kind: search.kind, email: search.email, phone: search.phone };
    let reader = by.reads(Lookup::People);
    let page = app.read_for(reader, move |view| people::list(view, customer, &filter, &ask)).await?;
    Ok(Paged::new(&request, page))
}
