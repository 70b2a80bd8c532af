//! A real SMTP server: Debian's Exim on a free port of this machine, with a certificate of the test's own authority,
//! delivering all that it takes into one Maildir.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What it takes to sign in.
pub const USER: &str = "guestlog";
pub const PASSWORD: &str = "prøve-secret";

/// How a server differs from a good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Its certificate is another host's.
    WrongName,
    /// It offers no TLS.
    NoTls,
    /// TLS from the first byte on, and addresses in ASCII only; no fault, but another kind of server.
    AtOnce,
    /// Takes mails of those only who signed in; no fault either.
    SignIn,
}

/// The folder of a server that may or may not run, and its port.
pub struct Smtp {
    dir: PathBuf,
    port: u16,
    fault: Fault,
    child: Option<Child>,
}

/// A mail as it arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub text: String,
}

impl Arrived {
    /// A header, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.text.split("\n\n").next().unwrap().replace("\n ", " ").replace("\n\t", " ");
        let prefix = format!("{}: ", name.to_lowercase());
        let line = head.lines().find(|line| line.to_lowercase().starts_with(&prefix))?;
        Some(line[prefix.len()..].trim().to_owned())
    }

    /// The body's parts, decoded: each with the value of its Content-Type.
    pub fn parts(&self) -> Vec<(String, String)> {
        let kind = self.header("content-type").unwrap();
        let (_, body) = self.text.split_once("\n\n").unwrap();
        let Some((_, boundary)) = kind.split_once("boundary=") else {
            return vec![(kind, decoded(body, &self.header("content-transfer-encoding").unwrap()))];
        };
        let boundary = format!("--{}", boundary.trim_matches('"'));
        let inner = body.split(boundary.as_str()).skip(1).filter(|part| !part.starts_with("--"));
        inner.flat_map(|part| Self { text: part.trim_start_matches('\n').to_owned() }.parts()).collect()
    }
}

fn decoded(body: &str, encoding: &str) -> String {
    use base64::Engine;
    let bytes = match encoding {
        "7bit" => body.as_bytes().to_vec(),
        "base64" => base64::engine::general_purpose::STANDARD.decode(body.replace('\n', "")).unwrap(),
        "quoted-printable" => quoted_printable(&body.replace("=\n", "")),
        other => panic!("{other}"),
    };
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n").trim_end().to_owned()
}

