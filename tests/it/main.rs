//! The one integration binary: a file a capability, each store and use-case test on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod abuse;
mod bare_server;
mod canary;
mod catalogue;
mod child;
mod cli;
mod client;
mod contract;
mod convergence;
mod demo;
mod doctor;
mod documents;
mod events;
mod follow;
mod harness;
mod hostile;
mod hostile_http;
mod hostile_words;
mod import;
mod import_rows;
mod kill;
mod limits;
mod load;
mod logs;
mod malformed;
mod matrix;
mod migrations;
mod openapi;
mod people;
mod postgres_tls;
mod program;
mod raw;
mod roll_call;
mod seals;
mod search;
mod server_stop;
mod tidy;
mod tls;
mod traffic;
mod wire;
