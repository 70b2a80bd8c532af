//! The house's order, read from its files: who may import whom, and that no file is too long to read at one sitting.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Each floor with the floors it may see. A floor that is not named here may not exist.
const MAY_SEE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("config", &["domain"]),
    ("clock", &["domain"]),
    ("error", &["domain"]),
    ("crypto", &["domain"]),
    ("telemetry", &["config"]),
    ("store", &["crypto", "domain", "error"]),
    ("mail", &["config", "domain"]),
    ("app", &["clock", "config", "crypto", "domain", "error", "mail", "store"]),
    ("jobs", &["app", "domain", "error"]),
    ("http", &["app", "config", "domain", "error"]),
    ("server", &["config", "http"]),
    ("cli", &["app", "clock", "config", "crypto", "domain", "error", "http", "jobs", "server", "store", "telemetry"]),
    ("lib", &[]),
    ("main", &[]),
];

/// Libraries that belong to some floors and no other.
const KEPT_TO: &[(&str, &[&str])] = &[
    ("diesel", &["store"]),
    ("diesel_migrations", &["store"]),
    ("actix_web", &["http", "server", "cli"]),
    ("utoipa", &["http", "app", "domain"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
    ("ureq", &["cli", "jobs"]),
    ("aes_gcm", &["crypto"]),
    ("hmac", &["crypto"]),
    ("lettre", &["mail"]),
    ("ed25519_dalek", &["crypto"]),
    ("rustls", &["cli", "http", "jobs", "mail", "server"]),
];

/// Of every file but the tables, which Diesel lists.
const MAX_LINES: usize = 450;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(dir: &Path) -> Vec<(PathBuf, String)> {
    let files = super::harness::files(dir).into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "rs"));
    files.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// The floor of a file: its folder under `src`, or its own name.
fn floor(path: &Path) -> String {
    let below = path.strip_prefix(root().join("src")).unwrap();
    below.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

/// The code without comments and texts, in which a name means nothing.
fn code(text: &str) -> String {
    let mut code = String::new();
    // Tests name libraries in texts, and may reach where the code may not.
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
    for line in text.lines() {
        let line = line.trim_start();
        if !line.starts_with("//") {
            code.push_str(line.split(" // ").next().unwrap());
            code.push('\n');
        }
    }
    code
}

/// What follows each `crate::`, in groups as well.
fn seen(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        let inner = code[..at].ends_with('$') || code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let rest = &code[at + found.len()..];
        if inner {
            continue;
        }
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut name = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => names.push(std::mem::take(&mut name)),
                    _ if depth == 0 => name.push(c),
                    _ => {}
                }
            }
            names.push(name);
        } else {
            names.push(rest.to_owned());
        }
    }
    let first = |name: &String| {
        let name = name.trim_start();
        name[..name.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len())].to_owned()
    };
    names.iter().map(first).filter(|name| !name.is_empty()).collect()
}

#[test]
fn each_floor_sees_only_those_below() {
    let may: BTreeMap<&str, &[&str]> = MAY_SEE.iter().copied().collect();
    let mut breaches = Vec::new();
    for (path, text) in sources(&root().join("src")) {
        let (floor, code) = (floor(&path), code(&text));
        let Some(allowed) = may.get(floor.as_str()) else {
            breaches.push(format!("{}: a floor that the table does not know", path.display()));
            continue;
        };
        for name in seen(&code) {
            if may.contains_key(name.as_str()) && name != floor && !allowed.contains(&name.as_str()) {
                breaches.push(format!("{}: {floor} may not see {name}", path.display()));
            }
        }
        for (library, floors) in KEPT_TO {
            let used = code.match_indices(library).any(|(at, _)| {
                let whole = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
                whole && code[at + library.len()..].starts_with("::")
            });
            if used && !floors.contains(&floor.as_str()) {
                breaches.push(format!("{}: {library} belongs to {floors:?}", path.display()));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn the_reader_of_imports_reads_them() {
    let code = code(
        "use crate::app::App;\nuse crate::{\n  domain::{self, Timestamp},\n  store,\n};\n// crate::http\nlet x = crate::error::Code::Internal;\n",
    );
    assert_eq!(seen(&code), ["app", "domain", "store", "error"]);
}

/// The table itself has no circle: whoever sees a floor stands above it.
#[test]
fn the_floors_stand_on_each_other() {
    let mut standing: Vec<&str> = Vec::new();
    while standing.len() < MAY_SEE.len() {
        let before = standing.len();
        for (floor, below) in MAY_SEE {
            if !standing.contains(floor) && below.iter().all(|name| standing.contains(name)) {
                standing.push(floor);
            }
        }
        assert!(standing.len() > before, "a circle among those that are not in {standing:?}");
    }
}

#[test]
fn every_file_is_read_at_one_sitting() {
    let mut long = Vec::new();
    for (path, text) in sources(&root().join("src")).into_iter().chain(sources(&root().join("tests"))) {
        let lines = text.lines().count();
        if lines > MAX_LINES && !path.ends_with("store/schema.rs") {
            long.push(format!("{}: {lines} lines, at most {MAX_LINES}", path.display()));
        }
        for (number, line) in text.lines().enumerate() {
            let left = ["TODO", "FIXME", "todo!(", "unimplemented!(", "dbg!("];
            if !path.ends_with("tidy.rs") && left.iter().any(|word| line.contains(word)) {
                long.push(format!("{}:{}: something left to do", path.display(), number + 1));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}
