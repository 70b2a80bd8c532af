//! Lists that are not whole, not right or too much: nothing is deleted, and nothing is left of them.

use crate::harness::{Answer, Kind, at, both};
use crate::reconciliation::{House, NOON, SNAPSHOT, lines, names, packed, strs};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const PLAIN: &str = "?snapshot_at=2026-11-21T10:00:00Z&max_share=100";

fn full(kind: Kind, settings: &[(&str, &str)]) -> (House, Vec<String>) {
    let house = House::with(kind, settings);
    let all = names(100);
    house.meet(strs(&all));
    house.clock.set(at(NOON));
    (house, all)
}

/// Nobody was deleted, nothing waits to be, and no file is left.
fn unharmed(house: &House) {
    guestlog::jobs::run_due(house.app()).unwrap();
    assert_eq!(house.held().len(), 100);
    let reconciliations = house.served.get("/v1/reconciliations", &house.key).json();
    assert_eq!(reconciliations["data"], json!([]));
    let left: Vec<_> = std::fs::read_dir(&house.home.dir).unwrap().map(|file| file.unwrap().file_name()).collect();
    let known = |name: &str| ["guestlog.db", "master.key", "erasures."].iter().any(|known| name.starts_with(known));
    assert!(left.iter().all(|name| known(name.to_str().unwrap())), "{left:?}");
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["code"].as_str().unwrap().to_owned())
}

#[test]
fn a_line_that_is_not_right_refuses_the_whole_list() {
    both(|kind| {
        let (house, all) = full(kind, &[]);
        let good = lines(&strs(&all[..50]));
        for (line, fault) in [
            ("{\"ref\":\"guest-50\"", "malformed_line"),
            ("guest-50", "malformed_line"),
            ("{\"ref\":\"guest-50\"} {\"ref\":\"guest-51\"}", "malformed_line"),
            ("{\"ref\":50}", "invalid_type"),
            ("{\"ref\":null}", "invalid_type"),
            ("{}", "missing_field"),
            ("{\"ref\":\"\"}", "empty"),
            ("{\"ref\":\"guest-50\",\"name\":\"Victoria\"}", "unknown_field"),
            ("[]", "invalid_type"),
        ] {
            let answer = house.post(PLAIN, &[], format!("{good}\n{line}\n{good}").as_bytes());
            assert_eq!(code(&answer), (422, "invalid_input".to_owned()), "{line}: {}", answer.text);
            let first = &answer.json()["errors"][0];
            assert_eq!(first["code"], fault, "{line}");
            assert!(first["detail"].as_str().unwrap().contains("(line 52)"), "{}", answer.text);
            assert!(!answer.text.contains("Victoria") && !answer.text.contains("guest-50"), "{}", answer.text);
        }
        // Cut in the middle of the last line.
        let cut = house.post(PLAIN, &[], &good.as_bytes()[..good.len() - 4]);
        assert_eq!(code(&cut), (422, "invalid_input".to_owned()));
        unharmed(&house);
    });
}

#[test]
fn a_body_that_breaks_off_never_counts_as_a_list() {
    both(|kind| {
        let (house, all) = full(kind, &[("http.request_timeout_ms", "1000")]);
        let good = lines(&strs(&all[..50]));
        let head = |further: &str| {
            format!(
                "POST /v1/reconciliations{PLAIN} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
                 Content-Type: application/x-ndjson\r\n{further}\r\n",
                house.key
            )
        };
        let chunked = format!("{}{:x}\r\n{good}\r\n", head("Transfer-Encoding: chunked\r\n"), good.len());
        let counted = format!("{}{good}", head(&format!("Content-Length: {}\r\n", good.len() * 2)));
        for request in [chunked, counted] {
            // The connection ends; or stays and nothing more comes.
            for closes in [true, false] {
                let mut stream = TcpStream::connect(house.served.address).unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                stream.write_all(request.as_bytes()).unwrap();
                if closes {
                    stream.shutdown(std::net::Shutdown::Write).unwrap();
                }
                let mut answer = String::new();
                // The server may close without a word.
                let _ = stream.read_to_string(&mut answer);
                assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
                assert!(closes || answer.starts_with("HTTP/1.1 408"), "{answer}");
            }
        }
        let body = packed(good.as_bytes());
        let send = |body: &[u8]| code(&house.post(PLAIN, &[("content-encoding", "gzip")], body));
        for end in [0, 5, body.len() / 2, body.len() - 8, body.len() - 1] {
            assert_eq!(send(&body[..end]), (400, "malformed_body".to_owned()), "{end} of {}", body.len());
        }
        // Damaged, followed by something, or not packed at all.
        let mut damaged = body.clone();
        damaged[body.len() - 6] ^= 1;
        let followed = [body.as_slice(), &[0]].concat();
        for body in [damaged, followed, body.repeat(2), good.into_bytes()] {
            assert_eq!(send(&body), (400, "malformed_body".to_owned()));
        }
        unharmed(&house);
    });
}

