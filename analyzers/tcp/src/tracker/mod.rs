//! TCP connections: who talks to whom, how each segment stands to the ones before, how the connection begins and ends.
//!
//! Connections are told apart by addresses and ports. A SYN with another sequence number, or after an end, begins another one. Which one a
//! SYN-ACK belongs to, and all that follows, tells the SYN that it acknowledges.

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
    /// Unanswered attempts behind which another one came, by what acknowledges their SYN.
    earlier: BoundedMap<(Key, u32), Box<Connection>>,
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
    /// The same by the bytes that the capture has.
    pub again: Again,
}

impl Tracker {
    /// No connections yet.
    pub fn new() -> Self {
        Self { connections: BoundedMap::new(limits::CONNECTIONS), earlier: BoundedMap::new(limits::EARLIER), seen: 0 }
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
        if reused && let Some(old) = self.connections.remove(&key) {
            self.set_aside(key, old, ended);
        } else if tcp.flags.syn() && tcp.flags.ack() {
            self.resume(key, source, tcp, ended);
        }
        let id = self.seen;
        let mut made = false;
        let (connection, gone) = self.connections.get_or_insert_with(key, || {
            made = true;
            Box::new(Connection::new(id, source, destination, tcp, packet.frame))
        });
        if let Some((_, old)) = gone {
            end(old, ended);
        }
        self.seen = self.seen.saturating_add(made.into());
        connection.learn(source, tcp);
        let side = connection.side(source);
        let (found, again) = connection.take(packet, tcp, side, frame, reused);
        Seen { connection, side, found, again }
    }

    /// Keeps an attempt that was not answered so far; any other connection is over.
    fn set_aside(&mut self, key: Key, old: Box<Connection>, ended: &mut impl FnMut(Box<Connection>)) {
        let Some(number) = old.awaited() else { return end(old, ended) };
        if let Some(same) = self.earlier.remove(&(key, number)) {
            end(same, ended);
        }
        if let Some((_, gone)) = self.earlier.insert((key, number), old) {
            end(gone, ended);
        }
    }

    /// Goes on with the attempt whose SYN a SYN-ACK acknowledges, where that is not the last one.
    fn resume(&mut self, key: Key, source: Endpoint, tcp: &Tcp, ended: &mut impl FnMut(Box<Connection>)) {
        let waits = self.connections.get(&key).is_some_and(|current| {
            current.client.endpoint != source && current.awaited().is_some_and(|number| number != tcp.acknowledgment)
        });
        if !waits {
            return;
        }
        let Some(earlier) = self.earlier.remove(&(key, tcp.acknowledgment)) else { return };
        if let Some(current) = self.connections.remove(&key) {
            self.set_aside(key, current, ended);
        }
        self.connections.insert(key, earlier);
    }

    /// Takes the copy of a segment that was counted. It may be whole where that one was cut.
    pub fn copy(&mut self, packet: &Packet<'_>, ip: &Ip, tcp: &Tcp) {
        let Ok(length @ 1..) = u32::try_from(packet.payload.len()) else { return };
        if packet.is_cut() {
            return;
        }
        let (key, _) = Key::new(ip, tcp);
        if let Some(connection) = self.connections.get_mut(&key) {
            let side = connection.side(Endpoint::pair(ip, tcp).0);
            let sender = if side == Side::Client { &mut connection.client } else { &mut connection.server };
            sender.complete(tcp.sequence.wrapping_add(tcp.flags.syn().into()), length);
        }
    }

    /// Ends all connections, in the order of their last segment.
    pub fn finish(&mut self, ended: &mut impl FnMut(Box<Connection>)) {
        while let Some((_, connection)) = self.earlier.pop_oldest() {
            end(connection, ended);
        }
        while let Some((_, connection)) = self.connections.pop_oldest() {
            end(connection, ended);
        }
    }
}

fn end(mut connection: Box<Connection>, ended: &mut impl FnMut(Box<Connection>)) {
    connection.finish();
    ended(connection);
}
