//! Packets read from columns.

use std::ops::Range;

use super::{Frames, Packets, address, ip_flags, slice, transport};
use crate::decode::{Addresses, Header, Icmp, Ip, Layer, Packet, Stop, Tcp, TcpFlags, Transport, Udp, Unread};
use crate::{Frame, Link, Problem};

/// The layers and tunnels of the packets of a batch.
pub struct Stacks {
    layers: Vec<Layer>,
    tunnels: Vec<Addresses>,
    /// Where those of each stack are.
    ranges: Vec<(Range<usize>, Range<usize>)>,
}

impl Stacks {
    /// Those of a batch.
    ///
    /// # Errors
    /// When a stack is not as the contract has it.
    pub fn of(packets: &Packets) -> Result<Self, Problem> {
        Self::read(packets).ok_or_else(|| broken(None))
    }

    fn read(packets: &Packets) -> Option<Self> {
        let layers: Option<Vec<Layer>> = packets.layers.iter().map(|code| Layer::from_code(*code)).collect();
        let headers =
            packets.tunnels.chunks_exact(4).zip(&packets.tunnel_versions).map(|(header, version)| match header {
                [source_high, source_low, destination_high, destination_low] => {
                    let source = address(*version, *source_high, *source_low)?;
                    Some((source, address(*version, *destination_high, *destination_low)?))
                }
                _ => None,
            });
        let tunnels: Option<Vec<Addresses>> = headers.collect();
        let (mut layer, mut tunnel) = (0, 0);
        let ends = packets.layer_ends.iter().zip(&packets.tunnel_ends);
        let ranges = ends.map(|(layer_end, tunnel_end)| {
            let range = (layer..*layer_end as usize, tunnel..*tunnel_end as usize);
            (layer, tunnel) = (range.0.end, range.1.end);
            range
        });
        Some(Self { ranges: ranges.collect(), layers: layers?, tunnels: tunnels? })
    }

    fn get(&self, number: u32) -> Option<(&[Layer], &[Addresses])> {
        let (layers, tunnels) = self.ranges.get(number as usize)?;
        Some((self.layers.get(layers.clone())?, self.tunnels.get(tunnels.clone())?))
    }
}

/// The frames and packets of a batch, row by row.
pub struct Rows<'a> {
    frames: &'a Frames,
    packets: &'a Packets,
    stacks: &'a Stacks,
    data: &'a [u8],
    /// Offset of the data in the capture.
    position: u64,
    /// The next row.
    row: usize,
    /// The next of the columns that have an element for some packets only.
    fragment: usize,
    header: usize,
}

impl<'a> Rows<'a> {
    /// The rows of a batch.
    pub fn new(frames: &'a Frames, packets: &'a Packets, stacks: &'a Stacks, position: u64, data: &'a [u8]) -> Self {
        Self { frames, packets, stacks, data, position, row: 0, fragment: 0, header: 0 }
    }

    /// The number of the next frame.
    pub fn number(&self) -> Option<u64> {
        self.frames.number.get(self.row).copied()
    }

    /// The next frame with its packet. `link` gives the link at a position.
    ///
    /// # Errors
    /// When a number of the row is not as the contract has it, which is a defect of the host.
    #[inline]
    pub fn next(&mut self, link: impl Fn(u32) -> Option<&'a Link>) -> Option<Result<(Frame<'a>, Packet<'a>), Problem>> {
        let number = *self.frames.number.get(self.row)?;
        let read = self.read(link).ok_or_else(|| broken(Some(number)));
        self.row = self.row.saturating_add(1);
        Some(read)
    }

    #[inline]
    fn read(&mut self, link: impl Fn(u32) -> Option<&'a Link>) -> Option<(Frame<'a>, Packet<'a>)> {
        let (row, packets) = (self.row, self.packets);
        let frame = self.frames.frame(row, self.position, self.data, link)?;
        let offset = *self.frames.offset.get(row)?;
        let (layers, tunnels) = self.stacks.get(*packets.stack.get(row)?)?;
        let head = bytes(packets, self.data, *packets.header.get(row)?, *packets.header_length.get(row)?)?;
        let payload = bytes(packets, self.data, *packets.payload.get(row)?, *packets.captured.get(row)?)?;
        let ports = (*packets.source_port.get(row)?, *packets.destination_port.get(row)?);
        let (stop, unread) = (*packets.stop.get(row)?, *packets.unread.get(row)?);
        let copy_of = *packets.copy_of.get(row)?;
        let packet = Packet {
            frame: frame.number,
            timestamp: frame.timestamp,
            layers,
            ip: ip(packets, row)?,
            tunnels,
            transport: header(*packets.transport.get(row)?, ports, head)?,
            payload,
            payload_length: *packets.length.get(row)? as usize,
            fragments: self.fragments(),
            copy_of: (copy_of > 0).then_some(copy_of),
            stop: if stop == 0 { None } else { Some(Stop::from_code(stop)?) },
            unread: if unread == 0 { None } else { Some(Unread::from_code(unread)?) },
            headers: self.headers(offset),
            community: self.community(row)?,
        };
        Some((frame, packet))
    }

