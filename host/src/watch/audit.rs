//! The audit log: a line of JSON for each call and each refusal, for those who have to know later who asked what about which capture.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::caller::{Caller, network};
use super::refusals::{Further, Refusals};
use super::{Asked, End, Refusal};
use crate::capture::KEY_LOG;
use crate::text::{self, neutral, url};

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
pub struct Audit {
    out: Mutex<Box<dyn Write + Send>>,
    refusals: Mutex<Refusals>,
}

impl Audit {
    /// Appends to a file, which is made when it is missing; `-` is standard error.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        if path == Path::new("-") {
            return Ok(Self::to(io::stderr()));
        }
        let file = OpenOptions::new().append(true).create(true).open(path);
        let file = file.map_err(|reason| AuditError { path: path.into(), reason })?;
        Ok(Self::to(file))
    }

    fn to(out: impl Write + Send + 'static) -> Self {
        Self { out: Mutex::new(Box::new(out)), refusals: Mutex::default() }
    }

    /// Writes a line: `time` (RFC 3339, UTC, of the end), who asked (`from`, `forwarded_for`, `session`, `client`, `token`), `tool`, `component` and
    /// `capture` (SHA-256; `null` when no capture was read), `arguments` (a URL without its secrets; of one longer than 2 KiB its beginning and its
    /// length), `outcome` (`ok` or the code of an error), `limit`, `kept` (whether the answer
    /// was made of what had been kept), `seconds`.
    pub(super) fn write(
        &self,
        caller: &Caller,
        asked: Asked<'_>,
        mut arguments: Map<String, Value>,
        seconds: f64,
        end: End<'_>,
    ) {
        for file in ["pcap_file", KEY_LOG] {
            if let Some(Value::String(name)) = arguments.get_mut(file) {
                *name = url::shown(name);
            }
        }
        let call = json!({
            "tool": asked.tool,
            "component": asked.component,
            "capture": end.capture,
            "arguments": bounded(arguments),
            "outcome": end.outcome,
            "limit": end.limit,
            "kept": end.kept,
            "seconds": seconds,
        });
        self.further(false);
        self.line(caller.fields(), call);
    }

    /// Writes a line about what was refused: `time`, who asked, `outcome` (`refused`), `reason`, `status` (of HTTP), `tool` (that there is not).
    /// Of many for one reason from one address it writes a few, and then how many there were besides.
    pub(super) fn refused(&self, caller: &Caller, refusal: Refusal<'_>) {
        self.further(false);
        let from = caller.from.map(network);
        let gets_line =
            self.refusals.lock().unwrap_or_else(PoisonError::into_inner).count(refusal.reason, from, Instant::now());
        if gets_line {
            let tool = refusal.tool.map(|name| neutral(name, NAME));
            let refused =
                json!({ "outcome": "refused", "reason": refusal.reason, "status": refusal.status, "tool": tool });
            self.line(caller.fields(), refused);
        }
    }

    /// Tells of refusals that got no line, when a minute is over or the server ends.
    pub(super) fn further(&self, end: bool) {
        let over = self.refusals.lock().unwrap_or_else(PoisonError::into_inner).over(Instant::now(), end);
        for Further { reason, from, count } in over {
            let mut who = Map::new();
            who.insert("from".into(), from.as_ref().map(IpAddr::to_string).into());
            self.line(who, json!({ "outcome": "refused", "reason": reason, "further": count }));
        }
    }

    fn line(&self, who: Map<String, Value>, what: Value) {
        let time = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
        let mut line = Map::new();
        line.insert("time".into(), time.into());
        line.extend(who);
        if let Value::Object(what) = what {
            line.extend(what);
        }
        // One write for a line, so that lines of several processes do not mix.
        let line = text::json(&line.into()) + "\n";
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
            tracing::error!(%error, "a line of the audit log is lost");
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
