//! Cases of data subjects.

use super::conn::Conn;
use super::schema::{case_people, cases, people};
use super::tx::{Tx, load_locked, on_each};
use crate::domain::rights::{Right, State};
use crate::domain::{CustomerId, PersonId, PublicId, Timestamp};
use diesel::prelude::*;

/// A case's row.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = cases, primary_key(customer_id, id), treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct Case {
    /// Who decides; 0 is the operator.
    pub customer_id: CustomerId,
    /// Inside the database, growing.
    pub id: i64,
    /// Outside.
    pub public_id: PublicId,
    /// The request by the public form that it came from.
    pub request_id: Option<i64>,
    /// The case that a complaint is about.
    pub about: Option<PublicId>,
    /// Which right, by its number.
    pub asked: i16,
    /// How it came, by its number.
    pub channel: i16,
    /// The language of the answer.
    pub locale: String,
    /// How far it has come, by its number.
    pub state: i16,
    /// When it reached the controller.
    pub received_at: Timestamp,
    /// The local date of that, as `2026-11-21`.
    pub received_on: String,
    /// The end of the safe limit.
    pub safe_end_at: Timestamp,
    /// Up to which share of the time somebody was warned, in per cent; above 100 when it was overdue.
    pub warned_percent: i16,
    /// When it was shown who asks.
    pub verified_at: Option<Timestamp>,
    /// How, by its number.
    pub verified_by: Option<i16>,
    /// Days on which the person was waited for, which may suspend the legal limit.
    pub waited_days: i16,
    /// Since when the person is waited for.
    pub waiting_since: Option<Timestamp>,
    /// When it was extended.
    pub extended_at: Option<Timestamp>,
    /// Why, by its number.
    pub extension_ground: Option<i16>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// By whose key, or `guestlog` at the customer's instruction.
    pub decided_by: Option<String>,
    /// What, by its number.
    pub decision: Option<i16>,
    /// On what grounds, as words with commas between.
    pub grounds: String,
    /// When the file was ready, or the decision carried out.
    pub prepared_at: Option<Timestamp>,
    /// When the answer was let go.
    pub released_at: Option<Timestamp>,
    /// When the file was fetched.
    pub downloaded_at: Option<Timestamp>,
    /// When nothing was left to do.
    pub closed_at: Option<Timestamp>,
    /// The deletion by which it was carried out.
    pub receipt_id: Option<PublicId>,
    /// Until when a hold keeps something of the person.
    pub held_until: Option<Timestamp>,
    /// Whether anything was held of the person when it was decided.
    pub is_held: Option<bool>,
    /// Address and words of the person, sealed; none once they are of no more use.
    pub asked_sealed: Option<Vec<u8>>,
    /// Reasons, sealed.
    pub reasons_sealed: Option<Vec<u8>>,
}

/// Which cases are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Narrow {
    /// In this state, by its number.
    pub state: Option<i16>,
    /// Whose safe limit ends before this.
    pub due_before: Option<Timestamp>,
    /// After this place in the order.
    pub after: Option<(Timestamp, i64)>,
}

/// Stores a case.
pub fn insert(tx: &mut Tx<'_>, row: &Case) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(cases::table).values(row).execute(c))
}

/// A case by what it is called outside.
pub fn find(conn: &mut Conn, customer: CustomerId, id: PublicId) -> QueryResult<Option<Case>> {
    cases::table
        .filter(cases::customer_id.eq(customer).and(cases::public_id.eq(id)))
        .select(Case::as_select())
        .first(conn)
        .optional()
}

/// A case by its number.
pub fn get(conn: &mut Conn, customer: CustomerId, id: i64) -> QueryResult<Option<Case>> {
    cases::table.find((customer, id)).select(Case::as_select()).first(conn).optional()
}

/// A case by its number, locked until the transaction ends.
pub fn lock(tx: &mut Tx<'_>, customer: CustomerId, id: i64) -> QueryResult<Option<Case>> {
    let found: QueryResult<Vec<Case>> = load_locked!(tx, cases::table.find((customer, id)).select(Case::as_select()));
    Ok(found?.pop())
}

/// Stores a case as it is now.
pub fn update(tx: &mut Tx<'_>, row: &Case) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(cases::table.find((row.customer_id, row.id))).set(row).execute(conn)
}

/// Deletes a case with all that hangs on it.
pub fn remove(tx: &mut Tx<'_>, customer: CustomerId, id: i64) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::delete(cases::table.find((customer, id))).execute(conn)
}

