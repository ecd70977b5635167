//! Opening a capture on disk.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use sha2::{Digest, Sha256};

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
        /// The server's working directory.
        directory: String,
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
    /// A download failed.
    #[error("fetching the capture failed: {reason}")]
    Fetch {
        /// What failed. Holds no credentials.
        reason: String,
    },
    /// A download was larger than its limit.
    #[error("the capture is larger than the limit of {limit} octets for downloads")]
    TooLarge {
        /// The limit, in octets.
        limit: u64,
    },
    /// The caller withdrew the request.
    #[error("the request was cancelled")]
    Cancelled,
}

/// A capture that was opened: never again by its name.
#[derive(Debug)]
pub struct CaptureFile {
    /// Its base name, or the URL it came from, for the report.
    pub name: String,
    /// Octets on disk.
    pub size: u64,
    pub(super) file: File,
}

impl CaptureFile {
    /// The same file once more, from its beginning.
    ///
    /// # Errors
    /// As the disk fails.
    pub fn again(&self) -> Result<Self, CaptureError> {
        let io = |error: io::Error| CaptureError::Io { path: self.name.clone(), reason: error.kind().to_string() };
        let mut file = self.file.try_clone().map_err(io)?;
        io::Seek::rewind(&mut file).map_err(io)?;
        Ok(Self { name: self.name.clone(), size: self.size, file })
    }

    /// SHA-256 of its first octets, as hexadecimal digits.
    ///
    /// # Errors
    /// As the disk fails.
    pub fn sha256_of(mut self, octets: u64) -> io::Result<String> {
        io::Seek::rewind(&mut self.file)?;
        let mut reader = io::Read::take(self.file, octets);
        let mut hash = Sha256::new();
        let mut buffer = vec![0; HASHED_AT_ONCE];
        loop {
            let read = io::Read::read(&mut reader, &mut buffer)?;
            let Some(octets) = buffer.get(..read).filter(|octets| !octets.is_empty()) else { break };
            hash.update(octets);
        }
        Ok(super::hex(&hash.finalize()))
    }
}

/// Opens a file for reading.
///
/// # Errors
/// When it is not there, not readable, or not a regular file. Pipes and devices are found out without waiting for them.
pub fn open(path: &str) -> Result<CaptureFile, CaptureError> {
    if path.is_empty() || path.contains('\0') {
        return Err(CaptureError::BadName {
            reason: "pcap_file must be the path or the URL of a capture; it is empty or holds a NUL".into(),
        });
    }
    // Opening a pipe would wait for a writer.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = opened.map_err(|error| from_io(path, &error))?;
    let metadata = file.metadata().map_err(|error| from_io(path, &error))?;
    if !metadata.is_file() {
        return Err(CaptureError::NotAFile { path: path.into(), kind: kind(&metadata) });
    }
    let name = Path::new(path).file_name().map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned());
    Ok(CaptureFile { name, size: metadata.len(), file })
}

fn kind(metadata: &std::fs::Metadata) -> &'static str {
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

fn from_io(path: &str, error: &io::Error) -> CaptureError {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => CaptureError::NotFound {
            path,
            directory: std::env::current_dir()
                .map_or_else(|_| "the working directory".into(), |d| d.display().to_string()),
        },
        io::ErrorKind::PermissionDenied => CaptureError::NotAllowed { path },
        _ => CaptureError::Io { path, reason: error.kind().to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_file_is_named_for_what_it_is() {
        assert!(matches!(open("/"), Err(CaptureError::NotAFile { kind: "a directory", .. })));
        assert!(matches!(open("/dev/null"), Err(CaptureError::NotAFile { kind: "a device", .. })));
        assert!(matches!(open("/nowhere/x.pcap"), Err(CaptureError::NotFound { .. })));
        assert!(matches!(open(""), Err(CaptureError::BadName { .. })));
        assert!(matches!(open("a\0b"), Err(CaptureError::BadName { .. })));
    }

    #[test]
    fn a_pipe_does_not_hold_the_server_up() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("x.pcap");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert!(matches!(open(pipe.to_str().unwrap()), Err(CaptureError::NotAFile { kind: "a pipe", .. })));
    }
}
