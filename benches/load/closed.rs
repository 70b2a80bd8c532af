//! The closed loop: each connection asks again as soon as it is answered. It measures capacity, and no more than that:
//! a server that stalls is asked less, so its latencies look better than its clients would find them.

use crate::client::Client;
use crate::server::Server;
use crate::work::{Tally, Work};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::spawn_local;

/// A server that refuses is asked again after this.
const PAUSE: Duration = Duration::from_millis(5);

/// Runs so many connections for `time`, or until there is nothing left to do; waits for the last answer.
pub async fn run(server: &Server, work: Rc<dyn Work>, connections: usize, time: Duration) -> (Rc<Tally>, Instant) {
    let tally = Rc::new(Tally::default());
    let mut clients = Vec::with_capacity(connections);
    for _ in 0..connections {
        clients.push(Client::of(server).await.unwrap());
    }
    let began = Instant::now();
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            let (work, tally) = (Rc::clone(&work), Rc::clone(&tally));
            spawn_local(async move {
                while began.elapsed() < time && !tally.failed() {
                    let Some(request) = work.next() else { return };
                    let refused = tally.refused.get();
                    if !tally.send(&mut client, &*work, &request, Instant::now()).await {
                        return;
                    }
                    if tally.refused.get() > refused {
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    (tally, began)
}
