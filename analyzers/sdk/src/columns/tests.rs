//! What is written into columns is read back as it was, for every capture made by hand.
#![cfg(test)]

use super::{Events, Frames, Rows, Stacks, StreamWriter, Writer};
use crate::decode::{Decoder, Header, Packet};
use crate::harness::{folder, frames};
use crate::stream::{Connection, Endpoint, Event, Side, Streams};
use crate::{Flow, Frame, Link};

/// Everything that tells one packet from another, in words.
fn told(packet: &Packet<'_>, headers: &[Header]) -> String {
    let Packet { frame, timestamp, layers, ip, tunnels, transport, payload, payload_length, .. } = packet;
    let Packet { fragments, copy_of, stop, unread, .. } = packet;
    let first =
        format!("{frame} {timestamp:?} {layers:?} {ip:?} {tunnels:?} {transport:?} {payload:?} {payload_length}");
    format!("{first} {fragments:?} {copy_of:?} {stop:?} {unread:?} {headers:?}")
}

#[test]
fn what_was_written_is_read_back() {
    let (mut compared, mut joined) = (0, 0);
    let files = ["crafted", "encapsulation", "hostile", "reported"].iter().flat_map(|name| folder(name));
    for path in files.filter(|path| path.extension().is_some_and(|end| end == "pcap" || end == "pcapng")) {
        let bytes = std::fs::read(&path).unwrap();
        let mut decoder = Decoder::new();
        // Each frame is a batch with some bytes before and behind it.
        let _ = frames(&bytes, |frame| {
            // Nothing stands behind every other frame: what is empty may begin at the end of the data.
            let data = [&[0xee; 7][..], frame.data, &[0xee; 9][..(frame.number % 2) as usize * 9]].concat();
            let columns = Frames {
                number: vec![frame.number],
                timestamp: vec![frame.timestamp.unwrap_or(u64::MAX)],
                offset: vec![7],
                captured: vec![frame.data.len() as u32],
                original: vec![frame.original],
                link: vec![0],
                flags: vec![frame.flags],
            };
            let decoded = decoder.take(frame, None, true, &|_| true);
            let mut writer = Writer::new(1, data.len());
            writer.add(0, 7, &decoded);
            let packets = writer.into_packets();
            joined += packets.joined.len();
            let link = frame.link.clone();
            let stacks = Stacks::of(&packets).unwrap();
            let mut rows = Rows::new(&columns, &packets, &stacks, 100, &data);
            let (read, packet) = rows.next(|position| (position == 0).then_some(&link)).unwrap().unwrap();
            let headers: Vec<Header> = packet.headers.iter().collect();
            assert_eq!(told(&packet, &headers), told(&decoded.packet, decoded.headers), "{}", path.display());
            assert_eq!((read.data, read.offset, read.original), (frame.data, 107, frame.original));
            assert_eq!(packets.flow[0], decoded.packet.flow());
            compared += 1;
            Ok(Flow::More)
        });
    }
    assert!(compared > 1500 && joined > 1000, "{compared} {joined}");
}

#[test]
fn a_batch_of_many_stacks_is_read_back() {
    let mut decoder = Decoder::new();
    let link = Link { link_type: 1, ..Link::default() };
    let tagged = |id: u16| {
        let mut frame = vec![0_u8; 12];
        frame.extend_from_slice(&[0x81, 0, (id >> 8) as u8, id as u8, 0x08, 0x06, 1, 2, 3, 4]);
        frame
    };
    let data: Vec<u8> = (0..100).flat_map(|id| tagged(id % 40)).collect();
    let columns = Frames {
        number: (1..=100).collect(),
        timestamp: vec![0; 100],
        offset: (0..100).map(|row| row * 22).collect(),
        captured: vec![22; 100],
        original: vec![22; 100],
        link: vec![0; 100],
        flags: vec![0; 100],
    };
    let mut writer = Writer::new(100, data.len());
    for row in 0..100 {
        let frame: Frame<'_> = columns.frame(row, 0, &data, |_| Some(&link)).unwrap();
        writer.add(row as u32, columns.offset[row], &decoder.take(&frame, None, false, &|_| true));
    }
    let packets = writer.into_packets();
    let stacks = Stacks::of(&packets).unwrap();
    let mut rows = Rows::new(&columns, &packets, &stacks, 0, &data);
    let mut ids = Vec::new();
    while let Some(row) = rows.next(|_| Some(&link)) {
        ids.extend(row.unwrap().1.vlans());
    }
    assert_eq!(ids, (0..100).map(|id| id % 40).collect::<Vec<u16>>());
}

