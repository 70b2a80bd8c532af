//! Many rows of one table in one statement that is prepared once, whatever their number.
//!
//! A statement with a `VALUES` list of as many rows is another statement for each number of rows: it is put together,
//! sent, parsed and planned each time. On PostgreSQL the rows travel as one array a column instead, and on SQLite, where
//! nothing travels, a prepared statement of one row is run again for each.

/// Defines how rows of one kind are inserted: a name, the row, the table's name, what follows the rows, and for each
/// column its name, its SQL type, the Rust type of a value, and the value of a row.
macro_rules! bulk {
    (
        $(#[$doc:meta])*
        $name:ident, $row:ty, $table:literal, $tail:expr;
        $($column:literal $field:ident: $sql:ty, $rust:ty = |$r:ident| $value:expr;)+
    ) => {
        $(#[$doc])*
        pub(super) struct $name<'r> {
            $($field: Vec<$rust>,)+
            rows: std::marker::PhantomData<&'r $row>,
        }

        impl<'r> $name<'r> {
            pub(super) fn of(rows: &'r [$row]) -> Self {
                Self { $($field: rows.iter().map(|$r| $value).collect(),)+ rows: std::marker::PhantomData }
            }
        }

        impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for $name<'_> {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
            ) -> diesel::QueryResult<()> {
                $name::into_columns(&mut out);
                out.push_sql(") SELECT * FROM unnest(");
                let mut between = "";
                $(
                    out.push_sql(std::mem::replace(&mut between, ", "));
                    out.push_bind_param::<diesel::sql_types::Array<$sql>, [_]>(self.$field.as_slice())?;
                )+
                // What follows the last replacement is not read.
                let _ = between;
                out.push_sql(")");
                out.push_sql($tail);
                Ok(())
            }
        }

        /// Of the first row.
        impl diesel::query_builder::QueryFragment<diesel::sqlite::Sqlite> for $name<'_> {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, diesel::sqlite::Sqlite>,
            ) -> diesel::QueryResult<()> {
                $name::into_columns(&mut out);
                out.push_sql(") VALUES (");
                let mut between = "";
                $(
                    out.push_sql(std::mem::replace(&mut between, ", "));
                    let value = self.$field.first().ok_or(diesel::result::Error::NotFound)?;
                    out.push_bind_param::<$sql, _>(value)?;
                )+
                let _ = between;
                out.push_sql(")");
                out.push_sql($tail);
                Ok(())
            }
        }

        impl $name<'_> {
            fn into_columns<DB: diesel::backend::Backend>(out: &mut diesel::query_builder::AstPass<'_, '_, DB>) {
                out.push_sql("INSERT INTO ");
                out.push_sql($table);
                let mut between = " (";
                for column in [$($column),+] {
                    out.push_sql(std::mem::replace(&mut between, ", "));
                    out.push_sql(column);
                }
            }

            /// Stores all rows; returns how many.
            fn store(tx: &mut crate::store::tx::Tx<'_>, rows: &[$row]) -> diesel::QueryResult<usize> {
                use diesel::RunQueryDsl;
                let conn: &mut crate::store::conn::Conn = tx;
                match conn {
                    crate::store::conn::Conn::Postgres(_) if rows.is_empty() => Ok(0),
                    crate::store::conn::Conn::Postgres(c) => $name::of(rows).execute(c),
                    crate::store::conn::Conn::Sqlite(c) => rows.iter().try_fold(0, |sum, row| {
                        Ok(sum + $name::of(std::slice::from_ref(row)).execute(c)?)
                    }),
                }
            }
        }

        impl diesel::RunQueryDsl<diesel::SqliteConnection> for $name<'_> {}

        impl diesel::query_builder::QueryId for $name<'_> {
            type QueryId = $name<'static>;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl diesel::RunQueryDsl<diesel::PgConnection> for $name<'_> {}
    };
}

pub(super) mod deletions;
pub(super) mod erasure;
pub(super) mod events;
pub(super) mod people;
pub(super) mod visits;
