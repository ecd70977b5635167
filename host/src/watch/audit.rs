//! The audit log: a line of JSON for each call, for those who have to know later who asked what about which capture.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::End;
use crate::capture;
use crate::catalog::Tool;

/// Why there is no audit log.
#[derive(Debug, thiserror::Error)]
#[error("the audit log {path} cannot be opened: {reason}")]
pub struct AuditError {
    path: PathBuf,
    reason: io::Error,
}

/// Where the lines go.
pub struct Audit(Mutex<Box<dyn Write + Send>>);

impl Audit {
    /// Appends to a file, which is made when it is missing; `-` is standard error.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        if path == Path::new("-") {
            return Ok(Self(Mutex::new(Box::new(io::stderr()))));
        }
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file = file.map_err(|reason| AuditError { path: path.into(), reason })?;
        Ok(Self(Mutex::new(Box::new(file))))
    }

    /// Writes a line: `time` (RFC 3339, UTC, of the end), `tool`, `component` and `capture` (SHA-256; `null` when no capture was read),
    /// `arguments` (a URL without its secrets), `outcome` (`ok` or the code of an error), `limit`, `seconds`.
    pub(super) fn write(&self, tool: &Tool, mut arguments: Map<String, Value>, seconds: f64, end: End<'_>) {
        if let Some(Value::String(name)) = arguments.get_mut("pcap_file") {
            *name = capture::shown(name);
        }
        let line = json!({
            "time": OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default(),
            "tool": tool.name,
            "component": tool.module.sha256,
            "capture": end.capture,
            "arguments": arguments,
            "outcome": end.outcome,
            "limit": end.limit,
            "seconds": seconds,
        });
        // One write for a line, so that lines of several processes do not mix.
        let line = format!("{line}\n");
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
            tracing::error!(%error, tool = tool.name, "a line of the audit log is lost");
        }
    }
}
