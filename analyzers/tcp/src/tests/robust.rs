//! Captures with random changes: no panic, and no nonsense.

use mcpcap_analyzer::harness;
use serde_json::json;

use super::file;
use crate::tools::anomalies::TcpAnomalies;
use crate::tools::connections::TcpConnections;
use crate::tools::flow::TrafficFlow;
use crate::tools::retransmissions::TcpRetransmissions;

#[test]
fn changed_octets_never_panic() {
    for name in ["tests/captures/crafted/tcp_mixed.pcap", "examples/captures/tcp.pcap"] {
        for capture in harness::changed(&file(name), 0x6d63_7063_6170, 150, 20) {
            let arguments = json!({ "detailed": true });
            let report = harness::run::<TcpConnections>(&capture, &arguments);
            if let Ok(report) = report
                && report.get("message").is_none()
            {
                let total = report["summary"]["total_connections"].as_u64().unwrap();
                assert_eq!(report["pages"][0]["total"].as_u64(), Some(total));
            }
            let _ = harness::run::<TcpAnomalies>(&capture, &json!({}));
            let _ = harness::run::<TcpRetransmissions>(&capture, &json!({}));
            let _ = harness::run::<TrafficFlow>(&capture, &json!({ "server_ip": "192.0.2.53" }));
        }
    }
}
