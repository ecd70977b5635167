//! The straight line: source, reader, decoder, analyzers, reports. All control flow of a run is here.
//!
//! The source reads, hashes and inflates on a thread of its own, and so works each analyzer, with a short queue of batches before it; reader and decoder
//! take turns on this one. So reading, hashing, decoding and analysis overlap, and a slow analyzer slows the line.
//! One that may end the reading is waited for after each batch: where it stops is where the reader stopped, and the same capture gives the same report.

mod packets;
mod passage;
mod seat;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::sync_channel;

use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::bindings::types;
use crate::capture::{CaptureFile, Facts, Source};
use crate::effort::{Effort, after};
use crate::progress::Done;
use crate::sandbox::{Analyzer, Codec, Decoder, DecoderSession, Fault, Reader, ReaderSession};
use crate::selection::{Delivered, Selection};
use crate::settings::Limits;
use packets::Parsed;
pub use packets::Wants;
use passage::Passage;
use seat::Seat;

/// Chunks that may wait between the source and the reader.
const AHEAD: usize = 4;

/// The components that every run passes through, and the limits in force.
pub struct Line {
    /// Finds the frames.
    pub reader: Reader,
    /// Inflates compressed captures.
    pub codec: Codec,
    /// Takes frames apart, and chooses them by address and port.
    pub decoder: Decoder,
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
    /// The packets it is given.
    pub wants: &'a Wants,
    /// Whether it may end the reading, with these arguments.
    pub may_end: bool,
}

/// What is asked of all that a capture passes through before the analyzers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pass {
    /// The frames that the analyzers are given.
    pub selection: Selection,
    /// Whether packets that were captured several times are packets like others.
    pub count_copies: bool,
    /// The part that is asked for of a list which the decoder keeps.
    pub page: Option<Value>,
}

impl Pass {
    /// The options of the decoder; `wit/README.md` has them.
    fn options(&self, headers: bool) -> String {
        let mut options = Map::new();
        if let Some(host) = &self.selection.host {
            options.insert("host".into(), host.as_str().into());
        }
        if let Some(port) = self.selection.port {
            options.insert("port".into(), port.into());
        }
        options.insert("count_copies".into(), self.count_copies.into());
        options.insert("headers".into(), headers.into());
        if let Some(page) = &self.page {
            options.insert("page".into(), page.clone());
        }
        Value::Object(options).to_string()
    }
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
    /// The host could not start a thread.
    #[error("the machine has no room for another run")]
    Threads,
}

/// How far reading was at an end, and what reader and decoder say of it.
struct Ended {
    end: Option<End>,
    frames: u64,
    octets: u64,
    delivered: Delivered,
    reader: Value,
    decoder: Value,
}

impl Line {
    /// Runs one tool over one capture. `progress` is told how much of the file has been analysed.
    ///
    /// # Errors
    /// When there can be no report. A capture that breaks off gives a report on what stands before the break.
    pub fn run(
        &self,
        question: &Question<'_>,
        pass: &Pass,
        capture: CaptureFile,
        cancel: &CancellationToken,
        progress: &dyn Fn(Done),
    ) -> Result<Outcome, RunError> {
        let mut outcomes = self.run_all(std::slice::from_ref(question), pass, capture, cancel, progress)?;
        outcomes.pop().unwrap_or(Err(RunError::Threads))
    }

