//! Whether somebody still makes what is not finished: its maker holds a lock on a file, and the system lets go of it however the maker ends.

use std::fs::File;
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

/// Holds a file that was just made, for as long as it is open. `false`: somebody who cleans up came in between, and it is to be made again.
///
/// # Errors
/// The system's.
pub(crate) fn hold(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Ok(false),
        // Where there are no locks, nobody cleans up either.
        _ => Ok(file.metadata()?.nlink() > 0),
    }
}

/// A file that nobody holds, which is held now until this is dropped; `None` where somebody does, or nobody can tell, or it is no file.
pub(crate) fn left_behind(path: &Path) -> Option<File> {
    // A pipe would not let go otherwise, and a link may lead anywhere. Some file systems lock only what is open for writing.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = File::options().read(true).write(true).custom_flags(flags).open(path).ok()?;
    let is_free = file.metadata().ok()?.is_file() && flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
    is_free.then_some(file)
}

/// By what Linux tells one start of the machine from another; elsewhere nothing.
pub(crate) fn boot() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(boot.trim().chars().take(64).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_somebodys_until_it_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let file = File::create_new(&path).unwrap();
        assert!(hold(&file).unwrap() && left_behind(&path).is_none());
        drop(file);
        let mine = left_behind(&path).unwrap();
        assert!(left_behind(&path).is_none());
        drop(mine);
        // Somebody else had it, or has taken it away.
        let file = File::options().write(true).open(&path).unwrap();
        let cleaner = left_behind(&path).unwrap();
        assert!(!hold(&file).unwrap());
        std::fs::remove_file(&path).unwrap();
        drop(cleaner);
        assert!(!hold(&file).unwrap());
    }

    #[test]
    fn only_files_are_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("folder")).unwrap();
        std::fs::write(at("file"), "").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        for name in ["folder", "link", "pipe", "nothing"] {
            assert!(left_behind(&at(name)).is_none(), "{name}");
        }
        assert!(left_behind(&at("file")).is_some());
    }
}
