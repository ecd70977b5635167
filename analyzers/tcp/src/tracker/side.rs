//! What one end of a connection sent.

use mcpcap_analyzer::decode::{Packet, Tcp};
use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stream::Endpoint;

use super::contents::Contents;
use super::coverage::Coverage;
use super::measures::{ClosedWindow, RoundTrips};
use super::options::{self, Offer};
use super::sequence::{Direction, Flag, Flags};

/// One end, and what it sent.
pub struct Sender {
    /// Its address and port.
    pub endpoint: Endpoint,
    /// For the sequence analysis.
    pub direction: Direction,
    /// Segments.
    pub packets: u64,
    /// Bytes of their frames on the wire.
    pub bytes: u64,
    /// Bytes of payload, repeated ones again.
    pub payload: u64,
    /// Bytes of payload, each once.
    pub new_payload: u64,
    /// Bytes of payload that were there before.
    pub resent_payload: u64,
    /// Segments that were sent again: plain, fast and spurious ones, as far as Wireshark's analysis tells them apart.
    pub resent: [u64; 3],
    /// Segments with bytes that lie before others that came earlier, and that the capture has once.
    pub late: u64,
    /// Segments with payload.
    pub data_packets: u64,
    /// Segments with SYN and without ACK.
    pub syn: u64,
    /// Segments with SYN and ACK.
    pub syn_ack: u64,
    /// Frame of the first of them; 0 for none.
    pub accepted_frame: u64,
    /// Segments with ACK.
    pub ack: u64,
    /// Segments with FIN.
    pub fin: u64,
    /// Segments with RST.
    pub rst: u64,
    /// Segments, other than RST, whose window field is 0.
    pub zero_windows: u64,
    /// Segments by [`Flag`], in the order of [`Flag::ALL`].
    pub flagged: [u32; Flag::ALL.len()],
    /// Frames of segments that were sent again.
    pub resent_frames: Evidence,
    /// Frames of segments that say that its window is closed.
    pub closed_frames: Evidence,
    /// Selective acknowledgments.
    pub sacks: u64,
    /// What its SYN or SYN-ACK offered.
    pub offer: Option<Offer>,
    /// The smallest and the largest window it advertised after the handshake, in bytes as far as the scale is known.
    pub window: Option<(u32, u32)>,
    /// How long its window was closed.
    pub closed_window: ClosedWindow,
    /// Times of the first and the last segment with payload, in nanoseconds since 1970.
    pub data_times: Option<(u64, u64)>,
    /// The hop limit of its first segment other than RST, and how often it was another one.
    pub hop_limit: Option<u8>,
    /// Segments, other than RST, with another hop limit than the first one.
    pub other_hop_limits: u64,
    /// Frame and hop limit of its first RST.
    pub reset: Option<(u64, u8)>,
    /// Segments other than RST after its first RST.
    pub after_reset: u64,
    /// The number of its SYN, and the one behind its FIN.
    opened: Option<u32>,
    finished: Option<u32>,
    /// What its last segments with data said.
    pub contents: Contents,
    /// Times from a segment with data to its acknowledgment.
    pub round_trips: RoundTrips,
    coverage: Coverage,
}

/// How a segment stands to what its sender sent before, by the bytes that the capture has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Again {
    /// It has bytes, or a SYN or FIN, that were there before.
    pub resent: bool,
    /// It has bytes that lie before others that came earlier, and that the capture has once.
    pub late: bool,
    /// The other end had acknowledged its bytes before they came.
    pub acknowledged: bool,
}

/// How large a segment is, and when it came.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Bytes of payload on the wire.
    pub length: u32,
    /// Bytes of the frame on the wire.
    pub wire: u32,
    /// Nanoseconds since 1970.
    pub time: u64,
}

