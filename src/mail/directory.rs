//! A folder instead of a server: each mail a file, for whoever develops or tries the service.

use super::{Concern, Failure};
use crate::domain::PublicId;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// The folder.
pub struct Way<'a> {
    pub directory: &'a Path,
}

impl Way<'_> {
    /// Puts a mail there under its id, so that a second attempt is the same file; it is there whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be made or written to.
    pub fn put(&self, id: PublicId, message: &[u8]) -> Result<(), Failure> {
        self.write(id, message).map_err(|_| Failure::new(Concern::Way, "write"))
    }

    fn write(&self, id: PublicId, message: &[u8]) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(self.directory)?;
        let part = self.directory.join(format!("{id}.part"));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        file.write_all(message)?;
        file.sync_all()?;
        std::fs::rename(&part, self.directory.join(format!("{id}.eml")))
    }
}
