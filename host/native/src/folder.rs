//! A private folder in which things are kept that can be made again. It belongs to this user, it is opened once, and each entry carries a digest of its
//! name and content, which is verified whenever it is read.

use std::ffi::OsString;
use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use cap_std::fs::{Dir, Metadata, MetadataExt, OpenOptions, OpenOptionsExt, PermissionsExt};
use sha2::{Digest, Sha256};

/// Octets of a digest in front of an entry.
pub(crate) const DIGEST: usize = 32;

/// A private folder.
#[derive(Debug)]
pub struct Folder {
    dir: Dir,
    path: PathBuf,
}

/// What nobody else may do there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// Write.
    ToWriters,
    /// Write, read, or look in.
    ToAll,
}

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// It is open to others.
    #[error("{0}")]
    Open(&'static str),
    /// The system's words.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A file or folder in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was of use last; for what is no entry, when it was written to.
    pub used: SystemTime,
    /// Its name.
    pub name: OsString,
    /// Bytes.
    pub size: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
}

impl Folder {
    /// Opens a folder, and makes it when it is not there.
    ///
    /// # Errors
    /// When it cannot be used, belongs to another user, or is not closed as it has to be.
    pub fn open(path: &Path, closed: Closed) -> Result<Self, Unfit> {
        make(path)?;
        let dir = Dir::open_ambient_dir(path, cap_std::ambient_authority())?;
        let about = dir.dir_metadata()?;
        let mode = about.permissions().mode();
        if about.uid() != rustix::process::geteuid().as_raw() {
            return Err(Unfit::Open("belongs to another user"));
        }
        if mode & 0o022 != 0 {
            return Err(Unfit::Open("can be written by others"));
        }
        if closed == Closed::ToAll && mode & 0o077 != 0 {
            return Err(Unfit::Open("can be read by others"));
        }
        Ok(Self { dir, path: path.into() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file in it for reading; what has its name and is no file is removed.
    ///
    /// # Errors
    /// When there is none.
    pub fn file(&self, name: &str) -> io::Result<File> {
        let mut options = OpenOptions::new();
        // A pipe would not let go otherwise.
        options.read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
        let file = self.dir.open_with(name, &options)?;
        if !file.metadata()?.is_file() {
            self.remove(name);
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(file.into_std())
    }

    /// What was kept under a name, of so many bytes at most; nothing when it is not as it was written.
    pub fn get(&self, name: &str, most: u64) -> Option<Vec<u8>> {
        let file = self.file(name).ok()?;
        let size = file.metadata().ok()?.len();
        if size > most {
            self.remove(name);
            return None;
        }
        // The time says when it was of use; where it cannot be set, that is no harm.
        let _ = file.set_modified(SystemTime::now());
        let mut digest = [0; DIGEST];
        let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        (&file).read_exact(&mut digest).ok()?;
        (&file).take(most).read_to_end(&mut content).ok()?;
        if digest_of(name, &content) == digest {
            return Some(content);
        }
        tracing::warn!(entry = name, folder = %self.path.display(), "an entry is damaged and is made anew");
        self.remove(name);
        None
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
        result
    }

    /// Forgets what was kept under a name.
    pub fn remove(&self, name: &str) {
        // What cannot be removed is put aside by what is kept next, unless it is a folder.
        if self.dir.remove_file(name).is_err() {
            let _ = self.dir.remove_dir_all(name);
        }
    }

    /// Removes a folder in it, with all that is in there. Links in there are not followed.
    pub fn remove_folder(&self, name: &str) {
        let _ = self.dir.remove_dir_all(name);
    }

    /// The names of all that is in it, in no order. Without a look at each file.
    pub fn names(&self) -> impl Iterator<Item = std::ffi::OsString> {
        self.dir.entries().into_iter().flatten().flatten().map(|entry| entry.file_name())
    }

    /// What is in it, the longest unused first.
    pub fn entries(&self) -> Vec<Entry> {
        let entries = self.dir.entries().into_iter().flatten().flatten();
        let entry = |entry: cap_std::fs::DirEntry| {
            let about = entry.metadata().ok().filter(|about| about.is_file() || about.is_dir())?;
            let used = used(&about)?;
            Some(Entry { used, name: entry.file_name(), size: about.len(), is_folder: about.is_dir() })
        };
        let mut entries: Vec<Entry> = entries.filter_map(entry).collect();
        entries.sort_by(|one, other| (one.used, &one.name).cmp(&(other.used, &other.name)));
        entries
    }
}

fn used(about: &Metadata) -> Option<SystemTime> {
    Some(about.modified().ok()?.into_std())
}

/// Makes a folder that is this user's alone, and those above it that are not there: as the XDG base directory specification has them, the same.
fn make(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

pub(crate) fn digest_of(name: &str, content: &[u8]) -> [u8; DIGEST] {
    Sha256::new().chain_update(name).chain_update([0]).chain_update(content).finalize().into()
}
