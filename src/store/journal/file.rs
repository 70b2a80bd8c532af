//! The journal as a file of lines, for one node.
//!
//! Each write is appended under the file's lock and synced before it is answered, so the service and a command beside it
//! cannot mix their lines. What a crash left of a line was never acknowledged and is cut off; any other fault of the
//! file is damage, at which it refuses to be used.

use super::error::JournalError;
use super::line::{self, Head, MAX_BYTES};
use super::{Entry, Keeper, Stored, Taker};
use crate::domain::Timestamp;
use crate::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// An open journal and how far it has been read.
pub(super) struct FileJournal {
    path: PathBuf,
    file: File,
    head: Head,
    /// Where the last whole line ends.
    end_bytes: u64,
    lines: u64,
    /// The number of the last entry there is, and of the newest there ever was.
    last_line_seq: u64,
    last_seq: u64,
}

impl FileJournal {
    /// Opens the file, or makes it, and reads all of it.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        loop {
            match OpenOptions::new().read(true).append(true).open(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => create(path)?,
                Err(error) => return Err(JournalError::system(path, error)),
                Ok(file) => {
                    let head = Head { id: Uuid::nil(), base: 0 };
                    let path = path.to_owned();
                    let mut journal = Self { path, file, head, end_bytes: 0, lines: 0, last_line_seq: 0, last_seq: 0 };
                    if journal.lock()? {
                        journal.read_head()?;
                        journal.catch_up()?;
                        journal.unlock()?;
                        return Ok(journal);
                    }
                }
            }
        }
    }

    /// Takes the file's lock; false when the file was exchanged for another meanwhile.
    fn lock(&self) -> Result<bool, JournalError> {
        loop {
            match self.file.lock() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.system(error)),
                Ok(()) => break,
            }
        }
        let identity = |found: fs::Metadata| (found.dev(), found.ino());
        let mine = self.file.metadata().map(identity).map_err(|error| self.system(error))?;
        match fs::metadata(&self.path).map(identity) {
            Ok(there) => Ok(there == mine),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(JournalError::Gone(self.path.display().to_string()))
            }
            Err(error) => Err(self.system(error)),
        }
    }

    fn unlock(&self) -> Result<(), JournalError> {
        self.file.unlock().map_err(|error| self.system(error))
    }

    /// Works on the file as it now is, alone.
    fn alone<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, JournalError>) -> Result<T, JournalError> {
        while !self.lock()? {
            // Compacted by another process: the numbers go on in the new file.
            *self = Self::open(&self.path)?;
        }
        let outcome = self.catch_up().and_then(|()| work(self));
        let unlocked = self.unlock();
        let value = outcome?;
        unlocked.map(|()| value)
    }

    fn read_head(&mut self) -> Result<(), JournalError> {
        let mut line = Vec::new();
        let mut start = BufReader::new(&self.file).take(MAX_BYTES);
        start.read_until(b'\n', &mut line).map_err(|error| self.system(error))?;
        let text = line.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
        let head = text.and_then(Head::parse);
        self.head = head.ok_or_else(|| self.damaged(1, "not the first line of a journal of erasures"))?;
        (self.end_bytes, self.lines, self.last_seq) = (line.len() as u64, 1, self.head.base);
        Ok(())
    }

    /// Reads the lines that were added since, and cuts off what is left of one that was not finished.
    fn catch_up(&mut self) -> Result<(), JournalError> {
        let there = self.file.metadata().map_err(|error| self.system(error))?.len();
        if there == self.end_bytes {
            return Ok(());
        }
        if there < self.end_bytes {
            return Err(self.damaged(self.lines, "lines that were there are gone"));
        }
        let mut reader = BufReader::new(&self.file);
        reader.seek(SeekFrom::Start(self.end_bytes)).map_err(|error| self.system(error))?;
        let (mut end, mut lines, mut last) = (self.end_bytes, self.lines, self.last_line_seq);
        let torn = loop {
            match next(&mut reader, self.head.seed(), last) {
                Ok(Next::Entry(stored, bytes)) => (end, lines, last) = (end + bytes, lines + 1, stored.seq),
                Ok(Next::End) => break false,
                Ok(Next::Torn) => break true,
                Ok(Next::Damaged(what)) => return Err(self.damaged(lines + 1, what)),
                Err(error) => return Err(self.system(error)),
            }
        };
        drop(reader);
        if torn {
            let cut = self.file.set_len(end).and_then(|()| self.file.sync_data());
            cut.map_err(|error| self.system(error))?;
        }
        (self.end_bytes, self.lines, self.last_line_seq, self.last_seq) = (end, lines, last, self.last_seq.max(last));
        Ok(())
    }

    /// Hands on every entry up to what was the end when `file` was opened.
    fn each(&self, file: File, end_bytes: u64, mut take: impl FnMut(Stored) -> Result<(), Error>) -> Result<(), Error> {
        let mut reader = BufReader::with_capacity(64 * 1_024, file.take(end_bytes));
        let mut head = Vec::new();
        reader.read_until(b'\n', &mut head).map_err(|error| self.system(error))?;
        let (mut line, mut last) = (1, 0);
        loop {
            line += 1;
            match next(&mut reader, self.head.seed(), last) {
                Ok(Next::Entry(stored, _)) => {
                    last = stored.seq;
                    take(stored)?;
                }
                Ok(Next::End) => return Ok(()),
                Ok(Next::Torn) => return Err(self.damaged(line, "it has no end").into()),
                Ok(Next::Damaged(what)) => return Err(self.damaged(line, what).into()),
                Err(error) => return Err(self.system(error).into()),
            }
        }
    }

    fn again(&self) -> Result<File, JournalError> {
        File::open(&self.path).map_err(|error| self.system(error))
    }

    fn system(&self, error: io::Error) -> JournalError {
        JournalError::system(&self.path, error)
    }

    fn damaged(&self, line: u64, what: &'static str) -> JournalError {
        JournalError::Damaged { file: self.path.display().to_string(), line, what }
    }
}

