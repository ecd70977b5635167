//! One end of a connection as Zeek follows it: its state, and the numbers that decide about letters.

use crate::stream::Side;
use smallvec::SmallVec;

use super::{Letters, after};

/// A SYN or RST that is further away than this from what its end sent before says nothing about the end's numbers.
const JUMP: u32 = 1 << 20;

/// The state of an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    /// It sent nothing that counts.
    #[default]
    Inactive,
    /// It sent a SYN.
    SynSent,
    /// It is the client and began with SYN-ACK.
    SynAckSent,
    /// It sent something, and no SYN before.
    Partial,
    /// SYN and SYN-ACK were seen, or SYN-ACK and the ACK of it.
    Established,
    /// It sent FIN.
    Closed,
    /// It sent RST.
    Reset,
}

/// Letters that an end has once, as bits.
const SYN: u8 = 1;
const FIN: u8 = 2;
const RST: u8 = 4;
const DATA: u8 = 8;
const ACK: u8 = 16;
const SEVERAL: u8 = 32;
const FIN_AND_RST: u8 = 64;

/// An end.
#[derive(Debug, Clone, Copy, Default)]
pub struct End {
    /// Its state.
    pub state: State,
    /// The state before that.
    before: State,
    /// The number of its SYN, or the one before its first segment where the SYN was not seen.
    start: u32,
    /// The number behind the highest that it sent.
    last: u32,
    /// The highest number that was acknowledged.
    acknowledged: u32,
    /// How often both began anew from 0.
    wraps: [u16; 2],
    /// Whether it sent FIN or RST.
    has_ended: bool,
    fin: bool,
    told: u8,
    /// Numbers of its last SYN, FIN and RST, from its start.
    control: [u32; 3],
    /// How often it sent again, closed its window, and had gaps.
    pub resent: u32,
    /// See above.
    pub zero_windows: u32,
    /// See above.
    pub gaps: u32,
}

impl End {
    fn set(&mut self, state: State) {
        if state != self.state {
            self.before = self.state;
            self.state = state;
        }
        self.has_ended |= matches!(state, State::Closed | State::Reset);
    }

    fn number(&mut self, start: u32, last: u32) {
        (self.start, self.acknowledged, self.last) = (start, start, last);
        self.wraps = [(last < start).into(), 0];
    }

    /// The number behind the highest that it sent rises.
    fn reach(&mut self, end: u32) {
        let [wraps, _] = &mut self.wraps;
        *wraps = wraps.saturating_add((end < self.last).into());
        self.last = end;
    }

    /// Numbers begin with the first segment, and anew with a SYN while nothing ended; also with a SYN behind a RST that came first,
    /// which was somebody else's then.
    pub fn begin(&mut self, seen: &Letters) {
        let syn = seen.flags.syn();
        let end = seen.sequence.wrapping_add(extent(seen));
        match self.state {
            State::Inactive if syn => self.number(seen.sequence, end),
            // The payload of the first segment is not taken for sent again.
            State::Inactive => self.number(seen.sequence.wrapping_sub(1), seen.sequence),
            State::SynSent | State::SynAckSent if syn && seen.sequence != self.start => self.number(seen.sequence, end),
            State::Established | State::Partial if syn => self.number(seen.sequence, end),
            State::Reset if syn && self.before == State::Inactive => self.number(seen.sequence, end),
            _ => {}
        }
    }

    /// Letters of control bits and payload.
    pub fn control(&mut self, seen: &Letters, letters: &mut SmallVec<[u8; 8]>) {
        let flags = seen.flags;
        let set = [flags.syn(), flags.fin(), flags.rst()].into_iter().filter(|set| *set).count();
        let mut once = |bit: u8, letter: u8, told: &mut u8| {
            let first = *told & bit == 0;
            *told |= bit;
            if first {
                letters.push(letter);
            }
            first
        };
        if set > 1 {
            let (bit, letter) = if flags.fin() && flags.rst() { (FIN_AND_RST, b'i') } else { (SEVERAL, b'q') };
            once(bit, letter, &mut self.told);
            return;
        }
        if set == 0 {
            if seen.length > 0 {
                once(DATA, b'd', &mut self.told);
            } else if flags.ack() {
                once(ACK, b'a', &mut self.told);
            }
            return;
        }
        let from = seen.sequence.wrapping_sub(self.start);
        // A FIN's number is that behind the payload.
        let (place, bit, letter, number) = match (flags.syn(), flags.fin()) {
            (true, _) => (0, SYN, if flags.ack() { b'h' } else { b's' }, from),
            (_, true) => (1, FIN, b'f', from.wrapping_add(seen.length)),
            _ => (2, RST, b'r', from),
        };
        let first = once(bit, letter, &mut self.told);
        if let Some(known) = self.control.get_mut(place)
            && std::mem::replace(known, number) != number
            && !first
        {
            letters.push(letter);
        }
    }

    /// Takes an acknowledgment by the other end. The first one tells where an end begins that sent nothing yet; those of RST are not trusted.
    pub fn acknowledge(&mut self, seen: &Letters) {
        if self.state == State::Inactive {
            let start = seen.acknowledgment.wrapping_sub(1);
            self.number(start, start);
        } else if !seen.flags.rst() && after(seen.acknowledgment, self.acknowledged) {
            let [_, wraps] = &mut self.wraps;
            *wraps = wraps.saturating_add((seen.acknowledgment < self.acknowledged).into());
            self.acknowledged = seen.acknowledgment;
        }
    }

