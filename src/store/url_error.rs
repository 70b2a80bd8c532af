//! What can be wrong with the address of a database.

/// The parameters that a URL may have. Those that are missing on purpose: `service` (hides the host), `requiressl`
/// and `ssl` (other names of `sslmode`), `ssl_min_protocol_version` (libpq's own TLS 1.2 holds), `sslkeylogfile`
/// (writes down the session keys), `replication`, and what this build of libpq does not have.
pub(super) const ALLOWED: &[&str] = &[
    "host",
    "hostaddr",
    "port",
    "user",
    "password",
    "passfile",
    "dbname",
    "options",
    "application_name",
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "target_session_attrs",
    "load_balance_hosts",
    "channel_binding",
    "require_auth",
    "requirepeer",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslcrl",
    "sslcrldir",
];

/// Why an address is refused; says what to write, and never repeats what was written, which may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Neither of the two databases.
    #[error("the database URL must begin with sqlite://, postgres:// or postgresql://")]
    Scheme,
    /// No path, one with parameters, of which SQLite would make part of the file's name, or `:memory:`, which each
    /// connection of a pool would have for itself.
    #[error("the database URL names no SQLite file: write sqlite://PATH, without parameters")]
    SqlitePath,
    /// Not a URL that everybody would read the same way.
    #[error(
        "the database URL cannot be read: write @ : / ? & = , % and spaces in a user name, password or database name \
         as %40 and so on, an IPv6 address in brackets, and a port as a number"
    )]
    Malformed,
    /// A parameter that is unknown, or that would change the host or the safety of the connection unseen.
    #[error("a parameter of the database URL is not one of those it may have: {}", ALLOWED.join(", "))]
    Parameter,
    /// The same setting twice, of which the driver would take the last.
    #[error("the database URL gives `{0}` twice")]
    Twice(&'static str),
    /// Not one of libpq's six modes.
    #[error("`sslmode` in the database URL is none of disable, allow, prefer, require, verify-ca and verify-full")]
    SslMode,
    /// Another host, or TLS asked for, in a build that has no TLS to PostgreSQL.
    #[error(
        "the database URL needs TLS, because its PostgreSQL is not on this host or because `sslmode` says so, and \
         this program was built without: build it with the cargo feature `postgres-tls`"
    )]
    NeedsFeature,
    /// Another host, and a mode in which anybody on the way could pose as it.
    #[error(
        "a PostgreSQL that is not on this host needs `sslmode=verify-full` (with `sslrootcert`, the file of the \
         certificate authority to trust, or `sslrootcert=system`); the database URL asks for less"
    )]
    WeakTls,
}
