//! Every statement that reads of people, and whether it leaves out who is restricted (REQUIREMENTS L-45): one that is
//! added stands here, or this test fails.

use std::collections::BTreeMap;
use std::path::Path;

/// What says something of people.
const TABLES: [&str; 5] = ["people", "events", "event_hosts", "event_recipients", "visits"];

/// Those that leave them out.
const SEEN: [&str; 12] = [
    "events::get",
    "events::hosts",
    "events::hosts_of_visits",
    "events::page",
    "events::page_stored_after",
    "events::recipients",
    "export::kinds",
    "people::by_ref",
    "people::page",
    "roll_call::on_site",
    "visits::get",
    "visits::page",
];

const STORING: &str = "what is stored is brought up to date, and shown to nobody";
const ERASING: &str = "an erasure, which judges restrictions itself, and looks whether anything is left";
const KEYS: &str = "rewraps keys, and reads no data";
const COMPARING: &str = "the comparison with the customer's list or the journal: digests alone";
const EXPORTING: &str = "the person's own rows, for the person: restriction does not stand against Article 15";
const RETAINING: &str = "leaves out who is restricted in words of its own, and shows nobody";

/// The others, each with its reason.
const OTHERS: [(&str, &str); 47] = [
    ("accesses::alive", "whether those whose data were shown are still there: ids alone"),
    ("comparison::refs", COMPARING),
    ("devices::by_names", "entrances, and no people"),
    ("erasure::events_of", ERASING),
    ("erasure::heard_of_since", ERASING),
    ("erasure::hosting_of", ERASING),
    ("erasure::keep_sealed", ERASING),
    ("erasure::notifications_of", ERASING),
    ("events::by_keys", STORING),
    ("events::concerned", STORING),
    ("events::key_of", "a place in the order of storage, and nothing else"),
    ("events::move_to", STORING),
    ("events::recipient_counts", "how large a page would be"),
    ("events::standing_as_host", STORING),
    ("events::standing_of", STORING),
    ("events::supersede", STORING),
    ("export::hosted_by", EXPORTING),
    ("export::notified", EXPORTING),
    ("export::recipients", EXPORTING),
    ("export::visits", EXPORTING),
    ("export::visits_of", EXPORTING),
    ("holds::rests", COMPARING),
    ("inventory::people_by_version", KEYS),
    ("known::correcting", STORING),
    ("known::outlines", STORING),
    ("known::related", STORING),
    ("cases::people_at", "the person's own right: whom a request is about"),
    ("people::by_ids", "opens those whom a statement above has found, or a hold or an exception names"),
    ("people::by_refs", STORING),
    ("people::lock_by_ids", STORING),
    ("people::lock_by_refs", STORING),
    ("restrictions::by_ref", "shows the mark, to keys with the scope rights"),
    ("retention::delete", RETAINING),
    ("retention::guests_of_before", RETAINING),
    ("retention::people_unheard_of_since", RETAINING),
    ("retention::superseded_behind", RETAINING),
    ("rewrap::anything_before", KEYS),
    ("rewrap::people_before", KEYS),
    ("rewrap::set_people", KEYS),
    ("roster::indexes_from", COMPARING),
    ("roster::refs_after", COMPARING),
    ("roster::unchanged_since", COMPARING),
    ("statistics::counts", "takes the visits of who is restricted or has objected off again"),
    ("tombstones::find", ERASING),
    ("visits::of_people", STORING),
    ("visits::remove", STORING),
    ("watch::held", "how many people there are"),
];

/// The functions of the store that read or change rows of people, and whether they leave out who is restricted.
fn found() -> BTreeMap<String, bool> {
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut found = BTreeMap::new();
    for file in crate::harness::files(&store) {
        let module = file.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.split("\n#[cfg(test)]").next().unwrap().replace("on_each!(", "");
        for part in text.split("\nfn ").flat_map(|part| part.split("\npub fn ")).skip(1) {
            let name = part.split(['(', '<']).next().unwrap();
            let body = part.split("\n}\n").next().unwrap();
            let reads = TABLES.iter().any(|table| {
                [format!("{table}::table"), format!("FROM {table} ")].iter().any(|way| {
                    body.match_indices(way.as_str())
                        .any(|(at, _)| !body[..at].ends_with(|c: char| c == '_' || c.is_alphanumeric()))
                })
            });
            let leaves_out = body.contains("seen!(") || body.contains("narrowed!(");
            if module != "schema" && (reads || leaves_out || body.contains("each!(")) {
                found.insert(format!("{module}::{name}"), leaves_out);
            }
        }
    }
    found
}

#[test]
fn every_statement_that_reads_of_people_is_judged() {
    let found = found();
    let expected: BTreeMap<String, bool> = SEEN
        .iter()
        .map(|name| ((*name).to_owned(), true))
        .chain(OTHERS.iter().map(|(name, _)| ((*name).to_owned(), false)))
        .collect();
    let differing: Vec<_> = found.iter().filter(|(name, seen)| expected.get(*name) != Some(seen)).collect();
    let gone: Vec<_> = expected.keys().filter(|name| !found.contains_key(*name)).collect();
    assert!(differing.is_empty() && gone.is_empty(), "not as listed: {differing:#?}; not there: {gone:#?}");
}
