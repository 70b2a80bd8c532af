//! Overwriting what is left in SQLite's file, and emptying its write-ahead log.

use super::pages;
use crate::error::Error;
use crate::store::conn::{Conn, IMMEDIATE};
use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool};

#[derive(QueryableByName)]
struct Page {
    #[diesel(sql_type = BigInt)]
    pgno: i64,
    #[diesel(sql_type = Binary)]
    data: Vec<u8>,
}

#[derive(QueryableByName)]
struct Flag {
    #[diesel(sql_type = Bool)]
    flag: bool,
}

/// What the emptying of the log came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Checkpoint {
    /// 1 when somebody still read or wrote.
    #[diesel(sql_type = BigInt)]
    pub busy: i64,
    /// Frames in the log.
    #[diesel(sql_type = BigInt)]
    pub log: i64,
    /// Frames of it that were moved into the file.
    #[diesel(sql_type = BigInt)]
    pub checkpointed: i64,
}

impl Checkpoint {
    /// Whether nothing is left in the log.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.busy == 0 && self.log >= 0 && self.log == self.checkpointed
    }
}

/// Whether this SQLite can show its pages; else the whole file has to be rewritten.
pub fn shows_pages(conn: &mut Conn) -> QueryResult<bool> {
    let sql = "SELECT sqlite_compileoption_used('ENABLE_DBPAGE_VTAB') AS flag";
    diesel::sql_query(sql).get_result::<Flag>(conn).map(|row| row.flag)
}

/// The pages in whose unused middle something stands.
///
/// # Errors
/// When the database fails, or is too large for its pages to be told apart.
pub fn soiled(conn: &mut Conn) -> Result<Vec<i64>, Error> {
    let Conn::Sqlite(c) = conn else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let all = diesel::sql_query("SELECT pgno, data FROM sqlite_dbpage");
    for page in all.load_iter::<Page, DefaultLoadingMode>(c)? {
        let page = page?;
        if page.pgno >= pages::MAX_PAGES {
            return Err(Error::internal("the file is too large to be scrubbed page by page; move to PostgreSQL"));
        }
        if pages::is_soiled(page.pgno, &page.data) {
            found.push(page.pgno);
        }
    }
    Ok(found)
}

/// Overwrites the unused middle of these pages, in one transaction.
///
/// # Errors
/// When the database fails.
pub fn wipe(conn: &mut Conn, numbers: &[i64]) -> Result<(), Error> {
    conn.write(IMMEDIATE, |conn| {
        for number in numbers {
            let read = diesel::sql_query("SELECT pgno, data FROM sqlite_dbpage WHERE pgno = ?");
            // The file may have become shorter since.
            let Some(mut page) = read.bind::<BigInt, _>(number).get_result::<Page>(conn).optional()? else { continue };
            pages::wipe(page.pgno, &mut page.data);
            diesel::sql_query("UPDATE sqlite_dbpage SET data = ? WHERE pgno = ?")
                .bind::<Binary, _>(&page.data)
                .bind::<BigInt, _>(number)
                .execute(conn)?;
        }
        Ok(())
    })
}

/// Rewrites the whole file, which leaves nothing behind either but takes as long as the file is large.
pub fn rewrite(conn: &mut Conn) -> QueryResult<()> {
    super::db::run(conn, "VACUUM")
}

/// Moves what it can of the log into the file without holding anybody back.
pub fn move_log(conn: &mut Conn) -> QueryResult<Checkpoint> {
    diesel::sql_query("PRAGMA wal_checkpoint(PASSIVE)").get_result(conn)
}

/// Moves the whole log into the file and cuts it to nothing, unless somebody reads from it: then nothing is lost, and
/// it is to be tried again. Holds writers back for at most `patience_ms`.
pub fn empty_log(conn: &mut Conn, patience_ms: u32) -> QueryResult<Checkpoint> {
    super::db::run(conn, &format!("PRAGMA busy_timeout = {patience_ms}"))?;
    diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(conn)
}
