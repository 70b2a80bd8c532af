//! Webhooks: endpoints with their secrets, messages, and what of them was delivered.

pub mod deliveries;
pub mod endpoints;
pub mod messages;
pub mod sealed;
pub mod secrets;

/// Loads the rows of a query, locked against others who would change them; SQLite has one writer and needs no lock.
macro_rules! load_locked {
    ($tx:expr, $query:expr, $lock:ident) => {{
        let conn: &mut $crate::store::conn::Conn = $tx;
        match conn {
            $crate::store::conn::Conn::Postgres(c) => $query.$lock().load(c),
            $crate::store::conn::Conn::Sqlite(c) => $query.load(c),
        }
    }};
}
use load_locked;
