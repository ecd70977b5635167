#![no_main]

use std::collections::{HashMap, HashSet};

use mcpcap_analyzer::decode::Decoder;
use mcpcap_analyzer::stream::{Connection, Event, Limits, Side, Streams};
use mcpcap_analyzer::{Flow, harness};

/// Small ones, so that they are reached.
const SMALL: Limits = Limits { held: 600, held_total: 1_500 };

mcpcap_fuzz::capture!(|data: &[u8]| {
    for limits in [Limits::default(), SMALL] {
        let (mut decoder, mut streams) = (Decoder::new(), Streams::with_limits(limits));
        let (mut given, mut opened, mut closed, mut carried) = (0_u64, 0_u64, 0_u64, 0_u64);
        let mut ended = HashSet::new();
        let mut next: HashMap<(u64, Side), u64> = HashMap::new();
        let mut sink = |connection: &Connection, event: Event<'_>| {
            assert!(!ended.contains(&connection.id), "nothing comes behind the end of a connection");
            let mut goes_on = |from: Side, position: u64, length: u64| {
                let next = next.entry((connection.id, from)).or_default();
                assert_eq!(*next, position, "each byte stands behind the one before");
                *next += length;
            };
            match event {
                Event::Data { from, bytes, position, frame, .. } => {
                    assert!(!bytes.is_empty() && frame >= 1);
                    goes_on(from, position, bytes.len() as u64);
                    given += bytes.len() as u64;
                }
                Event::Gap { from, missing, position, .. } => {
                    assert!(missing > 0);
                    goes_on(from, position, missing);
                }
                Event::Conflict { length, .. } => assert!(length > 0),
                Event::Fin { frame, .. } => assert!(frame >= 1),
                Event::Closed { .. } => {
                    ended.insert(connection.id);
                    closed += 1;
                }
            }
        };
        let _ = harness::frames(data, |frame| {
            let packet = decoder.decode(frame);
            carried += packet.payload.len() as u64;
            streams.push(&packet, frame.is_cut(), &mut sink);
            Ok(Flow::More)
        });
        streams.finish(&mut sink);
        opened += streams.statistics().connections;
        assert_eq!(opened, closed, "each connection ends once");
        assert!(given <= carried, "{given} bytes of {carried}: more came out than went in");
    }
});