#[test]
fn a_list_is_bounded_packed_and_unpacked() {
    both(|kind| {
        let settings = [("reconciliation.max_body_bytes", "100000"), ("reconciliation.max_refs", "60")];
        let (house, all) = full(kind, &settings);
        let gzip = [("content-encoding", "gzip")];
        // Less than a bound by itself, and a hundred times as much as one when it is unpacked.
        let bomb = packed(&vec![b'\n'; 10_000_000]);
        assert!(bomb.len() < 100_000, "{}", bomb.len());
        let long = vec![b'\n'; 100_001];
        let line = format!("{{\"ref\":\"{}\"}}\n", "x".repeat(70_000));
        for (headers, body) in [
            (&gzip[..], &bomb),
            (&[], &long),
            (&[], &lines(&strs(&all)).into_bytes()),
            (&[], &line.clone().into_bytes()),
            (&gzip[..], &packed(line.as_bytes())),
            // No line ends at all.
            (&gzip[..], &packed(&vec![b' '; 99_000])),
        ] {
            let answer = house.post(PLAIN, headers, body);
            assert_eq!(code(&answer), (413, "body_too_large".to_owned()), "{}", answer.text);
        }
        for encoding in ["br", "gzip, gzip", "deflate"] {
            let answer = house.post(PLAIN, &[("content-encoding", encoding)], b"");
            assert_eq!(code(&answer), (415, "unsupported_media_type".to_owned()), "{encoding}");
        }
        unharmed(&house);
        // The bound of other bodies is another.
        assert_eq!(house.post(&format!("?snapshot_at={SNAPSHOT}&dry_run=true"), &[], &long[..100_000]).status, 200);
    });
}

#[test]
fn a_question_that_makes_no_sense_is_refused() {
    both(|kind| {
        let (house, _) = full(kind, &[]);
        for (query, pointer) in [
            ("", "?snapshot_at"),
            ("?snapshot_at=yesterday", "?snapshot_at"),
            ("?snapshot_at=2026-11-21T12:00:00.000001Z", "?snapshot_at"),
            ("?snapshot_at=2026-11-21T10:00:00Z&max_share=101", "?max_share"),
            ("?snapshot_at=2026-11-21T10:00:00Z&dry_run=perhaps", "?dry_run"),
            ("?snapshot_at=2026-11-21T10:00:00Z&bits=17&salt=x&buckets=0", "?bits"),
            ("?snapshot_at=2026-11-21T10:00:00Z&bits=8&salt=x&buckets=0", "?salt"),
        ] {
            let answer = house.post(query, &[], b"");
            assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{query}: {}", answer.text);
        }
        let digest = |query: &str| house.served.get(&format!("/v1/people/digest{query}"), &house.key);
        assert_eq!(digest("").json()["errors"][0]["pointer"], "?bits");
        assert_eq!(digest("?bits=0").json()["errors"][0]["pointer"], "?bits");
        unharmed(&house);
    });
}

#[test]
fn one_list_of_a_customer_comes_in_at_a_time() {
    both(|kind| {
        let (house, all) = full(kind, &[]);
        let head = format!(
            "POST /v1/reconciliations{PLAIN} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\n\r\n",
            house.key
        );
        let dry = || house.reconcile("&dry_run=true", &strs(&all)).status;
        let begin = || {
            let mut slow = TcpStream::connect(house.served.address).unwrap();
            slow.write_all(head.as_bytes()).unwrap();
            std::thread::sleep(Duration::from_millis(100));
            slow
        };
        let mut slow = begin();
        for _ in 0..50 {
            if dry() == 409 {
                break;
            }
            // It may have come while the other was looked at, and was refused itself.
            slow = begin();
        }
        assert_eq!(dry(), 409, "while the first comes in");
        drop(slow);
        let goes_on = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            dry() == 200
        });
        assert!(goes_on, "when it is gone");
    });
}
