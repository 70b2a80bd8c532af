//! Everything of people deleted from PostgreSQL in one statement: thirteen journeys there and back become one.

use crate::domain::{CustomerId, PersonId};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Text};

/// The tables, each with the column that names the person.
const TABLES: [(&str, &str); 13] = [
    ("events", "person_id"),
    ("event_hosts", "person_id"),
    ("event_recipients", "person_id"),
    ("visits", "person_id"),
    ("restrictions", "person_id"),
    ("objections", "person_id"),
    ("statements", "person_id"),
    ("holds", "person_id"),
    ("reconciliation_people", "person_id"),
    ("webhook_messages", "person_id"),
    ("access_people", "person_id"),
    ("case_people", "person_id"),
    ("people", "id"),
];

/// How many rows of a person were deleted from a table.
#[derive(Queryable)]
pub(in crate::store) struct Gone {
    pub person: PersonId,
    pub table: String,
    pub rows: i64,
}

struct Delete<'i> {
    customer: CustomerId,
    ids: &'i [PersonId],
}

/// Deletes everything of these people.
pub(in crate::store) fn delete(
    conn: &mut PgConnection,
    customer: CustomerId,
    ids: &[PersonId],
) -> QueryResult<Vec<Gone>> {
    Delete { customer, ids }.load(conn)
}

impl QueryFragment<Pg> for Delete<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        for (before, (table, person)) in std::iter::once("WITH").chain(std::iter::repeat(",")).zip(TABLES) {
            for text in [before, " of_", table, " AS (DELETE FROM ", table, " WHERE customer_id = "] {
                out.push_sql(text);
            }
            out.push_bind_param::<BigInt, _>(&self.customer)?;
            for text in [" AND ", person, " = ANY("] {
                out.push_sql(text);
            }
            out.push_bind_param::<Array<BigInt>, _>(self.ids)?;
            for text in [") RETURNING ", person, " AS person)"] {
                out.push_sql(text);
            }
        }
        for (before, (table, _)) in std::iter::once("").chain(std::iter::repeat(" UNION ALL")).zip(TABLES) {
            for text in [before, " SELECT person, '", table, "', count(*) FROM of_", table, " GROUP BY person"] {
                out.push_sql(text);
            }
        }
        Ok(())
    }
}

impl QueryId for Delete<'_> {
    type QueryId = Delete<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Delete<'_> {
    type SqlType = (BigInt, Text, BigInt);
}

impl RunQueryDsl<PgConnection> for Delete<'_> {}
