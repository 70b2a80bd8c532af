//! Whether the service can serve.

use super::App;
use crate::error::Error;
use crate::store;

/// Checks what readiness promises: the database answers, its migrations are those of this program, and erasures that it
/// did not know are repeated.
///
/// # Errors
/// [`Error::Unavailable`] when one of them is not so.
pub fn ready(app: &App) -> Result<(), Error> {
    app.served()?;
    app.db().read(|conn| Ok(store::doctor::ping(conn)?)).map_err(Error::unavailable)?;
    match app.db().migrations_due().map_err(Error::unavailable)? {
        (0, 0) => Ok(()),
        (missing, unknown) => Err(Error::unavailable(format!("migrations: {missing} missing, {unknown} unknown"))),
    }
}
