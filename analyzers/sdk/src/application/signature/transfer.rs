//! What moves files, rows and messages: SMB, remote procedure calls, databases, brokers, BitTorrent, routing over TCP.

use super::{Payload, services};
use crate::application::Protocol;

/// The most bytes of a message that anybody sends; a length above it is none.
const MESSAGE_MAX: u32 = 64 << 20;

pub(super) fn datagram(octets: &Payload<'_>) -> Option<Protocol> {
    let protocol = match octets.bytes {
        // BEP 5: bencoded dictionaries, keys in order.
        [b'd', b'1', b':', b'a' | b'r' | b'e', ..] | [b'd', b'2', b':', b'i', b'p', ..] => Protocol::Bittorrent,
        // BEP 15: the identifier of a connection that is not there yet.
        [0, 0, 0x04, 0x17, 0x27, 0x10, 0x19, 0x80, 0, 0, 0, 0, ..] => Protocol::Bittorrent,
        // BEP 14: a search on the local network.
        [b'B', b'T', b'-', ..] if octets.starts(b"BT-SEARCH * HTTP/1.") => Protocol::Bittorrent,
        [b'{', ..] if octets.starts(b"{\"host_int\"") => Protocol::DropboxLan,
        // C706 §12.6.3: version 4, a type, no flags beyond those known.
        [4, 0..=19, _, flags, 0x10 | 0, ..] if flags & 0xfc == 0 && octets.length >= 80 => Protocol::Dcerpc,
        whole => return rpc_call(whole),
    };
    Some(protocol)
}

pub(super) fn stream(octets: &Payload<'_>) -> Option<Protocol> {
    let protocol = match octets.bytes {
        // BEP 3.
        [19, b'B', b'i', b't', b'T', b'o', b'r', b'r', ..] => Protocol::Bittorrent,
        // RFC 1002 §4.3.1, MS-SMB2 §2.1: a length, and the protocol's identifier; fd is encrypted, fc compressed.
        [0, _, _, _, 0xff, b'S', b'M', b'B', ..] => Protocol::Smb,
        [0, _, _, _, 0xfc..=0xfe, b'S', b'M', b'B', ..] => Protocol::Smb2,
        // RFC 4271 §4.1: the marker, a length, a type.
        [
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0..=0x10,
            _,
            1..=5,
            ..,
        ] => Protocol::Bgp,
        [5, 0 | 1, 0..=19, _, 0x10 | 0, _, 0, 0, ..] if is_dcerpc(octets) => Protocol::Dcerpc,
        // MQTT §3.1: CONNECT, a length, the protocol's name.
        [0x10, _, 0, 4, b'M', b'Q', b'T', b'T', ..]
        | [0x10, _, _, 0, 4, b'M', b'Q', b'T', b'T', ..]
        | [0x10, _, 0, 6, b'M', b'Q', b'I', b's', ..] => Protocol::Mqtt,
        [b'A', b'M', b'Q', b'P', 0..=3, ..] => Protocol::Amqp,
        [0x30, ..] if is_ldap(octets) => Protocol::Ldap,
        // MS-TDS §2.2.3.1: PRELOGIN, the last packet, a length, no process.
        [0x12, 1, _, _, 0, 0, _, 0, ..] if octets.u16(2) == Some(octets.length) => Protocol::Tds,
        // RFC 2637 §2: the magic cookie.
        [_, _, 0, 1, 0x1a, 0x2b, 0x3c, 0x4d, ..] => Protocol::Pptp,
        // PostgreSQL §55.7: version 3, the parameter that must be there; or the codes for TLS, GSSAPI and cancelling.
        [0, 0, _, _, 0, 3, 0, 0, b'u', b's', b'e', b'r', 0, ..] => Protocol::Postgresql,
        [0, 0, 0, 8 | 16, 0x04, 0xd2, 0x16, 0x2e..=0x30, ..] => Protocol::Postgresql,
        // OPC UA part 6 §7.1.2.
        [b'H', b'E', b'L', b'F', ..] | [b'A', b'C', b'K', b'F', ..]
            if octets.u32_little(4).is_some_and(|length| length as usize == octets.length) =>
        {
            Protocol::Opcua
        }
        // CONNECT of Oracle's TNS.
        [_, _, 0, 0, 1, 0, 0, 0, 1, ..] if octets.u16(0) == Some(octets.length) => Protocol::Oracle,
        [b'Z', b'B', b'X', b'D', 1..=7, ..] => Protocol::Zabbix,
        // X11 §8: the byte order, version 11, what authorizes.
        [b'l', 0, 11, 0, 0, 0, _, 0, ..] | [b'B', 0, 0, 11, 0, 0, 0, _, ..] => Protocol::X11,
        // DICOM PS3.8 §9.3.2: A-ASSOCIATE-RQ, its length, version 1.
        [1, 0, _, _, _, _, 0, 1, 0, 0, ..]
            if octets.u32(2).is_some_and(|length| octets.is_length((length as usize).saturating_add(6))) =>
        {
            Protocol::Dicom
        }
        _ if is_mysql_greeting(octets.bytes) => Protocol::Mysql,
        _ if is_mongodb(octets) => Protocol::Mongodb,
        // The record mark of RFC 5531 §11.
        [0x80, _, _, _, rest @ ..] => return rpc_call(rest),
        _ => return None,
    };
    Some(protocol)
}

