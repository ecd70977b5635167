//! Captures with random changes: no panic, and no nonsense.

use mcpcap_analyzer::harness;
use serde_json::json;

use super::file;
use crate::tools::anomalies::TcpAnomalies;
use crate::tools::connections::TcpConnections;
use crate::tools::flow::TrafficFlow;
use crate::tools::retransmissions::TcpRetransmissions;

/// A small generator with a fixed seed (xorshift64*, Vigna 2016).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }
}

#[test]
fn changed_octets_never_panic() {
    let mut random = Random(0x6d63_7063_6170);
    for name in ["tests/captures/crafted/tcp_mixed.pcap", "examples/captures/tcp.pcap"] {
        let original = file(name);
        for _ in 0..150 {
            let mut capture = original.clone();
            for _ in 0..20 {
                // Not the file header, so that something is left to read.
                let at = 24 + random.below(capture.len() - 24);
                capture[at] = random.below(256) as u8;
            }
            let arguments = json!({ "detailed": true });
            let report = harness::run::<TcpConnections>(&capture, &arguments);
            if let Ok(report) = report {
                let total = report["summary"]["total_connections"].as_u64().unwrap();
                assert_eq!(report["pages"][0]["total"].as_u64(), Some(total));
            }
            let _ = harness::run::<TcpAnomalies>(&capture, &json!({}));
            let _ = harness::run::<TcpRetransmissions>(&capture, &json!({}));
            let _ = harness::run::<TrafficFlow>(&capture, &json!({ "server_ip": "192.0.2.53" }));
        }
    }
}
