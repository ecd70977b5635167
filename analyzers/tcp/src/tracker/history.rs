//! A connection in letters and in one word: Zeek's `history` and `conn_state` (conn.log; Zeek's reference, "Conn::Info").

use std::fmt;

use mcpcap_analyzer::decode::TcpFlags;
use mcpcap_analyzer::stream::Side;
use schemars::JsonSchema;
use serde::Serialize;
use smallvec::SmallVec;

use crate::limits;

/// How a connection went, as Zeek's `conn_state` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[allow(clippy::upper_case_acronyms, reason = "the names are Zeek's")]
pub enum ConnState {
    /// Connection attempt seen, no reply.
    S0,
    /// Connection established, not terminated.
    S1,
    /// Established, close attempt by the client seen, no reply from the server.
    S2,
    /// Established, close attempt by the server seen, no reply from the client.
    S3,
    /// Normal establishment and termination.
    SF,
    /// Connection attempt rejected.
    REJ,
    /// Established, the client aborted (sent RST).
    RSTO,
    /// The server sent RST.
    RSTR,
    /// The client sent a SYN followed by RST; no SYN-ACK from the server was seen.
    RSTOS0,
    /// The server sent a SYN-ACK followed by RST; no SYN from the client was seen.
    RSTRH,
    /// The client sent a SYN followed by FIN; no SYN-ACK from the server was seen.
    SH,
    /// The server sent a SYN-ACK followed by FIN; no SYN from the client was seen.
    SHR,
    /// No SYN seen, just midstream traffic.
    OTH,
}

impl ConnState {
    /// All of them, in the order of Zeek's reference.
    pub const ALL: [Self; 13] = [
        Self::S0,
        Self::S1,
        Self::SF,
        Self::REJ,
        Self::S2,
        Self::S3,
        Self::RSTO,
        Self::RSTR,
        Self::RSTOS0,
        Self::RSTRH,
        Self::SH,
        Self::SHR,
        Self::OTH,
    ];

    /// Zeek's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::S0 => "S0",
            Self::S1 => "S1",
            Self::S2 => "S2",
            Self::S3 => "S3",
            Self::SF => "SF",
            Self::REJ => "REJ",
            Self::RSTO => "RSTO",
            Self::RSTR => "RSTR",
            Self::RSTOS0 => "RSTOS0",
            Self::RSTRH => "RSTRH",
            Self::SH => "SH",
            Self::SHR => "SHR",
            Self::OTH => "OTH",
        }
    }
}

/// The state of one end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum End {
    /// It sent nothing.
    #[default]
    Inactive,
    /// It sent a SYN.
    SynSent,
    /// It sent a SYN-ACK, and the SYN before was not seen.
    SynAckSent,
    /// It sent something, and no SYN before.
    Partial,
    /// SYN and SYN-ACK were seen.
    Established,
    /// It sent FIN.
    Closed,
    /// It sent RST.
    Reset,
}

impl End {
    fn is_silent(self) -> bool {
        matches!(self, Self::Inactive | Self::Partial)
    }
}

/// What history needs of a segment.
#[derive(Debug, Clone, Copy)]
pub struct Letters {
    /// Control bits.
    pub flags: TcpFlags,
    /// Sequence number.
    pub sequence: u32,
    /// Whether it carries data.
    pub data: bool,
    /// Whether its data were sent again.
    pub resent: bool,
    /// Whether it advertises a closed window.
    pub zero_window: bool,
    /// Whether it acknowledges data of the other end that are not in the capture.
    pub gap: bool,
}

/// Letters of one end, in capitals those of the client.
#[derive(Debug, Clone, Default)]
struct Told {
    once: u16,
    control: [Option<u32>; 4],
    repeated: [u32; 3],
}

/// The letters of a connection, and the states of its ends.
#[derive(Debug, Clone, Default)]
pub struct History {
    letters: SmallVec<[u8; 16]>,
    told: [Told; 2],
    ends: [End; 2],
    data: [bool; 2],
}

/// A letter for SYN, SYN-ACK, FIN or RST; again only with another sequence number: the rest is the same one sent again.
fn control(last: &mut Option<u32>, seen: bool, letter: u8, sequence: u32, letters: &mut SmallVec<[u8; 8]>) {
    if seen && last.replace(sequence) != Some(sequence) {
        letters.push(letter);
    }
}

/// A letter for the 1st, 10th, 100th time and so on.
fn repeated(count: &mut u32, seen: bool, letter: u8, letters: &mut SmallVec<[u8; 8]>) {
    if seen {
        *count = count.saturating_add(1);
        if 10_u32.checked_pow(count.ilog10()) == Some(*count) {
            letters.push(letter);
        }
    }
}

fn place(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Server => 1,
    }
}

impl History {
    /// Marks that the first segment came from the server, and shows that it is no client (`^`).
    pub fn flip(&mut self) {
        self.letters.push(b'^');
    }

    /// The state of an end.
    pub fn end(&self, side: Side) -> End {
        match side {
            Side::Client => self.ends[0],
            Side::Server => self.ends[1],
        }
    }

