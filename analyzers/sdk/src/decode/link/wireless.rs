//! IEEE 802.11 and the headers that capturing programs put before it.

use super::super::cursor::Cursor;
use super::super::step::{Next, Step};
use super::super::unread::Unread;
use super::super::{Layer, Layers, Stop};
use super::linktype;

/// Radiotap (radiotap.org): a little-endian length, and flags that tell of a frame check sequence and of padding.
pub(super) fn radiotap(at: &mut Cursor<'_>, without_fcs: bool, layers: &mut Layers) -> Step {
    const FCS_AT_END: u8 = 0x10;
    const DATA_PAD: u8 = 0x20;
    layers.push(Layer::Radiotap);
    let mut header = *at;
    let [_version, _pad, low, high] = header.array()?;
    let header = at.take(usize::from(u16::from_le_bytes([low, high])))?;
    let flags = radiotap_flags(header).unwrap_or_default();
    if flags & FCS_AT_END != 0 && !without_fcs {
        at.drop_tail(4);
    }
    Ok(Next::Ieee80211 { padded: flags & DATA_PAD != 0, swapped: false })
}

/// The flags field, where the bits of "present" name it: it is the second, behind the timestamp.
fn radiotap_flags(header: &[u8]) -> Option<u8> {
    const TSFT: u32 = 1;
    const FLAGS: u32 = 1 << 1;
    const MORE: u32 = 1 << 31;
    let (_, mut rest) = header.split_at_checked(4)?;
    let mut word = || {
        let (word, after) = rest.split_first_chunk::<4>()?;
        rest = after;
        Some(u32::from_le_bytes(*word))
    };
    let present = word()?;
    let mut last = present;
    while last & MORE != 0 {
        last = word()?;
    }
    if present & FLAGS == 0 {
        return None;
    }
    let mut fields = header.len().checked_sub(rest.len())?;
    if present & TSFT != 0 {
        // Eight bytes, aligned to eight.
        fields = fields.checked_next_multiple_of(8)?.checked_add(8)?;
    }
    header.get(fields).copied()
}

/// Per-Packet Information (CACE): flags, length and link type, all little-endian, and fields, of which that of IEEE 802.11 tells of
/// a frame check sequence.
pub(super) fn ppi(at: &mut Cursor<'_>, without_fcs: bool, layers: &mut Layers) -> Step {
    layers.push(Layer::Ppi);
    let mut header = *at;
    let [_version, _flags, low, high] = header.array()?;
    let length = usize::from(u16::from_le_bytes([low, high]));
    let link_type = u32::from_le_bytes(header.array()?);
    let fields = at.take(length)?.get(8..).ok_or(Stop::Malformed)?;
    let link_type = u16::try_from(link_type).map_err(|_| Stop::Malformed)?;
    if link_type == linktype::IEEE802_11 && ppi_has_fcs(fields) && !without_fcs {
        at.drop_tail(4);
    }
    Ok(Next::Link(link_type))
}

/// What the field 802.11-Common says: type, length, timestamp, and flags.
fn ppi_has_fcs(mut fields: &[u8]) -> bool {
    const COMMON: u16 = 2;
    while let [a, b, c, d, rest @ ..] = fields {
        let (kind, length) = (u16::from_le_bytes([*a, *b]), usize::from(u16::from_le_bytes([*c, *d])));
        if kind == COMMON {
            return rest.get(8).is_some_and(|flags| flags & 1 != 0);
        }
        fields = rest.get(length..).unwrap_or_default();
    }
    false
}

/// IEEE 802.11-2020 9.2: only data frames carry what goes on. With `padded`, the header is filled up to a multiple of four bytes;
/// with `swapped`, the two bytes of its first field are, as Cisco's controllers send them in CAPWAP.
pub(in super::super) fn ieee80211(at: &mut Cursor<'_>, padded: bool, swapped: bool, layers: &mut Layers) -> Step {
    layers.push(Layer::Ieee80211);
    let whole = at.rest.len();
    let [mut control, mut flags] = at.array()?;
    if swapped {
        std::mem::swap(&mut control, &mut flags);
    }
    let (version, kind, subtype) = (control & 3, control >> 2 & 3, control >> 4);
    let (to_ds, from_ds, more, protected, order) =
        (flags & 0x01 != 0, flags & 0x02 != 0, flags & 0x04 != 0, flags & 0x40 != 0, flags & 0x80 != 0);
    if version != 0 {
        return Err(Stop::Malformed.into());
    }
    // Management and control frames, data frames without data.
    if kind != 2 || subtype & 4 != 0 {
        return Err(Stop::OtherNetworkLayer.into());
    }
    if protected {
        return Err(Unread::WlanEncrypted.into());
    }
    // Duration and three addresses, then the sequence control field with the fragment's number.
    at.skip(20)?;
    let [sequence, _] = at.array()?;
    if to_ds && from_ds {
        at.skip(6)?;
    }
    let mut aggregate = false;
    if subtype & 8 != 0 {
        let [qos, _] = at.array()?;
        aggregate = qos & 0x80 != 0;
        if order {
            // HT control.
            at.skip(4)?;
        }
    }
    // Pieces of an MSDU, and several of them in one frame, are not taken apart.
    if aggregate {
        return Err(Unread::WlanAggregate.into());
    }
    if more || sequence & 0x0f != 0 {
        return Err(Unread::WlanFragment.into());
    }
    if padded {
        let header = whole.saturating_sub(at.rest.len());
        at.skip(header.next_multiple_of(4).saturating_sub(header))?;
    }
    Ok(Next::Llc)
}
