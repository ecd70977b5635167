//! A decoder that lies. The host that is asked for says how.
#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;

wit_bindgen::generate!({ path: "../../../wit", world: "decoder" });

use exports::mcpcap::analysis::decode::{Batch, Guest, Packets, Problem};

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

    fn take(batch: Batch) -> Result<Packets, Problem> {
        let mut packets = honest(&batch);
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
            "panic" => panic!("the decoder gives up"),
            "spin" => loop {
                std::hint::black_box(0);
            },
            "flood" => packets.joined = vec![0; 20 << 20],
            "second_alone" => packets = honest_of(&batch, &[1]),
            "headers" => header(&mut packets, 1, offset[1], captured[1]),
            _ => {}
        }
        Ok(packets)
    }

    fn summary() -> Result<String, Problem> {
        Ok("not JSON".into())
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
