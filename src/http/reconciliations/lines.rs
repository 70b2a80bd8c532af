//! The lines of a list, out of the pieces of a body: unpacked, cut, read, in constant memory.
//!
//! A list that ends too early would delete people. So a body must end as HTTP and gzip say, every line must be right,
//! and one that is not refuses the whole.

use crate::app::reconciliation::List;
use crate::domain::text::Ref;
use crate::domain::{Fault, FieldError};
use crate::error::{Code, Error};
use crate::http::extract::parse_json;
use flate2::write::GzDecoder;
use serde::Deserialize;
use std::io::{self, Write};

/// A line of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(rename = "ref")]
    reference: Ref,
}

/// What takes the pieces in.
pub(super) enum Reader {
    /// As they come.
    Plain(Box<Lines>),
    /// Unpacked first.
    Packed(Box<GzDecoder<Lines>>),
}

impl Reader {
    pub fn new(list: List, packed: bool, max_line_bytes: usize, max_body_bytes: u64) -> Self {
        let lines =
            Lines { list, rest: Vec::new(), number: 0, bytes: 0, max_line_bytes, max_body_bytes, refused: None };
        if packed { Self::Packed(Box::new(GzDecoder::new(lines))) } else { Self::Plain(Box::new(lines)) }
    }

    /// Takes a piece in.
    ///
    /// # Errors
    /// `invalid_input` for a line that is not right, naming it by its number; `body_too_large`, `malformed_body`.
    pub fn take(&mut self, piece: &[u8]) -> Result<(), Error> {
        match self {
            Self::Plain(lines) => lines.take(piece),
            Self::Packed(decoder) => {
                let written = decoder.write_all(piece);
                let refused = decoder.get_mut().refused.take();
                refused.map_or(Ok(()), Err).and_then(|()| written.map_err(|error| spoilt(&error)))
            }
        }
    }

    /// The list, when this was the whole of it.
    ///
    /// # Errors
    /// As [`Self::take`]; `malformed_body` when the packed form lacks its end.
    pub fn end(self) -> Result<List, Error> {
        match self {
            Self::Plain(lines) => lines.end(),
            Self::Packed(mut decoder) => {
                let finished = decoder.try_finish();
                let refused = decoder.get_mut().refused.take();
                refused.map_or(Ok(()), Err)?;
                finished.map_err(|error| spoilt(&error))?;
                // It is past its checksum, so it has nothing left to give.
                decoder.finish().map_err(|error| spoilt(&error))?.end()
            }
        }
    }
}

fn spoilt(error: &io::Error) -> Error {
    let what = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends too early",
        io::ErrorKind::WriteZero => "something follows its end",
        _ => "it is damaged",
    };
    Error::refused(Code::MalformedBody, format!("The body is not one whole gzip file: {what}."))
}

/// Cuts bytes into lines.
pub(super) struct Lines {
    list: List,
    /// The beginning of a line whose end has not come.
    rest: Vec<u8>,
    number: u64,
    bytes: u64,
    max_line_bytes: usize,
    max_body_bytes: u64,
    /// Why nothing more is taken, past the decoder, which knows only its own errors.
    refused: Option<Error>,
}

impl Lines {
    fn take(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        self.bytes += bytes.len() as u64;
        if self.bytes > self.max_body_bytes {
            let detail = format!("The body, unpacked, has more than {} bytes.", self.max_body_bytes);
            return Err(Error::refused(Code::BodyTooLarge, detail));
        }
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, more) = (&bytes[..end], &bytes[end + 1..]);
            if self.rest.is_empty() {
                self.line(line)?;
            } else {
                let mut whole = std::mem::take(&mut self.rest);
                whole.extend_from_slice(line);
                self.line(&whole)?;
            }
            bytes = more;
        }
        if self.rest.len() + bytes.len() > self.max_line_bytes {
            return Err(self.too_long());
        }
        self.rest.extend_from_slice(bytes);
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Error> {
        self.number += 1;
        if line.len() > self.max_line_bytes {
            self.number -= 1;
            return Err(self.too_long());
        }
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let number = self.number;
        let read = parse_json::<Line>(line, "").and_then(|line| self.list.add(&line.reference));
        read.map_err(|error| at_line(error, number))
    }

    fn too_long(&self) -> Error {
        let detail = format!("Line {} has more than {} bytes.", self.number + 1, self.max_line_bytes);
        Error::refused(Code::BodyTooLarge, detail)
    }

    fn end(mut self) -> Result<List, Error> {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            self.line(&rest)?;
        }
        Ok(self.list)
    }
}

/// For the decoder.
impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes).map_err(|error| {
            self.refused = Some(error);
            io::Error::other("refused")
        })?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A fault in a line refuses the whole list, and says where it is.
fn at_line(error: Error, number: u64) -> Error {
    let place = |fault: Fault| Fault { detail: format!("{} (line {number})", fault.detail), ..fault };
    match error {
        Error::Refused { code: Code::InvalidInput, faults, .. } => {
            Error::invalid(faults.into_iter().map(place).collect())
        }
        Error::Refused { code: Code::MalformedBody, .. } => {
            let error = FieldError::new("malformed_line", "must have one JSON object {\"ref\": …} in each line");
            Error::invalid(vec![place(error.at(""))])
        }
        other => other,
    }
}
