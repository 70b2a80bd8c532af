//! Rows of a CSV file (RFC 4180), strictly and one by one: a damaged row costs itself, never its neighbours.
//!
//! A quote that nothing closes would swallow the rest of the file. So a row that does not hold together is given up at
//! its first line, and reading goes on with the second.

use super::lines::{Line, Lines, MAX_LINE_BYTES};
use crate::domain::FieldError;
use std::io::{self, BufRead};

/// The most lines that one row may stretch over.
pub const MAX_ROW_LINES: usize = 100;

/// A row taken apart.
#[derive(Default)]
pub struct Row {
    /// Its place among the rows below the header, from 1.
    pub number: u64,
    /// The line that it starts on, from 1; the header is a line too.
    pub line: u64,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Row {
    /// How many fields it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The field at `index`, from 0; empty when there is none.
    #[must_use]
    pub fn field(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends.get(before).copied().unwrap_or_default());
        self.ends.get(index).and_then(|&end| self.bytes.get(start..end)).unwrap_or_default()
    }

    fn end_field(&mut self) {
        self.ends.push(self.bytes.len());
    }
}

/// A row that could not be taken apart.
pub struct Damaged {
    /// Its place among the rows below the header, from 1.
    pub number: u64,
    /// The line that it starts on.
    pub line: u64,
    /// Why.
    pub error: FieldError,
}

/// Reads a file row by row; empty lines between rows are passed over.
pub struct Records<R> {
    lines: Lines<R>,
    delimiter: u8,
    fields: Option<usize>,
    rows: u64,
}

impl<R: BufRead> Records<R> {
    /// The rows of `input`, its fields parted by `delimiter`.
    pub fn new(input: R, delimiter: u8) -> Self {
        Self { lines: Lines::new(input), delimiter, fields: None, rows: 0 }
    }

    /// How many bytes were taken from the file so far.
    pub fn read_bytes(&self) -> u64 {
        self.lines.read_bytes()
    }

