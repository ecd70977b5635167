//! Which application protocol UDP datagrams and TCP connections carry.
//!
//! [`datagram`] and [`stream`] look at bytes alone: the form of a message tells the protocol on whatever port it is. [`Conversations`] keeps
//! what was found for both directions of a conversation, so that one message that tells the protocol stands for all packets; where none
//! does, the port is taken, and marked as such ([`By::Port`]).

mod announced;
mod conversation;
mod conversations;
mod ports;
mod protocol;
mod signature;

#[cfg(test)]
mod tests;

pub use announced::Announced;
pub use conversation::{Conversation, Verdict};
pub use conversations::{Conversations, Settled};
pub use protocol::{By, Protocol};
pub use signature::{Payload, datagram, stream};

/// What a port of TCP or UDP is registered for, or in common use.
pub fn registered(port: u16, is_tcp: bool) -> Option<Protocol> {
    if is_tcp { ports::tcp(port) } else { ports::udp(port) }
}

/// Whether a protocol has datagrams without a form of their own, so that only their port tells of them.
fn is_opaque(protocol: Protocol, octets: &Payload<'_>) -> bool {
    match protocol {
        // The short header has one fixed bit (RFC 9000 §17.3).
        Protocol::Quic => octets.bytes.first().is_some_and(|first| first & 0xc0 == 0x40),
        // Keep-alives (RFC 5626 §3.5.1, and single zeros).
        Protocol::Sip => octets.length <= 4,
        // Tunnels, where the decoder does not look into them.
        Protocol::Capwap
        | Protocol::Geneve
        | Protocol::Gtp
        | Protocol::Lisp
        | Protocol::Teredo
        | Protocol::Tzsp
        | Protocol::Vxlan => true,
        Protocol::Openvpn | Protocol::Dtls | Protocol::Esp | Protocol::Memcached | Protocol::Rpc | Protocol::Nfs => {
            true
        }
        _ => false,
    }
}
