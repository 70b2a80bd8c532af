//! Rows that are not right, and what the command says of them.

use crate::harness::{Home, Kind, both};
use crate::import::{Kept, new_site, order, shipped};
use crate::program::guestlog;
use crate::raw::Raw;
use guestlog::app::import::{Mapping, Rows, visits};
use guestlog::clock::Clock;

const MAPPING: &str = r#"
delimiter = ";"
time_zone = "Europe/Copenhagen"

[columns]
id = "visit_ref"
guest = "person.ref"
name = "person.name"
mail = "person.email"
host = "host.ref"
host_name = "host.name"
due = "expected_at"
came = "arrived_at"
left = "departed_at"
zone = "time_zone"
"#;

/// A row, its columns in the order of [`HEADER`], and what is found in it: severity's letter, column and code.
type Case = (&'static str, &'static [&'static str]);

const HEADER: &str = "id;guest;badge;name;mail;host;host_name;due;came;left;zone";
/// In every row that is refused, so that its text would be seen in a report.
const CANARY: &str = "Kanariefugl";

const CASES: &[Case] = &[
    ("1;g-1;7;Anna Holm;anna@example.com;h-1;Bo Dam;2026-03-02;2026-03-02T09:00:00;2026-03-02T10:00:00;", &[]),
    ("2;g-2;7;Kanariefugl;;;;;2026-03-02T09:00:00;;;one;more", &["e--wrong_field_count"]),
    ("3;\"g-3;7;Kanariefugl", &["e--open_quote"]),
    ("4;g-4;7;Søren Ågård;;;;;2026-03-02T09:00:00;;America/New_York", &[]),
    ("5;g-5;7;Kanariefugl\u{7};;;;;2026-03-02T09:00:00;;", &["e-name-control_character"]),
    ("6;g-6;7;Kanariefugl 010190-1234;;;;;2026-03-02T09:00:00;;", &["n-name-cpr_number_left_out"]),
    ("7;010190-1234;7;Kanariefugl;;;;;2026-03-02T09:00:00;;", &["e-guest-cpr_number"]),
    ("8;g-8;7;;Kanariefugl;;;;2026-03-02;;", &["e-came-time_of_day_missing", "e-mail-invalid_email"]),
    ("9;g-9;7;Kanariefugl;;;;;;;", &["e-came-no_time"]),
    ("10;g-10;7;;;;Kanariefugl;;2026-03-02T25:00:00;;", &["e-came-invalid_time", "e-host-missing_field"]),
    ("11;;7;Kanariefugl;;;;;2026-03-02T09:00:00;;", &["e-guest-missing_field"]),
    ("12;g-12;7;;;;;;2026-03-29T02:30:00;;", &["n-came-skipped_time"]),
    ("13;g-13;7;;;;;;2025-10-26T02:30:00;2025-10-26T09:30:00+01:00;", &["n-came-ambiguous_time"]),
    ("14;g-14;7;;;;;;2026-03-02T09:00:00;2026-03-02T08:00:00;", &["n-left-departed_before_arrival"]),
    ("15;g-15;7;;;;;;;2026-03-02T08:00:00;", &["n-left-departed_without_arrival"]),
    ("16;g-16;7;Kanariefugl;;;;;2026-03-02T09:00:00;;Kanariefugl", &["e-zone-unknown_time_zone"]),
    ("17;g-17;7;Kanariefugl;;;;;2126-03-02T09:00:00;;", &["e-came-too_far_ahead"]),
    ("1;g-1;8;Anna Holm;anna@example.com;h-1;Bo Dam;2026-03-02;2026-03-02T09:00:00;2026-03-02T10:00:00;", &[]),
    ("1;g-1;8;Kanariefugl;;;;;2026-03-02T09:00:00;;", &["e-came-event_conflict"]),
    ("20;g-4;7;Søren Ågård;;;;;2026-03-02T15:30:00;;", &["n-came-already_checked_in"]),
];

/// The file, with byte order mark and Windows' line ends, and one row in another encoding at its end.
fn file() -> Vec<u8> {
    let rows: Vec<&str> = std::iter::once(HEADER).chain(CASES.iter().map(|(row, _)| *row)).collect();
    let mut file = format!("\u{feff}{}\r\n21;g-21;7;Kanariefugl ", rows.join("\r\n")).into_bytes();
    file.extend_from_slice(b"S\xf8ren;;;;;2026-03-02T09:00:00;;\r\n");
    file
}

fn expected() -> Vec<(u64, String)> {
    let cases = CASES.iter().map(|(_, found)| *found).chain([&["e-name-not_utf8"][..]]);
    cases.zip(1..).flat_map(|(found, row)| found.iter().map(move |what| (row, (*what).to_owned()))).collect()
}

#[test]
fn a_bad_row_costs_itself_and_says_why_without_its_content() {
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let site = new_site(&app);
        let mut order = order(&site, Mapping::of_toml(MAPPING).unwrap());
        for dry_run in [true, false, false] {
            order.dry_run = dry_run;
            let before = Raw::of(&home).count("events");
            let mut kept = Kept::default();
            let summary = visits(&app, &order, file().as_slice(), &mut kept).unwrap();
            let mut found: Vec<(u64, String)> = Vec::new();
            for finding in &kept.findings {
                let (severity, column) =
                    (&finding.severity.as_str()[..1], finding.column.as_deref().unwrap_or_default());
                assert_eq!(finding.line, finding.row + 1);
                assert!(!finding.reason.contains(CANARY) && !finding.reason.contains("1234"), "{finding:?}");
                found.push((finding.row, format!("{severity}-{column}-{}", finding.code)));
            }
            found.sort();
            // Only the store knows what it holds: a rehearsal finds no conflict.
            let all = expected().into_iter().filter(|(_, what)| !dry_run || !what.ends_with("conflict"));
            assert_eq!(found, all.collect::<Vec<_>>());
            let refused = if dry_run { 11 } else { 12 };
            assert_eq!(summary.rows, Rows { read: 21, imported: 21 - refused, refused });
            assert_eq!(summary.columns_left_out, ["badge"]);
            let stored = Raw::of(&home).count("events") - before;
            assert_eq!(stored, if dry_run { 0 } else { i64::try_from(summary.events.created).unwrap() });
            if before == 0 {
                assert_eq!(summary.events.created, 12, "in, out, expected; 4, 6, 12; 13 and 14 with out; 15; 20");
            } else {
                assert_eq!(summary.events.created, 0);
            }
        }
        let mut raw = Raw::of(&home);
        assert_eq!(raw.count("people"), 8, "seven guests and a host");
        assert_eq!(raw.count("visits WHERE arrived_at IS NOT NULL"), 7);
        app.stop();
    });
}

