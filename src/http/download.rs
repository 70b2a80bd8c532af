//! A body that a thread writes while the client reads it: bounded in memory and in time.

use super::problem;
use crate::error::Error;
use actix_web::web::Bytes;
use futures_util::stream::{self, LocalBoxStream, StreamExt};
use std::io::{self, Write};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, Sender};

/// How much is written before it is handed on.
const CHUNK_BYTES: usize = 64 << 10;
/// How many of those wait for the client.
const CHUNKS: usize = 4;
/// The longest that a client may take for all of it, counted in what it may take for one piece.
const STALLS: u32 = 20;

/// Runs `write` on a thread of its own and gives what it writes, as soon as there is something to give.
///
/// What goes wrong before is the error; what goes wrong later ends the body with an error, on which the connection is
/// broken, so that half a file never looks like a whole one. A client that takes nothing for `stall_ms`, or all of it
/// too slowly, is let go.
///
/// # Errors
/// Those of `write`.
pub(super) async fn begin(
    stall_ms: u64,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Error> + Send + 'static,
) -> Result<LocalBoxStream<'static, Result<Bytes, Error>>, Error> {
    let (sender, mut pieces) = mpsc::channel(CHUNKS);
    let (span, handle) = (tracing::Span::current(), Handle::current());
    tokio::task::spawn_blocking(move || {
        let _within = span.enter();
        let stall = Duration::from_millis(stall_ms);
        let mut pipe =
            Pipe { sender, handle, kept: Vec::new(), stall, until: Instant::now() + stall * STALLS, sent: 0 };
        let outcome = write(&mut pipe).and_then(|()| pipe.end().map_err(Error::unavailable));
        if let Err(error) = outcome {
            pipe.fail(error);
        }
    });
    let first = pieces.recv().await.unwrap_or_else(broken_off)?;
    let rest = stream::unfold(Some(pieces), |pieces| async {
        let mut pieces = pieces?;
        match pieces.recv().await.unwrap_or_else(broken_off) {
            Ok(piece) if piece.is_empty() => None,
            Ok(piece) => Some((Ok(piece), Some(pieces))),
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(stream::iter([Ok(first)]).chain(rest).boxed_local())
}

/// The thread has ended without a word, by a panic or because the client did not take what was there.
fn broken_off() -> Result<Bytes, Error> {
    Err(Error::internal("a body without an end"))
}

/// The way from the thread to the client.
struct Pipe {
    sender: Sender<Result<Bytes, Error>>,
    handle: Handle,
    kept: Vec<u8>,
    stall: Duration,
    until: Instant,
    sent: usize,
}

impl Pipe {
    /// Hands on what is kept; nothing says that this is the end.
    fn hand_on(&mut self) -> io::Result<()> {
        let piece = Bytes::from(std::mem::take(&mut self.kept));
        if Instant::now() >= self.until {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads too slowly"));
        }
        let patience = self.stall.min(self.until.saturating_duration_since(Instant::now()));
        let sending = tokio::time::timeout(patience, self.sender.send(Ok(piece)));
        match self.handle.block_on(sending) {
            Ok(Ok(())) => {
                self.sent += 1;
                Ok(())
            }
            Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the client has gone")),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")),
        }
    }

    /// Hands on the rest, and says that it is all.
    fn end(&mut self) -> io::Result<()> {
        self.flush()?;
        self.hand_on()
    }

    /// Ends the body with an error. The first is answered, and logged, like any other; later nobody else would log it.
    fn fail(self, error: Error) {
        if self.sent > 0 && matches!(error, Error::Internal(_)) {
            problem::log(&error);
        }
        // Where nobody listens any more, there is nobody to tell; and who does not read is told by the end.
        let _ = self.sender.try_send(Err(error));
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.kept.capacity() == 0 {
            self.kept.reserve(CHUNK_BYTES);
        }
        self.kept.extend_from_slice(bytes);
        if self.kept.len() >= CHUNK_BYTES {
            self.hand_on()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.kept.is_empty() { Ok(()) } else { self.hand_on() }
    }
}