    /// Runs several tools over one capture in one pass. What one of them fails at is its own error, and leaves the others alone.
    ///
    /// # Errors
    /// When there can be no report of any.
    pub fn run_all(
        &self,
        questions: &[Question<'_>],
        pass: &Pass,
        capture: CaptureFile,
        cancel: &CancellationToken,
        progress: &dyn Fn(Done),
    ) -> Result<Vec<Result<Outcome, RunError>>, RunError> {
        let mut reader = self.reader.session(&self.limits, cancel)?;
        let (name, size) = (capture.name.clone(), capture.size);
        let same = capture.again();
        let read = AtomicU64::new(0);
        std::thread::scope(|scope| {
            let mut seats: Vec<Result<Seat<'_>, RunError>> = Vec::with_capacity(questions.len());
            let mut of_packets = false;
            for question in questions {
                let opened = question.analyzer.session(&self.limits, cancel).and_then(|mut analyzer| {
                    analyzer.open(question.tool, question.arguments)?;
                    Ok(analyzer)
                });
                seats.push(opened.map_err(RunError::from).and_then(|analyzer| {
                    of_packets |= analyzer.takes_packets();
                    Seat::take(scope, analyzer, question.wants, question.may_end)
                }));
            }
            // Nobody is left to read for.
            if seats.iter().all(Result::is_err) {
                return Ok(seats.into_iter().map(|seat| Err(seat.err().unwrap_or(RunError::Threads))).collect());
            }
            let headers = questions.iter().any(|question| question.wants.headers);
            let mut decoder = match of_packets || pass.selection.looks_inside() {
                true => Some(self.decode(pass, headers, cancel)?),
                false => None,
            };
            let (sender, receiver) = sync_channel(AHEAD);
            let mut source = Source::new(capture, &self.codec, &self.limits, cancel, &read);
            if questions.iter().any(|question| question.wants.sha1) {
                source = source.with_sha1();
            }
            let source = std::thread::Builder::new()
                .name("source".into())
                .spawn_scoped(scope, move || source.run(&sender))
                .map_err(|_| RunError::Threads)?;
            let mut passage = Passage::new(&name, &self.limits, &pass.selection, receiver, &read);
            let stages = Stages { reader: &mut reader, decoder: decoder.as_mut(), cancel };
            let ended = self.pass(&mut passage, stages, &mut seats, &pass.selection, progress);
            let inflated = passage.received;
            // Gives the receiver back: a source that is not wanted any more ends.
            drop(passage);
            let facts = source.join().unwrap_or_default();
            let ended = ended?;
            let memory = reader.memory().saturating_add(decoder.as_ref().map_or(0, DecoderSession::memory));
            let file = File { name: &name, size, inflated, facts: &facts, asked: &pass.selection };
            for seat in seats.iter().flatten() {
                seat.finish(file.describe(seat.ended.as_ref().unwrap_or(&ended)));
            }
            let mut outcomes = Vec::with_capacity(seats.len());
            for seat in seats {
                outcomes.push(seat.and_then(|mut seat| {
                    let own = seat.ended.take();
                    let gave = seat.gave()?;
                    file.outcome(gave, own.as_ref().unwrap_or(&ended), &same, memory, cancel)
                }));
            }
            if !same.is_unchanged().map_err(|error| file.unreadable(error.to_string()))? {
                return Err(
                    file.unreadable("it changed while it was read; wait until it is written, or copy it".into())
                );
            }
            Ok(outcomes)
        })
    }

    /// Reads the capture to its end, or until nobody wants more.
    fn pass(
        &self,
        passage: &mut Passage<'_>,
        mut stages: Stages<'_>,
        seats: &mut [Result<Seat<'_>, RunError>],
        selection: &Selection,
        progress: &dyn Fn(Done),
    ) -> Result<Ended, RunError> {
        let mut delivered = Delivered::new(selection);
        let ended = |passage: &Passage<'_>, end: Option<End>, delivered: &Delivered, stages: &mut Stages<'_>| {
            let effort = Effort { cancel: stages.cancel, until: after(self.limits.call) };
            let (reader, decoder) = stages.summaries(end.as_ref(), &effort);
            let (frames, octets) = (passage.checker.frames(), passage.checker.position());
            Ended { end, frames, octets, delivered: delivered.clone(), reader, decoder }
        };
        while let Some(batch) = passage.next(stages.reader)? {
            let parsed = stages.parse(batch)?;
            delivered.add(&parsed.batch.frames.number);
            if !parsed.is_empty() {
                let parsed = Arc::new(parsed);
                seats.iter_mut().flatten().filter(|seat| seat.is_fed()).for_each(|seat| seat.give(&parsed));
                let fed: Vec<&mut Seat<'_>> = seats.iter_mut().flatten().filter(|seat| seat.is_fed()).collect();
                let (mut left, mut enough) = (0_usize, Vec::new());
                for seat in fed {
                    if seat.wants_more() { left = left.saturating_add(1) } else { enough.push(seat) }
                }
                // Where the file breaks off at this place, that is why reading ends.
                if !enough.is_empty() && !passage.is_at_break() {
                    for seat in enough.into_iter().filter(|seat| seat.is_fed()) {
                        seat.ended = Some(ended(passage, Some(passage.enough()), &delivered, &mut stages));
                    }
                    if left == 0 {
                        progress(passage.done());
                        return Ok(ended(passage, Some(passage.enough()), &delivered, &mut stages));
                    }
                }
                if seats.iter().flatten().all(|seat| !seat.is_fed()) {
                    return Ok(ended(passage, Some(passage.enough()), &delivered, &mut stages));
                }
            }
            progress(passage.done());
        }
        let end = passage.ended.take();
        Ok(ended(passage, end, &delivered, &mut stages))
    }

    /// A decoder that is ready for a pass.
    fn decode(&self, pass: &Pass, headers: bool, cancel: &CancellationToken) -> Result<DecoderSession, Fault> {
        let mut decoder = self.decoder.session(&self.limits, cancel)?;
        decoder.open(&pass.options(headers))?;
        Ok(decoder)
    }
}

/// What every capture passes through.
struct Stages<'a> {
    reader: &'a mut ReaderSession,
    decoder: Option<&'a mut DecoderSession>,
    cancel: &'a CancellationToken,
}

impl Stages<'_> {
    fn parse(&mut self, batch: types::Batch) -> Result<Parsed, RunError> {
        match &mut self.decoder {
            Some(decoder) if !(batch.frames.number.is_empty() && batch.links.is_empty()) => Parsed::of(batch, decoder),
            _ => Ok(Parsed::of_frames(batch)),
        }
    }

