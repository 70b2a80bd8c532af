//! A real PgBouncer before the PostgreSQL of the tests, in transaction mode, gone when dropped.

use crate::harness::{Home, postgres_url};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Sessions that all clients of a database share: fewer than any node would open for itself.
pub const SESSIONS: u32 = 6;

pub struct Bouncer {
    process: Child,
    port: u16,
    log: PathBuf,
}

/// User, password, host and port of the tests' PostgreSQL.
fn server() -> [String; 4] {
    let url = postgres_url();
    let (_, rest) = url.split_once("://").unwrap();
    let (user, host) = rest.split('/').next().unwrap().split_once('@').expect("a URL with user and password");
    let (user, password) = user.split_once(':').unwrap();
    let (host, port) = host.split_once(':').unwrap_or((host, "5432"));
    [user, password, host, port].map(str::to_owned)
}

/// As root it runs as another user, like PostgreSQL.
fn owner() -> Option<(&'static str, u32)> {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let id = |user: &str| {
        let output = Command::new("id").args(["-u", user]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    ["postgres", "nobody"].into_iter().find_map(|user| Some((user, id(user)?)))
}

impl Bouncer {
    /// Starts it with its files in the home's folder.
    pub fn start(home: &Home) -> Self {
        let dir = home.dir.join("pgbouncer");
        fs::create_dir_all(&dir).unwrap();
        // Taken by somebody else meanwhile, it is another one.
        (0..5).find_map(|_| Self::on_a_free_port(&dir)).expect("PgBouncer starts")
    }

    fn on_a_free_port(dir: &Path) -> Option<Self> {
        let [user, password, host, port] = server();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (users, settings, log) = (dir.join("users.txt"), dir.join("pgbouncer.ini"), dir.join("pgbouncer.log"));
        let runs_as = owner().map(|(name, _)| format!("user = {name}")).unwrap_or_default();
        let text = format!(
            "[databases]\n* = host={host} port={port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {free}\n\
             unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\nlogfile = {}\npool_mode = transaction\n\
             default_pool_size = {SESSIONS}\nmax_client_conn = 200\n{runs_as}\n",
            users.display(),
            log.display(),
        );
        fs::write(&users, format!("\"{user}\" \"{password}\"\n")).unwrap();
        fs::write(&settings, text).unwrap();
        if let Some((_, uid)) = owner() {
            for path in [dir, &users, &settings] {
                chown(path, Some(uid), None).unwrap();
            }
        }
        let mut command = Command::new(program());
        command.args(["--quiet"]).arg(&settings).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("pgbouncer is there; tests/run installs it");
        let mut bouncer = Self { process, port: free, log };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", free)).is_err() {
            if bouncer.process.try_wait().unwrap().is_some() {
                eprintln!("{}", bouncer.said());
                return None;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "PgBouncer does not listen: {}", bouncer.said());
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(bouncer)
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// A home's database through it.
    pub fn url(&self, home: &Home) -> String {
        let [user, password, ..] = server();
        let database = home.url.rsplit('/').next().unwrap().split('?').next().unwrap();
        format!("postgres://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }
}

/// Debian keeps it out of the path of most users.
fn program() -> PathBuf {
    let debian = PathBuf::from("/usr/sbin/pgbouncer");
    if debian.exists() { debian } else { PathBuf::from("pgbouncer") }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
