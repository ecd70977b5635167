//! A connection, from its first segment to the last one.

use mcpcap_analyzer::decode::{Packet, Tcp};
use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stream::{Endpoint, Side};
use smallvec::SmallVec;

use super::handshake::{Handshake, completeness};
use super::history::{ConnState, End, History, Letters};
use super::sequence::{self, Flag, Flags, Scale, Segment};
use super::side::Sender;
use crate::limits;

/// A connection.
pub struct Connection {
    /// Its place in the order of appearance among those that were asked for, from 0.
    pub id: u64,
    /// The end that opened it, and what it sent.
    pub client: Sender,
    /// The other end, and what it sent.
    pub server: Sender,
    /// Whether SYN or SYN-ACK told who is who.
    pub client_known: bool,
    /// Frames of the first and the last segment.
    pub frames: (u64, u64),
    /// Their times, in nanoseconds since 1970: the earliest and the latest.
    pub times: Option<(u64, u64)>,
    /// The handshake.
    pub handshake: Handshake,
    /// Zeek's view of it.
    pub history: History,
    /// The first segments with flags: frame, sender, flags.
    pub events: SmallVec<[(u64, Side, Flags); 1]>,
    /// How many there were.
    pub events_total: u64,
    /// Who ended it first, with FIN or RST, and the frame.
    pub ended: Option<(Side, u64)>,
    /// Time of the last SYN, and from there to the first acknowledgment without SYN: what Wireshark measures reordering with.
    syn_time: Option<u64>,
    round_trip: Option<u64>,
}

/// How a connection stands, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// SYN without an answer.
    Attempted,
    /// SYN answered with RST.
    Rejected,
    /// SYN and SYN-ACK without the last acknowledgment.
    HalfOpen,
    /// Established and not ended.
    Established,
    /// One end sent FIN.
    Closing,
    /// Both ends sent FIN.
    Closed,
    /// Ended by RST.
    Reset,
    /// Its beginning was not captured, and no end either.
    Midstream,
}

impl Connection {
    /// A connection that begins with a segment from `source`.
    pub fn new(id: u64, source: Endpoint, destination: Endpoint, tcp: &Tcp, frame: u64) -> Self {
        let sender_opens = source.opens(destination, tcp.flags);
        let (client, server) = if sender_opens { (source, destination) } else { (destination, source) };
        let mut history = History::default();
        if !sender_opens {
            history.flip();
        }
        Self {
            id,
            client: Sender::new(client),
            server: Sender::new(server),
            client_known: tcp.flags.syn(),
            frames: (frame, frame),
            times: None,
            handshake: Handshake::default(),
            history,
            events: SmallVec::new(),
            events_total: 0,
            ended: None,
            syn_time: None,
            round_trip: None,
        }
    }

    /// Which side an endpoint is. A connection of an end with itself has only a client.
    pub fn side(&self, source: Endpoint) -> Side {
        if source == self.client.endpoint { Side::Client } else { Side::Server }
    }

