//! Internal ids: handed out before a row is inserted, because the row's id is bound into its seals.

use super::conn::Conn;
use super::prepared::Prepared;
use super::tx::Tx;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

/// The statement that takes ids.
struct Take;

/// Takes `count` ids that nobody else has or will have, growing.
///
/// A sequence on PostgreSQL, so that writers do not wait for each other; a counter on SQLite, which has one writer.
pub fn take(tx: &mut Tx<'_>, count: usize) -> QueryResult<Vec<i64>> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    if count == 0 {
        return Ok(Vec::new());
    }
    let conn: &mut Conn = tx;
    match conn {
        Conn::Postgres(c) => Prepared::<Take, BigInt, BigInt, i64>::new(
            "SELECT nextval('id_blocks') FROM generate_series(1, ",
            count,
            ")",
        )
        .load(c),
        Conn::Sqlite(c) => {
            let after = " WHERE name = 'rows' RETURNING next";
            let take = Prepared::<Take, BigInt, BigInt, i64>::new("UPDATE id_blocks SET next = next + ", count, after);
            let next: i64 = take.get_result(c)?;
            Ok((next - count..next).collect())
        }
    }
}

/// Takes one id.
pub fn take_one(tx: &mut Tx<'_>) -> QueryResult<i64> {
    take(tx, 1)?.pop().ok_or(diesel::result::Error::NotFound)
}

/// How many ids are left out after a restore: more than anybody can have taken since the oldest backup, and so few that
/// the ids last for eight million restores.
const SKIPPED: i64 = 1 << 40;

/// Leaves out as many ids as may have been handed out after the backup that this database was restored from.
///
/// Clients follow along by cursors that hold the id they have seen last; an id that is handed out again would be passed
/// over by them.
pub fn skip(tx: &mut Tx<'_>) -> QueryResult<()> {
    let conn: &mut Conn = tx;
    match conn {
        Conn::Postgres(c) => {
            diesel::sql_query("SELECT setval('id_blocks', nextval('id_blocks') + $1)")
                .bind::<BigInt, _>(SKIPPED)
                .execute(c)?;
        }
        Conn::Sqlite(c) => {
            diesel::sql_query("UPDATE id_blocks SET next = next + ? WHERE name = 'rows'")
                .bind::<BigInt, _>(SKIPPED)
                .execute(c)?;
        }
    }
    Ok(())
}
