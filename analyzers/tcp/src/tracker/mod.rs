//! TCP connections: who talks to whom, how each segment stands to the ones before, how the connection begins and ends.
//!
//! Which connection a segment belongs to, the SDK's tracker tells, so that all tools number connections alike.

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
pub mod told;

use mcpcap_analyzer::Frame;
use mcpcap_analyzer::application::Announced;
use mcpcap_analyzer::decode::{Ip, Packet, Tcp};
use mcpcap_analyzer::stream::{self, Endpoint, Side};

use connection::Connection;
use sequence::Flags;
use side::Again;

/// Follows all connections.
pub struct Tracker {
    connections: stream::Tracker<Box<Connection>>,
    /// What connections say of others that come; found out where rows are wanted.
    announced: Announced,
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
        Self { connections: stream::Tracker::new(), announced: Announced::new() }
    }

    /// How many connections there were.
    pub fn seen(&self) -> u64 {
        self.connections.seen()
    }

    /// How many of them had to make room.
    pub fn evicted(&self) -> u64 {
        self.connections.evicted()
    }

    /// Takes a segment of the connection that has the number `id` among all. `ended` is given each connection that ends by it: one whose ends
    /// it uses again, or one that makes room.
    pub fn push(
        &mut self,
        packet: &Packet<'_>,
        (ip, tcp): (&Ip, &Tcp),
        frame: &Frame<'_>,
        id: Option<u64>,
        ended: &mut impl FnMut(Box<Connection>),
    ) -> Seen<'_> {
        let Self { connections, announced } = self;
        let (connection, taken) = connections.push(ip, tcp, packet.frame, &mut |old| end(old, ended));
        if connection.packets() == 0 {
            connection.id = id.unwrap_or(connection.id);
        }
        let is_over = connection.history.is_over();
        let (found, again) = connection.take(packet, tcp, taken, frame);
        if let Some(told) = &mut connection.told {
            told.take(packet, tcp, taken.side, frame, is_over, announced);
        }
        Seen { connection, side: taken.side, found, again }
    }

    /// Takes the copy of a segment that was counted. It may be whole where that one was cut.
    pub fn copy(&mut self, packet: &Packet<'_>, ip: &Ip, tcp: &Tcp) {
        let Ok(length @ 1..) = u32::try_from(packet.payload.len()) else { return };
        if packet.is_cut() {
            return;
        }
        if let Some(connection) = self.connections.current(ip, tcp) {
            let side = connection.identity.side(Endpoint::pair(ip, tcp).0);
            let sender = if side == Side::Client { &mut connection.client } else { &mut connection.server };
            sender.complete(tcp.sequence.wrapping_add(tcp.flags.syn().into()), length);
        }
    }

    /// Ends all connections, in the order of their last segment.
    pub fn finish(&mut self, ended: &mut impl FnMut(Box<Connection>)) {
        self.connections.finish(&mut |connection| end(connection, ended));
    }
}

fn end(mut connection: Box<Connection>, ended: &mut impl FnMut(Box<Connection>)) {
    connection.finish();
    ended(connection);
}
