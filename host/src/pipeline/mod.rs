//! The straight line: source, reader, batches, analyzer, report. All control flow of a run is here.
//!
//! The source reads and inflates on a thread of its own; reader and analyzer take turns on this one, so that where an
//! analyzer stops is where the reader stopped, and the same capture gives the same report.

mod passage;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::sync_channel;

use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::capture::{CaptureFile, Facts, Source};
use crate::effort::{Effort, after};
use crate::progress::Done;
use crate::sandbox::{Analyzer, Codec, Fault, Reader, ReaderSession, Selector, SelectorSession};
use crate::selection::{Delivered, Selection};
use crate::settings::Limits;
use passage::Passage;

/// Chunks that may wait between the source and the reader.
const AHEAD: usize = 4;

/// The components that every run passes through, and the limits in force.
pub struct Line {
    /// Finds the frames.
    pub reader: Reader,
    /// Inflates compressed captures.
    pub codec: Codec,
    /// Chooses frames by address and port.
    pub selector: Selector,
    /// Limits of each component and of the run.
    pub limits: Limits,
}

/// What is asked of an analyzer.
pub struct Question<'a> {
    /// The analyzer.
    pub analyzer: &'a Analyzer,
    /// Name of its tool.
    pub tool: &'a str,
    /// The tool's arguments as a JSON object, without those that are the host's.
    pub arguments: &'a str,
    /// The frames it is given.
    pub selection: &'a Selection,
}

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
    /// Octets on disk.
    pub size: u64,
    /// Octets of the (uncompressed) capture that were read.
    pub octets: u64,
    /// Octets of memory of reader and analyzer.
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
    /// The host could not start a thread.
    #[error("the machine has no room for another run")]
    Threads,
}

impl Line {
    /// Runs one tool over one capture. `progress` is told how much of the file has been analysed.
    ///
    /// # Errors
    /// When there can be no report. A capture that breaks off gives a report on what stands before the break.
    pub fn run(
        &self,
        question: &Question<'_>,
        capture: CaptureFile,
        cancel: &CancellationToken,
        progress: &dyn Fn(Done),
    ) -> Result<Outcome, RunError> {
        let mut analyzer = question.analyzer.session(&self.limits, cancel)?;
        analyzer.open(question.tool, question.arguments)?;
        let mut reader = self.reader.session(&self.limits, cancel)?;
        let selector = self.select(question.selection, cancel)?;
        let (name, size) = (capture.name.clone(), capture.size);
        let same = capture.again();
        let read = AtomicU64::new(0);
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(AHEAD);
            let source = Source::new(capture, &self.codec, &self.limits, cancel, &read);
            let thread = std::thread::Builder::new()
                .name("source".into())
                .spawn_scoped(scope, move || source.run(&sender))
                .map_err(|_| RunError::Threads)?;
            let mut passage = Passage::new(&name, &self.limits, question.selection, selector, receiver, &read);
            let end = passage.run(&mut reader, &mut analyzer, progress);
            let inflated = passage.received;
            let (frames, octets) = (passage.checker.frames(), passage.checker.position());
            let delivered = std::mem::replace(&mut passage.delivered, Delivered::UpTo(0));
            // Gives the receiver back: a source that is not wanted any more ends.
            drop(passage);
            let facts = thread.join().unwrap_or_default();
            let end = end?;
            let effort = Effort { cancel, until: after(self.limits.call) };
            let summary = summary(&mut reader, end.as_ref(), &effort);
            let given = json!({ "read": frames, "delivered": delivered.count(), "asked": question.selection.asked() });
            let capture = describe(&name, size, inflated, &facts, given, end.as_ref(), &summary);
            let report = analyzer.finish(&capture)?;
            let memory = analyzer.memory().saturating_add(reader.memory());
            let read_to = facts.compression.is_none().then_some(octets);
            let unreadable = |reason: String| RunError::Unreadable { file: name.clone(), reason };
            let (identity, identity_is_whole) =
                identity(&same, facts, end.as_ref(), read_to, cancel).map_err(|error| match error.kind() {
                    std::io::ErrorKind::Interrupted => Fault::Cancelled.into(),
                    _ => unreadable(error.to_string()),
                })?;
            if !same.is_unchanged().map_err(|error| unreadable(error.to_string()))? {
                return Err(unreadable("it changed while it was read; wait until it is written, or copy it".into()));
            }
            Ok(Outcome {
                report: report.into(),
                name: name.clone(),
                frames,
                delivered,
                identity,
                identity_is_whole,
                size,
                octets,
                memory,
                summary,
                end,
            })
        })
    }
}