    /// The first row, which names the columns; each row after it must have as many fields. None when the file is empty.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn header(&mut self) -> io::Result<Option<Result<Row, Damaged>>> {
        let header = self.next()?;
        self.rows = 0;
        if let Some(Ok(row)) = &header {
            self.fields = Some(row.len());
        }
        Ok(header)
    }

    /// The next row; none at the end of the file.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next(&mut self) -> io::Result<Option<Result<Row, Damaged>>> {
        let Some(first) = self.first_line()? else { return Ok(None) };
        self.rows += 1;
        let (number, line) = (self.rows, first.number);
        let mut splitter = Splitter::new(self.delimiter, Row { number, line, ..Row::default() });
        let mut kept: Vec<Line> = Vec::new();
        let mut next = Some(first);
        let error = loop {
            let Some(line) = next else {
                break Some(FieldError::new("open_quote", "has a quotation mark that is never closed"));
            };
            let progress = splitter.feed(&line);
            kept.push(line);
            match progress {
                Ok(true) => break self.wrong_width(&splitter.row),
                Ok(false) if kept.len() == MAX_ROW_LINES || splitter.row.bytes.len() > MAX_LINE_BYTES => {
                    let bounds = format!("stretches over more than {MAX_ROW_LINES} lines or {MAX_LINE_BYTES} bytes");
                    break Some(FieldError::new("open_quote", format!("{bounds}: is a quotation mark never closed?")));
                }
                Ok(false) => next = self.lines.next()?,
                Err(error) => break Some(error),
            }
        };
        Ok(Some(match error {
            None => Ok(splitter.row),
            Some(error) => {
                self.lines.put_back(kept.drain(1..));
                Err(Damaged { number, line, error })
            }
        }))
    }

    fn first_line(&mut self) -> io::Result<Option<Line>> {
        while let Some(line) = self.lines.next()? {
            if line.cut || !line.split().0.is_empty() {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    fn wrong_width(&self, row: &Row) -> Option<FieldError> {
        let wanted = self.fields.filter(|&fields| fields != row.len())?;
        let detail = format!("has {} fields where the header has {wanted}", row.len());
        Some(FieldError::new("wrong_field_count", detail))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the start of a field.
    Start,
    /// In a field without quotation marks.
    Plain,
    /// Between quotation marks.
    Quoted,
    /// Behind a quotation mark that closes the field, unless another one follows.
    Closed,
}

/// Takes the lines of one row apart.
struct Splitter {
    delimiter: u8,
    state: State,
    row: Row,
}

impl Splitter {
    fn new(delimiter: u8, row: Row) -> Self {
        Self { delimiter, state: State::Start, row }
    }

    /// Takes in a further line; true when the row ends with it.
    fn feed(&mut self, line: &Line) -> Result<bool, FieldError> {
        if line.cut {
            return Err(FieldError::new("line_too_long", format!("has a line of more than {MAX_LINE_BYTES} bytes")));
        }
        let (body, ending) = line.split();
        for &byte in body {
            self.take(byte)?;
        }
        if self.state == State::Quoted {
            self.row.bytes.extend_from_slice(ending);
            return Ok(false);
        }
        self.row.end_field();
        Ok(true)
    }

    fn take(&mut self, byte: u8) -> Result<(), FieldError> {
        self.state = match (self.state, byte) {
            (State::Start, b'"') => State::Quoted,
            (State::Quoted, b'"') => State::Closed,
            (State::Start | State::Plain | State::Closed, byte) if byte == self.delimiter => {
                self.row.end_field();
                State::Start
            }
            (State::Plain, b'"') => {
                let detail = "has a quotation mark inside a field that is not in quotation marks";
                return Err(FieldError::new("stray_quote", detail));
            }
            (State::Start | State::Plain, _) => self.keep(byte, State::Plain),
            // A quotation mark inside a field is written twice.
            (State::Closed, b'"') | (State::Quoted, _) => self.keep(byte, State::Quoted),
            (State::Closed, _) => {
                let detail = "goes on behind a closing quotation mark; one inside a field is written twice";
                return Err(FieldError::new("stray_quote", detail));
            }
        };
        Ok(())
    }

    fn keep(&mut self, byte: u8, state: State) -> State {
        self.row.bytes.push(byte);
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Fields = Result<Vec<String>, &'static str>;

    /// Each row as its number, its line, and its fields or what is wrong with it.
    fn rows(text: &[u8]) -> Vec<(u64, u64, Fields)> {
        let mut records = Records::new(text, b',');
        assert!(records.header().unwrap().is_some_and(|header| header.is_ok()));
        let next = || records.next().unwrap();
        let shown = |row: Result<Row, Damaged>| match row {
            Ok(row) => (row.number, row.line, Ok(fields(&row))),
            Err(damaged) => (damaged.number, damaged.line, Err(damaged.error.code)),
        };
        std::iter::from_fn(next).map(shown).collect()
    }

    fn fields(row: &Row) -> Vec<String> {
        (0..row.len()).map(|index| String::from_utf8_lossy(row.field(index)).into_owned()).collect()
    }

    #[expect(clippy::unnecessary_wraps, reason = "stands beside rows that are damaged")]
    fn whole(fields: [&str; 2]) -> Fields {
        Ok(fields.map(str::to_owned).to_vec())
    }

    #[test]
    fn quotes_line_breaks_and_endings() {
        let found = rows(b"a,b\r\n1,\"x, \"\"y\"\"\"\r\n\r\n\"two\r\nlines\",\n\n,last");
        let expected =
            [(1, 2, whole(["1", "x, \"y\""])), (2, 4, whole(["two\r\nlines", ""])), (3, 7, whole(["", "last"]))];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_damaged_row_costs_itself_alone() {
        let found = rows(b"a,b\n1,\"never closed\n2,x\n3,o\"dd\n4,\"closed\"!\n5,\"y\"\n6\n7,8,9\n10,z\n");
        let expected = [
            (1, 2, Err("stray_quote")),
            (2, 3, whole(["2", "x"])),
            (3, 4, Err("stray_quote")),
            (4, 5, Err("stray_quote")),
            (5, 6, whole(["5", "y"])),
            (6, 7, Err("wrong_field_count")),
            (7, 8, Err("wrong_field_count")),
            (8, 9, whole(["10", "z"])),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_quote_that_nothing_closes_is_given_up_within_bounds() {
        let text = format!("a,b\n1,\"open\n{}", "2,x\n".repeat(2 * MAX_ROW_LINES));
        let found = rows(text.as_bytes());
        assert_eq!(found[0], (1, 2, Err("open_quote")));
        assert_eq!(found.len(), 1 + 2 * MAX_ROW_LINES);
        assert!(found[1..].iter().all(|row| row.2 == whole(["2", "x"])));
        assert_eq!(rows(b"a,b\n1,\"open\n2,x")[..], [(1, 2, Err("open_quote")), (2, 3, whole(["2", "x"]))]);
        let long = [b"a,b\n1,".as_slice(), &vec![b'x'; 2 * MAX_LINE_BYTES], b"\n2,y"].concat();
        assert_eq!(rows(&long)[..], [(1, 2, Err("line_too_long")), (2, 3, whole(["2", "y"]))]);
    }

    proptest! {
        #[test]
        fn what_another_writer_writes_is_read_back(table in proptest::collection::vec(
            proptest::collection::vec("[a-zæ ,;\"\r\n\u{feff}]{0,6}", 3..4), 1..20)
        ) {
            let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            writer.write_record(["h1", "h2", "h3"]).unwrap();
            for row in &table {
                writer.write_record(row).unwrap();
            }
            let text = writer.into_inner().unwrap();
            let found: Vec<Vec<String>> = rows(&text).into_iter().map(|row| row.2.unwrap()).collect();
            prop_assert_eq!(found, table);
        }

        #[test]
        fn whatever_the_bytes_every_row_is_accounted_for(text in "[ab,\"\r\n]{0,400}") {
            let text = format!("h1,h2\n{text}");
            let found = rows(text.as_bytes());
            prop_assert!(found.iter().map(|row| row.0).eq(1..=found.len() as u64));
            prop_assert!(found.windows(2).all(|pair| pair[0].1 < pair[1].1));
            let filled = text.lines().skip(1).filter(|line| !line.is_empty()).count();
            prop_assert!(found.len() <= filled);
        }
    }
}
