//! The built program, run as people and scripts run it.

use crate::harness::Home;
use std::process::{Command, Stdio};

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// It did what it was asked.
    #[track_caller]
    pub fn done(self) -> Self {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self
    }

    /// It ended with this code, and one line on standard error that says this.
    #[track_caller]
    pub fn refused(self, code: i32, says: &str) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.err.starts_with("guestlog: ") && self.err.contains(says), "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        self
    }
}

/// The program, with no setting of ours in its environment.
pub fn program(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guestlog"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GUESTLOG") {
            command.env_remove(name);
        }
    }
    command
}

/// The program with the settings of a test's home.
pub fn program_in(home: &Home, args: &[&str]) -> Command {
    let mut command = program(args);
    command
        .env("GUESTLOG__DATA_DIR", &home.dir)
        .env("GUESTLOG__DATABASE__URL", &home.url)
        .env("GUESTLOG__HTTP__LISTEN", "127.0.0.1:0")
        .env("GUESTLOG__METRICS__LISTEN", "127.0.0.1:0");
    command
}

/// Runs a command to its end.
pub fn run(mut command: Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs the program in a home.
pub fn guestlog(home: &Home, args: &[&str]) -> Said {
    run(program_in(home, args))
}
