//! Encrypted tunnels over UDP. They are counted, so that nobody takes for empty what could not be looked into.

use super::super::cursor::Cursor;
use super::super::unread::Unread;
use super::Inside;

/// What is in a datagram from or to one of the ports: of IPsec's, of OpenVPN, of WireGuard and of what is built on it.
pub(super) fn inside(port: u16, at: &Cursor<'_>) -> Inside {
    let unread = match port {
        4500 => esp(at).then_some(Unread::EspInUdp),
        1194 => openvpn(at).then_some(Unread::Openvpn),
        _ => wireguard(at).then_some(Unread::Wireguard),
    };
    unread.map_or(Inside::Payload, Inside::Unread)
}

/// RFC 3948: an index that is not reserved (IKE has 0 there), and all of it a multiple of four bytes (RFC 4303 2.4).
fn esp(at: &Cursor<'_>) -> bool {
    const LEAST: usize = 28;
    let index = at.peek_u16(0).zip(at.peek_u16(2)).map(|(high, low)| u32::from(high) << 16 | u32::from(low));
    index.is_some_and(|index| index > 255) && at.length() >= LEAST && at.length().is_multiple_of(4) && !is_text(at)
}

/// A data message: type, reserved bytes, receiver, a counter that is not yet high, and packets padded to 16 bytes.
fn wireguard(at: &Cursor<'_>) -> bool {
    const LEAST: usize = 32;
    matches!(at.rest, [4, 0, 0, 0, _, _, _, _, _, _, _, _, _, 0, 0, 0, ..])
        && at.length() >= LEAST
        && at.length().is_multiple_of(16)
}

/// A data packet of either format: the operation, and what is no text.
fn openvpn(at: &Cursor<'_>) -> bool {
    const LEAST: usize = 24;
    at.peek(0).is_some_and(|first| matches!(first >> 3, 6 | 9)) && at.length() >= LEAST && !is_text(at)
}

/// Whether it begins as a text protocol does.
fn is_text(at: &Cursor<'_>) -> bool {
    at.rest.iter().take(16).all(|octet| matches!(octet, 0x20..=0x7e))
}
