//! What is measured.

use crate::place::Kind;
use crate::server::Program;
use crate::slow;

/// What is asked of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// An event a request.
    Single,
    /// A hundred events a request.
    Batch,
    /// Lines of NDJSON.
    Lines,
    /// The deletion of a person with 20 events.
    Deletion,
    /// The events of a person.
    List,
    /// Who is in.
    RollCall,
    /// The file of a person.
    Export,
    /// The comparison with a list of everybody.
    Reconciliation,
}

/// A case.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    pub title: &'static str,
    pub task: Task,
    pub connections: usize,
    /// Whether requests come at a fixed rate, whatever the server does.
    pub is_open: bool,
    /// What is counted a second.
    pub unit: &'static str,
    /// By how many milliseconds each flush to disk is made slower, where it can be.
    pub slower_flush_ms: u32,
}

/// Events of a batch.
pub const BATCH: usize = 100;
/// Lines of a body.
pub const LINES: usize = 250;
/// Events of somebody who is deleted.
pub const EVENTS_EACH: u64 = 20;

const fn case(name: &'static str, title: &'static str, task: Task, connections: usize, unit: &'static str) -> Case {
    Case { name, title, task, connections, is_open: false, unit, slower_flush_ms: 0 }
}

/// All of them, in the order of the report.
pub const ALL: &[Case] = &[
    case("single-1", "Single events, 1 connection", Task::Single, 1, "events"),
    case("single-8", "Single events, 8 connections", Task::Single, 8, "events"),
    case("single-64", "Single events, 64 connections", Task::Single, 64, "events"),
    case("single-256", "Single events, 256 connections", Task::Single, 256, "events"),
    Case {
        is_open: true,
        ..case("rate-64", "Single events at a fixed rate, 64 connections", Task::Single, 64, "events")
    },
    Case {
        slower_flush_ms: 5,
        ..case("slow-flush-64", "Single events, 64 connections, flushes 5 ms slower", Task::Single, 64, "events")
    },
    case("batch-8", "Batches of 100, 8 connections", Task::Batch, 8, "events"),
    case("lines-4", "NDJSON of 250 lines, 4 connections", Task::Lines, 4, "events"),
    case("deletion-32", "Deletion of a person with 20 events, 32 connections", Task::Deletion, 32, "people"),
    case("list-8", "List of a person's 20 events, 8 connections", Task::List, 8, "lists"),
    case("roll-call-8", "Roll call of 200 guests, 8 connections", Task::RollCall, 8, "roll calls"),
    case("export-2", "Export of a person with 20 events, 2 connections", Task::Export, 2, "exports"),
    case("reconciliation", "Reconciliation with a list of everybody", Task::Reconciliation, 1, "refs"),
];

impl Case {
    /// Whether the case means anything for a program over a database.
    pub fn takes(&self, program: Program, kind: Kind) -> bool {
        if self.slower_flush_ms > 0 && (!slow::can_be(kind) || program == Program::Nothing) {
            return false;
        }
        match program {
            Program::Guestlog | Program::Before => true,
            Program::Straightforward => !matches!(self.task, Task::Export | Task::Reconciliation),
            Program::Nothing => matches!(self.task, Task::Single | Task::Batch) && !self.is_open,
            Program::Limit100 | Program::Limit1000 => self.task == Task::Batch,
        }
    }
}
