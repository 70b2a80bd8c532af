//! The SQL types on which PostgreSQL and SQLite disagree, and our own values as columns of both.

use super::conn::MultiBackend;
use crate::domain::{CustomerId, DeviceId, EventId, EventKey, LicenseId, PersonId, PublicId, Timestamp, VisitId};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{self, BigInt, HasSqlType, SqlType};
use diesel::sqlite::Sqlite;

/// `uuid` on PostgreSQL, a 16-byte `BLOB` on SQLite.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951), sqlite_type(name = "Binary"))]
pub struct Uuid;

/// `timestamptz` on PostgreSQL, microseconds since 1970 on SQLite.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185), sqlite_type(name = "Long"))]
pub struct Timestamptz;

macro_rules! sql_type {
    ($($sql:ident),*) => {$(
        impl HasSqlType<$sql> for MultiBackend {
            fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
                MultiBackend::lookup_sql_type::<$sql>(lookup)
            }
        }
        impl sql_types::SqlOrd for $sql {}
    )*};
}
sql_type!(Uuid, Timestamptz);

/// Maps a value to a SQL type, given how each database writes and reads it.
macro_rules! portable {
    (
        $rust:ident as $sql:ident via $proxy:ident;
        pg: $pg:ty, |$p:ident| $to_pg:expr, |$q:ident| $from_pg:expr;
        sqlite: $native:ty as $lite:ty, |$s:ident| $to_lite:expr, |$t:ident| $from_lite:expr;
    ) => {
        #[derive(AsExpression, FromSqlRow)]
        #[diesel(foreign_derive, sql_type = $sql)]
        #[expect(dead_code, reason = "only carries the derives")]
        struct $proxy($rust);

        impl ToSql<$sql, Pg> for $rust {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                let $p = self;
                ToSql::<$pg, Pg>::to_sql($to_pg, &mut out.reborrow())
            }
        }
        impl FromSql<$sql, Pg> for $rust {
            fn from_sql(raw: PgValue<'_>) -> deserialize::Result<Self> {
                let $q = FromSql::<$pg, Pg>::from_sql(raw)?;
                $from_pg
            }
        }
        impl ToSql<$sql, Sqlite> for $rust {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                let $s = self;
                out.set_value($to_lite);
                Ok(IsNull::No)
            }
        }
        impl FromSql<$sql, Sqlite> for $rust {
            fn from_sql(raw: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                let $t = <$native as FromSql<$lite, Sqlite>>::from_sql(raw)?;
                $from_lite
            }
        }
        impl ToSql<$sql, MultiBackend> for $rust {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value(($sql, self));
                Ok(IsNull::No)
            }
        }
        impl FromSql<$sql, MultiBackend> for $rust {
            fn from_sql(raw: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                raw.from_sql::<Self, $sql>()
            }
        }
    };
}

macro_rules! uuids {
    ($($rust:ident via $proxy:ident),* $(,)?) => {$(
        portable! {
            $rust as Uuid via $proxy;
            pg: sql_types::Uuid, |id| &id.0, |id| Ok(Self(id));
            sqlite: Vec<u8> as sql_types::Binary, |id| id.0.as_bytes().to_vec(), |id| Ok(Self(uuid::Uuid::from_slice(&id)?));
        }
    )*};
}
macro_rules! integers {
    ($($rust:ident via $proxy:ident),* $(,)?) => {$(
        portable! {
            $rust as BigInt via $proxy;
            pg: BigInt, |id| &id.0, |id| Ok(Self(id));
            sqlite: i64 as BigInt, |id| id.0, |id| Ok(Self(id));
        }
    )*};
}

uuids!(EventId via EventIdProxy, VisitId via VisitIdProxy, PublicId via PublicIdProxy);
integers!(
    CustomerId via CustomerIdProxy,
    LicenseId via LicenseIdProxy,
    PersonId via PersonIdProxy,
    EventKey via EventKeyProxy,
    DeviceId via DeviceIdProxy,
);

portable! {
    Timestamp as Timestamptz via TimestampProxy;
    pg: sql_types::Timestamptz, |at| at.utc(), |at| Ok(Self::new(at));
    sqlite: i64 as BigInt, |at| at.micros(), |us| Self::from_micros(us).ok_or_else(|| "instant out of range".into());
}

// `table!` recognises the name `Timestamptz` and derives arithmetic for its columns.
// `Interval` exists on PostgreSQL only, so no portable query can use it by mistake.
impl sql_types::ops::Add for Timestamptz {
    type Rhs = sql_types::Interval;
    type Output = Self;
}
impl sql_types::ops::Sub for Timestamptz {
    type Rhs = sql_types::Interval;
    type Output = Self;
}
