//! The file under everything that crashes, disks and neighbours do to it.

use super::*;
use crate::domain::{CustomerId, PublicId};
use std::os::unix::fs::PermissionsExt;
use std::thread;

/// A folder of its own, gone at the end.
struct Scratch(tempfile::TempDir);

impl Scratch {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("erasures.journal")
    }

    fn open(&self) -> FileJournal {
        FileJournal::open(&self.path()).unwrap()
    }

    /// A file of these bytes in the place of the journal.
    fn put(&self, bytes: &[u8]) {
        fs::write(self.path(), bytes).unwrap();
    }
}

fn entry(number: u8) -> Entry {
    let erased_at = Timestamp::from_micros(1_700_000_000_000_000 + i64::from(number)).unwrap();
    let deletion = PublicId(Uuid::from_u128(number.into()));
    Entry { deletion, customer: CustomerId(i64::from(number) * 7), digest: [number; 32], epoch: 1, erased_at }
}

fn all(journal: &mut FileJournal) -> Vec<Stored> {
    let mut found = Vec::new();
    journal
        .read_after(0, &mut |stored| {
            found.push(stored);
            Ok(())
        })
        .unwrap();
    found
}

fn numbers(journal: &mut FileJournal) -> Vec<u64> {
    all(journal).iter().map(|stored| stored.seq).collect()
}

#[test]
fn what_is_added_is_read_again_in_order() {
    let scratch = Scratch::new();
    let mut journal = scratch.open();
    journal.append(&[entry(1), entry(2)], 0).unwrap();
    journal.append(&[entry(3)], 0).unwrap();
    let mut again = scratch.open();
    assert_eq!((again.id().unwrap(), again.last_seq().unwrap()), (journal.id().unwrap(), 3));
    let expected: Vec<Stored> = (1..=3).map(|n| Stored { seq: n.into(), entry: entry(n) }).collect();
    assert_eq!(all(&mut again), expected);
    let mut later = Vec::new();
    let mut keep = |stored: Stored| {
        later.push(stored.seq);
        Ok(())
    };
    again.read_after(2, &mut keep).unwrap();
    assert_eq!(later, [3]);
    journal.append(&[entry(4)], 10).unwrap();
    assert_eq!(numbers(&mut again), [1, 2, 3, 11]);
    assert_eq!(fs::metadata(scratch.path()).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(fs::read_dir(scratch.0.path()).unwrap().count(), 1, "no draft is left");
}

#[test]
fn whatever_a_crash_leaves_of_the_last_line_is_cut_off() {
    let scratch = Scratch::new();
    scratch.open().append(&[entry(1), entry(2), entry(3)], 0).unwrap();
    let whole = fs::read(scratch.path()).unwrap();
    let ends: Vec<usize> = whole.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1).collect();
    for length in 0..whole.len() {
        for zeros in [0, 5_000] {
            scratch.put(&[&whole[..length], &vec![0; zeros]].concat());
            let there = ends.iter().filter(|end| **end <= length).count();
            let opened = FileJournal::open(&scratch.path());
            if there == 0 {
                // The first line is put in place whole; without it nobody can say which journal this is.
                let refused = opened.err().unwrap();
                assert!(matches!(refused, JournalError::Damaged { line: 1, .. }), "{length}");
                continue;
            }
            let mut journal = opened.unwrap();
            assert_eq!(numbers(&mut journal), (1..there as u64).collect::<Vec<_>>(), "{length} {zeros}");
            assert_eq!(fs::metadata(scratch.path()).unwrap().len(), ends[there - 1] as u64);
            journal.append(&[entry(9)], 0).unwrap();
            assert_eq!(numbers(&mut scratch.open()), (1..=there as u64).collect::<Vec<_>>(), "{length} {zeros}");
        }
    }
}

#[test]
fn a_changed_bit_anywhere_is_refused_with_its_line() {
    let scratch = Scratch::new();
    scratch.open().append(&[entry(1), entry(2), entry(3)], 0).unwrap();
    let whole = fs::read(scratch.path()).unwrap();
    let mut line = 1;
    for (at, byte) in whole.iter().enumerate() {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            scratch.put(&changed);
            // The very last byte tells a line that is whole from one that a crash has left.
            if at + 1 == whole.len() {
                assert_eq!(numbers(&mut scratch.open()), [1, 2]);
                continue;
            }
            let refused = FileJournal::open(&scratch.path()).err().unwrap_or_else(|| panic!("byte {at} bit {bit}"));
            let JournalError::Damaged { line: named, .. } = &refused else { panic!("{refused}") };
            assert_eq!(*named, line, "byte {at} bit {bit}: {refused}");
            assert!(refused.to_string().contains(&format!("line {line}: ")) && !refused.to_string().contains("0909"));
            assert_eq!(fs::read(scratch.path()).unwrap(), changed, "it is left as it was found");
        }
        line += u64::from(*byte == b'\n');
    }
}

