//! A connection: its ends, and its two directions.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, SocketAddr};

use super::half::{Half, Outlet, Segment, Starts};
use super::{CloseReason, Event, Limits, Side, Statistics, order};
use crate::decode::{Ip, Packet, Tcp, TcpFlags};

/// An address and a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// IPv4 or IPv6 address.
    pub address: IpAddr,
    /// TCP port.
    pub port: u16,
}

impl Endpoint {
    /// Source and destination of a segment.
    pub fn pair(ip: &Ip, tcp: &Tcp) -> (Self, Self) {
        let source = Self { address: ip.source, port: tcp.source };
        (source, Self { address: ip.destination, port: tcp.destination })
    }

    /// Whether the first segment that is seen of a connection comes from the end that opened it: by SYN, or else from the end without a
    /// well-known port (below 1024), or else from the sender.
    pub fn opens(self, peer: Self, flags: TcpFlags) -> bool {
        let well_known = |end: Self| end.port < 1024;
        if flags.syn() { !flags.ack() } else { !well_known(self) || well_known(peer) }
    }
}

/// Looked up for each segment: of IPv4 one number.
impl Hash for Endpoint {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        match self.address {
            IpAddr::V4(address) => hasher.write_u64(u64::from(address.to_bits()) << 16 | u64::from(self.port)),
            IpAddr::V6(address) => {
                hasher.write_u128(address.to_bits());
                hasher.write_u16(self.port);
            }
        }
    }
}

/// `192.0.2.1:80`, `[2001:db8::1]:80`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.address, self.port).fmt(f)
    }
}

/// A TCP connection as the sink sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// Tells it from all others of the capture: a number that is not given twice.
    pub id: u64,
    /// The number under which all tools know it: its place in the order of appearance, from 0. Data behind an end that both sides had
    /// declared makes another stream of the same number.
    pub number: u64,
    /// The end that opened it.
    pub client: Endpoint,
    /// The other end.
    pub server: Endpoint,
    /// Whether a SYN told who the client is. Otherwise the end without a well-known port (below 1024) is taken for it, or else the
    /// sender of the first packet.
    pub client_known: bool,
    /// Its first frame.
    pub first_frame: u64,
    /// The outermost VLAN id of its first packet.
    pub vlan: Option<u16>,
}

impl Connection {
    /// The end of a side.
    pub fn endpoint(&self, side: Side) -> Endpoint {
        match side {
            Side::Client => self.client,
            Side::Server => self.server,
        }
    }
}

/// The two ends in a fixed order, so that both directions find the same connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Endpoint, Endpoint);

impl Key {
    /// The key of a segment, and whether its sender is the second end of it.
    pub fn new(ip: &Ip, tcp: &Tcp) -> (Self, bool) {
        let (source, destination) = Endpoint::pair(ip, tcp);
        if source <= destination { (Self(source, destination), false) } else { (Self(destination, source), true) }
    }
}

/// A connection and what is kept of it.
pub(super) struct Entry {
    connection: Connection,
    /// Whether the client is the second end of the key.
    client_flipped: bool,
    client: Half,
    server: Half,
    /// So many packets came.
    packets: u64,
    last_frame: u64,
    reset: bool,
    closed: bool,
}

impl Entry {
    pub(super) fn new((id, number): (u64, u64), packet: &Packet<'_>, (ip, tcp): (&Ip, &Tcp), flipped: bool) -> Self {
        let (source, destination) = Endpoint::pair(ip, tcp);
        let sender_is_client = source.opens(destination, tcp.flags);
        let (client, server) = if sender_is_client { (source, destination) } else { (destination, source) };
        let (client_known, first_frame, vlan) = (tcp.flags.syn(), packet.frame, packet.vlans().next());
        Self {
            connection: Connection { id, number, client, server, client_known, first_frame, vlan },
            client_flipped: flipped == sender_is_client,
            client: Half::new(Side::Client),
            server: Half::new(Side::Server),
            packets: 0,
            last_frame: first_frame,
            reset: false,
            closed: false,
        }
    }

    fn side(&self, flipped: bool) -> Side {
        if flipped == self.client_flipped { Side::Client } else { Side::Server }
    }

