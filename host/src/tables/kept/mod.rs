//! Tables that are kept for further questions about the same capture, in a private folder: each in a file of its own, named by what decides on its rows.
//!
//! All of it was written by this program, and is read as if it were not: a file that is not as it was written is thrown away and made again. What is told of
//! a table stands beside it in a record that holds the digest of the file, and carries a digest of its own ([`mcpcap_native::Folder`]). A file that has not
//! been changed since that digest was computed is not read for it again; device, inode, size and times tell.

mod record;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use mcpcap_native::{Closed, Entry, Folder, Unfit};
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

pub use record::Run;
use record::{Record, SHA1, SHA256, is_digest};

use super::file::{Holder, TableFile, is_at};
use super::layout;
use super::nest::{ALIVE, Nest, UNFINISHED};
use crate::alive;
use crate::capture::{Digests, Identity};
use crate::digest::{Sha256, hex, hex_sha256};
use crate::rows::Table;

/// How files are named: tables, what is told of them, and captures that were seen.
const TABLE: &str = ".sqlite";
const RECORD: &str = ".json";
const SEEN: &str = ".seen";
/// Bytes of a record, and of what is known of a capture.
const SMALL: u64 = 16 << 10;
/// Captures that are known without being read.
const CAPTURES: usize = 4096;
/// How old something unfinished has to be that is nobody's.
const OLD: Duration = Duration::from_secs(3600);
/// After how many new files of this process all are looked at again, at the latest: it takes some milliseconds for each thousand.
const LOOKED_AFTER: u32 = 256;
/// Of the room that was left then, the part that a process may take before: as many may add files at once without more than there is room for.
const LOOKED_AT_PART: u64 = 64;
/// Bytes that are read at once for a digest.
const AT_ONCE: usize = 256 << 10;

/// Why a folder cannot be where tables are kept.
#[derive(Debug, thiserror::Error)]
pub enum TableCacheError {
    /// Others could look into it, or put something there.
    #[error(
        "{path} {reason}, and tables of captures are kept there: give it to this user alone (chmod 700), name another with --tables-dir, or keep none with --kept-tables 0"
    )]
    NotPrivate {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The system's words.
    #[error("{path} cannot be used for tables: {reason}")]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        reason: io::Error,
    },
}

/// The folder.
#[derive(Debug)]
pub struct TableCache {
    folder: Folder,
    /// Where it is, without links.
    path: PathBuf,
    /// Bytes of all files.
    most: u64,
    /// What decides on rows beside the capture, the table and who makes it: this program and its limits.
    program: String,
    boot: Option<String>,
    /// What may be added before all files are looked at again.
    before_look: Mutex<Before>,
}

/// Bytes and files.
#[derive(Debug, Default)]
struct Before {
    bytes: u64,
    files: u32,
}

/// A table that is kept, or may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

impl TableCache {
    /// Opens the folder, and makes it when it is not there. Its files have so many bytes together, and are of use for this program alone.
    ///
    /// # Errors
    /// When it cannot be used, or is not private.
    pub fn open(path: &Path, most: u64, program: String) -> Result<Self, TableCacheError> {
        let failed = |reason| TableCacheError::Io { path: path.into(), reason };
        let folder = Folder::open(path, Closed::ToAll).map_err(|unfit| match unfit {
            Unfit::Open(reason) => TableCacheError::NotPrivate { path: path.into(), reason },
            Unfit::Io(reason) => failed(reason),
        })?;
        let path = path.canonicalize().map_err(failed)?;
        let cache = Self { folder, path, most, program, boot: alive::boot(), before_look: Mutex::default() };
        cache.make_room();
        Ok(cache)
    }

    /// Where tables are made that may be kept.
    ///
    /// # Errors
    /// The system's.
    pub fn nest(&self) -> io::Result<Nest> {
        Nest::within(&self.path)
    }

    /// The table of a capture that has this SHA-256 and so many bytes. `makers` are what decides on its rows: components and arguments.
    pub fn key(&self, (capture, size): (&str, u64), table: &Table, makers: &Value) -> Key {
        let deciding = json!([self.program, capture, format!("{table:?}"), layout::create(table, false), makers]);
        Key(format!("{size:x}-{}", hex_sha256(deciding.to_string().as_bytes())))
    }

    /// The digests of a capture, if it was seen before and has not been changed since.
    pub fn seen(&self, capture: &Identity) -> Option<Digests> {
        let content = String::from_utf8(self.folder.get(&seen(capture), SMALL)?).ok()?;
        let (sha256, sha1) = match content.split_once(' ') {
            Some((sha256, sha1)) => (sha256, Some(sha1)),
            None => (content.as_str(), None),
        };
        let is_sound = is_digest(sha256, SHA256) && sha1.is_none_or(|sha1| is_digest(sha1, SHA1));
        is_sound.then(|| Digests { sha256: sha256.into(), sha1: sha1.map(Into::into) })
    }

