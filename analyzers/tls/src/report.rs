//! The report.

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::faults::FaultCount;
use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::{Count, PageInfo, SummaryMs, TextCount};
use mcpcap_analyzer::{Ending, JsonSchema, decode, is_default, stream};
use serde::Serialize;

use crate::certificate::CertificateReport;
use crate::details::ConnectionReport;
use crate::fault::Fault;
use mcpcap_tls_records::DecryptionReport;

/// What `analyze_tls` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    pub totals: Totals,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyReport>,
    /// What an analyst would want to be told: first of each rule the 20 with most frames.
    pub findings: Vec<Finding>,
    /// Findings in all.
    pub findings_total: u64,
    /// What was decrypted. Absent without a key log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decryption: Option<DecryptionReport>,
    pub statistics: Statistics,
    /// Connections of TLS and DTLS, in the order in which they ended.
    pub connections: Vec<ConnectionReport>,
    /// Different certificates that could be read, in the order in which they came first; those that made room among 2,048 follow in no order.
    /// Those of TLS 1.3 are encrypted, and read with a key log.
    pub certificates: Vec<CertificateReport>,
    /// What part of `connections` this is, and of each other list that has more entries.
    pub pages: Vec<PageInfo>,
    #[serde(flatten)]
    pub ending: Ending<Limits>,
}

/// Numbers over all connections.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Totals {
    /// Connections of TLS and DTLS.
    pub connections: u64,
    /// Those in which both sides finished the handshake.
    pub established: u64,
    /// Those that a fatal alert ended before.
    #[serde(skip_serializing_if = "is_default")]
    pub refused: u64,
    /// Those in which no server answered the ClientHello.
    #[serde(skip_serializing_if = "is_default")]
    pub unanswered: u64,
    /// Those whose handshake is not in the capture.
    #[serde(skip_serializing_if = "is_default")]
    pub handshakes_not_seen: u64,
    /// Those that went on with an earlier session.
    #[serde(skip_serializing_if = "is_default")]
    pub resumed: u64,
    /// Those in which the server asked for another ClientHello.
    #[serde(skip_serializing_if = "is_default")]
    pub retried: u64,
    /// Those in which the client sent data before the server answered (0-RTT).
    #[serde(skip_serializing_if = "is_default")]
    pub early_data: u64,
    /// Those whose ClientHello has an encrypted one in it (ECH), also those where it is there for the look of it (GREASE).
    #[serde(skip_serializing_if = "is_default")]
    pub ech: u64,
    /// Those whose key exchange withstands quantum computers.
    #[serde(skip_serializing_if = "is_default")]
    pub post_quantum: u64,
    /// Those in which the client sent a certificate that could be read.
    #[serde(skip_serializing_if = "is_default")]
    pub client_certificates: u64,
    /// Different certificates: exact up to 4,096, beyond an estimate with a standard error of 0.8 %.
    #[serde(skip_serializing_if = "is_default")]
    pub certificates: u64,
    /// Bytes of application data of clients, as they were sent. TLS 1.3 sends a part of its handshake so.
    pub client_bytes: u64,
    /// Those of servers.
    pub server_bytes: u64,
    /// From the beginning of the ClientHello to where both sides had finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handshake_time: Option<SummaryMs>,
    /// From the end of the ClientHello to the ServerHello.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_time: Option<SummaryMs>,
}

/// What came how often. Lists hold the 20 first entries.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Statistics {
    /// Connections by the version that was chosen.
    pub versions: Vec<Count>,
    /// Connections by the highest version that was offered.
    pub offered_versions: Vec<Count>,
    /// Connections by the cipher suite that was chosen.
    pub cipher_suites: Vec<Count>,
    /// Connections by the group of their key exchange.
    pub groups: Vec<Count>,
    /// Connections by server name (SNI).
    pub server_names: Vec<TextCount>,
    /// Connections by address and port of the server.
    pub servers: Vec<Count>,
    /// Connections by the protocol that ALPN chose, where that could be read.
    pub alpn: Vec<TextCount>,
    /// Connections by the protocol that began TLS within itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub starttls: Vec<Count>,
    /// Connections by JA3 of the client.
    pub ja3: Vec<Count>,
    /// Connections by JA3S of the server.
    pub ja3s: Vec<Count>,
    /// Connections by JA4 of the client.
    pub ja4: Vec<Count>,
    /// Alerts that could be read, by name and side: of each connection the first 8.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<AlertCount>,
    /// Records by content type.
    pub records: Vec<Count>,
    /// Handshake messages that could be read.
    pub handshake_messages: Vec<Count>,
    /// Whether the lists of names, servers, suites and fingerprints are exact; otherwise counts may be too high by `too_high_by`.
    pub lists_are_exact: bool,
    /// What is wrong, once for each connection.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub malformed: Vec<FaultCount<Fault>>,
}

/// An alert and how often it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AlertCount {
    /// Its name in IANA's registry.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub name: String,
    /// Who sent it: `client` or `server`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub from: &'static str,
    /// How often.
    pub count: u64,
}

/// What was not kept, and what was not decoded. Numbers that are 0 are left out.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Limits {
    /// Connections that were let go before they ended, because too many were open: what follows of them is not told.
    #[serde(skip_serializing_if = "is_default")]
    pub evicted_connections: u64,
    /// Certificates that made room for others. One that comes again begins anew; a further page has it whole.
    #[serde(skip_serializing_if = "is_default")]
    pub evicted_certificates: u64,
    /// Entries of the rules' tables, such as servers, that made room: findings may be missing, and numbers in them too low.
    #[serde(skip_serializing_if = "is_default")]
    pub evicted_parties: u64,
    /// Hellos, certificate messages and key exchanges of which a part is not in the capture. What is there was read.
    #[serde(skip_serializing_if = "is_default")]
    pub incomplete_messages: u64,
    /// Times that messages were given up because too many bytes waited for their rest.
    #[serde(skip_serializing_if = "is_default")]
    pub messages_not_read: u64,
    /// Bytes of TLS connections that belong to no record that could be found.
    #[serde(skip_serializing_if = "is_default")]
    pub skipped_bytes: u64,
    /// What could not be decoded. Absent when everything could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoding: Option<decode::Statistics>,
    /// How TCP streams were put together. Absent when nothing was amiss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reassembly: Option<stream::Statistics>,
}
