//! Receipts of deletions: that others can verify them, that nothing of them can be changed, and that they name nobody.

use crate::harness::{Home, Kind, Served, at, both, key, serve, site};
use crate::program::{Said, program, run};
use crate::raw::Raw;
use crate::search::hex;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use guestlog::app::receipts::{Flaw, verify};
use guestlog::clock::Clock;
use guestlog::domain::{canonical, cpr, receipt};
use rustls::SignatureScheme::ED25519;
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::sign::SigningKey;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

const KEYS: &str = "/.well-known/guestlog-receipt-keys.json";
const SCOPES: &str = "events:write,people:write,people:delete";

struct House {
    served: Served,
    key: String,
    home: Home,
}

impl House {
    fn new(kind: Kind) -> Self {
        let home = Home::new(kind);
        let app = home.open(Clock::fixed(at("2026-11-21T12:00:00Z")));
        let key = key(&app, Some(site(&app, "L-1").customer), SCOPES, None);
        Self { served: serve(&app), key, home }
    }

    /// A guest with every personal field, who is host and recipient as well.
    fn guest(&self, n: u128, guest: &str) {
        let event = json!({
            "id": uuid::Uuid::from_u128(n), "type": "visit.checked_in", "occurred_at": "2026-11-20T09:00:00Z",
            "license_number": "L-1", "visit_ref": format!("booking-of-{guest}"), "ip": "203.0.113.7",
            "person": {"ref": guest, "name": format!("Navn {guest}"), "email": format!("{guest}@gaest.example"),
                "phone": "+45 20000001", "company": "Firma", "vehicle_plate": "AB 10001"},
            "host": {"ref": guest, "name": format!("Vaert {guest}")},
            "recipients": [{"ref": guest, "channel": "sms", "address": "+45 30000001"}],
        });
        let answer = self.served.post("/v1/events", &self.key, &event);
        assert_eq!(answer.status, 201, "{}", answer.text);
    }

    fn delete(&self, guest: &str, nonce: &str) -> String {
        let path = format!("/v1/people/{guest}?nonce={nonce}");
        let answer = self.served.send("DELETE", &path, Some(&self.key), &[], None);
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.text
    }

    fn keys(&self) -> String {
        let answer = self.served.send("GET", KEYS, None, &[], None);
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("public, max-age=300")));
        answer.text
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.dir.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// A receipt, and the keys to verify it by.
fn receipt_and_keys(kind: Kind) -> (House, String, String) {
    let house = House::new(kind);
    house.guest(1, "guest-1");
    let receipt = house.delete("guest-1", "order-7");
    let keys = house.keys();
    (house, receipt, keys)
}

