//! Work that is done later: once, by one worker at a time, again when it failed or was asked for meanwhile.

use crate::harness::{Home, Kind, at, both, site};
use guestlog::app::App;
use guestlog::app::jobs::{Kind as Job, Next, SERVICE};
use guestlog::clock::Clock;
use guestlog::domain::{CustomerId, Timestamp};
use guestlog::jobs::{Worker, run_due};
use guestlog::store::jobs;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

const NOW: &str = "2026-11-21T12:00:00Z";

/// A database with a node or more.
struct Nodes {
    home: Home,
    clock: Clock,
    first: App,
}

impl Nodes {
    fn new(kind: Kind) -> Self {
        let (home, clock) = (Home::new(kind), Clock::fixed(at(NOW)));
        let first = home.open(clock.clone());
        Self { home, clock, first }
    }

    fn another(&self) -> App {
        App::open(self.home.settings(&[]), self.clock.clone()).unwrap()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn later(&self, seconds: i64) {
        self.clock.set(self.now().plus_seconds(seconds));
    }

    fn queue(&self, customer: i64, due_at: Timestamp) {
        self.queue_kind(customer, "watch", due_at);
    }

    fn queue_kind(&self, customer: i64, kind: &str, due_at: Timestamp) {
        self.first.db().write(|tx| Ok(jobs::queue(tx, CustomerId(customer), kind, 0, due_at)?)).unwrap();
    }

    fn row(&self, customer: i64) -> Option<jobs::Job> {
        self.first.db().read(|conn| Ok(jobs::find(conn, CustomerId(customer), "watch", 0)?)).unwrap()
    }
}

#[test]
fn a_job_is_claimed_by_one_and_gone_when_done() {
    both(|kind| {
        let nodes = Nodes::new(kind);
        let other = nodes.another();
        assert!(nodes.first.claim_job().unwrap().is_none());
        nodes.queue(7, nodes.now());
        let lease = nodes.first.claim_job().unwrap().unwrap();
        assert_eq!(
            (lease.kind(), lease.customer(), lease.subject(), lease.attempts()),
            (Job::Watch, CustomerId(7), 0, 0)
        );
        assert!(other.claim_job().unwrap().is_none() && nodes.first.claim_job().unwrap().is_none());
        lease.finish(Next::Done).unwrap();
        assert_eq!(nodes.row(7), None);
    });
}

/// A run that begins before that would not see the work it was queued for, and the job would then be gone.
#[test]
fn a_job_that_is_due_already_is_not_claimed_before_who_queued_it_again_has_committed() {
    both(|kind| {
        let nodes = Nodes::new(kind);
        let other = nodes.another();
        nodes.queue(7, nodes.now());
        let is_done = AtomicBool::new(false);
        let (say, queued) = mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let work = nodes.first.db().write(|tx| {
                    jobs::queue(tx, CustomerId(7), "watch", 0, nodes.now())?;
                    say.send(()).unwrap();
                    std::thread::sleep(Duration::from_millis(400));
                    is_done.store(true, Ordering::SeqCst);
                    Ok(())
                });
                work.unwrap();
            });
            queued.recv().unwrap();
            if kind == Kind::Postgres {
                // Nor does anybody else who queues it wait.
                other.db().write(|tx| Ok(jobs::queue(tx, CustomerId(7), "watch", 0, nodes.now())?)).unwrap();
                assert!(!is_done.load(Ordering::SeqCst), "it waited for the other's commit");
            }
            assert!(other.claim_job().unwrap().is_some());
            assert!(is_done.load(Ordering::SeqCst), "claimed before the commit");
        });
    });
}

