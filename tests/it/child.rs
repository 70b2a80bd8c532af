//! The program itself, as a process of its own that can be killed, starved and listened to.

use crate::client::Client;
use crate::harness::{Answer, Home};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// `guestlog serve`, killed when dropped.
pub struct Child {
    process: std::process::Child,
    pub address: SocketAddr,
    pub metrics: SocketAddr,
    said: Arc<Mutex<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Child {
    /// Starts it over a database that is migrated, and waits until it serves: erasures come first.
    pub fn start(home: &Home, settings: &[(&str, &str)]) -> Self {
        let child = Self::listening(home, settings);
        let began = Instant::now();
        while !child.scrape().contains("\nguestlog_journal_compared 1\n") {
            assert!(began.elapsed() < PATIENCE, "it does not serve: {}", child.said());
            std::thread::sleep(Duration::from_millis(5));
        }
        child
    }

    /// Starts it, and waits until it listens.
    pub fn listening(home: &Home, settings: &[(&str, &str)]) -> Self {
        let mut process = command(home, settings).spawn().unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let (sender, first) = mpsc::channel();
        let readers = vec![
            listen(process.stdout.take().unwrap(), &said, Some(sender)),
            listen(process.stderr.take().unwrap(), &said, None),
        ];
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut child = Self { process, address: nowhere, metrics: nowhere, said, readers };
        let line = first.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it does not start: {}", child.said()));
        let mut addresses = line.split("://").skip(1).map(|rest| rest.split([',', '/', '\n']).next().unwrap());
        child.address = addresses.next().unwrap().parse().unwrap();
        child.metrics = addresses.next().unwrap().parse().unwrap();
        child
    }

    /// Runs it when it is expected to refuse; gives the exit code and all that it wrote.
    pub fn refused(home: &Home, settings: &[(&str, &str)]) -> (i32, String) {
        let mut process = command(home, settings).spawn().unwrap();
        let began = Instant::now();
        while process.try_wait().unwrap().is_none() {
            if began.elapsed() > PATIENCE {
                process.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let done = process.wait_with_output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        let code = done.status.code().filter(|code| *code != 0).expect("it ends by itself, and not well");
        (code, String::from_utf8_lossy(&said).into_owned())
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Everything that it has written so far, to standard output and standard error.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap()).into_owned()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args(["-s", name, &self.id().to_string()]).status().unwrap().success());
    }

    /// Ends it without any warning.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Waits until it ends by itself; gives its status and all that it wrote.
    pub fn wait(mut self) -> (ExitStatus, String) {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end: {}", self.said());
            std::thread::sleep(Duration::from_millis(10));
        };
        for reader in std::mem::take(&mut self.readers) {
            reader.join().unwrap();
        }
        (status, self.said())
    }

    /// Waits until it serves people: erasures of the journal are compared first.
    pub fn await_ready(&self) {
        let began = Instant::now();
        while self.get("/readyz", None).status != 200 {
            assert!(began.elapsed() < PATIENCE, "it does not get ready: {}", self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Asks without a body, on a connection of its own.
    pub fn get(&self, path: &str, key: Option<&str>) -> Answer {
        Client::new(self.address).send("GET", path, key, &[], None).unwrap()
    }

    /// What it tells Prometheus.
    pub fn scrape(&self) -> String {
        Client::new(self.metrics).send("GET", "/metrics", None, &[], None).unwrap().text
    }
}

/// `guestlog serve` with the settings of a home, then those given.
fn command(home: &Home, settings: &[(&str, &str)]) -> Command {
    // A signal that is ignored stays so: a file that may not grow is an error to the program and not its end.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_guestlog"), "serve"]);
    command.env_clear().env("TMPDIR", std::env::temp_dir()).current_dir(&home.dir);
    let data_dir = home.dir.display().to_string();
    let fixed = [
        ("data_dir", data_dir.as_str()),
        ("database.url", &home.url),
        ("http.listen", "127.0.0.1:0"),
        ("http.workers", "2"),
        ("metrics.listen", "127.0.0.1:0"),
    ];
    for (name, value) in fixed.iter().chain(settings) {
        command.env(format!("GUESTLOG__{}", name.to_uppercase().replace('.', "__")), value);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Keeps what comes out of a pipe, and passes its first line on.
fn listen(
    pipe: impl Read + Send + 'static,
    said: &Arc<Mutex<Vec<u8>>>,
    first: Option<mpsc::Sender<String>>,
) -> JoinHandle<()> {
    let said = Arc::clone(said);
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut first = first;
        let mut line = Vec::new();
        while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            said.lock().unwrap().extend_from_slice(&line);
            if let Some(first) = first.take() {
                first.send(String::from_utf8_lossy(&line).into_owned()).unwrap();
            }
            line.clear();
        }
    })
}
