//! Where a data set is: a folder, or a bucket of an object store.

mod parts;
mod store;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use self::parts::Parts;
use self::store::Bucket;
use super::ExportError;
use super::spool::{Spool, Written};

pub use self::store::{is_url, secrets};

/// Where a data set is.
pub struct Place(Kind);

enum Kind {
    Folder(PathBuf, Parts),
    Bucket(Bucket),
}

impl Place {
    /// A folder, which is made where it is not there, or a URL of a store.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn open(text: &str) -> Result<Self, ExportError> {
        if is_url(text) {
            return Bucket::open(text).map(Kind::Bucket).map(Self);
        }
        let folder = std::path::absolute(text).and_then(|folder| std::fs::create_dir_all(&folder).map(|()| folder));
        let folder = folder.map_err(|error| ExportError::written(text, &error))?;
        let parts = Parts::of(&folder);
        Ok(Self(Kind::Folder(folder, parts)))
    }

    /// A store that is there.
    #[cfg(test)]
    pub(super) fn of(store: std::sync::Arc<dyn object_store::ObjectStore>) -> Self {
        Self(Kind::Bucket(Bucket::of(store, "t://bucket/sets")))
    }

    /// A file in it, for messages.
    pub fn shown(&self, path: &str) -> String {
        match &self.0 {
            Kind::Folder(folder, _) => folder.join(path).display().to_string(),
            Kind::Bucket(bucket) => bucket.shown(path),
        }
    }

    /// The content of a file, where it is there and has so many bytes at most.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub fn read(&self, path: &str, most: usize, cancel: &CancellationToken) -> Result<Option<Vec<u8>>, ExportError> {
        match &self.0 {
            Kind::Bucket(bucket) => bucket.read(path, most, cancel),
            Kind::Folder(folder, _) => read(&folder.join(path), most).map_err(|error| self.unread(path, &error)),
        }
    }

    /// Bytes of a file, where it is there.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub fn size(&self, path: &str, cancel: &CancellationToken) -> Result<Option<u64>, ExportError> {
        match &self.0 {
            Kind::Bucket(bucket) => bucket.size(path, cancel),
            Kind::Folder(folder, _) => match std::fs::metadata(folder.join(path)) {
                Ok(about) => Ok(about.is_file().then_some(about.len())),
                Err(error) if is_missing(&error) => Ok(None),
                Err(error) => Err(self.unread(path, &error)),
            },
        }
    }

    /// A file that is to come there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn spool(&self, path: &str) -> Result<Spool, ExportError> {
        let made = match &self.0 {
            Kind::Folder(_, parts) => parts.begin().map(Spool::named),
            Kind::Bucket(_) => Spool::unnamed(),
        };
        made.map_err(|error| self.unwritten(path, &error))
    }

    /// Why a file that is to come there could not be written.
    pub fn unwritten(&self, path: &str, error: &io::Error) -> ExportError {
        match &self.0 {
            Kind::Folder(..) => ExportError::written(self.shown(path), error),
            Kind::Bucket(_) => ExportError::written(std::env::temp_dir().display().to_string(), error),
        }
    }

    /// Ends a file that is to come there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish<T>(&self, path: &str, finish: impl FnOnce(bool) -> io::Result<T>) -> Result<T, ExportError> {
        let is_lasting = matches!(self.0, Kind::Folder(..));
        finish(is_lasting).map_err(|error| self.unwritten(path, &error))
    }

    /// Puts it there, whole and at once, in place of what is there.
    ///
    /// # Errors
    /// When it cannot be written, or the work was cancelled.
    pub fn put(&self, path: &str, written: Written, cancel: &CancellationToken) -> Result<(), ExportError> {
        match &self.0 {
            Kind::Bucket(bucket) => bucket.put(path, written, cancel),
            Kind::Folder(folder, _) => {
                let file = folder.join(path);
                let put = || {
                    let name = written.name.ok_or(io::ErrorKind::NotFound)?;
                    file.parent().map_or(Ok(()), std::fs::create_dir_all)?;
                    name.persist(&file).map_err(|error| error.error)
                };
                put().map_err(|error| ExportError::written(self.shown(path), &error))
            }
        }
    }

    /// Takes a file away, where it is there.
    ///
    /// # Errors
    /// When it stays.
    pub fn remove(&self, path: &str, cancel: &CancellationToken) -> Result<(), ExportError> {
        match &self.0 {
            Kind::Bucket(bucket) => bucket.remove(path, cancel),
            Kind::Folder(folder, _) => match std::fs::remove_file(folder.join(path)) {
                Err(error) if !is_missing(&error) => Err(ExportError::written(self.shown(path), &error)),
                _ => Ok(()),
            },
        }
    }

    fn unread(&self, path: &str, error: &io::Error) -> ExportError {
        ExportError::Place { place: self.shown(path), what: "read", reason: error.to_string() }
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn read(path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1) as u64).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= most).then_some(bytes))
}
