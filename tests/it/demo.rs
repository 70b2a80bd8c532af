//! `guestlog demo`: the first look. What it prints can be pasted, and a second start keeps what is there.

use crate::harness::{Home, Kind};
use crate::program::{program, run};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ChildStdout, Command, Stdio};

const LAST_LINE: &str = "Ctrl-C stops it.";

/// A demo that stays up.
struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        // Its log is not asked for, and a pipe that nobody reads would hold it up.
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out }
    }

    /// Reads its lines up to the one that begins like this.
    fn lines_to(&mut self, beginning: &str) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        while !lines.last().is_some_and(|line| line.starts_with(beginning)) {
            let mut line = String::new();
            assert!(self.out.read_line(&mut line).unwrap() > 0, "it ended after {lines:#?}");
            lines.push(line.trim_end().to_owned());
        }
        lines
    }

    /// Asks it to stop, as a service manager does, and returns its exit code.
    fn terminate(mut self) -> i32 {
        // The shell's own `kill`: the program of that name is not everywhere.
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed must not leave a server behind; one that ended has nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts the demo and reads what it prints.
fn demo(home: &Home) -> (Running, Vec<String>) {
    let dir = home.dir.join("demo");
    let mut demo = Running::start(program(&["demo", "--listen", "127.0.0.1:0", "--data-dir", dir.to_str().unwrap()]));
    let lines = demo.lines_to(LAST_LINE);
    (demo, lines)
}

/// The line that begins like this.
fn line<'a>(lines: &'a [String], beginning: &str) -> &'a str {
    lines.iter().find(|line| line.starts_with(beginning)).unwrap_or_else(|| panic!("no '{beginning}' in {lines:#?}"))
}

/// The first whole number after some words.
fn number(line: &str, after: &str) -> u64 {
    let rest = line.split_once(after).unwrap_or_else(|| panic!("no '{after}' in {line}")).1;
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

/// Pastes a line into a shell, and returns the status and body that curl got.
fn paste(line: &str) -> (u16, serde_json::Value) {
    let output = Command::new("sh").args(["-c", &format!("{line} -sS -w '\\n%{{http_code}}'")]).output();
    let output = output.expect("sh and curl are here: the demo's lines are for curl");
    let said = String::from_utf8(output.stdout).unwrap();
    let (body, status) = said.rsplit_once('\n').unwrap_or_else(|| panic!("{line}\n{:?}", output.stderr));
    (status.parse().unwrap(), serde_json::from_str(body).unwrap())
}

#[test]
fn a_first_start_fills_the_house_and_a_second_keeps_it() {
    let home = Home::new(Kind::Sqlite);
    let (first, before) = demo(&home);
    assert_eq!(first.terminate(), 0);
    let created = number(line(&before, "The API answered: "), "answered: ");
    assert!(line(&before, "The API answered: ").ends_with(&format!("{created} created.")), "{before:#?}");
    assert!(created > 250, "{created}");
    let on_site = number(line(&before, "The roll call at "), ": ");
    assert!((20..100).contains(&on_site), "{on_site}");
    assert!(line(&before, "Entrance garage-1 ").contains("silent"));
    assert!(line(&before, "Entrance kiosk-2 ").contains("2 events yet to send"));
    assert_eq!(
        before.iter().filter(|line| line.contains("observed") || line.contains("OVERDUE")).count() as u64,
        on_site
    );

    for name in ["demo.json", "master.key", "guestlog.db"] {
        let mode = std::fs::metadata(home.dir.join("demo").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }

    let (second, after) = demo(&home);
    assert_eq!(line(&after, "The API answered: "), format!("The API answered: {created} duplicate."));
    assert_eq!(number(line(&after, "The roll call at "), ": "), on_site);
    assert_eq!(line(&after, "all "), line(&before, "all "));
    let key = |lines: &[String]| line(lines, "curl ").split('\'').nth(1).unwrap().to_owned();
    assert_eq!(key(&after), key(&before));

    let pasted: Vec<_> = after.iter().filter(|line| line.starts_with("curl ")).collect();
    assert_eq!(pasted.len(), 3, "{after:#?}");
    let (status, roll_call) = paste(pasted[0]);
    assert!(status == 200 && roll_call["count"].as_u64().unwrap() > 5, "{status} {roll_call}");
    let (status, statistics) = paste(pasted[1]);
    let arrived = statistics["data"].as_array().unwrap().iter().map(|hour| hour["arrived"].as_u64().unwrap());
    assert!(status == 200 && arrived.sum::<u64>() > 50, "{status} {statistics}");
    assert_eq!(paste(pasted[2]).0, 201);
    assert_eq!(paste(pasted[2]).0, 200, "the same line again is a duplicate");
    let docs = line(&after, "All of the API: ").rsplit(' ').next().unwrap();
    assert!(Command::new("curl").args(["-fsSLo", "/dev/null", docs]).status().unwrap().success());
    assert_eq!(second.terminate(), 0);
}

#[test]
fn a_taken_port_is_said_plainly() {
    let home = Home::new(Kind::Sqlite);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = home.dir.join("demo");
    let said = run(program(&["demo", "--listen", &address, "--data-dir", dir.to_str().unwrap()]));
    said.refused(3, &format!("{address} is taken by another program; give another with --listen"));
}

#[test]
fn a_file_that_demo_did_not_write_is_refused() {
    let home = Home::new(Kind::Sqlite);
    let (first, _) = demo(&home);
    assert_eq!(first.terminate(), 0);
    let dir = home.dir.join("demo");
    std::fs::write(dir.join("demo.json"), "{}").unwrap();
    let said = run(program(&["demo", "--listen", "127.0.0.1:0", "--data-dir", dir.to_str().unwrap()]));
    said.refused(3, "remove the directory to begin anew");
}
