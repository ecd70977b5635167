//! The bytes of a capture, in order: read, hashed, and inflated where the file is compressed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::Instant;

use sha1::{Digest, Sha1};
use tokio_util::sync::CancellationToken;

use super::CaptureFile;
use crate::digest::{Sha256, hex};
use crate::sandbox::{Codec, CodecSession, Fault};
use crate::settings::Limits;

/// Octets that a codec needs to see before it says what a file is compressed with.
const DETECT: usize = 64;

/// What comes out of a source.
#[derive(Debug)]
pub enum Chunk {
    /// The next octets of the capture.
    Data(Vec<u8>),
    /// There is no more, and why.
    End(SourceEnd),
}

/// Why a source ended.
#[derive(Debug)]
pub enum SourceEnd {
    /// The file was read to its end.
    Complete,
    /// Its compression is damaged or cut short; everything before that was delivered.
    Compression(String),
    /// It became larger than the limits for compressed captures allow.
    Inflated {
        /// Octets delivered.
        octets: u64,
    },
    /// The disk failed.
    Io(String),
    /// The codec failed.
    Codec(Fault),
    /// The caller withdrew the request.
    Cancelled,
}

/// What is known of the file once its source has ended.
#[derive(Debug, Default)]
pub struct Facts {
    /// The compression that the codec found.
    pub compression: Option<String>,
    /// SHA-256 of the file on disk; `None` when it was not read to its end.
    pub sha256: Option<String>,
    /// Its SHA-1, likewise, where that was asked for.
    pub sha1: Option<String>,
}

/// Reads one capture on a thread of its own.
pub struct Source<'a> {
    file: CaptureFile,
    codec: &'a Codec,
    limits: &'a Limits,
    cancel: &'a CancellationToken,
    /// Only where they are asked for and not known: a hash takes as long as many an analysis.
    sha256: Option<Sha256>,
    sha1: Option<Sha1>,
    read: u64,
    /// The same, for others to see.
    seen: &'a AtomicU64,
    /// When the run is over.
    until: Instant,
}

/// The receiver is gone: nobody wants more.
struct Unwanted;

impl<'a> Source<'a> {
    /// A source that begins at the file's first byte. `seen` holds how many of its bytes have been read.
    pub fn new(
        file: CaptureFile,
        codec: &'a Codec,
        limits: &'a Limits,
        cancel: &'a CancellationToken,
        seen: &'a AtomicU64,
    ) -> Self {
        let until = Instant::now().checked_add(limits.run).unwrap_or_else(Instant::now);
        let sha256 = file.known().is_none().then(Sha256::new);
        Self { file, codec, limits, cancel, sha256, sha1: None, read: 0, seen, until }
    }

    /// Gives the SHA-1, too.
    #[must_use]
    pub fn with_sha1(self) -> Self {
        let is_known = self.file.known().is_some_and(|known| known.sha1.is_some());
        Self { sha1: (!is_known).then(Sha1::new), ..self }
    }

    /// Sends the capture, chunk by chunk, until it ends or nobody wants more.
    pub fn run(mut self, sink: &SyncSender<Chunk>) -> Facts {
        let mut facts = Facts::default();
        if let Ok(end) = self.deliver(sink, &mut facts) {
            let complete = !matches!(end, SourceEnd::Io(_) | SourceEnd::Cancelled);
            let computes = self.sha256.is_some() || self.sha1.is_some();
            // What stands behind the break of a damaged stream belongs to the file's hash all the same.
            if complete && (!computes || self.drain()) {
                let known = self.file.known();
                let sha256 = self.sha256.map(|sha256| hex(&sha256.finish()));
                facts.sha256 = sha256.or_else(|| known.map(|known| known.sha256.clone()));
                let sha1 = self.sha1.map(|sha1| hex(&sha1.finalize()));
                facts.sha1 = sha1.or_else(|| known.and_then(|known| known.sha1.clone()));
            }
            // A receiver that has gone away does not need to know.
            let _ = sink.send(Chunk::End(end));
        }
        facts
    }

