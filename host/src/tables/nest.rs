//! Where databases are made: folders of this user alone, which are gone with whoever made them, or else with the next one who makes some.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Once;

use tempfile::TempDir;

use crate::alive;

/// How the names of those begin that lie where tables are kept.
pub(super) const UNFINISHED: &str = ".new-";
/// How those begin that lie in the temporary folder.
const TEMPORARY: &str = "mcpcap-tables-";
/// The file in there that is held for as long as its maker lives.
pub(super) const ALIVE: &str = "alive";
/// How often one is made that somebody who cleans up has taken for an old one.
const TRIES: usize = 10;

/// A folder of this user alone.
#[derive(Debug)]
pub struct Nest {
    folder: TempDir,
    /// Held, so that nobody takes it for what a killed process left.
    _alive: File,
}

impl Nest {
    /// One in the temporary folder.
    ///
    /// # Errors
    /// The system's.
    pub fn temporary() -> io::Result<Self> {
        static CLEAN: Once = Once::new();
        let folder = std::env::temp_dir();
        CLEAN.call_once(|| clean(&folder));
        Self::private(TEMPORARY, &folder)
    }

    /// One in the folder where tables are kept, from which they need not be copied.
    pub(super) fn within(folder: &Path) -> io::Result<Self> {
        Self::private(UNFINISHED, folder)
    }

    fn private(prefix: &str, folder: &Path) -> io::Result<Self> {
        // As SQLite takes it, which follows no links.
        let folder = folder.canonicalize()?;
        for _ in 0..TRIES {
            let made = tempfile::Builder::new()
                .prefix(prefix)
                .permissions(Permissions::from_mode(0o700))
                .tempdir_in(&folder)?;
            let alive = File::create_new(made.path().join(ALIVE))?;
            if alive::hold(&alive)? {
                return Ok(Self { folder: made, _alive: alive });
            }
        }
        Err(io::ErrorKind::WouldBlock.into())
    }

    /// Where a file of this name is in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Removes what killed processes of this user left in a folder that others use too.
fn clean(folder: &Path) {
    let user = rustix::process::geteuid().as_raw();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_named = entry.file_name().to_str().is_some_and(|name| name.starts_with(TEMPORARY));
        // Of the entry itself, should it be a link.
        if is_named && entry.metadata().is_ok_and(|about| about.is_dir() && about.uid() == user) {
            let path = entry.path();
            if let Some(_held) = alive::left_behind(&path.join(ALIVE)) {
                let _ = std::fs::remove_dir_all(&path);
            }
        }
    }
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

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let nest = Nest::private(TEMPORARY, folder.path()).unwrap();
        for name in ["mcpcap-tables-left", "mcpcap-tables-begun", "mcpcap-tables-pipe", "mcpcap-other", "target"] {
            std::fs::create_dir(at(name)).unwrap();
            std::fs::write(at(name).join("0.sqlite"), "x").unwrap();
        }
        for name in ["mcpcap-tables-left", "mcpcap-other", "target"] {
            std::fs::write(at(name).join(ALIVE), "").unwrap();
        }
        let pipe = at("mcpcap-tables-pipe").join(ALIVE);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        std::os::unix::fs::symlink(at("target"), at("mcpcap-tables-link")).unwrap();
        std::fs::write(at("mcpcap-tables-file"), "").unwrap();
        let names = || -> std::collections::BTreeSet<_> {
            folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect()
        };
        let mut before = names();
        clean(folder.path());
        assert!(before.remove(std::ffi::OsStr::new("mcpcap-tables-left")));
        assert_eq!(names(), before);
        assert!(at("target").join(ALIVE).exists() && nest.folder.path().exists());
    }
}
