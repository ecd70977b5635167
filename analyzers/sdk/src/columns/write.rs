//! Packets written into columns.

use std::net::IpAddr;

use super::{Packets, ip_flags, transport};
use crate::decode::{Decoded, Ip, Layer, Packet, Tunnels};

/// Stacks that a packet's is compared with before it becomes another one.
const COMPARED: usize = 16;

/// Writes the packets of one batch.
#[derive(Default)]
pub struct Writer {
    packets: Packets,
    /// The layers and tunnels of the last stacks, with their numbers.
    stacks: Vec<(Vec<Layer>, Tunnels, u32)>,
    /// Bytes of the batch's data.
    size: u32,
}

impl Writer {
    /// For a batch with so many frames and bytes of data.
    pub fn new(frames: usize, size: usize) -> Self {
        let mut writer = Self { size: u32::try_from(size).unwrap_or(u32::MAX), ..Self::default() };
        writer.packets.reserve(frames);
        writer
    }

    /// Adds the packet of a frame: `row` is the frame's place in the batch, `offset` that of its first byte in the data.
    pub fn add(&mut self, row: u32, offset: u32, decoded: &Decoded<'_>) {
        let packet = &decoded.packet;
        let stack = self.stack(packet);
        let place = u32::try_from(self.packets.row.len()).unwrap_or(u32::MAX);
        // Where header and payload begin: in the data, or behind it in what was joined.
        let base = match &decoded.joined {
            Some(joined) => {
                let base = self.behind();
                self.packets.joined.extend_from_slice(joined);
                base
            }
            None => offset,
        };
        let at = |place: usize| base.saturating_add(u32::try_from(place).unwrap_or(u32::MAX));
        let columns = &mut self.packets;
        columns.row.push(row);
        columns.stack.push(stack);
        columns.ip(packet.ip.as_ref());
        columns.transport.push(decoded.transport());
        let (source, destination) = packet.ports().unwrap_or_default();
        columns.source_port.push(source);
        columns.destination_port.push(destination);
        columns.header.push(at(decoded.header.0));
        columns.header_length.push(decoded.header.1);
        columns.payload.push(at(decoded.payload));
        columns.captured.push(length(packet.payload.len()));
        columns.length.push(length(packet.payload_length));
        columns.stop.push(packet.stop.map_or(0, |stop| stop.code()));
        columns.unread.push(packet.unread.map_or(0, |unread| unread.code()));
        columns.copy_of.push(packet.copy_of.unwrap_or_default());
        columns.flow.push(packet.flow());
        for frame in &packet.fragments {
            columns.fragment_packet.push(place);
            columns.fragment_frame.push(*frame);
        }
        for header in &decoded.headers {
            let begins = match header.offset {
                Some(begins) => offset.saturating_add(length(begins)),
                None => {
                    let begins = self.behind();
                    self.packets.joined.extend_from_slice(&header.octets);
                    begins
                }
            };
            let columns = &mut self.packets;
            columns.header_packet.push(place);
            columns.header_layer.push(header.layer.code());
            columns.header_octets.push(length(header.octets.len()));
            columns.header_offset.push(begins);
        }
    }

    /// The position of what is joined next. The first byte there belongs to nothing, so that the end of the data is none of these positions.
    fn behind(&mut self) -> u32 {
        if self.packets.joined.is_empty() {
            self.packets.joined.push(0);
        }
        self.size.saturating_add(length(self.packets.joined.len()))
    }

    /// The columns.
    pub fn into_packets(self) -> Packets {
        self.packets
    }

    /// The number of a packet's layers and tunnels; most packets have those of one a few before.
    fn stack(&mut self, packet: &Packet<'_>) -> u32 {
        let known = self.stacks.iter().rev().take(COMPARED);
        let is_same =
            |known: &&(Vec<Layer>, Tunnels, u32)| known.0[..] == packet.layers[..] && known.1 == packet.tunnels;
        if let Some((.., number)) = known.clone().find(is_same) {
            return *number;
        }
        let columns = &mut self.packets;
        let number = length(columns.layer_ends.len());
        columns.layers.extend(packet.layers.iter().map(|layer| layer.code()));
        columns.layer_ends.push(length(columns.layers.len()));
        for (source, destination) in &packet.tunnels {
            let (source, destination) = (halves(*source), halves(*destination));
            columns.tunnels.extend([source.1, source.2, destination.1, destination.2]);
            columns.tunnel_versions.push(source.0);
        }
        columns.tunnel_ends.push(length(columns.tunnel_versions.len()));
        if self.stacks.len() == COMPARED {
            self.stacks.remove(0);
        }
        self.stacks.push((packet.layers.to_vec(), packet.tunnels.clone(), number));
        number
    }
}

impl Packets {
    fn reserve(&mut self, count: usize) {
        macro_rules! reserve {
            ($($column:ident),+) => { $(self.$column.reserve(count);)+ };
        }
        reserve!(
            row,
            stack,
            version,
            source_high,
            source_low,
            destination_high,
            destination_low,
            hop_limit,
            protocol,
            identification,
            ip_flags,
            traffic_class,
            transport,
            source_port,
            destination_port,
            header,
            header_length,
            payload,
            captured,
            length,
            stop,
            unread,
            copy_of,
            flow
        );
    }

    fn ip(&mut self, ip: Option<&Ip>) {
        let Some(ip) = ip else {
            self.version.push(0);
            for column in
                [&mut self.source_high, &mut self.source_low, &mut self.destination_high, &mut self.destination_low]
            {
                column.push(0);
            }
            for column in [&mut self.hop_limit, &mut self.protocol, &mut self.ip_flags, &mut self.traffic_class] {
                column.push(0);
            }
            self.identification.push(0);
            return;
        };
        let (version, high, low) = halves(ip.source);
        self.version.push(version);
        self.source_high.push(high);
        self.source_low.push(low);
        let (_, high, low) = halves(ip.destination);
        self.destination_high.push(high);
        self.destination_low.push(low);
        self.hop_limit.push(ip.hop_limit);
        self.protocol.push(ip.protocol);
        self.identification.push(ip.identification);
        let fragment = if ip.fragment { ip_flags::FRAGMENT } else { 0 };
        let whole = if ip.dont_fragment { ip_flags::DONT_FRAGMENT } else { 0 };
        self.ip_flags.push(fragment | whole);
        self.traffic_class.push(ip.traffic_class);
    }
}

impl Decoded<'_> {
    fn transport(&self) -> u8 {
        use crate::decode::Transport;
        match &self.packet.transport {
            Transport::None => 0,
            Transport::Udp(_) => transport::UDP,
            Transport::Tcp(_) => transport::TCP,
            Transport::Icmp(_) => transport::ICMP,
            Transport::Icmpv6(_) => transport::ICMPV6,
        }
    }
}

/// A length within a batch, of which the host lets none be longer.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
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
