//! A connection beside the application's, for what only somebody with the database's password can do.

use crate::harness::{Home, Kind};
use crate::search::hex;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Text};

pub enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Bytes {
    #[diesel(sql_type = Binary)]
    bytes: Vec<u8>,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(QueryableByName)]
struct Busy {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

impl Raw {
    pub fn of(home: &Home) -> Self {
        match home.kind {
            Kind::Sqlite => {
                let mut conn = SqliteConnection::establish(home.url.trim_start_matches("sqlite://")).unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON;").unwrap();
                Self::Sqlite(conn)
            }
            Kind::Postgres => Self::Postgres(PgConnection::establish(&home.url).unwrap()),
        }
    }

    pub fn run(&mut self, sql: &str) {
        match self {
            Self::Sqlite(conn) => conn.batch_execute(sql),
            Self::Postgres(conn) => conn.batch_execute(sql),
        }
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    fn load<T>(&mut self, sql: &str) -> Vec<T>
    where
        T: QueryableByName<diesel::sqlite::Sqlite> + QueryableByName<diesel::pg::Pg> + 'static,
    {
        match self {
            Self::Sqlite(conn) => diesel::sql_query(sql).load(conn),
            Self::Postgres(conn) => diesel::sql_query(sql).load(conn),
        }
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// How many rows a table has; `from` may go on with a condition.
    pub fn count(&mut self, from: &str) -> i64 {
        self.number(&format!("SELECT count(*) AS count FROM {from}"))
    }

    /// The one whole number of a query, its column named `count`.
    pub fn number(&mut self, sql: &str) -> i64 {
        self.load::<Count>(sql)[0].count
    }

    /// The column `bytes` of a query.
    pub fn bytes(&mut self, sql: &str) -> Vec<Vec<u8>> {
        self.load::<Bytes>(sql).into_iter().map(|row| row.bytes).collect()
    }

    /// The column `text` of a query.
    pub fn texts(&mut self, sql: &str) -> Vec<String> {
        self.load::<Line>(sql).into_iter().map(|row| row.text).collect()
    }

    /// Bytes as the database writes them in a statement.
    pub fn literal(&self, bytes: &[u8]) -> String {
        let digits = hex(bytes);
        match self {
            Self::Sqlite(_) => format!("X'{digits}'"),
            Self::Postgres(_) => format!("'\\x{digits}'::bytea"),
        }
    }

    /// The rows of a table that meet a condition, every byte of them, in order.
    pub fn rows(&mut self, table: &str, condition: &str) -> Vec<String> {
        let row = match self {
            Self::Sqlite(_) => {
                let columns = self.texts(&format!("SELECT name AS text FROM pragma_table_info('{table}')"));
                columns.iter().map(|name| format!("quote({name})")).collect::<Vec<_>>().join("||'|'||")
            }
            Self::Postgres(_) => format!("{table}::text"),
        };
        self.texts(&format!("SELECT {row} AS text FROM {table} WHERE {condition} ORDER BY 1"))
    }

    /// Brings everything into the files; SQLite's write-ahead log is empty afterwards.
    pub fn checkpoint(&mut self) {
        match self {
            Self::Sqlite(_) => {
                let busy = self.load::<Busy>("PRAGMA wal_checkpoint(TRUNCATE)")[0].busy;
                assert_eq!(busy, 0, "somebody holds the write-ahead log");
            }
            Self::Postgres(_) => self.run("CHECKPOINT"),
        }
    }
}