#[test]
fn lines_that_are_moved_repeated_or_of_another_journal_are_refused() {
    let (scratch, other) = (Scratch::new(), Scratch::new());
    for journal in [&scratch, &other] {
        journal.open().append(&[entry(1), entry(2), entry(3)], 0).unwrap();
    }
    let lines = |scratch: &Scratch| -> Vec<String> {
        fs::read_to_string(scratch.path()).unwrap().split_inclusive('\n').map(str::to_owned).collect()
    };
    let (own, foreign) = (lines(&scratch), lines(&other));
    for (changed, line) in [
        ([&own[0], &own[2], &own[1], &own[3]], 3),
        ([&own[0], &own[1], &own[1], &own[3]], 3),
        ([&own[0], &own[1], &foreign[2], &own[3]], 3),
        ([&foreign[0], &own[1], &own[2], &own[3]], 2),
        ([&own[0], &own[1], &own[0], &own[3]], 3),
    ] {
        scratch.put(changed.map(String::as_str).concat().as_bytes());
        let refused = FileJournal::open(&scratch.path()).err().unwrap();
        assert!(matches!(refused, JournalError::Damaged { line: named, .. } if named == line), "{refused}");
    }
}

#[test]
fn damage_that_comes_while_it_is_open_is_noticed() {
    let scratch = Scratch::new();
    let mut journal = scratch.open();
    journal.append(&[entry(1)], 0).unwrap();
    let mut whole = fs::read(scratch.path()).unwrap();
    whole.extend_from_slice(b"nonsense\n");
    scratch.put(&whole);
    assert!(matches!(journal.append(&[entry(2)], 0), Err(JournalError::Damaged { line: 3, .. })));
    fs::remove_file(scratch.path()).unwrap();
    assert!(matches!(journal.append(&[entry(2)], 0), Err(JournalError::Gone(_))));
}

#[test]
fn two_processes_with_eight_threads_keep_lines_whole_and_numbers_single() {
    let scratch = Scratch::new();
    // A handle of its own opens the file anew and so has a lock of its own, as a process has.
    thread::scope(|scope| {
        for process in 0..2 {
            let scratch = &scratch;
            scope.spawn(move || {
                let journal = std::sync::Mutex::new(scratch.open());
                thread::scope(|scope| {
                    for thread in 0..8 {
                        let journal = &journal;
                        scope.spawn(move || {
                            for _ in 0..20 {
                                let entries = [entry(process * 8 + thread), entry(200)];
                                journal.lock().unwrap().append(&entries, 0).unwrap();
                            }
                        });
                    }
                });
            });
        }
    });
    let found = all(&mut scratch.open());
    assert_eq!(found.iter().map(|stored| stored.seq).collect::<Vec<_>>(), (1..=640).collect::<Vec<_>>());
    for of in 0..16 {
        assert_eq!(found.iter().filter(|stored| stored.entry == entry(of)).count(), 20);
    }
}

#[test]
fn a_compaction_keeps_id_and_numbers_while_another_process_goes_on() {
    let scratch = Scratch::new();
    let (mut one, mut other) = (scratch.open(), scratch.open());
    let id = one.id().unwrap();
    one.append(&[entry(10), entry(50), entry(20), entry(60)], 0).unwrap();
    assert_eq!(other.last_seq().unwrap(), 4);
    assert_eq!(one.compact(entry(5).erased_at).unwrap(), 0);
    assert_eq!(one.compact(entry(30).erased_at).unwrap(), 2);
    other.append(&[entry(70)], 0).unwrap();
    assert_eq!(numbers(&mut one), [2, 4, 5]);
    assert_eq!(one.compact(entry(100).erased_at).unwrap(), 3);
    assert_eq!((other.id().unwrap(), other.last_seq().unwrap()), (id, 5));
    other.append(&[entry(80)], 0).unwrap();
    assert_eq!((numbers(&mut one), one.last_seq().unwrap()), (vec![6], 6));
    assert_eq!(fs::metadata(scratch.path()).unwrap().permissions().mode() & 0o7777, 0o600);

    thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut journal = scratch.open();
                    (0..50).for_each(|_| journal.append(&[entry(200)], 0).unwrap());
                })
            })
            .collect();
        let mut journal = scratch.open();
        while writers.iter().any(|writer| !writer.is_finished()) {
            journal.append(&[entry(1)], 0).unwrap();
            journal.compact(entry(100).erased_at).unwrap();
        }
    });
    let found = all(&mut one);
    assert_eq!(found.iter().filter(|stored| stored.entry == entry(200)).count(), 200);
    assert!(found.is_sorted_by(|a, b| a.seq < b.seq));
}

#[test]
fn those_who_start_at_once_make_one_journal() {
    let scratch = Scratch::new();
    let ids: Vec<Uuid> = thread::scope(|scope| {
        let racers: Vec<_> = (0..16).map(|_| scope.spawn(|| scratch.open().id().unwrap())).collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(fs::read_dir(scratch.0.path()).unwrap().count(), 1);
}
