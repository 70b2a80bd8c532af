//! Counts of visits; no person can be told from them by name.

use super::View;
use crate::domain::statistics::{By, bucket, buckets};
use crate::domain::text::LicenseNumber;
use crate::domain::zone::Zone;
use crate::domain::{CustomerId, FieldError, LicenseId, Timestamp};
use crate::error::Error;
use crate::store;
use crate::store::statistics::{Span, What};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The longest span in days.
pub const MAX_DAYS: i64 = 3_660;
/// The span when the client names none, in days.
const DEFAULT_DAYS: i64 = 30;
const DAY_S: i64 = 86_400;

/// Counts of one hour, day, week or month, in the time zone of the licence or customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Count {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// Guests expected.
    pub expected: u64,
    /// Guests who arrived.
    pub arrived: u64,
    /// Guests who left.
    pub departed: u64,
    /// Visits cancelled.
    pub cancelled: u64,
    /// Guests turned away.
    pub denied: u64,
}

/// All counts of a span.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Statistics {
    /// What each count spans.
    pub by: By,
    /// The time zone in which days are counted.
    pub time_zone: String,
    /// The counts, without gaps.
    pub data: Vec<Count>,
}

/// What to count.
#[derive(Debug, Clone)]
pub struct Ask {
    /// What each count spans.
    pub by: By,
    /// At this site only.
    pub license: Option<LicenseNumber>,
    /// From this instant.
    pub from: Option<Timestamp>,
    /// To before this instant.
    pub to: Option<Timestamp>,
}

/// A part of a count.
type Part = fn(&mut Count) -> &mut u64;

/// Counts visits.
///
/// # Errors
/// `invalid_input` when the span is empty, too long or of too many counts; `license_unknown`.
pub fn visits(view: &mut View<'_>, customer: CustomerId, ask: &Ask) -> Result<Statistics, Error> {
    let to = ask.to.unwrap_or(view.now);
    let from = ask.from.unwrap_or_else(|| to.plus_seconds(-DEFAULT_DAYS * DAY_S));
    if from >= to || to.seconds_since(from) > MAX_DAYS * DAY_S {
        let error = FieldError::new("out_of_range", format!("must lie after 'from', by at most {MAX_DAYS} days"));
        return Err(Error::invalid(vec![error.at("?to")]));
    }
    let (sites, zone) = sites(view, customer, ask.license.as_ref())?;
    let spans = buckets(ask.by, zone, from, to).map_err(|error| Error::invalid(vec![error.at("?by")]))?;
    let mut counts: BTreeMap<Timestamp, Count> = spans
        .into_iter()
        .map(|span| {
            let count =
                Count { from: span.from, to: span.to, expected: 0, arrived: 0, departed: 0, cancelled: 0, denied: 0 };
            (span.from, count)
        })
        .collect();
    let span = Span { from, to, slot_s: slot_s(counts.values()) };
    let kinds: [(What, Part); 5] = [
        (What::Expected, |count| &mut count.expected),
        (What::Arrived, |count| &mut count.arrived),
        (What::Departed, |count| &mut count.departed),
        (What::Cancelled, |count| &mut count.cancelled),
        (What::Denied, |count| &mut count.denied),
    ];
    let uncounted = super::objections::uncounted(view, customer)?;
    for (what, of) in kinds {
        for (slot, number) in store::statistics::counts(view.conn, customer, &sites, what, span, &uncounted)? {
            let within = Timestamp::EPOCH.plus_seconds(slot * span.slot_s);
            if let Some(count) = counts.get_mut(&bucket(ask.by, zone, within).from) {
                *of(count) = of(count).saturating_add_signed(number);
            }
        }
    }
    Ok(Statistics { by: ask.by, time_zone: zone.name().to_owned(), data: counts.into_values().collect() })
}

/// The longest time in seconds of which all bounds of the counts are multiples: the database counts by it.
fn slot_s<'a>(counts: impl Iterator<Item = &'a Count>) -> i64 {
    let bounds = counts.flat_map(|count| [count.from, count.to]);
    bounds.map(|bound| bound.seconds_since(Timestamp::EPOCH)).fold(0, greatest_common_divisor).max(1)
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// The licence that was asked for, and its zone; else all of them, and the customer's.
fn sites(
    view: &mut View<'_>,
    customer: CustomerId,
    number: Option<&LicenseNumber>,
) -> Result<(Vec<LicenseId>, Zone), Error> {
    let zone = super::customers::zone(view, customer)?;
    let Some(number) = number else { return Ok((super::visits::sites(view, customer, None)?, zone)) };
    let id = super::licenses::named(view, customer, number)?;
    let row = store::licenses::get(view.conn, customer, id)?;
    let zone = row.map(|row| Zone::parse(&row.time_zone)).transpose().map_err(Error::internal)?.unwrap_or(zone);
    Ok((vec![id], zone))
}
