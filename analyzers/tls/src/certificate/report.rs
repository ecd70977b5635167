//! A certificate as the report lists it.

use mcpcap_analyzer::finding::Frames;
use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::text::hexadecimal;
use mcpcap_analyzer::{JsonSchema, is_default};
use serde::Serialize;

use super::{Certificate, Content, Entry};
use crate::details::written;
use crate::facts::Mark;
use crate::limits;
use mcpcap_tls_hello::registry::Name;

/// A certificate. Names are from the capture.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct CertificateReport {
    /// Frame that completes the first message with it.
    pub frame: u64,
    /// When it was sent first: UTC, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub time: Option<String>,
    /// SHA-256 of it.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub sha256: String,
    /// SHA-1 of it.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub sha1: String,
    /// Bytes of it.
    pub size: u64,
    /// Whether it could be read.
    pub readable: bool,
    /// Its subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Common name of its subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// Its issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Serial number, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub serial: Option<String>,
    /// Hosts and addresses that it is for (SAN). Of many this is a page, up to 16 KiB of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// How many hosts and addresses it is for.
    #[serde(skip_serializing_if = "is_default")]
    pub names_total: u64,
    /// From when it is valid: UTC, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub not_before: Option<String>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub not_after: Option<String>,
    /// Whether it was `valid`, `expired` or `not_yet_valid` when it was sent first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub validity: Option<&'static str>,
    /// Days from when it was sent first to its end; negative when it had expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_left: Option<i64>,
    /// Algorithm of its key: `RSA`, `EC`, `Ed25519`, `ML-DSA-65`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Option<String>")]
    pub key_algorithm: Option<Name>,
    /// Curve of its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Option<String>")]
    pub key_curve: Option<Name>,
    /// Size of its key in bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_bits: Option<u32>,
    /// Algorithm of its signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true), with = "Option<String>")]
    pub signature_algorithm: Option<Name>,
    /// Whether issuer and subject are the same. The signature is not checked.
    #[serde(skip_serializing_if = "is_default")]
    pub self_signed: bool,
    /// Whether it may issue others.
    #[serde(skip_serializing_if = "is_default")]
    pub is_ca: bool,
    /// Who sent it as its own first: address and port.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub sender: Option<String>,
    /// Connections in which a server sent it as its own.
    #[serde(skip_serializing_if = "is_default")]
    pub server_connections: u64,
    /// Connections in which a client did.
    #[serde(skip_serializing_if = "is_default")]
    pub client_connections: u64,
    /// Frames that complete messages with it. Of many this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
    /// How many frames that are in all.
    pub frames_total: u64,
}

/// The list of certificates' names.
pub const HOSTS: &str = "certificates[].names";
/// The list of frames of each.
pub const FRAMES: &str = "certificates[].frames";

impl CertificateReport {
    /// Describes a certificate at a place of the list.
    pub fn new(entry: &Entry, place: usize, lists: &mut Lists) -> Self {
        let certificate: &Certificate = &entry.certificate;
        let mut report = Self {
            frame: entry.first.frame,
            time: written(entry.first),
            sha256: hexadecimal(&certificate.sha256, "", 32),
            sha1: hexadecimal(&certificate.sha1, "", 20),
            size: certificate.size as u64,
            readable: certificate.content.is_some(),
            sender: entry.sender.map(|sender| sender.to_string()),
            server_connections: entry.as_server,
            client_connections: entry.as_client,
            frames: lists.evidence(FRAMES, place, &entry.evidence),
            frames_total: entry.evidence.total(),
            ..Self::default()
        };
        if let Some(content) = &certificate.content {
            report.add(content, entry.first);
            let names: Vec<&str> = content.names().collect();
            let shown = lists.cut_within(HOSTS, &[place], limits::NAMES, names.into_iter());
            report.names = shown.map(str::to_owned).collect();
        }
        report
    }

    fn add(&mut self, content: &Content, sent: Mark) {
        self.subject = Some(content.subject.clone());
        self.common_name = content.common_name.clone();
        self.issuer = Some(content.issuer.clone());
        self.serial = Some(content.serial.clone());
        self.names_total = content.names_total;
        self.not_before = Some(content.not_before.1.clone());
        self.not_after = Some(content.not_after.1.clone());
        self.validity = sent.time.map(|time| content.validity(time).name());
        self.days_left = sent.time.map(|time| content.days_left(time));
        self.key_algorithm = Some(content.key.algorithm.clone());
        self.key_curve = content.key.curve.clone();
        self.key_bits = content.key.bits;
        self.signature_algorithm = Some(content.signature.algorithm.clone());
        (self.self_signed, self.is_ca) = (content.self_signed, content.is_ca);
    }
}
