//! The straight line: source, reader, decoder, analyzers, reports. All control flow of a run is here.
//!
//! The source reads, hashes and inflates on a thread of its own, and so work the reader and each analyzer, with a short queue of batches behind the one
//! and before the others; frames are taken apart on this one. So reading, hashing, decoding and analysis overlap, and a slow analyzer slows the line.
//! One that may end the reading is waited for after each batch: where it stops is where the reader stopped, and the same capture gives the same report.

mod gathered;
mod outcome;
mod packets;
mod passage;
mod question;
mod reading;
mod rows;
mod seat;
mod stages;
mod streams;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::sync_channel;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::capture::{CaptureFile, Source};
use crate::effort::{Effort, after};
use crate::progress::Done;
use crate::sandbox::{Codec, Decoder, DecoderSession, Fault, Reader};
use crate::selection::{Delivered, Selection};
use crate::settings::Limits;
pub use outcome::{End, Outcome, RunError};
use outcome::{Ended, File};
pub use packets::Wants;
use passage::Passage;
use question::Wanted;
pub use question::{Pass, Question, Rows};
use reading::{Place, Reading};
use seat::Seat;
use stages::{Stages, told};

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
        reader.open(&pass.of_reader())?;
        let (name, size) = (capture.name.clone(), capture.size);
        let same = capture.again();
        let read = AtomicU64::new(0);
        std::thread::scope(|scope| {
            let mut seats: Vec<Result<Seat<'_>, RunError>> = Vec::with_capacity(questions.len());
            let mut of_packets = false;
            for question in questions {
                let opened = question.analyzer.session(&self.limits, cancel).and_then(|mut analyzer| {
                    if let Some(rows) = &question.rows {
                        rows.want(&mut analyzer)?;
                    }
                    analyzer.open(question.tool, question.arguments)?;
                    Ok(analyzer)
                });
                seats.push(opened.map_err(RunError::from).and_then(|analyzer| {
                    of_packets |= analyzer.takes_packets();
                    Seat::take(scope, analyzer, question, &pass.selection)
                }));
            }
            // Nobody is left to read for.
            if seats.iter().all(Result::is_err) {
                return Ok(seats.into_iter().map(|seat| Err(seat.err().unwrap_or(RunError::Threads))).collect());
            }
            let any = |of: fn(&Wants) -> bool| questions.iter().any(|question| of(question.wants));
            let wanted = Wanted {
                headers: any(|wants| wants.headers),
                community_ids: any(|wants| wants.community_ids),
                streams: any(|wants| wants.streams),
            };
            let streams = wanted.streams;
            let mut decoder = match of_packets || pass.selection.looks_inside() {
                true => Some(self.decode(&pass.of_decoder(wanted), cancel)?),
                false => None,
            };
            let (sender, receiver) = sync_channel(AHEAD);
            let mut source = Source::new(capture, &self.codec, &self.limits, cancel, &read);
            if questions.iter().any(|question| question.wants.sha1 && question.rows.is_none()) {
                source = source.with_sha1();
            }
            let source = std::thread::Builder::new()
                .name("source".into())
                .spawn_scoped(scope, move || source.run(&sender))
                .map_err(|_| RunError::Threads)?;
            let passage = Passage::new(&name, &self.limits, &pass.selection, receiver, &read);
            let may_end = questions.iter().any(|question| question.may_end);
            let mut reading = Reading::begin(scope, passage, reader, may_end)?;
            let stages = Stages { decoder: decoder.as_mut(), streams, last: 0 };
            let ended = self.pass(&mut reading, stages, &mut seats, (&pass.selection, cancel), progress);
            let inflated = reading.at.received;
            let of_reader = reading.finish();
            let facts = source.join().unwrap_or_default();
            let ended = ended?;
            let memory = of_reader.saturating_add(decoder.as_ref().map_or(0, DecoderSession::memory));
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
        reading: &mut Reading<'_>,
        mut stages: Stages<'_>,
        seats: &mut [Result<Seat<'_>, RunError>],
        (selection, cancel): (&Selection, &CancellationToken),
        progress: &dyn Fn(Done),
    ) -> Result<Ended, RunError> {
        let mut delivered = Delivered::new(selection);
        let ended = |reading: &mut Reading<'_>, end: Option<End>, delivered: &Delivered, stages: &mut Stages<'_>| {
            let effort = Effort { cancel, until: after(self.limits.call) };
            let reader = match end.as_ref().is_some_and(|end| end.reason == "reader-failed") {
                true => json!({}),
                false => told("reader", reading.summary(), &effort),
            };
            let decoder = stages.summary(&effort);
            let Place { frames, octets, key_log_left_out, .. } = reading.at;
            Ended { end, frames, octets, delivered: delivered.clone(), reader, decoder, key_log_left_out }
        };
        let enough = |reading: &mut Reading<'_>, delivered: &Delivered, stages: &mut Stages<'_>| {
            let end = reading.enough();
            ended(reading, Some(end), delivered, stages)
        };
        while let Some((batch, key_log)) = reading.next()? {
            let parsed = stages.parse(batch, key_log)?;
            delivered.add(&parsed.batch.frames.number);
            if !(parsed.is_empty() && parsed.key_log.is_empty()) {
                let parsed = Arc::new(parsed);
                seats.iter_mut().flatten().filter(|seat| seat.is_fed()).for_each(|seat| seat.give(&parsed));
                let fed: Vec<&mut Seat<'_>> = seats.iter_mut().flatten().filter(|seat| seat.is_fed()).collect();
                let (mut left, mut sated) = (0_usize, Vec::new());
                for seat in fed {
                    if seat.wants_more() { left = left.saturating_add(1) } else { sated.push(seat) }
                }
                // Where the file breaks off at this place, that is why reading ends.
                if !sated.is_empty() && !reading.at.is_at_break {
                    for seat in sated.into_iter().filter(|seat| seat.is_fed()) {
                        seat.ended = Some(enough(reading, &delivered, &mut stages));
                    }
                    if left == 0 {
                        progress(reading.at.done);
                        return Ok(enough(reading, &delivered, &mut stages));
                    }
                }
                if seats.iter().flatten().all(|seat| !seat.is_fed()) {
                    return Ok(enough(reading, &delivered, &mut stages));
                }
            }
            progress(reading.at.done);
        }
        if let Some(parsed) = stages.end()?.map(Arc::new) {
            for seat in seats.iter_mut().flatten().filter(|seat| seat.is_fed()) {
                seat.give(&parsed);
                // Nothing is left to be read, whatever it says.
                seat.wants_more();
            }
        }
        let end = reading.ended.take();
        Ok(ended(reading, end, &delivered, &mut stages))
    }

    /// A decoder that is ready for a pass.
    fn decode(&self, options: &str, cancel: &CancellationToken) -> Result<DecoderSession, Fault> {
        let mut decoder = self.decoder.session(&self.limits, cancel)?;
        decoder.open(options)?;
        Ok(decoder)
    }
}

impl Line {
    /// In which format a capture is, by as much of its beginning as the reader wants: `pcap`, `pcapng`, with its compression.
    ///
    /// # Errors
    /// [`RunError::NotACapture`], or as reading fails.
    pub fn format(&self, capture: CaptureFile, cancel: &CancellationToken) -> Result<String, RunError> {
        let mut reader = self.reader.session(&self.limits, cancel)?;
        reader.open(&Pass::default().of_reader())?;
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
            let summary = told("reader", reader.summary(), &effort);
            let format = summary.get("format").and_then(Value::as_str).unwrap_or("unknown").to_owned();
            Ok(facts.compression.map_or(format.clone(), |compression| format!("{format}, {compression}")))
        })
    }
}
