//! Services that networks are built of: configuration, names, time, management, routing.

use super::{Payload, dns};
use crate::application::Protocol;

pub(super) fn datagram(octets: &Payload<'_>) -> Option<Protocol> {
    let protocol = match octets.bytes {
        [0x30, ..] => return asn1(octets),
        [1 | 2, ..] if is_dhcp(octets) => Protocol::Dhcp,
        _ if octets.length >= 50 && dns::is_netbios(octets) => Protocol::Nbns,
        // The magic packet: six bytes of ones, an address sixteen times.
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, address @ ..] if is_magic(address) => Protocol::WakeOnLan,
        _ if octets.is_length(48) && is_certain_ntp(octets.bytes) => Protocol::Ntp,
        [0, 1 | 2, b'!'..=b'~', ..] if is_tftp_request(octets.bytes) => Protocol::Tftp,
        _ => return None,
    };
    Some(protocol)
}

/// SNMP (RFC 3416, RFC 3412) and LDAP (RFC 4511): a sequence as long as the datagram, and what its first elements are.
fn asn1(octets: &Payload<'_>) -> Option<Protocol> {
    let (length, header) = ber_length(octets.bytes)?;
    octets.is_length(length.saturating_add(header)).then_some(())?;
    message(octets.bytes.get(header..)?)
}

/// What the elements within the sequence say.
pub(super) fn message(elements: &[u8]) -> Option<Protocol> {
    match elements {
        // Version; a community, or version 3's header.
        [2, 1, 0 | 1, 4, ..] | [2, 1, 3, 0x30, ..] => Some(Protocol::Snmp),
        [2, size @ 1..=5, rest @ ..] => match rest.get(usize::from(*size)) {
            // Bind to extended response, unbind, delete, abandon.
            Some(0x60..=0x61 | 0x63..=0x69 | 0x6b..=0x6f | 0x73 | 0x77..=0x79 | 0x42 | 0x4a | 0x50) => {
                Some(Protocol::Ldap)
            }
            _ => None,
        },
        _ => None,
    }
}

/// The length of an ASN.1 element, and the bytes before its content (X.690 §8.1). No message has one above four bytes.
pub(super) fn ber_length(element: &[u8]) -> Option<(usize, usize)> {
    let first = *element.get(1)?;
    if first < 0x80 {
        return Some((first.into(), 2));
    }
    let octets = element.get(2..)?.get(..usize::from(first & 0x7f))?;
    let length = octets.iter().fold(0_usize, |length, octet| length << 8 | usize::from(*octet));
    matches!(octets.len(), 1..=4).then(|| (length, octets.len().saturating_add(2)))
}

/// Whether the same address stands there sixteen times.
fn is_magic(addresses: &[u8]) -> bool {
    let mut copies = addresses.chunks_exact(6).take(16);
    let first = copies.next();
    addresses.len() >= 96 && copies.all(|copy| Some(copy) == first)
}

/// BOOTP's fixed part (RFC 951 §3).
pub(super) fn is_bootp(octets: &Payload<'_>) -> bool {
    matches!(octets.bytes, [1 | 2, 0..=40, 0..=16, ..]) && octets.length >= 236
}

/// DHCP: BOOTP with the magic cookie (RFC 2131 §3).
fn is_dhcp(octets: &Payload<'_>) -> bool {
    is_bootp(octets) && octets.u32(236) == Some(0x6382_5363)
}

/// RFC 8415 §8 and §9: a type, and options up to the end.
pub(super) fn is_dhcpv6(octets: &Payload<'_>) -> bool {
    let Some(kind) = octets.u8(0) else { return false };
    // Relayed: hops, two addresses.
    let mut at = if matches!(kind, 12 | 13) { 34 } else { 4_usize };
    if !matches!(kind, 1..=36) || octets.length < at {
        return false;
    }
    while let Some(length) = octets.u16(at.saturating_add(2)) {
        at = at.saturating_add(length).saturating_add(4);
    }
    // Some pad behind the options; what was cut ends anywhere.
    at <= octets.length || octets.bytes.len() < octets.length
}

/// NTP (RFC 5905 §7.3, RFC 9327 for control, ntpdc's private mode): version and mode, and the lengths that they have.
pub(super) fn is_ntp(octets: &Payload<'_>) -> bool {
    let Some(first) = octets.u8(0) else { return false };
    let (version, mode) = (first >> 3 & 7, first & 7);
    match mode {
        0..=5 => {
            matches!(version, 1..=4)
                && octets.length >= 48
                && octets.length.is_multiple_of(4)
                && octets.u8(1).is_some_and(|stratum| stratum <= 16)
        }
        6 => octets.length >= 12,
        _ => octets.length >= 8,
    }
}

