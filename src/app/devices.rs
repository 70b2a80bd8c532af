//! Check-in devices: which entrance is silent or has events yet to send.

use super::page::{Ask, Page, cut};
use super::{View, Work};
use crate::domain::text::{AppVersion, Device as DeviceName};
use crate::domain::{CustomerId, DeviceId, LicenseId, Timestamp, number};
use crate::error::Error;
use crate::store;
use crate::store::devices::Device as DeviceRow;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The most events that a device may say it has yet to send.
pub const MAX_QUEUED: u32 = 1_000_000_000;
/// The most devices that a roll call names.
const MAX_NAMED: i64 = 1_000;

/// What a device says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// The version of its app.
    pub app_version: Option<AppVersion>,
    /// Events that it has yet to send.
    #[serde(default, deserialize_with = "number::whole::<0, MAX_QUEUED, _>")]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub queued_events: Option<u32>,
}

/// A device as shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Device {
    /// Its name.
    pub device: String,
    /// The version of its app.
    pub app_version: Option<String>,
    /// Events that it had yet to send at its last heartbeat.
    pub queued_events: Option<u32>,
    /// When it was last heard of, by heartbeat or event.
    pub last_seen_at: Option<Timestamp>,
    /// Its last heartbeat.
    pub heartbeat_at: Option<Timestamp>,
    /// Whether it has not been heard of for longer than it should.
    pub silent: bool,
    /// Since when it has been silent.
    pub silent_since: Option<Timestamp>,
}

/// Takes a heartbeat; a device not heard of before is noted.
///
/// # Errors
/// `invalid_input` for a number out of bounds.
pub fn heartbeat(
    work: &mut Work<'_, '_>,
    customer: CustomerId,
    license: Option<LicenseId>,
    name: &DeviceName,
    beat: &Heartbeat,
) -> Result<(), Error> {
    if beat.queued_events.is_some_and(|queued| queued > MAX_QUEUED) {
        let error = crate::domain::FieldError::new("out_of_range", format!("must be from 0 to {MAX_QUEUED}"));
        return Err(Error::invalid(vec![error.at("/queued_events")]));
    }
    let names = [name.as_str().to_owned()];
    let known = store::devices::by_names(work.tx, customer, &names)?.pop();
    let fresh = known.is_none();
    let mut row = match known {
        Some(row) => row,
        None => DeviceRow {
            customer_id: customer,
            id: DeviceId(store::ids::take_one(work.tx)?),
            name: name.as_str().to_owned(),
            license_id: None,
            app_version: None,
            queued_events: None,
            heartbeat_at: None,
            event_at: None,
            created_at: work.now,
        },
    };
    row.license_id = license.or(row.license_id);
    row.app_version = beat.app_version.as_ref().map(|text| text.as_str().to_owned()).or(row.app_version);
    row.queued_events = beat.queued_events.map(i32::try_from).transpose().map_err(Error::internal)?;
    row.heartbeat_at = Some(work.now);
    if fresh {
        store::devices::insert(work.tx, &row)?
    } else {
        store::devices::update(work.tx, &row)?
    };
    Ok(())
}

/// A page of devices by name.
///
/// # Errors
/// Invalid limit or cursor.
pub fn list(view: &mut View<'_>, customer: CustomerId, ask: &Ask) -> Result<Page<Device>, Error> {
    let limit = ask.limit()?;
    let keyring = view.core.keyring.clone();
    let after = ask.position(&keyring, Some(customer), "devices")?;
    let rows = store::devices::page(view.conn, customer, None, after.as_deref(), limit as i64 + 1)?;
    cut(
        &keyring,
        Some(customer),
        "devices",
        limit,
        rows,
        |row| row.name.clone(),
        |rows| rows.into_iter().map(|row| show(view, row)).collect(),
    )
}

/// The devices of a site, or of all.
pub(super) fn of_license(
    view: &mut View<'_>,
    customer: CustomerId,
    license: Option<LicenseId>,
) -> Result<Vec<Device>, Error> {
    let rows = store::devices::page(view.conn, customer, license, None, MAX_NAMED)?;
    rows.into_iter().map(|row| show(view, row)).collect()
}

fn show(view: &View<'_>, row: DeviceRow) -> Result<Device, Error> {
    let last_seen_at = row.heartbeat_at.max(row.event_at);
    let patience_s = i64::from(view.core.settings.visits.device_silent_after_minutes) * 60;
    let silent = last_seen_at.is_none_or(|at| view.now.seconds_since(at) >= patience_s);
    Ok(Device {
        device: row.name,
        app_version: row.app_version,
        queued_events: row.queued_events.map(u32::try_from).transpose().map_err(Error::internal)?,
        last_seen_at,
        heartbeat_at: row.heartbeat_at,
        silent,
        silent_since: last_seen_at.filter(|_| silent),
    })
}
