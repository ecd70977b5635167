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
use crate::text::{self, neutral};

/// Why there is no audit log.
#[derive(Debug, thiserror::Error)]
#[error("the audit log {path} cannot be opened: {reason}")]
pub struct AuditError {
    path: PathBuf,
    reason: io::Error,
}

/// Bytes of one argument, as JSON.
const ARGUMENT: usize = 2048;
/// Arguments, and characters of their names: no tool has so many or so long ones.
const ARGUMENTS: usize = 64;
const NAME: usize = 100;

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
    /// `arguments` (a URL without its secrets; of one longer than 2 KiB its beginning and its length), `outcome` (`ok` or the code of an error), `limit`, `seconds`.
    pub(super) fn write(&self, tool: &Tool, mut arguments: Map<String, Value>, seconds: f64, end: End<'_>) {
        if let Some(Value::String(name)) = arguments.get_mut("pcap_file") {
            *name = capture::shown(name);
        }
        let arguments = bounded(arguments);
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
        let line = text::json(&line) + "\n";
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
            tracing::error!(%error, tool = tool.name, "a line of the audit log is lost");
        }
    }
}

/// Arguments as a line holds them: what is long is cut, and says how long it was.
fn bounded(arguments: Map<String, Value>) -> Map<String, Value> {
    let left_out = arguments.len().saturating_sub(ARGUMENTS);
    let cut = |(name, value): (String, Value)| {
        let name = neutral(&name, NAME).into_owned();
        let text = match &value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if text.len() <= ARGUMENT {
            return (name, value);
        }
        let end = text.floor_char_boundary(ARGUMENT);
        let begins = text.get(..end).unwrap_or_default();
        (name, json!({ "begins": begins, "bytes": text.len() }))
    };
    let mut kept: Map<String, Value> = arguments.into_iter().take(ARGUMENTS).map(cut).collect();
    if left_out > 0 {
        kept.insert("further_arguments".into(), left_out.into());
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut_and_says_how_long_it_was() {
        let mut arguments = Map::new();
        arguments.insert("name".into(), "ü".repeat(40_000).into());
        arguments.insert("frames".into(), json!(vec![1; 5_000]));
        arguments.insert("short".into(), "x".into());
        for n in 0..100 {
            arguments.insert(format!("{n:03}{}", "n".repeat(1000)), Value::Null);
        }
        let kept = bounded(arguments);
        assert_eq!((&kept["name"]["bytes"], &kept["frames"]["bytes"]), (&json!(80_000), &json!(10_001)));
        assert_eq!(kept["name"]["begins"], "ü".repeat(1024));
        assert_eq!((&kept["short"], &kept["further_arguments"]), (&json!("x"), &json!(39)));
        assert!(Value::from(kept).to_string().len() < 12_000);
    }
}