/// RFC 8785 by Python: sorted, without white space, for texts in ASCII and whole numbers the same.
fn canonical_by_python(receipt: &str) -> Vec<u8> {
    let program = "import json, sys\nreceipt = json.load(sys.stdin)\ndel receipt['signature']\n\
        sys.stdout.write(json.dumps(receipt, sort_keys=True, separators=(',', ':'), ensure_ascii=False))";
    let mut python = Command::new("python3")
        .args(["-I", "-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there, as tests/run sees to");
    python.stdin.take().unwrap().write_all(receipt.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}

/// The library of signatures that TLS uses here, which is not the one that signs receipts.
#[track_caller]
fn verified_by_ring(key: &[u8], message: &[u8], signature: &[u8]) {
    let known = ring::default_provider().signature_verification_algorithms;
    let (_, ed25519) = known.mapping.iter().find(|(scheme, _)| *scheme == ED25519).unwrap();
    ed25519[0].verify_signature(key, message, signature).unwrap();
}

#[test]
fn somebody_else_can_verify_a_receipt() {
    both(|kind| {
        let (_house, receipt, keys) = receipt_and_keys(kind);
        let (value, keys): (Value, Value) =
            (serde_json::from_str(&receipt).unwrap(), serde_json::from_str(&keys).unwrap());
        assert_eq!(value["nonce"], "order-7");
        let erased = json!({"people": 1, "events": 1, "visits": 1, "hosts": 1, "recipients": 1, "restrictions": 0});
        assert_eq!(value["erased"], erased);
        assert_eq!(value["results"], json!([{"index": 0, "status": "erased", "epoch": 1}]));
        let signature = &value["signature"];
        assert_eq!(signature["algorithm"], "EdDSA");
        let [jwk] = keys["keys"].as_array().unwrap().as_slice() else { panic!("{keys}") };
        assert_eq!(jwk["kid"], signature["key_id"]);
        assert_eq!((&jwk["kty"], &jwk["crv"], &jwk["retired_at"]), (&json!("OKP"), &json!("Ed25519"), &Value::Null));
        let bytes = |value: &Value| URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap();
        let form = canonical_by_python(&receipt);
        verified_by_ring(&bytes(&jwk["x"]), &form, &bytes(&signature["value"]));
    });
}

#[test]
fn the_program_verifies_without_settings_or_database() {
    let (house, receipt, keys) = receipt_and_keys(Kind::Sqlite);
    let (receipt_file, keys_file) = (house.file("receipt.json", &receipt), house.file("keys.json", &keys));
    let done = verified(&receipt_file, &keys_file).done();
    for line in [
        "VALID ",
        "people named               1, 1 erased\n",
        "rows erased                1 person with the key, 1 event, 1 visit, 1 part as host, 1 notification received, 0 restrictions\n",
        "was complete               2026-11-21 12:00:00 UTC\n",
        "late events refused until  2026-12-31 12:00:00 UTC\n",
        "last backup expires        2026-12-26 12:00:00 UTC\n",
    ] {
        assert!(done.out.contains(line), "{line}{}", done.out);
    }
    let value: Value = serde_json::from_str(&receipt).unwrap();
    for name in ["deletion_id", "customer_id", "nonce"] {
        assert!(!done.out.contains(value[name].as_str().unwrap()), "{name}: {}", done.out);
    }
    // The form on the way does not matter, nor where it comes from.
    house.file("receipt.json", &serde_json::to_string_pretty(&value).unwrap());
    let mut piped = program(&["receipt", "verify", "-", "--keys"]);
    piped.arg(&keys_file).stdin(std::fs::File::open(&receipt_file).unwrap()).env("GUESTLOG__NO__SUCH", "setting");
    assert_eq!(run(piped).done().out, done.out);
}

fn verified(receipt: &Path, keys: &Path) -> Said {
    let mut command = program(&["receipt", "verify"]);
    command.arg(receipt).arg("--keys").arg(keys);
    run(command)
}

#[test]
fn the_program_says_why_a_receipt_is_no_proof() {
    let house = House::new(Kind::Sqlite);
    let (good, keys) = (signed(SEED, &receipt_value()), key_set(SEED));
    let (good, keys) = (house.file("good.json", &good), house.file("keys.json", &keys));
    verified(&good, &keys).done();
    let mut changed: Value = serde_json::from_str(&std::fs::read_to_string(&good).unwrap()).unwrap();
    changed["erased"]["people"] = 2.into();
    let mut unsigned = changed.clone();
    unsigned["signature"] = Value::Null;
    for (text, says) in [
        (changed.to_string(), "does not belong to it"),
        (unsigned.to_string(), "not signed"),
        ("{}".to_owned(), "not a receipt"),
        ("guestlog".to_owned(), "not a receipt"),
    ] {
        let said = verified(&house.file("bad.json", &text), &keys);
        assert!(said.code == 5 && said.out.starts_with("NOT VALID: ") && said.out.contains(says), "{said:?}");
        assert_eq!(said.out.lines().count(), 1, "nothing of it is told: {said:?}");
    }
    verified(&good, &house.file("other.json", &key_set([7; 32]))).refused(4, "not among those given");
    verified(&good, &house.file("none.json", r#"{"keys": []}"#)).refused(4, "not among those given");
    verified(&good, &good).refused(4, "not a JSON Web Key set");
    verified(&house.home.dir.join("nowhere"), &keys).refused(2, "nowhere");
    verified(&good, &house.home.dir).refused(2, "directory");
}

const SEED: [u8; 32] = [3; 32];

/// A receipt that no server has made, in other hands.
fn receipt_value() -> Value {
    json!({
        "deletion_id": "0199f0c2-6c1e-7b7a-9c53-0f3c3a1b2c4d", "customer_id": "0199f0c2-0000-7b7a-9c53-0f3c3a1b2c4d",
        "origin": "list", "reconciliation_id": null, "started_at": "2026-11-21T08:00:00.000000Z",
        "completed_at": "2026-11-21T08:00:00.250000Z", "refs": 2,
        "erased": {"people": 1, "events": 20, "visits": 7, "hosts": 0, "recipients": 3, "restrictions": 0},
        "results": [{"index": 0, "status": "erased", "epoch": 1}, {"index": 1, "status": "not_held", "epoch": null}],
        "method": ["rows_deleted", "person_key_destroyed", "tombstone_left"],
        "checked": [{"place": "people", "found": 0}, {"place": "events", "found": 0}],
        "not_checked": ["backups"], "follow_ups": ["write_ahead_log_truncated"],
        "tombstone_expires_at": "2026-12-31T08:00:00.000000Z", "backups_expire_at": "2026-12-26T08:00:00.000000Z",
        "software": "guestlog 0.1.0", "nonce": "order-7",
    })
}

/// A key of the library that TLS uses, its public half and its thumbprint.
fn of_seed(seed: [u8; 32]) -> (Arc<dyn SigningKey>, String, String) {
    // RFC 8410, 7, and the seed behind it.
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let der = PrivatePkcs8KeyDer::from([head.as_slice(), &seed].concat());
    let key = ring::sign::any_eddsa_type(&der).unwrap();
    let public = key.public_key().unwrap();
    let x = URL_SAFE_NO_PAD.encode(public.as_ref().last_chunk::<32>().unwrap());
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    (key, x, URL_SAFE_NO_PAD.encode(Sha256::digest(members)))
}

/// Signed by another library.
fn signed(seed: [u8; 32], receipt: &Value) -> String {
    let (key, _, kid) = of_seed(seed);
    let signer = key.choose_scheme(&[ED25519]).unwrap();
    let value = URL_SAFE_NO_PAD.encode(signer.sign(receipt::signed_form(receipt).unwrap().as_bytes()).unwrap());
    let mut receipt = receipt.clone();
    receipt["signature"] = json!({"algorithm": "EdDSA", "key_id": kid, "value": value});
    receipt.to_string()
}

fn jwk(seed: [u8; 32]) -> Value {
    let (_, x, kid) = of_seed(seed);
    json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "alg": "EdDSA", "use": "sig"})
}

fn key_set(seed: [u8; 32]) -> String {
    json!({"keys": [jwk(seed)]}).to_string()
}

/// Every value that differs from this one in one place.
fn changes(value: &Value) -> Vec<Value> {
    let mut all = match value {
        Value::Null => vec![json!(0), json!("x")],
        Value::Bool(yes) => vec![json!(!yes)],
        Value::Number(number) => {
            let number = number.as_u64().unwrap();
            vec![json!(number + 1), Value::Null, serde_json::from_str(&format!("{number}.0")).unwrap()]
        }
        Value::String(text) => (0..text.len())
            .map(|at| {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1;
                json!(String::from_utf8(bytes).unwrap())
            })
            .chain([json!(format!("{text}0")), json!(&text[1..]), json!(""), Value::Null])
            .collect(),
        Value::Array(_) | Value::Object(_) => vec![Value::Null, json!(""), json!({}), json!([])],
    };
    if let Value::Array(items) = value {
        let with = |change: &dyn Fn(&mut Vec<Value>)| {
            let mut items = items.clone();
            change(&mut items);
            Value::Array(items)
        };
        for at in 0..items.len() {
            all.push(with(&|items| drop(items.remove(at))));
            all.push(with(&|items| items.insert(at, items[at].clone())));
            for changed in changes(&items[at]) {
                all.push(with(&|items| items[at] = changed.clone()));
            }
        }
        if items.len() > 1 {
            all.push(with(&|items| items.swap(0, 1)));
        }
    }
    if let Value::Object(members) = value {
        for (name, member) in members {
            let mut without = members.clone();
            without.remove(name);
            all.push(Value::Object(without.clone()));
            without.insert(format!("{name}_"), member.clone());
            all.push(Value::Object(without));
            for changed in changes(member) {
                let mut with = members.clone();
                with.insert(name.clone(), changed);
                all.push(Value::Object(with));
            }
        }
        let mut more = members.clone();
        more.insert("more".to_owned(), Value::Null);
        all.push(Value::Object(more));
    }
    all.retain(|changed| changed != value);
    all
}

#[test]
fn nothing_of_a_receipt_can_be_changed() {
    let (good, keys) = (signed(SEED, &receipt_value()), key_set(SEED));
    let verify = |text: &[u8]| verify(text, keys.as_bytes());
    let kept = verify(good.as_bytes()).unwrap();
    assert_eq!((kept.key_id, kept.key_retired_at), (of_seed(SEED).2, None));
    let changed = changes(&serde_json::from_str(&good).unwrap());
    assert!(changed.len() > 700, "{}", changed.len());
    for changed in changed {
        assert!(verify(changed.to_string().as_bytes()).is_err(), "{changed}");
    }
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bytes = good.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            assert!(verify(&bytes).is_err(), "bit {bit} of byte {at}");
        }
        let cut = [&good.as_bytes()[..at], &good.as_bytes()[at + 1..]].concat();
        assert!(verify(&cut).is_err(), "without byte {at}");
    }
    // The same instant and the same identifier in other words, a member told twice, and a text behind the receipt.
    for (from, to) in [
        ("08:00:00.250000Z", "09:00:00.250000+01:00"),
        ("08:00:00.250000Z", "08:00:00.25Z"),
        ("0199f0c2-6c1e", "0199F0C2-6c1e"),
        (r#""refs":2"#, r#""refs":3,"refs":2"#),
        (r#""people":1"#, r#""people":0,"people":1"#),
        (r#""refs":2"#, r#""refs":2.0"#),
    ] {
        let other = good.replacen(from, to, 1);
        assert!(other != good && verify(other.as_bytes()).is_err(), "{from} as {to}");
    }
    assert_eq!(verify(format!("{good}{good}").as_bytes()), Err(Flaw::NotAReceipt));
}

#[test]
fn a_key_cannot_take_the_name_of_another() {
    let forged = signed([7; 32], &receipt_value());
    let (ours, theirs) = (jwk(SEED), jwk([7; 32]));
    let sets = |keys: Vec<Value>| json!({"keys": keys}).to_string();
    let mut renamed = theirs.clone();
    renamed["kid"] = ours["kid"].clone();
    let mut claimed: Value = serde_json::from_str(&forged).unwrap();
    claimed["signature"]["key_id"] = ours["kid"].clone();
    let claimed = claimed.to_string();
    for (receipt, keys, flaw) in [
        (&forged, sets(vec![ours.clone()]), Flaw::UnknownKey),
        (&forged, sets(vec![renamed.clone()]), Flaw::UnknownKey),
        (&claimed, sets(vec![renamed]), Flaw::UnknownKey),
        (&claimed, sets(vec![theirs.clone(), ours.clone()]), Flaw::Invalid),
    ] {
        assert_eq!(verify(receipt.as_bytes(), keys.as_bytes()), Err(flaw), "{keys}");
    }
    // Beside keys of other kinds, which a set may hold, ours is found.
    let retired = "2026-11-22T00:00:00.000000Z";
    let mut ours = ours;
    ours["retired_at"] = retired.into();
    let mut another_kind = theirs;
    another_kind["crv"] = "X25519".into();
    let verified =
        verify(signed(SEED, &receipt_value()).as_bytes(), sets(vec![another_kind, ours]).as_bytes()).unwrap();
    assert_eq!(verified.key_retired_at, Some(at(retired)));
}

/// What a text must not hold in any of the usual forms.
fn forms(bytes: &[u8]) -> [String; 3] {
    [hex(bytes), STANDARD.encode(bytes).trim_end_matches('=').to_owned(), URL_SAFE_NO_PAD.encode(bytes)]
}

#[test]
fn a_receipt_names_nobody() {
    both(|kind| {
        let house = House::new(kind);
        let guests = ["guest-1", "guest-2", "guest-3"];
        for (n, guest) in (1..).zip(guests) {
            house.guest(n, guest);
        }
        let mut raw = Raw::of(&house.home);
        let indexes = raw.bytes("SELECT ref_index AS bytes FROM people");
        let answer = house.served.post("/v1/deletions", &house.key, &json!({"refs": guests, "nonce": "order-8"}));
        assert_eq!(answer.status, 200, "{}", answer.text);
        let digests = raw.bytes("SELECT digest AS bytes FROM tombstones");
        assert_eq!((indexes.len(), digests.len()), (3, 3));
        for (digest, index) in digests.iter().zip(&indexes) {
            for form in forms(digest).iter().chain(&forms(index)) {
                assert!(!answer.text.contains(form), "{}", answer.text);
            }
        }
        let words =
            ["guest-", "Navn", "Vaert", "gaest.example", "20000001", "30000001", "Firma", "AB 10001", "booking"];
        for word in words.into_iter().chain(["203.0.113.7", "L-1", house.key.as_str()]) {
            assert!(!answer.text.to_lowercase().contains(&word.to_lowercase()), "{word}: {}", answer.text);
        }
        for guest in guests {
            let plain = Sha256::digest(guest);
            assert!(forms(&plain).iter().all(|form| !answer.text.contains(form)), "{}", answer.text);
        }
        assert!(!cpr::found_in(&answer.text) && !answer.text.contains('@'), "{}", answer.text);
        // Every text in it is an instant, a random identifier, a word of ours, the nonce or the signature.
        let mut value = answer.json();
        let members = value.as_object_mut().unwrap();
        for known in ["deletion_id", "customer_id", "signature", "nonce", "software"] {
            members.remove(known).unwrap();
        }
        for text in texts(&value) {
            let word = text.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || b"_.".contains(&c));
            assert!(word || guestlog::domain::Timestamp::parse(&text).is_ok(), "{text}");
        }
        verify(answer.text.as_bytes(), house.keys().as_bytes()).unwrap();
        canonical::parse(answer.text.as_bytes()).unwrap();
    });
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
