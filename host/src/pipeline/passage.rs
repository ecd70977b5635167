//! One capture on its way through reader and analyzer: window by window, to its end or to where it breaks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Instant;

use super::{End, RunError};
use crate::batch::Checker;
use crate::bindings::{read, types};
use crate::capture::{Chunk, SourceEnd};
use crate::progress::Done;
use crate::sandbox::{AnalyzerSession, Fault, ReaderSession, SelectorSession};
use crate::selection::{Delivered, Selection, keep_rows};
use crate::settings::Limits;

/// One capture on its way through reader and analyzer.
pub(super) struct Passage<'a> {
    name: &'a str,
    limits: &'a Limits,
    source: Receiver<Chunk>,
    /// Bytes of the file that the source has read.
    read: &'a AtomicU64,
    started: Instant,
    window: Vec<u8>,
    pub(super) checker: Checker,
    selection: &'a Selection,
    selector: Option<SelectorSession>,
    pub(super) delivered: Delivered,
    /// Octets of the capture that came from the source.
    pub(super) received: u64,
    /// Set once the source has ended.
    ended: Option<SourceEnd>,
}

impl<'a> Passage<'a> {
    pub(super) fn new(
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

    pub(super) fn run(
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
    pub(super) fn recognise(&mut self, reader: &mut ReaderSession) -> Result<(), RunError> {
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
