//! The inventory of keys: which there are, since when, and what is under each; no key itself.

use super::master::files;
use crate::app::App;
use crate::crypto::MasterRole;
use crate::domain::{CustomerId, PublicId, Timestamp};
use crate::error::Error;
use crate::store::{self, inventory, master_keys};
use serde::Serialize;
use std::collections::BTreeMap;

/// A master key.
#[derive(Debug, Clone, Serialize)]
pub struct MasterKeyShown {
    /// Digest of the key.
    pub id: String,
    /// `in_use`, `valid` (another is taking over), `prepared`, `retired`, `destroyed`, or `unknown` to the database.
    pub state: &'static str,
    /// When it took over.
    pub created_at: Option<Timestamp>,
    /// Since when nothing stored is under it.
    pub retired_at: Option<Timestamp>,
    /// When its file was destroyed.
    pub destroyed_at: Option<Timestamp>,
    /// Names of its files here.
    pub files: Vec<String>,
}

/// A key of the service itself.
#[derive(Debug, Clone, Serialize)]
pub struct ServiceKeyShown {
    /// What it is for.
    pub purpose: String,
    /// Counted from 1.
    pub version: i32,
    /// Which master key wraps it.
    pub master_key_id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it makes nothing new.
    pub retired_at: Option<Timestamp>,
}

/// A customer's key.
#[derive(Debug, Clone, Serialize)]
pub struct CustomerKeyShown {
    /// Whose.
    pub customer: PublicId,
    /// `seal` or `index`.
    pub purpose: &'static str,
    /// Counted from 1.
    pub version: i32,
    /// Which master key wraps it.
    pub master_key_id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// How many people's keys it wraps; none are counted for an index key.
    pub people: Option<i64>,
}

/// All keys.
#[derive(Debug, Clone, Serialize)]
pub struct Inventory {
    /// Master keys, the earliest first.
    pub master_keys: Vec<MasterKeyShown>,
    /// The service's own.
    pub service_keys: Vec<ServiceKeyShown>,
    /// Customers'.
    pub customer_keys: Vec<CustomerKeyShown>,
}

/// Lists all keys; counting people reads the whole table of them.
///
/// # Errors
/// When the database is out of reach.
pub fn inventory(app: &App) -> Result<Inventory, Error> {
    let core = &app.0.core;
    let rows = core.read(|view| Ok(inventory::customer_keys(view.conn)?))?;
    let names = core.read(|view| Ok(inventory::customers(view.conn)?))?;
    let names: BTreeMap<CustomerId, PublicId> = names.into_iter().collect();
    let counts = core.read(|view| Ok(inventory::people_by_version(view.conn)?))?;
    let people: BTreeMap<(CustomerId, i32), i64> =
        counts.into_iter().map(|(customer, version, count)| ((customer, version), count)).collect();
    // A customer that was made between the two queries is left out.
    let customer_keys = rows.into_iter().filter_map(|row| {
        let seals = row.purpose == 1;
        Some(CustomerKeyShown {
            customer: *names.get(&row.customer_id)?,
            purpose: if seals { "seal" } else { "index" },
            version: row.version,
            people: seals.then(|| people.get(&(row.customer_id, row.version)).copied().unwrap_or_default()),
            master_key_id: row.master_key_id,
            created_at: row.created_at,
        })
    });
    let service_keys = core.read(|view| Ok(store::service_keys::all(view.conn)?))?;
    let service_keys = service_keys.into_iter().map(|row| ServiceKeyShown {
        purpose: row.purpose,
        version: row.version,
        master_key_id: row.master_key_id,
        created_at: row.created_at,
        retired_at: row.retired_at,
    });
    Ok(Inventory {
        master_keys: masters(app)?,
        service_keys: service_keys.collect(),
        customer_keys: customer_keys.collect(),
    })
}

fn masters(app: &App) -> Result<Vec<MasterKeyShown>, Error> {
    let (rows, in_use) = app.0.core.read(|view| Ok((master_keys::all(view.conn)?, master_keys::in_use(view.conn)?)))?;
    let mut shown: Vec<MasterKeyShown> = rows
        .into_iter()
        .map(|row| MasterKeyShown {
            state: match (row.retired_at, row.destroyed_at) {
                (_, Some(_)) => "destroyed",
                (Some(_), None) => "retired",
                (None, None) if in_use.as_deref() == Some(&row.id) => "in_use",
                (None, None) => "valid",
            },
            id: row.id,
            created_at: Some(row.created_at),
            retired_at: row.retired_at,
            destroyed_at: row.destroyed_at,
            files: Vec::new(),
        })
        .collect();
    for file in files(&app.0.core).all() {
        let Ok(key) = file.key else { continue };
        let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(known) = shown.iter_mut().find(|known| known.id == key.id()) {
            known.files.push(name);
            continue;
        }
        let state = if file.role == MasterRole::Next { "prepared" } else { "unknown" };
        let (created_at, retired_at, destroyed_at) = (None, None, None);
        let id = key.id().to_owned();
        shown.push(MasterKeyShown { id, state, created_at, retired_at, destroyed_at, files: vec![name] });
    }
    Ok(shown)
}
