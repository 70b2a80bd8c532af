//! The open loop: requests are due at fixed instants whether or not the server keeps up, and a latency counts from the
//! instant at which its request was due. So the time that a request waits behind a stall is in its latency
//! (no "coordinated omission").

use crate::client::Client;
use crate::server::Server;
use crate::work::{Tally, Work};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::spawn_local;

/// How much longer than its schedule a run may take to catch up before it is dropped.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends `rate_per_s` requests a second for `time` over as many connections; waits for the last answer.
pub async fn run(
    server: &Server,
    work: Rc<dyn Work>,
    connections: usize,
    rate_per_s: f64,
    time: Duration,
) -> (Rc<Tally>, Instant) {
    let tally = Rc::new(Tally::default());
    let mut clients = Vec::with_capacity(connections);
    for _ in 0..connections {
        clients.push(Client::of(server).await.unwrap());
    }
    let scheduled = (time.as_secs_f64() * rate_per_s) as u64;
    let due = Arc::new(Semaphore::new(0));
    let began = Instant::now() + Duration::from_millis(20);
    let given_up = Arc::new(AtomicBool::new(false));
    let clock = tick(Arc::clone(&due), began, rate_per_s, scheduled, Arc::clone(&given_up));
    let taken = Rc::new(Cell::new(0_u64));
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            let (work, tally, taken) = (Rc::clone(&work), Rc::clone(&tally), Rc::clone(&taken));
            let due = Arc::clone(&due);
            spawn_local(async move {
                // Closed when all that was due has been taken, or something went wrong.
                while let Ok(permit) = due.acquire().await {
                    permit.forget();
                    let number = taken.replace(taken.get() + 1);
                    let since = began + Duration::from_secs_f64(number as f64 / rate_per_s);
                    let late = began.elapsed() > time + PATIENCE;
                    if late {
                        let why = format!("it cannot keep up with {rate_per_s:.0} requests a second");
                        tally.fault.borrow_mut().get_or_insert(why);
                    }
                    if late || tally.failed() || number + 1 >= scheduled {
                        due.close();
                    }
                    let Some(request) = work.next().filter(|_| !tally.failed()) else { break };
                    tally.send(&mut client, &*work, &request, since).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    given_up.store(true, Ordering::Relaxed);
    clock.join().unwrap();
    (tally, began)
}

/// A thread that says when requests are due: tokio's own clock is a millisecond coarse.
fn tick(
    due: Arc<Semaphore>,
    began: Instant,
    rate_per_s: f64,
    scheduled: u64,
    given_up: Arc<AtomicBool>,
) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        let mut told = 0;
        while told < scheduled && !given_up.load(Ordering::Relaxed) {
            let next = began + Duration::from_secs_f64(told as f64 / rate_per_s);
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
            let passed = Instant::now().saturating_duration_since(began).as_secs_f64();
            let now = ((passed * rate_per_s) as u64 + 1).min(scheduled);
            due.add_permits(usize::try_from(now.saturating_sub(told)).unwrap_or(0));
            told = now.max(told);
        }
    })
}
