//! Several nodes on one PostgreSQL: processes with a folder each, one master key and one journal of erasures.

use crate::child::Child;
use crate::harness::{Home, Kind};
use guestlog::app::App;
use guestlog::clock::Clock;
use std::fs;

/// What the nodes share, and what each is told.
pub struct Fleet {
    pub home: Home,
    /// Its database holds the journal.
    pub journal: Home,
    settings: Vec<(&'static str, String)>,
}

impl Fleet {
    pub fn new() -> Self {
        let (home, journal) = (Home::new(Kind::Postgres), Home::new(Kind::Postgres));
        let settings = vec![("erasure.journal", journal.url.clone())];
        Self { home, journal, settings }
    }

    /// Gives every node a further setting.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.settings.push((name, value.to_owned()));
        self
    }

    fn settings(&self) -> Vec<(&str, &str)> {
        self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// The migrated application, for what comes before the nodes.
    pub fn open(&self) -> App {
        self.home.open_with(Clock::System, &self.settings())
    }

    /// Starts a node, or starts it again.
    pub fn start(&self, node: usize) -> Child {
        let dir = self.home.dir.join(format!("node-{node}"));
        fs::create_dir_all(&dir).unwrap();
        // With its mode.
        fs::copy(self.home.dir.join("master.key"), dir.join("master.key")).unwrap();
        let dir = dir.display().to_string();
        let mut settings = vec![("data_dir", dir.as_str())];
        settings.extend(self.settings());
        let child = Child::start(&self.home, &settings);
        child.await_ready();
        child
    }
}
