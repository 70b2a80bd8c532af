//! The one integration binary: a file a capability, each store and use-case test on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bare_server;
mod catalogue;
mod convergence;
mod events;
mod harness;
mod hostile_http;
#[cfg(feature = "postgres-tls")]
mod postgres_tls;
mod roll_call;
mod server_stop;
mod tls;