impl Keeper for FileJournal {
    fn id(&mut self) -> Result<Uuid, JournalError> {
        self.alone(|journal| Ok(journal.head.id))
    }

    fn last_seq(&mut self) -> Result<u64, JournalError> {
        self.alone(|journal| Ok(journal.last_seq))
    }

    fn append(&mut self, entries: &[Entry], floor: u64) -> Result<(), JournalError> {
        self.alone(|journal| {
            let first = journal.last_seq.max(floor) + 1;
            let mut text = String::new();
            for (seq, entry) in (first..).zip(entries) {
                text.push_str(&line::to_line(&Stored { seq, entry: *entry }, journal.head.seed()));
            }
            let mut file = &journal.file;
            if let Err(error) = file.write_all(text.as_bytes()).and_then(|()| file.sync_data()) {
                // Should that fail as well, whole lines stay, which are true all the same, and half of one is cut off
                // at the next look.
                let _ = file.set_len(journal.end_bytes).and_then(|()| file.sync_data());
                return Err(journal.system(error));
            }
            journal.end_bytes += text.len() as u64;
            journal.lines += entries.len() as u64;
            journal.last_seq = first + entries.len() as u64 - 1;
            journal.last_line_seq = journal.last_seq;
            Ok(())
        })
    }

    fn read_after(&mut self, seq: u64, take: Taker<'_>) -> Result<(), Error> {
        // Read without the lock: what stands there does not change, and a compaction leaves the old file as it was.
        let (file, end) = self.alone(|journal| Ok((journal.again()?, journal.end_bytes)))?;
        self.each(file, end, |stored| if stored.seq > seq { take(stored) } else { Ok(()) })
    }

