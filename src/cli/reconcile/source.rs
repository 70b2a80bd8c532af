//! The customer's list on disk: refs out of CSV, NDJSON or plain lines, one after the other.

use crate::cli::outcome::Failure;
use crate::domain::text::Ref;
use csv::StringRecord;
use serde::Deserialize;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The longest line that is looked at; a ref has at most 200 characters.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// How the file is to be read.
#[derive(Debug, Clone)]
pub(super) enum Form {
    /// CSV with a line of column names, of which this one holds the refs.
    Csv { column: String, delimiter: u8 },
    /// `{"ref": …}` a line; other fields are passed over.
    Ndjson,
    /// A ref a line.
    Lines,
}

/// A file that can be read from its beginning, more than once.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub path: PathBuf,
    pub form: Form,
}

impl Source {
    /// By the column's name it is CSV, else by the file's name.
    pub fn new(path: &Path, column: Option<&str>, delimiter: u8) -> Self {
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        let form = match (column, ending.as_deref()) {
            (Some(column), _) => Form::Csv { column: column.to_owned(), delimiter },
            (None, Some("csv")) => Form::Csv { column: "ref".to_owned(), delimiter },
            (None, Some("ndjson" | "jsonl")) => Form::Ndjson,
            _ => Form::Lines,
        };
        Self { path: path.to_owned(), form }
    }

    pub fn is_stream(&self) -> bool {
        self.path == Path::new("-")
    }

    /// The refs from the first.
    pub fn refs(&self) -> Result<Refs, Failure> {
        let refused = |error: io::Error| Failure::Usage(format!("{}: {error}", self.path.display()));
        let input: Box<dyn Read> =
            if self.is_stream() { Box::new(io::stdin()) } else { Box::new(File::open(&self.path).map_err(refused)?) };
        let input = BufReader::with_capacity(1 << 16, input);
        let reader = match &self.form {
            Form::Csv { column, delimiter } => {
                let mut csv = csv::ReaderBuilder::new().delimiter(*delimiter).from_reader(input);
                let headers =
                    csv.headers().map_err(|error| Failure::Usage(format!("{}: {error}", self.path.display())))?;
                // Some programs begin a file with a mark of the encoding.
                let named = |name: &str| name.trim_start_matches('\u{feff}') == column;
                let place = headers.iter().position(named).ok_or_else(|| {
                    Failure::Usage(format!("{} has no column {column}; --column names another", self.path.display()))
                })?;
                Reader::Csv(Box::new(csv), StringRecord::new(), place)
            }
            Form::Ndjson => Reader::Lines(input, Vec::new(), true),
            Form::Lines => Reader::Lines(input, Vec::new(), false),
        };
        Ok(Refs { reader, name: self.path.display().to_string(), line: 0 })
    }
}

type Input = BufReader<Box<dyn Read>>;

enum Reader {
    Csv(Box<csv::Reader<Input>>, StringRecord, usize),
    Lines(Input, Vec<u8>, bool),
}

/// Refs as they are read.
pub(super) struct Refs {
    reader: Reader,
    name: String,
    line: u64,
}

impl Refs {
    /// The next one; none after the last.
    ///
    /// A line that is not right ends everything: a list with a gap would delete the person who is missing.
    pub fn next(&mut self) -> Result<Option<Ref>, Failure> {
        let text = match &mut self.reader {
            Reader::Csv(csv, record, place) => {
                let read = csv.read_record(record);
                self.line = record.position().map_or(0, csv::Position::line);
                match read {
                    Ok(false) => return Ok(None),
                    Ok(true) => record.get(*place).unwrap_or_default().to_owned(),
                    Err(error) => return Err(Failure::Refused(format!("{}: {error}", self.name))),
                }
            }
            Reader::Lines(input, buffer, json) => loop {
                buffer.clear();
                let read = input.take(MAX_LINE_BYTES).read_until(b'\n', buffer);
                self.line += 1;
                let wrong = |what: &str| Failure::Refused(format!("{}, line {}: {what}", self.name, self.line));
                if read.map_err(|error| wrong(&error.to_string()))? == 0 {
                    return Ok(None);
                }
                let text = std::str::from_utf8(buffer).map_err(|_| wrong("is not UTF-8"))?;
                let text = text.trim_end_matches(['\n', '\r']).trim_start_matches('\u{feff}');
                if text.trim().is_empty() {
                    continue;
                }
                break if *json {
                    object(text).ok_or_else(|| wrong("is not {\"ref\": …}"))?
                } else {
                    text.to_owned()
                };
            },
        };
        let refused = |error: crate::domain::FieldError| {
            Failure::Refused(format!("{}, line {}: the ref {}", self.name, self.line, error.detail))
        };
        Ref::new(text).map(Some).map_err(refused)
    }
}

fn object(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Line {
        #[serde(rename = "ref")]
        reference: String,
    }
    serde_json::from_str::<Line>(text).ok().map(|line| line.reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str, column: Option<&str>, delimiter: u8) -> Result<Vec<String>, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        let said = |failure: Failure| failure.to_string().rsplit('/').next().unwrap().to_owned();
        let mut refs = Source::new(&path, column, delimiter).refs().map_err(said)?;
        let mut found = Vec::new();
        while let Some(one) = refs.next().map_err(said)? {
            found.push(one.as_str().to_owned());
        }
        Ok(found)
    }

    #[test]
    fn refs_are_found_in_each_form() {
        let expected = Ok(vec!["a, 1".to_owned(), "b".to_owned()]);
        assert_eq!(read("refs.csv", "\u{feff}ref,name\n\"a, 1\",Åse\nb,Bo\n", None, b','), expected);
        assert_eq!(read("refs.txt", "id;name\na, 1;Åse\nb;Bo", Some("id"), b';'), expected);
        assert_eq!(read("refs.ndjson", "{\"ref\":\"a, 1\",\"x\":1}\n\n{\"ref\":\"b\"}", None, b','), expected);
        assert_eq!(read("refs", "\u{feff}a, 1\r\nb\r\n\r\n", None, b','), expected);
    }

    #[test]
    fn a_line_that_is_not_right_ends_everything() {
        let said = |name, text, says: &str| {
            let error = read(name, text, None, b',').unwrap_err();
            assert!(error.contains(says) && !error.contains("Victoria"), "{error}");
        };
        said("refs.csv", "id\na\n", "has no column ref");
        said("refs.csv", "ref,name\na,Victoria\n,Victoria\n", "refs.csv, line 3: the ref must have 1 to 200");
        said("refs.csv", "ref,name\na\n", "record 1");
        said("refs.jsonl", "{\"ref\":\"a\"}\n{\"ref\":", "line 2: is not {\"ref\": …}");
        said("refs", &format!("a\n{}\n", "x".repeat(201)), "line 2: the ref must have at most 200");
    }
}