    /// Takes a segment.
    pub fn take(&mut self, side: Side, seen: &Letters) {
        self.advance(side, seen.flags);
        let [client, server] = &mut self.told;
        let told = if side == Side::Client { client } else { server };
        let mut letters: SmallVec<[u8; 8]> = SmallVec::new();
        let flags = seen.flags;
        let multiple = flags.syn() && (flags.fin() || flags.rst());
        control(&mut told.control[0], flags.syn() && !flags.ack(), b's', seen.sequence, &mut letters);
        control(&mut told.control[1], flags.syn() && flags.ack(), b'h', seen.sequence, &mut letters);
        let mut plain = |bit: u16, letter: u8| {
            if told.once & (1 << bit) == 0 {
                told.once |= 1 << bit;
                letters.push(letter);
            }
        };
        if multiple {
            plain(0, b'q');
        }
        if flags.fin() && flags.rst() {
            plain(1, b'i');
        }
        if seen.data && !flags.rst() {
            plain(2, b'd');
        } else if flags.ack() && !flags.syn() && !flags.fin() && !flags.rst() {
            plain(3, b'a');
        }
        control(&mut told.control[2], flags.fin(), b'f', seen.sequence, &mut letters);
        control(&mut told.control[3], flags.rst(), b'r', seen.sequence, &mut letters);
        repeated(&mut told.repeated[0], seen.resent, b't', &mut letters);
        repeated(&mut told.repeated[1], seen.zero_window, b'w', &mut letters);
        if let Some(data) = self.data.get_mut(place(side)) {
            *data |= seen.data;
        }
        self.write(side, &letters);
        // The gap is in what the other end sent.
        let [client, server] = &mut self.told;
        let peer = if side == Side::Client { server } else { client };
        let mut letters = SmallVec::new();
        repeated(&mut peer.repeated[2], seen.gap, b'g', &mut letters);
        self.write(side.other(), &letters);
    }

    fn write(&mut self, side: Side, letters: &[u8]) {
        for letter in letters {
            if self.letters.len() < limits::HISTORY {
                self.letters.push(if side == Side::Client { letter.to_ascii_uppercase() } else { *letter });
            }
        }
    }

    fn advance(&mut self, side: Side, flags: TcpFlags) {
        let [client, server] = &mut self.ends;
        let (own, peer) = if side == Side::Client { (client, server) } else { (server, client) };
        // A SYN-ACK after a reset shows that the reset was not the end's own word.
        let revived = *own == End::Reset && flags.syn() && flags.ack() && !flags.rst();
        if matches!(own, End::Closed | End::Reset) && !revived {
            return;
        }
        *own = if flags.rst() {
            End::Reset
        } else if flags.syn() {
            match (flags.ack(), *peer) {
                (true, End::SynSent | End::Established) => {
                    *peer = End::Established;
                    End::Established
                }
                (true, _) => End::SynAckSent,
                (false, _) if matches!(own, End::Inactive | End::Partial) => End::SynSent,
                (false, _) => *own,
            }
        } else if flags.fin() {
            End::Closed
        } else if *own == End::Inactive {
            End::Partial
        } else {
            *own
        };
    }

    /// How the connection went.
    pub fn state(&self) -> ConnState {
        let [client, server] = self.ends;
        let told = |letter: u8| self.letters.contains(&letter);
        match (client, server) {
            (End::SynSent | End::SynAckSent, End::Reset) => ConnState::REJ,
            (End::Reset, End::Reset) if self.data == [false, false] && !told(b'h') => ConnState::REJ,
            (client, End::Reset) if client.is_silent() => {
                if told(b'h') {
                    ConnState::RSTRH
                } else {
                    ConnState::OTH
                }
            }
            (_, End::Reset) => ConnState::RSTR,
            (End::Reset, server) if server.is_silent() => {
                if self.is_aborted_attempt() {
                    ConnState::RSTOS0
                } else {
                    ConnState::OTH
                }
            }
            (End::Reset, _) => ConnState::RSTO,
            (End::Closed, End::Closed) => ConnState::SF,
            (End::Closed, server) => match (server.is_silent(), told(b'S')) {
                (true, true) => ConnState::SH,
                (true, false) => ConnState::OTH,
                (false, _) => ConnState::S2,
            },
            (client, End::Closed) => match (client.is_silent(), told(b'h')) {
                (true, true) => ConnState::SHR,
                (true, false) => ConnState::OTH,
                (false, _) => ConnState::S3,
            },
            (End::SynSent, End::Inactive) => ConnState::S0,
            (End::Established, End::Established) => ConnState::S1,
            _ => ConnState::OTH,
        }
    }

    /// Whether the client sent a SYN and a RST, and nothing of a connection between.
    fn is_aborted_attempt(&self) -> bool {
        let reset = self.letters.iter().position(|letter| *letter == b'R').unwrap_or_default();
        let before = self.letters.get(..reset).unwrap_or_default();
        before.contains(&b'S') && !before.iter().any(|letter| b"HADFGIQ".contains(letter))
    }
}

/// As Zeek writes it, for example `ShADadFf`.
impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.letters).unwrap_or_default())
    }
}
