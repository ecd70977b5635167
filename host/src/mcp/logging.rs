//! Messages to the client about a call: what a person who watches would want to know. Revisions before 2026-07-28 set the level for a session,
//! later ones for each request; without a level nothing is sent.
#![expect(deprecated, reason = "logging is deprecated since 2026-07-28, and clients of all revisions are served")]

use std::sync::atomic::{AtomicU8, Ordering};

use rmcp::RoleServer;
use rmcp::model::{LoggingLevel, LoggingMessageNotificationParam};
use rmcp::service::RequestContext;
use serde_json::{Value, json};

use crate::answer::AnswerError;
use crate::service::Answer;

/// The least severe level that a session wants; `OFF` before it says so.
pub(super) struct Level(AtomicU8);

const OFF: u8 = u8::MAX;

impl Default for Level {
    fn default() -> Self {
        Self(AtomicU8::new(OFF))
    }
}

impl Level {
    pub(super) fn set(&self, level: LoggingLevel) {
        self.0.store(severity(level), Ordering::Relaxed);
    }

    /// Tells how a call ended, if the client wants to know.
    pub(super) async fn tell(
        &self,
        context: &RequestContext<RoleServer>,
        tool: &str,
        result: &Result<Answer, AnswerError>,
    ) {
        let wanted = context.meta.log_level().map_or_else(|| self.0.load(Ordering::Relaxed), severity);
        let (level, data) = message(tool, result);
        if severity(level) >= wanted {
            let note = LoggingMessageNotificationParam::new(level, data).with_logger("mcpcap");
            if let Err(error) = context.peer.notify_logging_message(note).await {
                tracing::debug!(%error, "the client could not be told");
            }
        }
    }
}

/// RFC 5424 section 6.2.1, the other way round.
fn severity(level: LoggingLevel) -> u8 {
    match level {
        LoggingLevel::Debug => 0,
        LoggingLevel::Info => 1,
        LoggingLevel::Notice => 2,
        LoggingLevel::Warning => 3,
        LoggingLevel::Error => 4,
        LoggingLevel::Critical => 5,
        LoggingLevel::Alert => 6,
        LoggingLevel::Emergency => 7,
    }
}

fn message(tool: &str, result: &Result<Answer, AnswerError>) -> (LoggingLevel, Value) {
    match result {
        Ok(answer) => {
            let field = |name: &str| answer.receipt.get(name).cloned().unwrap_or_default();
            let (stopped, evicted) = (field("stopped_early"), field("evicted"));
            let warning = answer.report.get("warning").cloned().unwrap_or_default();
            let is_whole = stopped.is_null() && evicted == 0 && warning.is_null();
            let level = if is_whole { LoggingLevel::Info } else { LoggingLevel::Warning };
            let seconds = answer.time.as_secs_f64();
            let frames = answer.receipt.get("capture").and_then(|capture| capture.get("frames_read")).cloned();
            let data = json!({
                "tool": tool,
                "frames": frames,
                "seconds": seconds,
                "stopped_early": stopped,
                "evicted": evicted,
                "warning": warning,
            });
            (level, data)
        }
        Err(error) => (LoggingLevel::Error, json!({ "tool": tool, "code": error.code.name(), "error": error.message })),
    }
}
