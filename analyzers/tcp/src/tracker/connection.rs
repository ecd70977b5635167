//! A connection, from its first segment to the last one.

use mcpcap_analyzer::Frame;
use mcpcap_analyzer::decode::{Packet, Tcp};
use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stream::{Identity, Side, Taken, Tracked};
use mcpcap_analyzer::zeek::{ConnState, History, Letters};
use smallvec::SmallVec;

use super::contents;
use super::event::{Doubt, Ended, Event, Order};
use super::handshake::{Handshake, Shown};
use super::number;
use super::sequence::{self, Flags, Scale, Segment};
use super::side::{Again, Sender, Size};
use super::told::Told;
use crate::{limits, rows};

/// A connection.
pub struct Connection {
    /// Its ends, and its place in the order of appearance among those that were asked for.
    pub identity: Identity,
    /// Its place in the order of appearance among all connections, from 0: by this number it is told.
    pub id: u64,
    /// The end that opened it, and what it sent.
    pub client: Sender,
    /// The other end, and what it sent.
    pub server: Sender,
    /// Frames of the first and the last segment.
    pub frames: (u64, u64),
    /// Their times, in nanoseconds since 1970: the earliest and the latest.
    pub times: Option<(u64, u64)>,
    /// VLAN of the first segment: the outer tag.
    pub vlan: Option<u16>,
    /// The handshake.
    pub handshake: Handshake,
    /// Zeek's view of it.
    pub history: History,
    /// What only its row has.
    pub told: Option<Box<Told>>,
    /// The first segments with flags, or whose bytes stand out.
    pub events: SmallVec<[Event; 1]>,
    /// How many there were.
    pub events_total: u64,
    /// Who ended it first, with FIN or RST, and the frame. What the connection went on after does not count.
    pub ended: Option<Ended>,
    /// The FIN or RST before the handshake was complete, or the RST behind it, after which the connection went on all the same.
    pub ignored: Option<Ended>,
    /// What may become one.
    doubt: Option<Doubt>,
    /// Which ends sent FIN, and whether one sent RST, since it last went on.
    fins: [bool; 2],
    reset: bool,
    /// How the order of its segments in the file differs from that on the wire.
    pub order: Order,
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

impl Tracked for Box<Connection> {
    fn open(identity: Identity, sender: Side) -> Self {
        let mut history = History::default();
        if sender == Side::Server {
            history.flip();
        }
        Box::new(Connection {
            identity,
            id: identity.id,
            client: Sender::new(identity.client),
            server: Sender::new(identity.server),
            frames: (identity.first_frame, identity.first_frame),
            times: None,
            vlan: None,
            handshake: Handshake::default(),
            history,
            told: rows::are_wanted().then(Box::default),
            events: SmallVec::new(),
            events_total: 0,
            ended: None,
            ignored: None,
            doubt: None,
            fins: [false; 2],
            reset: false,
            order: Order::default(),
            syn_time: None,
            round_trip: None,
        })
    }

    fn identity(&self) -> &Identity {
        &self.identity
    }

    fn identity_mut(&mut self) -> &mut Identity {
        &mut self.identity
    }
}

impl Connection {
    /// Nanoseconds from the earliest segment to the one with which both ends had ended it, or to the latest; known where rows are wanted.
    pub fn open_time(&self) -> Option<u64> {
        self.told.as_ref()?.last?.checked_sub(self.times?.0)
    }

    /// What a side sent.
    pub fn sender(&self, side: Side) -> &Sender {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }

    /// Client and server have changed places: what is known of them does likewise.
    fn turn(&mut self) {
        std::mem::swap(&mut self.client, &mut self.server);
        self.history.turn();
        self.handshake.turn();
        if let Some(told) = &mut self.told {
            told.turn();
        }
        self.events.iter_mut().for_each(|event| event.from = event.from.other());
        [&mut self.ended, &mut self.ignored].into_iter().flatten().for_each(|ended| ended.by = ended.by.other());
        self.fins.swap(0, 1);
        self.doubt.iter_mut().for_each(|doubt| doubt.ended.by = doubt.ended.by.other());
    }

    /// Takes a segment of a frame.
    pub fn take(&mut self, packet: &Packet<'_>, tcp: &Tcp, taken: Taken, frame: &Frame<'_>) -> (Flags, Again) {
        if taken.turned {
            self.turn();
        }
        let side = taken.side;
        let first = self.client.packets == 0 && self.server.packets == 0;
        if first {
            self.vlan = packet.vlans().next();
        }
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
        let next = own.direction.next();
        let found = sequence::analyse(
            &mut own.direction,
            &mut other.direction,
            &segment,
            self.round_trip,
            taken.reused || taken.answers_anew,
        );
        let header = if length > 0 { contents::header(packet, tcp, frame.data) } else { &[] };
        let again = own.take(packet, tcp, header, found, Size { length, wire: frame.original, time });
        let gaps = if tcp.flags.ack() && !tcp.flags.rst() { other.acknowledge(tcp, packet.timestamp) } else { 0 };
        if tcp.flags.syn() {
            self.scale(side, tcp.flags.ack());
        } else if !tcp.flags.rst() {
            let own = if side == Side::Client { &mut self.client } else { &mut self.server };
            let shift = if let Scale::Shift(shift) = own.direction.scale { shift } else { 0 };
            own.note_window(u32::from(tcp.window) << shift.min(14));
        }
        let complete = self.handshake.is_complete();
        self.handshake.take(side, tcp, length, packet.timestamp, first);
        self.measure(&segment);
        self.history.take(
            side,
            &Letters {
                flags: tcp.flags,
                sequence: tcp.sequence,
                acknowledgment: tcp.acknowledgment,
                length,
                zero_window: tcp.window == 0,
                gaps,
            },
        );
        // A SYN or SYN-ACK that completes it comes late, and what stood before it came after.
        if !complete && self.handshake.is_complete() && !tcp.flags.syn() {
            self.go_on();
        }
        self.note(packet, tcp, side, found, again);
        self.doubt(packet, tcp, side, length, next);
        self.order.take(packet.timestamp, again);
        (found, again)
    }

