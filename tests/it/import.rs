//! The import of whole files: all of both shipped samples, run twice, cut short, killed and begun anew.

use crate::harness::{Home, Site, at, both, site_with};
use crate::program::program_in;
use crate::raw::Raw;
use flate2::read::GzDecoder;
use guestlog::app::import::{Finding, Mapping, Order, Progress, Summary, Watcher, visits};
use guestlog::app::page::{Ask, MAX_LIMIT};
use guestlog::app::visits::{Filter, list, on_site};
use guestlog::app::{App, import};
use guestlog::clock::Clock;
use guestlog::domain::license::OverdueRule;
use guestlog::domain::text::LicenseNumber;
use guestlog::domain::zone::Zone;
use guestlog::error::Error;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::process::Stdio;

const LICENSE: &str = "L-1";

/// A sample as it was unpacked.
fn sample(packed: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut text).unwrap();
    text
}

fn log_of_visits() -> Vec<u8> {
    sample(include_bytes!("../data/visits.csv.gz"))
}

fn stays() -> Vec<u8> {
    sample(include_bytes!("../data/workplace_sessions.csv.gz"))
}

/// A site in another zone than the rows', so that nothing comes out right by the site's zone.
pub fn new_site(app: &App) -> Site {
    site_with(app, LICENSE, Zone::COPENHAGEN, OverdueRule::new(None, None).unwrap())
}

pub fn order(site: &Site, mapping: Mapping) -> Order {
    let (customer, license_number) = (site.customer, site.number.clone());
    Order { customer, license_number, mapping, zone: None, dry_run: false }
}

pub fn shipped(name: &str) -> Mapping {
    Mapping::of_name(name).unwrap().unwrap()
}

/// Keeps all findings; ends the import after so many rows.
#[derive(Default)]
pub struct Kept {
    pub findings: Vec<Finding>,
    pub last: Progress,
    pub most_rows: Option<u64>,
}

impl Watcher for Kept {
    fn found(&mut self, finding: &Finding) -> Result<(), Error> {
        self.findings.push(finding.clone());
        Ok(())
    }

    fn advanced(&mut self, progress: Progress) -> Result<(), Error> {
        self.last = progress;
        if self.most_rows.is_some_and(|most| progress.rows >= most) { Err(Error::internal("enough")) } else { Ok(()) }
    }
}

fn take_in(app: &App, order: &Order, text: &[u8]) -> (Summary, Vec<Finding>) {
    let mut kept = Kept::default();
    let summary = visits(app, order, text, &mut kept).unwrap();
    assert_eq!(kept.last.read_bytes, text.len() as u64);
    (summary, kept.findings)
}

/// Everything that a customer's visits say, but for ids.
fn shown(app: &App, site: &Site) -> BTreeSet<String> {
    let mut shown = BTreeSet::new();
    let mut ask = Ask { limit: Some(MAX_LIMIT), cursor: None };
    loop {
        let page = app.read_blocking(|view| list(view, site.id, &Filter::default(), &ask)).unwrap();
        for visit in page.data {
            let mut visit = serde_json::to_value(visit).unwrap();
            visit.as_object_mut().unwrap().remove("id").unwrap();
            assert!(shown.insert(visit.to_string()));
        }
        ask.cursor = page.next_cursor;
        if ask.cursor.is_none() {
            return shown;
        }
    }
}

#[test]
fn the_whole_log_of_visits_goes_in_once() {
    let text = log_of_visits();
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let site = new_site(&app);
        let order = order(&site, shipped("visits"));
        let mut half = Kept { most_rows: Some(12_000), ..Kept::default() };
        assert!(visits(&app, &order, text.as_slice(), &mut half).is_err(), "it was cut short");
        let mut raw = Raw::of(&home);
        let before = u64::try_from(raw.count("events")).unwrap();
        assert!(before > 12_000 && half.last.refused == 0);

        let (summary, findings) = take_in(&app, &order, &text);
        assert_eq!(summary.rows, import::Rows { read: 29_404, imported: 29_404, refused: 0 });
        assert_eq!((summary.guests, summary.hosts), (Some(27_247), Some(284)));
        assert_eq!((summary.check_ins, summary.cancelled, summary.check_outs), (21_383, 152, 1));
        assert_eq!((summary.expected, summary.expected_by_date), (29_404, 11_927));
        assert_eq!(summary.already_checked_in, Some(857), "check-ins less guests who came, but for the one who left");
        let all = summary.expected + summary.cancelled + summary.check_ins + summary.check_outs;
        assert_eq!((summary.events.created, summary.events.duplicate), (all - before, before));
        assert_eq!((summary.events.conflict, summary.events.rejected, summary.errors.len()), (0, 0, 0));
        let notices: Vec<_> = summary.notices.iter().map(|(code, count)| (*code, *count)).collect();
        let expected = [
            ("already_checked_in", 857),
            ("booked_after_arrival", 3),
            ("cancelled_but_arrived", 6),
            ("cpr_number_left_out", 5),
        ];
        assert_eq!(notices, expected);
        assert_eq!(findings.len(), 857 + 3 + 6 + 5);
        assert_eq!(summary.columns_left_out, ["appointment_no", "group_size", "site", "room", "badge_no"]);

        let (again, _) = take_in(&app, &order, &text);
        assert_eq!((again.events.created, again.events.duplicate), (0, all));
        assert_eq!((again.guests, again.hosts, again.rows), (summary.guests, summary.hosts, summary.rows));
        assert_eq!(u64::try_from(raw.count("events")).unwrap(), all);
        assert_eq!(raw.count("people"), 27_247 + 284);
        assert_eq!(raw.count("visits"), 29_404);
        assert_eq!(raw.count("visits WHERE arrived_at IS NOT NULL"), 21_383);
        assert_eq!(raw.count("visits WHERE cancelled_at IS NOT NULL"), 152);
        app.stop();
    });
}

