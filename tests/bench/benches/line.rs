//! The line in the sandbox: reader, decoder, crossings, and an analyzer. `cargo bench -p mcpcap-bench --features line --bench line`.
//! Beside `parts`, which has the same as native code: what differs is the sandbox and the crossings. Throughput is in frames.

use std::io::Write as _;

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use mcpcap::capture::Roots;
use mcpcap::pipeline::{Line, Pass, Question, Wants};
use mcpcap::sandbox::{Analyzer, Sandbox};
use mcpcap::settings::Limits;
use mcpcap_bench::generate::{Flows, Kind, Options, write};
use mcpcap_native::Builtin;
use tokio_util::sync::CancellationToken;

/// Frames of a capture.
const FRAMES: u64 = 50_000;

/// What an analyzer is handed.
struct Handed {
    what: &'static str,
    tool: &'static str,
    wants: Wants,
}

fn component(name: &str) -> &'static Builtin {
    Builtin::find(name).expect("a component of the program")
}

fn line(sandbox: &Sandbox) -> Line {
    let load = |name: &str| sandbox.builtin(component(name)).expect("it loads");
    Line {
        reader: sandbox.reader(load("reader")).expect("a reader"),
        codec: sandbox.codec(load("codec")).expect("a codec"),
        decoder: sandbox.decoder(load("decoder")).expect("a decoder"),
        limits: Limits::default(),
    }
}

fn measure(group: &mut BenchmarkGroup<'_, WallTime>, line: &Line, dhcp: &Analyzer, capture: &str) {
    group.throughput(Throughput::Elements(FRAMES)).sample_size(10);
    let handed = [
        Handed { what: "nothing handed over", tool: "analyze_dhcp_packets", wants: wants(Some(Vec::new()), false) },
        Handed {
            what: "packets of UDP handed over",
            tool: "analyze_dhcp_packets",
            wants: wants(Some(vec![17]), false),
        },
        Handed { what: "all packets handed over", tool: "analyze_dhcp_packets", wants: wants(None, false) },
        Handed { what: "streams handed over", tool: "analyze_dhcp_packets", wants: wants(Some(Vec::new()), true) },
    ];
    for Handed { what, tool, wants } in &handed {
        group.bench_function(*what, |bench| {
            bench.iter(|| {
                let question = Question {
                    analyzer: dhcp,
                    tool,
                    arguments: "{}",
                    wants,
                    may_end: false,
                    key_log: None,
                    rows: None,
                };
                let file = Roots::Everything.open(capture).expect("it opens");
                line.run(&question, &Pass::default(), file, &CancellationToken::new(), &|_| {})
                    .expect("a report")
                    .report
            });
        });
    }
}

fn wants(transports: Option<Vec<u8>>, streams: bool) -> Wants {
    Wants { transports, streams, ..Wants::default() }
}

fn all(criterion: &mut Criterion) {
    let sandbox = Sandbox::new().expect("the sandbox starts");
    let line = line(&sandbox);
    let dhcp = sandbox.analyzer(sandbox.builtin(component("dhcp")).expect("it loads")).expect("an analyzer");
    for kind in [Kind::Mixed, Kind::Tcp, Kind::Dns] {
        let options = Options { kind, frames: FRAMES, flows: Flows::Many, seed: 1 };
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        let mut capture = Vec::new();
        write(options, &mut capture).expect("a Vec takes all");
        file.write_all(&capture).expect("it is written");
        let path = file.path().to_str().expect("a path in UTF-8");
        measure(&mut criterion.benchmark_group(kind.name()), &line, &dhcp, path);
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
