//! Frames with their packets, and what these bring of streams, on their way from the decoder to the analyzers.

use super::gathered::Gathered;
use super::passage::broken_contract;
use super::{RunError, streams};
use crate::bindings::types;
use crate::packets::COMMUNITY;
use crate::sandbox::DecoderSession;
use crate::{packets, streams as events};

/// What an analyzer wants of a capture, as it says in `describe`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wants {
    /// Transport protocols by their IP numbers; `None`: all frames.
    pub transports: Option<Vec<u8>>,
    /// Ports of which one must be the packet's; none: any.
    pub ports: Vec<u16>,
    /// Whether it wants what happens in TCP streams; of connections with one of these ports.
    pub streams: bool,
    /// Whether it wants the header of each layer.
    pub headers: bool,
    /// Whether it wants the Community ID of each packet.
    pub community_ids: bool,
    /// Whether its report shows the SHA-1 of the file.
    pub sha1: bool,
    /// Whether it decrypts TLS, with key logs of the caller's and of the file.
    pub key_log: bool,
}

impl Wants {
    fn is_all(&self) -> bool {
        self.transports.is_none() && self.ports.is_empty()
    }

    fn has(&self, transport: u8, ports: [u16; 2]) -> bool {
        self.transports.as_ref().is_none_or(|wanted| wanted.contains(&transport)) && self.has_port(ports)
    }

    pub(super) fn has_port(&self, ports: [u16; 2]) -> bool {
        self.ports.is_empty() || ports.iter().any(|port| self.ports.contains(port))
    }
}

/// Checked frames with their checked packets, the n-th packet of the n-th frame; no packets where no analyzer wants them.
pub(super) struct Parsed {
    pub(super) batch: types::Batch,
    pub(super) packets: types::Packets,
    pub(super) streams: types::Streams,
    /// TLS key logs of the file.
    pub(super) key_log: Vec<u8>,
}

impl Parsed {
    /// Frames alone.
    pub(super) fn of_frames(batch: types::Batch) -> Self {
        Self { batch, packets: none(), streams: streams::none(), key_log: Vec::new() }
    }

    /// What streams still held behind the last frame.
    pub(super) fn of_end(decoder: &mut DecoderSession, last: u64) -> Result<Self, RunError> {
        let streams = decoder.end()?;
        events::check(None, &streams, last).map_err(|lie| broken_contract("decoder", &lie.to_string()))?;
        let batch = types::Batch { frames: no_frames(), links: Vec::new(), position: 0, data: Vec::new() };
        Ok(Self { streams, ..Self::of_frames(batch) })
    }

    /// Takes the frames of a batch apart and leaves those that are chosen.
    pub(super) fn of(mut batch: types::Batch, decoder: &mut DecoderSession) -> Result<Self, RunError> {
        let (mut packets, streams) = decoder.take(&batch)?;
        let last = batch.frames.number.last().copied().unwrap_or_default();
        packets::check(&batch, &packets)
            .and_then(|()| events::check(Some(&batch), &streams, last))
            .map_err(|lie| broken_contract("decoder", &lie.to_string()))?;
        if packets.row.len() < batch.frames.number.len() {
            batch.frames = of_rows(&batch.frames, &packets.row);
            packets.row = (0..length(&packets.row)).collect();
        }
        Ok(Self { batch, packets, streams, key_log: Vec::new() })
    }

    /// Whether it tells an analyzer nothing besides events.
    pub(super) fn is_empty(&self) -> bool {
        self.batch.frames.number.is_empty() && self.batch.links.is_empty()
    }

    /// What an analyzer wants of it: frames with packets, and events. `None` when those are all.
    pub(super) fn part(&self, wants: &Wants) -> (Option<Self>, Option<types::Streams>) {
        let streams = streams::part(&self.streams, wants);
        if wants.is_all() {
            return (None, streams);
        }
        let packets = &self.packets;
        let ports = packets.source_port.iter().zip(&packets.destination_port);
        let rows: Vec<u32> = (0_u32..)
            .zip(packets.transport.iter().zip(ports))
            .filter(|(_, (transport, (source, destination)))| wants.has(**transport, [**source, **destination]))
            .map(|(row, _)| row)
            .collect();
        if rows.len() == packets.row.len() {
            return (None, streams);
        }
        let (gathered, data) = Gathered::of(&self.batch, &rows);
        let streams = gathered.streams(&self.batch.data, streams.unwrap_or_else(|| self.streams.clone()));
        (Some(self.of_rows(&rows, &gathered, data)), Some(streams))
    }