/// RFC 5531 §9: a call of version 2, to a program of those that are registered.
fn rpc_call(message: &[u8]) -> Option<Protocol> {
    match message {
        [_, _, _, _, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0x86, 0xa3, ..] => Some(Protocol::Nfs),
        [_, _, _, _, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0x86..=0x8f, _, ..] => Some(Protocol::Rpc),
        _ => None,
    }
}

/// C706 §12.6.3.1: version 5, a type, the byte order of numbers, the fragment's length in it.
fn is_dcerpc(octets: &Payload<'_>) -> bool {
    let little = octets.u8(4) == Some(0x10);
    let (Some(a), Some(b)) = (octets.u8(8), octets.u8(9)) else { return false };
    let length = if little { u16::from_le_bytes([a, b]) } else { u16::from_be_bytes([a, b]) };
    length >= 16 && (usize::from(length) <= octets.length || octets.length >= 536)
}

/// RFC 4511 §4.1.1 over TCP: the sequence's length is the segment's, or more messages follow, or it goes on.
fn is_ldap(octets: &Payload<'_>) -> bool {
    let Some((length, header)) = services::ber_length(octets.bytes) else { return false };
    let end = length.saturating_add(header);
    let inner = octets.bytes.get(header..).unwrap_or_default();
    let next = octets.u8(end).is_none_or(|tag| tag == 0x30);
    next && services::message(inner) == Some(Protocol::Ldap)
}

/// MySQL's handshake, version 10: a length, number 0, the server's version as text.
fn is_mysql_greeting(payload: &[u8]) -> bool {
    let [low, high, 0, 0, 10, version @ ..] = payload else { return false };
    let Some(end) = version.iter().take(64).position(|octet| *octet == 0) else { return false };
    let text = version.get(..end).unwrap_or_default();
    let length = usize::from(u16::from_le_bytes([*low, *high]));
    length.saturating_add(4) >= payload.len()
        && end >= 3
        && text.iter().all(u8::is_ascii_graphic)
        && text.first().is_some_and(u8::is_ascii_digit)
}

/// The header of MongoDB's wire protocol: a length that fits, and one of its operations.
fn is_mongodb(octets: &Payload<'_>) -> bool {
    let (Some(length), Some(operation)) = (octets.u32_little(0), octets.u32_little(12)) else { return false };
    let fits = length as usize == octets.length
        || (length < MESSAGE_MAX && length as usize > octets.length && octets.length >= 536);
    fits && matches!(operation, 1 | 2001..=2007 | 2010..=2013)
}
