//! The documents against the code: what they name exists, and what exists is named.

use guestlog::config::Sources;
use guestlog::error::Code;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// README and everything under `docs`, each with its folder.
fn documents() -> Vec<(PathBuf, String)> {
    let mut files = crate::harness::files(&root().join("docs"));
    files.push(root().join("README.md"));
    files.retain(|file| file.extension().is_some_and(|kind| kind == "md"));
    assert!(files.len() > 4);
    files.into_iter().map(|file| (file.parent().unwrap().to_owned(), read(&file))).collect()
}

/// All source text.
fn source() -> String {
    let files = crate::harness::files(&root().join("src"));
    files.iter().filter(|path| path.extension().is_some_and(|kind| kind == "rs")).map(|path| read(path)).collect()
}

/// The words in backticks of a text outside of its code blocks.
fn quoted(text: &str) -> BTreeSet<&str> {
    let mut code = false;
    let mut words = BTreeSet::new();
    for line in text.lines() {
        code ^= line.starts_with("```");
        if !code && !line.starts_with("```") {
            words.extend(line.split('`').skip(1).step_by(2));
        }
    }
    words
}

/// The heading that a link's fragment leads to, as GitHub writes it.
fn fragment(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_leads_somewhere() {
    for (folder, text) in documents() {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { text.clone() } else { read(&folder.join(file)) };
            let found = target.lines().any(|line| line.starts_with('#') && fragment(line) == heading);
            assert!(heading.is_empty() || found, "{link}: no such heading");
        }
    }
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn the_readme_lists_every_setting_and_no_other() {
    let readme = read(&root().join("README.md"));
    let listed: BTreeSet<String> = readme
        .lines()
        .skip_while(|line| *line != "## Configuration")
        .filter_map(|line| line.strip_prefix("| `"))
        .take_while(|line| !line.starts_with("serve`"))
        .flat_map(|line| line.split(" |").next().unwrap_or_default().split(", "))
        .map(|name| name.trim_matches('`').to_owned())
        .collect();
    let settings = Sources::default().load().unwrap();
    let mut real: BTreeSet<String> = settings.describe().iter().map(|setting| setting.name.clone()).collect();
    // Those that have no default are not in force without a value.
    for name in [
        "database.url_file",
        "database.direct_url",
        "database.direct_url_file",
        "erasure.journal_file",
        "webhooks.ca_file",
        "http.tls.certificate_file",
        "http.tls.key_file",
        "http.tls.reload_ms",
        "mail.from",
        "mail.host",
        "mail.ca_file",
        "mail.user",
        "mail.password",
        "mail.password_file",
        "recipients",
    ] {
        real.insert(name.to_owned());
    }
    assert_eq!(listed, real);
}

#[test]
fn metrics_codes_and_files_that_documents_name_exist() {
    let source = source();
    for (folder, text) in documents() {
        for word in quoted(&text) {
            let name = word.split('{').next().unwrap_or_default();
            if name.starts_with("guestlog_") {
                assert!(source.contains(&format!("\"{name}\"")), "metric {word}");
            }
            if let Some(code) = word.strip_prefix("/problems/").filter(|code| !code.is_empty() && *code != "{code}") {
                assert!(Code::ALL.iter().any(|known| known.as_str() == code), "code {word}");
            }
            let is_file = ["toml", "rs"].iter().any(|kind| word.ends_with(&format!(".{kind}"))) && word.contains('/');
            if is_file && !word.starts_with(['/', '<']) {
                let places = [folder.join(word), root().join(word), root().join("src").join(word)];
                assert!(places.iter().any(|place| place.exists()), "file {word}");
            }
        }
    }
}