/// What `tests/data/hours.py` prints of the same file.
const SECONDS: i64 = 34_728_662;
const ROLL_CALLS: [(&str, &str); 3] = [
    ("2015-01-28T17:00:00Z", "p-01d1129171"),
    (
        "2015-07-23T16:48:39Z",
        "p-542d2d99ed p-592b9a1689 p-59edf6602d p-5dfbfabd08 p-600387c0d9 p-60314bb898 p-60ebbaab50 p-6aa308828f \
         p-86d31959ef p-9ebf7d3553 p-a1ebb110c1 p-caaa0d20bf p-cbe9284f5a p-cfa7b36c4f p-dd2a62d494 p-e16818f1e2 \
         p-e336bc9bc7 p-ebefd449ec p-f039dd4320",
    ),
    ("2015-10-01T15:08:00Z", "p-1154e72a99 p-35076ce4f6 p-4bf1d1906c p-9ebf7d3553 p-dd2a62d494 p-dd2a62d494"),
];
/// Sessions that begin before the same person's last one ends.
const OVERLAPS: [&str; 11] = [
    "2015-01-27T17:27:24",
    "2015-04-28T16:32:03",
    "2015-06-10T17:00:00",
    "2015-07-10T18:43:26",
    "2015-07-14T18:22:56",
    "2015-07-14T18:24:00",
    "2015-07-14T19:05:56",
    "2015-07-20T19:38:16",
    "2015-09-25T19:30:58",
    "2015-10-01T11:07:19",
    "2015-01-20T16:18:19",
];

#[test]
fn stays_are_as_long_as_an_independent_sum_says() {
    let text = stays();
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let site = new_site(&app);
        let (summary, findings) = take_in(&app, &order(&site, shipped("workplace_sessions")), &text);
        assert_eq!(summary.rows, import::Rows { read: 3_395, imported: 3_395, refused: 0 });
        assert_eq!((summary.check_ins, summary.check_outs, summary.guests), (3_395, 3_395, Some(85)));
        let lengths = match kind {
            crate::harness::Kind::Sqlite => "sum(departed_at - arrived_at) / 1000000",
            crate::harness::Kind::Postgres => "sum(extract(epoch FROM departed_at - arrived_at))::bigint",
        };
        let mut raw = Raw::of(&home);
        assert_eq!(raw.number(&format!("SELECT {lengths} AS count FROM visits")), SECONDS);
        assert_eq!(raw.count("visits WHERE arrived_at IS NOT NULL AND departed_at IS NOT NULL"), 3_395);

        assert_eq!((summary.already_checked_in, findings.len()), (Some(15), 15));
        let lines: Vec<&str> = std::str::from_utf8(&text).unwrap().lines().collect();
        let reported: Vec<&str> =
            findings.iter().map(|found| lines[usize::try_from(found.line).unwrap() - 1]).collect();
        for started_at in OVERLAPS {
            assert!(reported.iter().any(|row| row.contains(started_at)), "{started_at}");
        }

        let license = LicenseNumber::new(LICENSE).unwrap();
        for (instant, people) in ROLL_CALLS {
            let call = app.read_blocking(|view| on_site(view, site.id, Some(&license), Some(at(instant)))).unwrap();
            let mut found: Vec<&str> = call.data.iter().map(|present| present.person.reference.as_str()).collect();
            found.sort_unstable();
            assert_eq!(found.join(" "), people, "{instant}");
        }
        app.stop();
    });
}

#[test]
fn killed_again_and_again_it_ends_as_if_nothing_had_happened() {
    let text = stays();
    both(|kind| {
        let home = Home::new(kind);
        let app = home.open(Clock::System);
        let (site, whole) = (new_site(&app), new_site(&app));
        let customer = site.customer.to_string();
        let mut raw = Raw::of(&home);
        let mut stored = 0;
        for sixths in 2..=5 {
            let args = ["import", "visits", "--customer", &customer, "--license", LICENSE];
            let mut command = program_in(&home, &[&args[..], &["--mapping", "workplace_sessions", "-"]].concat());
            let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
            let mut pipe = child.stdin.take().unwrap();
            // A pipe holds so little that most of it is read by the time that the last of it is written.
            pipe.write_all(&text[..text.len() * sixths / 6]).unwrap();
            child.kill().unwrap();
            assert!(!child.wait().unwrap().success());
            drop(pipe);
            let now = raw.count("events");
            assert!(stored <= now && now < 6_790, "{stored} and then {now}");
            assert_eq!(raw.count("visits WHERE departed_at IS NULL"), 0, "a row goes in whole");
            stored = now;
        }
        assert!(stored > 0);
        let (rest, _) = take_in(&app, &order(&site, shipped("workplace_sessions")), &text);
        let stored = u64::try_from(stored).unwrap();
        assert_eq!((rest.events.created, rest.events.duplicate), (6_790 - stored, stored));
        let (summary, _) = take_in(&app, &order(&whole, shipped("workplace_sessions")), &text);
        assert_eq!((summary.events.created, summary.events.duplicate), (6_790, 0), "another customer's own events");
        assert_eq!(shown(&app, &site), shown(&app, &whole));
        assert_eq!(shown(&app, &site).len(), 3_395);
        app.stop();
    });
}
