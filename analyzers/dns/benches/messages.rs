//! What a message costs: `cargo bench -p mcpcap-dns [--profile guest] [-- CAPTURE]`, natively and without the sandbox.
//!
//! The capture is read three times over: by the reader alone, with the decoder, and by the whole tool. The differences are the costs of each.
//! Without a capture, a generated one is read; it says the same each time.

use std::hint::black_box;
use std::time::{Duration, Instant};

use mcpcap_analyzer::Flow;
use mcpcap_analyzer::decode::Decoder;
use mcpcap_analyzer::harness::{self, Random, build};
use mcpcap_dns::tool::DnsPackets;
use serde_json::json;

/// Runs of each kind, of which the fastest counts: everything else is what other programs took.
const RUNS: usize = 5;

fn main() {
    // `cargo bench` passes options of its own.
    let path = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let capture = path.map_or_else(generated, |path| std::fs::read(path).expect("the capture can be read"));
    let (frames, reading) = fastest(|| harness::frames(&capture, |frame| Ok(more(frame.data.len()))).map(|(n, ..)| n));
    let (_, decoding) = fastest(|| {
        let mut decoder = Decoder::new();
        harness::frames(&capture, |frame| Ok(more(decoder.decode(frame).payload.len())))
    });
    let (messages, whole) = fastest(|| {
        let report = harness::run::<DnsPackets>(&capture, &json!({ "page": { "limit": 1 } }))?;
        Ok(report["dns_packets_found"].as_u64().unwrap_or_default())
    });
    let of = |time: Duration, count: u64| time.as_nanos() as f64 / count.max(1) as f64;
    println!("{frames} frames: reading {:.0} ns each", of(reading, frames));
    println!("decoding {:.0} ns each", of(decoding.saturating_sub(reading), frames));
    println!("{messages} messages: analysis {:.0} ns each", of(whole.saturating_sub(decoding), messages));
}

fn more(length: usize) -> Flow {
    black_box(length);
    Flow::More
}

fn fastest<T>(mut run: impl FnMut() -> Result<T, mcpcap_analyzer::Problem>) -> (T, Duration) {
    let mut once = || {
        let start = Instant::now();
        let result = run().expect("the capture can be analysed");
        (result, start.elapsed())
    };
    let first = once();
    (1..RUNS).fold(first, |best, _| {
        let next = once();
        if next.1 < best.1 { next } else { best }
    })
}

/// Queries of 200 clients for up to 20,000 names, some much more often than others, and their responses.
fn generated() -> Vec<u8> {
    let mut random = Random::new(53);
    let mut frames = Vec::new();
    for n in 0..50_000_u64 {
        let host = random.below(20_000) * random.below(1000) / 1000;
        let (client, port) = (format!("192.0.2.{}", 1 + random.below(200)), 1024 + random.below(60_000) as u16);
        let mut query = (random.below(65_536) as u16).to_be_bytes().to_vec();
        query.extend_from_slice(b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x09");
        query.extend_from_slice(format!("host{host:05}").as_bytes());
        query.extend_from_slice(b"\x07example\x03com\x00\x00\x01\x00\x01");
        let mut response = query.clone();
        response.splice(2..8, *b"\x81\x80\x00\x01\x00\x01");
        response.extend_from_slice(b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc6\x33\x64\x01");
        let time = 1_700_000_000_000_000 + n * 1000;
        frames.push((time, build::udp((&client, port), ("198.51.100.53", 53), &query)));
        frames.push((time + 500, build::udp(("198.51.100.53", 53), (&client, port), &response)));
    }
    build::pcap(&frames)
}
