//! Whether bytes look like a header: for what a port or a label alone does not tell. What was not captured is taken for right.

use super::cursor::Cursor;

/// Tags that are looked through to the EtherType.
const TAGS_MAX: usize = 4;

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

/// IP that fills all there is, to the byte; of IPv4, the header's checksum is right, too. For what has no header of its own.
pub(super) fn exactly_ip(at: &Cursor<'_>) -> bool {
    let whole = at.length();
    match at.peek(0).map(|first| first >> 4) {
        Some(4) => ipv4(at) && at.peek_u16(2).map(usize::from) == Some(whole) && ipv4_checksum(at),
        Some(6) => ipv6(at) && at.peek_u16(4).map(|length| usize::from(length).saturating_add(40)) == Some(whole),
        _ => false,
    }
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
    let mut offset = 12_usize;
    for _ in 0..TAGS_MAX {
        let Some(kind) = at.peek_u16(offset) else { return false };
        offset = offset.saturating_add(2);
        if !matches!(kind, 0x8100 | 0x88a8 | 0x9100 | 0x9200) {
            return at.behind(offset).is_some_and(|inner| carried(kind, &inner));
        }
        offset = offset.saturating_add(2);
    }
    false
}

/// What an EtherType says, or what a length of IEEE 802.3 has.
pub(super) fn carried(kind: u16, at: &Cursor<'_>) -> bool {
    match kind {
        0x0800 => ipv4(at),
        0x86dd => ipv6(at),
        // Ethernet and IPv4.
        0x0806 | 0x8035 => at.rest.is_empty() && at.is_cut() || matches!(at.rest, [0, 1, 8, 0, ..]),
        0x6558 => ethernet(at),
        0x8863 | 0x8864 => at.peek(0).map_or(at.is_cut(), |first| first == 0x11),
        0x6559 | 0x8808 | 0x8809 | 0x8847 | 0x8848 | 0x888e | 0x88cc | 0x88e5 | 0x88e7 | 0x88f7 | 0x8902 | 0x8909
        | 0x8926 | 0x892f | 0x893f | 0x894f | 0x9000 => true,
        0..=0x05dc => at.has(kind.into()) && llc(at),
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
