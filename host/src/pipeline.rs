//! The straight line: source, reader, batches, analyzer, report. All control flow of a run is here.
//!
//! The source reads and inflates on a thread of its own; reader and analyzer take turns on this one, so that where an
//! analyzer stops is where the reader stopped, and the same capture gives the same report.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Instant;

use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::batch::Checker;
use crate::bindings::{read, types};
use crate::capture::{CaptureFile, Chunk, Facts, Source, SourceEnd};
use crate::effort::{Effort, after};
use crate::progress::Done;
use crate::sandbox::{Analyzer, AnalyzerSession, Codec, Fault, Reader, ReaderSession, Selector, SelectorSession};
use crate::selection::{Delivered, Selection, keep_rows};
use crate::settings::Limits;

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
#[derive(Debug)]
pub struct Outcome {
    /// The analyzer's report, as it wrote it.
    pub report: String,
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
                report,
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

/// One capture on its way through reader and analyzer.
struct Passage<'a> {
    name: &'a str,
    limits: &'a Limits,
    source: Receiver<Chunk>,
    /// Bytes of the file that the source has read.
    read: &'a AtomicU64,
    started: Instant,
    window: Vec<u8>,
    checker: Checker,
    selection: &'a Selection,
    selector: Option<SelectorSession>,
    delivered: Delivered,
    /// Octets of the capture that came from the source.
    received: u64,
    /// Set once the source has ended.
    ended: Option<SourceEnd>,
}

impl<'a> Passage<'a> {
    fn new(
        name: &'a str,
        limits: &'a Limits,
        selection: &'a Selection,
        selector: Option<SelectorSession>,
        source: Receiver<Chunk>,
        read: &'a AtomicU64,
    ) -> Self {
        let window = Vec::with_capacity(limits.window.saturating_mul(2));
        let checker = Checker::default();
        Self {
            name,
            limits,
            source,
            read,
            started: Instant::now(),
            window,
            checker,
            selection,
            selector,
            delivered: Delivered::new(selection),
            received: 0,
            ended: None,
        }
    }

    fn run(
        &mut self,
        reader: &mut ReaderSession,
        analyzer: &mut AnalyzerSession,
        progress: &dyn Fn(Done),
    ) -> Result<Option<End>, RunError> {
        let mut wanted = 0;
        loop {
            self.fill(wanted);
            if matches!(self.ended, Some(SourceEnd::Cancelled)) {
                return Err(Fault::Cancelled.into());
            }
            let last = self.ended.is_some();
            let found = match reader.index_window(&self.window, last) {
                Ok(found) => found,
                Err(fault) => return self.reader_failed(fault),
            };
            let broken = found.end.clone();
            wanted = self.wanted(&found)?;
            let (mut batch, rest) = self
                .checker
                .check(std::mem::take(&mut self.window), found)
                .map_err(|lie| contract(&lie.to_string()))?;
            self.window = rest;
            self.choose(&mut batch)?;
            self.delivered.add(&batch.frames.number);
            let more = (batch.frames.number.is_empty() && batch.links.is_empty()) || analyzer.feed(&batch)?;
            // Of a compressed file more comes out than was read, of any other the source may be ahead.
            let bytes = self.checker.position().min(self.read.load(Ordering::Relaxed));
            progress(Done { bytes, packets: Some(self.checker.frames()) });
            if let Some(broken) = broken {
                // The hashes are of the whole file, so the source goes on to its end.
                self.discard();
                if matches!(self.ended, Some(SourceEnd::Cancelled)) {
                    return Err(Fault::Cancelled.into());
                }
                return Ok(Some(self.broken(broken)));
            }
            if !more {
                return Ok(Some(self.end("enough", "the analysis needed no more of the capture".into())));
            }
            if last {
                return self.finished();
            }
            if self.selection.is_over(self.checker.frames().saturating_add(1)) {
                return Ok(Some(self.end("enough", "the frames behind last_frame were not asked for".into())));
            }
            if self.started.elapsed() >= self.limits.run {
                let message = format!("the time limit of {:?} for a run was reached", self.limits.run);
                return Ok(Some(self.end("time-limit", message)));
            }
        }
    }

    /// Lets the reader see the beginning, until it knows what it reads.
    fn recognise(&mut self, reader: &mut ReaderSession) -> Result<(), RunError> {
        let mut wanted = 1;
        loop {
            self.fill(wanted);
            if matches!(self.ended, Some(SourceEnd::Cancelled)) {
                return Err(Fault::Cancelled.into());
            }
            let last = self.ended.is_some();
            let found = match reader.index_window(&self.window, last) {
                Ok(found) => found,
                Err(fault) => return self.reader_failed(fault).map(|_| ()),
            };
            if found.consumed > 0 || found.end.is_some() || last {
                return Ok(());
            }
            wanted = self.wanted(&found)?.max(self.window.len().saturating_add(1));
        }
    }

