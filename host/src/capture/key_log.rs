//! TLS key logs that callers name: files below the same folders as captures. Nobody looks into them here.

use std::fmt;
use std::io::Read as _;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{CaptureError, Roots, named};
use crate::answer::{AnswerError, Code};
use crate::digest::hex_sha256;
use crate::text::url::is_url;
use crate::text::written_out;

/// The argument that names one.
pub const ARGUMENT: &str = "keylog_file";

/// A key log. Its text cannot be shown.
#[derive(Clone)]
pub struct KeyLog {
    /// As it is in the file.
    pub text: Arc<[u8]>,
    /// SHA-256 of it, as hexadecimal digits.
    pub sha256: String,
}

impl fmt::Debug for KeyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyLog").field("sha256", &self.sha256).finish_non_exhaustive()
    }
}

impl KeyLog {
    /// What a receipt says of it.
    pub fn in_receipt(&self) -> Value {
        json!({ "sha256": self.sha256, "size": self.text.len() })
    }

    /// Reads one of so many bytes at the most.
    ///
    /// # Errors
    /// As a file cannot be opened; [`Code::TooLarge`]; [`Code::BadArgument`] for a URL, and for what is no file.
    pub fn read(roots: &Roots, path: &str, most: usize) -> Result<Self, AnswerError> {
        let refused = |code, reason: &str| AnswerError::new(code, format!("argument {ARGUMENT}: {reason}"));
        if is_url(path) {
            return Err(refused(Code::BadArgument, "must be the path of a file; key logs are not fetched"));
        }
        let failed = |error: CaptureError| {
            let error = match error {
                CaptureError::BadName { .. } => CaptureError::BadName {
                    reason: "must be the path of a TLS key log; it is empty, holds a NUL, or is a URL".into(),
                },
                error => error,
            };
            let message = error.to_string();
            let code = AnswerError::from(error).code;
            refused(if code == Code::NotACapture { Code::BadArgument } else { code }, &message)
        };
        let path = named(path).map_err(failed)?;
        let file = roots.open_as_written(&path).map_err(failed)?;
        let too_large = |size: u64| {
            let reason = format!(
                "the key log has {size} bytes; at most {most} are read: keep the lines of the sessions in question"
            );
            refused(Code::TooLarge, &reason)
        };
        if file.size > most as u64 {
            return Err(too_large(file.size));
        }
        let mut text = Vec::new();
        // A program may be writing to it.
        let read = file.take((most as u64).saturating_add(1)).read_to_end(&mut text);
        read.map_err(|error| failed(CaptureError::Io { path: path.to_string(), reason: error.kind().to_string() }))?;
        if text.len() > most {
            return Err(too_large(text.len() as u64));
        }
        Ok(Self { sha256: hex_sha256(&text), text: text.into() })
    }
}

impl Roots {
    /// Opens a file, also where its path is given as a report, a list of captures or an error wrote it, when nothing is called that itself.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_as_written(&self, path: &str) -> Result<super::CaptureFile, CaptureError> {
        match (self.open(path), written_out(path)) {
            (Err(CaptureError::NotFound { .. }), Some(meant)) => self.open(&meant),
            (opened, _) => opened,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Root;
    use super::*;

    #[test]
    fn only_files_below_the_roots_are_read_and_only_so_much() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::write(inside.path().join("keys"), b"CLIENT_RANDOM 00 00\n").unwrap();
        std::fs::write(outside.path().join("keys"), b"secret").unwrap();
        let roots = Roots::Below(vec![Root::open(inside.path()).unwrap()]);
        let read = |path: &str, most| KeyLog::read(&roots, path, most);
        let log = read("keys", 20).unwrap();
        assert_eq!(&*log.text, b"CLIENT_RANDOM 00 00\n");
        assert_eq!(log.sha256.len(), 64);
        assert!(!format!("{log:?}").contains("CLIENT"));
        let outside = outside.path().join("keys");
        for (path, most, code) in [
            ("keys", 19, Code::TooLarge),
            ("missing", 20, Code::NotFound),
            (outside.to_str().unwrap(), 20, Code::NotAllowed),
            ("https://198.51.100.1/keys", 20, Code::BadArgument),
            ("s3://bucket/keys", 20, Code::BadArgument),
            ("", 20, Code::BadArgument),
            ("a\0b", 20, Code::BadArgument),
            (".", 20, Code::BadArgument),
        ] {
            let error = read(path, most).unwrap_err();
            assert_eq!(error.code, code, "{path} {error}");
            assert!(error.message.starts_with("argument keylog_file: "), "{error}");
            assert!(!error.message.contains("secret") && !error.message.contains("CLIENT"), "{error}");
        }
    }
}