#[test]
fn the_command_tells_a_script_what_became_of_the_rows() {
    let home = Home::new(Kind::Sqlite);
    let app = home.open(Clock::System);
    let customer = new_site(&app).customer.to_string();
    app.stop();
    let path = |name: &str| home.dir.join(name).display().to_string();
    let (visits, mapping, report) = (path("visits.csv"), path("own.toml"), path("report.csv"));
    std::fs::write(&visits, file()).unwrap();
    std::fs::write(&mapping, MAPPING).unwrap();
    let base = ["import", "visits", "--customer", &customer, "--license"];
    let import = |further: &[&str]| guestlog(&home, &[&base[..], &["L-1"], further].concat());

    for _ in 0..2 {
        let said = import(&["--mapping", &mapping, "--report", &report, "--json", &visits]);
        assert_eq!((said.code, said.err.as_str()), (5, ""), "rows were left out");
        let summary = said.json();
        assert_eq!((&summary["rows"]["read"], &summary["rows"]["refused"]), (&21.into(), &12.into()));
        let lines = std::fs::read_to_string(&report).unwrap();
        assert_eq!(lines.lines().count(), 1 + expected().len());
        assert!(lines.starts_with("row,line,severity,column,code,reason\n2,3,error,,wrong_field_count,"), "{lines}");
        assert!(!lines.contains(CANARY));
    }
    let shown = import(&["--mapping", &mapping, &visits]);
    assert!(shown.err.contains("row 2 (line 3): has 13 fields where the header has 11"), "{}", shown.err);
    assert!(shown.out.contains("rows refused") && !shown.err.contains(CANARY), "{shown:?}");

    let map = ["--map", "id=visit_ref", "--map", "guest=person.ref", "--map", "came=arrived_at", "--delimiter", ";"];
    let said = import(&[&map[..], &["--zone", "Europe/Oslo", "--dry-run", "--json", &visits]].concat());
    assert_eq!((said.code, &said.json()["dry_run"]), (5, &true.into()));

    import(&["--mapping", "nothing", &visits]).refused(2, "visits, workplace_sessions");
    import(&["--mapping", &mapping, "--report", &visits, &visits]).refused(2, "no report");
    import(&["--mapping", "visits", &visits]).refused(2, "guest_ref");
    import(&["--mapping", "visits", &path("absent.csv")]).refused(2, "absent.csv");
    import(&["--mapping", "visits", "--map", "id", &visits]).refused(2, "COLUMN=FIELD");
    guestlog(&home, &[&base[..], &["L-2", "--mapping", &mapping, &visits]].concat()).refused(4, "licence");
    assert_eq!(std::fs::read(&visits).unwrap(), file(), "the file itself is never written");
    assert!(shipped("visits").delimiter.is_none());
}
