//! One capture on its way through the reader: window by window, to its end or to where it breaks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Instant;

use super::reading::Place;
use super::{End, RunError};
use crate::batch::{Checker, Found};
use crate::bindings::{read, types};
use crate::capture::{Chunk, SourceEnd};
use crate::progress::Done;
use crate::sandbox::{Fault, ReaderSession};
use crate::selection::Selection;
use crate::settings::Limits;

/// One capture on its way through the reader.
pub(super) struct Passage<'a> {
    name: &'a str,
    limits: &'a Limits,
    source: Receiver<Chunk>,
    /// Bytes of the file that the source has read.
    read: &'a AtomicU64,
    started: Instant,
    window: Vec<u8>,
    checker: Checker,
    selection: &'a Selection,
    /// Octets of the capture that came from the source.
    received: u64,
    /// Set once the source has ended.
    source_end: Option<SourceEnd>,
    /// How large the reader wants the next window to be.
    wanted: usize,
    then: Then,
    /// Why reading ended early, once it has.
    pub(super) ended: Option<End>,
}

/// What follows the window that was read last.
#[derive(Default)]
enum Then {
    #[default]
    More,
    Broken(read::Break),
    End,
}

impl<'a> Passage<'a> {
    pub(super) fn new(
        name: &'a str,
        limits: &'a Limits,
        selection: &'a Selection,
        source: Receiver<Chunk>,
        read: &'a AtomicU64,
    ) -> Self {
        let window = Vec::with_capacity(limits.window.saturating_mul(2));
        let checker = Checker::new(limits.key_log);
        Self {
            name,
            limits,
            source,
            read,
            started: Instant::now(),
            window,
            checker,
            selection,
            received: 0,
            source_end: None,
            wanted: 0,
            then: Then::More,
            ended: None,
        }
    }

    /// The next frames, as far as number and time choose them, with the key logs among them; `None` at the end.
    pub(super) fn next(&mut self, reader: &mut ReaderSession) -> Result<Option<(types::Batch, Vec<u8>)>, RunError> {
        match std::mem::take(&mut self.then) {
            Then::More if self.checker.position() > 0 => {
                if self.selection.is_over(self.checker.frames().saturating_add(1)) {
                    let message = "the frames behind last_frame were not asked for";
                    return self.ends(Some(self.end("enough", message.into())));
                }
                if self.started.elapsed() >= self.limits.run {
                    let message = format!("the time limit of {:?} for a run was reached", self.limits.run);
                    return self.ends(Some(self.end("time-limit", message)));
                }
            }
            Then::More => {}
            Then::Broken(broken) => {
                let end = self.behind(broken)?;
                return self.ends(Some(end));
            }
            Then::End => {
                let end = self.finished()?;
                return self.ends(end);
            }
        }
        self.fill(self.wanted);
        if matches!(self.source_end, Some(SourceEnd::Cancelled)) {
            return Err(Fault::Cancelled.into());
        }
        let last = self.source_end.is_some();
        let found = match reader.index_window(&self.window, last) {
            Ok(found) => found,
            Err(fault) => {
                let end = self.reader_failed(fault)?;
                return self.ends(end);
            }
        };
        self.then = match found.end.clone() {
            Some(broken) => Then::Broken(broken),
            None if last => Then::End,
            None => Then::More,
        };
        self.wanted = self.next_window(&found)?;
        let Found { mut batch, key_log, rest } =
            self.checker.check(std::mem::take(&mut self.window), found).map_err(|lie| contract(&lie.to_string()))?;
        self.window = rest;
        self.selection.apply(&mut batch.frames);
        Ok(Some((batch, key_log)))
    }

    /// How far reading is.
    pub(super) fn place(&self) -> Place {
        let (frames, octets) = (self.checker.frames(), self.checker.position());
        // Of a compressed file more comes out than was read, of any other the source may be ahead.
        let bytes = octets.min(self.read.load(Ordering::Relaxed));
        Place {
            frames,
            octets,
            received: self.received,
            key_log_left_out: self.checker.key_log_left_out(),
            is_at_break: matches!(self.then, Then::Broken(_)),
            done: Done { bytes, packets: Some(frames) },
        }
    }

    /// Ends the reading.
    fn ends<T>(&mut self, end: Option<End>) -> Result<Option<T>, RunError> {
        self.ended = end;
        Ok(None)
    }

    /// Lets the source go on behind a break: the hashes are of the whole file.
    fn behind(&mut self, broken: read::Break) -> Result<End, RunError> {
        self.discard();
        if matches!(self.source_end, Some(SourceEnd::Cancelled)) {
            return Err(Fault::Cancelled.into());
        }
        Ok(self.broken(broken))
    }

    /// Lets the reader see the beginning, until it knows what it reads.
    pub(super) fn recognise(&mut self, reader: &mut ReaderSession) -> Result<(), RunError> {
        let mut wanted = 1;
        loop {
            self.fill(wanted);
            if matches!(self.source_end, Some(SourceEnd::Cancelled)) {
                return Err(Fault::Cancelled.into());
            }
            let last = self.source_end.is_some();
            let found = match reader.index_window(&self.window, last) {
                Ok(found) => found,
                Err(fault) => return self.reader_failed(fault).map(|_| ()),
            };
            if found.consumed > 0 || found.end.is_some() || last {
                return Ok(());
            }
            wanted = self.next_window(&found)?.max(self.window.len().saturating_add(1));
        }
    }

    /// Takes chunks until the window is full, or as long as the reader wants it, or the source ends.
    fn fill(&mut self, wanted: usize) {
        let target = self.limits.next_window(self.received).max(wanted);
        while self.source_end.is_none() && self.window.len() < target {
            self.receive();
        }
    }

    fn receive(&mut self) {
        let Some(data) = self.chunk() else { return };
        if self.window.is_empty() {
            self.window = data;
        } else {
            self.window.extend_from_slice(&data);
        }
    }

    /// Lets the source go on to its end, within the time of the run, and keeps nothing of what comes.
    fn discard(&mut self) {
        self.window = Vec::new();
        while self.source_end.is_none() && self.started.elapsed() < self.limits.run {
            self.chunk();
        }
    }

    /// The next chunk; `None` when the source has ended.
    fn chunk(&mut self) -> Option<Vec<u8>> {
        match self.source.recv() {
            Ok(Chunk::Data(data)) => {
                self.received = self.received.saturating_add(data.len() as u64);
                return Some(data);
            }
            Ok(Chunk::End(end)) => self.source_end = Some(end),
            Err(_) => self.source_end = Some(SourceEnd::Io("the reading thread ended".into())),
        }
        None
    }

    /// How large the next window has to be; an error when the reader would never get on.
    fn next_window(&self, found: &read::Progress) -> Result<usize, RunError> {
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
        let (reason, message) = match self.source_end.take() {
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
        if !matches!(self.source_end, None | Some(SourceEnd::Complete))
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

pub(super) fn broken_contract(component: &str, reason: &str) -> RunError {
    RunError::Fault(Fault::Crashed { component: component.into(), reason: format!("it broke the contract: {reason}") })
}
