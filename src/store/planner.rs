//! What the database knows of its tables when it chooses how to run a statement.

use super::conn::Conn;
use super::tx::Tx;
use diesel::prelude::*;

/// Has PostgreSQL look anew at the columns by which people, events and visits are found.
///
/// Left alone it does so within a minute or two of a great change, and until then runs a long import by plans that it
/// made for empty tables: each group then reads all people of the customer. The other columns would cost ten times as
/// much and no plan turns on them. SQLite has
/// numbers of its own from the migration.
pub fn refresh(tx: &mut Tx<'_>) -> QueryResult<()> {
    let conn: &mut Conn = tx;
    if let Conn::Postgres(c) = conn {
        let sql = "ANALYZE people (customer_id, id, ref_index), events (customer_id, id, event_id, person_id), \
                   event_hosts (customer_id, event_key, person_id), visits (customer_id, visit_id, person_id)";
        diesel::sql_query(sql).execute(c)?;
    }
    Ok(())
}
