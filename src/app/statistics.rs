//! Counts of visits; no person can be told from them by name.

use super::View;
use crate::domain::statistics::{By, bucket, buckets};
use crate::domain::text::LicenseNumber;
use crate::domain::zone::Zone;
use crate::domain::{CustomerId, FieldError, LicenseId, Timestamp};
use crate::error::Error;
use crate::store;
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
    let (license, zone) = site(view, customer, ask.license.as_ref())?;
    let spans = buckets(ask.by, zone, from, to).map_err(|error| Error::invalid(vec![error.at("?by")]))?;
    let mut counts: BTreeMap<Timestamp, Count> = spans
        .into_iter()
        .map(|span| {
            let count =
                Count { from: span.from, to: span.to, expected: 0, arrived: 0, departed: 0, cancelled: 0, denied: 0 };
            (span.from, count)
        })
        .collect();
    let rows = store::visits::moments(view.conn, customer, license, from, to)?;
    let mut add = |at: Option<Timestamp>, which: fn(&mut Count) -> &mut u64| {
        let Some(at) = at.filter(|at| (from..to).contains(at)) else { return };
        if let Some(count) = counts.get_mut(&bucket(ask.by, zone, at).from) {
            *which(count) += 1;
        }
    };
    for (expected, arrived, departed, cancelled, denied) in rows {
        add(expected, |count| &mut count.expected);
        add(arrived, |count| &mut count.arrived);
        add(departed, |count| &mut count.departed);
        add(cancelled, |count| &mut count.cancelled);
        add(denied, |count| &mut count.denied);
    }
    Ok(Statistics { by: ask.by, time_zone: zone.name().to_owned(), data: counts.into_values().collect() })
}

/// The licence that was asked for, and its zone; else the customer's.
fn site(
    view: &mut View<'_>,
    customer: CustomerId,
    number: Option<&LicenseNumber>,
) -> Result<(Option<LicenseId>, Zone), Error> {
    let zone = super::customers::zone(view, customer)?;
    let Some(number) = number else { return Ok((None, zone)) };
    let id = super::licenses::named(view, customer, number)?;
    let row = store::licenses::get(view.conn, customer, id)?;
    let zone = row.map(|row| Zone::parse(&row.time_zone)).transpose().map_err(Error::internal)?.unwrap_or(zone);
    Ok((Some(id), zone))
}