    fn compact(&mut self, before: Timestamp) -> Result<usize, JournalError> {
        let dropped = self.alone(|journal| {
            let mut old = 0;
            journal.each(journal.again()?, journal.end_bytes, |stored| {
                old += usize::from(stored.entry.erased_at < before);
                Ok(())
            })?;
            if old > 0 {
                journal.rewrite(before)?;
            }
            Ok(old)
        })?;
        Ok(dropped)
    }

    fn close(&mut self) {}
}

impl FileJournal {
    /// Puts a file with the younger entries in the place of this one, which keeps its lock until then.
    fn rewrite(&mut self, before: Timestamp) -> Result<(), JournalError> {
        let head = Head { id: self.head.id, base: self.last_seq };
        replace(&self.path, |out| {
            out.write_all(head.to_line().as_bytes())?;
            let file = File::open(&self.path)?;
            let kept = self.each(file, self.end_bytes, |stored| {
                if stored.entry.erased_at < before {
                    return Ok(());
                }
                out.write_all(line::to_line(&stored, head.seed()).as_bytes()).map_err(Error::unavailable)
            });
            kept.map_err(io::Error::other)
        })?;
        Ok(())
    }
}

/// What comes next in the file.
enum Next {
    Entry(Stored, u64),
    End,
    Torn,
    Damaged(&'static str),
}

fn next(reader: &mut impl BufRead, seed: u32, last: u64) -> io::Result<Next> {
    let mut bytes = Vec::new();
    let read = reader.by_ref().take(MAX_BYTES).read_until(b'\n', &mut bytes)? as u64;
    if read == 0 {
        return Ok(Next::End);
    }
    let Some(line) = bytes.strip_suffix(b"\n") else {
        // A crash may leave any length of zeros, but no end of a line behind them.
        return Ok(if ends_a_line(reader)? { Next::Damaged("it is too long") } else { Next::Torn });
    };
    let stored = std::str::from_utf8(line).ok().and_then(|line| line::parse(line, seed));
    Ok(match stored {
        Some(stored) if stored.seq > last => Next::Entry(stored, read),
        Some(_) => Next::Damaged("its number does not grow"),
        None => Next::Damaged("its checksum does not fit"),
    })
}

/// Whether a line ends anywhere in what is left.
fn ends_a_line(reader: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() || bytes.contains(&b'\n') {
            return Ok(!bytes.is_empty());
        }
        let length = bytes.len();
        reader.consume(length);
    }
}

/// Makes an empty journal, unless another process was faster.
fn create(path: &Path) -> Result<(), JournalError> {
    let folder = folder(path);
    fs::create_dir_all(folder).map_err(|error| JournalError::system(folder, error))?;
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| JournalError::system(path, error))?;
    let head = Head { id: uuid::Builder::from_random_bytes(random).into_uuid(), base: 0 };
    let draft = draft(path, |out| out.write_all(head.to_line().as_bytes()))?;
    match draft.persist_noclobber(path) {
        Err(failed) if failed.error.kind() != ErrorKind::AlreadyExists => Err(JournalError::system(path, failed.error)),
        _ => sync_folder(path),
    }
}

/// Puts a new file in the place of one that is there, whole or not at all.
fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), JournalError> {
    draft(path, write)?.persist(path).map_err(|failed| JournalError::system(path, failed.error))?;
    sync_folder(path)
}

/// A file beside the one at `path`, mode 0600, written and synced; gone unless it is put in place.
fn draft(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<tempfile::NamedTempFile, JournalError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = tempfile::Builder::new().prefix(&format!(".{name}.")).tempfile_in(folder(path));
    let draft = draft.map_err(|error| JournalError::system(path, error))?;
    let mut out = io::BufWriter::new(draft.as_file());
    let written = write(&mut out).and_then(|()| out.flush()).and_then(|()| draft.as_file().sync_all());
    written.map_err(|error| JournalError::system(path, error))?;
    drop(out);
    Ok(draft)
}

fn sync_folder(path: &Path) -> Result<(), JournalError> {
    let synced = File::open(folder(path)).and_then(|folder| folder.sync_all());
    synced.map_err(|error| JournalError::system(path, error))
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests;