#[test]
fn what_is_due_first_is_done_first_and_nothing_before_its_time() {
    both(|kind| {
        let nodes = Nodes::new(kind);
        nodes.queue(1, nodes.now().plus_seconds(-10));
        nodes.queue(2, nodes.now().plus_seconds(-20));
        nodes.queue(3, nodes.now().plus_seconds(1));
        let order: Vec<_> = std::iter::from_fn(|| nodes.first.claim_job().unwrap()).map(|l| l.customer().0).collect();
        assert_eq!(order, [2, 1]);
        nodes.later(1);
        assert_eq!(nodes.first.claim_job().unwrap().unwrap().customer(), CustomerId(3));
    });
}

#[test]
fn queueing_moves_a_job_earlier_and_never_later() {
    both(|kind| {
        let nodes = Nodes::new(kind);
        let due = |seconds| nodes.now().plus_seconds(seconds);
        for (asked, stands) in [(50, 50), (80, 50), (20, 20), (21, 20)] {
            nodes.queue(7, due(asked));
            assert_eq!(nodes.row(7).unwrap().due_at, due(stands));
        }
    });
}

#[test]
fn what_is_queued_while_it_runs_runs_again() {
    both(|kind| {
        for next in [Next::Done, Next::At(at("2027-01-01T00:00:00Z"))] {
            let nodes = Nodes::new(kind);
            nodes.queue(7, nodes.now());
            let mut lease = nodes.first.claim_job().unwrap().unwrap();
            nodes.later(5);
            nodes.queue(7, nodes.now());
            nodes.later(5);
            // Holding on to it must not hide that.
            lease.renew().unwrap();
            assert!(nodes.another().claim_job().unwrap().is_none(), "not while it runs");
            lease.finish(next).unwrap();
            let again = nodes.first.claim_job().unwrap().unwrap();
            again.finish(next).unwrap();
            assert!(nodes.first.claim_job().unwrap().is_none());
            assert_eq!(
                nodes.row(7).map(|job| job.due_at),
                match next {
                    Next::Done => None,
                    Next::At(at) | Next::Rest { due_at: at, .. } => Some(at),
                }
            );
        }
    });
}

#[test]
fn a_job_of_a_worker_that_died_is_taken_over() {
    both(|kind| {
        let nodes = Nodes::new(kind);
        let other = nodes.another();
        nodes.queue(7, nodes.now());
        let mut dead = nodes.first.claim_job().unwrap().unwrap();
        nodes.later(299);
        assert!(other.claim_job().unwrap().is_none(), "the lease lasts");
        dead.renew().unwrap();
        nodes.later(299);
        assert!(other.claim_job().unwrap().is_none(), "the renewed lease lasts");
        nodes.later(1);
        let lease = other.claim_job().unwrap().unwrap();
        // The first was only slow: whatever it says now changes nothing.
        assert!(dead.renew().is_err());
        let before = nodes.row(7);
        dead.finish(Next::Done).unwrap();
        assert_eq!(nodes.row(7), before);
        lease.finish(Next::Done).unwrap();
        assert_eq!(nodes.row(7), None);
    });
}

#[test]
fn two_workers_never_have_the_same_job() {
    both(|kind| {
        let nodes = Nodes::new(kind);
        let apps = [nodes.first.clone(), nodes.another(), nodes.another()];
        for customer in 1..=60 {
            nodes.queue(customer, nodes.now());
        }
        let claimed = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for app in apps.iter().chain(&apps) {
                scope.spawn(|| {
                    while claimed.lock().unwrap().len() < 60 {
                        if let Some(lease) = app.claim_job().unwrap() {
                            claimed.lock().unwrap().push(lease.customer().0);
                        }
                    }
                });
            }
        });
        let claimed = claimed.into_inner().unwrap();
        assert_eq!((claimed.len(), claimed.iter().collect::<BTreeSet<_>>().len()), (60, 60));
    });
}