impl Sender {
    /// Nothing sent yet.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            direction: Direction::default(),
            packets: 0,
            bytes: 0,
            payload: 0,
            new_payload: 0,
            resent_payload: 0,
            resent: [0; 3],
            late: 0,
            data_packets: 0,
            syn: 0,
            syn_ack: 0,
            accepted_frame: 0,
            ack: 0,
            fin: 0,
            rst: 0,
            zero_windows: 0,
            flagged: [0; Flag::ALL.len()],
            resent_frames: Evidence::default(),
            closed_frames: Evidence::default(),
            sacks: 0,
            offer: None,
            window: None,
            closed_window: ClosedWindow::default(),
            data_times: None,
            hop_limit: None,
            other_hop_limits: 0,
            reset: None,
            after_reset: 0,
            opened: None,
            finished: None,
            contents: Contents::default(),
            round_trips: RoundTrips::default(),
            coverage: Coverage::default(),
        }
    }

    /// Bytes that are not in the capture, between others that are.
    pub fn missing(&self) -> u64 {
        self.coverage.missing()
    }

    /// How often a flag was found.
    pub fn count(&self, flag: Flag) -> u64 {
        self.flagged.get(flag as usize).copied().unwrap_or_default().into()
    }

    /// Segments that were sent again, for whatever reason.
    pub fn resent(&self) -> u64 {
        self.resent.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Counts a segment. `header` is its TCP header as it is in the frame, `found` what the sequence analysis says.
    pub fn take(&mut self, packet: &Packet<'_>, tcp: &Tcp, header: &[u8], found: Flags, size: Size) -> Again {
        let Size { length, wire, time } = size;
        let mut again = Again { resent: self.is_control_again(tcp, length), ..Again::default() };
        let flags = tcp.flags;
        self.packets = self.packets.saturating_add(1);
        self.bytes = self.bytes.saturating_add(wire.into());
        self.payload = self.payload.saturating_add(length.into());
        if self.syn_ack == 0 && flags.syn() && flags.ack() {
            self.accepted_frame = packet.frame;
        }
        for (count, is) in [
            (&mut self.data_packets, length > 0),
            (&mut self.syn, flags.syn() && !flags.ack()),
            (&mut self.syn_ack, flags.syn() && flags.ack()),
            (&mut self.ack, flags.ack()),
            (&mut self.fin, flags.fin()),
            (&mut self.rst, flags.rst()),
            (&mut self.zero_windows, tcp.window == 0 && !flags.rst()),
        ] {
            *count = count.saturating_add(is.into());
        }
        for flag in found.iter() {
            if let Some(count) = self.flagged.get_mut(flag as usize) {
                *count = count.saturating_add(1);
            }
        }
        if found.has(Flag::ZeroWindow) {
            self.closed_frames.add(packet.frame);
        }
        if options::sack_blocks(tcp.options) > 0 {
            self.sacks = self.sacks.saturating_add(1);
        }
        let hop_limit = packet.ip.map_or(0, |ip| ip.hop_limit);
        if flags.rst() {
            self.reset.get_or_insert((packet.frame, hop_limit));
        } else {
            if *self.hop_limit.get_or_insert(hop_limit) != hop_limit {
                self.other_hop_limits = self.other_hop_limits.saturating_add(1);
            }
            if self.reset.is_some() && !flags.syn() {
                self.after_reset = self.after_reset.saturating_add(1);
            }
        }
        if flags.syn() {
            self.offer.get_or_insert_with(|| options::offer(tcp.options));
            self.coverage.begin(tcp.sequence.wrapping_add(1));
        }
        if !flags.syn() {
            // Behind FIN and RST nothing is to come, so that a window says nothing.
            self.closed_window.take(tcp.window == 0 && !flags.rst() && !flags.fin(), time);
        }
        if length > 0 && !flags.rst() {
            self.data(packet, tcp, header, found, size, &mut again);
        }
        self.count_again(packet.frame, found, again);
        again
    }

    /// Whether a SYN or FIN was there before.
    fn is_control_again(&mut self, tcp: &Tcp, length: u32) -> bool {
        let flags = tcp.flags;
        let behind = tcp.sequence.wrapping_add(length).wrapping_add(1);
        let fin = flags.fin() && !flags.rst() && self.finished.replace(behind) == Some(behind);
        let before = if flags.ack() { self.syn_ack } else { self.syn };
        let syn = flags.syn() && before > 0 && self.opened == Some(tcp.sequence);
        if flags.syn() {
            self.opened = Some(tcp.sequence);
        }
        fin || syn
    }

    fn count_again(&mut self, frame: u64, found: Flags, again: Again) {
        if again.resent {
            let [plain, fast, spurious] = &mut self.resent;
            let count = match found {
                _ if found.has(Flag::FastRetransmission) => fast,
                _ if found.has(Flag::SpuriousRetransmission) => spurious,
                _ => plain,
            };
            *count = count.saturating_add(1);
            self.resent_frames.add(frame);
        }
        self.late = self.late.saturating_add(again.late.into());
    }

    /// Notes the window of a segment in bytes, once the scale is known.
    pub fn note_window(&mut self, octets: u32) {
        let (smallest, largest) = self.window.unwrap_or((octets, octets));
        self.window = Some((smallest.min(octets), largest.max(octets)));
    }

    fn data(&mut self, packet: &Packet<'_>, tcp: &Tcp, header: &[u8], found: Flags, size: Size, again: &mut Again) {
        let Size { length, time, .. } = size;
        let sequence = tcp.sequence.wrapping_add(u32::from(tcp.flags.syn()));
        self.data_times = Some((self.data_times.map_or(time, |(first, _)| first), time));
        if found.has(Flag::KeepAlive) || found.has(Flag::ZeroWindowProbe) {
            return;
        }
        let added = self.coverage.add(sequence, length, packet.is_cut(), packet.timestamp);
        self.new_payload = self.new_payload.saturating_add(added.new.into());
        self.resent_payload = self.resent_payload.saturating_add(added.repeated.into());
        again.resent |= added.repeated > 0;
        again.late = added.late;
        again.acknowledged = added.acknowledged;
        let end = sequence.wrapping_add(length);
        if added.repeated > 0 || added.late || found.is_resent() || found.has(Flag::OutOfOrder) {
            self.round_trips.again(end);
        } else {
            self.round_trips.sent(end, time);
        }
        if !packet.is_cut() {
            self.contents.compare(packet, tcp, header, (sequence, length), added.repeated == 0);
        }
    }

    /// Says that the capture has a segment as it is, which counts where another snap length cut it.
    pub fn complete(&mut self, sequence: u32, length: u32) {
        self.coverage.complete(sequence, sequence.wrapping_add(length));
    }

    /// Takes an acknowledgment that the other end sent: how many runs of bytes it covers that are not in the capture.
    pub fn acknowledge(&mut self, tcp: &Tcp, timestamp: Option<u64>) -> u32 {
        let time = timestamp.unwrap_or_default();
        let acknowledgment = tcp.acknowledgment;
        self.round_trips.acknowledge(acknowledgment, time);
        if tcp.flags.syn() {
            self.coverage.begin(acknowledgment);
        }
        // FIN takes a number and no byte.
        let fin = self.finished == Some(acknowledgment);
        self.coverage.acknowledge(acknowledgment.wrapping_sub(fin.into()), timestamp)
    }
}
