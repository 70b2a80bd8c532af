//! A body by lines (NDJSON), with a bound on each line, on the whole and on the wait.

use super::faults::{broken_off, too_large};
use crate::error::{Code, Error};
use crate::http::gate::Limits;
use actix_web::dev::Payload;
use actix_web::web::{Bytes, BytesMut};
use futures_util::StreamExt;
use std::time::Duration;

/// The lines of a body, as they come.
pub struct Lines {
    payload: Payload,
    buffer: BytesMut,
    /// How much of the buffer has been searched for the end of a line.
    searched: usize,
    /// Whether the line in hand is too long, and is being skipped.
    skipping: bool,
    ended: bool,
    seen_bytes: usize,
    max_line_bytes: usize,
    max_body_bytes: usize,
    wait: Duration,
}

impl Lines {
    pub(super) fn new(payload: Payload, limits: &Limits) -> Self {
        Self {
            payload,
            buffer: BytesMut::new(),
            searched: 0,
            skipping: false,
            ended: false,
            seen_bytes: 0,
            max_line_bytes: limits.max_line_bytes,
            max_body_bytes: limits.max_body_bytes,
            wait: limits.request_timeout,
        }
    }

    /// The next line that is not blank, without its end (LF or CRLF); the last may lack one. None after the last.
    ///
    /// # Errors
    /// The outer error ends the body: `body_too_large` of the whole, `request_timeout` when nothing comes for as long
    /// as a request may take, `malformed_body` when it breaks off. The inner one is of this line alone,
    /// `body_too_large` naming the bound; the next line may be read.
    pub async fn next(&mut self) -> Result<Option<Result<Bytes, Error>>, Error> {
        loop {
            if let Some(line) = self.take() {
                match line {
                    Ok(blank) if blank.iter().all(u8::is_ascii_whitespace) => continue,
                    line => return Ok(Some(line)),
                }
            }
            if self.ended {
                return Ok(None);
            }
            self.more().await?;
        }
    }

    /// A whole line out of the buffer.
    fn take(&mut self) -> Option<Result<Bytes, Error>> {
        let found = self.buffer[self.searched..].iter().position(|octet| *octet == b'\n');
        let end = found.map(|at| self.searched + at);
        let length = end.unwrap_or(self.buffer.len());
        let long = self.skipping || length > self.max_line_bytes;
        match end {
            Some(end) => {
                let mut line = self.buffer.split_to(end + 1);
                line.truncate(end);
                self.searched = 0;
                self.skipping = false;
                Some(self.bounded(line, long))
            }
            None if self.ended && (length > 0 || self.skipping) => {
                let line = self.buffer.split();
                self.searched = 0;
                self.skipping = false;
                Some(self.bounded(line, long))
            }
            None => {
                if long {
                    self.skipping = true;
                    self.buffer.clear();
                }
                self.searched = self.buffer.len();
                None
            }
        }
    }

    fn bounded(&self, mut line: BytesMut, long: bool) -> Result<Bytes, Error> {
        if long {
            let detail = format!("The line has more than {} bytes.", self.max_line_bytes);
            return Err(Error::refused(Code::BodyTooLarge, detail));
        }
        if line.last() == Some(&b'\r') {
            line.truncate(line.len() - 1);
        }
        Ok(line.freeze())
    }

    async fn more(&mut self) -> Result<(), Error> {
        let late = |_| Error::refused(Code::RequestTimeout, "The rest of the body did not arrive in time.");
        let next = tokio::time::timeout(self.wait, self.payload.next()).await.map_err(late);
        match next {
            Ok(Some(Ok(chunk))) if self.seen_bytes + chunk.len() <= self.max_body_bytes => {
                self.seen_bytes += chunk.len();
                self.buffer.extend_from_slice(&chunk);
                Ok(())
            }
            Ok(None) => {
                self.ended = true;
                Ok(())
            }
            // Whatever is wrong, nothing more is read.
            wrong => {
                self.ended = true;
                self.buffer.clear();
                self.searched = 0;
                self.skipping = false;
                Err(match wrong {
                    Err(late) => late,
                    Ok(Some(Err(error))) => broken_off(&error),
                    Ok(_) => too_large(self.max_body_bytes),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use proptest::prelude::*;

    fn lines(chunks: Vec<Vec<u8>>, max_line_bytes: usize, max_body_bytes: usize) -> Lines {
        let chunks = chunks.into_iter().map(|chunk| Ok(Bytes::from(chunk)));
        let payload = Payload::Stream { payload: stream::iter(chunks).boxed_local() };
        let request_timeout = Duration::from_millis(50);
        Lines::new(payload, &Limits { max_body_bytes, max_line_bytes, request_timeout, ..Limits::default() })
    }

    async fn all(mut lines: Lines) -> Vec<Option<String>> {
        let mut found = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            found.push(line.ok().map(|line| String::from_utf8(line.to_vec()).unwrap()));
        }
        assert!(lines.next().await.unwrap().is_none());
        found
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_lines(text in "[ab\r\n]{0,80}", cuts in proptest::collection::vec(1_usize..9, 0..30)) {
            let mut chunks = Vec::new();
            let mut rest = text.as_bytes();
            for cut in cuts {
                let (chunk, more) = rest.split_at(cut.min(rest.len()));
                chunks.push(chunk.to_vec());
                rest = more;
            }
            chunks.push(rest.to_vec());
            let expected: Vec<Option<String>> = text
                .split('\n')
                .filter(|line| line.len() > 6 || !line.trim().is_empty())
                .map(|line| (line.len() <= 6).then(|| line.strip_suffix('\r').unwrap_or(line).to_owned()))
                .collect();
            let found = actix_web::rt::System::new().block_on(all(lines(chunks, 6, 1_000)));
            prop_assert_eq!(found, expected);
        }
    }

    #[actix_web::test]
    async fn the_whole_is_bounded() {
        let mut lines = lines(vec![b"a\nb\n".to_vec(), b"c\n".to_vec()], 10, 5);
        assert!(lines.next().await.unwrap().unwrap().is_ok());
        assert!(lines.next().await.unwrap().unwrap().is_ok());
        assert_eq!(lines.next().await.unwrap_err().to_string(), "body_too_large: The body has more than 5 bytes.");
        assert!(lines.next().await.unwrap().is_none());
    }

    #[actix_web::test]
    async fn the_wait_is_bounded() {
        let payload = Payload::Stream { payload: stream::pending().boxed_local() };
        let limits = Limits { request_timeout: Duration::from_millis(5), ..Limits::default() };
        let mut lines = Lines::new(payload, &limits);
        assert_eq!(lines.next().await.unwrap_err().code(), Code::RequestTimeout);
    }
}
