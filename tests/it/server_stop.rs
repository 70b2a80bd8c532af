//! Stopping: what was accepted is answered, in the right order, and a second signal waits for nothing.

use crate::bare_server::{BareServer, Scratch, connect, exchange, settings};
use actix_web::web;
use guestlog::server::Stopped;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

const SLOW: &[u8] = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n";
const QUICK: &[u8] = b"GET /quick HTTP/1.1\r\nHost: x\r\n\r\n";

/// Serves `/quick`, and `/slow` which takes `delay`; `entered` hears of each slow request.
fn start(delay: Duration, on_stop: impl FnOnce() + Send + 'static) -> (BareServer, mpsc::Receiver<()>) {
    let (entered, heard) = mpsc::channel();
    let slow = move || {
        let entered = entered.clone();
        async move {
            entered.send(()).unwrap();
            actix_web::rt::time::sleep(delay).await;
            "slow, but whole"
        }
    };
    let routes = move |routes: &mut web::ServiceConfig| {
        routes.route("/slow", web::get().to(slow.clone()));
        routes.route("/quick", web::get().to(async || "quick"));
    };
    (BareServer::start(settings(&[]), routes, on_stop), heard)
}

fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn accepted_requests_are_finished_and_the_metrics_end_last() {
    let (alive, metrics) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(None)));
    let (at_hook, metrics_at_hook) = (Arc::clone(&alive), Arc::clone(&metrics));
    let (server, heard) = start(Duration::from_millis(500), move || {
        let address = metrics_at_hook.lock().unwrap().unwrap();
        let answer = exchange(address, b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        at_hook.store(answer.starts_with("HTTP/1.1 200"), Ordering::SeqCst);
    });
    *metrics.lock().unwrap() = server.metrics;
    let (address, metrics) = (server.address, server.metrics.unwrap());

    let mut idle = connect(address);
    idle.write_all(QUICK).unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let mut slow = connect(address);
    slow.write_all(SLOW).unwrap();
    heard.recv_timeout(Duration::from_secs(10)).unwrap();

    let started = Instant::now();
    server.handle.stop();
    let answer = read_to_end(&mut slow);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("slow, but whole"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    read_to_end(&mut idle);
    assert_eq!(server.join(), Stopped::InOrder);
    assert!(started.elapsed() < Duration::from_secs(10), "an idle connection was waited for");
    assert!(alive.load(Ordering::SeqCst), "the metrics ended before the hook");
    assert!(TcpStream::connect(address).is_err() && TcpStream::connect(metrics).is_err());
}

#[test]
fn the_hook_runs_after_the_last_answer() {
    let finished = Arc::new(AtomicBool::new(false));
    let in_handler = Arc::clone(&finished);
    let (entered, heard) = mpsc::channel();
    let seen = Arc::new(AtomicBool::new(false));
    let (at_hook, hook_saw) = (Arc::clone(&finished), Arc::clone(&seen));
    let slow = move || {
        let (entered, finished) = (entered.clone(), Arc::clone(&in_handler));
        async move {
            entered.send(()).unwrap();
            web::block(move || std::thread::sleep(Duration::from_millis(300))).await.unwrap();
            finished.store(true, Ordering::SeqCst);
            "done"
        }
    };
    let routes = move |routes: &mut web::ServiceConfig| {
        routes.route("/slow", web::get().to(slow.clone()));
    };
    let server = BareServer::start(settings(&[]), routes, move || {
        hook_saw.store(at_hook.load(Ordering::SeqCst), Ordering::SeqCst);
    });
    let mut stream = connect(server.address);
    stream.write_all(SLOW).unwrap();
    heard.recv_timeout(Duration::from_secs(10)).unwrap();
    server.stop();
    assert!(seen.load(Ordering::SeqCst));
    assert!(read_to_end(&mut stream).ends_with("done"));
}

#[test]
fn a_second_request_to_stop_waits_for_nothing() {
    let (server, heard) = start(Duration::from_secs(60), || ());
    let mut stream = connect(server.address);
    stream.write_all(SLOW).unwrap();
    heard.recv_timeout(Duration::from_secs(10)).unwrap();
    let started = Instant::now();
    server.handle.stop();
    server.handle.stop();
    assert_eq!(server.join(), Stopped::AtOnce);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_second_request_to_stop_does_not_wait_for_the_hook() {
    let (running, runs) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    let (server, _heard) = start(Duration::ZERO, move || {
        running.send(()).unwrap();
        // Ends with the test.
        let _ = ended.recv();
    });
    server.handle.stop();
    runs.recv_timeout(Duration::from_secs(10)).unwrap();
    let started = Instant::now();
    server.handle.stop();
    assert_eq!(server.join(), Stopped::AtOnce);
    assert!(started.elapsed() < Duration::from_secs(5));
    drop(end);
}

#[test]
fn a_hook_that_panics_does_not_keep_the_server_up() {
    let (server, _heard) = start(Duration::ZERO, || panic!("on purpose"));
    server.stop();
}

#[test]
fn an_address_that_is_taken_is_named_by_its_setting() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let settings = settings(&[("http.listen", &address)]);
    let refused = actix_web::rt::System::new()
        .block_on(async { guestlog::server::Application::build(&settings, |_| ()).err().unwrap().to_string() });
    assert!(refused.starts_with(&format!("setting http.listen: {address}: ")), "{refused}");
}

const CHILD: &str = "GUESTLOG_TEST_SIGNAL_CHILD";

/// The process that the next test sends signals to; alone it does nothing.
#[test]
fn child_that_is_signalled() {
    #[expect(clippy::disallowed_methods, reason = "tells the child of a test that it is one")]
    let Some(file) = std::env::var_os(CHILD) else { return };
    let (server, heard) = start(Duration::from_millis(700), || ());
    println!("\nserving {}", server.address);
    std::thread::spawn(move || {
        while heard.recv().is_ok() {
            println!("\nentered");
        }
    });
    let stopped = server.join();
    std::fs::write(file, format!("{stopped:?}")).unwrap();
}

#[test]
fn signals_stop_it_in_order_and_a_second_one_at_once() {
    for (signals, gap_ms, outcome) in [
        (&["TERM"][..], 0, "InOrder"),
        (&["INT"], 0, "InOrder"),
        // As a supervisor signals the process and then its group.
        (&["TERM", "TERM"], 0, "InOrder"),
        (&["TERM", "INT"], 300, "AtOnce"),
    ] {
        let scratch = Scratch::new();
        let file = scratch.path("outcome");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "server_stop::child_that_is_signalled", "--nocapture"])
            .env(CHILD, &file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let address = lines.find_map(|line| line.strip_prefix("serving ").map(str::to_owned)).unwrap();
        let mut stream = connect(address.parse().unwrap());
        stream.write_all(SLOW).unwrap();
        assert!(lines.any(|line| line == "entered"));
        let pid = child.id().to_string();
        for signal in signals {
            assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
            std::thread::sleep(Duration::from_millis(gap_ms));
        }
        let mut answer = String::new();
        let whole = stream.read_to_string(&mut answer).is_ok() && answer.ends_with("slow, but whole");
        assert_eq!(whole, outcome == "InOrder", "{answer}");
        assert!(lines.last().is_some() && child.wait().unwrap().success());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), outcome);
    }
}
