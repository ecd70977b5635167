//! The conversations of a capture, in bounded memory.

use std::net::SocketAddr;

use super::Payload;
use super::announced::Announced;
use super::conversation::{Conversation, Verdict, server_port};
use crate::decode::{Packet, Transport};
use crate::stats::BoundedMap;

/// Conversations that are kept. Each takes about 300 bytes.
const CONVERSATIONS: usize = 32_768;

/// Both ends in a fixed order, and whether it is TCP.
type Key = (SocketAddr, SocketAddr, bool);

/// Packets of one conversation whose protocol is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// The place that the caller gave for them.
    pub place: u32,
    /// What they are, and how that was recognised; `None` when neither bytes nor port tell.
    pub protocol: Option<Verdict>,
    /// Whether TCP carries them, not UDP.
    pub is_tcp: bool,
    /// The server's port, as far as that can be told: the protocol's, else the lower one.
    pub port: u16,
    /// Packets with payload.
    pub packets: u64,
    /// Sum of what the caller gave for each.
    pub bytes: u64,
    /// Number of the first frame.
    pub first_frame: u64,
}

/// Recognises the protocols of conversations: once one is recognised, in either direction, all of its packets with payload count as that
/// protocol, also those before. The conversation that was silent for longest makes room for others; when it goes on, it is a new one.
pub struct Conversations {
    table: BoundedMap<Key, Conversation>,
    announced: Announced,
}

impl Default for Conversations {
    fn default() -> Self {
        Self::new()
    }
}

impl Conversations {
    /// With the default number of conversations.
    pub fn new() -> Self {
        Self::with_capacity(CONVERSATIONS)
    }

    /// With room for so many conversations.
    pub fn with_capacity(conversations: usize) -> Self {
        Self { table: BoundedMap::new(conversations), announced: Announced::new() }
    }

    /// Conversations that made room for others.
    pub fn evicted(&self) -> u64 {
        self.table.evicted()
    }

    /// Announced ends of conversations (of FTP, TFTP and searches by multicast) that were forgotten for want of room.
    pub fn announcements_evicted(&self) -> u64 {
        self.announced.evicted()
    }

    /// Takes a packet; those without UDP or TCP payload tell nothing. It counts with `bytes` at `place`, which means something to the caller
    /// only. Gives what is settled to `settle`: conversations that ended or made room. Whether the packet counts here.
    pub fn push(&mut self, packet: &Packet<'_>, place: u32, bytes: u64, settle: &mut impl FnMut(Settled)) -> bool {
        let Some(ip) = &packet.ip else { return false };
        let (ports, segment) = match &packet.transport {
            Transport::Udp(udp) => ((udp.source, udp.destination), None),
            Transport::Tcp(tcp) => ((tcp.source, tcp.destination), Some(tcp)),
            _ => return false,
        };
        // Not SYN with ACK: a server sends it again when an acknowledgment was lost, behind the client's first data.
        let begins = segment.is_some_and(|tcp| tcp.flags.syn() && !tcp.flags.ack());
        if packet.payload_length == 0 && !begins {
            return false;
        }
        let (source, destination) = (SocketAddr::new(ip.source, ports.0), SocketAddr::new(ip.destination, ports.1));
        let flipped = source > destination;
        let key =
            if flipped { (destination, source, segment.is_some()) } else { (source, destination, segment.is_some()) };
        if begins && let Some(old) = self.table.remove(&key) {
            // The same ends, another connection.
            settle_all(&key, &old, settle);
        }
        if packet.payload_length == 0 {
            return false;
        }
        let octets =
            Payload { bytes: packet.payload, length: packet.payload_length, ports, destination: ip.destination };
        let announced = &mut self.announced;
        let conversation = match self.table.get_mut(&key) {
            Some(known) => known,
            None => {
                let found = announced.find(source, destination, segment.is_some());
                let new = || found.map_or_else(Conversation::default, Conversation::announced);
                let (entry, gone) = self.table.get_or_insert_with(key, new);
                if let Some((key, old)) = gone {
                    settle_all(&key, &old, settle);
                }
                entry
            }
        };
        let side = usize::from(flipped);
        let own = match segment {
            // SYN has a sequence number of its own.
            Some(tcp) => conversation.segment(&octets, side, tcp.sequence.wrapping_add(u32::from(begins))),
            None => conversation.datagram(&octets, side),
        };
        if let Some(protocol) = conversation.recognised() {
            announced.look(protocol, source, destination, packet.payload);
        }
        if !conversation.count(place, own, bytes, packet.frame) {
            let protocol = own.or_else(|| conversation.settled());
            let port = server_port(key.2, ports, protocol);
            settle(Settled { place, protocol, is_tcp: key.2, port, packets: 1, bytes, first_frame: packet.frame });
        }
        true
    }

    /// Settles all conversations that are left.
    pub fn finish(&mut self, settle: &mut impl FnMut(Settled)) {
        while let Some((key, conversation)) = self.table.pop_oldest() {
            settle_all(&key, &conversation, settle);
        }
    }
}

fn settle_all(key: &Key, conversation: &Conversation, settle: &mut impl FnMut(Settled)) {
    conversation.settle(key.2, (key.0.port(), key.1.port()), settle);
}
