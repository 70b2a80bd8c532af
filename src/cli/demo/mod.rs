//! `guestlog demo`: a server of its own with a day of visits in it, so that the first look is at something alive.
//!
//! It is the real service: the same start, the same HTTP API, played by a thread of this process as guest systems
//! would. Whatever is printed of visits comes from the API's answers, never from the sample.

mod home;
mod play;
mod sample;
mod show;

use super::house;
use super::outcome::Failure;
use super::output::say;
use super::serve::until_stopped;
use crate::app::App;
use crate::config::Sources;
use crate::server::{Application, Handle, StartError};
use crate::telemetry;
use home::Home;
use play::Client;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;

const AFTER_HELP: &str = "\
The data directory gets an SQLite database, a master key and demo.json, which holds
the demo's API key. A second start keeps what is there and adds nothing twice;
remove the directory to begin anew. Neither configuration files nor GUESTLOG__
variables count here.

The visits are a day of a real visitor log that is in the public domain; names,
addresses and check-outs are made up.

Examples:
  guestlog demo
  guestlog demo --data-dir /tmp/demo --listen 127.0.0.1:0";

/// What `demo` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Where its data are kept
    #[arg(long, value_name = "DIR", default_value = "./data/demo")]
    data_dir: PathBuf,
    /// Where it serves; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

/// Serves, plays the day, prints what there is to see, and stays up until it is told to stop.
///
/// # Errors
/// An address that is taken; a directory that cannot be used; an answer that is not as it should be.
pub fn run(config: Option<&PathBuf>, args: &Args) -> Result<(), Failure> {
    if config.is_some() {
        return Err(Failure::Usage("demo has settings of its own; leave out --config".to_owned()));
    }
    let dir = args.data_dir.to_string_lossy();
    let settings = Sources::default()
        .with("data_dir", dir.clone())
        .with("http.listen", args.listen.to_string())
        .with("metrics.listen", "127.0.0.1:0")
        .with("log.level", "warn")
        .load()?;
    telemetry::init(&settings.log).map_err(|error| Failure::fault(&error))?;
    let (app, _) = house::open_migrated(settings)?;
    let home = Home::open(&app, &args.data_dir).and_then(|home| Ok((home, bound(&app)?)));
    let (home, server) = home.inspect_err(|_| app.stop())?;
    let url = url(server.address());
    let handle = server.handle();
    let thread = thread::Builder::new().name("guestlog-demo".to_owned());
    let performance = thread.spawn(move || perform(&home, url, &handle)).inspect_err(|_| app.stop())?;
    let stopped = until_stopped(server);
    let broke_off = |_| Err(Failure::Fault("the demo broke off".to_owned()));
    stopped.and(performance.join().unwrap_or_else(broke_off))
}

fn bound(app: &App) -> Result<Application, Failure> {
    house::server(app).map_err(|error| match error {
        StartError::Listen { address, source } if source.kind() == ErrorKind::AddrInUse => {
            Failure::Configuration(format!(
                "{address} is taken by another program; give another with --listen, such as 127.0.0.1:0 for a free one"
            ))
        }
        other => other.into(),
    })
}

/// The address for a client on this machine.
fn url(address: SocketAddr) -> String {
    let mut shown = address;
    if address.ip().is_unspecified() {
        shown.set_ip(if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    format!("http://{shown}")
}

/// Plays and prints; when that fails, the server has nothing left to serve for.
fn perform(home: &Home, url: String, handle: &Handle) -> Result<(), Failure> {
    let done = everything(home, url);
    if done.is_err() {
        handle.stop();
    }
    done
}

fn everything(home: &Home, url: String) -> Result<(), Failure> {
    let client = Client::new(url, home.key());
    say(&show::welcome(home, &client))?;
    let played = play::day(&client, home)?;
    say(&show::played(home, &played))?;
    let call = client.get("/v1/visits/on-site")?;
    say(&show::roll_call(&call)?)?;
    let (from, to) = home.day();
    say(&show::statistics(&client.get(&format!("/v1/statistics/visits?by=hour&from={from}&to={to}"))?)?)?;
    say(&show::farewell(home, &client, &call["at"]))
}
