//! The list as it goes over the wire: NDJSON, packed by gzip, made while it is sent.

use super::source::Refs;
use crate::app::reconciliation::Part;
use crate::cli::outcome::Failure;
use crate::domain::text::Ref;
use flate2::Compression;
use flate2::read::GzEncoder;
use std::io::{self, Read};

/// How much is made at once.
const PIECE_BYTES: usize = 1 << 15;

/// Lines of the refs, or of those in some buckets.
///
/// A ref that is not right ends the body before its end, so that the service refuses the whole.
pub(super) struct Body<'a> {
    refs: Refs,
    part: Option<&'a Part>,
    ready: Vec<u8>,
    given: usize,
    /// How many refs were sent.
    pub sent: u64,
    /// Why it ended early.
    pub failed: Option<Failure>,
}

impl<'a> Body<'a> {
    pub fn packed(refs: Refs, part: Option<&'a Part>) -> GzEncoder<Self> {
        let body = Self { refs, part, ready: Vec::new(), given: 0, sent: 0, failed: None };
        GzEncoder::new(body, Compression::fast())
    }

    fn fill(&mut self) -> Result<(), Failure> {
        self.ready.clear();
        self.given = 0;
        while self.ready.len() < PIECE_BYTES {
            let Some(one) = self.refs.next()? else { break };
            if self.part.is_none_or(|part| part.holds(one.as_str())) {
                line(&mut self.ready, &one)?;
                self.sent += 1;
            }
        }
        Ok(())
    }
}

fn line(bytes: &mut Vec<u8>, one: &Ref) -> Result<(), Failure> {
    bytes.extend_from_slice(b"{\"ref\":");
    serde_json::to_writer(&mut *bytes, one).map_err(|error| Failure::fault(&error))?;
    bytes.extend_from_slice(b"}\n");
    Ok(())
}

impl Read for Body<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready.len()
            && let Err(failure) = self.fill()
        {
            self.failed = Some(failure);
            return Err(io::Error::other("the list is not right"));
        }
        let count = (self.ready.len() - self.given).min(into.len());
        into[..count].copy_from_slice(&self.ready[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}
