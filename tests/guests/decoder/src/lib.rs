//! A decoder that lies. The host that is asked for says how.
#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;

wit_bindgen::generate!({ path: "../../../wit", world: "decoder" });

use exports::mcpcap::analysis::decode::{Batch, Guest, Packets, Problem, Streams, Taken};

struct Liar;

export!(Liar);

thread_local! {
    static LIE: RefCell<String> = const { RefCell::new(String::new()) };
}

impl Guest for Liar {
    fn open(options: String) -> Result<(), Problem> {
        let lie = options.split("\"host\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        LIE.set(lie.into());
        Ok(())
    }

    fn take(batch: Batch) -> Result<Taken, Problem> {
        let (mut packets, mut streams) = (honest(&batch), events(&batch));
        let size = batch.data.len() as u32;
        let (offset, captured) = (batch.frames.offset.clone(), batch.frames.captured.clone());
        match LIE.with_borrow(String::clone).as_str() {
            "columns" => packets.flow.clear(),
            "no_such_row" => packets.row[0] = u32::MAX,
            "row_twice" => packets.row[1] = 0,
            "no_such_stack" => packets.stack[0] = 1,
            "payload_behind" => packets.captured[0] = captured[0] + 1,
            "payload_before" => packets.payload[1] = offset[1] - 1,
            "payload_of_another" => packets.payload[1] = offset[0],
            "payload_far" => packets.payload[0] = u32::MAX,
            "payload_across" => (packets.payload[0], packets.captured[0]) = (size - 1, 8),
            "header_behind" => (packets.header[0], packets.header_length[0]) = (offset[0] + captured[0] - 1, 8),
            "joined_behind" => (packets.payload[0], packets.captured[0]) = (size, 9),
            "layer_ends" => packets.layer_ends[0] = 2,
            "tunnel_ends" => packets.tunnel_ends[0] = 1,
            "tunnels" => packets.tunnel_versions.push(4),
            "fragment_packet" => (packets.fragment_packet, packets.fragment_frame) = (vec![2], vec![1]),
            "fragment_frame" => (packets.fragment_packet, packets.fragment_frame) = (vec![0], vec![9]),
            "copy_of" => packets.copy_of[0] = 9,
            "header_packet" => header(&mut packets, 2, offset[0], 1),
            "header_offset" => header(&mut packets, 0, offset[1], 1),
            "event_columns" => streams.position.clear(),
            "connection_columns" => streams.first_frame.clear(),
            "no_such_connection" => streams.connection[1] = 1,
            "no_such_kind" => streams.kind[0] = 14,
            "community" => packets.community = vec![1; 20],
            "no_such_version" => streams.version[0] = 5,
            "arrival_behind" => streams.arrival[1] = 9,
            "arrival_falls" => streams.arrival.swap(0, 1),
            "event_frame" => streams.frame[0] = 0,
            "first_frame" => streams.first_frame[0] = 9,
            "vlan" => streams.vlan[0] = 4096,
            "event_before" => streams.offset[1] = offset[1] - 1,
            "event_of_another" => streams.offset[1] = offset[0],
            "event_joined_behind" => (streams.offset[0], streams.length[0]) = (size, 9),
            "panic" => panic!("the decoder gives up"),
            "spin" => loop {
                std::hint::black_box(0);
            },
            "flood" => packets.joined = vec![0; 20 << 20],
            "second_alone" => packets = honest_of(&batch, &[1]),
            "headers" => header(&mut packets, 1, offset[1], captured[1]),
            _ => {}
        }
        Ok(Taken { packets, streams })
    }

    fn end() -> Result<Streams, Problem> {
        let mut streams = of_connection();
        if LIE.with_borrow(|lie| lie == "end_in_data") {
            event(&mut streams, (2, 2), (0, 9));
        }
        Ok(streams)
    }

    fn summary() -> Result<String, Problem> {
        Ok("not JSON".into())
    }
}

/// Each frame as data of one connection.
fn events(batch: &Batch) -> Streams {
    let mut streams = of_connection();
    for (number, (offset, captured)) in
        batch.frames.number.iter().zip(batch.frames.offset.iter().zip(&batch.frames.captured))
    {
        event(&mut streams, (*number, *number), (*offset, *captured));
    }
    streams
}

fn event(streams: &mut Streams, (arrival, frame): (u64, u64), (offset, length): (u32, u32)) {
    streams.arrival.push(arrival);
    streams.connection.push(0);
    streams.kind.push(1);
    streams.event_flags.push(0);
    streams.frame.push(frame);
    streams.timestamp.push(0);
    streams.position.push(0);
    streams.offset.push(offset);
    streams.length.push(length.into());
}

fn of_connection() -> Streams {
    Streams {
        arrival: vec![],
        connection: vec![],
        kind: vec![],
        event_flags: vec![],
        frame: vec![],
        timestamp: vec![],
        position: vec![],
        offset: vec![],
        length: vec![],
        id: vec![0],
        number: vec![0],
        version: vec![4],
        client_high: vec![0],
        client_low: vec![1],
        client_port: vec![1],
        server_high: vec![0],
        server_low: vec![2],
        server_port: vec![2],
        client_known: vec![1],
        first_frame: vec![1],
        vlan: vec![u16::MAX],
        joined: vec![0; 8],
    }
}

fn header(packets: &mut Packets, packet: u32, offset: u32, octets: u32) {
    packets.header_packet.push(packet);
    packets.header_layer.push(0);
    packets.header_offset.push(offset);
    packets.header_octets.push(octets);
}

fn honest(batch: &Batch) -> Packets {
    let rows: Vec<u32> = (0..batch.frames.number.len() as u32).collect();
    honest_of(batch, &rows)
}

/// Frames as packets of no protocol.
fn honest_of(batch: &Batch, rows: &[u32]) -> Packets {
    let count = rows.len();
    let of = |column: &[u32]| rows.iter().map(|row| column[*row as usize]).collect::<Vec<u32>>();
    let (payload, captured) = (of(&batch.frames.offset), of(&batch.frames.captured));
    Packets {
        row: rows.to_vec(),
        stack: vec![0; count],
        version: vec![0; count],
        source_high: vec![0; count],
        source_low: vec![0; count],
        destination_high: vec![0; count],
        destination_low: vec![0; count],
        hop_limit: vec![0; count],
        protocol: vec![0; count],
        identification: vec![0; count],
        ip_flags: vec![0; count],
        traffic_class: vec![0; count],
        transport: vec![0; count],
        source_port: vec![0; count],
        destination_port: vec![0; count],
        header: vec![0; count],
        header_length: vec![0; count],
        payload,
        length: captured.clone(),
        captured,
        stop: vec![0; count],
        unread: vec![0; count],
        copy_of: vec![0; count],
        flow: vec![0; count],
        community: vec![],
        layers: vec![0],
        layer_ends: vec![1],
        tunnels: vec![],
        tunnel_versions: vec![],
        tunnel_ends: vec![0],
        fragment_packet: vec![],
        fragment_frame: vec![],
        header_packet: vec![],
        header_layer: vec![],
        header_offset: vec![],
        header_octets: vec![],
        joined: vec![0; 8],
    }
}
