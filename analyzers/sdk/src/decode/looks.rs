//! Whether bytes look like a header: for what a port or a label alone does not tell. What was not captured is taken for right.

use super::cursor::Cursor;

/// Tags that are looked through to the EtherType.
const TAGS_MAX: usize = 4;
/// Frames within frames that are looked into.
const WITHIN_MAX: u8 = 3;

/// An IPv4 header whose lengths go with what there is.
pub(super) fn ipv4(at: &Cursor<'_>) -> bool {
    let Some(first) = at.peek(0) else { return at.is_cut() };
    let header = usize::from(first & 0x0f).saturating_mul(4);
    first >> 4 == 4
        && header >= 20
        && at.peek_u16(2).map(usize::from).map_or(at.is_cut(), |total| total >= header && at.has(total))
}

/// An IPv6 header whose length goes with what there is.
pub(super) fn ipv6(at: &Cursor<'_>) -> bool {
    let Some(first) = at.peek(0) else { return at.is_cut() };
    first >> 4 == 6 && at.peek_u16(4).map(usize::from).map_or(at.is_cut(), |length| at.has(length.saturating_add(40)))
}

/// IP of either version.
pub(super) fn ip(at: &Cursor<'_>) -> bool {
    ipv4(at) || ipv6(at)
}

/// IP that fills all there is, to the byte. Of IPv4, the header's checksum is right, too; of IPv6, protocol and addresses are in use.
/// For what has no header of its own.
pub(super) fn exactly_ip(at: &Cursor<'_>) -> bool {
    let whole = at.length();
    match at.peek(0).map(|first| first >> 4) {
        Some(4) => ipv4(at) && at.peek_u16(2).map(usize::from) == Some(whole) && ipv4_checksum(at),
        Some(6) => {
            at.peek_u16(4).map(|length| usize::from(length).saturating_add(40)) == Some(whole)
                && at.peek(6).is_some_and(|protocol| {
                    matches!(protocol, 0 | 4 | 6 | 17 | 41 | 43 | 44 | 47 | 50 | 51 | 58 | 59 | 60 | 132)
                })
                && at.peek(8).is_some_and(is_in_use)
                && at.peek(24).is_some_and(|first| first == 0xff || is_in_use(first))
        }
        _ => false,
    }
}

/// The first byte of unicast addresses of IPv6 (IANA, Internet Protocol Version 6 Address Space).
fn is_in_use(first: u8) -> bool {
    matches!(first, 0 | 0x20..=0x3f | 0xfc..=0xfe)
}

/// RFC 1071 over the header.
fn ipv4_checksum(at: &Cursor<'_>) -> bool {
    let length = usize::from(at.peek(0).unwrap_or_default() & 0x0f).saturating_mul(4);
    let Some(header) = at.rest.get(..length) else { return false };
    let words = header.chunks_exact(2).map(|pair| match pair {
        [high, low] => u32::from(u16::from_be_bytes([*high, *low])),
        _ => 0,
    });
    let sum = words.fold(0_u32, u32::saturating_add);
    let folded = (sum & 0xffff).saturating_add(sum >> 16);
    (folded & 0xffff).saturating_add(folded >> 16) == 0xffff
}

/// Ethernet with a known type whose content looks like that, or IEEE 802.3 with a length that is there.
pub(super) fn ethernet(at: &Cursor<'_>) -> bool {
    ethernet_within(at, WITHIN_MAX)
}

/// What an EtherType says, or what a length of IEEE 802.3 has.
pub(super) fn carried(kind: u16, at: &Cursor<'_>) -> bool {
    carried_within(kind, at, WITHIN_MAX)
}

fn ethernet_within(at: &Cursor<'_>, levels: u8) -> bool {
    at.peek_u16(12).zip(at.behind(14)).is_some_and(|(kind, inner)| carried_within(kind, &inner, levels))
}

fn carried_within(mut kind: u16, at: &Cursor<'_>, levels: u8) -> bool {
    let Some(levels) = levels.checked_sub(1) else { return false };
    let mut at = *at;
    for _ in 0..TAGS_MAX {
        let length = match kind {
            0x8100 | 0x88a8 | 0x9100 | 0x9200 => 2,
            0x8926 | 0x892f | 0xf1c1 => 4,
            0x8909 | 0x893f => 6,
            _ => return content(kind, &at, levels),
        };
        if at.skip(length).is_err() {
            return false;
        }
        let Ok(inner) = at.u16() else { return false };
        kind = inner;
    }
    false
}

/// What an EtherType says that is no tag.
fn content(kind: u16, at: &Cursor<'_>, levels: u8) -> bool {
    // Beginnings; of what was cut before, nothing is known.
    let begins = |test: fn(u8, u8) -> bool| match at.rest {
        [first, second, ..] => test(*first, *second),
        _ => at.is_cut(),
    };
    match kind {
        0x0800 => ipv4(at),
        0x86dd => ipv6(at),
        // Ethernet and IPv4.
        0x0806 | 0x8035 => {
            begins(|first, second| (first, second) == (0, 1)) && at.peek_u16(2).is_none_or(|kind| kind == 0x0800)
        }
        0x6558 => ethernet_within(at, levels),
        0x88e7 => at.behind(4).is_some_and(|inner| ethernet_within(&inner, levels)),
        0x8847 | 0x8848 => mpls(at),
        0x8863 => begins(|first, code| first == 0x11 && code != 0),
        0x8864 => {
            begins(|first, code| (first, code) == (0x11, 0))
                && at.peek_u16(4).is_none_or(|length| at.has(length.into()))
        }
        0x894f => nsh(at, levels),
        // MACsec: version 0, and a length below 48.
        0x88e5 => begins(|control, short| control & 0x80 == 0 && short < 48) && at.has(24),
        // EAPOL, LLDP, slow protocols, flow control, PTP, connectivity fault management, loopback.
        0x888e => begins(|version, kind| matches!(version, 1..=3) && kind <= 8),
        0x88cc => begins(|first, length| first == 2 && length >= 2),
        0x8809 => begins(|subtype, version| matches!(subtype, 1..=10) && version <= 2),
        0x8808 => begins(|high, low| matches!((high, low), (0 | 1, 1))),
        0x88f7 => begins(|_, version| version & 0x0f == 2),
        0x8902 => begins(|level, operation| level & 0x1f == 0 && operation > 0),
        0x9000 => begins(|first, second| (first, second) == (0, 0)),
        0..=0x05dc => at.has(kind.into()) && llc(at),
        _ => false,
    }
}

