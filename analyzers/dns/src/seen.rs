//! Where and when a message was seen.

use std::net::IpAddr;

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::stream::Endpoint;
use mcpcap_analyzer::vlans::Vlans;
use serde::Serialize;

use crate::message::Short;

/// The port of mDNS (RFC 6762 §3).
pub const MDNS_PORT: u16 = 5353;

/// The protocols that share the message format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// RFC 1035, on port 53 or on a port where both sides speak it.
    Dns,
    /// RFC 6762, UDP port 5353, to its group or between its members; ordinary DNS on that port is [`Service::Dns`].
    Mdns,
    /// RFC 4795, port 5355.
    Llmnr,
}

impl Service {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 3] = [Self::Dns, Self::Mdns, Self::Llmnr];

    /// The service that has one of these ports. A client may use any port, even one of another service; well-known ports are its last
    /// choice.
    pub fn of_ports(source: u16, destination: u16, transport: Transport) -> Option<Self> {
        let is = |port| source == port || destination == port;
        match transport {
            _ if is(53) => Some(Self::Dns),
            // mDNS has no TCP (RFC 6762 §5).
            Transport::Udp if is(MDNS_PORT) => Some(Self::Mdns),
            _ if is(5355) => Some(Self::Llmnr),
            _ => None,
        }
    }

    /// Bits of a class field that name the class: mDNS took the top one (RFC 6762 §10.2 and §18.12).
    pub fn class_mask(self) -> u16 {
        if self == Self::Mdns { 0x7fff } else { 0xffff }
    }
}

/// What carried a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Transport {
    /// One datagram, one message.
    Udp,
    /// Messages with a length in front (RFC 1035 §4.2.2).
    Tcp,
}

/// Where and when a message was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its protocol.
    pub service: Service,
    /// What carried it.
    pub transport: Transport,
    /// Address and port it came from.
    pub source: Endpoint,
    /// Address and port it went to.
    pub destination: Endpoint,
    /// The frame that completed it.
    pub frame: u64,
    /// Nanoseconds since 1970, of that frame.
    pub timestamp: Option<u64>,
    /// Why its end is not there, when it is not.
    pub short: Option<Short>,
    /// Outer VLAN of a datagram, or of the first packet of the connection.
    pub vlan: Option<u16>,
    /// Number of the TCP connection.
    pub connection: Option<u64>,
    /// All of them.
    pub vlans: Vlans,
}

impl Seen {
    /// Client and server: a query goes to the server, a response comes from it.
    pub fn ends(&self, is_response: bool) -> (Endpoint, Endpoint) {
        if is_response { (self.destination, self.source) } else { (self.source, self.destination) }
    }

    /// Addresses of client and server.
    pub fn parties(&self, is_response: bool) -> (IpAddr, IpAddr) {
        let (client, server) = self.ends(is_response);
        (client.address, server.address)
    }
}