    /// What reader and decoder say of what they saw; what they are not able to say is left out.
    fn summaries(&mut self, end: Option<&End>, effort: &Effort<'_>) -> (Value, Value) {
        let read = |component: &str, text: Result<String, Fault>| {
            let text = text.inspect_err(|fault| tracing::warn!(%fault, component, "it gave no summary"));
            text.ok().and_then(|text| effort.read(&text).ok()).unwrap_or_else(|| json!({}))
        };
        let reader = match end.is_some_and(|end| end.reason == "reader-failed") {
            true => json!({}),
            false => read("reader", self.reader.summary()),
        };
        let decoder = self.decoder.as_mut().map_or(Value::Null, |decoder| read("decoder", decoder.summary()));
        (reader, decoder)
    }
}

/// What the host knows of the file.
struct File<'a> {
    name: &'a str,
    size: u64,
    inflated: u64,
    facts: &'a Facts,
    asked: &'a Selection,
}

impl File<'_> {
    fn unreadable(&self, reason: String) -> RunError {
        RunError::Unreadable { file: self.name.into(), reason }
    }

    /// What `finish` is given; `wit/README.md` has the fields.
    fn describe(&self, ended: &Ended) -> String {
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
            if let Some(end) = end {
                let end = json!({ "reason": end.reason, "offset": end.offset, "message": end.message });
                object.insert("end".into(), end);
            }
        }
        capture.to_string()
    }

    fn outcome(
        &self,
        gave: seat::Gave,
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
            let mut passage = Passage::new(&name, &self.limits, &all, receiver, &read);
            let recognised = passage.recognise(&mut reader);
            drop(passage);
            let facts = thread.join().unwrap_or_default();
            recognised?;
            let effort = Effort { cancel, until: after(self.limits.call) };
            let mut stages = Stages { reader: &mut reader, decoder: None, cancel };
            let (summary, _) = stages.summaries(None, &effort);
            let format = summary.get("format").and_then(Value::as_str).unwrap_or("unknown").to_owned();
            Ok(facts.compression.map_or(format.clone(), |compression| format!("{format}, {compression}")))
        })
    }
}

/// Whether the file was read to its end, damaged or not.
fn is_whole(end: Option<&End>) -> bool {
    end.is_none_or(|end| !matches!(end.reason, "enough" | "time-limit"))
}