    /// The handshake is complete, or data went both ways: what looked like an end before was none, whoever sent it.
    fn go_on(&mut self) {
        self.ignored = self.ended.take();
        self.fins = [false; 2];
        self.reset = false;
    }

    /// Looks whether a RST of an established connection is ignored by both ends: its sender sends what is new, and the other one acknowledges that. `next`: the
    /// number behind the highest byte of the segment's sender before it.
    fn doubt(&mut self, packet: &Packet<'_>, tcp: &Tcp, side: Side, length: u32, next: Option<u32>) {
        if tcp.flags.rst() || tcp.flags.fin() {
            let ended = Ended { by: side, frame: packet.frame, reset: true, behind: false };
            let is_open = !matches!(self.handshake.shown(), Shown::SynOnly | Shown::SynAckOnly | Shown::HalfOpen);
            let is_first = self.ended == Some(ended) && is_open;
            self.doubt =
                next.filter(|_| is_first).map(|next| Doubt { ended, time: packet.timestamp, next, beyond: None });
            return;
        }
        let Some(doubt) = &mut self.doubt else { return };
        let end = tcp.sequence.wrapping_add(length);
        // Not what stands behind it in the file and was sent before it.
        let is_later = doubt.time.zip(packet.timestamp).is_none_or(|(then, now)| then <= now);
        if side == doubt.ended.by && is_later && length > 0 && number::after(end, doubt.next) {
            doubt.beyond.get_or_insert(end);
        }
        let is_taken = |beyond: u32| !number::after(beyond, tcp.acknowledgment);
        if side != doubt.ended.by && tcp.flags.ack() && doubt.beyond.is_some_and(is_taken) {
            self.doubt = None;
            self.go_on();
            self.ignored.iter_mut().for_each(|ended| ended.behind = true);
        }
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

    fn note(&mut self, packet: &Packet<'_>, tcp: &Tcp, side: Side, found: Flags, again: Again) {
        self.frames.1 = packet.frame;
        if let Some(time) = packet.timestamp {
            let (first, last) = self.times.unwrap_or((time, time));
            self.times = Some((first.min(time), last.max(time)));
        }
        if let Some(event) = Event::of(packet.frame, side, found, again) {
            self.events_total = self.events_total.saturating_add(1);
            if self.events.len() < limits::EVENTS {
                self.events.push(event);
            }
        }
        let reset = tcp.flags.rst();
        if tcp.flags.fin() || reset {
            self.ended.get_or_insert(Ended { by: side, frame: packet.frame, reset, behind: false });
            let [client, server] = &mut self.fins;
            *(if side == Side::Client { client } else { server }) |= tcp.flags.fin();
            self.reset |= reset;
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

    /// Bytes of frames in both directions.
    pub fn bytes(&self) -> u64 {
        self.client.bytes.saturating_add(self.server.bytes)
    }

    /// Segments in both directions with bytes that lie before others that came earlier, and that the capture has once.
    pub fn late(&self) -> u64 {
        self.client.late.saturating_add(self.server.late)
    }

    /// Bytes of both directions, between others, that are not in the capture.
    pub fn missing(&self) -> u64 {
        self.client.missing().saturating_add(self.server.missing())
    }

    /// Whether the order in the file is not that on the wire.
    pub fn is_disordered(&self) -> bool {
        self.handshake.reversed || self.order.acknowledged > 0 || self.order.earlier > 0
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
        let [client, server] = self.fins;
        let shown = self.handshake.shown();
        match shown {
            Shown::SynOnly if self.server.rst > 0 && self.server.payload == 0 => State::Rejected,
            _ if client && server => State::Closed,
            _ if self.reset => State::Reset,
            _ if client || server => State::Closing,
            Shown::SynOnly if self.server.payload == 0 => State::Attempted,
            Shown::HalfOpen | Shown::SynAckOnly if self.server.payload == 0 => State::HalfOpen,
            Shown::Nothing => State::Midstream,
            _ => State::Established,
        }
    }

    /// Whether the capture has its SYN, and it was not established: unanswered, refused, given up or half open.
    pub fn is_failed(&self) -> bool {
        match self.handshake.shown() {
            Shown::HalfOpen => self.server.payload == 0,
            Shown::SynOnly => self.server.payload == 0,
            _ => false,
        }
    }

    /// Whether its SYN was answered with SYN-ACK, and that not with anything but a reset.
    pub fn is_half_open(&self) -> bool {
        self.handshake.shown() == Shown::HalfOpen && self.is_failed()
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
