//! Where databases are made: folders of this user alone, which are gone with whoever made them.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

/// How the names of those begin that lie where tables are kept.
pub(super) const UNFINISHED: &str = ".new-";
/// The file in there that is locked for as long as its maker lives.
pub(super) const ALIVE: &str = "alive";

/// A folder of this user alone.
#[derive(Debug)]
pub struct Nest {
    folder: TempDir,
    /// Locked, where others could take it for what a killed process left.
    _alive: Option<File>,
}

impl Nest {
    /// One in the temporary folder.
    ///
    /// # Errors
    /// The system's.
    pub fn temporary() -> io::Result<Self> {
        let folder = private("mcpcap-tables-", &std::env::temp_dir())?;
        Ok(Self { folder, _alive: None })
    }

    /// One in the folder where tables are kept, from which they need not be copied.
    pub(super) fn within(folder: &Path) -> io::Result<Self> {
        let folder = private(UNFINISHED, folder)?;
        let alive = File::create_new(folder.path().join(ALIVE))?;
        flock(&alive, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Self { folder, _alive: Some(alive) })
    }

    /// Where a file of this name is in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn private(prefix: &str, folder: &Path) -> io::Result<TempDir> {
    // As SQLite takes it, which follows no links.
    let folder = folder.canonicalize()?;
    tempfile::Builder::new().prefix(prefix).permissions(Permissions::from_mode(0o700)).tempdir_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_looks_into_a_nest() {
        let folder = tempfile::tempdir().unwrap();
        for nest in [Nest::temporary().unwrap(), Nest::within(folder.path()).unwrap()] {
            let mode = nest.folder.path().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }
}
