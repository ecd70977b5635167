//! Where and when a message was seen.

use std::net::SocketAddr;

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::vlans::Vlans;
use serde::Serialize;

/// The ports of SIP: 5060 plain, 5061 over TLS (RFC 3261 §19.1.2).
pub const PORT: u16 = 5060;
pub const TLS_PORT: u16 = 5061;
/// A customary third one.
pub const OTHER_PORT: u16 = 5080;

/// What carried a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Transport {
    Udp,
    Tcp,
    /// WebSocket (RFC 7118).
    Ws,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Udp, Self::Tcp, Self::Ws];
}

/// Where and when a message was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// What carried it.
    pub transport: Transport,
    /// Address and port it came from.
    pub source: SocketAddr,
    /// Address and port it went to.
    pub destination: SocketAddr,
    /// The frame that completed it.
    pub frame: u64,
    /// Nanoseconds since 1970, of that frame.
    pub timestamp: Option<u64>,
    /// Whether the snap length cut it.
    pub cut: bool,
    /// Outer VLAN of a datagram, or of the first packet of the connection.
    pub vlan: Option<u16>,
    /// Number of the TCP connection.
    pub connection: Option<u64>,
    /// All of them.
    pub vlans: Vlans,
}

impl Seen {
    /// Whether one of its ports is `port`.
    pub fn has_port(&self, port: u16) -> bool {
        self.source.port() == port || self.destination.port() == port
    }
}
