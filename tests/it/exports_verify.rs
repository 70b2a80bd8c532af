//! That anybody can tell whether an archive is as the service made it.

use crate::archive::{Archive, FILES, House};
use crate::harness::{Kind, both};
use crate::program::{Said, program, run};
use crate::raw::Raw;
use guestlog::app::export::{Flaw, verify};
use serde_json::json;
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const KEYS: &str = "/.well-known/guestlog-receipt-keys.json";

fn house(kind: Kind) -> (House, Archive, String) {
    let house = House::new(kind);
    house.event(&json!({
        "id": uuid::Uuid::new_v4(), "type": "visit.checked_in", "occurred_at": house.clock.now(),
        "license_number": "L-CANARY-1", "person": {"ref": "g", "name": "Åse"},
    }));
    let archive = house.export("g");
    let keys = house.served.send("GET", KEYS, None, &[], None).text;
    (house, archive, keys)
}

fn verified(bytes: &[u8], keys: &str) -> Result<(), Flaw> {
    verify(Cursor::new(bytes), keys.as_bytes()).map(|_| ())
}

/// The archive with its files as `change` leaves them.
fn packed(archive: &Archive, change: impl Fn(&str, &mut Vec<u8>)) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for name in FILES {
        let mut bytes = archive.files[name].clone().into_bytes();
        change(name, &mut bytes);
        if !bytes.is_empty() {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(&bytes).unwrap();
        }
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn every_byte_that_is_changed_is_found() {
    both(|kind| {
        let (_house, archive, keys) = house(kind);
        assert_eq!(verified(&archive.bytes, &keys), Ok(()));
        let again = packed(&archive, |_, _| {});
        assert_eq!(verified(&again, &keys), Ok(()), "packed anew, it holds the same");
        for name in FILES.into_iter().filter(|name| *name != "manifest.json") {
            let length = archive.files[name].len();
            for at in [0, length / 2, length - 1] {
                let changed = packed(&archive, |file, bytes| {
                    if file == name {
                        bytes[at] ^= 1;
                    }
                });
                assert_eq!(verified(&changed, &keys), Err(Flaw::Changed(name.to_owned())), "{name} at {at}");
            }
            let longer = packed(&archive, |file, bytes| {
                if file == name {
                    bytes.push(b' ');
                }
            });
            assert_eq!(verified(&longer, &keys), Err(Flaw::Changed(name.to_owned())));
            let without = packed(&archive, |file, bytes| {
                if file == name {
                    bytes.clear();
                }
            });
            assert_eq!(verified(&without, &keys), Err(Flaw::OtherFiles));
        }
        // The manifest: what it says, and what signs it.
        for (from, to) in
            [("\"access\"", "\"portability\""), ("\"bytes\": ", "\"bytes\": 1"), ("\"value\": \"", "\"value\": \"A")]
        {
            let changed = packed(&archive, |file, bytes| {
                if file == "manifest.json" {
                    *bytes = String::from_utf8(bytes.clone()).unwrap().replacen(from, to, 1).into_bytes();
                }
            });
            assert_eq!(verified(&changed, &keys), Err(Flaw::Invalid), "{from}");
        }
    });
}

#[test]
fn no_byte_of_what_is_packed_can_be_turned_unseen() {
    let (_house, archive, keys) = house(Kind::Sqlite);
    let manifest = |bytes: &[u8]| verify(Cursor::new(bytes), keys.as_bytes()).map(|verified| verified.manifest);
    let whole = manifest(&archive.bytes).unwrap();
    // A byte of the archive's own frame may say nothing; but what is read out is the same, or it is refused.
    for at in 0..archive.bytes.len() {
        let mut changed = archive.bytes.clone();
        changed[at] ^= 0x10;
        if let Ok(manifest) = manifest(&changed) {
            assert_eq!(manifest, whole, "byte {at}");
            assert_eq!(Archive::of(changed).files, archive.files, "byte {at}");
        }
    }
}

#[test]
fn the_program_verifies_without_a_network_and_with_one() {
    both(|kind| {
        let (house, archive, keys) = house(kind);
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let (file, keys) = (place("export.zip", &archive.bytes), place("keys.json", keys.as_bytes()));
        let check = |file: &str, how: &[&str]| -> Said { run(program(&[&["export", "verify", file], how].concat())) };
        let said = check(&file, &["--keys", &keys]).done();
        assert!(said.out.starts_with("VALID") && said.out.contains("data.json"), "{}", said.out);
        let url = format!("http://{}", house.served.address);
        assert_eq!(check(&file, &["--url", &url]).done().out, said.out);
        let changed = packed(&archive, |name, bytes| {
            if name == "data.json" {
                bytes[40] ^= 1;
            }
        });
        let said = check(&place("changed.zip", &changed), &["--keys", &keys]);
        assert_eq!((said.code, said.out.as_str()), (5, "NOT VALID: data.json was changed.\n"));
        let cut = &archive.bytes[..archive.bytes.len() - 1_000];
        assert_eq!(check(&place("cut.zip", cut), &["--keys", &keys]).code, 5);
        check(&file, &["--keys", &place("none.json", b"{\"keys\":[]}")]).refused(4, "not among those given");
        check(&file, &["--keys", &file]).refused(4, "not a JSON Web Key set");
        assert_eq!(check(&file, &[]).code, 2);
        check("/nowhere.zip", &["--keys", &keys]).refused(2, "/nowhere.zip");
    });
}

#[test]
fn another_signed_document_is_no_manifest() {
    both(|kind| {
        let (house, archive, keys) = house(kind);
        let receipt = house.call("DELETE", "/v1/people/g", &json!(null)).text;
        let posing = packed(&archive, |name, bytes| {
            if name == "manifest.json" {
                *bytes = receipt.clone().into_bytes();
            }
        });
        assert_eq!(verified(&posing, &keys), Err(Flaw::NotAnExport));
        assert_eq!(Raw::of(&house.home).count("people"), 0);
    });
}

#[test]
fn an_archive_with_two_files_of_one_name_is_none_of_ours() {
    let (_house, archive, keys) = house(Kind::Sqlite);
    for (forged, first) in [(b"{}".as_slice(), true), (b"{}", false)] {
        // The writer refuses a name that is taken: another of the same length is overwritten afterwards.
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let mut files: Vec<(&str, &[u8])> = FILES.map(|name| (name, archive.files[name].as_bytes())).to_vec();
        files.insert(if first { 0 } else { files.len() }, ("data_json", forged));
        for (name, bytes) in files {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        let mut bytes = zip.finish().unwrap().into_inner();
        let (posing, name) = (b"data_json".as_slice(), b"data.json");
        let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(posing)).collect();
        assert_eq!(places.len(), 2, "before the file and in the directory");
        for at in places {
            bytes[at..at + name.len()].copy_from_slice(name);
        }
        assert_eq!(verified(&bytes, &keys), Err(Flaw::OtherFiles), "first: {first}");
    }
}
