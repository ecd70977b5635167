#![no_main]

use mcpcap_analyzer::decode::{Decoder, quoted};
use mcpcap_analyzer::{Flow, harness};

mcpcap_fuzz::capture!(|data: &[u8]| {
    let (mut decoder, mut with_headers) = (Decoder::new(), Decoder::new());
    let _ = harness::frames(data, |frame| {
        let packet = decoder.decode(frame);
        let _ = quoted(&packet);
        let (other, headers) = with_headers.decode_with_headers(frame);
        assert_eq!(packet.layers, other.layers);
        assert_eq!((packet.ip, &packet.transport, packet.stop), (other.ip, &other.transport, other.stop));
        assert_eq!((&packet.payload, packet.copy_of), (&other.payload, other.copy_of));
        for header in headers {
            if let Some(offset) = header.offset {
                assert_eq!(frame.data.get(offset..offset + header.octets.len()), Some(header.octets.as_slice()));
            }
        }
        assert!(packet.copy_of.is_none_or(|first| (1..frame.number).contains(&first)));
        assert!(packet.fragments.iter().all(|number| (1..=frame.number).contains(number)));
        Ok(Flow::More)
    });
    let _ = decoder.statistics();
});