    fn deliver(&mut self, sink: &SyncSender<Chunk>, facts: &mut Facts) -> Result<SourceEnd, Unwanted> {
        let first = match self.chunk() {
            Ok(first) => first,
            Err(end) => return Ok(end),
        };
        let mut codec = match self.codec.session(self.limits, self.cancel) {
            Ok(codec) => codec,
            Err(fault) => return Ok(ended(fault)),
        };
        match codec.detect(first.get(..DETECT).unwrap_or(&first)) {
            Ok(compression) => facts.compression = compression,
            Err(fault) => return Ok(ended(fault)),
        }
        if facts.compression.is_some() {
            return self.inflate(first, &mut codec, sink);
        }
        let mut chunk = first;
        while !chunk.is_empty() {
            sink.send(Chunk::Data(chunk)).map_err(|_| Unwanted)?;
            chunk = match self.chunk() {
                Ok(chunk) => chunk,
                Err(end) => return Ok(end),
            };
        }
        Ok(SourceEnd::Complete)
    }

    fn inflate(
        &mut self,
        first: Vec<u8>,
        codec: &mut CodecSession,
        sink: &SyncSender<Chunk>,
    ) -> Result<SourceEnd, Unwanted> {
        let room = u32::try_from(self.limits.window).unwrap_or(u32::MAX);
        let mut input = first;
        let mut delivered = 0_u64;
        let mut last = false;
        loop {
            let (consumed, data, done) = match codec.decompress(&input, last, room) {
                Ok(step) => step,
                Err(Fault::Problem(problem)) => {
                    return Ok(SourceEnd::Compression(crate::sandbox::problem_text(&problem)));
                }
                Err(fault) => return Ok(ended(fault)),
            };
            let consumed = consumed as usize;
            let stuck = consumed == 0 && data.is_empty();
            if consumed > input.len() || data.len() > self.limits.window || (stuck && last && !done) {
                return Ok(SourceEnd::Codec(Fault::Crashed {
                    component: "codec".into(),
                    reason: "it broke the contract: more consumed or returned than it was given, or no progress".into(),
                }));
            }
            delivered = delivered.saturating_add(data.len() as u64);
            if delivered > self.allowed() {
                return Ok(SourceEnd::Inflated { octets: delivered.saturating_sub(data.len() as u64) });
            }
            if !data.is_empty() {
                sink.send(Chunk::Data(data)).map_err(|_| Unwanted)?;
            }
            if done {
                return Ok(SourceEnd::Complete);
            }
            input.drain(..consumed);
            if (stuck || input.is_empty()) && !last {
                match self.chunk() {
                    Ok(more) => {
                        last = more.is_empty();
                        input.extend_from_slice(&more);
                    }
                    Err(end) => return Ok(end),
                }
            }
        }
    }

    /// How large the capture may be by now.
    fn allowed(&self) -> u64 {
        let by_ratio = self.read.saturating_mul(self.limits.inflate_ratio);
        by_ratio.max(self.limits.inflated_free).min(self.limits.inflated_max)
    }

    /// The next octets of the file; none at its end.
    fn chunk(&mut self) -> Result<Vec<u8>, SourceEnd> {
        if self.cancel.is_cancelled() {
            return Err(SourceEnd::Cancelled);
        }
        // Nothing is added to it: its room is how much is read.
        let mut chunk = Vec::with_capacity(self.limits.next_window(self.read));
        self.file.read_into(&mut chunk).map_err(|error| SourceEnd::Io(error.kind().to_string()))?;
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(&chunk);
        }
        if let Some(sha1) = &mut self.sha1 {
            sha1.update(&chunk);
        }
        self.read = self.read.saturating_add(chunk.len() as u64);
        self.seen.store(self.read, Ordering::Relaxed);
        Ok(chunk)
    }

    /// Reads the rest of the file for its hashes, within the time of the run. Whether the end was reached.
    fn drain(&mut self) -> bool {
        while Instant::now() < self.until {
            match self.chunk() {
                Ok(chunk) if chunk.is_empty() => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
        false
    }
}

fn ended(fault: Fault) -> SourceEnd {
    match fault {
        Fault::Cancelled => SourceEnd::Cancelled,
        fault => SourceEnd::Codec(fault),
    }
}
