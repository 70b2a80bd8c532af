//! Check-in devices.

use super::conn::Conn;
use super::each::{Search, each};
use super::schema::devices;
use super::tx::{Tx, on_each};
use crate::domain::{CustomerId, DeviceId, LicenseId, Timestamp};
use diesel::prelude::*;
use diesel::sql_types::Text;

/// A device's row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = devices, treat_none_as_default_value = false, treat_none_as_null = true, primary_key(customer_id, id))]
pub struct Device {
    /// Whose.
    pub customer_id: CustomerId,
    /// Inside the database.
    pub id: DeviceId,
    /// Its name.
    pub name: String,
    /// The site it was last heard at.
    pub license_id: Option<LicenseId>,
    /// The version of its app.
    pub app_version: Option<String>,
    /// Events that it had yet to send at its last heartbeat.
    pub queued_events: Option<i32>,
    /// Its last heartbeat.
    pub heartbeat_at: Option<Timestamp>,
    /// Its last event.
    pub event_at: Option<Timestamp>,
    /// When it was first heard of.
    pub created_at: Timestamp,
}

/// Devices by name.
pub fn by_names(conn: &mut Conn, customer: CustomerId, names: &[String]) -> QueryResult<Vec<Device>> {
    each!(conn, ByName, customer, names)
}

struct ByName;

impl Search for ByName {
    type Key = Text;
    type Row = devices::SqlType;
    const COLUMNS: &'static str =
        "customer_id, id, name, license_id, app_version, queued_events, heartbeat_at, event_at, created_at";
    const TABLE: &'static str = "devices";
    const BY: &'static str = "name";
}

/// Stores a new device.
pub fn insert(tx: &mut Tx<'_>, device: &Device) -> QueryResult<usize> {
    on_each!(tx, |c| diesel::insert_into(devices::table).values(device).execute(c))
}

/// Writes what changed of a device.
pub fn update(tx: &mut Tx<'_>, device: &Device) -> QueryResult<usize> {
    let conn: &mut Conn = tx;
    diesel::update(devices::table.find((device.customer_id, device.id))).set(device).execute(conn)
}

/// Devices of a customer after the named one, at one site or at all.
pub fn page(
    conn: &mut Conn,
    customer: CustomerId,
    license: Option<LicenseId>,
    after: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<Device>> {
    let mut query = devices::table
        .filter(devices::customer_id.eq(customer))
        .order(devices::name)
        .limit(limit)
        .select(Device::as_select())
        .into_boxed();
    if let Some(license) = license {
        query = query.filter(devices::license_id.eq(license));
    }
    if let Some(after) = after {
        query = query.filter(devices::name.gt(after.to_owned()));
    }
    query.load(conn)
}
