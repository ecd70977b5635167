//! A file on its way to its place: counted and hashed while it is written, and gone if it does not come there.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};

use tempfile::{NamedTempFile, TempPath};

use crate::digest::{Sha256, hex};

/// Bytes that are written at once.
const AT_ONCE: usize = 128 << 10;

/// A file that is being written.
pub struct Spool {
    file: BufWriter<File>,
    /// Its name, where it has one.
    name: Option<TempPath>,
    sha256: Sha256,
    bytes: u64,
}

/// One that was written.
pub struct Written {
    /// The file, from its beginning.
    pub file: File,
    /// Its name, where it has one, which goes with this.
    pub name: Option<TempPath>,
    /// SHA-256 of it, as hexadecimal digits.
    pub sha256: String,
    /// Bytes of it.
    pub bytes: u64,
}

impl Spool {
    /// In a file that has a name, so that it can be put in its place.
    pub fn named(file: NamedTempFile) -> Self {
        let (file, name) = file.into_parts();
        Self::new(file, Some(name))
    }

    /// In a file without a name, which is gone however this program ends.
    ///
    /// # Errors
    /// As the disk fails.
    pub fn unnamed() -> io::Result<Self> {
        Ok(Self::new(tempfile::tempfile()?, None))
    }

    fn new(file: File, name: Option<TempPath>) -> Self {
        Self { file: BufWriter::with_capacity(AT_ONCE, file), name, sha256: Sha256::new(), bytes: 0 }
    }

    /// Ends it. With `is_lasting` the disk has it.
    ///
    /// # Errors
    /// As the disk fails.
    pub fn finish(self, is_lasting: bool) -> io::Result<Written> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        if is_lasting {
            file.sync_all()?;
        }
        file.rewind()?;
        Ok(Written { file, name: self.name, sha256: hex(&self.sha256.finish()), bytes: self.bytes })
    }

    /// Adds another one behind what there is.
    ///
    /// # Errors
    /// As the disk fails.
    pub fn append(&mut self, other: Written) -> io::Result<()> {
        let mut file = other.file;
        let mut buffer = vec![0; AT_ONCE];
        loop {
            let read = file.read(&mut buffer)?;
            let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { return Ok(()) };
            self.write_all(bytes)?;
        }
    }
}

impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sha256.update(bytes.get(..written).unwrap_or_default());
        self.bytes = self.bytes.saturating_add(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::hex_sha256;

    #[test]
    fn what_is_written_is_counted_and_hashed_and_goes_with_its_writer() {
        let folder = tempfile::tempdir().unwrap();
        let entries = || std::fs::read_dir(folder.path()).unwrap().count();
        let mut one = Spool::unnamed().unwrap();
        one.write_all(&vec![7; AT_ONCE * 2 + 1]).unwrap();
        let one = one.finish(true).unwrap();
        assert_eq!((one.bytes, one.name.is_none()), (AT_ONCE as u64 * 2 + 1, true));
        let mut both = Spool::named(NamedTempFile::new_in(folder.path()).unwrap());
        both.write_all(b"a").unwrap();
        both.append(one).unwrap();
        let both = both.finish(false).unwrap();
        let content = [vec![b'a'], vec![7; AT_ONCE * 2 + 1]].concat();
        assert_eq!(both.sha256, hex_sha256(&content));
        assert!(std::fs::read(both.name.as_ref().unwrap()).unwrap() == content);
        assert_eq!(entries(), 1);
        drop(both);
        assert_eq!(entries(), 0);
    }
}
