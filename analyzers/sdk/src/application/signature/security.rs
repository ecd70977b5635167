//! What encrypts or authenticates: TLS, SSH, IKE, WireGuard, OpenVPN, Kerberos.

use super::Payload;
use crate::application::Protocol;

/// The most bytes of a TLS record (RFC 8446 §5.2, with the older expansion).
const RECORD_MAX: usize = 16_384 + 2_048;

pub(super) fn stream(octets: &Payload<'_>) -> Option<Protocol> {
    match octets.bytes {
        // RFC 4253 §4.2.
        [b'S', b'S', b'H', b'-', b'1' | b'2', b'.', ..] => Some(Protocol::Ssh),
        [20..=23, 3, ..] if is_tls(octets) => Some(Protocol::Tls),
        [0x80..=0xbf, _, 1, ..] if is_sslv2_hello(octets) => Some(Protocol::Tls),
        // A record mark, and behind it what UDP has.
        [0, 0, _, _, rest @ ..] if is_kerberos(octets, rest, 4) => Some(Protocol::Kerberos),
        _ => None,
    }
}

pub(super) fn datagram(octets: &Payload<'_>) -> Option<Protocol> {
    match octets.bytes {
        [1, 0, 0, 0, ..] if octets.is_length(148) => Some(Protocol::Wireguard),
        [2, 0, 0, 0, ..] if octets.is_length(92) => Some(Protocol::Wireguard),
        // P_CONTROL_HARD_RESET_CLIENT_V2 without tls-auth: session, no acknowledgment, packet 0.
        [0x38, _, _, _, _, _, _, _, _, 0, 0, 0, 0, 0] => Some(Protocol::Openvpn),
        // RFC 3948 §2.2: four zeros tell IKE from ESP on port 4500.
        [0, 0, 0, 0, rest @ ..] if is_ike(rest, octets.length.saturating_sub(4)) => Some(Protocol::Ike),
        whole if is_ike(whole, octets.length) => Some(Protocol::Ike),
        whole if is_kerberos(octets, whole, 0) => Some(Protocol::Kerberos),
        _ => None,
    }
}

/// Whether a segment begins with a ClientHello: what takes a connection over to TLS.
pub(in crate::application) fn is_client_hello(octets: &Payload<'_>) -> bool {
    matches!(octets.bytes, [22, 3, 0..=4, _, _, 1, 0, ..]) && is_tls(octets)
}

