//! What is known of a table that is kept, as it stands beside it. It is read as what somebody else wrote.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::capture::Identity;
use crate::pipeline::{End, Outcome};
use crate::selection::Delivered;

/// Characters of the format of a capture, and of why reading ended, that are kept.
const TEXT: usize = 1000;
/// Why reading may have ended of a capture whose tables are kept: what is the same each time.
const ENDS: [&str; 5] = ["cut-short", "damaged", "compression-damaged", "too-large", "enough"];

/// A run that made a table: what an answer tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// SHA-256 of the capture.
    pub capture: String,
    /// Its bytes.
    pub size: u64,
    frames: u64,
    octets: u64,
    memory: usize,
    format: Option<String>,
    end: Option<Ended>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ended {
    reason: String,
    offset: u64,
    message: String,
}

impl Run {
    /// Of an outcome that would be the same again; `None` of one that would not, or that did not read all of the capture.
    pub fn of(outcome: &Outcome) -> Option<Self> {
        if !outcome.identity_is_whole || !outcome.end.as_ref().is_none_or(|end| ENDS.contains(&end.reason)) {
            return None;
        }
        let cut = |text: &str| text.chars().take(TEXT).collect();
        let end = outcome.end.as_ref();
        Some(Self {
            capture: outcome.identity.clone(),
            size: outcome.size,
            frames: outcome.frames,
            octets: outcome.octets,
            memory: outcome.memory,
            format: outcome.summary.get("format").and_then(serde_json::Value::as_str).map(cut),
            end: end.map(|end| Ended { reason: end.reason.into(), offset: end.offset, message: cut(&end.message) }),
        })
    }

    /// The outcome, without its report, of a capture by this name. `None` where it cannot be one.
    pub fn outcome(&self, name: &str) -> Option<Outcome> {
        let end = match &self.end {
            None => None,
            Some(end) => {
                let reason = ENDS.into_iter().find(|reason| *reason == end.reason)?;
                Some(End { reason, offset: end.offset, message: end.message.clone() })
            }
        };
        Some(Outcome {
            report: "".into(),
            name: name.into(),
            frames: self.frames,
            delivered: Delivered::UpTo(self.frames),
            identity: self.capture.clone(),
            identity_is_whole: true,
            sha1: None,
            identity_is_kept: true,
            size: self.size,
            octets: self.octets,
            memory: self.memory,
            summary: self.format.as_ref().map_or_else(|| json!({}), |format| json!({ "format": format })),
            end,
        })
    }
}

/// What stands beside a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// The run that made it.
    pub(super) run: Run,
    /// Bytes of its rows.
    pub(super) bytes: u64,
    /// SHA-256 of its file.
    pub(super) sha256: String,
    /// The file, as it was when it was last found to have that digest.
    pub(super) file: Identity,
    /// Since when the machine ran at that time: what was not on the disk yet when it ended may be there in part.
    pub(super) boot: Option<String>,
}

/// How many hexadecimal digits digests have.
pub(super) const SHA256: usize = 64;
pub(super) const SHA1: usize = 40;

/// Whether it is a digest in so many hexadecimal digits.
pub(super) fn is_digest(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
