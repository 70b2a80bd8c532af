//! guestlog: a guest check-in log in which a person's rights work.
//!
//! The house has four floors, and data fall straight through them: `http` → [`app`] → [`store`] → [`domain`];
//! [`crypto`] stands beside `domain`. A capability has the same file name on each floor.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod domain;
pub mod error;
pub mod http;
pub mod jobs;
pub mod mail;
pub mod server;
pub mod store;
pub mod telemetry;
