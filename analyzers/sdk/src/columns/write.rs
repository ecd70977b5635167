//! Packets written into columns.

use super::{Packets, halves, ip_flags, transport};
use crate::decode::{Addresses, Decoded, Ip, Layer, Packet};

/// Stacks that a packet's is compared with before it becomes another one.
const COMPARED: usize = 16;

/// Rows that are gathered before they go to the columns. A column that grows by itself would be asked for its room with each number.
const BLOCK: usize = 64;

/// The columns with an element for each packet.
macro_rules! block {
    ($($column:ident: $of:ty),+ $(,)?) => {
        struct Block {
            $($column: [$of; BLOCK],)+
        }

        /// One packet's elements.
        struct Row {
            $($column: $of,)+
        }

        impl Block {
            const EMPTY: Self = Self { $($column: [0; BLOCK],)+ };

            #[inline]
            fn set(&mut self, place: usize, row: &Row) {
                $(if let Some(element) = self.$column.get_mut(place) {
                    *element = row.$column;
                })+
            }

            fn append(&self, filled: usize, packets: &mut Packets) {
                $(packets.$column.extend_from_slice(self.$column.get(..filled).unwrap_or_default());)+
            }
        }

        impl Packets {
            fn reserve(&mut self, count: usize) {
                $(self.$column.reserve(count);)+
            }
        }
    };
}

block! {
    row: u32,
    stack: u32,
    version: u8,
    source_high: u64,
    source_low: u64,
    destination_high: u64,
    destination_low: u64,
    hop_limit: u8,
    protocol: u8,
    identification: u32,
    ip_flags: u8,
    traffic_class: u8,
    transport: u8,
    source_port: u16,
    destination_port: u16,
    header: u32,
    header_length: u32,
    payload: u32,
    captured: u32,
    length: u32,
    stop: u8,
    unread: u32,
    copy_of: u64,
    flow: u64,
}

/// Layers and tunnels, with their number.
type Stack = (Vec<Layer>, Vec<Addresses>, u32);

/// Writes the packets of one batch.
pub struct Writer {
    packets: Packets,
    block: Box<Block>,
    /// Rows in the block.
    filled: usize,
    /// Packets so far.
    count: u32,
    /// The layers and tunnels of the last stacks, with their numbers.
    stacks: Vec<Stack>,
    /// Bytes of the batch's data.
    size: u32,
}

impl Writer {
    /// For a batch with so many frames and bytes of data.
    pub fn new(frames: usize, size: usize) -> Self {
        let mut packets = Packets::default();
        packets.reserve(frames);
        let block = Box::new(Block::EMPTY);
        Self { packets, block, filled: 0, count: 0, stacks: Vec::new(), size: length(size) }
    }

    /// Adds the packet of a frame: `row` is the frame's place in the batch, `offset` that of its first byte in the data.
    pub fn add(&mut self, row: u32, offset: u32, decoded: &Decoded<'_>) {
        let packet = &decoded.packet;
        let stack = self.stack(packet);
        let place = self.count;
        self.count = place.saturating_add(1);
        // Where header and payload begin: in the data, or behind it in what was joined.
        let base = match decoded.joined {
            Some(joined) => {
                let base = self.behind();
                self.packets.joined.extend_from_slice(joined);
                base
            }
            None => offset,
        };
        let at = |place: usize| base.saturating_add(length(place));
        let (source_port, destination_port) = packet.ports().unwrap_or_default();
        let ip = packet.ip.as_ref();
        let (version, source_high, source_low) = ip.map(|ip| halves(ip.source)).unwrap_or_default();
        let (_, destination_high, destination_low) = ip.map(|ip| halves(ip.destination)).unwrap_or_default();
        let row = Row {
            row,
            stack,
            version,
            source_high,
            source_low,
            destination_high,
            destination_low,
            hop_limit: ip.map_or(0, |ip| ip.hop_limit),
            protocol: ip.map_or(0, |ip| ip.protocol),
            identification: ip.map_or(0, |ip| ip.identification),
            ip_flags: ip.map_or(0, flags),
            traffic_class: ip.map_or(0, |ip| ip.traffic_class),
            transport: decoded.transport(),
            source_port,
            destination_port,
            header: at(decoded.header.0),
            header_length: decoded.header.1,
            payload: at(decoded.payload),
            captured: length(packet.payload.len()),
            length: length(packet.payload_length),
            stop: packet.stop.map_or(0, |stop| stop.code()),
            unread: packet.unread.map_or(0, |unread| unread.code()),
            copy_of: packet.copy_of.unwrap_or_default(),
            flow: packet.flow(),
        };
        self.block.set(self.filled, &row);
        self.filled = self.filled.saturating_add(1);
        if self.filled >= BLOCK {
            self.append();
        }
        let columns = &mut self.packets;
        for frame in packet.fragments {
            columns.fragment_packet.push(place);
            columns.fragment_frame.push(*frame);
        }
        for header in decoded.headers {
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

    /// Adds the hash of the last packet's Community ID, where these are asked for.
    pub fn add_community(&mut self, hash: Option<[u8; 20]>) {
        self.packets.community.extend_from_slice(&hash.unwrap_or_default());
    }

    /// The position of what is joined next. The first byte there belongs to nothing, so that the end of the data is none of these positions.
    fn behind(&mut self) -> u32 {
        if self.packets.joined.is_empty() {
            self.packets.joined.push(0);
        }
        self.size.saturating_add(length(self.packets.joined.len()))
    }

    /// The columns.
    pub fn into_packets(mut self) -> Packets {
        self.append();
        self.packets
    }

    fn append(&mut self) {
        self.block.append(self.filled, &mut self.packets);
        self.filled = 0;
    }

    /// The number of a packet's layers and tunnels; most packets have those of one a few before.
    fn stack(&mut self, packet: &Packet<'_>) -> u32 {
        let known = self.stacks.iter().rev().take(COMPARED);
        if let Some((.., number)) = known.clone().find(|known| known.0 == packet.layers && known.1 == packet.tunnels) {
            return *number;
        }
        let columns = &mut self.packets;
        let number = length(columns.layer_ends.len());
        columns.layers.extend(packet.layers.iter().map(|layer| layer.code()));
        columns.layer_ends.push(length(columns.layers.len()));
        for (source, destination) in packet.tunnels {
            let (source, destination) = (halves(*source), halves(*destination));
            columns.tunnels.extend([source.1, source.2, destination.1, destination.2]);
            columns.tunnel_versions.push(source.0);
        }
        columns.tunnel_ends.push(length(columns.tunnel_versions.len()));
        if self.stacks.len() == COMPARED {
            self.stacks.remove(0);
        }
        self.stacks.push((packet.layers.to_vec(), packet.tunnels.to_vec(), number));
        number
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

/// The bits of the column `ip_flags`.
fn flags(ip: &Ip) -> u8 {
    let fragment = if ip.fragment { ip_flags::FRAGMENT } else { 0 };
    let whole = if ip.dont_fragment { ip_flags::DONT_FRAGMENT } else { 0 };
    fragment | whole
}

/// A length within a batch, of which the host lets none be longer.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
