//! The sections of the settings, as plain values.

use super::values::{self, Choice};
use crate::domain::public_url::PublicUrl;
use ipnet::IpNet;
use secrecy::SecretString;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The database and its connections.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Where it is: `sqlite://PATH`, `postgres://…`; by default `sqlite://<data_dir>/guestlog.db`.
    #[serde(deserialize_with = "values::secret")]
    pub url: SecretString,
    /// The file that `url` was read from, when it was.
    #[serde(default, deserialize_with = "values::optional_path")]
    pub url_file: Option<PathBuf>,
    /// The same PostgreSQL without the pooler in transaction mode that `url` goes through; set, it says that there is
    /// one.
    #[serde(default, deserialize_with = "values::optional_secret")]
    pub direct_url: Option<SecretString>,
    /// The file that `direct_url` was read from, when it was.
    #[serde(default, deserialize_with = "values::optional_path")]
    pub direct_url_file: Option<PathBuf>,
    /// Connections that can only read.
    #[serde(deserialize_with = "values::whole::<1, 64, _, _>")]
    pub readers: u32,
    /// Threads that write to PostgreSQL; SQLite always has one.
    #[serde(deserialize_with = "values::whole::<1, 32, _, _>")]
    pub writers: u32,
    /// How long SQLite waits for another connection's lock.
    #[serde(deserialize_with = "values::whole::<1, 60_000, _, _>")]
    pub busy_timeout_ms: u64,
    /// How long a request waits for a free connection of a pool.
    #[serde(deserialize_with = "values::whole::<1, 60_000, _, _>")]
    pub acquire_timeout_ms: u64,
    /// How long one statement may run on PostgreSQL.
    #[serde(deserialize_with = "values::whole::<100, 600_000, _, _>")]
    pub statement_timeout_ms: u64,
}

/// Where keys are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// The file of the master key; by default `<data_dir>/master.key`.
    #[serde(deserialize_with = "values::path")]
    pub master_key_file: PathBuf,
    /// How long an API key or a licence is used without being looked up again, in milliseconds; a revocation by another
    /// process is noticed so late at most. 0 looks them up every time.
    #[serde(deserialize_with = "values::whole::<0, 60_000, _, _>")]
    pub cache_ms: u32,
}

impl Keys {
    /// [`Keys::cache_ms`], as a duration.
    #[must_use]
    pub fn cache_age(&self) -> std::time::Duration {
        std::time::Duration::from_millis(self.cache_ms.into())
    }
}

/// The public listener and the bounds of what it takes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Address and port; port 0 takes a free one.
    #[serde(deserialize_with = "values::address")]
    pub listen: SocketAddr,
    /// The address people reach the service under, for links in mails; by default that of `listen`.
    #[serde(deserialize_with = "values::public_url")]
    pub public_url: PublicUrl,
    /// Threads that serve requests; 0 is one per core.
    #[serde(deserialize_with = "values::whole::<0, 256, _, _>")]
    pub workers: usize,
    /// Peers whose forwarding headers are believed; nobody's, when empty.
    #[serde(deserialize_with = "values::networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// The largest body of a request.
    #[serde(deserialize_with = "values::whole::<1_024, 268_435_456, _, _>")]
    pub max_body_bytes: usize,
    /// The most events in one batch.
    #[serde(deserialize_with = "values::whole::<1, 1_000, _, _>")]
    pub max_batch_events: usize,
    /// The longest line of NDJSON.
    #[serde(deserialize_with = "values::whole::<1_024, 1_048_576, _, _>")]
    pub max_line_bytes: usize,
    /// The largest headers, names and values together; HTTP/1.1 ends at 131,072 whatever is set.
    #[serde(deserialize_with = "values::whole::<1_024, 98_304, _, _>")]
    pub max_header_bytes: usize,
    /// The longest query of an address.
    #[serde(deserialize_with = "values::whole::<256, 65_536, _, _>")]
    pub max_query_bytes: usize,
    /// The most connections at once, of all workers together; more wait in the listener's backlog.
    #[serde(deserialize_with = "values::whole::<1, 1_000_000, _, _>")]
    pub max_connections: usize,
    /// How long a request may take to be answered.
    #[serde(deserialize_with = "values::whole::<100, 600_000, _, _>")]
    pub request_timeout_ms: u64,
    /// How long a client may take to send the headers, and to shake hands by TLS; actix's clock for it ticks twice a
    /// second, so less than a second would refuse quick clients as well.
    #[serde(deserialize_with = "values::whole::<1_000, 60_000, _, _>")]
    pub header_timeout_ms: u64,
    /// How long an idle connection stays open; 0 closes it after each answer.
    #[serde(deserialize_with = "values::whole::<0, 600_000, _, _>")]
    pub keep_alive_ms: u64,
    /// How long accepted requests may take to finish when stopping; rounded up to full seconds.
    #[serde(deserialize_with = "values::whole::<1_000, 600_000, _, _>")]
    pub shutdown_timeout_ms: u64,
    /// TLS of the public listener; clear text without.
    #[serde(default)]
    pub tls: Option<Tls>,
}

