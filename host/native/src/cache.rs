//! Keeps what compiling strangers' components cost: native code, and what goes with it.
//!
//! Whoever can write here runs code as this user. So the folder is private, and each entry is verified whenever it is read (`folder.rs`).

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use wasmtime::Engine;

use crate::Compiled;
use crate::folder::{Closed, Folder, Unfit};

/// Octets that all entries together may have. CPython as native code takes 35 MiB.
const SIZE_MAX: u64 = 2 << 30;
/// Octets that one entry may have.
const ENTRY_MAX: u64 = 256 << 20;

/// A private folder of native code.
#[derive(Debug)]
pub struct Cache(Folder);

/// Why a folder cannot be the cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// Somebody else could put native code there.
    #[error(
        "{path} {reason}, and whoever can write there could run programs as this user; give it to this user alone (chmod 700), or name another with --cache-dir"
    )]
    NotPrivate {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The system's words.
    #[error("{path} cannot be used as a cache: {reason}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
}

/// What an engine's native code depends on, as hexadecimal digits: versions, settings and the kind of processor.
pub fn engine_key(engine: &Engine) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

impl Cache {
    /// Opens a folder, and makes it when it is not there.
    ///
    /// # Errors
    /// When it cannot be used, or is not private.
    pub fn open(path: &Path) -> Result<Self, CacheError> {
        Folder::open(path, Closed::ToWriters).map(Self).map_err(|unfit| match unfit {
            Unfit::Open(reason) => CacheError::NotPrivate { path: path.into(), reason },
            Unfit::Io(reason) => CacheError::Io { path: path.into(), reason },
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Native code that was kept under a name.
    pub fn compiled(&self, name: &str) -> Option<Compiled> {
        self.get(name).map(Compiled)
    }

    /// Keeps native code.
    ///
    /// # Errors
    /// The system's.
    pub fn keep_compiled(&self, name: &str, compiled: &Compiled) -> io::Result<()> {
        self.keep(name, &compiled.0)
    }

    /// What was kept under a name; nothing when it is not as it was written.
    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.0.get(name, ENTRY_MAX)
    }

    /// Forgets what was kept under a name.
    pub fn remove(&self, name: &str) {
        self.0.remove(name);
    }

    /// Keeps something under a name. What was there before is there until the new is complete.
    ///
    /// # Errors
    /// The system's.
    pub fn keep(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let result = self.0.keep(name, content);
        self.make_room();
        result
    }

    /// Removes what was not of use for longest, until all is within its limit.
    fn make_room(&self) {
        let mut entries = self.0.entries();
        entries.retain(|entry| !entry.is_folder);
        let mut size: u64 = entries.iter().map(|entry| entry.size).sum();
        for entry in entries {
            if size <= SIZE_MAX {
                break;
            }
            if let Some(name) = entry.name.to_str() {
                self.0.remove(name);
                size = size.saturating_sub(entry.size);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::folder::{DIGEST, digest_of};

    #[test]
    fn what_was_kept_comes_back_and_what_was_changed_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("a/b")).unwrap();
        assert_eq!(cache.get("one"), None);
        cache.keep("one", b"native").unwrap();
        assert_eq!(cache.get("one").as_deref(), Some(b"native".as_slice()));
        let file = folder.path().join("a/b/one");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        // The same octets under another name are another entry.
        std::fs::copy(&file, folder.path().join("a/b/two")).unwrap();
        assert_eq!(cache.get("two"), None);
        let mut content = std::fs::read(&file).unwrap();
        content[DIGEST + 2] ^= 1;
        std::fs::write(&file, &content).unwrap();
        assert_eq!(cache.get("one"), None);
        std::fs::write(&file, b"short").unwrap();
        assert_eq!(cache.get("one"), None);
    }

    #[test]
    fn what_is_no_file_in_an_entrys_place_holds_up_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("cache")).unwrap();
        let pipe = folder.path().join("cache/pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert_eq!(cache.get("pipe"), None);
        assert!(!pipe.exists());
        cache.keep("pipe", b"native").unwrap();
        assert_eq!(cache.get("pipe").as_deref(), Some(b"native".as_slice()));
    }

    #[test]
    fn a_folder_that_others_can_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("open");
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(Cache::open(&path), Err(CacheError::NotPrivate { .. })));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        Cache::open(&path).unwrap();
        assert!(matches!(Cache::open(Path::new("/proc/nowhere")), Err(CacheError::Io { .. })));
    }

    #[test]
    fn a_link_out_of_the_folder_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("cache")).unwrap();
        let outside = folder.path().join("outside");
        std::fs::write(&outside, [digest_of("link", b"x").as_slice(), b"x"].concat()).unwrap();
        std::os::unix::fs::symlink(&outside, folder.path().join("cache/link")).unwrap();
        assert_eq!(cache.get("link"), None);
    }
}
