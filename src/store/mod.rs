//! The only floor that knows Diesel: one statement a function, on both databases.

mod conn;
mod conninfo;
mod db;
pub mod customers;
pub mod devices;
pub mod doctor;
mod errors;
pub mod events;
pub mod idempotency;
pub mod ids;
pub mod keys;
pub mod licenses;
pub mod locks;
pub mod people;
mod schema;
mod types;
pub mod url;
pub mod visits;

pub use conn::Conn;
pub use db::{Db, Options, Tx};
