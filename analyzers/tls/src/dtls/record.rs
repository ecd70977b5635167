//! Records of DTLS (RFC 6347 §4.1, RFC 9147 §4, with connection ids RFC 9146 §4).

use mcpcap_tls_records::records::APPLICATION_DATA;

/// A record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Content type; of the short form of DTLS 1.3, which hides it, application data.
    pub kind: u8,
    /// 0 as long as nothing is encrypted. Of the short form 1 stands for all others.
    pub epoch: u16,
    pub content: &'a [u8],
    /// Whether it has the short form of DTLS 1.3, in which much looks like a record.
    pub is_short: bool,
    /// Whether the datagram has all of it.
    pub is_whole: bool,
}

/// Bytes of a header, with the length at its end.
const HEADER: usize = 13;
/// Content type of a record that has a connection id before its length, and hides its own type.
pub const WITH_ID: u8 = 25;

/// Whether a datagram may begin with a record: what other protocols send on the same ports does not (RFC 7983).
pub fn may_begin(payload: &[u8]) -> bool {
    match payload {
        [20..=26, 0xfe, 0xfd | 0xff, ..] => payload.len() >= HEADER,
        [0x20..=0x3f, ..] => true,
        _ => false,
    }
}

impl<'a> Record<'a> {
    /// The next one of a datagram, which it takes from it. `id`: bytes of the connection id that its direction has, where both sides agreed on one; without
    /// them a record with an id is taken for the last one, and not for a whole one.
    pub fn next(bytes: &mut &'a [u8], id: Option<u8>) -> Option<Self> {
        let record = match *bytes {
            [kind @ 20..=26, 0xfe, 0xfd | 0xff, high, low, ..] => {
                let has_id = *kind == WITH_ID;
                let extra = if has_id { usize::from(id.unwrap_or_default()) } else { 0 };
                let (header, rest) = bytes.split_at_checked(HEADER.saturating_add(extra))?;
                let [.., length_high, length_low] = header else { return None };
                let length = usize::from(u16::from_be_bytes([*length_high, *length_low]));
                let is_known = !has_id || id.is_some();
                let (content, rest) = rest.split_at_checked(length).filter(|_| is_known).unwrap_or((rest, &[]));
                let record = Self {
                    kind: *kind,
                    epoch: u16::from_be_bytes([*high, *low]),
                    content,
                    is_short: false,
                    is_whole: is_known && content.len() == length,
                };
                *bytes = rest;
                record
            }
            [flags @ 0x20..=0x3f, ..] => Self::short(*flags, bytes, id)?,
            _ => {
                *bytes = &[];
                return None;
            }
        };
        Some(record)
    }

    /// The short form of DTLS 1.3.
    fn short(flags: u8, bytes: &mut &'a [u8], id: Option<u8>) -> Option<Self> {
        let (has_id, long_number, has_length) = (flags & 0x10 != 0, flags & 0x08 != 0, flags & 0x04 != 0);
        let extra = if has_id { usize::from(id.unwrap_or_default()) } else { 0 };
        let (_, rest) = bytes.split_at_checked(if long_number { 3_usize } else { 2 }.saturating_add(extra))?;
        let (content, rest, is_whole) = if has_length && (!has_id || id.is_some()) {
            let (length, rest) = rest.split_at_checked(2)?;
            let length = length.iter().fold(0_usize, |length, byte| (length << 8) | usize::from(*byte));
            let (content, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            (content, behind, content.len() == length)
        } else {
            (rest, &[][..], true)
        };
        *bytes = rest;
        Some(Self { kind: APPLICATION_DATA, epoch: 1, content, is_short: true, is_whole })
    }
}
