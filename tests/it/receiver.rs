//! A customer's other system: takes messages over HTTP, by TLS or not, and answers as it is told.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn topic(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    /// The signatures that it carries.
    pub fn signatures(&self) -> Vec<&str> {
        self.headers["webhook-signature"].split(' ').collect()
    }

    /// Whether one of them was made by this secret, computed by another library than the service's.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
        let signed =
            [self.id().as_bytes(), b".", self.headers["webhook-timestamp"].as_bytes(), b".", &self.body].concat();
        self.signatures().into_iter().any(|signature| {
            let tag = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
            ring::hmac::verify(&key, &signed, &tag).is_ok()
        })
    }
}

/// What is answered: a status; 0 is none, and the connection closed.
type Answer = Box<dyn Fn(&Received) -> u16 + Send + Sync>;

struct State {
    got: Mutex<Vec<Received>>,
    answer: Mutex<Arc<Answer>>,
    stopping: AtomicBool,
}

pub struct Receiver {
    pub address: SocketAddr,
    state: Arc<State>,
}

impl Receiver {
    /// One that says yes to everything.
    pub fn new() -> Self {
        Self::with(None)
    }

    pub fn with(tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            got: Mutex::default(),
            answer: Mutex::new(Arc::new(Box::new(|_| 204))),
            stopping: AtomicBool::new(false),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.stopping.load(Ordering::SeqCst) {
                    return;
                }
                let (state, tls) = (Arc::clone(&shared), tls.clone());
                std::thread::spawn(move || match tls {
                    Some(config) => {
                        let session = ServerConnection::new(config).unwrap();
                        serve(StreamOwned::new(session, stream), &state);
                    }
                    None => serve(stream, &state),
                });
            }
        });
        Self { address, state }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers so from now on.
    pub fn answer(&self, answer: impl Fn(&Received) -> u16 + Send + Sync + 'static) {
        *self.state.answer.lock().unwrap() = Arc::new(Box::new(answer));
    }

    /// What has come so far.
    pub fn got(&self) -> Vec<Received> {
        self.state.got.lock().unwrap().clone()
    }

    /// What has come since it was asked last.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.state.got.lock().unwrap())
    }

    /// Waits until so many have come.
    pub fn await_count(&self, count: usize, at_most: Duration) -> Vec<Received> {
        let began = Instant::now();
        loop {
            let got = self.got();
            if got.len() >= count {
                return got;
            }
            assert!(began.elapsed() < at_most, "{} of {count} have come", got.len());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.state.stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: impl Read + Write, state: &State) {
    let mut stream = BufReader::new(stream);
    let Some(received) = read(&mut stream) else { return };
    let answer = Arc::clone(&state.answer.lock().unwrap());
    state.got.lock().unwrap().push(received.clone());
    let status = answer(&received);
    if status == 0 {
        return;
    }
    let location = if (300..400).contains(&status) { "location: http://127.0.0.1:1/\r\n" } else { "" };
    let head = format!("HTTP/1.1 {status} X\r\n{location}content-length: 0\r\nconnection: close\r\n\r\n");
    // The sender may have given up.
    let _ = stream.get_mut().write_all(head.as_bytes()).and_then(|()| stream.get_mut().flush());
}

fn read(stream: &mut impl BufRead) -> Option<Received> {
    let mut line = String::new();
    stream.read_line(&mut line).ok()?;
    let mut first = line.split(' ');
    // A sender that was killed has sent nothing.
    if line.is_empty() {
        return None;
    }
    assert_eq!(first.next(), Some("POST"), "{line}");
    let path = first.next()?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    stream.read_exact(&mut body).ok()?;
    Some(Received { path, headers, body })
}
