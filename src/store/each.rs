//! Rows by many keys: each key is looked up for itself, in the index that is made for it.
//!
//! A list of keys (`= ANY`, `IN`) is one search to the databases. PostgreSQL weighs it against reading all rows of the
//! customer through any other index, which is what it takes for cheaper while it knows little of a table, and keeps to
//! that plan while the table grows. On SQLite a list of another length is another statement, parsed anew each time.

use crate::domain::CustomerId;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, BigInt, HasSqlType};
use diesel::sqlite::Sqlite;
use std::marker::PhantomData;

/// A search in a table of a customer's rows, prepared once a connection.
pub(super) trait Search: 'static {
    /// The key's SQL type.
    type Key: 'static;
    /// Those of the columns.
    type Row: 'static;
    const COLUMNS: &'static str;
    const TABLE: &'static str;
    /// The column of the key.
    const BY: &'static str;
    /// Whether the rows, people's, are locked in the order of their ids, as every writer locks them.
    const LOCKS: bool = false;
}

/// The rows of many keys, each of which stands there once.
pub(super) struct Many<'k, S, K> {
    pub customer: CustomerId,
    pub keys: &'k [K],
    pub search: PhantomData<S>,
}

/// The rows of one key.
pub(super) struct One<'k, S, K> {
    pub customer: CustomerId,
    pub key: &'k K,
    pub search: PhantomData<S>,
}

/// A subquery with `OFFSET` or a lock stays one: PostgreSQL runs it for each key.
impl<S: Search, K> QueryFragment<Pg> for Many<'_, S, K>
where
    Pg: HasSqlType<Array<S::Key>>,
    [K]: ToSql<Array<S::Key>, Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let select = |out: &mut AstPass<'_, 'b, Pg>, columns: &str| {
            for sql in ["SELECT ", columns, " FROM ", S::TABLE, " WHERE customer_id = "] {
                out.push_sql(sql);
            }
            out.push_bind_param::<BigInt, CustomerId>(&self.customer)
        };
        out.push_sql(if S::LOCKS { "WITH found AS MATERIALIZED (" } else { "" });
        out.push_sql("SELECT each.* FROM unnest(");
        out.push_bind_param::<Array<S::Key>, [K]>(self.keys)?;
        out.push_sql(") AS wanted (key), LATERAL (");
        select(&mut out, if S::LOCKS { "id" } else { S::COLUMNS })?;
        for sql in [" AND ", S::BY, " = wanted.key OFFSET 0) AS each"] {
            out.push_sql(sql);
        }
        if S::LOCKS {
            out.push_sql(" ORDER BY each.id) SELECT locked.* FROM found, LATERAL (");
            select(&mut out, S::COLUMNS)?;
            out.push_sql(" AND id = found.id FOR NO KEY UPDATE) AS locked");
        }
        Ok(())
    }
}

impl<S: Search, K> QueryFragment<Sqlite> for One<'_, S, K>
where
    Sqlite: HasSqlType<S::Key>,
    K: ToSql<S::Key, Sqlite>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        for sql in ["SELECT ", S::COLUMNS, " FROM ", S::TABLE, " WHERE customer_id = "] {
            out.push_sql(sql);
        }
        out.push_bind_param::<BigInt, CustomerId>(&self.customer)?;
        for sql in [" AND ", S::BY, " = "] {
            out.push_sql(sql);
        }
        out.push_bind_param::<S::Key, K>(self.key)
    }
}

impl<S: Search, K: 'static> QueryId for Many<'_, S, K> {
    type QueryId = Many<'static, S, K>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S: Search, K: 'static> QueryId for One<'_, S, K> {
    type QueryId = One<'static, S, K>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<S: Search, K> Query for Many<'_, S, K> {
    type SqlType = S::Row;
}

impl<S: Search, K> Query for One<'_, S, K> {
    type SqlType = S::Row;
}

impl<S, K> RunQueryDsl<PgConnection> for Many<'_, S, K> {}
impl<S, K> RunQueryDsl<SqliteConnection> for One<'_, S, K> {}

/// Loads the rows of each key by a [`Search`]; in the order of keys, or of ids where they are locked.
macro_rules! each {
    ($conn:expr, $search:ty, $customer:expr, $keys:expr) => {{
        let (conn, customer, keys): (&mut $crate::store::conn::Conn, _, &[_]) = ($conn, $customer, $keys);
        let search = std::marker::PhantomData::<$search>;
        match conn {
            _ if keys.is_empty() => Ok(Vec::new()),
            $crate::store::conn::Conn::Postgres(c) => $crate::store::each::Many { customer, keys, search }.load(c),
            $crate::store::conn::Conn::Sqlite(c) => {
                let mut found = Vec::with_capacity(keys.len());
                for key in keys {
                    found.append(&mut $crate::store::each::One { customer, key, search }.load(c)?);
                }
                Ok(found)
            }
        }
    }};
}
pub(super) use each;