    /// What a side sent.
    pub fn sender(&self, side: Side) -> &Sender {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// Whether a SYN begins another connection between the same ends: it has another sequence number, or this one was ended.
    pub fn is_reused_by(&self, side: Side, tcp: &Tcp) -> bool {
        let (base, opened) = (self.sender(side).direction.base, self.sender(side).syn > 0);
        // The answer to a SYN that is captured before it does not end what the SYN begins.
        let ended = opened && self.handshake.completeness & (completeness::FIN | completeness::RST) != 0;
        tcp.flags.syn() && !tcp.flags.ack() && base.is_some_and(|base| base != tcp.sequence || ended)
    }

    /// Takes a segment. `wire` is the length of its frame on the wire.
    pub fn take(&mut self, packet: &Packet<'_>, tcp: &Tcp, side: Side, wire: u32, reused: bool) -> Flags {
        let first = self.client.packets == 0 && self.server.packets == 0;
        let length = u32::try_from(packet.payload_length).unwrap_or(u32::MAX);
        let time = packet.timestamp.unwrap_or_default();
        let (own, other) = match side {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        };
        let segment = Segment {
            sequence: tcp.sequence,
            acknowledgment: tcp.flags.ack().then_some(tcp.acknowledgment),
            flags: tcp.flags,
            window: tcp.window,
            length,
            time,
        };
        let other_base = own.direction.base.is_some_and(|base| base != tcp.sequence);
        let answers_anew = tcp.flags.syn() && tcp.flags.ack() && other_base;
        if answers_anew {
            own.direction.base = Some(tcp.sequence);
        }
        let found = sequence::analyse(
            &mut own.direction,
            &mut other.direction,
            &segment,
            self.round_trip,
            reused || answers_anew,
        );
        own.take(packet, tcp, found, length, wire, time);
        if let Some(acknowledgment) = segment.acknowledgment {
            other.acknowledge(acknowledgment, time);
        }
        if tcp.flags.syn() {
            self.scale(side, tcp.flags.ack());
        } else if !tcp.flags.rst() {
            let own = if side == Side::Client { &mut self.client } else { &mut self.server };
            let shift = if let Scale::Shift(shift) = own.direction.scale { shift } else { 0 };
            own.note_window(u32::from(tcp.window) << shift.min(14));
        }
        self.handshake.take(side, tcp, length, packet.timestamp, first);
        self.measure(&segment);
        self.history.take(
            side,
            &Letters {
                flags: tcp.flags,
                sequence: tcp.sequence,
                data: length > 0,
                resent: length > 0 && found.is_resent(),
                zero_window: tcp.window == 0 && !tcp.flags.rst(),
                gap: found.has(Flag::AckLostSegment),
            },
        );
        self.note(packet, tcp, side, found);
        found
    }

    /// Whether windows are scaled, as far as SYN and SYN-ACK tell.
    fn scale(&mut self, side: Side, answer: bool) {
        let (own, other) = match side {
            Side::Client => (&mut self.client, &mut self.server),
            Side::Server => (&mut self.server, &mut self.client),
        };
        match own.offer.and_then(|offer| offer.window_scale) {
            // What a SYN-ACK offers counts for nothing when the SYN did not.
            Some(_) if answer && other.direction.scale == Scale::NotUsed => own.direction.scale = Scale::NotUsed,
            Some(shift) => own.direction.scale = Scale::Shift(shift),
            None => {
                own.direction.scale = Scale::NotUsed;
                other.direction.scale = Scale::NotUsed;
            }
        }
    }

    fn measure(&mut self, segment: &Segment) {
        if segment.flags.syn() {
            if !segment.flags.ack() {
                self.syn_time = Some(segment.time);
            }
        } else if segment.flags.ack() && self.round_trip.is_none() {
            let lasted = self.syn_time.and_then(|sent| segment.time.checked_sub(sent));
            self.round_trip = lasted.filter(|lasted| *lasted > 0);
        }
    }

    fn note(&mut self, packet: &Packet<'_>, tcp: &Tcp, side: Side, found: Flags) {
        self.frames.1 = packet.frame;
        if let Some(time) = packet.timestamp {
            let (first, last) = self.times.unwrap_or((time, time));
            self.times = Some((first.min(time), last.max(time)));
        }
        if !found.is_empty() {
            self.events_total = self.events_total.saturating_add(1);
            if self.events.len() < limits::EVENTS {
                self.events.push((packet.frame, side, found));
            }
        }
        if tcp.flags.fin() || tcp.flags.rst() {
            self.ended.get_or_insert((side, packet.frame));
        }
    }

    /// Ends what is still being measured.
    pub fn finish(&mut self) {
        if let Some((_, last)) = self.times {
            self.client.closed_window.finish(last);
            self.server.closed_window.finish(last);
        }
    }

    /// Segments in both directions.
    pub fn packets(&self) -> u64 {
        self.client.packets.saturating_add(self.server.packets)
    }

    /// Octets of frames in both directions.
    pub fn bytes(&self) -> u64 {
        self.client.bytes.saturating_add(self.server.bytes)
    }

    /// Segments sent again in both directions.
    pub fn resent(&self) -> u64 {
        self.client.resent().saturating_add(self.server.resent())
    }

    /// The first frames of segments sent again in both directions, rising.
    pub fn resent_frames(&self) -> Evidence {
        self.client.resent_frames.joined(&self.server.resent_frames)
    }

    /// Nanoseconds from the earliest to the latest segment.
    pub fn duration(&self) -> Option<u64> {
        self.times.map(|(first, last)| last.saturating_sub(first))
    }

    /// Zeek's `conn_state`.
    pub fn conn_state(&self) -> ConnState {
        self.history.state()
    }

    /// How it stands.
    pub fn state(&self) -> State {
        let conn_state = self.conn_state();
        let (client, server) = (self.client.fin > 0, self.server.fin > 0);
        let reset = self.client.rst > 0 || self.server.rst > 0;
        match conn_state {
            ConnState::REJ => State::Rejected,
            _ if client && server => State::Closed,
            _ if reset => State::Reset,
            _ if client || server => State::Closing,
            ConnState::S0 => State::Attempted,
            _ if self.handshake.is_complete() => State::Established,
            ConnState::S1 if !self.carries_data() => State::HalfOpen,
            ConnState::S1 => State::Established,
            _ if self.history.end(Side::Server) == End::SynAckSent => State::HalfOpen,
            _ if self.client.syn > 0 && self.server.packets == 0 => State::Attempted,
            _ => State::Midstream,
        }
    }

    /// Whether payload was seen.
    pub fn carries_data(&self) -> bool {
        self.client.payload > 0 || self.server.payload > 0
    }

    /// Whether one end is heard only, although it talks to the other: the capture has one direction of the connection.
    pub fn one_sided(&self) -> Option<Side> {
        let heard = match (self.client.packets, self.server.packets) {
            (_, 0) => Side::Client,
            (0, _) => Side::Server,
            _ => return None,
        };
        let sender = self.sender(heard);
        // A lone SYN got no answer; acknowledgments show that there were answers.
        let answered = sender.ack.saturating_sub(sender.rst) > 0;
        answered.then_some(heard)
    }
}
