//! The end of retired master keys.

use super::master::{files, note};
use crate::app::{App, Core};
use crate::domain::Timestamp;
use crate::error::Error;
use crate::store::master_keys;

const DAY_S: i64 = 86_400;

/// Overwrites and removes the files of master keys that no backup needs any more; gives the ids of those that were here.
///
/// Wrapped keys that old backups and write-ahead logs hold cannot be opened from then on. Each node has to do it for
/// the files that it has.
///
/// # Errors
/// When a file cannot be removed, or is still the current one of this node: it has to be rotated here as well.
pub fn destroy_retired(app: &App) -> Result<Vec<String>, Error> {
    destroy_overdue(&app.0.core)
}

/// As [`destroy_retired`], for the purge.
pub(crate) fn destroy_overdue(core: &Core) -> Result<Vec<String>, Error> {
    let files = files(core);
    let (rows, wrapping) = core.read(|view| Ok((master_keys::all(view.conn)?, master_keys::wrapping(view.conn)?)))?;
    let window_s = i64::from(core.settings.erasure.backup_window_days) * DAY_S;
    let before = core.clock.now().plus_seconds(-window_s);
    let due = |retired_at: Option<Timestamp>| retired_at.is_some_and(|at| at <= before);
    let mut destroyed = Vec::new();
    for row in rows.iter().filter(|row| due(row.retired_at)) {
        if wrapping.contains(&row.id) {
            return Err(Error::internal("a retired master key is still in use"));
        }
        // A rotation may have been cut short between its last transaction and the change of files.
        let mut valid = rows.iter().filter(|row| row.retired_at.is_none());
        if let (Some(valid), None) = (valid.next(), valid.next()) {
            files.settle(&valid.id).map_err(Error::internal)?;
        }
        if files.destroy(&row.id).map_err(Error::internal)? > 0 {
            destroyed.push(row.id.clone());
        }
        core.keyring.forget_master(&row.id);
        if row.destroyed_at.is_none() {
            core.write(|work| {
                if master_keys::destroyed(work.tx, &row.id, work.now)? > 0 {
                    note(work, "master_key.destroyed", &row.id)?;
                }
                Ok(())
            })?;
        }
    }
    Ok(destroyed)
}
