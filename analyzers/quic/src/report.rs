//! The report.

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::faults::FaultCount;
use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::stats::{Count, PageInfo, SummaryMs, TextCount};
use mcpcap_analyzer::{Ending, JsonSchema, decode, is_default};
use serde::Serialize;

use crate::details::ConnectionReport;
use crate::facts::Sent;
use crate::fault::Fault;

/// What `analyze_quic` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    pub totals: Totals,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyReport>,
    /// What an analyst would want to be told: first of each rule the 20 with most frames.
    pub findings: Vec<Finding>,
    /// Findings in all.
    pub findings_total: u64,
    pub statistics: Statistics,
    /// Connections in the order in which they began; those that made room for others come first.
    pub connections: Vec<ConnectionReport>,
    /// What part of `connections` this is, and of each other list that has more entries.
    pub pages: Vec<PageInfo>,
    #[serde(flatten)]
    pub ending: Ending<Limits>,
}

/// Numbers over all connections.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Totals {
    /// Connections.
    pub connections: u64,
    /// Those in which both sides finished the handshake.
    pub established: u64,
    /// Those that one side closed before.
    #[serde(skip_serializing_if = "is_default")]
    pub closed: u64,
    /// Those in which the server sent nothing.
    #[serde(skip_serializing_if = "is_default")]
    pub unanswered: u64,
    /// Those in which the server asked for another version.
    #[serde(skip_serializing_if = "is_default")]
    pub negotiated: u64,
    /// Those whose beginning is not in the capture, so that nothing of them could be decrypted.
    #[serde(skip_serializing_if = "is_default")]
    pub handshakes_not_seen: u64,
    /// Those of versions whose packets are not read: others than 1, 2 and drafts 29 to 34.
    #[serde(skip_serializing_if = "is_default")]
    pub not_read: u64,
    /// Those in which the server asked the client to prove its address (Retry).
    #[serde(skip_serializing_if = "is_default")]
    pub retried: u64,
    /// Those that went on with an earlier session.
    #[serde(skip_serializing_if = "is_default")]
    pub resumed: u64,
    /// Those in which the client sent data before the server answered (0-RTT).
    #[serde(skip_serializing_if = "is_default")]
    pub early_data: u64,
    /// Those whose client went on from another address or port, as far as its connection id stayed.
    #[serde(skip_serializing_if = "is_default")]
    pub migrated: u64,
    /// Those whose ClientHello has an encrypted one in it (ECH), also those where it is there for the look of it (GREASE).
    #[serde(skip_serializing_if = "is_default")]
    pub ech: u64,
    /// Those whose key exchange withstands quantum computers.
    #[serde(skip_serializing_if = "is_default")]
    pub post_quantum: u64,
    /// Datagrams of clients.
    pub client_datagrams: u64,
    /// Those of servers.
    pub server_datagrams: u64,
    /// Bytes in datagrams of clients, without the headers of UDP and IP.
    pub client_bytes: u64,
    /// Those of servers.
    pub server_bytes: u64,
    /// Packets of clients. A datagram may have several.
    #[serde(skip_serializing_if = "is_default")]
    pub client_packets: Packets,
    /// Those of servers.
    #[serde(skip_serializing_if = "is_default")]
    pub server_packets: Packets,
    /// From the client's first packet to where both sides had finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handshake_time: Option<SummaryMs>,
    /// From the client's first packet to the server's first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_time: Option<SummaryMs>,
}

/// Packets by what their headers say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Packets {
    /// With the beginning of the handshake.
    #[serde(skip_serializing_if = "is_default")]
    pub initial: u64,
    /// With data before the handshake is done.
    #[serde(skip_serializing_if = "is_default")]
    pub zero_rtt: u64,
    /// With the rest of the handshake.
    #[serde(skip_serializing_if = "is_default")]
    pub handshake: u64,
    /// With which a server asks the client to prove its address.
    #[serde(skip_serializing_if = "is_default")]
    pub retry: u64,
    /// With everything else.
    #[serde(skip_serializing_if = "is_default")]
    pub one_rtt: u64,
}

impl Packets {
    /// Those of one side.
    pub fn new(sent: &Sent) -> Self {
        let [initial, zero_rtt, handshake, retry, one_rtt] = sent.packets;
        Self { initial, zero_rtt, handshake, retry, one_rtt }
    }

    /// Adds those of another connection.
    pub fn add(&mut self, other: &Self) {
        for (sum, count) in [
            (&mut self.initial, other.initial),
            (&mut self.zero_rtt, other.zero_rtt),
            (&mut self.handshake, other.handshake),
            (&mut self.retry, other.retry),
            (&mut self.one_rtt, other.one_rtt),
        ] {
            *sum = sum.saturating_add(count);
        }
    }
}

/// What came how often. Lists hold the 20 first entries.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Statistics {
    /// Connections by version: the server's, or else the client's.
    pub versions: Vec<Count>,
    /// Connections by what the protocols that the client offers are for: `http3`, `doq` (DNS), `http09` (of tests), `smb`, `moq` (media).
    pub applications: Vec<Count>,
    /// Connections by the first protocol that the client offers (ALPN). The server's choice is encrypted.
    pub alpn: Vec<TextCount>,
    /// Connections by server name (SNI).
    pub server_names: Vec<TextCount>,
    /// Connections by address and port of the server.
    pub servers: Vec<Count>,
    /// Connections by the cipher suite that was chosen.
    pub cipher_suites: Vec<Count>,
    /// Connections by the group of their key exchange.
    pub groups: Vec<Count>,
    /// Connections by JA4 of the client.
    pub ja4: Vec<Count>,
    /// Connections by the error code with which they were closed in the handshake.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Count>,
    /// Connections by what the first ICMP error about them said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icmp_errors: Vec<Count>,
    /// Whether all of these are exact; otherwise counts may be too high by `too_high_by`.
    pub lists_are_exact: bool,
    /// What is wrong, once for each connection.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub malformed: Vec<FaultCount<Fault>>,
}

/// What was not kept, and what was not decoded. Numbers that are 0 are left out.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Limits {
    /// Connections that were let go before the capture ended, because too many were open. What follows of them counts as others.
    #[serde(skip_serializing_if = "is_default")]
    pub evicted_connections: u64,
    /// Entries of the rules' tables, such as servers, that made room: findings may be missing, and numbers in them too low.
    #[serde(skip_serializing_if = "is_default")]
    pub evicted_parties: u64,
    /// Hellos of which a part is not in the capture. What is there in front of it was read.
    #[serde(skip_serializing_if = "is_default")]
    pub incomplete_hellos: u64,
    /// Times that hellos were given up because too many bytes waited for their rest.
    #[serde(skip_serializing_if = "is_default")]
    pub hellos_not_read: u64,
    /// Initial packets of which a part was not captured, so that they cannot be decrypted.
    #[serde(skip_serializing_if = "is_default")]
    pub cut_initials: u64,
    /// Initial packets for which the capture does not have the keys.
    #[serde(skip_serializing_if = "is_default")]
    pub initials_not_decrypted: u64,
    /// What could not be decoded. Absent when everything could.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoding: Option<decode::Statistics>,
}
