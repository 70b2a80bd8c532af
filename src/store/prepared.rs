//! A statement of our own wording that is prepared once a connection.
//!
//! Diesel prepares what it has put together itself; what is given to it as text it sends and has parsed anew each time.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::HasSqlType;
use std::marker::PhantomData;

/// A statement with one bound value: `Tag` tells it from all others, `Bind` is the value's SQL type, `Out` what it answers.
pub(super) struct Prepared<Tag, Bind, Out, T> {
    sql: [&'static str; 2],
    value: T,
    types: PhantomData<(Tag, Bind, Out)>,
}

impl<Tag, Bind, Out, T> Prepared<Tag, Bind, Out, T> {
    /// The text before and after the value. It must be the same for every use of a `Tag`.
    pub fn new(before: &'static str, value: T, after: &'static str) -> Self {
        Self { sql: [before, after], value, types: PhantomData }
    }
}

impl<Tag, Bind, Out, T, DB> QueryFragment<DB> for Prepared<Tag, Bind, Out, T>
where
    DB: Backend + HasSqlType<Bind>,
    T: ToSql<Bind, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(self.sql[0]);
        out.push_bind_param::<Bind, T>(&self.value)?;
        out.push_sql(self.sql[1]);
        Ok(())
    }
}

impl<Tag: 'static, Bind: 'static, Out: 'static, T: 'static> QueryId for Prepared<Tag, Bind, Out, T> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Tag, Bind, Out, T> Query for Prepared<Tag, Bind, Out, T> {
    type SqlType = Out;
}

impl<Tag, Bind, Out, T> RunQueryDsl<PgConnection> for Prepared<Tag, Bind, Out, T> {}
impl<Tag, Bind, Out, T> RunQueryDsl<SqliteConnection> for Prepared<Tag, Bind, Out, T> {}
