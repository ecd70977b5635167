//! A connection in letters and in one word, as Zeek's conn.log has them: `history` and `conn_state`.
//!
//! The rules are those of Zeek's sources, in our words: `TCPSessionAdapter.cc` and `TCP_Endpoint.cc` for states and letters,
//! `TCP_Reassembler.cc` for gaps, `Conn.cc` for how letters repeat, and `scripts/base/protocols/conn/main.zeek` for the word.
//!
//! | letter | when |
//! |---|---|
//! | s, h | SYN, SYN-ACK, alone among SYN, FIN and RST. One end has one of them once; another only with another number after it ended |
//! | f, r | FIN, RST, alone among the three. Again with another number |
//! | d | payload with none of the three; payload on SYN, FIN or RST gives no letter. Once |
//! | a | ACK without payload and without the three. Once |
//! | q, i | more than one of the three: i with both FIN and RST, otherwise q. Once |
//! | t | payload that does not reach beyond the highest number of its end: sent again, or overtaken. What overlaps and goes on is none. Counted |
//! | w | window 0 without RST, unless the other end sent FIN or this one RST. Counted |
//! | g | an acknowledgment covers bytes of its receiver that are not there, while both ends are established or closed from there. Counted |
//! | ^ | the first segment came from the server, or SYN told later who is who |
//!
//! Counted letters stand at the 1st, 10th, 100th time and so on. Capitals are the client's.
//!
//! Both take segments in the order of the file. So bytes that are in the file behind their acknowledgment are a gap for both when that comes (`g`, and then
//! `d`): the letter alone proves no loss where the report says that the file is in another order than the wire.
//!
//! What differs: Zeek ends connections by timers (an unanswered SYN after 5 s, say) and begins new records then; here a connection lasts
//! until its ends are used again. Zeek takes the sender of a first SYN-ACK for the client unless the port is a known server's, and
//! turns the roles when the SYN follows; here SYN-ACK tells at once who is who. Checksums are not verified for letters, so there is no c.

mod conn_state;
mod end;

use std::fmt;

use crate::decode::TcpFlags;
use crate::stream::Side;
use smallvec::SmallVec;

pub use conn_state::ConnState;
use end::{End, State};

/// Letters of a history. What goes beyond is counted.
pub const HISTORY: usize = 64;

/// What history needs of a segment.
#[derive(Debug, Clone, Copy)]
pub struct Letters {
    /// Control bits.
    pub flags: TcpFlags,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgment number; meaningful with ACK.
    pub acknowledgment: u32,
    /// Bytes of payload.
    pub length: u32,
    /// Whether the window field is 0.
    pub zero_window: bool,
    /// Runs of bytes of the other end, acknowledged for the first time by this segment, that are not in the capture.
    pub gaps: u32,
}

/// The letters of a connection, and the states of its ends.
#[derive(Debug, Clone, Default)]
pub struct History {
    letters: SmallVec<[u8; 16]>,
    left_out: u64,
    ends: [End; 2],
}

/// Whether a sequence number comes after another (RFC 9293 §3.4).
fn after(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() > 0
}

/// A letter for the 1st, 10th, 100th time and so on.
fn repeats(count: &mut u32) -> bool {
    *count = count.saturating_add(1);
    10_u32.checked_pow(count.ilog10()) == Some(*count)
}

impl History {
    /// Marks that the first segment came from the server (`^`).
    pub fn flip(&mut self) {
        self.write(Side::Server, b'^');
    }

    /// Turns the roles, since a SYN or SYN-ACK told who is who.
    pub fn turn(&mut self) {
        self.ends.swap(0, 1);
        for letter in &mut self.letters {
            *letter =
                if letter.is_ascii_lowercase() { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
        }
        self.flip();
    }

    /// Takes a segment.
    pub fn take(&mut self, side: Side, seen: &Letters) {
        let [client, server] = &mut self.ends;
        let (own, peer) = if side == Side::Client { (client, server) } else { (server, client) };
        let mut letters: SmallVec<[u8; 8]> = SmallVec::new();
        own.begin(seen);
        own.control(seen, &mut letters);
        let closing = peer.state == State::Closed || own.state == State::Reset;
        if seen.zero_window && !seen.flags.rst() && !closing && repeats(&mut own.zero_windows) {
            letters.push(b'w');
        }
        if seen.flags.ack() {
            peer.acknowledge(seen);
        }
        if own.is_behind(seen) && repeats(&mut own.resent) {
            letters.push(b't');
        }
        own.advance(peer, side, seen);
        let mut gaps: SmallVec<[u8; 2]> = SmallVec::new();
        if own.is_clean() && peer.is_clean() {
            for _ in 0..seen.gaps {
                if repeats(&mut peer.gaps) {
                    gaps.push(b'g');
                }
            }
        }
        letters.iter().for_each(|letter| self.write(side, *letter));
        gaps.iter().for_each(|letter| self.write(side.other(), *letter));
    }

    fn write(&mut self, side: Side, letter: u8) {
        if self.letters.len() < HISTORY {
            self.letters.push(if side == Side::Client { letter.to_ascii_uppercase() } else { letter });
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// How many letters found no place.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Whether both ends ended it: what comes behind takes no more time.
    pub fn is_over(&self) -> bool {
        self.ends.iter().all(End::has_ended)
    }

    /// Bytes of payload of client and server by their numbers, also those that the capture does not have.
    pub fn sizes(&self) -> (u64, u64) {
        let [client, server] = &self.ends;
        (client.size(server), server.size(client))
    }

    /// How the connection went.
    pub fn state(&self) -> ConnState {
        let [client, server] = &self.ends;
        conn_state::of(client, server, &self.letters)
    }
}

/// As Zeek writes it, for example `ShADadFf`.
impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.letters).unwrap_or_default())
    }
}
