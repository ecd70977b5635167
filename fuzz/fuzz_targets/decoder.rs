#![no_main]

use mcpcap_analyzer::columns::{Frames, Rows, Stacks, Writer};
use mcpcap_analyzer::decode::{Decoder, Header, quoted};
use mcpcap_analyzer::{Flow, harness};
use mcpcap_decoder::Choice;

const HOSTS: [Option<&str>; 4] = [None, Some("192.0.2.0/24"), Some("2001:db8::/32"), Some("10.0.0.1")];
const PORTS: [Option<u16>; 4] = [None, Some(53), Some(80), Some(5060)];

mcpcap_fuzz::capture!(|data: &[u8]| {
    let host = *mcpcap_fuzz::tool(&HOSTS, data, 8);
    let port = *mcpcap_fuzz::tool(&PORTS, data, 9);
    let choice = Choice::new(host, port).expect("these are hosts and ports");
    let (mut decoder, mut with_headers) = (Decoder::new(), Decoder::new());
    let _ = harness::frames(data, |frame| {
        let packet = decoder.decode(frame);
        let _ = quoted(&packet);
        let takes = choice.takes(&packet);
        assert!(takes || host.is_some() || port.is_some(), "nothing was asked for, and a frame is not taken");
        let other = with_headers.take(frame, true, &|_| true);
        assert_eq!(packet.layers, other.packet.layers);
        assert_eq!((&packet.payload, packet.copy_of), (&other.packet.payload, other.packet.copy_of));
        for header in other.headers {
            if let Some(offset) = header.offset {
                assert_eq!(frame.data.get(offset..offset + header.octets.len()), Some(header.octets.as_slice()));
            }
        }
        assert!(packet.copy_of.is_none_or(|first| (1..frame.number).contains(&first)));
        assert!(packet.fragments.iter().all(|number| (1..=frame.number).contains(number)));
        // What is written into columns is read back as it was.
        let columns = Frames {
            number: vec![frame.number],
            timestamp: vec![frame.timestamp.unwrap_or(u64::MAX)],
            offset: vec![0],
            captured: vec![frame.data.len() as u32],
            original: vec![frame.original],
            link: vec![0],
            flags: vec![frame.flags],
        };
        let mut writer = Writer::new(1, frame.data.len());
        writer.add(0, 0, &other);
        let packets = writer.into_packets();
        let stacks = Stacks::of(&packets).expect("stacks");
        let mut rows = Rows::new(&columns, &packets, &stacks, 0, frame.data);
        let (_, read) = rows.next(|_| Some(frame.link)).expect("a row").expect("right numbers");
        assert_eq!((&read.layers, read.ip, &read.transport), (&packet.layers, packet.ip, &packet.transport));
        assert_eq!((&read.payload, read.payload_length), (&packet.payload, packet.payload_length));
        assert_eq!((read.stop, read.unread, &read.tunnels), (packet.stop, packet.unread, &packet.tunnels));
        assert_eq!(read.headers.iter().collect::<Vec<Header>>(), other.headers);
        Ok(Flow::More)
    });
    let _ = decoder.statistics();
});
