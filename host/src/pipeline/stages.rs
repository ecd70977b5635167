//! What every capture passes through before the analyzers: reader and decoder.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::packets::Parsed;
use super::{End, RunError};
use crate::bindings::types;
use crate::effort::Effort;
use crate::sandbox::{DecoderSession, Fault, ReaderSession};

/// What every capture passes through.
pub(super) struct Stages<'a> {
    pub(super) reader: &'a mut ReaderSession,
    pub(super) decoder: Option<&'a mut DecoderSession>,
    /// Whether what happens in streams is wanted.
    pub(super) streams: bool,
    /// The last frame that the decoder was given.
    pub(super) last: u64,
    pub(super) cancel: &'a CancellationToken,
}

impl Stages<'_> {
    pub(super) fn parse(&mut self, batch: types::Batch, key_log: Vec<u8>) -> Result<Parsed, RunError> {
        self.last = batch.frames.number.last().copied().unwrap_or(self.last);
        let parsed = match &mut self.decoder {
            Some(decoder) if !(batch.frames.number.is_empty() && batch.links.is_empty()) => Parsed::of(batch, decoder),
            _ => Ok(Parsed::of_frames(batch)),
        };
        parsed.map(|parsed| Parsed { key_log, ..parsed })
    }

    /// What streams still hold, behind the last batch; `None` where nobody wants it.
    pub(super) fn end(&mut self) -> Result<Option<Parsed>, RunError> {
        let decoder = self.decoder.as_mut().filter(|_| self.streams);
        decoder.map(|decoder| Parsed::of_end(decoder, self.last)).transpose()
    }

    /// What reader and decoder say of what they saw; what they are not able to say is left out.
    pub(super) fn summaries(&mut self, end: Option<&End>, effort: &Effort<'_>) -> (Value, Value) {
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
