//! Keeps what compiling strangers' components cost: native code, and what goes with it.
//!
//! Whoever can write here runs code as this user. So the folder belongs to this user, nobody else can write to it, it is opened once, and each entry
//! carries a digest of its name and content that is verified whenever it is read.

use std::collections::hash_map::{DefaultHasher, RandomState};
use std::hash::{BuildHasher, Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use cap_std::fs::{Dir, MetadataExt, OpenOptions, OpenOptionsExt, PermissionsExt};
use sha2::{Digest, Sha256};
use wasmtime::Engine;

use crate::Compiled;

/// Octets of a digest in front of an entry.
const DIGEST: usize = 32;
/// Octets that all entries together may have. CPython as native code takes 35 MiB.
const SIZE_MAX: u64 = 2 << 30;
/// Octets that one entry may have.
const ENTRY_MAX: u64 = 256 << 20;

/// A private folder.
#[derive(Debug)]
pub struct Cache {
    dir: Dir,
    path: PathBuf,
}

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
        let failed = |reason| CacheError::Io { path: path.into(), reason };
        make(path).map_err(failed)?;
        let dir = Dir::open_ambient_dir(path, cap_std::ambient_authority()).map_err(failed)?;
        let about = dir.dir_metadata().map_err(failed)?;
        let wrong = |reason| Err(CacheError::NotPrivate { path: path.into(), reason });
        if about.uid() != rustix::process::geteuid().as_raw() {
            return wrong("belongs to another user");
        }
        if about.permissions().mode() & 0o022 != 0 {
            return wrong("can be written by others");
        }
        Ok(Self { dir, path: path.into() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
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
        let mut options = OpenOptions::new();
        // A pipe would not let go otherwise.
        options.read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
        let file = self.dir.open_with(name, &options).ok()?;
        let about = file.metadata().ok()?;
        if !about.is_file() || about.len() > ENTRY_MAX {
            self.remove(name);
            return None;
        }
        let file = file.into_std();
        // The time says when it was of use; where it cannot be set, that is no harm.
        let _ = file.set_modified(SystemTime::now());
        let mut digest = [0; DIGEST];
        let mut content = Vec::with_capacity(usize::try_from(about.len()).unwrap_or_default());
        (&file).read_exact(&mut digest).ok()?;
        (&file).take(ENTRY_MAX).read_to_end(&mut content).ok()?;
        if digest_of(name, &content) == digest {
            return Some(content);
        }
        tracing::warn!(entry = name, folder = %self.path.display(), "an entry of the cache is damaged and is made anew");
        self.remove(name);
        None
    }

    /// Forgets what was kept under a name.
    pub fn remove(&self, name: &str) {
        // What cannot be removed is put aside by what is kept next.
        let _ = self.dir.remove_file(name);
    }

    /// Keeps something under a name. What was there before is there until the new is complete.
    ///
    /// # Errors
    /// The system's.
    pub fn keep(&self, name: &str, content: &[u8]) -> io::Result<()> {
        // What a process that was killed left behind is in nobody's way, whatever its number was.
        let unfinished = format!(".{:016x}", RandomState::new().build_hasher().finish());
        let written = || -> io::Result<()> {
            let mut options = OpenOptions::new();
            let mut file = self.dir.open_with(&unfinished, options.write(true).create_new(true).mode(0o600))?;
            file.write_all(&digest_of(name, content))?;
            file.write_all(content)?;
            self.dir.rename(&unfinished, &self.dir, name)
        };
        let result = written();
        if result.is_err() {
            let _ = self.dir.remove_file(&unfinished);
        }
        self.make_room();
        result
    }

    /// Removes what was not of use for longest, until all is within its limit.
    fn make_room(&self) {
        let Ok(entries) = self.dir.entries() else { return };
        let mut entries: Vec<_> = entries
            .flatten()
            .filter_map(|entry| {
                let about = entry.metadata().ok().filter(cap_std::fs::Metadata::is_file)?;
                Some((about.mtime(), about.len(), entry.file_name()))
            })
            .collect();
        entries.sort();
        let mut size: u64 = entries.iter().map(|(_, size, _)| size).sum();
        for (_, of_it, name) in entries {
            if size <= SIZE_MAX {
                break;
            }
            if self.dir.remove_file(&name).is_ok() {
                size = size.saturating_sub(of_it);
            }
        }
    }
}

/// Makes a folder that is this user's alone, and those above it as the system has them.
fn make(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        std::fs::create_dir_all(above)?;
    }
    match std::fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn digest_of(name: &str, content: &[u8]) -> [u8; DIGEST] {
    Sha256::new().chain_update(name).chain_update([0]).chain_update(content).finalize().into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

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
