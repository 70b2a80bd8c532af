//! Mails on their way out.

use super::conn::Conn;
use super::schema::mails;
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, PublicId, Timestamp};
use diesel::prelude::*;

/// `mails.state` of one that waits to be sent.
pub const WAITING: i16 = 1;
/// `mails.state` of one that an SMTP server has taken.
pub const SENT: i16 = 2;
/// `mails.state` of one that is not tried any more.
pub const GIVEN_UP: i16 = 3;

/// A mail's row.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = mails, treat_none_as_default_value = false)]
pub struct Mail {
    /// Whose; 0 is the service itself.
    pub customer_id: CustomerId,
    /// Inside the database.
    pub id: i64,
    /// Outside, and in the Message-ID.
    pub public_id: PublicId,
    /// What it is for, such as `case_code`.
    pub kind: String,
    /// [`WAITING`], [`SENT`] or [`GIVEN_UP`].
    pub state: i16,
    /// When it is to be tried; of one that has ended, when it is to be purged.
    pub due_at: Timestamp,
    /// When it is not tried any more.
    pub give_up_at: Timestamp,
    /// How often it was tried.
    pub attempts: i32,
    /// Why the last attempt failed, as a code.
    pub last_error: Option<String>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it was sent or given up.
    pub ended_at: Option<Timestamp>,
    /// To whom and what it says, sealed; none once it has left.
    pub content_sealed: Option<Vec<u8>>,
    /// The version of the key that seals it.
    pub key_version: Option<i32>,
}

/// How a mail ended.
#[derive(Debug, Clone)]
pub struct End<'a> {
    /// [`SENT`] or [`GIVEN_UP`].
    pub state: i16,
    /// When.
    pub at: Timestamp,
    /// When it is to be purged.
    pub purge_at: Timestamp,
    /// Why it was given up.
    pub error: Option<&'a str>,
    /// Whether its content goes now.
    pub wipe: bool,
}

/// A customer's mails in this state.
macro_rules! of {
    ($customer:expr, $state:expr) => {
        mails::table.filter(mails::customer_id.eq($customer).and(mails::state.eq($state)))
    };
}

/// Stores a mail.
pub fn insert(tx: &mut Tx<'_>, mail: &Mail) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(mails::table).values(mail).execute(c))
}

/// How many of a customer's mails wait, counted up to `at_most`.
pub fn waiting(conn: &mut Conn, customer: CustomerId, at_most: i64) -> QueryResult<usize> {
    let ids: Vec<Timestamp> = of!(customer, WAITING).limit(at_most).select(mails::due_at).load(conn)?;
    Ok(ids.len())
}

/// Those of a customer that are due in this state, the earliest first.
pub fn due(conn: &mut Conn, customer: CustomerId, state: i16, now: Timestamp, limit: i64) -> QueryResult<Vec<Mail>> {
    of!(customer, state)
        .filter(mails::due_at.le(now))
        .order((mails::due_at, mails::id))
        .limit(limit)
        .select(Mail::as_select())
        .load(conn)
}

/// When the next of a customer's mails is to be tried.
pub fn next_due(conn: &mut Conn, customer: CustomerId) -> QueryResult<Option<Timestamp>> {
    of!(customer, WAITING).order(mails::due_at).select(mails::due_at).first(conn).optional()
}

/// Ends a mail that waits; false when it has ended already.
pub fn end(tx: &mut Tx<'_>, mail: &Mail, end: &End<'_>) -> QueryResult<bool> {
    let conn: &mut Conn = tx;
    let row = mails::table.find((mail.customer_id, mail.id)).filter(mails::state.eq(WAITING));
    let ended = (
        mails::state.eq(end.state),
        mails::ended_at.eq(end.at),
        mails::due_at.eq(end.purge_at),
        mails::last_error.eq(end.error),
        mails::attempts.eq(mails::attempts + 1),
    );
    let none = (mails::content_sealed.eq(None::<Vec<u8>>), mails::key_version.eq(None::<i32>));
    let changed = if end.wipe {
        diesel::update(row).set((ended, none)).execute(conn)?
    } else {
        diesel::update(row).set(ended).execute(conn)?
    };
    Ok(changed == 1)
}

/// Has a mail that failed wait until `due_at`.
pub fn put_off(tx: &mut Tx<'_>, mail: &Mail, due_at: Timestamp, error: &str) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(mails::table.find((mail.customer_id, mail.id)).filter(mails::state.eq(WAITING)))
        .set((mails::due_at.eq(due_at), mails::attempts.eq(mails::attempts + 1), mails::last_error.eq(error)))
        .execute(conn)
}

/// Has a mail that was given up wait again, until `give_up_at`.
pub fn revive(tx: &mut Tx<'_>, mail: &Mail, now: Timestamp, give_up_at: Timestamp) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    let whole = mails::state.eq(GIVEN_UP).and(mails::content_sealed.is_not_null());
    diesel::update(mails::table.find((mail.customer_id, mail.id)).filter(whole))
        .set((
            mails::state.eq(WAITING),
            mails::due_at.eq(now),
            mails::give_up_at.eq(give_up_at),
            mails::attempts.eq(0),
            mails::ended_at.eq(None::<Timestamp>),
        ))
        .execute(conn)
}

/// Wipes what a mail said, and has its row purged at `purge_at`.
pub fn wipe(tx: &mut Tx<'_>, mail: &Mail, purge_at: Timestamp) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(mails::table.find((mail.customer_id, mail.id)).filter(mails::state.ne(WAITING)))
        .set((
            mails::content_sealed.eq(None::<Vec<u8>>),
            mails::key_version.eq(None::<i32>),
            mails::due_at.eq(purge_at),
        ))
        .execute(conn)
}

/// Deletes the row of a mail that has ended.
pub fn delete(tx: &mut Tx<'_>, mail: &Mail) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(mails::table.find((mail.customer_id, mail.id)).filter(mails::state.ne(WAITING))).execute(conn)
}

/// How many mails of everybody are in each state.
pub fn counts(conn: &mut Conn) -> QueryResult<Vec<(i16, i64)>> {
    mails::table.group_by(mails::state).select((mails::state, diesel::dsl::count_star())).load(conn)
}

/// Mails of everybody in this state, the earliest due first.
pub fn all_in(conn: &mut Conn, state: i16, limit: i64) -> QueryResult<Vec<Mail>> {
    mails::table
        .filter(mails::state.eq(state))
        .order((mails::due_at, mails::id))
        .limit(limit)
        .select(Mail::as_select())
        .load(conn)
}
