//! The schema as the databases themselves tell it: both the same, every wall in place, every column classified.

use crate::harness::{Home, Kind};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use guestlog::clock::Clock;
use std::collections::{BTreeMap, BTreeSet};

#[derive(QueryableByName, PartialEq, Eq, PartialOrd, Ord, Debug, Clone)]
struct Column {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

#[derive(QueryableByName, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Key {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    columns: String,
    #[diesel(sql_type = Text)]
    target: String,
    #[diesel(sql_type = Text)]
    on_delete: String,
}

const SQLITE_COLUMNS: &str = "SELECT m.name AS \"table\", c.name AS name, c.\"notnull\" = 0 AS nullable \
    FROM sqlite_schema m, pragma_table_info(m.name) c \
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\'";
const POSTGRES_COLUMNS: &str = "SELECT table_name::text AS \"table\", column_name::text AS name, is_nullable = 'YES' AS nullable \
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'";
const SQLITE_KEYS: &str = "SELECT m.name AS \"table\", 'foreign' AS kind, \
        (SELECT group_concat(\"from\", ',') FROM (SELECT \"from\" FROM pragma_foreign_key_list(m.name) g WHERE g.id = f.id ORDER BY seq)) AS columns, \
        f.\"table\" AS target, f.on_delete AS on_delete \
    FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND f.seq = 0 \
    UNION ALL SELECT m.name, CASE i.origin WHEN 'pk' THEN 'primary' ELSE 'unique' END, \
        (SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)), '', '' \
    FROM sqlite_schema m, pragma_index_list(m.name) i WHERE m.type = 'table' AND i.\"unique\" AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' \
    UNION ALL SELECT 'customers', 'primary', 'id', '', ''";
const POSTGRES_KEYS: &str = "SELECT conrelid::regclass::text AS \"table\", \
        CASE contype WHEN 'f' THEN 'foreign' WHEN 'p' THEN 'primary' ELSE 'unique' END AS kind, \
        (SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(conkey) WITH ORDINALITY AS k(attnum, n) \
            JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = k.attnum) AS columns, \
        CASE WHEN contype = 'f' THEN confrelid::regclass::text ELSE '' END AS target, \
        CASE WHEN contype <> 'f' THEN '' WHEN confdeltype = 'c' THEN 'CASCADE' WHEN confdeltype = 'a' THEN 'NO ACTION' ELSE confdeltype::text END AS on_delete \
    FROM pg_constraint JOIN pg_namespace n ON n.oid = connamespace \
    WHERE n.nspname = 'public' AND contype IN ('f', 'p', 'u') AND conrelid::regclass::text NOT LIKE '\\_\\_%'";

/// SQLite keeps in this table what PostgreSQL keeps in a sequence of the same name.
const SQLITE_ONLY: &str = "id_blocks";
/// Reference data, found before the customer is known, and what is of the service itself.
const SHARED: [&str; 6] = ["customers", "api_keys", "privacy_requests", "service_keys", "master_keys", "journal_marks"];

fn read<T>(sqlite: &str, postgres: &str) -> (Vec<T>, Vec<T>)
where
    T: QueryableByName<diesel::sqlite::Sqlite> + QueryableByName<diesel::pg::Pg> + 'static,
{
    let small = Home::new(Kind::Sqlite);
    small.open(Clock::System).stop();
    let mut conn = SqliteConnection::establish(small.url.trim_start_matches("sqlite://")).unwrap();
    let from_sqlite = diesel::sql_query(sqlite).load(&mut conn).unwrap();
    let large = Home::new(Kind::Postgres);
    large.open(Clock::System).stop();
    let mut conn = PgConnection::establish(&large.url).unwrap();
    (from_sqlite, diesel::sql_query(postgres).load(&mut conn).unwrap())
}

fn columns() -> (BTreeSet<Column>, BTreeSet<Column>) {
    let (a, b) = read::<Column>(SQLITE_COLUMNS, POSTGRES_COLUMNS);
    (a.into_iter().filter(|column| column.table != SQLITE_ONLY).collect(), b.into_iter().collect())
}

#[test]
fn both_databases_have_the_same_columns_and_keys() {
    let (sqlite, postgres) = columns();
    assert_eq!(sqlite, postgres);
    assert!(sqlite.len() > 80);
    let (sqlite, postgres) = read::<Key>(SQLITE_KEYS, POSTGRES_KEYS);
    let sqlite: BTreeSet<Key> = sqlite.into_iter().filter(|key| key.table != SQLITE_ONLY).collect();
    assert_eq!(sqlite, postgres.into_iter().collect());
}

#[test]
fn every_key_of_a_tenant_starts_with_the_customer_and_every_person_cascades() {
    let (_, keys) = read::<Key>(SQLITE_KEYS, POSTGRES_KEYS);
    let mut naming_a_person = BTreeSet::new();
    for key in &keys {
        assert!(
            SHARED.contains(&key.table.as_str()) || key.columns.split(',').next() == Some("customer_id"),
            "{key:?} does not start with customer_id"
        );
        if key.kind == "foreign" && key.target == "people" {
            assert_eq!(key.on_delete, "CASCADE", "{key:?}");
            assert_eq!(key.columns, "customer_id,person_id", "{key:?}");
            naming_a_person.insert(key.table.clone());
        }
    }
    let (columns, _) = columns();
    let with_person: BTreeSet<String> =
        columns.iter().filter(|column| column.name.contains("person_id")).map(|column| column.table.clone()).collect();
    assert_eq!(naming_a_person, with_person);
    assert!(with_person.contains("events") && with_person.contains("visits"));
    // No soft delete: what is deleted is gone (REQUIREMENTS L-32).
    assert!(columns.iter().all(|column| !column.name.contains("deleted")));
}

#[test]
fn every_column_is_in_the_inventory() {
    let inventory: toml::Table =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/personal_data.toml"))
            .unwrap()
            .parse()
            .unwrap();
    let mut listed: BTreeMap<(String, String), toml::Table> = BTreeMap::new();
    for (table, columns) in inventory["tables"].as_table().unwrap() {
        for (column, entry) in columns.as_table().unwrap() {
            listed.insert((table.clone(), column.clone()), entry.as_table().unwrap().clone());
        }
    }
    let (columns, _) = columns();
    let real: BTreeSet<(String, String)> = columns.into_iter().map(|column| (column.table, column.name)).collect();
    assert_eq!(listed.keys().cloned().collect::<BTreeSet<_>>(), real);
    for (name, entry) in listed {
        let text = |key: &str| entry.get(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        let class = text("class");
        assert!(["personal", "pseudonymous", "none"].contains(&class.as_str()), "{name:?}: class {class:?}");
        assert!(["processor", "controller"].contains(&text("role").as_str()), "{name:?}: role");
        for key in ["category", "subject", "purpose", "ground", "retention"] {
            assert!(!text(key).is_empty(), "{name:?}: {key}");
        }
        assert!(entry.get("supplied").and_then(toml::Value::as_bool).is_some(), "{name:?}: supplied");
        if name.1.ends_with("_sealed") || name.1.ends_with("_index") || name.1 == "person_id" || name.1 == "digest" {
            assert_ne!(class, "none", "{name:?}: pseudonyms, hashes and ciphertexts are personal data (L-87)");
        }
    }
}