/// NTP on any port: a client that tells nothing but its own time, or a server with a reference, both 48 bytes (RFC 5905 §7.3).
fn is_certain_ntp(message: &[u8]) -> bool {
    let Some(header) = message.first_chunk::<48>() else { return false };
    let [first, stratum, poll, precision, times @ ..] = header;
    let (version, mode) = (first >> 3 & 7, first & 7);
    let (before, transmitted) = times.split_at(36);
    let reference = times.get(12..16).unwrap_or_default();
    // Seconds since 1900, from 1990 on to the end of the era.
    let is_time = |time: &[u8]| time.first().is_some_and(|high| *high >= 0xa9);
    match mode {
        3 => matches!(version, 3 | 4) && *stratum == 0 && before.iter().all(|byte| *byte == 0) && is_time(transmitted),
        4 => {
            let received = before.get(28..).unwrap_or_default();
            matches!(version, 3 | 4)
                && (1..=15).contains(stratum)
                && *poll <= 17
                && *precision >= 0xe0
                && is_time(reference)
                && is_time(received)
                && is_time(transmitted)
                && received.starts_with(transmitted.get(..3).unwrap_or_default())
        }
        _ => false,
    }
}

/// RFC 3164 §4.1.1: a priority up to 191.
pub(super) fn is_syslog(octets: &Payload<'_>) -> bool {
    let Some(end) = octets.bytes.iter().take(5).position(|octet| *octet == b'>') else { return false };
    let digits = octets.bytes.get(1..end).unwrap_or_default();
    let number = digits.iter().fold(0_u32, |number, digit| number * 10 + u32::from(digit.wrapping_sub(b'0')));
    octets.u8(0) == Some(b'<') && !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) && number <= 191
}

/// RFC 2865 §3: a code, the length (padding may follow), attributes that fill it.
pub(super) fn is_radius(octets: &Payload<'_>) -> bool {
    let Some(length) = octets.u16(2) else { return false };
    if !matches!(octets.u8(0), Some(1..=5 | 11..=13 | 40..=45)) || length < 20 || length > octets.length {
        return false;
    }
    let mut at = 20_usize;
    while at < length {
        match octets.u8(at.saturating_add(1)) {
            Some(size @ 2..) => at = at.saturating_add(size.into()),
            Some(_) => return false,
            None => return octets.bytes.len() < octets.length,
        }
    }
    at == length
}

/// RFC 2453 §4: a command, a version, entries of twenty bytes.
pub(super) fn is_rip(octets: &Payload<'_>) -> bool {
    matches!(octets.bytes, [1 | 2, 1 | 2, ..])
        && octets.length.checked_sub(4).is_some_and(|entries| entries.is_multiple_of(20))
}

/// RFC 2080 §2.1.
pub(super) fn is_ripng(octets: &Payload<'_>) -> bool {
    matches!(octets.bytes, [1 | 2, 1, 0, 0, ..])
        && octets.length.checked_sub(4).is_some_and(|entries| entries.is_multiple_of(20))
}

/// RFC 5880 §4.1.
pub(super) fn is_bfd(octets: &Payload<'_>) -> bool {
    matches!(octets.bytes, [first, _, _, length, ..] if first >> 5 <= 1 && *length >= 24 && usize::from(*length) <= octets.length)
}

/// RFC 5036 §3.1: version 1, a length.
pub(super) fn is_ldp(octets: &Payload<'_>) -> bool {
    octets.starts(&[0, 1])
        && octets.u16(2).is_some_and(|length| length >= 6 && length.saturating_add(4) <= octets.length)
}

/// IEEE 1588 §13.3: a version and the message's length.
pub(super) fn is_ptp(octets: &Payload<'_>) -> bool {
    octets.u8(1).is_some_and(|version| matches!(version & 0xf, 1 | 2))
        && octets.u16(2).is_some_and(|length| length >= 34 && length <= octets.length)
}

/// Versions 5 and 9 of Cisco's NetFlow (RFC 3954), and IPFIX (RFC 7011 §3.1).
pub(super) fn is_netflow(octets: &Payload<'_>) -> bool {
    match octets.u16(0) {
        Some(5) => octets.u16(2).is_some_and(|records| octets.is_length(records.saturating_mul(48).saturating_add(24))),
        Some(9) => octets.length >= 20,
        Some(10) => octets.u16(2).is_some_and(|length| octets.is_length(length)),
        _ => false,
    }
}

/// RFC 7252 §3: version 1, a token of up to eight bytes, a class of codes in use.
pub(super) fn is_coap(octets: &Payload<'_>) -> bool {
    matches!(octets.bytes, [first, code, _, _, ..] if first >> 6 == 1 && first & 0xf <= 8 && matches!(code >> 5, 0 | 2 | 4 | 5))
}

/// RFC 1002 §4.4: a type, and for those with data the length of what follows the header.
pub(super) fn is_netbios_datagram(octets: &Payload<'_>) -> bool {
    matches!(octets.bytes, [0x10..=0x16, flags, ..] if flags & 0xf0 == 0) && octets.length >= 10
}

/// RFC 1350 §5: a file's name and a mode, each with a zero at its end.
fn is_tftp_request(payload: &[u8]) -> bool {
    let mut texts = payload.get(2..).unwrap_or_default().split(|octet| *octet == 0);
    let (Some(name), Some(mode)) = (texts.next(), texts.next()) else { return false };
    let modes: [&[u8]; 3] = [b"octet", b"netascii", b"mail"];
    name.iter().all(|octet| !octet.is_ascii_control()) && modes.iter().any(|known| mode.eq_ignore_ascii_case(known))
}