/// RFC 8300: version 0 and a length, and a next protocol that looks like what it is.
fn nsh(at: &Cursor<'_>, levels: u8) -> bool {
    match at.rest {
        [first, second, _, protocol, ..] if first >> 6 == 0 && second & 0x3f >= 2 => {
            let inner = at.behind(usize::from(second & 0x3f).saturating_mul(4));
            // What is nested further is not looked at.
            inner.is_some_and(|inner| *protocol == 4 || next_protocol_within(*protocol, &inner, levels))
        }
        _ => false,
    }
}

/// What a next protocol of NSH or VXLAN-GPE says.
pub(super) fn next_protocol(protocol: u8, at: &Cursor<'_>) -> bool {
    next_protocol_within(protocol, at, WITHIN_MAX)
}

fn next_protocol_within(protocol: u8, at: &Cursor<'_>, levels: u8) -> bool {
    match protocol {
        1 => ipv4(at),
        2 => ipv6(at),
        3 => ethernet_within(at, levels),
        4 => nsh(at, levels),
        5 => mpls(at),
        _ => false,
    }
}

/// Service access points that are in use.
fn llc(at: &Cursor<'_>) -> bool {
    matches!(
        at.rest,
        [0xaa, 0xaa, 0x03, ..]
            | [0x42, 0x42, 0x03, ..]
            | [0xfe, 0xfe, 0x03, ..]
            | [0xe0, 0xe0, 0x03, ..]
            | [0xf0, 0xf0, ..]
            | [0x06, 0x06, 0x03, ..]
    )
}

/// PPP with IP whose lengths are right, MPLS, or a message of its control protocols.
pub(super) fn ppp(at: &Cursor<'_>) -> bool {
    let framing = if let [0xff, 0x03, ..] = at.rest { 2 } else { 0 };
    let Some(at) = at.behind(framing) else { return false };
    let behind = |count, test: fn(&Cursor<'_>) -> bool| at.behind(count).is_some_and(|inner| test(&inner));
    match at.rest {
        [0x00, 0x21, ..] => behind(2, ipv4),
        [0x21, ..] => behind(1, ipv4),
        [0x00, 0x57, ..] => behind(2, ipv6),
        [0x57, ..] => behind(1, ipv6),
        [0x02, 0x81 | 0x83, ..] => true,
        // Code and length.
        [0x80 | 0x82 | 0xc0 | 0xc2, _, 1..=15, _, high, low, ..] => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            length >= 4 && at.has(length.saturating_add(2))
        }
        _ => false,
    }
}

/// IEEE 802.11: data with LLC behind its header or encrypted, or a management frame.
pub(super) fn ieee80211(at: &Cursor<'_>, swapped: bool) -> bool {
    let (first, second) = if swapped { (1, 0) } else { (0, 1) };
    let (Some(control), Some(flags)) = (at.peek(first), at.peek(second)) else { return false };
    if control & 3 != 0 || !at.has(24) {
        return false;
    }
    match control >> 2 & 3 {
        // Management frames have no distribution system bits.
        0 => flags & 3 == 0 && matches!(control >> 4, 0..=6 | 8..=14),
        2 if flags & 0x40 != 0 => true,
        2 if control & 0x40 == 0 => {
            let mut header = 24_usize;
            if flags & 3 == 3 {
                header = header.saturating_add(6);
            }
            if control & 0x80 != 0 {
                header = header.saturating_add(if flags & 0x80 == 0 { 2 } else { 6 });
            }
            matches!(at.rest.get(header..), Some([0xaa, 0xaa, 0x03, ..] | [0x42, 0x42, 0x03, ..]))
        }
        2 => true,
        _ => false,
    }
}

/// Whether a label stack begins here that leads to IP or Ethernet.
pub(super) fn mpls(at: &Cursor<'_>) -> bool {
    below_labels(at).is_some_and(|at| ip(&at) || has_ethertype(&at, 12) || has_ethertype(&at, 16))
}

/// The same with better evidence, for where a UDP port alone tells of it (RFC 7510).
pub(super) fn mpls_surely(at: &Cursor<'_>) -> bool {
    below_labels(at).is_some_and(|at| {
        let behind_control_word = || at.behind(4).is_some_and(|inner| ethernet(&inner));
        exactly_ip(&at) || ethernet(&at) || behind_control_word()
    })
}

/// What is below a label stack.
fn below_labels<'a>(at: &Cursor<'a>) -> Option<Cursor<'a>> {
    const LABELS_MAX: usize = 8;
    let mut at = *at;
    for _ in 0..LABELS_MAX {
        if at.u32().ok()? & 0x100 != 0 {
            return Some(at);
        }
    }
    None
}

/// Whether an EtherType of IP, ARP or VLANs stands there.
pub(super) fn has_ethertype(at: &Cursor<'_>, index: usize) -> bool {
    matches!(at.peek_u16(index), Some(0x0800 | 0x0806 | 0x8100 | 0x86dd | 0x88a8))
}
