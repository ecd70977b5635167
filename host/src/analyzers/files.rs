//! Files that hold components: which there are, whether they changed, and the digest of their content.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcpcap_native::Cache;
use serde::{Deserialize, Serialize};

use super::Place;
use crate::digest::hex_sha256;
use crate::sandbox::SIZE_MAX;

/// Files that one folder may hold.
const MOST: usize = 256;
/// The entry of the cache that remembers digests.
const DIGESTS: &str = "digests.json";
/// A file that changed within this time may change again without its times telling.
const SETTLED: Duration = Duration::from_secs(2);

/// A pipe that took a file's place would not let go otherwise.
pub(super) const NOT_WAITING: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

/// By what a change of a file is seen. The time of its last change of state cannot be set by whoever writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// A regular file's; an error for anything else.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let about = std::fs::metadata(path)?;
        if !about.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        Ok(Self {
            device: about.dev(),
            inode: about.ino(),
            size: about.size(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
        })
    }

    fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = Duration::from_secs(u64::try_from(self.changed.0.max(self.modified.0)).unwrap_or(u64::MAX));
        at.saturating_add(SETTLED) < now
    }
}

/// The content of a file, bounded: one octet more than is accepted tells that it is too large.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::options().read(true).custom_flags(NOT_WAITING).open(path)?;
    let mut content = Vec::new();
    file.take((SIZE_MAX as u64).saturating_add(1)).read_to_end(&mut content)?;
    Ok(content)
}

/// The files of a place.
///
/// # Errors
/// When a folder cannot be listed, or has too many.
pub(super) fn of(place: &Place) -> io::Result<Vec<PathBuf>> {
    match place {
        Place::File(path) => Ok(vec![path.clone()]),
        Place::Registry(_) => Ok(Vec::new()),
        Place::Folder(folder) => {
            let mut files = Vec::new();
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
                if !is_hidden && path.extension().is_some_and(|extension| extension == "wasm") {
                    files.push(path);
                }
                if files.len() > MOST {
                    return Err(io::Error::other(format!("it holds more than {MOST} .wasm files")));
                }
            }
            files.sort();
            Ok(files)
        }
    }
}

/// Digests of files that did not change since they were read: so that a start need not read all of them again. A digest that is wrong does
/// no harm: what is run is what the digest names, and where nothing is kept for it, the file is read.
#[derive(Default)]
pub(super) struct Digests {
    known: BTreeMap<PathBuf, (Stamp, String)>,
    is_new: bool,
}

impl Digests {
    pub(super) fn of(cache: Option<&Cache>) -> Self {
        let text = cache.and_then(|cache| cache.get(DIGESTS));
        let known = text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { known, is_new: false }
    }

    pub(super) fn keep(&mut self, cache: Option<&Cache>) {
        if !std::mem::take(&mut self.is_new) {
            return;
        }
        self.known.retain(|path, _| path.exists());
        if let (Some(cache), Ok(text)) = (cache, serde_json::to_vec(&self.known))
            && let Err(error) = cache.keep(DIGESTS, &text)
        {
            tracing::debug!(%error, "digests are not kept");
        }
    }

    /// The SHA-256 that a file with this stamp had.
    pub(super) fn remembered(&self, path: &Path, stamp: Stamp) -> Option<String> {
        self.known.get(path).filter(|(known, _)| *known == stamp).map(|(_, sha256)| sha256.clone())
    }

    /// The SHA-256 of a file with this stamp, read anew.
    pub(super) fn digest(&mut self, path: &Path, stamp: Stamp) -> io::Result<String> {
        let sha256 = hex_sha256(&read(path)?);
        if stamp.is_settled() && path.is_absolute() {
            self.known.insert(path.into(), (stamp, sha256.clone()));
            self.is_new = true;
        }
        Ok(sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folders_components_are_found_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.wasm", "a.wasm", "c.txt", ".d.wasm"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        let found = of(&Place::Folder(folder.path().into())).unwrap();
        assert_eq!(found, [folder.path().join("a.wasm"), folder.path().join("b.wasm")]);
        assert!(of(&Place::Folder(folder.path().join("nowhere"))).is_err());
    }

    #[test]
    fn a_changed_file_has_another_digest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wasm");
        let mut digests = Digests::default();
        let mut digest = |content: &str| {
            std::fs::write(&path, content).unwrap();
            digests.digest(&path, Stamp::of(&path).unwrap()).unwrap()
        };
        assert_ne!(digest("one"), digest("two"));
        assert!(Stamp::of(folder.path()).is_err());
    }
}