fn quoted_printable(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        if *first == b'=' {
            bytes.push(u8::from_str_radix(std::str::from_utf8(&after[..2]).unwrap(), 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}

/// Whom Exim changes to when it is started as root: it never delivers as root.
const OWNER: &str = "Debian-exim";

/// What `id` says of whoever runs the tests.
fn id(option: &str) -> String {
    let said = Command::new("id").arg(option).output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

/// User and group that the server runs as, and whether it is started as root.
fn owner() -> (String, String, bool) {
    let (user, group) = (id("-un"), id("-gn"));
    if user == "root" { (OWNER.to_owned(), OWNER.to_owned(), true) } else { (user, group, false) }
}

impl Smtp {
    /// A server with a certificate for localhost, not yet running.
    pub fn new() -> Self {
        Self::with(Fault::None)
    }

    pub fn with(fault: Fault) -> Self {
        // Not in TMPDIR, which is closed to the user that Exim changes to.
        let dir = PathBuf::from(format!("/tmp/guestlog-smtp.{}", uuid::Uuid::new_v4().simple()));
        for part in ["", "spool", "log", "Maildir"] {
            std::fs::create_dir(dir.join(part)).unwrap();
        }
        let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let issuer = rcgen::Issuer::new(authority.clone(), &key);
        let name = if fault == Fault::WrongName { "elsewhere.example" } else { "localhost" };
        let own = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = certificate.signed_by(&own, &issuer).unwrap();
        std::fs::write(dir.join("ca.pem"), authority.self_signed(&key).unwrap().pem()).unwrap();
        std::fs::write(dir.join("cert.pem"), certificate.pem()).unwrap();
        std::fs::write(dir.join("key.pem"), own.serialize_pem()).unwrap();
        // Below those that the system hands out; whoever took it meanwhile makes the server say so.
        let mut ports = (0..100).map(|_| {
            12_000 + u16::from_be_bytes([uuid::Uuid::new_v4().as_bytes()[0] & 0x1f, uuid::Uuid::new_v4().as_bytes()[1]])
        });
        let port = ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap();
        Self { dir, port, fault, child: None }
    }

    /// The same, running.
    pub fn started() -> Self {
        let mut server = Self::new();
        server.start();
        server
    }

    /// The settings that lead to it.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let security = if self.fault == Fault::AtOnce { "tls" } else { "starttls" };
        let mut settings = vec![
            ("mail.transport", "smtp".to_owned()),
            ("mail.host", "localhost".to_owned()),
            ("mail.port", self.port.to_string()),
            ("mail.security", security.to_owned()),
            ("mail.ca_file", self.dir.join("ca.pem").display().to_string()),
            ("mail.timeout_ms", "5000".to_owned()),
        ];
        if self.fault == Fault::SignIn {
            settings.extend([("mail.user", USER.to_owned()), ("mail.password", PASSWORD.to_owned())]);
        }
        settings
    }

    fn configuration(&self) -> String {
        let (user, group, root) = owner();
        let mut macros = format!(
            "SERVER_DIR = {}\nSERVER_PORT = {}\nSERVER_USER = {user}\nSERVER_GROUP = {group}\n",
            self.dir.display(),
            self.port
        );
        if root {
            macros += "SERVER_IS_ROOT = yes\n";
        }
        match self.fault {
            Fault::None | Fault::WrongName => {}
            Fault::NoTls => macros += "SERVER_NO_TLS = yes\n",
            Fault::AtOnce => macros += "SERVER_TLS_AT_ONCE = yes\n",
            Fault::SignIn => {
                for (name, value) in [("NAME", USER), ("WORD", PASSWORD)] {
                    writeln!(macros, "SERVER_SIGN_IN_{name} = {value}").unwrap();
                }
            }
        }
        macros + include_str!("../exim.conf")
    }

    /// Starts it, and waits until it answers.
    pub fn start(&mut self) {
        let file = self.dir.join("exim.conf");
        std::fs::write(&file, self.configuration()).unwrap();
        let owned = ["spool", "log", "Maildir", "cert.pem", "key.pem", ""].map(|part| self.dir.join(part));
        if owner().2 {
            assert!(Command::new("chown").arg("-R").arg(OWNER).args(owned).status().unwrap().success());
            // A configuration that others could change is refused.
            assert!(Command::new("chown").arg("root").arg(&file).status().unwrap().success());
        }
        let program = ["/usr/sbin/exim4", "/usr/sbin/exim"].into_iter().find(|path| Path::new(path).exists());
        let program = program.expect("there is no Exim; run tests/run, or install exim4-daemon-light");
        let mut child = Command::new(program)
            .args(["-C", file.to_str().unwrap(), "-bdf"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], self.port))).is_err() {
            assert!(child.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(20), "{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        self.child = Some(child);
    }

    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// What the server noted.
    pub fn log(&self) -> String {
        ["main", "panic"]
            .map(|name| std::fs::read_to_string(self.dir.join(format!("log/{name}log"))).unwrap_or_default())
            .concat()
    }

    /// The mails that are there, once there are as many as expected, and a moment for one too many.
    pub fn arrived(&self, expected: usize) -> Vec<Arrived> {
        let began = Instant::now();
        let read = || {
            let mut files = crate::harness::files(&self.dir.join("Maildir/new"));
            files.sort();
            files
        };
        while read().len() < expected && began.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_millis(300));
        let found: Vec<Arrived> =
            read().iter().map(|file| Arrived { text: std::fs::read_to_string(file).unwrap() }).collect();
        assert_eq!(found.len(), expected, "{found:#?}\n{}", self.log());
        found
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.stop();
        // A process of Exim that is about to end notes it in the log, and makes the folder anew for it.
        for _ in 0..20 {
            let _ = std::fs::remove_dir_all(&self.dir);
            std::thread::sleep(Duration::from_millis(150));
            if !self.dir.exists() {
                break;
            }
        }
    }
}
