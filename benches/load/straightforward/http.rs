//! The handlers: each hands one closure to a thread that may block.

use super::rows::{Batch, Event};
use super::statements::Statements;
use super::store::{self, Stored};
use super::{Connections, SECRET, now, reading};
use actix_web::error::{ErrorBadRequest, ErrorInternalServerError, ErrorUnauthorized};
use actix_web::http::header;
use actix_web::web::{self, Bytes, Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use diesel::prelude::*;
use diesel::r2d2::R2D2Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How often a transaction that lost a race is run again.
const ATTEMPTS: u32 = 5;

#[derive(Serialize)]
struct One {
    id: uuid::Uuid,
    status: &'static str,
    visit_id: Option<uuid::Uuid>,
}

#[derive(Serialize)]
struct Many {
    created: usize,
    results: Vec<One>,
}

/// What a body holds.
enum Posted {
    One(Box<Event>),
    Many(Vec<Event>),
}

impl From<Stored> for One {
    fn from(stored: Stored) -> Self {
        let status = if stored.created { "created" } else { "duplicate" };
        Self { id: stored.id.0, status, visit_id: stored.visit.map(|visit| visit.0) }
    }
}

/// Stores one event, a batch or lines; a batch and a body of lines are one transaction.
pub async fn post<C: Statements + R2D2Connection + 'static>(
    request: HttpRequest,
    pool: Data<Connections<C>>,
    body: Bytes,
) -> actix_web::Result<HttpResponse> {
    authorise(&request)?;
    match read(&request, &body)? {
        Posted::One(event) => {
            let stored = run(pool, move |c| store::store(c, &event, now())).await?;
            let mut answer = if stored.created { HttpResponse::Created() } else { HttpResponse::Ok() };
            Ok(answer.json(One::from(stored)))
        }
        Posted::Many(events) => {
            let stored = run(pool, move |c| {
                events.iter().map(|event| store::store(c, event, now())).collect::<QueryResult<Vec<_>>>()
            });
            let results: Vec<One> = stored.await?.into_iter().map(One::from).collect();
            let created = results.iter().filter(|one| one.status == "created").count();
            Ok(HttpResponse::Ok().json(Many { created, results }))
        }
    }
}

/// Reads what would be stored, and answers as if it were.
pub async fn forget(request: HttpRequest, body: Bytes) -> actix_web::Result<HttpResponse> {
    authorise(&request)?;
    let forgotten = |event: &Event| One { id: event.id, status: "created", visit_id: Some(event.id) };
    Ok(match read(&request, &body)? {
        Posted::One(event) => HttpResponse::Created().json(forgotten(&event)),
        Posted::Many(events) => {
            let results: Vec<One> = events.iter().map(forgotten).collect();
            HttpResponse::Ok().json(Many { created: results.len(), results })
        }
    })
}

/// Deletes a person; the foreign keys delete the rest.
pub async fn delete<C: Statements + R2D2Connection + 'static>(
    request: HttpRequest,
    pool: Data<Connections<C>>,
    reference: Path<String>,
) -> actix_web::Result<Json<Value>> {
    authorise(&request)?;
    let reference = reference.into_inner();
    let deleted = run(pool, move |c| c.delete_person(reference.as_bytes())).await?;
    Ok(Json(json!({ "deleted": deleted })))
}

/// Which events.
#[derive(Deserialize)]
pub struct Search {
    person: String,
    limit: i64,
}

/// Lists the events of a guest.
pub async fn events<C: Statements + R2D2Connection + 'static>(
    request: HttpRequest,
    pool: Data<Connections<C>>,
    Query(search): Query<Search>,
) -> actix_web::Result<Json<Value>> {
    authorise(&request)?;
    Ok(Json(run(pool, move |c| reading::events(c, &search.person, search.limit)).await?))
}

/// Lists who is in.
pub async fn on_site<C: Statements + R2D2Connection + 'static>(
    request: HttpRequest,
    pool: Data<Connections<C>>,
) -> actix_web::Result<Json<Value>> {
    authorise(&request)?;
    Ok(Json(run(pool, |c| reading::on_site(c)).await?))
}

fn authorise(request: &HttpRequest) -> actix_web::Result<()> {
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let is_known = shown.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|secret| secret == SECRET);
    if is_known { Ok(()) } else { Err(ErrorUnauthorized("no key")) }
}

fn read(request: &HttpRequest, body: &[u8]) -> actix_web::Result<Posted> {
    let lines = request.headers().get(header::CONTENT_TYPE).is_some_and(|found| found == "application/x-ndjson");
    let posted = if lines {
        let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(serde_json::from_slice).collect::<Result<_, _>>().map(Posted::Many)
    } else if body.starts_with(br#"{"events""#) {
        serde_json::from_slice(body).map(|batch: Batch| Posted::Many(batch.events))
    } else {
        serde_json::from_slice(body).map(Posted::One)
    };
    posted.map_err(ErrorBadRequest)
}

/// Runs `work` in a transaction of its own, on a thread that may block.
#[expect(clippy::disallowed_methods, reason = "the straightforward way: on SQLite there is one connection to begin on")]
async fn run<C, T>(
    pool: Data<Connections<C>>,
    mut work: impl FnMut(&mut C) -> QueryResult<T> + Send + 'static,
) -> actix_web::Result<T>
where
    C: Statements + R2D2Connection + 'static,
    T: Send + 'static,
{
    let ran = web::block(move || {
        let mut conn = pool.get().map_err(|error| error.to_string())?;
        let mut attempt = 1;
        loop {
            // Of the errors only a lost race (a deadlock, say) is worth another try, but which one it is, is not asked.
            match conn.transaction(|c| work(c)) {
                Err(_) if attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome.map_err(|error| error.to_string()),
            }
        }
    });
    ran.await?.map_err(ErrorInternalServerError)
}
