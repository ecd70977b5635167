//! Plants and desktops: Modbus, EtherNet/IP, DNP3, IEC 104, BACnet, and what comes in TPKT (RFC 1006): S7, RDP, H.225.

use super::Payload;
use crate::application::Protocol;

pub(super) fn datagram(octets: &Payload<'_>) -> Option<Protocol> {
    match octets.bytes {
        // BACnet/IP (ASHRAE 135 annex J.2): a function, the length of all, version 1 of the network layer.
        [0x81, 0x0a | 0x0b, _, _, 1, ..] if octets.u16(2) == Some(octets.length) => Some(Protocol::Bacnet),
        _ => is_dnp3(octets.bytes).then_some(Protocol::Dnp3),
    }
}

pub(super) fn stream(octets: &Payload<'_>) -> Option<Protocol> {
    // IEC 60870-5-104 §5.3: the start of transfer and the test, asked for and confirmed, each a frame of its own.
    if matches!(octets.bytes, [0x68, 4, 0x07 | 0x0b | 0x43 | 0x83, 0, 0, 0]) && octets.is_length(6) {
        return Some(Protocol::Iec104);
    }
    if is_dnp3(octets.bytes) {
        return Some(Protocol::Dnp3);
    }
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

/// DNP3's link layer (IEEE 1815 §9.2): two bytes to begin with, a length, control, both addresses, and their check value.
fn is_dnp3(payload: &[u8]) -> bool {
    let Some((header, check)) = payload.first_chunk::<10>().map(|block| block.split_at(8)) else { return false };
    header.starts_with(&[0x05, 0x64])
        && header.get(2).is_some_and(|length| *length >= 5)
        && check == crc(header).to_le_bytes()
}

/// The cyclic redundancy check of DNP3: polynomial 0x3d65, reflected, complemented.
fn crc(bytes: &[u8]) -> u16 {
    let of = |crc: u16, byte: &u8| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xa6bc } else { crc >> 1 })
    };
    !bytes.iter().fold(0, of)
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
