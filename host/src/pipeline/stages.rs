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
    pub(super) cancel: &'a CancellationToken,
}

impl Stages<'_> {
    pub(super) fn parse(&mut self, batch: types::Batch) -> Result<Parsed, RunError> {
        match &mut self.decoder {
            Some(decoder) if !(batch.frames.number.is_empty() && batch.links.is_empty()) => Parsed::of(batch, decoder),
            _ => Ok(Parsed::of_frames(batch)),
        }
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
