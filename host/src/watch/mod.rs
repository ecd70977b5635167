//! What operators see of the calls: an audit log and metrics. Clients see none of it.

mod audit;
mod caller;
mod metrics;
mod process;
mod refusals;

use std::time::Instant;

use serde_json::{Map, Value};

pub use audit::{Audit, AuditError};
pub use caller::Caller;
pub(crate) use caller::network;
pub use metrics::Metrics;

use crate::answer::{AnswerError, Code};

/// One call, from its beginning to its end, whatever the end is: a call that is dropped counts as cancelled.
pub struct Call<'a> {
    audit: Option<&'a Audit>,
    metrics: &'a Metrics,
    caller: &'a Caller,
    asked: Asked<'a>,
    arguments: Map<String, Value>,
    started: Instant,
    told: bool,
}

/// What is called.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The tool.
    pub tool: &'a str,
    /// SHA-256 of its component; the server's own tool has none.
    pub component: Option<&'a str>,
}

/// Something that was refused before it became a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal<'a> {
    /// Why, of few values.
    pub(crate) reason: &'static str,
    /// The status of HTTP.
    pub(crate) status: Option<u16>,
    /// The tool that was asked for and is not there.
    pub(crate) tool: Option<&'a str>,
}

/// Counts what was refused, and writes it into the audit log.
pub(crate) fn refused(audit: Option<&Audit>, metrics: &Metrics, caller: &Caller, refusal: Refusal<'_>) {
    metrics.refused(refusal.reason);
    if let Some(audit) = audit {
        audit.refused(caller, refusal);
    }
}

/// Writes what waits to be written, at the end.
pub(crate) fn finish(audit: Option<&Audit>) {
    if let Some(audit) = audit {
        audit.further(true);
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End<'a> {
    /// `ok`, or the code of an error.
    pub(crate) outcome: &'static str,
    /// The limit that was reached, if one was.
    pub(crate) limit: Option<&'a str>,
    /// SHA-256 of the capture, or of what was read of it.
    pub(crate) capture: Option<&'a str>,
    /// Octets of the capture that were read.
    pub(crate) octets: u64,
    /// Whether the answer was made of what had been kept; nothing for what has no such answer.
    pub(crate) kept: Option<bool>,
}

impl<'a> Call<'a> {
    /// A call that begins.
    pub fn begin(
        audit: Option<&'a Audit>,
        metrics: &'a Metrics,
        caller: &'a Caller,
        asked: Asked<'a>,
        arguments: &Map<String, Value>,
    ) -> Self {
        metrics.begun();
        // Only the audit log wants them.
        let arguments = if audit.is_some() { arguments.clone() } else { Map::new() };
        Self { audit, metrics, caller, asked, arguments, started: Instant::now(), told: false }
    }

    /// Tells how it ended: with this receipt, or an error.
    pub fn end(mut self, result: Result<&Value, &AnswerError>) {
        match result {
            Ok(receipt) => {
                let part = |object: &str, field: &str| receipt.get(object).and_then(|object| object.get(field));
                let capture = part("capture", "sha256").or_else(|| part("capture", "sha256_of_what_was_read"));
                let kept = receipt.get("kept").and_then(Value::as_bool);
                let octets = part("used", "capture_octets");
                let stopped = receipt.get("stopped_early").and_then(Value::as_str);
                self.tell(End {
                    outcome: "ok",
                    limit: stopped.filter(|reason| matches!(*reason, "time-limit" | "too-large")),
                    capture: capture.and_then(Value::as_str),
                    octets: if kept == Some(true) { 0 } else { octets.and_then(Value::as_u64).unwrap_or_default() },
                    kept,
                });
            }
            Err(error) => {
                let outcome = error.code.name();
                let limited = matches!(error.code, Code::LimitReached | Code::TooLarge | Code::Busy);
                self.tell(End { outcome, limit: limited.then_some(outcome), capture: None, octets: 0, kept: None });
            }
        }
    }

    fn tell(&mut self, end: End<'_>) {
        self.told = true;
        let seconds = self.started.elapsed().as_secs_f64();
        self.metrics.ended(self.asked.tool, seconds, end);
        if let Some(audit) = self.audit {
            audit.write(self.caller, self.asked, std::mem::take(&mut self.arguments), seconds, end);
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        if !self.told {
            self.tell(End { outcome: Code::Cancelled.name(), limit: None, capture: None, octets: 0, kept: None });
        }
    }
}
