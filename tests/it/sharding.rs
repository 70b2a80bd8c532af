//! The schema can be sharded by `customer_id` as it is: read from PostgreSQL's catalogue, by the rules that Citus has
//! for distributed and reference tables. Nothing here runs on Citus.

use crate::harness::{Home, Kind};
use diesel::prelude::*;
use diesel::sql_types::Text;
use guestlog::clock::Clock;
use std::collections::BTreeSet;

/// Rows of a customer stay together, whichever server holds them.
const DISTRIBUTED: [&str; 32] = [
    "access_people",
    "accesses",
    "audit_entries",
    "case_files",
    "case_people",
    "case_transfers",
    "cases",
    "customer_keys",
    "delegations",
    "deletions",
    "devices",
    "erasure_marks",
    "event_hosts",
    "event_recipients",
    "events",
    "holds",
    "idempotency_keys",
    "mails",
    "notices",
    "objections",
    "people",
    "reconciliation_people",
    "reconciliations",
    "restrictions",
    "retention_agreements",
    "statements",
    "tombstones",
    "visits",
    "webhook_deliveries",
    "webhook_endpoints",
    "webhook_messages",
    "webhook_secrets",
];
/// On every server, since it is asked for before the customer is known, or pointed to by such a table.
const REFERENCE: [&str; 4] = ["api_keys", "customers", "licenses", "privacy_requests"];
/// On the coordinator alone: of the service itself, or asked for across all customers every second.
const LOCAL: [&str; 4] = ["jobs", "journal_marks", "master_keys", "service_keys"];

/// Unique keys that do not start with the customer, each with its reason. None may be of a distributed table.
const EXCEPTIONS: [(&str, &str, &str); 8] = [
    ("api_keys", "key_id", "a request names the key, and the key the customer"),
    ("customers", "id", "the customer's own number"),
    ("customers", "public_id", "the operator's requests name the customer so"),
    ("journal_marks", "journal_id", "of the service itself"),
    ("master_keys", "id", "of the service itself"),
    ("privacy_requests", "id", "who asks may name no customer"),
    ("privacy_requests", "public_id", "who asks names the request, and has no customer's key"),
    ("service_keys", "purpose,version", "of the service itself"),
];

#[derive(QueryableByName, Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Unique {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    columns: String,
}

#[derive(QueryableByName, Debug)]
struct Foreign {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    columns: String,
    #[diesel(sql_type = Text)]
    target: String,
    #[diesel(sql_type = Text)]
    target_columns: String,
    #[diesel(sql_type = Text)]
    actions: String,
}

#[derive(QueryableByName, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

const TABLES: &str = "SELECT relname::text AS name FROM pg_class \
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname NOT LIKE '\\_\\_%'";
/// Of constraints and of indexes alike; an expression has no name, and so begins with no column.
const UNIQUES: &str = "SELECT c.relname::text AS \"table\", \
        (SELECT string_agg(coalesce(a.attname::text, '?'), ',' ORDER BY k.n) \
         FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, n) \
         LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum AND k.attnum > 0) AS columns \
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
    WHERE c.relnamespace = 'public'::regnamespace AND (i.indisunique OR i.indisexclusion) \
        AND c.relname NOT LIKE '\\_\\_%'";
const FOREIGNS: &str = "SELECT conrelid::regclass::text AS \"table\", confrelid::regclass::text AS target, \
        (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(conkey) WITH ORDINALITY AS k (attnum, n) \
            JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = k.attnum) AS columns, \
        (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(confkey) WITH ORDINALITY AS k (attnum, n) \
            JOIN pg_attribute a ON a.attrelid = confrelid AND a.attnum = k.attnum) AS target_columns, \
        confupdtype::text || confdeltype::text AS actions \
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype = 'f'";
/// What Citus would not take along, or not spread: triggers of ours, rules, views, defaults that draw a number,
/// inheritance, and a customer's number of another type.
const UNFIT: &str = "SELECT 'trigger ' || tgname AS name FROM pg_trigger WHERE NOT tgisinternal \
    UNION ALL SELECT 'view ' || relname FROM pg_class \
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm', 'f') \
    UNION ALL SELECT 'rule ' || rulename FROM pg_rules WHERE schemaname = 'public' \
    UNION ALL SELECT 'default ' || adrelid::regclass::text FROM pg_attrdef \
        WHERE pg_get_expr(adbin, adrelid) LIKE '%nextval%' \
    UNION ALL SELECT 'child ' || inhrelid::regclass::text FROM pg_inherits \
    UNION ALL SELECT 'type of ' || attrelid::regclass::text FROM pg_attribute JOIN pg_class ON oid = attrelid \
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attname = 'customer_id' \
            AND atttypid <> 'bigint'::regtype";

