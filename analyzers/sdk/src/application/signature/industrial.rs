//! Plants and desktops: Modbus, EtherNet/IP, and what comes in TPKT (RFC 1006): S7, RDP, H.225.

use super::Payload;
use crate::application::Protocol;

pub(super) fn stream(octets: &Payload<'_>) -> Option<Protocol> {
    if !is_tpkt(octets) {
        return None;
    }
    match octets.bytes.get(5..)? {
        // MS-RDPBCGR §2.2.1.1: a connection request with a cookie or negotiation; the answer with negotiation.
        [0xe0, _, _, _, _, _, rest @ ..] if rest.starts_with(b"Cookie: ") || matches!(rest, [1, 0..=7, 8, 0, ..]) => {
            Some(Protocol::Rdp)
        }
        [0xd0, _, _, _, _, _, 2 | 3, _, 8, 0, ..] => Some(Protocol::Rdp),
        // Data, the last unit of its message, of Siemens' S7.
        [0xf0, 0x80, 0x32 | 0x72, ..] => Some(Protocol::S7comm),
        _ => None,
    }
}

/// RFC 1006 §6: version 3, the length of the packet.
pub(super) fn is_tpkt(octets: &Payload<'_>) -> bool {
    octets.starts(&[3, 0]) && octets.u16(2).is_some_and(|length| length >= 7 && length <= octets.length)
}

/// Modbus Messaging on TCP/IP §3.1.3: protocol 0, the length of what follows.
pub(super) fn is_modbus(octets: &Payload<'_>) -> bool {
    octets.u16(2) == Some(0)
        && octets.u16(4).is_some_and(|length| matches!(length, 2..=254) && length.saturating_add(6) <= octets.length)
}

/// The encapsulation header of EtherNet/IP: a command, the length of its data, little-endian.
pub(super) fn is_enip(octets: &Payload<'_>) -> bool {
    let [a, b, c, d, ..] = *octets.bytes else { return false };
    let (command, length) = (u16::from_le_bytes([a, b]), usize::from(u16::from_le_bytes([c, d])));
    matches!(command, 0x0000 | 0x0004 | 0x0063..=0x0066 | 0x006f | 0x0070) && length.saturating_add(24) <= octets.length
}
