//! Sums over all segments and connections that were asked for.

use mcpcap_analyzer::stats::Quantiles;
use mcpcap_analyzer::stream::Side;

use crate::core::Segment;
use crate::report::{ConnStateCount, FlagCount, HandshakeTimes, SegmentCounts};
use crate::tracker::Seen;
use crate::tracker::connection::{Connection, State};
use crate::tracker::history::ConnState;
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
    /// Connections that were opened in the capture, by SYN or SYN-ACK, without a complete handshake.
    pub failed: u64,
    /// Connections by [`State`].
    states: [u64; 8],
    /// Connections of which the capture has one direction, although there were both.
    pub one_sided: u64,
    server_round_trip: Quantiles,
    client_round_trip: Quantiles,
    round_trip: Quantiles,
}

impl Totals {
    /// Counts a segment.
    pub fn segment(&mut self, segment: &Segment<'_>, seen: &Seen<'_>) {
        self.counts.add(segment);
        for flag in seen.found.iter() {
            if let Some(count) = self.flagged.get_mut(flag as usize) {
                *count = count.saturating_add(1);
            }
        }
    }

    /// Counts a connection.
    pub fn ended(&mut self, connection: &Connection) {
        let add = |count: &mut u64, is: bool| *count = count.saturating_add(is.into());
        let complete = connection.handshake.is_complete();
        let opened = connection.client.syn > 0 || connection.server.syn_ack > 0;
        add(&mut self.connections, true);
        add(&mut self.handshakes, complete);
        add(&mut self.failed, opened && !complete);
        add(&mut self.one_sided, connection.one_sided().is_some());
        if let Some(count) = self.states.get_mut(connection.state() as usize) {
            add(count, true);
        }
        let state = connection.conn_state();
        for (known, count) in ConnState::ALL.iter().zip(&mut self.conn_states) {
            add(count, *known == state);
        }
        let handshake = &connection.handshake;
        for (all, one) in [
            (&mut self.server_round_trip, handshake.server_round_trip()),
            (&mut self.client_round_trip, handshake.client_round_trip()),
            (&mut self.round_trip, handshake.round_trip()),
        ] {
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

    /// Segments that were sent again, for whatever reason.
    pub fn resent(&self) -> u64 {
        [Flag::Retransmission, Flag::FastRetransmission, Flag::SpuriousRetransmission]
            .into_iter()
            .fold(0, |sum, flag| sum.saturating_add(self.flagged(flag)))
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
        HandshakeTimes {
            total: self.round_trip.summary_ms(),
            to_server: self.server_round_trip.summary_ms(),
            to_client: self.client_round_trip.summary_ms(),
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
            (&mut self.zero_window, segment.tcp.window == 0),
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
