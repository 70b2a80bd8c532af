use super::*;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::ResolvedSocketAddrs;
use ureq::unversioned::transport::NextTimeout;

/// Names that lead where the test says: at each look-up to the next of these, and how often was looked up.
#[derive(Debug, Clone)]
struct Names(Arc<(Vec<Vec<SocketAddr>>, AtomicUsize)>);

impl Names {
    fn new(answers: &[&[SocketAddr]]) -> Self {
        Self(Arc::new((answers.iter().map(|answer| answer.to_vec()).collect(), AtomicUsize::new(0))))
    }

    fn asked(&self) -> usize {
        self.0.1.load(Ordering::SeqCst)
    }
}

impl Resolver for Names {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let nth = self.0.1.fetch_add(1, Ordering::SeqCst);
        let mut found = self.empty();
        for address in &self.0.0[nth.min(self.0.0.len() - 1)] {
            found.push(*address);
        }
        Ok(found)
    }
}

fn rules(allow_private: bool) -> Rules {
    Rules { timeout: Duration::from_millis(500), allow_private, roots: Vec::new() }
}

/// Answers one connection after the other with these bytes, and counts them.
fn listener(answer: &'static [u8]) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            // The client may be gone by then.
            let _ = connection.read(&mut [0; 4_096]);
            let _ = connection.write_all(answer);
        }
    });
    (address, count)
}

fn post(carrier: &Carrier, url: &str) -> Attempt {
    carrier.post(url, &[("webhook-id", "1".to_owned())], b"{}")
}

#[test]
fn what_a_name_leads_to_is_judged_after_it_was_looked_up() {
    let (address, connections) = listener(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let to = |ip: &str| SocketAddr::new(ip.parse::<IpAddr>().unwrap(), address.port());
    for ip in [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "::1",
        "::",
        "fd00::1",
        "fe80::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "224.0.0.1",
        "ff02::1",
    ] {
        let carrier = Carrier::over(&rules(false), Names::new(&[&[to(ip)]]));
        assert_eq!(post(&carrier, "https://innocent.example/"), Attempt::Failed(Fault::Address), "{ip}");
        // Nor behind an address that is good.
        let carrier = Carrier::over(&rules(false), Names::new(&[&[to("1.1.1.1"), to(ip)]]));
        assert_eq!(post(&carrier, "https://innocent.example/"), Attempt::Failed(Fault::Address), "{ip}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[test]
fn numbers_that_stand_for_addresses_are_judged_as_such() {
    let carrier = Carrier::over(&rules(false), DefaultResolver::default());
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "localhost",
    ] {
        let attempt = post(&carrier, &format!("https://{host}:9/"));
        assert!(matches!(attempt, Attempt::Failed(Fault::Address | Fault::Name)), "{host}: {attempt:?}");
    }
}

/// A name that leads to a good address when it is judged, and to a bad one when it is connected to.
#[test]
fn a_name_is_looked_up_once_for_each_message_and_the_judged_address_is_connected_to() {
    let (address, connections) = listener(b"HTTP/1.1 204 No Content\r\n\r\n");
    let elsewhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let names = Names::new(&[&[address], &[elsewhere]]);
    let carrier = Carrier::over(&rules(true), names.clone());
    assert_eq!(post(&carrier, "http://rebinding.example/"), Attempt::Answered(204));
    assert_eq!((names.asked(), connections.load(Ordering::SeqCst)), (1, 1));
    // Nothing is kept open or in mind for the next.
    assert_eq!(post(&carrier, "http://rebinding.example/"), Attempt::Failed(Fault::Connection));
    assert_eq!((names.asked(), connections.load(Ordering::SeqCst)), (2, 1));
}

#[test]
fn redirects_are_not_followed_and_clear_text_is_not_spoken() {
    let (inside, reached) = listener(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let answer = format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: http://{inside}/\r\ncontent-length: 0\r\n\r\n");
    let (outside, _) = listener(answer.leak().as_bytes());
    let carrier = Carrier::over(&rules(true), Names::new(&[&[outside], &[inside]]));
    assert_eq!(post(&carrier, "http://outside.example/"), Attempt::Answered(307));
    let carrier = Carrier::over(&rules(false), Names::new(&[&[inside]]));
    assert!(matches!(post(&carrier, &format!("http://{inside}/")), Attempt::Failed(_)));
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[test]
fn an_answer_without_end_ends() {
    let (slow, _) = listener(b"HTTP/1.1 200 OK\r\nx: ");
    let began = std::time::Instant::now();
    let carrier = Carrier::over(&rules(true), Names::new(&[&[slow]]));
    assert!(matches!(post(&carrier, "http://slow.example/"), Attempt::Failed(_)));
    let endless = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(MAX_HEADER_BYTES));
    let (large, _) = listener(endless.leak().as_bytes());
    let carrier = Carrier::over(&rules(true), Names::new(&[&[large]]));
    assert!(matches!(post(&carrier, "http://large.example/"), Attempt::Failed(_)));
    // Of a body nothing is read.
    let (chatty, _) = listener(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\nmore");
    let carrier = Carrier::over(&rules(true), Names::new(&[&[chatty]]));
    assert_eq!(post(&carrier, "http://chatty.example/"), Attempt::Answered(200));
    assert!(began.elapsed() < Duration::from_secs(5));
}
