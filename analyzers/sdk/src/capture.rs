//! What the host knows about the capture when the run ends.

use serde::Deserialize;
use serde_json::Value;

use crate::{Problem, decode, stream, text};

/// The document that `finish` is given; `wit/README.md` has its fields. Fields that this version does not know are ignored.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(from = "Document")]
pub struct Capture {
    /// The file on disk.
    pub file: File,
    /// How many frames there were.
    pub frames: Frames,
    /// Why reading ended before the end of the file, if it did.
    pub end: Option<End>,
    /// The reader's summary, as it is.
    pub reader: Value,
    /// The decoder's.
    pub decoder: decode::Summary,
    /// How TCP streams were put together; nothing where nobody wanted them.
    pub streams: stream::Statistics,
    /// Bytes of the file's TLS key logs that nobody was given, since there are too many.
    pub key_log_left_out: u64,
}

/// The document as it is written.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Document {
    file: File,
    frames: Frames,
    end: Option<End>,
    reader: Value,
    decoder: Decoder,
    key_log_left_out: u64,
}

#[derive(Default, Deserialize)]
struct Decoder {
    #[serde(flatten)]
    summary: decode::Summary,
    #[serde(default)]
    streams: stream::Statistics,
}

impl From<Document> for Capture {
    fn from(document: Document) -> Self {
        let Document { file, frames, end, reader, decoder: Decoder { summary, streams }, key_log_left_out } = document;
        Self { file, frames, end, reader, decoder: summary, streams, key_log_left_out }
    }
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

impl Frames {
    /// The arguments that chose frames, for example `host 192.0.2.1, port 53`.
    fn chosen_by(&self) -> String {
        let value = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let asked: Vec<String> = self.asked.iter().map(|(name, asked)| format!("{name} {}", value(asked))).collect();
        asked.join(", ")
    }
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
        let ended = self.end.as_ref().map(|end| end.reason.as_str());
        let mut text = if asked.is_empty() {
            format!("No {what} found in this capture")
        } else {
            // With `last_frame`, the reader looks a little further than the frames that are given on.
            let (of, rest) = match ended {
                Some("enough") => ("the first ", "; the rest of the file was not read"),
                _ => ("", ""),
            };
            let left_out = read.saturating_sub(*delivered);
            let others = match left_out {
                0 => "none was left out".to_owned(),
                _ => format!(
                    "{left_out} {} left out, and whether there are {what} in {} is not known: the same call without {} tells",
                    if left_out == 1 { "was" } else { "were" },
                    if left_out == 1 { "it" } else { "them" },
                    if asked.len() == 1 { "that argument" } else { "these arguments" },
                ),
            };
            format!(
                "No {what} in {} of {of}{} read, chosen by {}; {others}{rest}",
                text::counted(*delivered, "frame"),
                text::counted(*read, "frame"),
                self.frames.chosen_by(),
            )
        };
        let dark = decoding.frames_not_seen();
        if dark > 0 {
            let named = decoding
                .not_looked_into_in_words()
                .unwrap_or_else(|| "cut or damaged; `decoding` of analyze_capinfos lists them".to_owned());
            text += &format!("; {} could not be looked into ({named})", text::counted(dark, "frame"));
        }
        if let Some(reason) = ended.filter(|reason| *reason != "enough") {
            text += &format!("; reading ended early ({reason})");
        }
        text
    }

    /// Says that what was asked for chose no frame, and how many the capture has: for tools that have something to tell of every frame. `None` when some
    /// were chosen, or nothing was asked for.
    pub fn nothing_chosen(&self) -> Option<String> {
        let Frames { read, delivered, asked } = &self.frames;
        let is_part = self.end.as_ref().is_some_and(|end| end.reason == "enough");
        let rest = if is_part { "; the rest of the file was not read" } else { "" };
        (!asked.is_empty() && *delivered == 0).then(|| {
            format!("None of {} read was chosen by {}{rest}", text::counted(*read, "frame"), self.frames.chosen_by())
        })
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
        assert!(
            text.ends_with(
                "; 1 frame could not be looked into (cut or damaged; `decoding` of analyze_capinfos lists them)"
            ),
            "{text}"
        );
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
        let expected = "No SIP messages in 1 frame of 9 frames read, chosen by host 192.0.2.0/24, port 53; 8 were left out, and whether there \
            are SIP messages in them is not known: the same call without these arguments tells";
        assert_eq!(text, expected);
        let none = decode::Statistics::default();
        // Nothing fits; all fit; and the reader looked at more frames than `last_frame` asks for.
        let mut said = |read, delivered, asked: &str, end: Option<&str>| {
            capture.frames = Frames { read, delivered, asked: serde_json::from_str(asked).unwrap() };
            capture.end = end.map(|reason| End { reason: reason.into(), ..End::default() });
            capture.nothing_found("DNS messages", &none)
        };
        let text = said(1, 0, r#"{ "host": "203.0.113.1" }"#, None);
        let expected = "No DNS messages in 0 frames of 1 frame read, chosen by host 203.0.113.1; 1 was left out, and whether there are DNS \
            messages in it is not known: the same call without that argument tells";
        assert_eq!(text, expected);
        let text = said(9, 9, r#"{ "port": 80 }"#, None);
        assert_eq!(text, "No DNS messages in 9 frames of 9 frames read, chosen by port 80; none was left out");
        let text = said(154, 100, r#"{ "last_frame": 100 }"#, Some("enough"));
        let expected = "No DNS messages in 100 frames of the first 154 frames read, chosen by last_frame 100; 54 were left out, and whether \
            there are DNS messages in them is not known: the same call without that argument tells; the rest of the file was not read";
        assert_eq!(text, expected);
        capture.frames =
            Frames { read: 9, delivered: 0, asked: serde_json::from_str(r#"{ "host": "::1", "port": 5 }"#).unwrap() };
        assert_eq!(
            capture.nothing_chosen().as_deref(),
            Some("None of 9 frames read was chosen by host ::1, port 5; the rest of the file was not read")
        );
        capture.end = None;
        assert_eq!(capture.nothing_chosen().as_deref(), Some("None of 9 frames read was chosen by host ::1, port 5"));
        for frames in [Frames { delivered: 1, ..capture.frames.clone() }, Frames { read: 9, ..Frames::default() }] {
            assert_eq!(Capture { frames, ..Capture::default() }.nothing_chosen(), None);
        }
        capture.end = Some(End { reason: "cut-short".into(), ..End::default() });
        let text = capture.nothing_found("SIP messages", &decode::Statistics::default());
        assert!(text.ends_with("; reading ended early (cut-short)"), "{text}");
    }
}