    /// Whether a segment with payload does not reach beyond what its end sent before. Otherwise notes how far it reaches.
    pub fn is_behind(&mut self, seen: &Letters) -> bool {
        let end = seen.sequence.wrapping_add(extent(seen));
        let distance = end.wrapping_sub(self.last).min(self.last.wrapping_sub(end));
        let first_fin = seen.flags.fin() && self.last == self.start.wrapping_add(1);
        self.fin |= seen.flags.fin();
        if (seen.flags.syn() || seen.flags.rst()) && distance > JUMP {
            return false;
        }
        if first_fin {
            // A connection of which only SYN and FIN were seen may be longer than 2 GiB.
            self.reach(end);
            return false;
        }
        if self.state == State::Reset {
            return false;
        }
        if after(end, self.last) {
            self.reach(end);
            return false;
        }
        seen.length > 0
    }

    /// The state behind a segment.
    pub fn advance(&mut self, peer: &mut Self, side: Side, seen: &Letters) {
        match self.state {
            State::Inactive => self.first(peer, side, seen),
            State::SynSent | State::SynAckSent => {
                if seen.flags.fin() {
                    self.set(State::Closed);
                }
                if seen.flags.rst() {
                    self.set(State::Reset);
                }
            }
            State::Established | State::Partial => self.going_on(peer, seen),
            // A reset behind FIN counts unless both ends sent FIN.
            State::Closed if seen.flags.rst() && peer.state != State::Closed => self.set(State::Reset),
            State::Closed | State::Reset => {}
        }
    }

    fn first(&mut self, peer: &mut Self, side: Side, seen: &Letters) {
        let flags = seen.flags;
        if flags.syn() {
            let reversed = !flags.ack() && peer.state == State::Established && peer.before == State::Inactive;
            match side {
                // SYN behind the SYN-ACK that answers it.
                Side::Client if reversed => self.set(State::Established),
                Side::Client => self.set(if flags.ack() { State::SynAckSent } else { State::SynSent }),
                Side::Server => {
                    if peer.state == State::SynSent {
                        peer.set(State::Established);
                    }
                    self.set(State::Established);
                }
            }
        }
        if flags.fin() {
            self.set(State::Closed);
        }
        if flags.rst() {
            self.set(State::Reset);
        }
        if self.state != State::Inactive {
            return;
        }
        let acks_before_syn_ack = side == Side::Server && seen.length == 0 && peer.state == State::SynSent;
        if acks_before_syn_ack {
            // Some stacks do; it is no part of a connection yet.
        } else if flags.ack() && peer.state == State::Established {
            // SYN-ACK and its ACK: only the SYN was missed.
            self.set(State::Established);
        } else {
            self.set(State::Partial);
        }
    }

    fn going_on(&mut self, peer: &mut Self, seen: &Letters) {
        let flags = seen.flags;
        if flags.syn() && !flags.ack() && self.state == State::Partial && peer.state == State::Inactive {
            self.set(State::SynSent);
        }
        if flags.fin() && !flags.rst() {
            self.set(State::Closed);
            // FIN and RST of one end, then FIN of the other: that was an orderly end.
            if peer.state == State::Reset && peer.before == State::Closed {
                peer.set(State::Closed);
            }
        }
        if flags.rst() {
            self.set(State::Reset);
        }
    }

    /// Whether it ended, although it may have gone on.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Bytes of payload that it sent, by its numbers and by what the other end acknowledged: also those that the capture does not have.
    pub fn size(&self, peer: &Self) -> u64 {
        let acknowledged = self.acknowledged.wrapping_sub(self.start) > 1;
        if self.before == State::SynSent && self.state == State::Reset && peer.state == State::Inactive && acknowledged
        {
            // An attempt that found a connection half open: the numbers are those of the other one.
            return 0;
        }
        let [last, acknowledged] = self.wraps;
        let whole = |wraps: u16, number: u32| u64::from(wraps) << 32 | u64::from(number);
        let highest = whole(last, self.last).max(whole(acknowledged, self.acknowledged));
        // SYN has a number, and so has FIN.
        highest.saturating_sub(self.start.into()).saturating_sub(1).saturating_sub(self.fin.into())
    }

    /// Whether it sent nothing, or nothing with a SYN before.
    pub fn is_silent(&self) -> bool {
        matches!(self.state, State::Inactive | State::Partial)
    }

    /// Whether gaps of it can be believed.
    pub fn is_clean(&self) -> bool {
        self.state == State::Established || (self.state == State::Closed && self.before == State::Established)
    }

    /// Whether no byte of payload was sent, by its numbers.
    pub fn is_empty(&self) -> bool {
        let highest = if after(self.last, self.acknowledged) { self.last } else { self.acknowledged };
        highest.wrapping_sub(self.start) <= 1_u32.saturating_add(self.fin.into())
    }
}

/// Numbers that a segment takes. The payload of a RST is none of the stream.
fn extent(seen: &Letters) -> u32 {
    let payload = if seen.flags.rst() { 0 } else { seen.length };
    payload.wrapping_add(seen.flags.syn().into()).wrapping_add(seen.flags.fin().into())
}
