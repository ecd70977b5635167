//! What programs speak among themselves: coins, debuggers, messages of hospitals and exchanges, peers, games.

use super::Payload;
use crate::application::Protocol;

/// Bytes of a line that are looked through.
const LINE: usize = 512;

pub(super) fn datagram(octets: &Payload<'_>) -> Option<Protocol> {
    match octets.bytes {
        // DDSI-RTPS §8.3.3.1: the protocol, version 2.
        [b'R', b'T', b'P', b'S', 2, 0..=9, ..] if octets.length >= 20 => Some(Protocol::Rtps),
        // Valve's server queries: A2S_INFO.
        [0xff, 0xff, 0xff, 0xff, b'T', ..] if octets.starts(b"\xff\xff\xff\xffTSource Engine Query\0") => {
            Some(Protocol::SourceQuery)
        }
        _ => None,
    }
}

pub(super) fn stream(octets: &Payload<'_>) -> Option<Protocol> {
    let protocol = match octets.bytes {
        [0xf9, 0xbe, 0xb4, 0xd9, command @ ..] | [0x0b, 0x11, 0x09, 0x07, command @ ..] if is_bitcoin(command) => {
            Protocol::Bitcoin
        }
        [b'{', ..] if is_stratum(octets.bytes) => Protocol::Stratum,
        // Java Debug Wire Protocol: both ends begin so.
        [b'J', b'D', b'W', b'P', b'-', b'H', b'a', b'n', b'd', b's', b'h', b'a', b'k', b'e', ..] => Protocol::Jdwp,
        // Java Remote Method Invocation §10.2: the magic, a version, how it goes on.
        [b'J', b'R', b'M', b'I', 0, 1 | 2, 0x4b..=0x4d, ..] => Protocol::Rmi,
        // Android Debug Bridge: CNXN, and its complement as the sixth word.
        [b'C', b'N', b'X', b'N', ..] if octets.bytes.get(20..24) == Some(&[0xbc, 0xb1, 0xa7, 0xb1]) => Protocol::Adb,
        // ZMTP 3.0 (and 2.0) §3.2: the signature.
        [0xff, 0, 0, 0, 0, 0, 0, 0, 0 | 1, 0x7f, ..] => Protocol::Zmtp,
        // OpenWire: a length, WireFormatInfo, its magic.
        [_, _, _, _, 1, b'A', b'c', b't', b'i', b'v', b'e', b'M', b'Q', ..] => Protocol::Openwire,
        // HL7 in the Minimal Lower Layer Protocol: a vertical tab, the header's segment.
        [0x0b, b'M', b'S', b'H', b'|', ..] => Protocol::Hl7,
        [b'8', b'=', b'F', b'I', b'X', b'.' | b'T', ..] if octets.bytes.iter().take(16).any(|byte| *byte == 1) => {
            Protocol::Fix
        }
        [b'G', b'N', b'U', b'T', b'E', b'L', b'L', b'A', b' ' | b'/', ..] => Protocol::Gnutella,
        // SMPP 3.4 §3.2: bind as receiver, transmitter or both, with the length of all, no status.
        [_, _, _, _, 0, 0, 0, 1 | 2 | 9, 0, 0, 0, 0, ..]
            if octets.u32(0).is_some_and(|length| length >= 23 && octets.is_length(length as usize)) =>
        {
            Protocol::Smpp
        }
        _ => return None,
    };
    Some(protocol)
}

/// A command of lower-case letters, filled with zeros to twelve bytes.
fn is_bitcoin(command: &[u8]) -> bool {
    let Some(command) = command.first_chunk::<12>() else { return false };
    let letters = command.iter().take_while(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()).count();
    letters >= 3 && command.iter().skip(letters).all(|byte| *byte == 0)
}

/// The words of miners and their pools: Stratum's, Ethereum's, and the login of Monero's.
fn is_stratum(payload: &[u8]) -> bool {
    let line = payload.get(..LINE).unwrap_or(payload);
    let holds = |word: &[u8]| line.windows(word.len()).any(|part| part == word);
    let words: [&[u8]; 6] = [
        b"\"mining.subscribe\"",
        b"\"mining.authorize\"",
        b"\"mining.notify\"",
        b"\"mining.set_difficulty\"",
        b"\"eth_submitLogin\"",
        b"\"eth_getWork\"",
    ];
    holds(b"\"method\"")
        && (words.iter().any(|word| holds(word)) || (holds(b"\"login\"") && holds(b"\"pass\"") && holds(b"\"agent\"")))
}