#[test]
fn both_directions_have_one_flow() {
    let flow = |source: (&str, u16), destination: (&str, u16)| {
        let data = crate::harness::build::udp(source, destination, b"x");
        let link = Link { link_type: 1, ..Link::default() };
        let (original, data) = (data.len() as u32, &data[..]);
        let frame =
            Frame { number: 1, timestamp: None, original, data, link: &link, link_index: 0, flags: 0, offset: 0 };
        Decoder::new().decode(&frame).flow()
    };
    let (a, b, c) = (("192.0.2.1", 5), ("192.0.2.2", 6), ("192.0.2.2", 5));
    assert_eq!(flow(a, b), flow(b, a));
    assert!(flow(a, b) != flow(a, c) && flow(a, b) != 0);
}

/// Also those that wait over some batches, and those of datagrams that were put together.
#[test]
fn events_that_were_written_are_read_back() {
    let (mut compared, mut in_frames, mut joined) = (0, 0, 0);
    let files = ["crafted", "encapsulation", "hostile", "reported"].iter().flat_map(|name| folder(name));
    for path in files.filter(|path| path.extension().is_some_and(|end| end == "pcap" || end == "pcapng")) {
        let (mut decoder, mut streams, mut expected) = (Decoder::new(), Streams::new(), Vec::new());
        let mut read = |writer: StreamWriter, data: &[u8], arrival: u64, expected: &mut Vec<String>| {
            let written = writer.into_streams();
            let mut events = Events::new(&written, data).unwrap();
            for told in expected.drain(..) {
                assert_eq!(events.arrival(), Some(arrival));
                assert_eq!(format!("{:?}", events.take().unwrap()), told, "{}", path.display());
                compared += 1;
            }
            assert_eq!(events.arrival(), None);
            in_frames +=
                written.length.iter().zip(&written.kind).filter(|(_, kind)| **kind < 3).map(|(n, _)| n).sum::<u64>();
            joined += written.joined.len() as u64;
        };
        let mut last = 0;
        let _ = frames(&std::fs::read(&path).unwrap(), |frame| {
            let mut writer = StreamWriter::default();
            streams.push(&decoder.decode(frame), frame.is_cut(), &mut |connection, event| {
                expected.push(format!("{:?}", (connection, event)));
                writer.add(frame.number, connection, event, frame.data);
            });
            last = frame.number;
            read(writer, frame.data, last, &mut expected);
            Ok(Flow::More)
        });
        let mut writer = StreamWriter::default();
        streams.finish(&mut |connection, event| {
            expected.push(format!("{:?}", (connection, event)));
            writer.add(last, connection, event, &[]);
        });
        read(writer, &[], last, &mut expected);
    }
    // Of what was given, little had to be copied.
    assert!(compared > 400 && joined > 1000 && joined * 4 < in_frames, "{compared} {joined} {in_frames}");
}

/// Of those whose numbers have the same remainder the last one is remembered, and the others are written again.
#[test]
fn a_connection_is_written_once_for_its_events_where_many_are_open() {
    let connection = |id: u64, v6: bool| {
        let end = |port| Endpoint { address: if v6 { "2001:db8::1" } else { "192.0.2.1" }.parse().unwrap(), port };
        let (client, server) = (end(1000 + id as u16), end(80));
        Connection { id, number: id, client, server, client_known: true, first_frame: id + 1, vlan: v6.then_some(7) }
    };
    for (open, written) in [(1, 1), (17, 17), (512, 512), (600, 600 + 2 * 88)] {
        let mut writer = StreamWriter::new(2 * open as usize);
        let all = || (0..2).flat_map(|round| (0..open).map(move |id| (round, connection(id, id % 2 == 1))));
        let fin = |round| Event::Fin { from: Side::Client, position: round, frame: 9 };
        all().for_each(|(round, connection)| writer.add(9, &connection, fin(round), &[]));
        let streams = writer.into_streams();
        assert_eq!(streams.id.len(), written);
        let mut events = Events::new(&streams, &[]).unwrap();
        all().for_each(|(round, connection)| assert_eq!(events.take().unwrap(), (&connection, fin(round))));
        assert_eq!(events.arrival(), None);
    }
}
