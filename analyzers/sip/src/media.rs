//! Media, as reports show them.

use mcpcap_analyzer::{JsonSchema, is_default};
use serde::Serialize;

use crate::message::sdp::Media;
use crate::words::word;

/// A medium that one side offers to receive at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MediaReport {
    /// Kind of medium: `audio`, `video`.
    pub kind: String,
    /// Where this side wants to receive; may be a name.
    pub address: String,
    /// Port where this side wants to receive; 0: refused.
    pub port: u16,
    /// Port for RTCP. Absent where SDP does not say: it is the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtcp_port: Option<u16>,
    /// Transport, for example `RTP/AVP`.
    pub protocol: String,
    /// Codecs: the first 32, and pages of all.
    pub codecs: Vec<Codec>,
    /// Codecs in all.
    pub codecs_total: u64,
    /// `sendrecv`, `sendonly`, `recvonly` or `inactive`, from this side's view.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub direction: &'static str,
    /// `none`, `sdes` (keys stand in the clear-text signalling), `dtls`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub encryption: &'static str,
    /// Suites of SDES, likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub crypto_suites: Vec<String>,
    /// Suites in all.
    #[serde(skip_serializing_if = "is_default")]
    pub crypto_suites_total: u64,
    /// Whether ICE is offered.
    pub ice: bool,
    /// Addresses and ports of ICE candidates, likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
    /// Candidates in all.
    #[serde(skip_serializing_if = "is_default")]
    pub candidates_total: u64,
}

/// A payload type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Codec {
    /// The number in RTP packets; another format where it is no RTP.
    pub payload_type: String,
    /// Name and clock rate, for example `PCMU/8000`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
}

impl MediaReport {
    /// What a media description says.
    pub fn of(media: &Media<'_>) -> Self {
        let encryption = match (media.crypto_total == 0, media.fingerprint) {
            (_, true) => "dtls",
            (false, false) => "sdes",
            (true, false) => "none",
        };
        let rtcp_port = media.rtcp_port.or(media.rtcp_mux.then_some(media.port));
        let formats = media.formats.iter();
        let candidates = media.candidates.iter();
        Self {
            kind: word(media.kind),
            address: word(media.address),
            port: media.port,
            rtcp_port,
            protocol: word(media.protocol),
            codecs_total: media.formats_total,
            crypto_suites_total: media.crypto_total,
            candidates_total: media.candidates_total,
            codecs: formats.map(|f| Codec { payload_type: word(f.name), codec: f.codec.map(word) }).collect(),
            direction: media.direction.name(),
            encryption,
            crypto_suites: media.crypto.iter().map(|suite| word(suite)).collect(),
            ice: media.ice,
            candidates: candidates.map(|(address, port)| format!("{} {port}", word(address))).collect(),
        }
    }
}