    /// Leaves in a batch only the frames that are asked for.
    fn choose(&mut self, batch: &mut types::Batch) -> Result<(), RunError> {
        self.selection.apply(&mut batch.frames);
        if let Some(selector) = &mut self.selector
            && !(batch.frames.number.is_empty() && batch.links.is_empty())
        {
            let rows = selector.rows(batch)?;
            keep_rows(&mut batch.frames, &rows).map_err(|reason| broken_contract("select", &reason))?;
        }
        Ok(())
    }

    /// Takes chunks until the window is full, or as long as the reader wants it, or the source ends.
    fn fill(&mut self, wanted: usize) {
        let target = self.limits.next_window(self.received).max(wanted);
        while self.ended.is_none() && self.window.len() < target {
            self.receive();
        }
    }

    fn receive(&mut self) {
        let Some(data) = self.next() else { return };
        if self.window.is_empty() {
            self.window = data;
        } else {
            self.window.extend_from_slice(&data);
        }
    }

    /// Lets the source go on to its end, within the time of the run, and keeps nothing of what comes.
    fn discard(&mut self) {
        self.window = Vec::new();
        while self.ended.is_none() && self.started.elapsed() < self.limits.run {
            self.next();
        }
    }

    /// The next chunk; `None` when the source has ended.
    fn next(&mut self) -> Option<Vec<u8>> {
        match self.source.recv() {
            Ok(Chunk::Data(data)) => {
                self.received = self.received.saturating_add(data.len() as u64);
                return Some(data);
            }
            Ok(Chunk::End(end)) => self.ended = Some(end),
            Err(_) => self.ended = Some(SourceEnd::Io("the reading thread ended".into())),
        }
        None
    }

    /// How large the next window has to be; an error when the reader would never get on.
    fn wanted(&self, found: &read::Progress) -> Result<usize, RunError> {
        let wanted = found.wanted as usize;
        if wanted > self.limits.window_max {
            return Err(contract(&format!("it wants a window of {wanted} bytes")));
        }
        let stuck = found.consumed == 0 && found.end.is_none() && wanted <= self.window.len();
        if stuck && !self.window.is_empty() {
            return Err(contract(&crate::batch::Lie::NoProgress.to_string()));
        }
        Ok(wanted)
    }

    fn reader_failed(&mut self, fault: Fault) -> Result<Option<End>, RunError> {
        match fault {
            Fault::Cancelled => Err(Fault::Cancelled.into()),
            Fault::Problem(types::Problem::UnknownFormat(reason)) => {
                Err(RunError::NotACapture { file: self.name.into(), reason })
            }
            fault if self.checker.frames() == 0 => Err(RunError::Fault(fault)),
            fault => Ok(Some(self.end("reader-failed", fault.to_string()))),
        }
    }

    /// What it means that the source has ended and the reader has seen all of it.
    fn finished(&mut self) -> Result<Option<End>, RunError> {
        let (reason, message) = match self.ended.take() {
            None | Some(SourceEnd::Complete) => return Ok(None),
            Some(SourceEnd::Cancelled) => return Err(Fault::Cancelled.into()),
            Some(SourceEnd::Compression(reason)) => ("compression-damaged", reason),
            Some(SourceEnd::Inflated { octets }) => (
                "too-large",
                format!("the compressed capture becomes larger than is allowed; {octets} bytes of it were analysed"),
            ),
            Some(SourceEnd::Io(reason)) => ("read-failed", reason),
            Some(SourceEnd::Codec(fault)) => ("compression-damaged", fault.to_string()),
        };
        if self.received == 0 {
            return Err(RunError::Unreadable { file: self.name.into(), reason: message });
        }
        Ok(Some(self.end(reason, message)))
    }

    /// A break that the reader reports. When the source broke off first, that is the reason.
    fn broken(&mut self, broken: read::Break) -> End {
        if !matches!(self.ended, None | Some(SourceEnd::Complete))
            && let Ok(Some(end)) = self.finished()
        {
            return end;
        }
        let reason = match broken.kind {
            read::BreakKind::CutShort => "cut-short",
            read::BreakKind::Damaged => "damaged",
        };
        End { reason, offset: broken.offset, message: broken.reason }
    }

    fn end(&self, reason: &'static str, message: String) -> End {
        End { reason, offset: self.checker.position(), message }
    }
}

fn contract(reason: &str) -> RunError {
    broken_contract("reader", reason)
}

fn broken_contract(component: &str, reason: &str) -> RunError {
    RunError::Fault(Fault::Crashed { component: component.into(), reason: format!("it broke the contract: {reason}") })
}
