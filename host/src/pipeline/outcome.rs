//! What a run gives: a report with what is known of the capture, or why there is none.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::seat::Gave;
use crate::answer::{AnswerError, Code};
use crate::capture::{CaptureFile, Facts};
use crate::rows::QueryError;
use crate::sandbox::Fault;
use crate::selection::{Delivered, Selection};

/// Why reading ended before the end of the capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// `cut-short`, `damaged`, `compression-damaged`, `too-large`, `reader-failed`, `read-failed`, `enough` or `time-limit`.
    pub reason: &'static str,
    /// Offset in the capture.
    pub offset: u64,
    /// What is wrong there, in one line.
    pub message: String,
}

impl End {
    /// Whether reading ended where it was asked to: the arguments chose no frames behind, or the analyzer had enough.
    pub fn was_asked(&self) -> bool {
        self.reason == "enough"
    }
}

/// What a run gave.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The analyzer's report, as it wrote it.
    pub report: Arc<str>,
    /// Name of the capture: a base name, or a URL.
    pub name: String,
    /// Frames that were read.
    pub frames: u64,
    /// Frames that the analyzer was given.
    pub delivered: Delivered,
    /// SHA-256 of the file, as hexadecimal digits; of what was read of it when reading ended early.
    pub identity: String,
    /// Whether that is the whole file's.
    pub identity_is_whole: bool,
    /// SHA-1 of the whole file, where that was asked for.
    pub sha1: Option<String>,
    /// Whether they were known before, and not computed again.
    pub identity_is_kept: bool,
    /// Octets on disk.
    pub size: u64,
    /// Octets of the (uncompressed) capture that were read.
    pub octets: u64,
    /// Bytes of memory of reader, decoder and analyzer.
    pub memory: usize,
    /// The reader's summary.
    pub summary: Value,
    /// Why reading ended early, if it did.
    pub end: Option<End>,
}

/// Why a run gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The file is not a capture.
    #[error("{file} is not a capture: {reason}")]
    NotACapture {
        /// Name of the capture.
        file: String,
        /// What it is instead.
        reason: String,
    },
    /// The capture could not be read at all.
    #[error("{file} could not be read: {reason}")]
    Unreadable {
        /// Name of the capture.
        file: String,
        /// Why.
        reason: String,
    },
    /// A component failed.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Rows could not be kept, or nobody waits for them any more.
    #[error(transparent)]
    Rows(#[from] QueryError),
    /// The host could not start a thread.
    #[error("the machine has no room for another run")]
    Threads,
}

impl From<RunError> for AnswerError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Fault(fault) => fault.into(),
            RunError::NotACapture { .. } => Self::new(Code::NotACapture, error.to_string()),
            RunError::Unreadable { .. } => Self::new(Code::Damaged, error.to_string()),
            RunError::Rows(error) => error.into(),
            RunError::Threads => Self::new(Code::LimitReached, error.to_string()),
        }
    }
}

/// How far reading was at an end, and what reader and decoder say of it.
pub(super) struct Ended {
    pub(super) end: Option<End>,
    pub(super) frames: u64,
    pub(super) octets: u64,
    pub(super) delivered: Delivered,
    pub(super) reader: Value,
    pub(super) decoder: Value,
    /// Bytes of the file's key logs that were not handed on.
    pub(super) key_log_left_out: u64,
}

/// What the host knows of the file.
pub(super) struct File<'a> {
    pub(super) name: &'a str,
    pub(super) size: u64,
    pub(super) inflated: u64,
    pub(super) facts: &'a Facts,
    pub(super) asked: &'a Selection,
}

impl File<'_> {
    pub(super) fn unreadable(&self, reason: String) -> RunError {
        RunError::Unreadable { file: self.name.into(), reason }
    }

    /// What `finish` is given; `wit/README.md` has the fields.
    pub(super) fn describe(&self, ended: &Ended) -> String {
        let end = ended.end.as_ref();
        let mut file = Map::new();
        file.insert("name".into(), self.name.into());
        file.insert("size".into(), self.size.into());
        if let Some(compression) = &self.facts.compression {
            file.insert("compression".into(), compression.as_str().into());
        }
        if is_whole(end) {
            file.insert("uncompressed_size".into(), self.inflated.into());
            if let Some(sha256) = &self.facts.sha256 {
                file.insert("sha256".into(), sha256.as_str().into());
            }
            if let Some(sha1) = &self.facts.sha1 {
                file.insert("sha1".into(), sha1.as_str().into());
            }
        }
        let frames = json!({ "read": ended.frames, "delivered": ended.delivered.count(), "asked": self.asked.asked() });
        let mut capture = json!({ "file": file, "frames": frames, "reader": ended.reader });
        if let Some(object) = capture.as_object_mut() {
            if !ended.decoder.is_null() {
                object.insert("decoder".into(), ended.decoder.clone());
            }
            if ended.key_log_left_out > 0 {
                object.insert("key_log_left_out".into(), ended.key_log_left_out.into());
            }
            if let Some(end) = end {
                let end = json!({ "reason": end.reason, "offset": end.offset, "message": end.message });
                object.insert("end".into(), end);
            }
        }
        capture.to_string()
    }

    pub(super) fn outcome(
        &self,
        gave: Gave,
        ended: &Ended,
        same: &CaptureFile,
        memory: usize,
        cancel: &CancellationToken,
    ) -> Result<Outcome, RunError> {
        let (identity, identity_is_whole) = self.identity(same, ended, cancel).map_err(|error| match error.kind() {
            std::io::ErrorKind::Interrupted => Fault::Cancelled.into(),
            _ => self.unreadable(error.to_string()),
        })?;
        Ok(Outcome {
            report: gave.report.into(),
            name: self.name.into(),
            frames: ended.frames,
            delivered: ended.delivered.clone(),
            identity,
            identity_is_whole,
            sha1: self.facts.sha1.clone().filter(|_| identity_is_whole),
            identity_is_kept: identity_is_whole && same.known().is_some(),
            size: self.size,
            octets: ended.octets,
            memory: memory.saturating_add(gave.memory),
            summary: ended.reader.clone(),
            end: ended.end.clone(),
        })
    }

    /// The hash by which a capture is known, and whether it is the whole file's: it is when reading did not end early. Otherwise it is that of
    /// the first octets, which does not depend on how far the source was ahead; of a compressed file it is the whole one's nevertheless, as
    /// nobody knows how far into it reading went.
    fn identity(
        &self,
        file: &CaptureFile,
        ended: &Ended,
        cancel: &CancellationToken,
    ) -> std::io::Result<(String, bool)> {
        match (&self.facts.sha256, &self.facts.compression) {
            (Some(sha256), _) if is_whole(ended.end.as_ref()) => Ok((sha256.clone(), true)),
            (_, None) => Ok((file.sha256_of(ended.octets, cancel)?, false)),
            (_, Some(_)) => Ok((file.sha256_of(u64::MAX, cancel)?, true)),
        }
    }
}

/// Whether the file was read to its end, damaged or not.
fn is_whole(end: Option<&End>) -> bool {
    end.is_none_or(|end| !matches!(end.reason, "enough" | "time-limit"))
}
