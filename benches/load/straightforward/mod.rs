//! The server that anybody would write with actix-web and Diesel: a request is a blocking closure, which is a
//! transaction, which is one statement after the other on a connection of a pool.
//!
//! The tables are the product's own, made by its migrations, with the same indexes, foreign keys and durability. What it
//! leaves out is to its good: nothing is sealed, nobody's tombstone is looked for, a person's fields are never brought
//! up to date, no row is written of a device, nothing is overwritten at a deletion, and the key is compared with one.

mod http;
mod reading;
mod rows;
#[expect(clippy::wildcard_imports, reason = "as Diesel generates them")]
pub mod schema;
mod statements;
mod store;
mod types;

use crate::check;
use crate::payload::{LICENSE, LICENSE_ID};
use crate::place::{Kind, path};
use crate::server::{KEY, SERVES};
use actix_web::web::{Data, PayloadConfig};
use actix_web::{App, HttpResponse, HttpServer, web};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool, R2D2Connection};
use guestlog::clock::Clock;
use rows::{CustomerRow, LicenseRow};
use std::io::Write;
use std::net::SocketAddr;

pub use rows::{CLOSED, CUSTOMER, EventRow, HostRow, PersonRow, RecipientRow, VisitRow};
pub use statements::Statements;
pub use types::{At, Id, TO_2000_US};

/// The key that every request must show.
const SECRET: &str = "straightforward";

/// As our own writer's, but for `secure_delete`, which only erasure needs.
pub const SQLITE: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
    PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768;";

#[derive(Debug)]
struct SetUp;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for SetUp {
    fn on_acquire(&self, conn: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        conn.batch_execute(SQLITE).map_err(diesel::r2d2::Error::QueryError)
    }
}

type Connections<C> = Pool<ConnectionManager<C>>;

/// Migrates, makes the customer and the licence, asserts how the connections are set up, and serves.
pub async fn serve(url: &str) -> std::io::Result<()> {
    guestlog::store::Db::open(&guestlog::store::Options::new(url)).unwrap().migrate().unwrap();
    match Kind::of(url) {
        Kind::Postgres => {
            let pool = Pool::builder().max_size(16).build(ConnectionManager::<PgConnection>::new(url)).unwrap();
            check::assert_postgres_durable(&mut pool.get().unwrap());
            run(pool).await
        }
        Kind::Sqlite => {
            let manager = ConnectionManager::<SqliteConnection>::new(path(url));
            let pool = Pool::builder().max_size(1).connection_customizer(Box::new(SetUp)).build(manager).unwrap();
            check::assert_sqlite_durable(&mut pool.get().unwrap());
            run(pool).await
        }
    }
}

async fn run<C: Statements + R2D2Connection + 'static>(pool: Connections<C>) -> std::io::Result<()> {
    prepare(&mut *pool.get().unwrap()).unwrap();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(pool.clone()))
            .app_data(PayloadConfig::new(16 << 20))
            .route("/readyz", web::get().to(HttpResponse::Ok))
            .route("/v1/events", web::post().to(http::post::<C>))
            .route("/v1/events", web::get().to(http::events::<C>))
            .route("/v1/visits/on-site", web::get().to(http::on_site::<C>))
            .route("/v1/people/{ref}", web::delete().to(http::delete::<C>))
    });
    let server = server.tcp_nodelay(true).bind("127.0.0.1:0")?;
    announce(server.addrs()[0])?;
    server.run().await
}

/// A server that reads the JSON and forgets it: as fast as HTTP and JSON alone can be.
pub async fn serve_nothing() -> std::io::Result<()> {
    let server = HttpServer::new(|| {
        App::new()
            .app_data(PayloadConfig::new(16 << 20))
            .route("/readyz", web::get().to(HttpResponse::Ok))
            .route("/v1/events", web::post().to(http::forget))
    });
    let server = server.tcp_nodelay(true).bind("127.0.0.1:0")?;
    announce(server.addrs()[0])?;
    server.run().await
}

fn announce(address: SocketAddr) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{KEY}{SECRET}\n{SERVES}{address}")?;
    out.flush()
}

/// The customer and the licence.
pub fn prepare<C: Statements>(c: &mut C) -> QueryResult<()> {
    let (created_at, zone) = (now(), "Europe/Copenhagen");
    let public_id = Id(uuid::Uuid::new_v4());
    c.add_customer(&CustomerRow { id: CUSTOMER, public_id, name: "Kunde", time_zone: zone, created_at })?;
    c.add_license(&LicenseRow {
        customer_id: CUSTOMER,
        id: LICENSE_ID,
        public_id,
        number_index: LICENSE.as_bytes(),
        number_sealed: LICENSE.as_bytes(),
        key_version: 1,
        name: "Hovedindgang",
        time_zone: zone,
        issued_at: created_at,
    })?;
    Ok(())
}

fn now() -> At {
    At(Clock::System.now().micros())
}