    /// Remembers the digests of a capture.
    pub fn remember(&self, capture: &Identity, digests: &Digests) {
        let sha1 = digests.sha1.iter().flat_map(|sha1| [" ", sha1]);
        let content: String = std::iter::once(digests.sha256.as_str()).chain(sha1).collect();
        if let Err(error) = self.folder.keep(&seen(capture), content.as_bytes()) {
            tracing::debug!(%error, "a capture is not remembered");
        }
        self.added(content.len() as u64);
    }

    /// So many bytes were added, in one file: when there may be too many, some go.
    fn added(&self, bytes: u64) {
        let mut before = self.before_look.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(bytes), Some(files)) = (before.bytes.checked_sub(bytes), before.files.checked_sub(1)) {
            *before = Before { bytes, files };
            return;
        }
        drop(before);
        self.make_room();
    }

    /// Whether there are tables of any capture that has so many bytes: otherwise it need not be read to find out which it is.
    pub fn may_have(&self, size: u64) -> bool {
        let start = format!("{size:x}-");
        let is_of_it = |name: &str| name.starts_with(&start) && name.ends_with(RECORD);
        self.folder.names().any(|name| name.to_str().is_some_and(is_of_it))
    }

    /// A table that is kept, and the run that made it. What is not as it was written is removed. Where somebody else is about to remove it, or nobody waits any
    /// more, it is as if there were none.
    pub fn find(&self, key: &Key, table: &Arc<Table>, cancel: &CancellationToken) -> Option<(TableFile, Run)> {
        let content = self.folder.get(&key.record(), SMALL)?;
        let (file, path) = (self.folder.file(&key.table()), self.path.join(key.table()));
        if let Ok(file) = &file {
            flock(file, FlockOperation::NonBlockingLockShared).ok()?;
            // It was removed, or replaced by one of which the next question will know.
            if std::fs::symlink_metadata(&path).is_ok_and(|about| about.is_file())
                && !is_at(file, &path).unwrap_or(false)
            {
                return None;
            }
        }
        let record = serde_json::from_slice::<Record>(&content).ok();
        let is_sound = |record: &Record, file: &File| {
            record.run.outcome("").is_some()
                && (self.is_unchanged(record, file) || self.verify(key, record, file, cancel))
        };
        match (file, record) {
            (Ok(file), Some(record)) if is_sound(&record, &file) => {
                let size = file.metadata().ok()?.len();
                let holder = Holder::Kept(key.0.clone(), file);
                Some((TableFile { table: Arc::clone(table), path, bytes: record.bytes, size, holder }, record.run))
            }
            _ if cancel.is_cancelled() => None,
            _ => {
                self.forget(key);
                None
            }
        }
    }

    fn is_unchanged(&self, record: &Record, file: &File) -> bool {
        let is_same = file.metadata().is_ok_and(|about| Identity::of(&about) == record.file);
        is_same && record.boot.is_some() && record.boot == self.boot
    }

    /// Whether a file has the digest that it had, which is then noted.
    fn verify(&self, key: &Key, record: &Record, file: &File, cancel: &CancellationToken) -> bool {
        let Ok(about) = file.metadata() else { return false };
        if about.len() > self.most || digest(file, cancel).ok().as_ref() != Some(&record.sha256) {
            return false;
        }
        let record = Record { file: Identity::of(&about), boot: self.boot.clone(), ..record.clone() };
        self.write(key, &record).is_ok()
    }

    fn write(&self, key: &Key, record: &Record) -> io::Result<()> {
        self.folder.keep(&key.record(), &serde_json::to_vec(record)?)
    }

    /// Keeps a table that such a run made, unless it would leave no room for others; the longest unused go. One that cannot be kept is still there for who
    /// made it.
    pub fn keep(&self, key: &Key, file: TableFile, run: &Run, cancel: &CancellationToken) -> TableFile {
        if file.size > self.most / 2 {
            return file;
        }
        match self.take(key, &file, run, cancel) {
            Ok(lock) => {
                self.added(file.size.saturating_add(SMALL));
                let (path, holder) = (self.path.join(key.table()), Holder::Kept(key.0.clone(), lock));
                TableFile { path, holder, ..file }
            }
            Err(error) => {
                // Somebody else has made it at the same time, or asks what was there.
                if error.kind() != io::ErrorKind::WouldBlock && !cancel.is_cancelled() {
                    tracing::warn!(%error, folder = %self.path.display(), "a table is not kept");
                }
                file
            }
        }
    }

    fn take(&self, key: &Key, file: &TableFile, run: &Run, cancel: &CancellationToken) -> io::Result<File> {
        let (lock, bytes) = (File::open(&file.path)?, file.bytes);
        // From here on it is not removed before it has a record, nor while it is asked.
        flock(&lock, FlockOperation::NonBlockingLockShared)?;
        let sha256 = digest(&lock, cancel)?;
        // What is there already has no record, or one of another file.
        if !self.remove(key) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let kept = self.path.join(key.table());
        std::fs::rename(&file.path, &kept)?;
        let written = lock.metadata().and_then(|about| {
            let (file, boot) = (Identity::of(&about), self.boot.clone());
            self.write(key, &Record { run: run.clone(), bytes, sha256, file, boot })
        });
        // Without its record it is its maker's, as before.
        if written.is_err() {
            std::fs::rename(&kept, &file.path)?;
        }
        written.map(|()| lock)
    }

    /// Removes a table, whoever asks it.
    pub fn forget(&self, key: &Key) {
        self.folder.remove(&key.record());
        self.folder.remove(&key.table());
    }

    /// Removes tables that turned out to be damaged, whoever asks them.
    pub fn forget_damaged(&self, files: &[String]) {
        for name in files {
            tracing::warn!(table = name, folder = %self.path.display(), "a table that was kept is damaged and is made anew");
            self.forget(&Key(name.clone()));
        }
    }

    /// Removes a table, unless somebody asks it. Whether it is not there any more.
    fn remove(&self, key: &Key) -> bool {
        // Held until it is gone, so that nobody begins to ask it.
        let file = self.folder.file(&key.table()).ok();
        if file.as_ref().is_some_and(|file| flock(file, FlockOperation::NonBlockingLockExclusive).is_err()) {
            return false;
        }
        self.forget(key);
        true
    }

    /// How many tables are kept, and their bytes.
    pub fn held(&self) -> (usize, u64) {
        let entries = self.folder.entries();
        let tables = || entries.iter().filter(|entry| ends_with(entry, TABLE));
        (tables().count(), tables().map(|entry| entry.size).fold(0, u64::saturating_add))
    }

    /// Removes what nobody will ask, and of the rest the longest unused, until all is within its limit.
    fn make_room(&self) {
        let entries = self.folder.entries();
        let names: HashMap<&str, &Entry> =
            entries.iter().filter_map(|entry| Some((entry.name.to_str()?, entry))).collect();
        let now = SystemTime::now();
        let captures = entries.iter().filter(|entry| ends_with(entry, SEEN)).count();
        let mut surplus = captures.saturating_sub(CAPTURES);
        let mut size = entries.iter().map(|entry| entry.size).fold(0, u64::saturating_add);
        for entry in &entries {
            let Some(name) = entry.name.to_str() else { continue };
            let is_old = now.duration_since(entry.used).is_ok_and(|age| age > OLD);
            if entry.is_folder && name.starts_with(UNFINISHED) {
                if self.is_nobodys(name, is_old) {
                    self.folder.remove_folder(name);
                }
            } else if let Some(key) = name.strip_suffix(TABLE) {
                // Who makes it writes the record last, and holds it until then.
                if !names.contains_key(format!("{key}{RECORD}").as_str()) && self.remove(&Key(key.into())) {
                    size = size.saturating_sub(entry.size);
                }
            } else if let Some(key) = name.strip_suffix(RECORD) {
                let of_table = names.get(format!("{key}{TABLE}").as_str());
                if (size > self.most || of_table.is_none()) && self.remove(&Key(key.into())) {
                    size = size.saturating_sub(entry.size.saturating_add(of_table.map_or(0, |other| other.size)));
                }
            } else if name.ends_with(SEEN) && surplus > 0 {
                self.folder.remove(name);
                surplus = surplus.saturating_sub(1);
            } else if name.starts_with('.') && is_old {
                self.folder.remove(name);
            }
        }
        // Others add files, too: long before there is no room it is looked for again.
        let bytes = self.most.saturating_sub(size).checked_div(LOOKED_AT_PART).unwrap_or_default();
        *self.before_look.lock().unwrap_or_else(PoisonError::into_inner) = Before { bytes, files: LOOKED_AFTER };
    }

    /// Whether the maker of something unfinished is gone.
    fn is_nobodys(&self, name: &str, is_old: bool) -> bool {
        match self.folder.file(&format!("{name}/{ALIVE}")) {
            Ok(alive) => flock(&alive, FlockOperation::NonBlockingLockExclusive).is_ok(),
            // It has only begun, or never went on.
            Err(_) => is_old,
        }
    }
}

impl Key {
    fn table(&self) -> String {
        format!("{}{TABLE}", self.0)
    }

    fn record(&self) -> String {
        format!("{}{RECORD}", self.0)
    }
}

fn ends_with(entry: &Entry, end: &str) -> bool {
    entry.name.to_str().is_some_and(|name| name.ends_with(end))
}

/// Under which name a capture is remembered.
fn seen(capture: &Identity) -> String {
    format!("{}{SEEN}", hex_sha256(json!(capture).to_string().as_bytes()))
}

/// SHA-256 of a file, as hexadecimal digits.
fn digest(file: &File, cancel: &CancellationToken) -> io::Result<String> {
    let mut reader = file;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; AT_ONCE];
    loop {
        if cancel.is_cancelled() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let read = reader.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
    }
    Ok(hex(&hash.finish()))
}
