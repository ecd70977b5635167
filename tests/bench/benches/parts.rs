//! The parts of the line as native code: reader, decoder, streams, tracker, an analyzer. `cargo bench -p mcpcap-bench`.
//! They share the frames of one capture; throughput is in frames.

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use mcpcap_analyzer::decode::{Decoder, Transport};
use mcpcap_analyzer::stream::{Connection, Event, Identity, Streams, Tracker};
use mcpcap_analyzer::{Flow, Frame, harness};
use mcpcap_bench::generate::{Flows, Kind, Options, write};
use mcpcap_tcp::tools::connections::TcpConnections;
use serde_json::json;

/// Frames of a capture.
const FRAMES: u64 = 50_000;

fn each(capture: &[u8], mut frame: impl FnMut(&Frame<'_>)) {
    let read = harness::frames(capture, |next| {
        frame(next);
        Ok(Flow::More)
    });
    assert_eq!(read.expect("a capture").0, FRAMES);
}

fn parts(group: &mut BenchmarkGroup<'_, WallTime>, capture: &[u8]) {
    group.throughput(Throughput::Elements(FRAMES)).sample_size(20);
    group.bench_function("reader", |bench| bench.iter(|| each(capture, |_| ())));
    group.bench_function("reader, decoder", |bench| {
        bench.iter(|| {
            let mut decoder = Decoder::new();
            each(capture, |frame| {
                std::hint::black_box(decoder.decode(frame));
            });
        });
    });
    group.bench_function("reader, decoder, streams", |bench| {
        bench.iter(|| {
            let (mut decoder, mut streams, mut given) = (Decoder::new(), Streams::default(), 0);
            let mut sink = |_: &Connection, event: Event<'_>| {
                if let Event::Data { bytes, .. } = event {
                    given += bytes.len();
                }
            };
            each(capture, |frame| streams.push(&decoder.decode(frame), frame.is_cut(), &mut sink));
            streams.finish(&mut sink);
            given
        });
    });
    group.bench_function("reader, decoder, tracker", |bench| {
        bench.iter(|| {
            let (mut decoder, mut tracker) = (Decoder::new(), Tracker::<Identity>::new());
            each(capture, |frame| {
                let packet = decoder.decode(frame);
                if let (Some(ip), Transport::Tcp(tcp)) = (&packet.ip, &packet.transport) {
                    tracker.push(ip, tcp, frame.number, &mut drop);
                }
            });
            tracker.seen()
        });
    });
    group.bench_function("tcp_connections", |bench| {
        bench.iter(|| harness::run::<TcpConnections>(capture, &json!({})));
    });
}

fn all(criterion: &mut Criterion) {
    for kind in [Kind::Mixed, Kind::Tcp, Kind::Dns] {
        let mut capture = Vec::new();
        let options = Options { kind, frames: FRAMES, flows: Flows::Many, seed: 1 };
        write(options, &mut capture).expect("a Vec takes all");
        parts(&mut criterion.benchmark_group(kind.name()), &capture);
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
