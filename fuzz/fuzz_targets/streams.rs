#![no_main]

use mcpcap_analyzer::decode::Decoder;
use mcpcap_analyzer::stream::{Connection, Event, Limits, Streams};
use mcpcap_analyzer::{Flow, harness};

/// Small ones, so that they are reached.
const SMALL: Limits = Limits { connections: 3, held: 600, held_total: 1_500 };

mcpcap_fuzz::capture!(|data: &[u8]| {
    for limits in [Limits::default(), SMALL] {
        let (mut decoder, mut streams) = (Decoder::new(), Streams::<bool>::with_limits(limits));
        let (mut given, mut opened, mut closed, mut carried) = (0_u64, 0_u64, 0_u64, 0_u64);
        let mut last = 0;
        let mut sink = |_: &Connection, ended: &mut bool, event: Event<'_>| {
            assert!(!*ended, "nothing comes behind the end of a connection");
            match event {
                Event::Data { bytes, frame, segment_frame, .. } => {
                    assert!(!bytes.is_empty() && segment_frame >= 1 && segment_frame <= frame);
                    given += bytes.len() as u64;
                }
                Event::Gap { missing, .. } => assert!(missing > 0),
                Event::Closed { .. } => {
                    *ended = true;
                    closed += 1;
                }
            }
        };
        let _ = harness::frames(data, |frame| {
            let packet = decoder.decode(frame);
            carried += packet.payload.len() as u64;
            streams.push(&packet, &mut sink);
            last = frame.number;
            Ok(Flow::More)
        });
        streams.finish(&mut sink);
        opened += streams.statistics().connections;
        assert_eq!(opened, closed, "each connection ends once");
        assert!(given <= carried, "{given} bytes of {carried}: more came out than went in");
    }
});
