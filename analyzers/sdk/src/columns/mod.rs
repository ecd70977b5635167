//! Packets and stream events as the contract's columns: how the decoder writes them, and how an analyzer reads them.
//!
//! `packets` and `streams` in `wit/mcpcap.wit` say what each column holds.

mod read;
mod streams;
#[cfg(test)]
mod tests;
mod write;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use read::{Headers, Rows, Stacks};
pub use streams::{Events, StreamWriter};
pub use write::Writer;

use crate::{Frame, Link};

/// Frames of a batch, as columns. See `frames` in `wit/mcpcap.wit`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the contract says what each column holds")]
pub struct Frames {
    pub number: Vec<u64>,
    pub timestamp: Vec<u64>,
    pub offset: Vec<u32>,
    pub captured: Vec<u32>,
    pub original: Vec<u32>,
    pub link: Vec<u32>,
    pub flags: Vec<u32>,
}

impl Frames {
    /// The frame of a row. `position` is the offset of the data in the capture; `link` gives the link at a position. Nothing when a number is not as the
    /// contract has it.
    pub fn frame<'a>(
        &self,
        row: usize,
        position: u64,
        data: &'a [u8],
        link: impl Fn(u32) -> Option<&'a Link>,
    ) -> Option<Frame<'a>> {
        let (offset, captured) = (*self.offset.get(row)?, *self.captured.get(row)?);
        let timestamp = *self.timestamp.get(row)?;
        let link_index = *self.link.get(row)?;
        Some(Frame {
            number: *self.number.get(row)?,
            timestamp: (timestamp != NO_TIME).then_some(timestamp),
            original: *self.original.get(row)?,
            data: slice(data, offset, captured)?,
            link: link(link_index)?,
            link_index,
            flags: *self.flags.get(row)?,
            offset: position.saturating_add(u64::from(offset)),
        })
    }
}

fn slice(data: &[u8], offset: u32, length: u32) -> Option<&[u8]> {
    let start = offset as usize;
    data.get(start..start.checked_add(length as usize)?)
}

/// Packets of a batch, as columns. See `packets` in `wit/mcpcap.wit`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the contract says what each column holds")]
pub struct Packets {
    pub row: Vec<u32>,
    pub stack: Vec<u32>,
    pub version: Vec<u8>,
    pub source_high: Vec<u64>,
    pub source_low: Vec<u64>,
    pub destination_high: Vec<u64>,
    pub destination_low: Vec<u64>,
    pub hop_limit: Vec<u8>,
    pub protocol: Vec<u8>,
    pub identification: Vec<u32>,
    pub ip_flags: Vec<u8>,
    pub traffic_class: Vec<u8>,
    pub transport: Vec<u8>,
    pub source_port: Vec<u16>,
    pub destination_port: Vec<u16>,
    pub header: Vec<u32>,
    pub header_length: Vec<u32>,
    pub payload: Vec<u32>,
    pub captured: Vec<u32>,
    pub length: Vec<u32>,
    pub stop: Vec<u8>,
    pub unread: Vec<u32>,
    pub copy_of: Vec<u64>,
    pub flow: Vec<u64>,
    pub community: Vec<u8>,
    pub layers: Vec<u64>,
    pub layer_ends: Vec<u32>,
    pub tunnels: Vec<u64>,
    pub tunnel_versions: Vec<u8>,
    pub tunnel_ends: Vec<u32>,
    pub fragment_packet: Vec<u32>,
    pub fragment_frame: Vec<u64>,
    pub header_packet: Vec<u32>,
    pub header_layer: Vec<u64>,
    pub header_offset: Vec<u32>,
    pub header_octets: Vec<u32>,
    pub joined: Vec<u8>,
}

/// Stream events of a batch, as columns. See `streams` in `wit/mcpcap.wit`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the contract says what each column holds")]
pub struct Streams {
    pub arrival: Vec<u64>,
    pub connection: Vec<u32>,
    pub kind: Vec<u8>,
    pub event_flags: Vec<u8>,
    pub frame: Vec<u64>,
    pub timestamp: Vec<u64>,
    pub position: Vec<u64>,
    pub offset: Vec<u32>,
    pub length: Vec<u64>,
    pub id: Vec<u64>,
    pub number: Vec<u64>,
    pub version: Vec<u8>,
    pub client_high: Vec<u64>,
    pub client_low: Vec<u64>,
    pub client_port: Vec<u16>,
    pub server_high: Vec<u64>,
    pub server_low: Vec<u64>,
    pub server_port: Vec<u16>,
    pub client_known: Vec<u8>,
    pub first_frame: Vec<u64>,
    pub vlan: Vec<u16>,
    pub joined: Vec<u8>,
}

/// The time of what has none.
const NO_TIME: u64 = u64::MAX;

/// IP protocol numbers by which the column `transport` names what was reached.
mod transport {
    pub(super) const ICMP: u8 = 1;
    pub(super) const TCP: u8 = 6;
    pub(super) const UDP: u8 = 17;
    pub(super) const ICMPV6: u8 = 58;
}

/// Bits of the column `ip_flags`.
mod ip_flags {
    pub(super) const FRAGMENT: u8 = 1;
    pub(super) const DONT_FRAGMENT: u8 = 2;
}

/// The version of an address, and the halves of it.
fn halves(address: IpAddr) -> (u8, u64, u64) {
    match address {
        IpAddr::V4(address) => (4, 0, address.to_bits().into()),
        IpAddr::V6(address) => {
            let bits = address.to_bits();
            (6, (bits >> 64) as u64, bits as u64)
        }
    }
}

/// An address of a version from its halves.
fn address(version: u8, high: u64, low: u64) -> Option<IpAddr> {
    Some(match version {
        4 => Ipv4Addr::from_bits(u32::try_from(low).ok()?).into(),
        6 => Ipv6Addr::from_bits(u128::from(high) << 64 | u128::from(low)).into(),
        _ => return None,
    })
}
