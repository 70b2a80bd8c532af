//! A search of raw files for erased bytes, by their fingerprints alone.

use crate::crypto::mark::{MARK_BYTES, MARKED_BYTES, mark};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The first byte of sealed bytes, at which alone a fingerprint can begin.
const FIRST: u8 = 1;
/// The shortest sealed value: format, nonce and tag around nothing.
const SHORTEST: usize = 29;
/// How much of a file is in memory at once.
const WINDOW_BYTES: usize = 1 << 20;

/// Fingerprints, found fast.
pub(super) struct Marks {
    sorted: Vec<u128>,
    /// Where those begin whose highest 16 bits are this or more.
    starts: Vec<usize>,
}

impl Marks {
    /// Of rows of fingerprints one after the other.
    pub fn new<'a>(rows: impl Iterator<Item = &'a [u8]>) -> Self {
        let (mut sorted, mut starts) = (Vec::new(), Vec::with_capacity(65_537));
        for row in rows {
            sorted.extend(row.as_chunks::<MARK_BYTES>().0.iter().map(|mark| u128::from_be_bytes(*mark)));
        }
        sorted.sort_unstable();
        sorted.dedup();
        for head in 0..=65_536_u128 {
            let from = starts.last().copied().unwrap_or(0);
            starts.push(from + sorted[from..].partition_point(|mark| mark >> 112 < head));
        }
        Self { sorted, starts }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    fn contains(&self, mark: [u8; MARK_BYTES]) -> bool {
        let head = usize::from(u16::from_be_bytes([mark[0], mark[1]]));
        self.sorted[self.starts[head]..self.starts[head + 1]].binary_search(&u128::from_be_bytes(mark)).is_ok()
    }

    /// Whether erased bytes begin here.
    fn begin(&self, bytes: &[u8]) -> bool {
        let most = bytes.len().min(MARKED_BYTES);
        (SHORTEST..=most).rev().any(|length| self.contains(mark(&bytes[..length])))
    }
}

/// Where in a file erased bytes begin, each place told to `found`; returns how many bytes were searched.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn search(path: &Path, marks: &Marks, mut found: impl FnMut(u64)) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut window = vec![0; WINDOW_BYTES];
    // What of the window is filled, and where in the file it begins.
    let (mut filled, mut at) = (0, 0_u64);
    loop {
        let read = file.read(&mut window[filled..])?;
        filled += read;
        let over = read == 0;
        // The end of a window is looked at again with what follows.
        let until = if over { filled } else { (filled + 1).saturating_sub(MARKED_BYTES) };
        let mut from = 0;
        while let Some(next) = window[from..until].iter().position(|byte| *byte == FIRST) {
            if marks.begin(&window[from + next..filled]) {
                found(at + (from + next) as u64);
            }
            from += next + 1;
        }
        if over {
            return Ok(at + filled as u64);
        }
        window.copy_within(until..filled, 0);
        at += until as u64;
        filled -= until;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(seed: u8, length: usize) -> Vec<u8> {
        let tail = (1..length).map(|i| seed.wrapping_mul(31).wrapping_add((i * i % 251).try_into().unwrap()));
        std::iter::once(FIRST).chain(tail).collect()
    }

    #[test]
    fn erased_bytes_are_found_wherever_they_are() {
        let values: Vec<Vec<u8>> =
            [29, 30, 31, 32, 61, 200].iter().zip(1..).map(|(n, seed)| sealed(seed, *n)).collect();
        let row: Vec<u8> = values.iter().flat_map(|value| mark(value)).collect();
        let marks = Marks::new([&row[..32], &row[32..], &row[..16]].into_iter());
        assert_eq!(marks.len(), values.len());
        // At the start, across two windows, cut after what the fingerprint needs, and at the very end.
        let mut bytes = vec![1; 3 * WINDOW_BYTES];
        let places = [0, 5_000, WINDOW_BYTES - 31, 2 * WINDOW_BYTES - 1, 2 * WINDOW_BYTES + 70, 3 * WINDOW_BYTES - 200];
        for (value, at) in values.iter().zip(places) {
            bytes[at..at + value.len()].copy_from_slice(value);
        }
        bytes.truncate(3 * WINDOW_BYTES - 200 + 32);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, &bytes).unwrap();
        let mut found = Vec::new();
        let searched = search(&path, &marks, |at| found.push(at)).unwrap();
        assert_eq!((searched, found), (bytes.len() as u64, places.map(|at| at as u64).to_vec()));
    }

    #[test]
    fn a_value_that_is_cut_or_changed_is_not_found() {
        let value = sealed(9, 60);
        let marks = Marks::new([mark(&value).as_slice()].into_iter());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let mut changed = value.clone();
        changed[31] ^= 1;
        for bytes in [&value[..31], &changed, &[]] {
            std::fs::write(&path, bytes).unwrap();
            search(&path, &marks, |at| panic!("found at {at}")).unwrap();
        }
    }

    #[test]
    fn no_fingerprints_match_nothing() {
        let none = Marks::new(std::iter::empty());
        assert!(none.len() == 0 && !none.begin(&sealed(1, 40)));
    }
}