impl Line {
    /// In which format a capture is, by as much of its beginning as the reader wants: `pcap`, `pcapng`, with its compression.
    ///
    /// # Errors
    /// [`RunError::NotACapture`], or as reading fails.
    pub fn format(&self, capture: CaptureFile, cancel: &CancellationToken) -> Result<String, RunError> {
        let mut reader = self.reader.session(&self.limits, cancel)?;
        let name = capture.name.clone();
        let read = AtomicU64::new(0);
        std::thread::scope(|scope| {
            let (sender, receiver) = sync_channel(AHEAD);
            let source = Source::new(capture, &self.codec, &self.limits, cancel, &read);
            let thread = std::thread::Builder::new()
                .name("source".into())
                .spawn_scoped(scope, move || source.run(&sender))
                .map_err(|_| RunError::Threads)?;
            let all = Selection::default();
            let mut passage = Passage::new(&name, &self.limits, &all, None, receiver, &read);
            let recognised = passage.recognise(&mut reader);
            drop(passage);
            let facts = thread.join().unwrap_or_default();
            recognised?;
            let effort = Effort { cancel, until: after(self.limits.call) };
            let summary = summary(&mut reader, None, &effort);
            let format = summary.get("format").and_then(Value::as_str).unwrap_or("unknown").to_owned();
            Ok(facts.compression.map_or(format.clone(), |compression| format!("{format}, {compression}")))
        })
    }

    /// A selector, where one is needed.
    fn select(&self, selection: &Selection, cancel: &CancellationToken) -> Result<Option<SelectorSession>, Fault> {
        if !selection.looks_inside() {
            return Ok(None);
        }
        let mut selector = self.selector.session(&self.limits, cancel)?;
        selector.open(selection.host.as_deref(), selection.port)?;
        Ok(Some(selector))
    }
}

/// The reader's summary; what it is not able to say is left out.
fn summary(reader: &mut ReaderSession, end: Option<&End>, effort: &Effort<'_>) -> Value {
    if end.is_some_and(|end| end.reason == "reader-failed") {
        return json!({});
    }
    let text = reader.summary().inspect_err(|fault| tracing::warn!(%fault, "the reader gave no summary"));
    text.ok().and_then(|text| effort.read(&text).ok()).unwrap_or_else(|| json!({}))
}

/// The hash by which a capture is known, and whether it is the whole file's: it is when reading did not end early. Otherwise it is that of
/// the first octets, which does not depend on how far the source was ahead; of a compressed file it is the whole one's nevertheless, as
/// nobody knows how far into it reading went.
fn identity(
    file: &CaptureFile,
    facts: Facts,
    end: Option<&End>,
    read_to: Option<u64>,
    cancel: &CancellationToken,
) -> std::io::Result<(String, bool)> {
    match (facts.hashes, read_to) {
        (Some((sha256, _)), _) if is_whole(end) => Ok((sha256, true)),
        (_, Some(octets)) => Ok((file.sha256_of(octets, cancel)?, false)),
        (_, None) => Ok((file.sha256_of(u64::MAX, cancel)?, true)),
    }
}

/// Whether the file was read to its end, damaged or not.
fn is_whole(end: Option<&End>) -> bool {
    end.is_none_or(|end| !matches!(end.reason, "enough" | "time-limit"))
}

/// What `finish` is given; `wit/README.md` has the fields.
fn describe(
    name: &str,
    size: u64,
    inflated: u64,
    facts: &Facts,
    frames: Value,
    end: Option<&End>,
    summary: &Value,
) -> String {
    let mut file = Map::new();
    file.insert("name".into(), name.into());
    file.insert("size".into(), size.into());
    if let Some(compression) = &facts.compression {
        file.insert("compression".into(), compression.as_str().into());
    }
    if is_whole(end) {
        file.insert("uncompressed_size".into(), inflated.into());
        if let Some((sha256, sha1)) = &facts.hashes {
            file.insert("sha256".into(), sha256.as_str().into());
            file.insert("sha1".into(), sha1.as_str().into());
        }
    }
    let mut capture = json!({ "file": file, "frames": frames, "reader": summary });
    if let (Some(end), Some(object)) = (end, capture.as_object_mut()) {
        object.insert("end".into(), json!({ "reason": end.reason, "offset": end.offset, "message": end.message }));
    }
    capture.to_string()
}
