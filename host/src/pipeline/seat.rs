//! An analyzer at the line: a thread of its own, with a queue of batches before it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvError, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use super::packets::Parsed;
use super::{Ended, Question, RunError};
use crate::sandbox::{AnalyzerSession, Fault};
use crate::selection::{Delivered, Selection};

/// Batches that may wait before an analyzer.
const AHEAD: usize = 2;

/// What an analyzer is given.
enum Given {
    Batch(Arc<Parsed>),
    /// The end of the capture, with what its report may tell of it.
    Finish(String),
}

/// What an analyzer gave.
pub(super) struct Gave {
    pub(super) report: String,
    /// Bytes of its memory.
    pub(super) memory: usize,
}

/// An analyzer that takes part in a run.
pub(super) struct Seat<'scope> {
    queue: SyncSender<Given>,
    /// Whether it wants more, after each batch; only from one that may end reading.
    wants_more: Option<Receiver<bool>>,
    thread: ScopedJoinHandle<'scope, Result<Gave, RunError>>,
    /// Whether its thread has gone.
    has_failed: bool,
    /// How far reading was when it had enough.
    pub(super) ended: Option<Ended>,
}

impl<'scope> Seat<'scope> {
    /// Gives an analyzer its thread. Where one may end reading, the line waits for it after each batch, so that where it stops is where the reader
    /// stopped.
    pub(super) fn take<'env>(
        scope: &'scope Scope<'scope, 'env>,
        analyzer: AnalyzerSession,
        question: &'env Question<'_>,
        selection: &'env Selection,
    ) -> Result<Self, RunError> {
        let may_end = question.may_end;
        let (queue, given) = sync_channel(AHEAD);
        let (verdict, verdicts) = sync_channel(1);
        let verdict = may_end.then_some(verdict);
        let thread = std::thread::Builder::new()
            .name("analyzer".into())
            .spawn_scoped(scope, move || serve(analyzer, (question, selection), &given, verdict.as_ref()))
            .map_err(|_| RunError::Threads)?;
        Ok(Self { queue, wants_more: may_end.then_some(verdicts), thread, has_failed: false, ended: None })
    }

    /// Whether it is given batches.
    pub(super) fn is_fed(&self) -> bool {
        !self.has_failed && self.ended.is_none()
    }

    /// Hands a batch over, when there is room for it.
    pub(super) fn give(&mut self, parsed: &Arc<Parsed>) {
        self.has_failed = self.queue.send(Given::Batch(Arc::clone(parsed))).is_err();
    }

    /// Whether it wants more after the batch that it was given.
    pub(super) fn wants_more(&mut self) -> bool {
        match self.wants_more.as_ref().map(Receiver::recv) {
            Some(Err(RecvError)) => {
                self.has_failed = true;
                false
            }
            Some(Ok(more)) => more,
            None => true,
        }
    }

    /// Asks for the report.
    pub(super) fn finish(&self, capture: String) {
        // One that has failed says so when it is asked for what it gave.
        let _ = self.queue.send(Given::Finish(capture));
    }

    /// Waits for the report.
    pub(super) fn gave(self) -> Result<Gave, RunError> {
        let Self { queue, thread, .. } = self;
        drop(queue);
        match thread.join() {
            Ok(gave) => gave,
            // A defect of this program goes on to where it is told.
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

fn serve(
    mut analyzer: AnalyzerSession,
    (question, selection): (&Question<'_>, &Selection),
    given: &Receiver<Given>,
    verdict: Option<&SyncSender<bool>>,
) -> Result<Gave, RunError> {
    let mut delivered = Delivered::new(selection);
    let take = |analyzer: &mut AnalyzerSession, delivered: &Delivered| match &question.rows {
        Some(rows) => rows.take(analyzer, question.analyzer.name(), delivered),
        None => Ok(()),
    };
    let mut wants_more = true;
    if let Some(text) = question.key_log.filter(|_| question.wants.key_log) {
        analyzer.add_key_log(text)?;
    }
    while let Ok(given) = given.recv() {
        match given {
            Given::Batch(parsed) => {
                if wants_more {
                    // Reports are held against the frames of the whole run, when it has ended.
                    if question.rows.is_some() {
                        delivered.add(&parsed.batch.frames.number);
                    }
                    if question.wants.key_log && !parsed.key_log.is_empty() {
                        analyzer.add_key_log(&parsed.key_log)?;
                    }
                    let (part, streams) = parsed.part(question.wants);
                    let streams = streams.as_ref().unwrap_or(&parsed.streams);
                    let parsed = part.as_ref().unwrap_or(&parsed);
                    if !(parsed.is_empty() && streams.arrival.is_empty()) {
                        wants_more = analyzer.feed(&parsed.batch, &parsed.packets, streams)?;
                        take(&mut analyzer, &delivered)?;
                    }
                }
                if let Some(verdict) = verdict {
                    // The line is gone only when the run has failed.
                    let _ = verdict.send(wants_more);
                }
            }
            Given::Finish(capture) => {
                let report = analyzer.finish(&capture)?;
                take(&mut analyzer, &delivered)?;
                return Ok(Gave { report, memory: analyzer.memory() });
            }
        }
    }
    // The run failed before its end, and nobody asks for a report.
    Err(Fault::Cancelled.into())
}
