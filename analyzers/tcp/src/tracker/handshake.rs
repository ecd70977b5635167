//! The three-way handshake (RFC 9293 §3.5), in whatever order the file has it, its times, and Wireshark's `tcp.completeness`.

use mcpcap_analyzer::decode::Tcp;
use mcpcap_analyzer::stream::Side;
use smallvec::SmallVec;

use super::{number, options};
use crate::limits;

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

/// Segments of a handshake that are no further apart than this, in nanoseconds, are one transmission that was captured more than once: none
/// is sent again so soon (RFC 6298 §2.1: after a second).
const SAME: u64 = 1_000_000;

/// When a segment came, and its timestamps option (RFC 7323 §3): the sender's value, and the one it echoes.
#[derive(Debug, Clone, Copy, Default)]
struct Sent {
    time: Option<u64>,
    stamps: Option<(u32, u32)>,
}

/// A SYN or SYN-ACK and what was sent of it again.
type Copies = SmallVec<[Sent; 1]>;

fn note(copies: &mut Copies, sent: Sent) {
    if copies.len() < limits::HANDSHAKE_COPIES {
        copies.push(sent);
    }
}

/// The handshake of a connection.
#[derive(Debug, Clone, Default)]
pub struct Handshake {
    /// Who opened it.
    opener: Option<Side>,
    syns: Copies,
    /// Numbers that acknowledge the SYN, without and with its data.
    answers: (u32, u32),
    syn_acks: Copies,
    /// What the SYN-ACK acknowledges, and the number that acknowledges it.
    answered: Option<(u32, u32)>,
    /// The opener's first acknowledgment, as long as no SYN-ACK was seen.
    early: Option<(u32, Sent)>,
    /// The first bare acknowledgment, as long as nobody is known to have opened it: whose it is, its number, and what it acknowledges.
    before: Option<(Side, u32, u32, Sent)>,
    /// The acknowledgment of the SYN-ACK.
    ack: Option<Sent>,
    /// Whether the opener acknowledged more than that.
    beyond: bool,
    /// Whether something stood before what it answers.
    pub reversed: bool,
    /// [`completeness`] bits.
    pub completeness: u8,
}

/// What the capture has of a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// SYN, SYN-ACK and the ACK of it.
    Complete,
    /// SYN-ACK and the ACK of it.
    WithoutSyn,
    /// SYN, and acknowledgments of its sender, which it sends once it got the SYN-ACK.
    WithoutSynAck,
    /// SYN-ACK, and acknowledgments of what came behind it.
    WithoutAck,
    /// SYN and SYN-ACK, and no acknowledgment of it.
    HalfOpen,
    /// SYN only.
    SynOnly,
    /// SYN-ACK only.
    SynAckOnly,
    /// Nothing.
    Nothing,
}

impl Handshake {
    /// Takes a segment; `first` is the connection's first one, `length` its payload.
    pub fn take(&mut self, side: Side, tcp: &Tcp, length: u32, time: Option<u64>, first: bool) {
        self.complete(tcp, length, first);
        if self.ack.is_some() && !tcp.flags.syn() {
            return;
        }
        let stamps = || Sent { time, stamps: options::timestamps(tcp.options) };
        match (tcp.flags.syn(), tcp.flags.ack()) {
            (true, false) => self.syn(side, tcp, length, stamps()),
            (true, true) => self.syn_ack(side, tcp, stamps()),
            (false, true) if self.opener == Some(side) && !tcp.flags.rst() => {
                match self.answered {
                    Some((_, last)) if tcp.acknowledgment == last => self.ack = Some(stamps()),
                    Some((_, last)) => self.beyond |= number::after(tcp.acknowledgment, last),
                    None => {
                        self.early.get_or_insert_with(|| (tcp.acknowledgment, stamps()));
                    }
                };
            }
            (false, true) if self.opener.is_none() && !tcp.flags.rst() && length == 0 => {
                self.before.get_or_insert_with(|| (side, tcp.sequence, tcp.acknowledgment, stamps()));
            }
            _ => {}
        }
    }

    fn syn(&mut self, side: Side, tcp: &Tcp, length: u32, sent: Sent) {
        if self.ack.is_some() && !self.syns.is_empty() {
            return;
        }
        let next = tcp.sequence.wrapping_add(1);
        let answers = (next, next.wrapping_add(length));
        let before = self.before_of(side, next);
        if self.opener != Some(side) {
            // Also where both ends send SYN: the later one stands for both.
            *self = Self {
                opener: Some(side),
                reversed: self.reversed,
                completeness: self.completeness,
                ..Self::default()
            };
        }
        if let Some((acknowledged, _)) = self.answered
            && self.syns.is_empty()
        {
            if acknowledged != answers.0 && acknowledged != answers.1 {
                (self.answered, self.ack, self.syn_acks) = (None, None, Copies::new());
            } else {
                self.reversed = self.first_syn_ack().is_none_or(|answer| number::is_overtaken(answer.time, sent.time));
            }
        }
        if self.answered.is_none()
            && self.early.is_none()
            && let Some((acknowledged, before)) = before
        {
            self.early = Some((acknowledged, before));
            self.reversed = number::is_overtaken(before.time, sent.time);
        }
        self.answers = answers;
        note(&mut self.syns, sent);
    }

