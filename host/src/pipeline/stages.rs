//! What frames pass through before the analyzers: the decoder.

use serde_json::{Value, json};

use super::RunError;
use super::packets::Parsed;
use crate::bindings::types;
use crate::effort::Effort;
use crate::sandbox::{DecoderSession, Fault};

/// What frames pass through.
pub(super) struct Stages<'a> {
    pub(super) decoder: Option<&'a mut DecoderSession>,
    /// Whether what happens in streams is wanted.
    pub(super) streams: bool,
    /// The last frame that the decoder was given.
    pub(super) last: u64,
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

    /// What the decoder says of what it saw.
    pub(super) fn summary(&mut self, effort: &Effort<'_>) -> Value {
        self.decoder.as_mut().map_or(Value::Null, |decoder| told("decoder", decoder.summary(), effort))
    }
}

/// A summary; what a component is not able to say is left out.
pub(super) fn told(component: &str, summary: Result<String, Fault>, effort: &Effort<'_>) -> Value {
    let text = summary.inspect_err(|fault| tracing::warn!(%fault, component, "it gave no summary"));
    text.ok().and_then(|text| effort.read(&text).ok()).unwrap_or_else(|| json!({}))
}
