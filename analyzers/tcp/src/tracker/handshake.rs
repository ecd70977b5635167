//! The three-way handshake (RFC 9293 §3.5) and Wireshark's `tcp.completeness`.

use mcpcap_analyzer::decode::Tcp;
use mcpcap_analyzer::stream::Side;

/// Bits of Wireshark's `tcp.completeness`.
pub mod completeness {
    /// A SYN opened it.
    pub const SYN: u8 = 1;
    /// SYN-ACK.
    pub const SYN_ACK: u8 = 2;
    /// An acknowledgment without data.
    pub const ACK: u8 = 4;
    /// Data.
    pub const DATA: u8 = 8;
    /// FIN.
    pub const FIN: u8 = 16;
    /// RST.
    pub const RST: u8 = 32;
}

/// How far the handshake came, by sequence numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Step {
    #[default]
    None,
    /// SYN: who sent it, and the acknowledgment numbers that answer it without and with its data.
    Syn { from: Side, answers: (u32, u32) },
    /// SYN-ACK: who opened, what the SYN can be answered with, and the number that acknowledges the SYN-ACK.
    SynAck { from: Side, answers: (u32, u32), last: u32 },
    /// Complete.
    Done,
}

/// The handshake of a connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Handshake {
    step: Step,
    syn_time: Option<u64>,
    syn_ack_time: Option<u64>,
    ack_time: Option<u64>,
    /// [`completeness`] bits.
    pub completeness: u8,
}

impl Handshake {
    /// Takes a segment; `first` is the connection's first one, `length` its payload.
    pub fn take(&mut self, side: Side, tcp: &Tcp, length: u32, time: Option<u64>, first: bool) {
        self.complete(tcp, length, first);
        let flags = tcp.flags;
        let next = tcp.sequence.wrapping_add(1);
        match (flags.syn(), flags.ack(), self.step) {
            (true, false, Step::None | Step::Syn { .. } | Step::SynAck { .. }) => {
                self.step = Step::Syn { from: side, answers: (next, next.wrapping_add(length)) };
                self.syn_time = time;
            }
            (true, true, Step::Syn { from, answers } | Step::SynAck { from, answers, .. })
                if side != from && (tcp.acknowledgment == answers.0 || tcp.acknowledgment == answers.1) =>
            {
                self.step = Step::SynAck { from, answers, last: next };
                self.syn_ack_time = time;
            }
            (false, true, Step::SynAck { from, last, .. })
                if side == from && tcp.acknowledgment == last && !flags.rst() =>
            {
                self.step = Step::Done;
                self.ack_time = time;
            }
            _ => {}
        }
    }

    fn complete(&mut self, tcp: &Tcp, length: u32, first: bool) {
        let flags = tcp.flags;
        let mut set = |bit: u8, is: bool| self.completeness |= if is { bit } else { 0 };
        if first {
            let opens = flags.syn() && !flags.ack();
            set(completeness::SYN, opens);
            // Data on a SYN: TCP Fast Open.
            set(completeness::DATA, opens && length > 0);
        }
        set(completeness::SYN_ACK, flags.syn() && flags.ack());
        set(completeness::ACK, flags.ack() && !flags.syn() && length == 0);
        set(completeness::DATA, flags.ack() && !flags.syn() && length > 0);
        set(completeness::FIN, flags.fin() && flags.ack());
        set(completeness::RST, flags.rst());
    }

    /// Whether SYN, SYN-ACK and the acknowledgment of both were seen.
    pub fn is_complete(&self) -> bool {
        self.step == Step::Done
    }

    /// Whether a SYN got its SYN-ACK.
    pub fn is_answered(&self) -> bool {
        matches!(self.step, Step::SynAck { .. } | Step::Done)
    }

    /// Nanoseconds from the last SYN to the SYN-ACK: the time to the server and back, seen from where the capture was made.
    pub fn server_round_trip(&self) -> Option<u64> {
        self.is_answered().then(|| self.syn_ack_time?.checked_sub(self.syn_time?))?
    }

    /// Nanoseconds from the SYN-ACK to its acknowledgment: the time to the client and back.
    pub fn client_round_trip(&self) -> Option<u64> {
        self.is_complete().then(|| self.ack_time?.checked_sub(self.syn_ack_time?))?
    }

    /// Both together.
    pub fn round_trip(&self) -> Option<u64> {
        self.server_round_trip()?.checked_add(self.client_round_trip()?)
    }
}