/// The certificate of the public listener.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM file with the server's certificate first, then those that lead to the root.
    #[serde(deserialize_with = "values::path")]
    pub certificate_file: PathBuf,
    /// PEM file of the private key, readable by its owner only.
    #[serde(deserialize_with = "values::path")]
    pub key_file: PathBuf,
    /// The time between two looks whether the files have changed.
    #[serde(default = "reload_ms", deserialize_with = "values::whole::<50, 3_600_000, _, _>")]
    pub reload_ms: u64,
}

/// Stands here, not in `default.toml`, where it would turn TLS on.
fn reload_ms() -> u64 {
    30_000
}

/// The internal listener that shows the metrics.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Whether metrics are kept and shown at all.
    #[serde(deserialize_with = "values::flag")]
    pub enabled: bool,
    /// Address and port; port 0 takes a free one.
    #[serde(deserialize_with = "values::address")]
    pub listen: SocketAddr,
}

/// The write path of events.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ingest {
    /// Events that may wait to be written; one more is answered 503.
    #[serde(deserialize_with = "values::whole::<1, 1_000_000, _, _>")]
    pub queue_events: usize,
    /// The most events written in one transaction.
    #[serde(deserialize_with = "values::whole::<1, 10_000, _, _>")]
    pub max_group_events: usize,
}

/// How visits are judged.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visits {
    /// After this long without a heartbeat the roll call calls a device silent.
    #[serde(deserialize_with = "values::whole::<1, 1_440, _, _>")]
    pub device_silent_after_minutes: u32,
}

/// How erasures are kept from coming back, and what is done after one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// Where erasures are noted outside the database: `file://PATH`, `sqlite://PATH` or `postgres://…`; by default
    /// `file://<data_dir>/erasures.journal`.
    #[serde(deserialize_with = "values::secret")]
    pub journal: SecretString,
    /// The file that `journal` was read from, when it was.
    #[serde(default, deserialize_with = "values::optional_path")]
    pub journal_file: Option<PathBuf>,
    /// How long the events of an erased person are refused (REQUIREMENTS L-35).
    #[serde(deserialize_with = "values::whole::<1, 3_650, _, _>")]
    pub tombstone_days: u32,
    /// How long the oldest backup is kept; what is in one must be erased again after a restore until then (L-33).
    #[serde(deserialize_with = "values::whole::<1, 3_650, _, _>")]
    pub backup_window_days: u32,
    /// How old an event may be that names a person who is not held; later its person may be one that was erased.
    #[serde(deserialize_with = "values::whole::<1, 3_650, _, _>")]
    pub max_event_age_days: u32,
    /// The shortest time between two scrubs of the SQLite files.
    #[serde(deserialize_with = "values::whole::<1, 86_400, _, _>")]
    pub scrub_interval_seconds: u32,
    /// The shortest time between two VACUUMs of PostgreSQL (S-44: at most 24 h).
    #[serde(deserialize_with = "values::whole::<1, 1_440, _, _>")]
    pub vacuum_interval_minutes: u32,
    /// PostgreSQL tables up to this size are rewritten after erasures, larger ones only vacuumed; 0 rewrites none.
    #[serde(deserialize_with = "values::whole::<0, 1_000_000, _, _>")]
    pub rewrite_max_mb: u32,
    /// How long fingerprints of erased bytes are kept for a search of the raw files.
    #[serde(deserialize_with = "values::whole::<1, 365, _, _>")]
    pub marks_days: u32,
    /// The share of a customer's people that is unusual to be deleted one by one within an hour.
    #[serde(deserialize_with = "values::whole::<1, 100, _, _>")]
    pub unusual_share_percent: u32,
    /// How many people must be deleted before it can be unusual.
    #[serde(deserialize_with = "values::whole::<1, 1_000_000, _, _>")]
    pub unusual_minimum: u32,
}