fn first(columns: &str) -> &str {
    columns.split(',').next().unwrap()
}

#[test]
fn the_schema_can_be_sharded_by_customer() {
    let home = Home::new(Kind::Postgres);
    home.open(Clock::System).stop();
    let conn = &mut PgConnection::establish(&home.url).unwrap();
    let (distributed, reference) = (BTreeSet::from(DISTRIBUTED), BTreeSet::from(REFERENCE));

    let all: BTreeSet<String> =
        diesel::sql_query(TABLES).load::<Name>(conn).unwrap().into_iter().map(|table| table.name).collect();
    let placed: Vec<&str> = [&DISTRIBUTED[..], &REFERENCE, &LOCAL].concat();
    assert_eq!(placed.len(), all.len());
    assert_eq!(all, placed.iter().map(|table| (*table).to_owned()).collect(), "a table without its place");

    // Citus can hold a key unique only where it holds the distribution column.
    let mut used = BTreeSet::new();
    for Unique { table, columns } in diesel::sql_query(UNIQUES).load::<Unique>(conn).unwrap() {
        if first(&columns) == "customer_id" {
            continue;
        }
        let exception = EXCEPTIONS.iter().find(|(of, over, _)| (*of, *over) == (table.as_str(), columns.as_str()));
        let (of, over, _) = exception.unwrap_or_else(|| panic!("{table} ({columns}) is unique across customers"));
        assert!(!distributed.contains(of), "{table} is distributed; {columns} cannot be unique");
        used.insert((*of, *over));
    }
    assert_eq!(used.len(), EXCEPTIONS.len(), "an exception that is none any more");

    // A distributed table may point to one that is co-located, through the customer, or to a reference table; a reference
    // table to another. `SET NULL` and `SET DEFAULT` would touch the distribution column.
    let foreigns = diesel::sql_query(FOREIGNS).load::<Foreign>(conn).unwrap();
    assert!(foreigns.len() >= 15, "{foreigns:?}");
    for key in foreigns {
        let (from, to) = (key.table.as_str(), key.target.as_str());
        assert!(!LOCAL.contains(&from) && !LOCAL.contains(&to), "{key:?}");
        assert!(reference.contains(to) || distributed.contains(from), "{key:?}: from reference to distributed");
        let together = first(&key.columns) == "customer_id" && first(&key.target_columns) == "customer_id";
        assert!(reference.contains(to) || together, "{key:?} leads to another customer's server");
        assert!(key.actions.chars().all(|action| matches!(action, 'a' | 'r' | 'c')), "{key:?}");
    }
    let unfit = diesel::sql_query(UNFIT).load::<Name>(conn).unwrap();
    assert_eq!(unfit, Vec::<Name>::new());
}

#[test]
fn the_document_places_every_table() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scaling.md")).unwrap();
    let placed = |call: &str| -> BTreeSet<String> {
        let lines = text.lines().filter_map(|line| line.trim().strip_prefix(&format!("SELECT {call}('")));
        lines.map(|line| line.split('\'').next().unwrap().to_owned()).collect()
    };
    let set = |tables: &[&str]| -> BTreeSet<String> { tables.iter().map(|table| (*table).to_owned()).collect() };
    assert_eq!(placed("create_reference_table"), set(&REFERENCE));
    assert_eq!(placed("create_distributed_table"), set(&DISTRIBUTED));
    let together = text.matches("', 'customer_id', colocate_with => 'people');").count();
    assert_eq!(together + 1, DISTRIBUTED.len(), "all but the first are placed beside people");
    for table in LOCAL {
        assert!(text.contains(&format!("| `{table}` |")), "{table} has no place in the document");
    }
}
