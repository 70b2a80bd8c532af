//! Every index stands in the documentation with what needs it: one that nothing needs costs every event.

use crate::harness::{Home, Kind, both};
use crate::raw::Raw;
use guestlog::clock::Clock;
use std::collections::BTreeSet;

/// `name (columns)` of each index beside the primary keys; of a unique one the table stands for the name.
const SQLITE: &str = "SELECT CASE WHEN i.origin = 'u' THEN m.name ELSE i.name END || ' (' || \
        (SELECT group_concat(coalesce(x.name, 'class'), ', ') FROM \
            (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno) x) || ')' AS text \
    FROM sqlite_schema m, pragma_index_list(m.name) i \
    WHERE m.type = 'table' AND i.origin <> 'pk' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\'";
const POSTGRES: &str = "SELECT CASE WHEN i.indisunique THEN t.relname ELSE c.relname END || ' (' || \
        (SELECT string_agg(CASE WHEN i.indkey[k - 1] = 0 THEN 'class' ELSE pg_get_indexdef(i.indexrelid, k, true) END, \
            ', ' ORDER BY k) FROM generate_series(1, i.indnkeyatts) k) || ')' AS text \
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid \
    WHERE NOT i.indisprimary AND c.relnamespace = 'public'::regnamespace";

/// The indexes that the documentation names, without those that it names in passing.
fn documented() -> BTreeSet<String> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/architecture.md")).unwrap();
    let chapter = text.split("\n## Indexes\n").nth(1).unwrap().split("\n## ").next().unwrap().to_owned();
    let first_cells = chapter.lines().filter_map(|line| line.strip_prefix("| `")?.split(" |").next());
    let quoted = first_cells.flat_map(|cell| cell.split('`').step_by(2).map(str::to_owned).collect::<Vec<_>>());
    quoted.filter(|name| name.contains(" (")).collect()
}

#[test]
fn every_index_is_documented_and_every_documented_index_is_there() {
    let documented = documented();
    assert!(documented.len() > 20, "{documented:#?}");
    both(|kind| {
        let home = Home::new(kind);
        home.open(Clock::System).stop();
        let found = Raw::of(&home).texts(if kind == Kind::Sqlite { SQLITE } else { POSTGRES });
        // The documentation leaves the customer out, with which they begin.
        let found: BTreeSet<String> = found.into_iter().map(|name| name.replace("(customer_id, ", "(")).collect();
        let differing: Vec<&String> = documented.symmetric_difference(&found).collect();
        assert!(differing.is_empty(), "in one of the two only: {differing:#?}");
    });
}
