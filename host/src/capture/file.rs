//! A capture that was opened, and what can go wrong before it is.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustix::buffer::spare_capacity;
use rustix::io::{Errno, pread};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::Digests;
use crate::answer::{AnswerError, Code};
use crate::digest::{Sha256, hex};

/// Octets that are read at once for a hash.
const HASHED_AT_ONCE: usize = 128 << 10;

/// Why a capture could not be opened or read. The text is for the caller, who named the capture.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// Nothing is there.
    #[error("there is no file {path}; give an absolute path, or one relative to {directory}")]
    NotFound {
        /// As the caller gave it.
        path: String,
        /// The server's working directory, or the folders that it may read.
        directory: String,
    },
    /// It is outside of what may be read, or inside and not readable.
    #[error(
        "{path} may not be read: this server reads files below {roots} that its user may read, and no others; \
         it has to be started with --root DIR for other folders"
    )]
    Outside {
        /// As the caller gave it.
        path: String,
        /// The folders that may be read.
        roots: String,
    },
    /// It is there and may not be read.
    #[error("{path} may not be read by this server: permission denied")]
    NotAllowed {
        /// As the caller gave it.
        path: String,
    },
    /// It is a directory, device, pipe or socket.
    #[error("{path} is {kind}, not a file")]
    NotAFile {
        /// As the caller gave it.
        path: String,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// The path or URL makes no sense.
    #[error("{reason}")]
    BadName {
        /// What is wrong with it.
        reason: String,
    },
    /// Reading failed.
    #[error("reading {path} failed: {reason}")]
    Io {
        /// As the caller gave it.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// URLs are not fetched by this server.
    #[error("this server does not fetch URLs (--no-remote): name a file")]
    Remote,
    /// A download failed.
    #[error("fetching the capture failed: {reason}")]
    Fetch {
        /// What failed. Holds no credentials.
        reason: String,
    },
    /// A download, or what came through standard input, was larger than the limit.
    #[error("the capture is larger than the limit of {limit} bytes for downloads and standard input")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The caller withdrew the request.
    #[error("the request was cancelled")]
    Cancelled,
}

impl From<CaptureError> for AnswerError {
    fn from(error: CaptureError) -> Self {
        let code = match &error {
            CaptureError::NotFound { .. } => Code::NotFound,
            CaptureError::NotAllowed { .. } | CaptureError::Outside { .. } | CaptureError::Remote => Code::NotAllowed,
            CaptureError::NotAFile { .. } => Code::NotACapture,
            CaptureError::BadName { .. } => Code::BadArgument,
            CaptureError::Io { .. } => Code::Damaged,
            CaptureError::Fetch { .. } => Code::FetchFailed,
            CaptureError::TooLarge { .. } => Code::TooLarge,
            CaptureError::Cancelled => Code::Cancelled,
        };
        Self::new(code, error.to_string())
    }
}

/// A capture that was opened: never again by its name. Each has its own place in the file.
#[derive(Debug, Clone)]
pub struct CaptureFile {
    /// Its base name, or the URL it came from, for the report.
    pub name: String,
    /// Octets on disk.
    pub size: u64,
    file: Arc<File>,
    /// Octets that were read.
    at: u64,
    /// What it was like when it was opened.
    identity: Identity,
    /// Whether nobody else can write to it, as to a download.
    is_own: bool,
    /// Whether a change after this would give it another identity.
    is_settled: bool,
    /// Its digests, where they were computed before.
    known: Option<Digests>,
}

/// So long after its last change, a file that changes again has another time of change: clocks of file systems tick, the coarsest each two seconds.
const SETTLED: Duration = Duration::from_secs(3);

/// A file, and what changes when it is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Device and inode.
    place: (u64, u64),
    /// Bytes.
    size: u64,
    /// The time of the last writing, in seconds since 1970 and nanoseconds.
    written: (i64, i64),
    /// The time of the last change, which nobody can set back.
    changed: (i64, i64),
}

impl Identity {
    /// Of a file at this moment.
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            place: (metadata.dev(), metadata.ino()),
            size: metadata.len(),
            written: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether its last change was so long ago that a further one would show.
    fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let since = u64::try_from(self.changed.0.max(self.written.0)).unwrap_or_default();
        now.checked_sub(Duration::from_secs(since)).is_some_and(|age| age >= SETTLED)
    }
}