    /// Some of its frames, without events.
    fn of_rows(&self, rows: &[u32], gathered: &Gathered, data: Vec<u8>) -> Self {
        let batch = types::Batch {
            frames: types::Frames { offset: gathered.starts(), ..of_rows(&self.batch.frames, rows) },
            links: self.batch.links.clone(),
            position: self.batch.position.saturating_add(gathered.first()),
            data,
        };
        if rows.is_empty() {
            return Self::of_frames(batch);
        }
        let whole = &self.packets;
        let moved = |column: &[u32]| gathered.positions(rows.iter().enumerate(), column);
        let (fragment_packet, fragments) = of_packets(&whole.fragment_packet, rows);
        let (header_packet, headers) = of_packets(&whole.header_packet, rows);
        let packets = types::Packets {
            row: (0..length(rows)).collect(),
            stack: chosen(&whole.stack, rows),
            version: chosen(&whole.version, rows),
            source_high: chosen(&whole.source_high, rows),
            source_low: chosen(&whole.source_low, rows),
            destination_high: chosen(&whole.destination_high, rows),
            destination_low: chosen(&whole.destination_low, rows),
            hop_limit: chosen(&whole.hop_limit, rows),
            protocol: chosen(&whole.protocol, rows),
            identification: chosen(&whole.identification, rows),
            ip_flags: chosen(&whole.ip_flags, rows),
            traffic_class: chosen(&whole.traffic_class, rows),
            transport: chosen(&whole.transport, rows),
            source_port: chosen(&whole.source_port, rows),
            destination_port: chosen(&whole.destination_port, rows),
            header: moved(&whole.header),
            header_length: chosen(&whole.header_length, rows),
            payload: moved(&whole.payload),
            captured: chosen(&whole.captured, rows),
            length: chosen(&whole.length, rows),
            stop: chosen(&whole.stop, rows),
            unread: chosen(&whole.unread, rows),
            copy_of: chosen(&whole.copy_of, rows),
            flow: chosen(&whole.flow, rows),
            community: chosen(whole.community.as_chunks::<COMMUNITY>().0, rows).into_flattened(),
            layers: whole.layers.clone(),
            layer_ends: whole.layer_ends.clone(),
            tunnels: whole.tunnels.clone(),
            tunnel_versions: whole.tunnel_versions.clone(),
            tunnel_ends: whole.tunnel_ends.clone(),
            fragment_packet,
            fragment_frame: chosen(&whole.fragment_frame, &fragments),
            header_offset: gathered
                .positions(header_packet.iter().map(|row| *row as usize).zip(&headers), &whole.header_offset),
            header_packet,
            header_layer: chosen(&whole.header_layer, &headers),
            header_octets: chosen(&whole.header_octets, &headers),
            joined: whole.joined.clone(),
        };
        Self { packets, ..Self::of_frames(batch) }
    }
}

fn length(rows: &[u32]) -> u32 {
    u32::try_from(rows.len()).unwrap_or(u32::MAX)
}

fn of_rows(frames: &types::Frames, rows: &[u32]) -> types::Frames {
    types::Frames {
        number: chosen(&frames.number, rows),
        timestamp: chosen(&frames.timestamp, rows),
        offset: chosen(&frames.offset, rows),
        captured: chosen(&frames.captured, rows),
        original: chosen(&frames.original, rows),
        link: chosen(&frames.link, rows),
        flags: chosen(&frames.flags, rows),
    }
}

/// The values at some places of a column. The places have been checked.
pub(super) fn chosen<T: Copy>(column: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().filter_map(|row| column.get(*row as usize).copied()).collect()
}

/// Of a column that names packets, those that are among the chosen ones, by their new positions, and where in the column they stand.
fn of_packets(packets: &[u32], rows: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let there = packets.iter().zip(0_u32..).filter_map(|(packet, place)| {
        let position = rows.binary_search(packet).ok()?;
        Some((u32::try_from(position).ok()?, place))
    });
    there.unzip()
}

fn no_frames() -> types::Frames {
    types::Frames {
        number: Vec::new(),
        timestamp: Vec::new(),
        offset: Vec::new(),
        captured: Vec::new(),
        original: Vec::new(),
        link: Vec::new(),
        flags: Vec::new(),
    }
}

fn none() -> types::Packets {
    types::Packets {
        row: Vec::new(),
        stack: Vec::new(),
        version: Vec::new(),
        source_high: Vec::new(),
        source_low: Vec::new(),
        destination_high: Vec::new(),
        destination_low: Vec::new(),
        hop_limit: Vec::new(),
        protocol: Vec::new(),
        identification: Vec::new(),
        ip_flags: Vec::new(),
        traffic_class: Vec::new(),
        transport: Vec::new(),
        source_port: Vec::new(),
        destination_port: Vec::new(),
        header: Vec::new(),
        header_length: Vec::new(),
        payload: Vec::new(),
        captured: Vec::new(),
        length: Vec::new(),
        stop: Vec::new(),
        unread: Vec::new(),
        copy_of: Vec::new(),
        flow: Vec::new(),
        community: Vec::new(),
        layers: Vec::new(),
        layer_ends: Vec::new(),
        tunnels: Vec::new(),
        tunnel_versions: Vec::new(),
        tunnel_ends: Vec::new(),
        fragment_packet: Vec::new(),
        fragment_frame: Vec::new(),
        header_packet: Vec::new(),
        header_layer: Vec::new(),
        header_offset: Vec::new(),
        header_octets: Vec::new(),
        joined: Vec::new(),
    }
}
