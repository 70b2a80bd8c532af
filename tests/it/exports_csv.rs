//! The CSV of an export in a spreadsheet, with people who mean harm.

use crate::archive::House;
use crate::harness::both;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// What a spreadsheet would take for a formula, or for more than one cell.
const HOSTILE: [&str; 9] = [
    "=HYPERLINK(\"http://evil.example\";\"Klik\")",
    "+1+cmd|' /C calc'!A0",
    "-1+1",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    " =1+1",
    "\"=1+1",
    "Aage;=1+1",
    "Åse, \"Ø\" & Ægir",
    "\u{ff1d}1+1",
];

/// The cells as Python's reader finds them, which shares no line with ours.
fn read(text: &str) -> Vec<Vec<String>> {
    let program = "import csv, io, json, sys\n\
        text = sys.stdin.buffer.read().decode('utf-8-sig')\n\
        json.dump(list(csv.reader(io.StringIO(text, newline=''), strict=True)), sys.stdout)";
    let mut python = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there, as tests/run sees to");
    python.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let read = python.wait_with_output().unwrap();
    assert!(read.status.success());
    serde_json::from_slice(&read.stdout).unwrap()
}

/// The cells of a program that parts at semicolons, as a Danish Excel does, whatever stands around them.
fn cells(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split([';', ','])).map(|cell| cell.trim_matches(['"', ' ', '\u{feff}']))
}

#[test]
fn no_cell_is_a_formula_and_every_value_is_there() {
    both(|kind| {
        let house = House::new(kind);
        for (number, text) in HOSTILE.iter().enumerate() {
            house.event(&json!({
                "id": uuid::Uuid::new_v4(), "type": "visit.checked_in", "occurred_at": house.clock.now(),
                "license_number": "L-CANARY-1", "device": text, "visit_ref": format!("{text}{number}"),
                "person": {"ref": "g", "name": text, "company": text, "phone": "+4520000001"},
                "recipients": [{"ref": "h", "channel": "chat", "address": text}],
            }));
        }
        for (guest, files) in [("g", &["events.csv", "visits.csv", "recipients.csv"][..]), ("h", &["events.csv"])] {
            let archive = house.export(guest);
            for file in files {
                let text = &archive.files[*file];
                assert!(text.starts_with('\u{feff}') && text.ends_with("\r\n"), "{file}");
                let dangerous = |cell: &str| cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\0', '\u{ff1d}']);
                let found: Vec<&str> = cells(text).filter(|cell| dangerous(cell)).collect();
                assert!(found.is_empty(), "{file}: {found:?}");
                let lines = read(text);
                assert!(lines.iter().all(|line| line.len() == lines[0].len()), "{file}: as many cells in each line");
                assert_eq!(lines.len(), HOSTILE.len() + 1, "{file}");
            }
        }
        // Without the apostrophes, what was said is there, letter by letter.
        let archive = house.export("g");
        let lines = read(&archive.files["events.csv"]);
        let column = lines[0].iter().position(|name| name == "company").unwrap();
        let mut said: Vec<String> = lines[1..].iter().map(|line| line[column].replace('\'', "")).collect();
        let mut meant: Vec<String> = HOSTILE.iter().map(|text| text.replace('\'', "")).collect();
        said.sort();
        meant.sort();
        assert_eq!(said, meant);
        assert!(
            said.iter().all(|text| archive.data()["events"]
                .as_array()
                .unwrap()
                .iter()
                .any(|event| { event["company"].as_str().unwrap().replace('\'', "") == *text })),
            "data.json has them as they are"
        );
    });
}

#[test]
fn the_lists_say_the_same_as_the_document() {
    both(|kind| {
        let house = House::new(kind);
        house.event(&json!({
            "id": uuid::Uuid::new_v4(), "type": "visit.checked_in", "occurred_at": house.clock.now(),
            "license_number": "L-CANARY-1", "person": {"ref": "g", "name": "Åse"}, "host": {"ref": "h"},
            "recipients": [{"ref": "h", "channel": "sms", "address": "+4530000001", "status": "sent"}],
        }));
        let archive = house.export("g");
        let data = archive.data();
        let lines = read(&archive.files["events.csv"]);
        let of = |name: &str| lines[1][lines[0].iter().position(|head| head == name).unwrap()].clone();
        for name in ["id", "type", "occurred_at", "received_at", "license_number", "site", "name"] {
            assert_eq!(data["events"][0][name], of(name), "{name}");
        }
        assert_eq!((of("your_role").as_str(), of("host").as_str(), of("recipients").as_str()), ("guest", "host", "1"));
        let told = read(&archive.files["recipients.csv"]);
        assert_eq!(told[1][4..], ["1", "host", "sms", "sent", "", "ref address"].map(str::to_owned));
        // The host's own file has the two parts of the host.
        let host = house.export("h");
        let roles: Vec<String> = read(&host.files["events.csv"])[1..].iter().map(|line| line[0].clone()).collect();
        assert_eq!(roles, ["host", "recipient"]);
        assert_eq!(host.data()["events"], Value::Array(Vec::new()));
    });
}