#[test]
fn a_failure_waits_before_it_is_tried_again_even_when_queued() {
    both(|kind| {
        let nodes = Nodes::new(kind);
        nodes.queue(7, nodes.now());
        nodes.first.claim_job().unwrap().unwrap().fail(30).unwrap();
        nodes.queue(7, nodes.now());
        assert!(nodes.first.claim_job().unwrap().is_none());
        nodes.later(29);
        assert!(nodes.first.claim_job().unwrap().is_none());
        nodes.later(1);
        let second = nodes.first.claim_job().unwrap().unwrap();
        assert_eq!(second.attempts(), 1);
        second.finish(Next::At(nodes.now())).unwrap();
        assert_eq!(nodes.first.claim_job().unwrap().unwrap().attempts(), 0, "what did well starts anew");
    });
}

#[test]
fn jobs_of_a_later_version_are_left_to_it() {
    both(|kind| {
        let nodes = Nodes::new(kind);
        for customer in 0..40 {
            nodes.queue_kind(customer, "not of this version", nodes.now().plus_seconds(-60));
        }
        assert!(nodes.first.claim_job().unwrap().is_none());
        nodes.queue(7, nodes.now());
        assert_eq!(nodes.first.claim_job().unwrap().unwrap().kind(), Job::Watch);
    });
}

#[test]
fn what_is_due_is_run_and_nothing_is_left_over() {
    both(|kind| {
        let nodes = Nodes::new(kind);
        let site = site(&nodes.first, "L-1");
        nodes.queue(site.id.0, nodes.now());
        nodes.queue_kind(SERVICE.0, Job::Purge.as_str(), nodes.now());
        assert_eq!(run_due(&nodes.first).unwrap(), 2);
        assert_eq!(run_due(&nodes.first).unwrap(), 0);
        let kinds = Job::ALL.map(Job::as_str);
        let due = nodes.first.db().read(|conn| Ok(jobs::count_due(conn, &kinds, nodes.now())?)).unwrap();
        assert_eq!(due, 0);
        nodes.later(86_400);
        assert_eq!(run_due(&nodes.first).unwrap(), 1, "the purge is daily");
    });
}

#[test]
fn the_worker_works_until_it_is_stopped() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let customer = site(&app, "L-1").id;
        let worker = Worker::start(&app).unwrap();
        let queue = || app.db().write(|tx| Ok(jobs::queue(tx, customer, "watch", 0, Clock::System.now())?)).unwrap();
        let waits = || app.db().read(|conn| Ok(jobs::find(conn, customer, "watch", 0)?)).unwrap().is_some();
        queue();
        let since = Instant::now();
        while waits() {
            assert!(since.elapsed() < Duration::from_secs(20), "nobody works");
            std::thread::sleep(Duration::from_millis(20));
        }
        worker.stop();
        queue();
        std::thread::sleep(Duration::from_millis(1_500));
        assert!(waits(), "a stopped worker works");
        app.stop();
    });
}

#[test]
fn what_is_queued_when_a_lease_has_just_run_out_runs_again() {
    both(|kind| {
        for (passes_s, due_in_s) in [(300, 0), (301, 0), (10, 1_000)] {
            let nodes = Nodes::new(kind);
            nodes.queue(7, nodes.now());
            let slow = nodes.first.claim_job().unwrap().unwrap();
            nodes.later(passes_s);
            nodes.queue(7, nodes.now().plus_seconds(due_in_s));
            nodes.queue(7, nodes.now().plus_seconds(due_in_s));
            slow.finish(Next::Done).unwrap();
            nodes.later(due_in_s);
            let again = nodes.first.claim_job().unwrap().unwrap();
            again.finish(Next::Done).unwrap();
            assert_eq!(nodes.row(7), None);
        }
        // A pause after a failure stays one, also at its end.
        let nodes = Nodes::new(kind);
        nodes.queue(7, nodes.now());
        nodes.first.claim_job().unwrap().unwrap().fail(30).unwrap();
        nodes.queue(7, nodes.now().plus_seconds(30));
        nodes.later(29);
        assert!(nodes.first.claim_job().unwrap().is_none());
        nodes.later(1);
        nodes.queue(7, nodes.now());
        assert_eq!(nodes.first.claim_job().unwrap().unwrap().attempts(), 1);
    });
}
