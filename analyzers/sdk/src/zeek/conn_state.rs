//! How a connection went, in one word.

use schemars::JsonSchema;
use serde::Serialize;

use super::end::{End, State};

/// Zeek's `conn_state`.
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
    /// The server sent RST; no SYN from the client was seen.
    RSTRH,
    /// The client sent FIN; no SYN-ACK from the server was seen.
    SH,
    /// The server sent FIN; no SYN from the client was seen.
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

/// The word for two ends and their letters: a reset goes before FIN, the server's before the client's.
pub fn of(client: &End, server: &End, letters: &[u8]) -> ConnState {
    match (client.state, server.state) {
        (State::SynSent | State::SynAckSent, State::Reset) => ConnState::REJ,
        (State::Reset, State::Reset) if client.is_empty() && server.is_empty() => ConnState::REJ,
        (_, State::Reset) if client.is_silent() => ConnState::RSTRH,
        (_, State::Reset) => ConnState::RSTR,
        (State::Reset, _) if server.is_silent() && is_aborted_attempt(letters) => ConnState::RSTOS0,
        (State::Reset, _) if server.is_silent() => ConnState::OTH,
        (State::Reset, _) => ConnState::RSTO,
        (State::Closed, State::Closed) => ConnState::SF,
        (State::Closed, _) if server.is_silent() => ConnState::SH,
        (State::Closed, _) => ConnState::S2,
        (_, State::Closed) if client.is_silent() => ConnState::SHR,
        (_, State::Closed) => ConnState::S3,
        (State::SynSent, State::Inactive) => ConnState::S0,
        (State::Established, State::Established) => ConnState::S1,
        _ => ConnState::OTH,
    }
}

/// Whether the letters begin with the client's SYN, and its RST follows before anything else of it but payload.
fn is_aborted_attempt(letters: &[u8]) -> bool {
    let letters = letters.strip_prefix(b"^").unwrap_or(letters);
    let Some(letters) = letters.strip_prefix(b"S") else { return false };
    let first = letters.iter().find(|letter| b"HAFGIQR".contains(letter));
    first == Some(&b'R')
}
