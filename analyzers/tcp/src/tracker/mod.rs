//! TCP connections: who talks to whom, how each segment stands to the ones before, how the connection begins and ends.
//!
//! Connections are told apart by addresses and ports. A SYN with another sequence number, or after an end, begins another one.

pub mod community;
pub mod connection;
mod contents;
mod coverage;
pub mod event;
pub mod handshake;
mod measures;
mod number;
pub mod options;
pub mod sequence;
pub mod side;
pub mod zeek;

use mcpcap_analyzer::Frame;
use mcpcap_analyzer::decode::{Ip, Packet, Tcp};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::stream::{Endpoint, Key, Side};

use crate::limits;
use connection::Connection;
use sequence::Flags;
use side::Again;

/// Follows all connections.
pub struct Tracker {
    connections: BoundedMap<Key, Box<Connection>>,
    seen: u64,
}

/// A segment in its connection.
pub struct Seen<'a> {
    /// The connection, with the segment counted.
    pub connection: &'a Connection,
    /// Who sent it.
    pub side: Side,
    /// How it stands to the ones before, as Wireshark tells it.
    pub found: Flags,
    /// The same by the octets that the capture has.
    pub again: Again,
}

impl Tracker {
    /// No connections yet.
    pub fn new() -> Self {
        Self { connections: BoundedMap::new(limits::CONNECTIONS), seen: 0 }
    }

    /// How many connections there were.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// How many of them had to make room.
    pub fn evicted(&self) -> u64 {
        self.connections.evicted()
    }

    /// Takes a segment. `ended` is given each connection that ends by it: one whose ends it uses again, or one that makes room.
    pub fn push(
        &mut self,
        packet: &Packet<'_>,
        ip: &Ip,
        tcp: &Tcp,
        frame: &Frame<'_>,
        ended: &mut impl FnMut(Box<Connection>),
    ) -> Seen<'_> {
        let (source, destination) = Endpoint::pair(ip, tcp);
        let (key, _) = Key::new(ip, tcp);
        let reused = self.connections.get(&key).is_some_and(|known| known.is_reused_by(known.side(source), tcp));
        if reused && let Some(mut old) = self.connections.remove(&key) {
            old.finish();
            ended(old);
        }
        let id = self.seen;
        let mut made = false;
        let (connection, gone) = self.connections.get_or_insert_with(key, || {
            made = true;
            Box::new(Connection::new(id, source, destination, tcp, packet.frame))
        });
        if let Some((_, mut old)) = gone {
            old.finish();
            ended(old);
        }
        self.seen = self.seen.saturating_add(made.into());
        connection.learn(source, tcp);
        let side = connection.side(source);
        let (found, again) = connection.take(packet, tcp, side, frame, reused);
        Seen { connection, side, found, again }
    }

    /// Ends all connections, in the order of their last segment.
    pub fn finish(&mut self, ended: &mut impl FnMut(Box<Connection>)) {
        while let Some((_, mut connection)) = self.connections.pop_oldest() {
            connection.finish();
            ended(connection);
        }
    }
}