/// Whether a segment of a TLS server holds the certificate that Tor makes for a link: its issuer is `www.` and 8 to 20 digits of Base32 and `.com`, its subject
/// the like with `.net` (`tor_tls_context_init_certificates` of Tor's sources). TLS 1.3 encrypts it.
pub(in crate::application) fn is_tor_certificate(octets: &Payload<'_>) -> bool {
    // ClientHello and ClientKeyExchange are the client's.
    if !matches!(octets.bytes, [22, 3, ..]) || matches!(octets.bytes, [_, _, _, _, _, 1 | 16, ..]) {
        return false;
    }
    let (mut com, mut net) = (false, false);
    for (at, word) in octets.bytes.windows(4).enumerate() {
        if word != b"www." {
            continue;
        }
        let name = octets.bytes.get(at.saturating_add(4)..).unwrap_or_default();
        let digits = name.iter().take_while(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')).count();
        if (8..=20).contains(&digits) {
            let ending = name.get(digits..).unwrap_or_default();
            com |= ending.starts_with(b".com");
            net |= ending.starts_with(b".net");
        }
    }
    com && net
}

/// TLS records (RFC 8446 §5.1): a known type and version, a length, and another record where it ends.
fn is_tls(octets: &Payload<'_>) -> bool {
    let (Some(kind), Some(version), Some(length)) = (octets.u8(0), octets.u16(1), octets.u16(3)) else { return false };
    if !matches!(version, 0x0300..=0x0304) || length == 0 || length > RECORD_MAX {
        return false;
    }
    let end = length.saturating_add(5);
    let next = octets.u8(end).is_none_or(|kind| matches!(kind, 20..=24))
        && octets.u8(end.saturating_add(1)).is_none_or(|major| major == 3);
    let content = match kind {
        20 => length == 1,
        // Level and description, or encrypted.
        21 => length >= 2 && (length > 2 || matches!(octets.u8(5), Some(1 | 2) | None)),
        // A message in clear says its length, which a record or several hold; encrypted ones say anything.
        22 => match (octets.u8(5), octets.u8(6)) {
            (Some(1 | 2), Some(high)) => high == 0,
            _ => length >= 4,
        },
        _ => true,
    };
    content && next
}

/// The hello of SSL 2, which later versions could begin with too (RFC 5246 appendix E.2).
fn is_sslv2_hello(octets: &Payload<'_>) -> bool {
    let Some(word) = octets.u16(0) else { return false };
    let version = matches!(octets.u16(3), Some(0x0002 | 0x0300..=0x0303));
    // Lengths of the ciphers are multiples of three.
    version
        && octets.is_length((word & 0x7fff).saturating_add(2))
        && octets.u16(5).is_some_and(|ciphers| ciphers > 0 && ciphers.is_multiple_of(3))
}

/// IKE (RFC 7296 §3.1, RFC 2408 §3.1): the initiator's index, a version and an exchange in use, a length.
pub(super) fn is_ike(payload: &[u8], length: usize) -> bool {
    let Some([initiator, _, tail]) = payload.first_chunk::<24>().map(|head| {
        let (a, rest) = head.split_at(8);
        let (b, c) = rest.split_at(8);
        [a, b, c]
    }) else {
        return false;
    };
    let [next, version, exchange, _flags, _, _, _, _] = *tail else { return false };
    let said = payload.get(24..).and_then(|rest| rest.first_chunk::<4>()).map(|octets| u32::from_be_bytes(*octets));
    let known = match version {
        0x10 => matches!(exchange, 1..=6 | 32..=34) && next <= 21 || next >= 128,
        0x20 => matches!(exchange, 34..=44),
        _ => false,
    };
    known && initiator.iter().any(|octet| *octet != 0) && said.is_some_and(|said| said as usize == length)
}

/// WireGuard's messages by type and size (Donenfeld 2017, §5.4).
pub(super) fn is_wireguard(octets: &Payload<'_>) -> bool {
    match octets.bytes {
        [1, 0, 0, 0, ..] => octets.is_length(148),
        [2, 0, 0, 0, ..] => octets.is_length(92),
        [3, 0, 0, 0, ..] => octets.is_length(64),
        [4, 0, 0, 0, ..] => octets.length >= 32 && octets.length.is_multiple_of(16),
        _ => false,
    }
}

/// OpenVPN's first messages: the reset of a client or server, with key 0.
pub(super) fn is_openvpn(payload: &[u8]) -> bool {
    matches!(payload, [0x38 | 0x40 | 0x50, ..]) && payload.len() >= 14
}

/// Kerberos (RFC 4120 §5): an application tag of ASN.1 whose length is what there is, a sequence in it. `mark` bytes stand before.
fn is_kerberos(octets: &Payload<'_>, message: &[u8], mark: usize) -> bool {
    if !is_kerberos_tag(message) {
        return false;
    }
    let Some((length, header)) = super::services::ber_length(message) else { return false };
    let whole = length.saturating_add(header);
    let marked = mark == 0 || octets.u32(0).is_some_and(|marked| marked as usize == whole);
    // A long message goes on in further segments.
    let fits = if mark == 0 { octets.is_length(whole) } else { marked };
    fits && message.get(header) == Some(&0x30)
}

/// AS-REQ to TGS-REP, AP-REQ, AP-REP, KRB-ERROR.
pub(super) fn is_kerberos_tag(message: &[u8]) -> bool {
    matches!(message, [0x6a..=0x6f | 0x74..=0x76 | 0x7e, ..])
}