    /// The hash of the packet's Community ID; nothing where they were not asked for.
    fn community(&self, row: usize) -> Option<Option<&'a [u8; 20]>> {
        let (hashes, _) = self.packets.community.as_chunks::<20>();
        match hashes {
            [] => Some(None),
            hashes => hashes.get(row).map(|hash| (*hash != [0; 20]).then_some(hash)),
        }
    }

    /// The frames of the datagram of this row.
    fn fragments(&mut self) -> &'a [u64] {
        let first = self.fragment;
        while self.packets.fragment_packet.get(self.fragment).is_some_and(|packet| *packet as usize == self.row) {
            self.fragment = self.fragment.saturating_add(1);
        }
        self.packets.fragment_frame.get(first..self.fragment).unwrap_or_default()
    }

    /// Which headers are those of this row.
    fn headers(&mut self, start: u32) -> Headers<'a> {
        let first = self.header;
        let is_of_row =
            |place: usize| self.packets.header_packet.get(place).is_some_and(|packet| *packet as usize == self.row);
        let mut last = first;
        while is_of_row(last) {
            last = last.saturating_add(1);
        }
        self.header = last;
        Headers { packets: (last > first).then_some(self.packets), data: self.data, start, places: (first, last) }
    }
}

/// The headers of a packet, which are read when they are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Headers<'a> {
    packets: Option<&'a Packets>,
    data: &'a [u8],
    /// Where the frame begins in the data.
    start: u32,
    /// The first one's place in the columns, and the place behind the last one.
    places: (usize, usize),
}

impl Headers<'_> {
    /// Each of them, outermost first.
    pub fn iter(&self) -> impl Iterator<Item = Header> + '_ {
        (self.places.0..self.places.1).filter_map(|place| {
            let packets = self.packets?;
            let offset = *packets.header_offset.get(place)?;
            let octets = bytes(packets, self.data, offset, *packets.header_octets.get(place)?)?;
            let in_data = offset as usize <= self.data.len();
            Some(Header {
                layer: Layer::from_code(*packets.header_layer.get(place)?)?,
                offset: in_data.then(|| offset.saturating_sub(self.start) as usize),
                octets: octets.to_vec(),
            })
        })
    }
}

/// Bytes in the data, or in what was joined.
fn bytes<'a>(packets: &'a Packets, data: &'a [u8], offset: u32, length: u32) -> Option<&'a [u8]> {
    if length == 0 {
        return Some(&[]);
    }
    match (offset as usize).checked_sub(data.len()) {
        None => slice(data, offset, length),
        Some(offset) => slice(&packets.joined, u32::try_from(offset).ok()?, length),
    }
}

/// The IP header of a row; nothing in the outer place when the row is broken.
fn ip(packets: &Packets, row: usize) -> Option<Option<Ip>> {
    let version = *packets.version.get(row)?;
    if version == 0 {
        return Some(None);
    }
    let source = address(version, *packets.source_high.get(row)?, *packets.source_low.get(row)?)?;
    let destination = address(version, *packets.destination_high.get(row)?, *packets.destination_low.get(row)?)?;
    let bits = *packets.ip_flags.get(row)?;
    Some(Some(Ip {
        source,
        destination,
        hop_limit: *packets.hop_limit.get(row)?,
        protocol: *packets.protocol.get(row)?,
        identification: *packets.identification.get(row)?,
        fragment: bits & ip_flags::FRAGMENT != 0,
        dont_fragment: bits & ip_flags::DONT_FRAGMENT != 0,
        traffic_class: *packets.traffic_class.get(row)?,
    }))
}

fn header(kind: u8, (source, destination): (u16, u16), octets: &[u8]) -> Option<Transport<'_>> {
    Some(match kind {
        0 => Transport::None,
        transport::UDP => {
            let [.., first, second, _, _] = *octets.first_chunk::<8>()?;
            Transport::Udp(Udp { source, destination, length: u16::from_be_bytes([first, second]) })
        }
        transport::TCP => {
            let (fixed, options) = octets.split_first_chunk::<20>()?;
            let [_, _, _, _, s0, s1, s2, s3, a0, a1, a2, a3, bits, flags, w0, w1, _, _, u0, u1] = *fixed;
            Transport::Tcp(Tcp {
                source,
                destination,
                sequence: u32::from_be_bytes([s0, s1, s2, s3]),
                acknowledgment: u32::from_be_bytes([a0, a1, a2, a3]),
                flags: TcpFlags(u16::from_be_bytes([bits, flags]) & 0x01ff),
                window: u16::from_be_bytes([w0, w1]),
                urgent: u16::from_be_bytes([u0, u1]),
                options,
            })
        }
        transport::ICMP | transport::ICMPV6 => {
            let [kind_of, code, first, second] = *octets.first_chunk::<4>()?;
            let icmp = Icmp { kind: kind_of, code, checksum: u16::from_be_bytes([first, second]) };
            if kind == transport::ICMP { Transport::Icmp(icmp) } else { Transport::Icmpv6(icmp) }
        }
        _ => return None,
    })
}

// The host checks all of it before it hands a batch over, so this is a defect of the host.
fn broken(frame: Option<u64>) -> Problem {
    Problem::Input { offset: None, frame, reason: "the packets are not as the contract has them".into() }
}