    /// The acknowledgment that stood before everything else, when it is of an end whose bytes begin at this number.
    fn before_of(&self, side: Side, next: u32) -> Option<(u32, Sent)> {
        let (by, sequence, acknowledged, sent) = self.before?;
        (by == side && sequence == next).then_some((acknowledged, sent))
    }

    fn syn_ack(&mut self, side: Side, tcp: &Tcp, sent: Sent) {
        let acknowledged = tcp.acknowledgment;
        let fits = acknowledged == self.answers.0 || acknowledged == self.answers.1;
        if self.opener == Some(side) || (!self.syns.is_empty() && !fits) {
            return;
        }
        let next = tcp.sequence.wrapping_add(1);
        let known = self.answered.is_some_and(|(_, last)| last == next);
        if self.ack.is_some() && !known {
            return;
        }
        if !known {
            self.syn_acks.clear();
        }
        if self.opener.is_none() {
            self.opener = Some(side.other());
            self.early = self.before_of(side.other(), acknowledged);
        }
        self.answered = Some((acknowledged, next));
        note(&mut self.syn_acks, sent);
        if let Some((_, early)) = self.early.filter(|(number, _)| *number == next)
            && self.ack.is_none()
        {
            (self.ack, self.reversed) = (Some(early), number::is_overtaken(early.time, sent.time));
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

    /// Says that the roles were turned.
    pub fn turn(&mut self) {
        self.opener = self.opener.map(Side::other);
        self.before = self.before.map(|(by, sequence, acknowledged, sent)| (by.other(), sequence, acknowledged, sent));
    }

    /// What the capture has of it.
    pub fn shown(&self) -> Shown {
        match (!self.syns.is_empty(), self.answered.is_some()) {
            (true, true) if self.ack.is_some() => Shown::Complete,
            (false, true) if self.ack.is_some() => Shown::WithoutSyn,
            (_, true) if self.beyond || self.early.is_some() => Shown::WithoutAck,
            (true, true) => Shown::HalfOpen,
            (false, true) => Shown::SynAckOnly,
            (true, false) if self.early.is_some() => Shown::WithoutSynAck,
            (true, false) => Shown::SynOnly,
            (false, false) => Shown::Nothing,
        }
    }

    /// Whether SYN, SYN-ACK and the acknowledgment of both were seen.
    pub fn is_complete(&self) -> bool {
        self.shown() == Shown::Complete
    }

    /// Whether it was completed, as far as what was seen shows it.
    pub fn is_established(&self) -> bool {
        matches!(self.shown(), Shown::Complete | Shown::WithoutSyn | Shown::WithoutSynAck | Shown::WithoutAck)
    }

    /// Nanoseconds from the SYN to the first SYN-ACK. Where the SYN was sent again before, only when the SYN-ACK echoes the timestamp of one
    /// of them: otherwise nobody knows which one it answers (Karn and Partridge 1987).
    pub fn syn_to_syn_ack(&self) -> Option<u64> {
        between(&self.syns, self.first_syn_ack()?)
    }

    /// Nanoseconds from the SYN-ACK to its acknowledgment, by the same rule.
    pub fn syn_ack_to_ack(&self) -> Option<u64> {
        between(&self.syn_acks, &self.ack?)
    }

    /// Both together.
    pub fn lasted(&self) -> Option<u64> {
        self.syn_to_syn_ack()?.checked_add(self.syn_ack_to_ack()?)
    }

    fn first_syn_ack(&self) -> Option<&Sent> {
        self.syn_acks.iter().min_by_key(|sent| sent.time)
    }
}

/// From the one of some copies that a segment answers to that segment. Several are told apart by the timestamp that it echoes.
fn between(copies: &Copies, answer: &Sent) -> Option<u64> {
    let since = |sent: &Sent| answer.time?.checked_sub(sent.time?);
    let echoes = |sent: &Sent| answer.stamps.zip(sent.stamps).is_some_and(|((_, echoed), (value, _))| echoed == value);
    let before = || copies.iter().filter(|sent| since(sent).is_some());
    let is_one = before().count() == 1;
    let candidates =
        || before().filter(|sent| is_one || echoes(sent) || (answer.stamps.is_none() && sent.stamps.is_none()));
    let (least, most) = (candidates().filter_map(since).min()?, candidates().filter_map(since).max()?);
    (most.saturating_sub(least) <= SAME).then_some(most)
}
