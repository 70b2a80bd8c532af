//! The archive: one ZIP, written once from the front to the back, in constant memory.

use crate::domain::Timestamp;
use crate::domain::export::Listed;
use crate::domain::zone::Zone;
use crate::error::Error;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{self, Write};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// An archive in the making.
pub(super) struct Archive<'w> {
    zip: ZipWriter<StreamWriter<&'w mut dyn Write>>,
    options: SimpleFileOptions,
    listed: Vec<Listed>,
}

impl<'w> Archive<'w> {
    /// Begins an archive whose files carry this instant, by the clock of this zone.
    pub fn new(out: &'w mut dyn Write, at: Timestamp, zone: Zone) -> Self {
        let options =
            SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(0o600);
        // The format has no year before 1980; then the files carry its first day.
        let options = dated(zone.local(at)).map_or(options, |at| options.last_modified_time(at));
        Self { zip: ZipWriter::new_stream(out), options, listed: Vec::new() }
    }

    /// Adds a file.
    ///
    /// # Errors
    /// Those of `write`; [`Error::Unavailable`] when nobody takes what is written.
    pub fn file(
        &mut self,
        name: &'static str,
        write: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.zip.start_file(name, self.options).map_err(Error::unavailable)?;
        let mut digest = Digesting { zip: &mut self.zip, sha256: Sha256::new(), bytes: 0 };
        {
            let mut buffered = io::BufWriter::with_capacity(32 << 10, &mut digest);
            write(&mut buffered)?;
            buffered.flush().map_err(Error::unavailable)?;
        }
        let sha256 = hex(&digest.sha256.finalize());
        self.listed.push(Listed { name: name.to_owned(), bytes: digest.bytes, sha256 });
        Ok(())
    }

    /// The files so far.
    pub fn listed(&self) -> &[Listed] {
        &self.listed
    }

    /// Writes what an archive ends with.
    pub fn finish(self) -> Result<(), Error> {
        let out = self.zip.finish().map_err(Error::unavailable)?.into_inner();
        out.flush().map_err(Error::unavailable)
    }
}

fn dated(local: chrono::NaiveDateTime) -> Option<zip::DateTime> {
    use chrono::{Datelike, Timelike};
    let small = |number: u32| u8::try_from(number).ok();
    zip::DateTime::from_date_and_time(
        u16::try_from(local.year()).ok()?,
        small(local.month())?,
        small(local.day())?,
        small(local.hour())?,
        small(local.minute())?,
        small(local.second())?,
    )
    .ok()
}

struct Digesting<'a, 'w> {
    zip: &'a mut ZipWriter<StreamWriter<&'w mut dyn Write>>,
    sha256: Sha256,
    bytes: u64,
}

impl Write for Digesting<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.zip.write(bytes)?;
        self.sha256.update(&bytes[..taken]);
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes in lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // A string takes whatever is written.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
