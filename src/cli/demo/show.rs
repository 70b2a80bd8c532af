//! What the demo prints: tables of the API's answers, and lines to paste.

use super::home::{Home, ZONE};
use super::play::{Client, Played};
use crate::cli::outcome::Failure;
use crate::cli::output::{Table, count};
use crate::domain::Timestamp;
use serde_json::{Value, json};

pub(super) fn welcome(home: &Home, client: &Client) -> String {
    let dir = home.dir().display();
    let what = if home.is_new {
        format!("Made {dir}: an SQLite database, a master key, the customer Demo A/S, two licences and an API key.")
    } else {
        format!("Found {dir}: the customer, licences and key of the first start.")
    };
    format!("{what}\nguestlog serves {}.\n", client.url())
}

pub(super) fn played(home: &Home, played: &Played) -> String {
    let all: u64 = played.statuses.values().sum();
    let statuses: Vec<_> = played.statuses.iter().map(|(status, number)| format!("{number} {status}")).collect();
    let moved = match home.moved_minutes() {
        0 => String::new(),
        minutes => {
            let way = if minutes < 0 { "earlier" } else { "later" };
            let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
            format!(
                "Its times are {hours} h {minutes} min {way} than they were, so that people are on site at the first start.\n"
            )
        }
    };
    format!(
        "Played a day of real visits (names and check-outs made up) through the API: {all} events in {}, {} ms.\n\
         The API answered: {}.\n{moved}",
        count(played.requests, "request"),
        played.took.as_millis(),
        statuses.join(", "),
    )
}

/// The roll call as a table, overdue guests marked.
pub(super) fn roll_call(call: &Value) -> Result<String, Failure> {
    // The names come last: those of some scripts are wider than their letters are many.
    let mut table = Table::new(&["SINCE", "SITE", "DEVICE", "CERTAINTY", "GUEST, AND WHOM TO SEE"]);
    let people = list(call, "data")?;
    for present in people {
        let mark = if present["certainty"] == "overdue" { "OVERDUE" } else { text(&present["certainty"]) };
        let host = present["hosts"].get(0).map_or_else(String::new, |host| format!(", to see {}", text(&host["name"])));
        let guest = format!("{}{host}", text(&present["person"]["name"]));
        let (since, site) = (clock(&present["since"])?, text(&present["license_number"]));
        table.row(&[&since, site, text(&present["device"]), mark, &guest]);
    }
    let overdue = people.iter().filter(|present| present["certainty"] == "overdue").count();
    let mut shown = format!(
        "The roll call at {}: {} on site, {overdue} of them overdue (they may have left without checking out)\n\n{table}\n",
        clock(&call["at"])?,
        call["count"],
    );
    for device in list(call, "devices")? {
        shown.push_str(&entrance(device)?);
    }
    Ok(shown)
}

/// What can be said of an entrance on which the roll call rests.
fn entrance(device: &Value) -> Result<String, Failure> {
    let name = text(&device["device"]);
    if device["silent"] == true {
        return Ok(format!("Entrance {name} is silent since {}.\n", clock(&device["silent_since"])?));
    }
    let queued = device["queued_events"].as_u64().unwrap_or_default();
    Ok(if queued > 0 { format!("Entrance {name} has {queued} events yet to send.\n") } else { String::new() })
}

/// Today's counts by hour; hours in which nothing happened are left out.
pub(super) fn statistics(answer: &Value) -> Result<String, Failure> {
    const COUNTS: [&str; 5] = ["expected", "arrived", "departed", "cancelled", "denied"];
    let mut table = Table::new(&["HOUR", "EXPECTED", "ARRIVED", "DEPARTED", "CANCELLED", "DENIED"]);
    let mut sums = [0; COUNTS.len()];
    for hour in list(answer, "data")? {
        let counts = COUNTS.map(|name| hour[name].as_u64().unwrap_or_default());
        if counts.iter().all(|count| *count == 0) {
            continue;
        }
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum += count;
        }
        let mut cells = vec![clock(&hour["from"])?];
        cells.extend(counts.map(|count| if count == 0 { String::new() } else { format!("{count:>5}") }));
        table.row(&cells.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let sums = sums.map(|sum| format!("{sum:>5}"));
    let mut total = vec!["all"];
    total.extend(sums.iter().map(String::as_str));
    table.row(&total);
    Ok(format!("\nThe day by the hour, {}\n\n{table}", text(&answer["time_zone"])))
}

/// Lines to paste, where to read on, and how to stop.
pub(super) fn farewell(home: &Home, client: &Client, now: &Value) -> String {
    let (url, key) = (client.url(), home.key());
    let call = format!("curl -H 'Authorization: Bearer {key}'");
    let (from, to) = home.day();
    let check_in = json!({
        "id": uuid::Uuid::new_v4(),
        "type": "visit.checked_in",
        "occurred_at": now,
        "license_number": "DEMO-0001",
        "device": "reception-1",
        "person": {"ref": "guest-you", "name": "You"},
    });
    format!(
        "\nPaste any of these into another terminal:\n\n\
         {call} '{url}/v1/visits/on-site?license=DEMO-0002'\n\
         {call} '{url}/v1/statistics/visits?by=hour&from={from}&to={to}'\n\
         {call} -H 'Content-Type: application/json' -d '{check_in}' {url}/v1/events\n\n\
         All of the API: {url}/docs\n\
         The key is shown again at each start because the demo keeps it in {}, readable by you alone;\n\
         any other key is shown once. To begin anew, stop the demo and remove {}.\n\
         Ctrl-C stops it.",
        home.file().display(),
        home.dir().display(),
    )
}

fn list<'a>(answer: &'a Value, name: &str) -> Result<&'a [Value], Failure> {
    let list = answer[name].as_array().map(Vec::as_slice);
    list.ok_or_else(|| Failure::Fault(format!("the server's answer has no list '{name}'")))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

/// The time of day at the sites.
fn clock(instant: &Value) -> Result<String, Failure> {
    let at = Timestamp::parse(text(instant)).map_err(|error| Failure::Fault(error.detail))?;
    Ok(ZONE.local(at).format("%H:%M").to_string())
}
