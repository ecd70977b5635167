//! Media and what sets it up: STUN, RTP, RTCP, DTLS, QUIC. RFC 7983 tells apart what shares a port by the first byte.

use super::Payload;
use crate::application::Protocol;

/// RTP: what makes packets of one stream follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::application) struct Rtp {
    /// The synchronization source.
    pub(in crate::application) source: u32,
    /// The sequence number.
    pub(in crate::application) sequence: u16,
}

/// The header of a datagram that could be RTP (RFC 3550 §5.1). One says little: two bits are fixed.
pub(in crate::application) fn rtp(octets: &Payload<'_>) -> Option<Rtp> {
    let [first, kind, s1, s2, _, _, _, _, source @ ..] = *octets.bytes.first_chunk::<12>()?;
    let header = usize::from(first & 0xf).saturating_mul(4).saturating_add(12);
    // RFC 5761 §4: these are RTCP where both share a port.
    let is_rtcp = matches!(kind, 192..=223);
    (first >> 6 == 2 && !is_rtcp && header <= octets.length)
        .then(|| Rtp { source: u32::from_be_bytes(source), sequence: u16::from_be_bytes([s1, s2]) })
}

/// RTCP (RFC 3550 §6.1): packets one behind the other up to the datagram's end, a report first.
fn is_rtcp(octets: &Payload<'_>) -> bool {
    let mut at = 0;
    while at < octets.length {
        let (Some(first), Some(kind), Some(words)) =
            (octets.u8(at), octets.u8(at.saturating_add(1)), octets.u16(at.saturating_add(2)))
        else {
            // What was cut off cannot contradict; the first packet must be there.
            return at > 0 && octets.bytes.len() < octets.length;
        };
        let known = if at == 0 { matches!(kind, 200 | 201) } else { matches!(kind, 200..=207) };
        if first >> 6 != 2 || !known {
            return false;
        }
        at = at.saturating_add(words.saturating_add(1).saturating_mul(4));
    }
    at == octets.length && at > 0
}

/// What shares a port with RTP, by the first byte and its own form (RFC 7983, RFC 5761).
pub(in crate::application) fn shared(octets: &Payload<'_>) -> Option<Protocol> {
    match octets.bytes {
        [0..=3, ..] if is_stun(octets) => Some(Protocol::Stun),
        [20..=63, ..] if is_dtls(octets) => Some(Protocol::Dtls),
        [64..=79, ..] => Some(Protocol::Stun),
        [128..=191, 192..=223, ..] => Some(Protocol::Rtcp),
        [128..=191, ..] => Some(Protocol::Rtp),
        _ => None,
    }
}

/// STUN (RFC 8489 §5): two zero bits, a length in words, the magic cookie.
fn is_stun(octets: &Payload<'_>) -> bool {
    let length = octets.u16(2).unwrap_or(1);
    matches!(octets.u8(0), Some(0..=63))
        && octets.u32(4) == Some(0x2112_a442)
        && length.is_multiple_of(4)
        && octets.is_length(length.saturating_add(20))
}

/// STUN before the cookie (RFC 3489 §11.1).
pub(super) fn is_classic_stun(octets: &Payload<'_>) -> bool {
    let known = matches!(octets.u16(0), Some(0x0001 | 0x0002 | 0x0101 | 0x0102 | 0x0111 | 0x0112));
    known && octets.u16(2).is_some_and(|length| octets.is_length(length.saturating_add(20)))
}

/// DTLS records (RFC 6347 §4.1): a known type and version, and lengths that go with the datagram's.
fn is_dtls(octets: &Payload<'_>) -> bool {
    let version = matches!(octets.bytes, [20..=26, 0xfe, 0xff | 0xfd, ..] | [20..=24, 1, 0, 0, 0, ..]);
    let Some(length) = octets.u16(11) else { return false };
    let end = length.saturating_add(13);
    let next = octets.u8(end);
    version
        && length > 0
        && (end == octets.length || (end < octets.length && next.is_none_or(|kind| matches!(kind, 20..=63))))
}

pub(super) fn certain(octets: &Payload<'_>) -> Option<Protocol> {
    let protocol = match octets.bytes {
        [0..=63, ..] if is_stun(octets) => Protocol::Stun,
        [20..=26, ..] if is_dtls(octets) => Protocol::Dtls,
        [128..=191, 200 | 201, ..] if is_rtcp(octets) => Protocol::Rtcp,
        [128..=255, ..] => quic(octets)?,
        [flags, ..] if flags & 1 != 0 => google_quic(octets)?,
        _ => return None,
    };
    Some(protocol)
}

/// QUIC's long header (RFC 8999 §5.1): a known version, and connection identifiers that fit.
fn quic(octets: &Payload<'_>) -> Option<Protocol> {
    let version = octets.u32(1)?;
    let destination = usize::from(octets.u8(5)?);
    let source = usize::from(octets.u8(destination.saturating_add(6))?);
    let header = destination.saturating_add(source).saturating_add(7);
    let fits = destination <= 20 && source <= 20 && header < octets.length;
    let fixed_bit = octets.u8(0)? & 0x40 != 0;
    match version {
        // Version negotiation (RFC 9000 §17.2.1): a list of versions.
        0 if fits && octets.length.saturating_sub(header).is_multiple_of(4) => {
            let listed = octets.bytes.get(header..).unwrap_or_default().chunks_exact(4);
            let mut versions = listed.map(|version| version.iter().fold(0, |all, octet| all << 8 | u32::from(*octet)));
            versions.any(is_quic_version).then_some(Protocol::Quic)
        }
        known if fits && fixed_bit && is_quic_version(known) => Some(Protocol::Quic),
        // Q046, Q050, T051 and the like have other lengths in the same place.
        _ if is_google_version(octets.bytes.get(1..5)?) => Some(Protocol::Gquic),
        _ => None,
    }
}

/// RFC 9000, RFC 9369, drafts, mvfst, versions that provoke negotiation (RFC 9000 §15).
fn is_quic_version(version: u32) -> bool {
    matches!(version, 1 | 0x6b33_43cf | 0xff00_0000..=0xff00_00ff | 0xface_b000..=0xface_b00f)
        || version & 0x0f0f_0f0f == 0x0a0a_0a0a
}

/// The public header of Google's QUIC up to version 43: a version, and an identifier of eight bytes.
fn google_quic(octets: &Payload<'_>) -> Option<Protocol> {
    let version = match octets.u8(0)? & 0x08 {
        0 => octets.bytes.get(1..5)?,
        _ => octets.bytes.get(9..13)?,
    };
    is_google_version(version).then_some(Protocol::Gquic)
}

fn is_google_version(version: &[u8]) -> bool {
    matches!(version, [b'Q' | b'T', b'0', b'0'..=b'9', b'0'..=b'9'])
}
