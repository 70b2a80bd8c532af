//! `guestlog serve`: the service.

use super::house;
use super::outcome::Failure;
use super::output::say;
use crate::app::App;
use crate::config::Settings;
use crate::server::{Application, Stopped};
use crate::telemetry;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::{Builder, JoinHandle};

const AFTER_HELP: &str = "\
The start is refused while migrations are due, unless --migrate is given.
SIGTERM and Ctrl-C finish accepted requests first; a second one does not wait.

Examples:
  guestlog serve --migrate
  guestlog --config /etc/guestlog serve
  GUESTLOG__HTTP__LISTEN=127.0.0.1:9000 guestlog serve";

/// What `serve` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Bring the database up to date before serving
    #[arg(long)]
    migrate: bool,
}

/// Serves until it is told to stop.
///
/// # Errors
/// Settings, database, key or addresses that cannot be used; a listener that fails; a stop that was cut short.
pub fn run(config: Option<PathBuf>, args: &Args) -> Result<(), Failure> {
    let settings = Settings::load(config)?;
    settings.fit_to_serve()?;
    telemetry::init(&settings.log).map_err(|error| Failure::fault(&error))?;
    let (app, ran) = house::starting(settings, args.migrate)?;
    if args.migrate {
        tracing::info!(migrations = ran, "the database is up to date");
    }
    let server = bound(&app)?;
    let comparison = compare(&app)?;
    let metrics = server.metrics_address().map(|address| format!(", its metrics http://{address}/metrics"));
    say(&format!("guestlog serves {}{}", url(&app, server.address()), metrics.unwrap_or_default()))?;
    let stopped = until_stopped(server);
    // Whatever stopped the server has stopped it, too; what a comparison leaves undone, the next start does.
    if stopped.is_ok() && comparison.join().is_err() {
        return Err(Failure::Fault("the comparison with the journal of erasures panicked".to_owned()));
    }
    stopped
}

/// Compares the database with the journal of erasures, on a thread of its own; until that is done, the service answers
/// that it is not ready.
fn compare(app: &App) -> Result<JoinHandle<()>, Failure> {
    let comparing = app.clone();
    let thread = Builder::new().name("guestlog-journal".to_owned()).spawn(move || comparing.keep_compared());
    thread.map_err(|error| {
        app.stop();
        error.into()
    })
}

/// Binds the listeners; when that fails, the application is closed.
fn bound(app: &App) -> Result<Application, Failure> {
    house::server(app).map_err(|error| {
        app.stop();
        error.into()
    })
}

/// The service's address for a browser.
fn url(app: &App, address: SocketAddr) -> String {
    let scheme = if app.settings().http.tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{address}")
}

/// Runs the server on this thread.
///
/// # Errors
/// When a listener fails, or a second signal left accepted requests unanswered.
pub fn until_stopped(server: Application) -> Result<(), Failure> {
    match actix_web::rt::System::new().block_on(server.run_until_stopped()) {
        Ok(Stopped::InOrder) => Ok(()),
        Ok(Stopped::AtOnce) => Err(Failure::Fault("stopped at once; accepted requests may be unanswered".to_owned())),
        Err(error) => Err(Failure::fault(&error)),
    }
}
