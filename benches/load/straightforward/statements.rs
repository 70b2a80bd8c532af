//! The statements, one row each, as anybody would write them; Diesel prepares each of them once a connection.

use super::rows::{CLOSED, CUSTOMER, CustomerRow, EventRow, HostRow, LicenseRow, PersonRow, RecipientRow, VisitRow};
use super::schema::{customers, event_hosts, event_recipients, events, licenses, people, visits};
use super::types::{At, Id};
use diesel::prelude::*;

/// A host of an event: the event, the ref.
pub type HostOf = (i64, Vec<u8>);
/// Somebody in the building: the visit, the guest's ref and name.
pub type Present = (VisitRow, Vec<u8>, Option<Vec<u8>>);

/// What is asked of either database.
pub trait Statements: Connection {
    fn add_customer(&mut self, row: &CustomerRow) -> QueryResult<usize>;
    fn add_license(&mut self, row: &LicenseRow) -> QueryResult<usize>;
    fn license(&mut self, number: &[u8]) -> QueryResult<i64>;
    fn person(&mut self, reference: &[u8]) -> QueryResult<Option<i64>>;
    fn add_person(&mut self, row: &PersonRow) -> QueryResult<usize>;
    fn open_visit(&mut self, person: i64, license: i64) -> QueryResult<Option<Id>>;
    fn add_visit(&mut self, row: &VisitRow) -> QueryResult<usize>;
    fn close_visit(&mut self, visit: Id, at: At, now: At) -> QueryResult<usize>;
    /// 0 when the event was stored before.
    fn add_event(&mut self, row: &EventRow) -> QueryResult<usize>;
    fn add_host(&mut self, row: &HostRow) -> QueryResult<usize>;
    fn add_recipient(&mut self, row: &RecipientRow) -> QueryResult<usize>;
    fn delete_person(&mut self, reference: &[u8]) -> QueryResult<usize>;
    fn events_of(&mut self, person: i64, limit: i64) -> QueryResult<Vec<EventRow>>;
    fn hosts_of(&mut self, events: &[i64]) -> QueryResult<Vec<HostOf>>;
    fn recipients_of(&mut self, events: &[i64]) -> QueryResult<Vec<HostOf>>;
    fn on_site(&mut self) -> QueryResult<Vec<Present>>;
}

macro_rules! statements {
    ($connection:ty) => {
        impl Statements for $connection {
            fn add_customer(&mut self, row: &CustomerRow) -> QueryResult<usize> {
                diesel::insert_into(customers::table).values(row).execute(self)
            }

            fn add_license(&mut self, row: &LicenseRow) -> QueryResult<usize> {
                diesel::insert_into(licenses::table).values(row).execute(self)
            }

            fn license(&mut self, number: &[u8]) -> QueryResult<i64> {
                licenses::table
                    .filter(licenses::customer_id.eq(CUSTOMER).and(licenses::number_index.eq(number)))
                    .select(licenses::id)
                    .first(self)
            }

            fn person(&mut self, reference: &[u8]) -> QueryResult<Option<i64>> {
                people::table
                    .filter(people::customer_id.eq(CUSTOMER).and(people::ref_index.eq(reference)))
                    .select(people::id)
                    .first(self)
                    .optional()
            }

            fn add_person(&mut self, row: &PersonRow) -> QueryResult<usize> {
                diesel::insert_into(people::table)
                    .values(row)
                    .on_conflict((people::customer_id, people::ref_index))
                    .do_nothing()
                    .execute(self)
            }

            fn open_visit(&mut self, person: i64, license: i64) -> QueryResult<Option<Id>> {
                visits::table
                    .filter(visits::customer_id.eq(CUSTOMER).and(visits::person_id.eq(person)))
                    .filter(visits::license_id.eq(license).and(visits::departed_at.is_null()))
                    .order(visits::starts_at.desc())
                    .select(visits::visit_id)
                    .first(self)
                    .optional()
            }

            fn add_visit(&mut self, row: &VisitRow) -> QueryResult<usize> {
                diesel::insert_into(visits::table).values(row).execute(self)
            }

            fn close_visit(&mut self, visit: Id, at: At, now: At) -> QueryResult<usize> {
                diesel::update(visits::table.find((CUSTOMER, visit)))
                    .set((visits::departed_at.eq(at), visits::state.eq(CLOSED), visits::updated_at.eq(now)))
                    .execute(self)
            }

            fn add_event(&mut self, row: &EventRow) -> QueryResult<usize> {
                diesel::insert_into(events::table)
                    .values(row)
                    .on_conflict((events::customer_id, events::event_id))
                    .do_nothing()
                    .execute(self)
            }

            fn add_host(&mut self, row: &HostRow) -> QueryResult<usize> {
                diesel::insert_into(event_hosts::table).values(row).execute(self)
            }

            fn add_recipient(&mut self, row: &RecipientRow) -> QueryResult<usize> {
                diesel::insert_into(event_recipients::table).values(row).execute(self)
            }

            fn delete_person(&mut self, reference: &[u8]) -> QueryResult<usize> {
                let who = people::customer_id.eq(CUSTOMER).and(people::ref_index.eq(reference));
                diesel::delete(people::table.filter(who)).execute(self)
            }

            fn events_of(&mut self, person: i64, limit: i64) -> QueryResult<Vec<EventRow>> {
                events::table
                    .filter(events::customer_id.eq(CUSTOMER).and(events::person_id.eq(person)))
                    .order((events::occurred_at.desc(), events::id.desc()))
                    .limit(limit)
                    .select(EventRow::as_select())
                    .load(self)
            }

            fn hosts_of(&mut self, keys: &[i64]) -> QueryResult<Vec<HostOf>> {
                let who = people::id.eq(event_hosts::person_id).and(people::customer_id.eq(event_hosts::customer_id));
                event_hosts::table
                    .inner_join(people::table.on(who))
                    .filter(event_hosts::customer_id.eq(CUSTOMER).and(event_hosts::event_key.eq_any(keys)))
                    .select((event_hosts::event_key, people::ref_sealed))
                    .load(self)
            }

            fn recipients_of(&mut self, keys: &[i64]) -> QueryResult<Vec<HostOf>> {
                let same = people::customer_id.eq(event_recipients::customer_id);
                event_recipients::table
                    .inner_join(people::table.on(people::id.eq(event_recipients::person_id).and(same)))
                    .filter(event_recipients::customer_id.eq(CUSTOMER).and(event_recipients::event_key.eq_any(keys)))
                    .select((event_recipients::event_key, people::ref_sealed))
                    .load(self)
            }

            fn on_site(&mut self) -> QueryResult<Vec<Present>> {
                let who = people::id.eq(visits::person_id).and(people::customer_id.eq(visits::customer_id));
                visits::table
                    .inner_join(people::table.on(who))
                    .filter(visits::customer_id.eq(CUSTOMER).and(visits::departed_at.is_null()))
                    .filter(visits::arrived_at.is_not_null())
                    .order((visits::arrived_at, visits::visit_id))
                    .select((VisitRow::as_select(), people::ref_sealed, people::name_sealed))
                    .load(self)
            }
        }
    };
}

statements!(PgConnection);
statements!(SqliteConnection);