    fn half(&self, side: Side) -> &Half {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// Whether a packet belongs to another connection between the same ends: a SYN with another sequence number, or data behind FIN.
    pub(super) fn is_reused_by(&self, packet: &Packet<'_>, tcp: &Tcp, flipped: bool) -> bool {
        let half = self.half(self.side(flipped));
        let opens = tcp.flags.syn() && !tcp.flags.ack() && half.is_other_start(tcp.sequence);
        let has_data = packet.payload_length > 0 && !tcp.flags.rst();
        opens || (self.closed && has_data && half.is_behind_fin(tcp.sequence))
    }

    /// Where the streams begin that an end tried to open, of which nothing is known to have been answered.
    pub(super) fn starts(&self, flipped: bool) -> Starts {
        let side = self.side(flipped);
        if self.half(side.other()).is_known() { Starts::default() } else { self.half(side).starts() }
    }

    /// Takes over what an end tried before.
    pub(super) fn set_earlier(&mut self, flipped: bool, starts: Starts) {
        match self.side(flipped) {
            Side::Client => self.client.set_earlier(starts),
            Side::Server => self.server.set_earlier(starts),
        }
    }

    /// Memory that waiting segments take, in bytes.
    pub(super) fn held(&self) -> usize {
        self.client.held().cost().saturating_add(self.server.held().cost())
    }

    pub(super) fn take(
        &mut self,
        (packet, is_cut): (&Packet<'_>, bool),
        tcp: &Tcp,
        flipped: bool,
        limits: &Limits,
        statistics: &mut Statistics,
        sink: &mut impl FnMut(&Connection, Event<'_>),
    ) {
        let side = self.side(flipped);
        self.last_frame = packet.frame;
        self.packets = self.packets.saturating_add(1);
        self.reset |= tcp.flags.rst();
        if self.closed {
            // Nothing comes behind the end, whatever lies across a FIN that was delivered.
            self.half(side).count_closed(tcp, packet.payload_length, statistics);
            return;
        }
        let Self { connection, client, server, packets, .. } = self;
        let number = *packets;
        let (own, other) = match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        let mut out = Outlet {
            frame: packet.frame,
            statistics: &mut *statistics,
            sink: |event: Event<'_>| sink(connection, event),
        };
        // A reset's text is a diagnostic (RFC 9293 3.10.7.4), not part of the stream; and what forged ones acknowledge is made up.
        let is_reset = tcp.flags.rst();
        own.hear(tcp, packet.payload_length > 0 && !is_reset, number);
        let acknowledgment = (tcp.flags.ack() && !is_reset).then_some(tcp.acknowledgment);
        if let Some(acknowledgment) = acknowledgment {
            if tcp.flags.syn() {
                other.answered(acknowledgment);
            }
            other.acknowledge(acknowledgment);
        }
        if !is_reset {
            let segment = Segment {
                sequence: tcp.sequence.wrapping_add(u32::from(tcp.flags.syn())),
                bytes: packet.payload,
                missing: packet.payload_length.saturating_sub(packet.payload.len()) as u64,
                fin: tcp.flags.fin(),
                acknowledgment,
                is_cut,
                frame: packet.frame,
                timestamp: packet.timestamp,
                packet: number,
            };
            own.take(&segment, other, &mut out);
        }
        order::advance(own, other, number, &mut out);
        while own.held().cost() > limits.held && order::force(own, other, &mut out) {
            out.statistics.held_limit = out.statistics.held_limit.saturating_add(1);
        }
        if self.client.is_finished() && self.server.is_finished() {
            self.end(CloseReason::Fin, statistics, sink);
        }
    }

    /// Ends all waits and gives all holes up that something waits behind.
    pub(super) fn flush(&mut self, statistics: &mut Statistics, sink: &mut impl FnMut(&Connection, Event<'_>)) {
        let Self { connection, client, server, last_frame, .. } = self;
        let mut out = Outlet { frame: *last_frame, statistics, sink: |event: Event<'_>| sink(connection, event) };
        order::flush(client, server, &mut out);
    }

    /// Ends the connection, once: what is held comes out, then what was acknowledged and is not there, and that nothing more comes.
    pub(super) fn end(
        &mut self,
        reason: CloseReason,
        statistics: &mut Statistics,
        sink: &mut impl FnMut(&Connection, Event<'_>),
    ) {
        if self.closed {
            return;
        }
        self.flush(statistics, sink);
        let Self { connection, client, server, last_frame, .. } = self;
        let mut out = Outlet { frame: *last_frame, statistics, sink: |event: Event<'_>| sink(connection, event) };
        client.end(&mut out);
        server.end(&mut out);
        self.closed = true;
        let reason = if self.reset && reason != CloseReason::Fin { CloseReason::Reset } else { reason };
        sink(&self.connection, Event::Closed { frame: self.last_frame, reason });
    }
}