/// The cases that a request by the public form has become.
pub fn of_request(conn: &mut Conn, request: i64) -> QueryResult<Vec<Case>> {
    cases::table
        .filter(cases::request_id.eq(request))
        .order((cases::customer_id, cases::id))
        .select(Case::as_select())
        .load(conn)
}

/// A customer's cases, those that must be answered first at the head.
pub fn page(conn: &mut Conn, customer: CustomerId, narrow: &Narrow, limit: i64) -> QueryResult<Vec<Case>> {
    let mut query = cases::table
        .filter(cases::customer_id.eq(customer))
        .order((cases::safe_end_at, cases::id))
        .limit(limit)
        .select(Case::as_select())
        .into_boxed();
    if let Some(state) = narrow.state {
        query = query.filter(cases::state.eq(state));
    }
    if let Some(before) = narrow.due_before {
        query = query.filter(cases::safe_end_at.lt(before));
    }
    if let Some((at, id)) = narrow.after {
        query = query.filter(cases::safe_end_at.gt(at).or(cases::safe_end_at.eq(at).and(cases::id.gt(id))));
    }
    query.load(conn)
}

/// Unlinks a case from everybody.
pub fn unlink(tx: &mut Tx<'_>, customer: CustomerId, case: i64) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    let of = case_people::customer_id.eq(customer).and(case_people::case_id.eq(case));
    diesel::delete(case_people::table.filter(of)).execute(conn)
}

/// Links a case to people; one that is linked already stays so.
pub fn link(tx: &mut Tx<'_>, customer: CustomerId, case: i64, people: &[PersonId]) -> QueryResult<usize> {
    let rows: Vec<_> = people
        .iter()
        .map(|person| {
            (case_people::customer_id.eq(customer), case_people::case_id.eq(case), case_people::person_id.eq(*person))
        })
        .collect();
    on_each!(tx, |c| diesel::insert_into(case_people::table).values(&rows).on_conflict_do_nothing().execute(c))
}

/// Whom a case is about.
pub fn people_of(conn: &mut Conn, customer: CustomerId, case: i64) -> QueryResult<Vec<PersonId>> {
    case_people::table
        .filter(case_people::customer_id.eq(customer).and(case_people::case_id.eq(case)))
        .order(case_people::person_id)
        .select(case_people::person_id)
        .load(conn)
}

/// The cases about a person, the earliest first.
pub fn about_person(conn: &mut Conn, customer: CustomerId, person: PersonId) -> QueryResult<Vec<Case>> {
    cases::table
        .inner_join(
            case_people::table
                .on(case_people::customer_id.eq(cases::customer_id).and(case_people::case_id.eq(cases::id))),
        )
        .filter(case_people::customer_id.eq(customer).and(case_people::person_id.eq(person)))
        .order(cases::id)
        .select(Case::as_select())
        .load(conn)
}

/// Those of these people who have asked for a file, and been shown to be who they are, before it is made and while it is
/// not overdue.
pub fn waiting_for_files(
    conn: &mut Conn,
    customer: CustomerId,
    people: &[PersonId],
    now: Timestamp,
) -> QueryResult<Vec<PersonId>> {
    let files = [Right::Access, Right::Portability].map(Right::number);
    let under_way = [State::Verified, State::Decided].map(State::number);
    case_people::table
        .inner_join(
            cases::table.on(case_people::customer_id.eq(cases::customer_id).and(case_people::case_id.eq(cases::id))),
        )
        .filter(case_people::customer_id.eq(customer).and(case_people::person_id.eq_any(people)))
        .filter(cases::asked.eq_any(files).and(cases::state.eq_any(under_way)))
        .filter(cases::prepared_at.is_null().and(cases::safe_end_at.gt(now)))
        .select(case_people::person_id)
        .load(conn)
}

/// The people of a customer who have this address, by its blind index.
pub fn people_at(
    conn: &mut Conn,
    customer: CustomerId,
    email_index: Option<&[u8]>,
    phone_index: Option<&[u8]>,
    limit: i64,
) -> QueryResult<Vec<PersonId>> {
    let mut query = people::table
        .filter(people::customer_id.eq(customer))
        .order(people::id)
        .limit(limit)
        .select(people::id)
        .into_boxed();
    query = match (email_index, phone_index) {
        (Some(email), _) => query.filter(people::email_index.eq(email)),
        (None, Some(phone)) => query.filter(people::phone_index.eq(phone)),
        (None, None) => return Ok(Vec::new()),
    };
    query.load(conn)
}
