//! What the host knows about the capture when the run ends.

use serde::Deserialize;
use serde_json::Value;

use crate::{Problem, decode};

/// The document that `finish` is given; `wit/README.md` has its fields. Fields that this version does not know are ignored.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Capture {
    /// The file on disk.
    #[serde(default)]
    pub file: File,
    /// How many frames there were.
    #[serde(default)]
    pub frames: Frames,
    /// Why reading ended before the end of the file, if it did.
    #[serde(default)]
    pub end: Option<End>,
    /// The reader's summary, as it is.
    #[serde(default)]
    pub reader: Value,
}

/// The file on disk.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct File {
    /// Its base name, or the URL it came from.
    #[serde(default)]
    pub name: String,
    /// Octets on disk.
    #[serde(default)]
    pub size: u64,
    /// `gzip`, `zstd` or `lz4`.
    #[serde(default)]
    pub compression: Option<String>,
    /// Octets of the capture itself.
    #[serde(default)]
    pub uncompressed_size: u64,
    /// SHA-256 of the file on disk, as hexadecimal digits; absent when it was not read to its end.
    #[serde(default)]
    pub sha256: Option<String>,
    /// SHA-1, likewise.
    #[serde(default)]
    pub sha1: Option<String>,
}

/// How many frames there were.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Frames {
    /// Frames that the reader found.
    #[serde(default)]
    pub read: u64,
    /// Frames that this analyzer was given.
    #[serde(default)]
    pub delivered: u64,
    /// The arguments that chose them, such as `host`, with their values; empty when all were given.
    #[serde(default)]
    pub asked: serde_json::Map<String, Value>,
}

/// Why reading ended early.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct End {
    /// `cut-short`, `damaged`, `compression-damaged`, `enough`, `time-limit`.
    pub reason: String,
    /// Offset in the capture where it ended.
    #[serde(default)]
    pub offset: Option<u64>,
    /// What is wrong there.
    #[serde(default)]
    pub message: String,
}

impl Capture {
    /// Decimals of a second that the file's timestamps have (0 to 9).
    pub fn time_digits(&self) -> u8 {
        let digits = self.reader.get("time_digits").and_then(Value::as_u64);
        digits.and_then(|digits| u8::try_from(digits).ok()).filter(|digits| *digits < 9).unwrap_or(9)
    }

    /// Says that a report is empty, and how far that can be said: what chose the frames, and how many could not be looked into.
    /// `what` is what was looked for, in the plural.
    pub fn nothing_found(&self, what: &str, decoding: &decode::Statistics) -> String {
        let Frames { read, delivered, asked } = &self.frames;
        let mut text = if asked.is_empty() {
            format!("No {what} found in this capture")
        } else {
            let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let asked: Vec<String> = asked.iter().map(|(name, asked)| format!("{name} {}", value(asked))).collect();
            format!(
                "No {what} among the {} that {} {}; {} read, and the others may have some",
                count(*delivered, "frame"),
                if *delivered == 1 { "fits" } else { "fit" },
                asked.join(", "),
                if *read == 1 { "1 was".to_owned() } else { format!("{read} were") },
            )
        };
        let dark = decoding.frames_not_seen();
        if dark > 0 {
            let named = decoding.not_looked_into_in_words().unwrap_or_else(|| "limits.decoding".to_owned());
            text += &format!("; {} could not be looked into ({named})", count(dark, "frame"));
        }
        if let Some(end) = self.end.as_ref().filter(|end| end.reason != "enough") {
            text += &format!("; reading ended early ({})", end.reason);
        }
        text
    }

    /// Reads the document.
    ///
    /// # Errors
    /// When it is not the JSON object that the contract describes, which is a defect of the host.
    pub fn from_json(text: &str) -> Result<Self, Problem> {
        serde_json::from_str(text).map_err(|error| Problem::Input {
            offset: None,
            frame: None,
            reason: format!("the host's description of the capture is not understood: {error}"),
        })
    }
}

/// A number with its noun, in singular or plural.
fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{NotLookedInto, Stop, StopCount};

    #[test]
    fn an_empty_report_says_what_was_looked_at() {
        let mut capture =
            Capture { frames: Frames { read: 9, delivered: 9, ..Frames::default() }, ..Capture::default() };
        let mut decoding = decode::Statistics::default();
        assert_eq!(capture.nothing_found("SIP messages", &decoding), "No SIP messages found in this capture");
        decoding.stopped = vec![
            StopCount { reason: Stop::OtherNetworkLayer, undecoded: false, count: 5, frames: vec![1] },
            StopCount { reason: Stop::Malformed, undecoded: true, count: 1, frames: vec![2] },
        ];
        let text = capture.nothing_found("SIP messages", &decoding);
        assert!(text.ends_with("; 1 frame could not be looked into (limits.decoding)"), "{text}");
        let hidden = |protocol: &str| NotLookedInto { protocol: protocol.into(), count: 2, frames: vec![3] };
        decoding.not_looked_into = ["esp", "wireguard", "macsec", "gtp", "ip protocol 99", "other"].map(hidden).into();
        let text = capture.nothing_found("SIP messages", &decoding);
        let expected = "; 13 frames could not be looked into (esp in 2 frames, wireguard in 2 frames, macsec in 2 frames, gtp in 2 frames, \
            ip protocol 99 in 2 frames, others in 2)";
        assert!(text.ends_with(expected), "{text}");
        capture.frames =
            serde_json::from_str(r#"{ "read": 9, "delivered": 1, "asked": { "host": "192.0.2.0/24", "port": 53 } }"#)
                .unwrap();
        let text = capture.nothing_found("SIP messages", &decode::Statistics::default());
        let expected = "No SIP messages among the 1 frame that fits host 192.0.2.0/24, port 53; 9 were read, and the others may have some";
        assert_eq!(text, expected);
        capture.end = Some(End { reason: "cut-short".into(), ..End::default() });
        let text = capture.nothing_found("SIP messages", &decode::Statistics::default());
        assert!(text.ends_with("; reading ended early (cut-short)"), "{text}");
    }
}
