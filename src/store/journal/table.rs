//! The journal as two tables of a database of its own, for several nodes.
//!
//! Entries are numbered under the lock of the one row of `erasure_journal_head`, so that numbers appear in their order
//! and whoever reads on from one misses nothing.

use super::error::JournalError;
use super::{Entry, Keeper, Stored, Taker};
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use crate::store::conn::Conn;
use crate::store::db::{self, Db, Options};
use crate::store::tx::{Tx, on_each};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use uuid::Uuid;

diesel::table! {
    use diesel::sql_types::{Bytea, Int4, Int8};
    use crate::store::types::{Timestamptz, Uuid};

    erasure_journal (seq) {
        seq -> Int8,
        deletion -> Uuid,
        customer -> Int8,
        digest -> Bytea,
        epoch -> Int4,
        erased_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::{Int2, Int8};
    use crate::store::types::{Timestamptz, Uuid};

    erasure_journal_head (one) {
        one -> Int2,
        journal_id -> Uuid,
        last_seq -> Int8,
    }
}

const SQLITE: &str = "
CREATE TABLE IF NOT EXISTS erasure_journal (
    seq       INTEGER NOT NULL PRIMARY KEY,
    deletion  BLOB NOT NULL CHECK (length(deletion) = 16),
    customer  INTEGER NOT NULL,
    digest    BLOB NOT NULL CHECK (length(digest) = 32),
    epoch     INTEGER NOT NULL,
    erased_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS erasure_journal_head (
    one        INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    journal_id BLOB NOT NULL CHECK (length(journal_id) = 16),
    last_seq   INTEGER NOT NULL
) STRICT;";
const POSTGRES: &str = "
CREATE TABLE IF NOT EXISTS erasure_journal (
    seq       bigint NOT NULL PRIMARY KEY,
    deletion  uuid NOT NULL,
    customer  bigint NOT NULL,
    digest    bytea NOT NULL CHECK (length(digest) = 32),
    epoch     integer NOT NULL,
    erased_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS erasure_journal_head (
    one        smallint NOT NULL PRIMARY KEY CHECK (one = 1),
    journal_id uuid NOT NULL,
    last_seq   bigint NOT NULL
);";
/// Of several nodes that start at once one makes the tables; `IF NOT EXISTS` alone does not see to that.
const LOCK: i64 = 0x6761_6c6a_6f75_726e;
/// Rows of one statement: 6 columns each, SQLite allows 32,766 bound values.
const ROWS: usize = 5_000;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = erasure_journal)]
struct Row {
    seq: i64,
    deletion: PublicId,
    customer: CustomerId,
    digest: Vec<u8>,
    epoch: i32,
    erased_at: Timestamp,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Connections to the journal's database.
pub(super) struct TableJournal {
    db: Db,
}

impl TableJournal {
    /// Connects, refuses a database of guestlog's own, and makes the tables if they are not there.
    pub fn open(url: &str) -> Result<Self, JournalError> {
        let db = Db::open(&Options { readers: 1, writers: 1, ..Options::new(url) })?;
        let journal = Self { db };
        match journal.prepare() {
            Ok(()) => Ok(journal),
            Err(error) => {
                journal.db.close();
                Err(error.into())
            }
        }
    }

    fn prepare(&self) -> Result<(), Error> {
        if self.db.read(|conn| Ok(is_of_guestlog(conn)?))? {
            return Err(Error::internal(JournalError::OwnDatabase));
        }
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(Error::internal)?;
        let id = PublicId(uuid::Builder::from_random_bytes(random).into_uuid());
        self.db.write(|tx| {
            make_tables(tx)?;
            let head = (
                erasure_journal_head::one.eq(1),
                erasure_journal_head::journal_id.eq(id),
                erasure_journal_head::last_seq.eq(0),
            );
            on_each!(tx, |c| diesel::insert_into(erasure_journal_head::table)
                .values(head)
                .on_conflict_do_nothing()
                .execute(c))?;
            Ok(())
        })
    }
}

fn make_tables(tx: &mut Tx<'_>) -> QueryResult<()> {
    let conn: &mut Conn = tx;
    let sql = match conn {
        Conn::Postgres(_) => format!("SELECT pg_advisory_xact_lock({LOCK}); {POSTGRES}"),
        Conn::Sqlite(_) => SQLITE.to_owned(),
    };
    db::run(conn, &sql)
}

/// Whether the tables of a guestlog database are there, under whatever address and schema it was reached.
fn is_of_guestlog(conn: &mut Conn) -> QueryResult<bool> {
    let sql = match conn {
        Conn::Postgres(_) => "SELECT count(*) AS number FROM pg_class WHERE relname = 'journal_marks'",
        Conn::Sqlite(_) => "SELECT count(*) AS number FROM sqlite_schema WHERE name = 'journal_marks'",
    };
    Ok(diesel::sql_query(sql).get_result::<Count>(conn)?.number > 0)
}

/// Raises the last number to at least `floor`, then by `count`, holding back all others; returns the new one.
fn advance(tx: &mut Tx<'_>, floor: i64, count: i64) -> QueryResult<i64> {
    use erasure_journal_head::dsl::{erasure_journal_head as head, last_seq};
    let conn: &mut Conn = tx;
    let last: i64 = match conn {
        Conn::Postgres(c) => head.select(last_seq).for_update().first(c)?,
        Conn::Sqlite(c) => head.select(last_seq).first(c)?,
    };
    let last = last.max(floor).saturating_add(count);
    diesel::update(head).set(last_seq.eq(last)).execute(conn)?;
    Ok(last)
}

impl Keeper for TableJournal {
    fn id(&mut self) -> Result<Uuid, JournalError> {
        let id: PublicId = self
            .db
            .read(|conn| Ok(erasure_journal_head::table.select(erasure_journal_head::journal_id).first(conn)?))?;
        Ok(id.0)
    }

    fn last_seq(&mut self) -> Result<u64, JournalError> {
        let last: i64 = self
            .db
            .read(|conn| Ok(erasure_journal_head::table.select(erasure_journal_head::last_seq).first(conn)?))?;
        Ok(number(last))
    }

    fn append(&mut self, entries: &[Entry], floor: u64) -> Result<(), JournalError> {
        let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        let floor = i64::try_from(floor).unwrap_or(i64::MAX);
        self.db.write(|tx| {
            let last = advance(tx, floor, count)?;
            let rows: Vec<Row> = (last - count + 1..).zip(entries).map(|(seq, entry)| row(seq, entry)).collect();
            for chunk in rows.chunks(ROWS) {
                on_each!(tx, |c| diesel::insert_into(erasure_journal::table).values(chunk).execute(c))?;
            }
            Ok(())
        })?;
        Ok(())
    }

    fn read_after(&mut self, seq: u64, take: Taker<'_>) -> Result<(), Error> {
        let mut after = i64::try_from(seq).unwrap_or(i64::MAX);
        loop {
            let rows: Vec<Row> = self.db.read(|conn| {
                Ok(erasure_journal::table
                    .filter(erasure_journal::seq.gt(after))
                    .order(erasure_journal::seq)
                    .limit(ROWS as i64)
                    .select(Row::as_select())
                    .load(conn)?)
            })?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.seq;
            for row in rows {
                take(stored(row)?)?;
            }
        }
    }

    fn compact(&mut self, before: Timestamp) -> Result<usize, JournalError> {
        let dropped = self.db.write(|tx| {
            let conn: &mut Conn = tx;
            Ok(diesel::delete(erasure_journal::table.filter(erasure_journal::erased_at.lt(before))).execute(conn)?)
        })?;
        Ok(dropped)
    }

    fn close(&mut self) {
        self.db.close();
    }
}

fn number(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or_default()
}

fn row(seq: i64, entry: &Entry) -> Row {
    let Entry { deletion, customer, digest, epoch, erased_at } = *entry;
    Row { seq, deletion, customer, digest: digest.to_vec(), epoch, erased_at }
}

fn stored(row: Row) -> Result<Stored, Error> {
    let Row { seq, deletion, customer, digest, epoch, erased_at } = row;
    let digest = digest.try_into().map_err(|_| Error::internal("a digest in the journal has not 32 bytes"))?;
    Ok(Stored { seq: number(seq), entry: Entry { deletion, customer, digest, epoch, erased_at } })
}
