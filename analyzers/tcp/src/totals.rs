//! Sums over all segments and connections that were asked for.

use mcpcap_analyzer::stats::Quantiles;
use mcpcap_analyzer::stream::Side;
use mcpcap_analyzer::zeek::ConnState;

use crate::report::{ConnStateCount, FileOrder, FlagCount, HandshakeTimes, SegmentCounts};
use crate::segment::Segment;
use crate::tracker::Seen;
use crate::tracker::connection::{Connection, State};
use crate::tracker::handshake::Shown;
use crate::tracker::sequence::Flag;

/// The sums.
#[derive(Default)]
pub struct Totals {
    /// Segments by their control bits.
    pub counts: SegmentCounts,
    /// Segments by what the sequence analysis says, in the order of [`Flag::ALL`].
    flagged: [u64; Flag::ALL.len()],
    /// Connections by Zeek's state, in the order of [`ConnState::ALL`].
    conn_states: [u64; ConnState::ALL.len()],
    /// Connections.
    pub connections: u64,
    /// Connections whose handshake is complete.
    pub handshakes: u64,
    /// Connections that were established, although the capture lacks their SYN, or their SYN-ACK or its ACK.
    pub handshakes_without: [u64; 2],
    /// Connections whose SYN is in the capture and that were not established, and those of them that got a SYN-ACK.
    pub failed: u64,
    /// See above.
    pub half_open: u64,
    /// Segments that were sent again, and that came late.
    resent: u64,
    late: u64,
    /// Bytes between others that the capture does not have.
    pub missing: u64,
    order: FileOrder,
    /// Connections by [`State`].
    states: [u64; 8],
    /// Connections of which the capture has one direction, although there were both.
    pub one_sided: u64,
    /// From SYN to SYN-ACK, from there to the ACK, and both.
    handshake_times: [Quantiles; 3],
}

impl Totals {
    /// Counts a segment.
    pub fn segment(&mut self, segment: &Segment<'_>, seen: &Seen<'_>) {
        self.counts.add(segment);
        self.resent = self.resent.saturating_add(seen.again.resent.into());
        self.late = self.late.saturating_add(seen.again.late.into());
        for flag in seen.found.iter() {
            if let Some(count) = self.flagged.get_mut(flag as usize) {
                *count = count.saturating_add(1);
            }
        }
    }

    /// Counts a connection.
    pub fn ended(&mut self, connection: &Connection) {
        let add = |count: &mut u64, is: bool| *count = count.saturating_add(is.into());
        let shown = connection.handshake.shown();
        let [without_syn, without_answer] = &mut self.handshakes_without;
        add(&mut self.connections, true);
        add(&mut self.handshakes, shown == Shown::Complete);
        add(without_syn, shown == Shown::WithoutSyn);
        let answered = matches!(shown, Shown::SynOnly | Shown::HalfOpen) && !connection.is_failed();
        add(without_answer, answered || matches!(shown, Shown::WithoutSynAck | Shown::WithoutAck));
        add(&mut self.failed, connection.is_failed());
        add(&mut self.half_open, connection.is_half_open());
        self.order.add(connection);
        self.missing = self.missing.saturating_add(connection.missing());
        add(&mut self.one_sided, connection.one_sided().is_some());
        if let Some(count) = self.states.get_mut(connection.state() as usize) {
            add(count, true);
        }
        let state = connection.conn_state();
        for (known, count) in ConnState::ALL.iter().zip(&mut self.conn_states) {
            add(count, *known == state);
        }
        let handshake = &connection.handshake;
        let times = [handshake.syn_to_syn_ack(), handshake.syn_ack_to_ack(), handshake.lasted()];
        for (all, one) in self.handshake_times.iter_mut().zip(times) {
            one.into_iter().for_each(|time| all.add(time));
        }
    }

    /// Connections in a state.
    pub fn in_state(&self, state: State) -> u64 {
        self.states.get(state as usize).copied().unwrap_or_default()
    }

    /// How often a flag was found.
    pub fn flagged(&self, flag: Flag) -> u64 {
        self.flagged.get(flag as usize).copied().unwrap_or_default()
    }

    /// Segments that were sent again: with bytes, or a SYN or FIN, that the capture has more than once.
    pub fn resent(&self) -> u64 {
        self.resent
    }

    /// Segments with bytes that lie before others that came earlier, and that the capture has once.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Connections that were established, as far as the capture shows it.
    pub fn established(&self) -> u64 {
        self.handshakes_without.iter().fold(self.handshakes, |sum, count| sum.saturating_add(*count))
    }

    /// How the order in the file differs from that on the wire, if it does.
    pub fn order(&self) -> Option<FileOrder> {
        self.order.told()
    }

    /// Segments by flag, those that were found.
    pub fn analysis(&self) -> Vec<FlagCount> {
        let all = Flag::ALL.into_iter().map(|flag| FlagCount { name: flag.name(), count: self.flagged(flag) });
        all.filter(|entry| entry.count > 0).collect()
    }

    /// Connections by Zeek's state, those that were found.
    pub fn conn_states(&self) -> Vec<ConnStateCount> {
        let all = ConnState::ALL.iter().zip(self.conn_states);
        all.filter(|(_, count)| *count > 0)
            .map(|(state, count)| ConnStateCount { state: state.name(), count })
            .collect()
    }

    /// Percentiles of the handshakes' times.
    pub fn handshake_times(&self) -> HandshakeTimes {
        let [syn_to_syn_ack, syn_ack_to_ack, handshake] = &self.handshake_times;
        HandshakeTimes {
            syn_to_syn_ack: syn_to_syn_ack.summary_ms(),
            syn_ack_to_ack: syn_ack_to_ack.summary_ms(),
            handshake: handshake.summary_ms(),
        }
    }
}

impl SegmentCounts {
    /// Counts a segment.
    pub fn add(&mut self, segment: &Segment<'_>) {
        let flags = segment.tcp.flags;
        let payload = segment.packet.payload_length as u64;
        self.packets = self.packets.saturating_add(1);
        self.bytes = self.bytes.saturating_add(segment.wire.into());
        self.payload_bytes = self.payload_bytes.saturating_add(payload);
        for (count, is) in [
            (&mut self.data_packets, payload > 0),
            (&mut self.syn, flags.syn() && !flags.ack()),
            (&mut self.syn_ack, flags.syn() && flags.ack()),
            (&mut self.ack, flags.ack()),
            (&mut self.fin, flags.fin()),
            (&mut self.rst, flags.rst()),
            (&mut self.zero_window, segment.tcp.window == 0 && !flags.rst()),
        ] {
            *count = count.saturating_add(is.into());
        }
    }
}

/// `client` or `server`.
pub fn name(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}