impl CaptureFile {
    /// A file that was opened for reading by its path.
    ///
    /// # Errors
    /// When it is not a regular file on a disk.
    pub(super) fn of(path: &str, file: File) -> Result<Self, CaptureError> {
        let io = |error: io::Error| CaptureError::Io { path: path.into(), reason: error.kind().to_string() };
        let metadata = file.metadata().map_err(io)?;
        if !metadata.is_file() {
            return Err(CaptureError::NotAFile { path: path.into(), kind: kind(&metadata) });
        }
        if is_made_up(&file).map_err(|error| io(error.into()))? {
            return Err(CaptureError::NotAFile { path: path.into(), kind: "made up by the kernel" });
        }
        let name =
            Path::new(path).file_name().map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned());
        let identity = Identity::of(&metadata);
        let is_settled = identity.is_settled();
        Ok(Self {
            name,
            size: metadata.len(),
            file: Arc::new(file),
            at: 0,
            identity,
            is_own: false,
            is_settled,
            known: None,
        })
    }

    /// A file that was fetched.
    ///
    /// # Errors
    /// As the disk fails.
    pub(super) fn fetched(name: String, size: u64, file: Arc<File>) -> io::Result<Self> {
        let identity = Identity::of(&file.metadata()?);
        Ok(Self { name, size, file, at: 0, identity, is_own: true, is_settled: true, known: None })
    }

    /// By what it is known without reading it; `None` for a file that was written to a moment ago, of which a change might not show.
    pub fn identity(&self) -> Option<Identity> {
        self.is_settled.then_some(self.identity)
    }

    /// Tells what its digests are, so that they are not computed again. They count only as long as a change of the file would show.
    #[must_use]
    pub fn with_known(self, digests: Option<Digests>) -> Self {
        Self { known: digests.filter(|_| self.is_settled), ..self }
    }

    /// Its digests, where they were computed before.
    pub fn known(&self) -> Option<&Digests> {
        self.known.as_ref()
    }

    /// The same file once more, from its beginning.
    pub fn again(&self) -> Self {
        Self { at: 0, ..self.clone() }
    }

    /// Whether it is as it was when it was opened: otherwise what was read of it never existed as a whole.
    ///
    /// # Errors
    /// As the disk fails.
    pub fn is_unchanged(&self) -> io::Result<bool> {
        Ok(self.is_own || Identity::of(&self.file.metadata()?) == self.identity)
    }

    /// Reads on behind what a buffer has, up to the end of the file or of the buffer's room, which is not zeroed for that.
    ///
    /// # Errors
    /// As the disk fails; what was read before is in the buffer.
    pub(super) fn read_into(&mut self, buffer: &mut Vec<u8>) -> io::Result<()> {
        while buffer.len() < buffer.capacity() {
            let room = spare_capacity(buffer);
            match pread(&self.file, room, self.at) {
                Ok(0) => break,
                Ok(read) => self.at = self.at.saturating_add(read as u64),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// SHA-256 of its first bytes, as hexadecimal digits.
    ///
    /// # Errors
    /// As the disk fails, and [`io::ErrorKind::Interrupted`] when the call was cancelled.
    pub fn sha256_of(&self, octets: u64, cancel: &CancellationToken) -> io::Result<String> {
        let mut reader = io::Read::take(self.again(), octets);
        let mut hash = Sha256::new();
        let mut buffer = vec![0; HASHED_AT_ONCE];
        loop {
            if cancel.is_cancelled() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let read = io::Read::read(&mut reader, &mut buffer)?;
            let Some(octets) = buffer.get(..read).filter(|octets| !octets.is_empty()) else { break };
            hash.update(octets);
        }
        Ok(hex(&hash.finish()))
    }
}

impl io::Read for CaptureFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at = self.at.saturating_add(read as u64);
        Ok(read)
    }
}

/// Whether a file lies in a file system that the kernel makes up, such as /proc: such a file is no capture, and reading it may wait, have no end,
/// or tell about the server itself. Numbers from linux/magic.h.
fn is_made_up(file: &File) -> rustix::io::Result<bool> {
    const MADE_UP: [u64; 8] = [
        0x9fa0,      // proc
        0x6265_6572, // sysfs
        0x6462_6720, // debugfs
        0x7472_6163, // tracefs
        0x7363_6673, // securityfs
        0x6367_7270, // cgroup2
        0x0027_e0eb, // cgroup
        0xcafe_4a11, // bpf
    ];
    // The type of the number differs between platforms.
    let kind = u64::try_from(rustix::fs::fstatfs(file)?.f_type).unwrap_or_default();
    Ok(MADE_UP.contains(&kind))
}

fn kind(metadata: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    #[test]
    fn each_reader_has_its_own_place_and_a_change_is_noticed() {
        let mut written = tempfile::NamedTempFile::new().unwrap();
        written.write_all(b"0123456789").unwrap();
        let path = written.path().to_str().unwrap();
        let mut one = CaptureFile::of(path, File::open(path).unwrap()).unwrap();
        let mut start = [0; 4];
        one.read_exact(&mut start).unwrap();
        let mut whole = String::new();
        one.again().read_to_string(&mut whole).unwrap();
        assert_eq!((&start, whole.as_str()), (b"0123", "0123456789"));
        let mut rest = String::new();
        one.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "456789");
        assert!(one.is_unchanged().unwrap());
        written.write_all(b"x").unwrap();
        assert!(!one.is_unchanged().unwrap());
    }

    #[test]
    fn setting_the_time_back_hides_no_change() {
        let mut written = tempfile::NamedTempFile::new().unwrap();
        written.write_all(b"0123456789").unwrap();
        let path = written.path().to_str().unwrap();
        let one = CaptureFile::of(path, File::open(path).unwrap()).unwrap();
        let before = written.as_file().metadata().unwrap().modified().unwrap();
        // The clock of file times ticks every few milliseconds.
        std::thread::sleep(std::time::Duration::from_millis(50));
        written.as_file().write_at(b"x", 3).unwrap();
        written.as_file().set_modified(before).unwrap();
        assert_eq!(written.as_file().metadata().unwrap().modified().unwrap(), before);
        assert!(!one.is_unchanged().unwrap());
    }

    #[test]
    fn hashing_ends_when_it_is_cancelled() {
        let written = tempfile::NamedTempFile::new().unwrap();
        let path = written.path().to_str().unwrap();
        let one = CaptureFile::of(path, File::open(path).unwrap()).unwrap();
        let cancel = CancellationToken::new();
        assert!(one.sha256_of(9, &cancel).unwrap().starts_with("e3b0c442"));
        cancel.cancel();
        assert_eq!(one.sha256_of(9, &cancel).unwrap_err().kind(), io::ErrorKind::Interrupted);
    }
}
