//! What the host knows about the capture when the run ends.

use serde::Deserialize;
use serde_json::Value;

use crate::Problem;

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
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Frames {
    /// Frames that the reader found.
    #[serde(default)]
    pub read: u64,
    /// Frames that this analyzer was given.
    #[serde(default)]
    pub delivered: u64,
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
