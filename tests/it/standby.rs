//! A PostgreSQL that replays another's log is behind it: nobody is served from one.

use crate::harness::{Home, Kind};
use guestlog::store::{Db, Options};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long PostgreSQL may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// A PostgreSQL server of its own, on a socket that only its user and root can reach.
struct Server {
    bin: PathBuf,
    dir: PathBuf,
    process: Option<Child>,
}

/// The newest server's programs, as Debian keeps them, or those in the path.
fn bin() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists());
    found.max().unwrap_or_default()
}

impl Server {
    fn new(home: &Home) -> Self {
        let dir = home.dir.join("server");
        fs::create_dir(&dir).unwrap();
        if let Some(user) = owner() {
            chown(&dir, Some(user), None).unwrap();
        }
        let server = Self { bin: bin(), dir, process: None };
        let data = server.data();
        let made = server.command("initdb", &["-U", "postgres", "-A", "trust", "--no-sync", "-D", &data]).status();
        assert!(made.unwrap().success());
        server
    }

    fn data(&self) -> String {
        self.dir.join("data").display().to_string()
    }

    /// As root it runs as another user.
    fn command(&self, program: &str, args: &[&str]) -> Command {
        let program = self.bin.join(program);
        let mut command = match owner() {
            None => Command::new(program),
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.arg(format!("--reuid={user}")).args(["--clear-groups", "--"]).arg(program);
                command
            }
        };
        command.args(args).current_dir(&self.dir).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Starts it, and gives the URL of its database.
    fn start(&mut self) -> String {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (data, socket) = (self.data(), self.dir.display().to_string());
        let args = ["-D", &data, "-k", &socket, "-c", "listen_addresses=", "-p", &port.to_string()];
        self.process = Some(self.command("postgres", &args).spawn().unwrap());
        let began = Instant::now();
        let file = Path::new(&data).join("postmaster.pid");
        while !fs::read_to_string(&file)
            .unwrap_or_default()
            .lines()
            .nth(7)
            .is_some_and(|line| line.starts_with("ready"))
        {
            assert!(began.elapsed() < PATIENCE, "PostgreSQL does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        let host = socket.replace('/', "%2F");
        format!("postgres://postgres@/postgres?host={host}&port={port}")
    }

    /// Ends it in order, so that its log is whole.
    fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        let ended = Command::new("kill").args(["-s", "INT", &process.id().to_string()]).status();
        assert!(ended.unwrap().success());
        process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Its children end by themselves when it is gone.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn owner() -> Option<u32> {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return None;
    }
    let id = |user: &str| {
        let output = Command::new("id").args(["-u", user]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    ["postgres", "nobody"].into_iter().find_map(id)
}

#[test]
fn a_standby_is_refused() {
    let home = Home::new(Kind::Sqlite);
    let mut server = Server::new(&home);
    let db = Db::open(&Options::new(server.start())).unwrap();
    db.migrate().unwrap();
    db.close();
    server.stop();

    // It waits for the log of a primary, and answers questions meanwhile.
    fs::write(Path::new(&server.data()).join("standby.signal"), "").unwrap();
    let url = server.start();
    let refused = Db::open(&Options::new(url)).map(drop).unwrap_err();
    assert!(format!("{refused:?}").contains("is a standby"), "{refused:?}");
    server.stop();
}
