//! What is read of an ARP message (RFC 826) about IPv4 over Ethernet.

use std::net::Ipv4Addr;

/// Hardware and protocol type, and the lengths of their addresses.
const ETHERNET_IPV4: [u8; 6] = [0, 1, 8, 0, 6, 4];
const HEADER: usize = 8;

/// A hardware address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

impl std::fmt::Display for Mac {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(formatter, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

/// What stands in a frame's ARP payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// It ends before its fields.
    Malformed,
    /// It is about other hardware or another protocol.
    OtherHardware,
    /// It is neither request nor reply.
    OtherOperation,
    /// A request or a reply.
    Message(Message),
}

/// A request or a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// Whether it is a reply.
    pub is_reply: bool,
    /// The sender's hardware address.
    pub mac: Mac,
    /// The sender's address.
    pub ip: Ipv4Addr,
    /// The target's address.
    pub target: Ipv4Addr,
}

impl Message {
    /// Whether the sender speaks of its own address, which nobody asked for (RFC 5227 section 3).
    pub fn is_gratuitous(&self) -> bool {
        self.ip == self.target && !self.ip.is_unspecified()
    }
}

/// Reads a message.
pub fn read(payload: &[u8]) -> Read {
    let (Some([.., hardware, protocol]), Some(operation)) = (part::<6>(payload, 0), part::<2>(payload, 6)) else {
        return Read::Malformed;
    };
    if payload.len() < HEADER + 2 * (usize::from(hardware) + usize::from(protocol)) {
        return Read::Malformed;
    }
    if !payload.starts_with(&ETHERNET_IPV4) {
        return Read::OtherHardware;
    }
    let is_reply = match u16::from_be_bytes(operation) {
        1 => false,
        2 => true,
        _ => return Read::OtherOperation,
    };
    match (part(payload, 8), part::<4>(payload, 14), part::<4>(payload, 24)) {
        (Some(mac), Some(ip), Some(target)) => {
            Read::Message(Message { is_reply, mac: Mac(mac), ip: ip.into(), target: target.into() })
        }
        _ => Read::Malformed,
    }
}

fn part<const N: usize>(payload: &[u8], at: usize) -> Option<[u8; N]> {
    payload.get(at..at.checked_add(N)?)?.try_into().ok()
}