/// The record of who read of people.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accesses {
    /// How long it is kept.
    #[serde(deserialize_with = "values::whole::<1, 3_650, _, _>")]
    pub keep_days: u32,
}

/// Comparisons with the list of people whom a customer still holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reconciliation {
    /// The largest list, packed and unpacked; the general bound on bodies does not apply.
    #[serde(deserialize_with = "values::whole::<1_024, 17_179_869_184, _, _>")]
    pub max_body_bytes: u64,
    /// The most refs in a list.
    #[serde(deserialize_with = "values::whole::<1, 100_000_000, _, _>")]
    pub max_refs: u64,
}

/// Messages to customers' other systems.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Threads that send; each is held up by one endpoint at most.
    #[serde(deserialize_with = "values::whole::<1, 64, _, _>")]
    pub senders: usize,
    /// How long one message may take, from the look-up of the name to the answer; less than half of the lease of 15
    /// seconds.
    #[serde(deserialize_with = "values::whole::<100, 7_000, _, _>")]
    pub timeout_ms: u64,
    /// Whether endpoints may be on this machine, on private networks and without TLS: for development.
    #[serde(deserialize_with = "values::flag")]
    pub allow_private: bool,
    /// PEM file of certificates that are trusted beside the system's.
    #[serde(default, deserialize_with = "values::optional_path")]
    pub ca_file: Option<PathBuf>,
    /// The most endpoints of a customer.
    #[serde(deserialize_with = "values::whole::<1, 200, _, _>")]
    pub max_endpoints: usize,
    /// How long what a message says is kept when it was given up, so that it can be sent again.
    #[serde(deserialize_with = "values::whole::<4, 365, _, _>")]
    pub dead_letter_days: u32,
    /// How long is known who was told what and when they said so (Article 5(2)).
    #[serde(deserialize_with = "values::whole::<366, 3_650, _, _>")]
    pub record_days: u32,
}

/// How often one key may call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests a second in the long run; 0 sets no limit.
    #[serde(deserialize_with = "values::whole::<0, 1_000_000, _, _>")]
    pub requests_per_second_per_key: u32,
    /// Requests that may come at once before the limit bites.
    #[serde(deserialize_with = "values::whole::<1, 1_000_000, _, _>")]
    pub burst: u32,
}

/// What is logged, and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// The least serious of our own messages to be written; those of libraries never go below `warn`.
    #[serde(deserialize_with = "values::choice")]
    pub level: LogLevel,
    /// The form of a line.
    #[serde(deserialize_with = "values::choice")]
    pub format: LogFormat,
}

/// How serious a message must be to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Nothing is written.
    Off,
    /// Faults of ours.
    Error,
    /// What an operator should look at.
    Warn,
    /// What happened, a line a request.
    Info,
    /// Steps within a request.
    Debug,
    /// Everything.
    Trace,
}

impl Choice for LogLevel {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("off", Self::Off),
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

impl Choice for LogFormat {
    const CHOICES: &'static [(&'static str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}
