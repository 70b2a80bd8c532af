//! Physical lines of a file, each of bounded length, so that a file without line breaks cannot fill the memory.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

/// The longest line, in bytes; the same bound as a line of NDJSON by default.
pub const MAX_LINE_BYTES: usize = 65_536;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// One line, with its ending.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// Its place in the file, from 1.
    pub number: u64,
    /// The bytes, line ending included.
    pub bytes: Vec<u8>,
    /// Whether it was longer than [`MAX_LINE_BYTES`]; the rest of it was passed over.
    pub cut: bool,
}

impl Line {
    /// The line without its ending, and the ending: `\n`, `\r\n` or, at the end of a file, none.
    #[must_use]
    pub fn split(&self) -> (&[u8], &[u8]) {
        let whole = self.bytes.as_slice();
        let body = whole.strip_suffix(b"\r\n").or_else(|| whole.strip_suffix(b"\n")).unwrap_or(whole);
        (body, &self.bytes[body.len()..])
    }
}

/// Reads a file line by line; lines can be put back, to be read again.
pub struct Lines<R> {
    input: R,
    ahead: VecDeque<Line>,
    number: u64,
    read_bytes: u64,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `input`.
    pub fn new(input: R) -> Self {
        Self { input, ahead: VecDeque::new(), number: 0, read_bytes: 0 }
    }

    /// How many bytes were taken from the file so far.
    pub fn read_bytes(&self) -> u64 {
        self.read_bytes
    }

    /// The next line; none at the end.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.ahead.pop_front() {
            return Ok(Some(line));
        }
        let mut bytes = Vec::with_capacity(256);
        let most = MAX_LINE_BYTES as u64;
        let taken = self.input.by_ref().take(most).read_until(b'\n', &mut bytes)?;
        self.read_bytes += taken as u64;
        if taken == 0 {
            return Ok(None);
        }
        let cut = taken == MAX_LINE_BYTES && !bytes.ends_with(b"\n") && self.pass_over()?;
        self.number += 1;
        if self.number == 1 && bytes.starts_with(BOM) {
            bytes.drain(..BOM.len());
        }
        Ok(Some(Line { number: self.number, bytes, cut }))
    }

    /// Puts lines back in front, in their order.
    pub fn put_back(&mut self, lines: impl DoubleEndedIterator<Item = Line>) {
        for line in lines.rev() {
            self.ahead.push_front(line);
        }
    }

    /// Reads to the end of the line without keeping it; false when the file ended just here.
    fn pass_over(&mut self) -> io::Result<bool> {
        let mut passed = false;
        loop {
            let ahead = self.input.fill_buf()?;
            if ahead.is_empty() {
                return Ok(passed);
            }
            passed = true;
            let end = ahead.iter().position(|&byte| byte == b'\n');
            let used = end.map_or(ahead.len(), |at| at + 1);
            self.input.consume(used);
            self.read_bytes += used as u64;
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(input: &[u8]) -> Vec<(u64, Vec<u8>, bool)> {
        let mut lines = Lines::new(input);
        std::iter::from_fn(|| lines.next().unwrap())
            .map(|line| (line.number, line.split().0.to_vec(), line.cut))
            .collect()
    }

    #[test]
    fn endings_and_byte_order_mark_are_taken_off() {
        let found = all(b"\xef\xbb\xbfa,b\r\nc\n\n\xef\xbb\xbfd");
        let bodies: Vec<&[u8]> = found.iter().map(|line| line.1.as_slice()).collect();
        assert_eq!(bodies, [b"a,b".as_slice(), b"c", b"", b"\xef\xbb\xbfd"]);
        assert_eq!(found.iter().map(|line| line.0).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert!(all(b"").is_empty());
    }

    #[test]
    fn a_line_too_long_is_cut_and_the_next_one_whole() {
        let mut input = vec![b'x'; 3 * MAX_LINE_BYTES];
        input.extend_from_slice(b"\nnext\n");
        let found = all(&input);
        assert_eq!((found[0].1.len(), found[0].2), (MAX_LINE_BYTES, true));
        assert_eq!(found[1], (2, b"next".to_vec(), false));
        let whole = [vec![b'x'; MAX_LINE_BYTES - 1], b"\ny".to_vec()].concat();
        assert_eq!(all(&whole).iter().map(|line| line.2).collect::<Vec<_>>(), [false, false]);
        assert!(!all(&vec![b'x'; MAX_LINE_BYTES])[0].2, "the file ends where the bound is");
    }

    #[test]
    fn lines_put_back_come_again_in_order() {
        let mut lines = Lines::new(b"a\nb\nc\n".as_slice());
        let (a, b) = (lines.next().unwrap().unwrap(), lines.next().unwrap().unwrap());
        lines.put_back([a, b].into_iter());
        let rest: Vec<u64> = std::iter::from_fn(|| lines.next().unwrap()).map(|line| line.number).collect();
        assert_eq!(rest, [1, 2, 3]);
        assert_eq!(lines.read_bytes(), 6);
    }
}
