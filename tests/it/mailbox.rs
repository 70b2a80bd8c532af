//! Mails that the service wrote to its directory, read as a mail program would.

use crate::harness::files;
use base64::Engine;
use guestlog::app::App;
use std::path::Path;

/// A mail as it was sent.
#[derive(Debug, Clone)]
pub struct Mail {
    pub to: String,
    pub text: String,
}

/// The mails that were sent from a home, the earliest first.
pub fn mails(dir: &Path) -> Vec<Mail> {
    let sent = files(&dir.join("mail")).into_iter().filter(|path| path.extension().is_some_and(|e| e == "eml"));
    let mut sent: Vec<_> = sent.map(|path| (std::fs::metadata(&path).unwrap().modified().unwrap(), path)).collect();
    sent.sort();
    sent.into_iter().map(|(_, path)| read(&std::fs::read_to_string(path).unwrap())).collect()
}

/// Sends what waits, and gives the last mail to an address.
pub fn last(app: &App, dir: &Path, to: &str) -> Mail {
    while guestlog::jobs::run_due(app).unwrap() > 0 {}
    let all = mails(dir);
    let found = all.iter().rfind(|mail| mail.to.contains(to));
    found.unwrap_or_else(|| panic!("no mail to {to}: {all:#?}")).clone()
}

impl Mail {
    /// The code in a mail: eight digits on a line that ends with them.
    pub fn code(&self) -> String {
        self.has_code().unwrap_or_else(|| panic!("no code in {self:#?}")).to_owned()
    }

    pub fn has_code(&self) -> Option<&str> {
        let digits = |word: &str| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit());
        self.text.split_whitespace().find(|word| digits(word))
    }
}

fn read(raw: &str) -> Mail {
    let raw = raw.replace("\r\n", "\n");
    let (head, body) = raw.split_once("\n\n").unwrap();
    let head = head.replace("\n ", " ").replace("\n\t", " ");
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")));
        line.map(|line| words(line[name.len() + 2..].trim())).unwrap_or_default()
    };
    let text = match header("content-transfer-encoding").as_str() {
        "base64" => {
            let packed: String = body.split_whitespace().collect();
            String::from_utf8(base64::engine::general_purpose::STANDARD.decode(packed).unwrap()).unwrap()
        }
        "quoted-printable" => quoted(&body.replace("=\n", "")),
        _ => body.to_owned(),
    };
    Mail { to: header("to"), text }
}

/// Quoted-printable (RFC 2045, 6.7).
fn quoted(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let hex = (bytes[at] == b'=').then(|| text.get(at + 1..at + 3)).flatten();
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(byte);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).unwrap()
}

/// Encoded words of a header (RFC 2047), in base64 or Q.
fn words(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("=?utf-8?") {
        out.push_str(rest[..start].trim_end_matches(' '));
        let word = &rest[start + 8..];
        let (kind, packed) = (&word[..1], &word[2..]);
        let end = packed.find("?=").unwrap();
        let plain = if kind.eq_ignore_ascii_case("b") {
            String::from_utf8(base64::engine::general_purpose::STANDARD.decode(&packed[..end]).unwrap()).unwrap()
        } else {
            quoted(&packed[..end].replace('_', " "))
        };
        out.push_str(&plain);
        rest = &packed[end + 2..];
    }
    out.push_str(rest);
    out
}
