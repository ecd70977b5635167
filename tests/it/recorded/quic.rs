//! `quic.pcap`: what aioquic said of each connection.

use serde_json::json;

use super::{list, report, rules, said};

#[tokio::test]
async fn each_connection_is_as_aioquic_says() {
    let report = report("analyze_quic", "quic.pcap", json!({ "limit": 1000 })).await;
    let text = said("quic.txt");
    let said: Vec<&str> = text.split("# ").skip(1).collect();
    let connections = list(&report, "/connections");
    assert_eq!((connections.len(), said.len()), (14, 14));
    for (one, said) in connections.iter().zip(said) {
        let (what, server) = said.lines().next().unwrap().rsplit_once(": ").unwrap();
        assert_eq!(one["server_ip"], server, "{what}");
        let outcome = if said.contains("handshake completed") {
            "established"
        } else if said.contains("Idle timeout") {
            "no_answer"
        } else {
            "closed"
        };
        assert_eq!(one["outcome"], outcome, "{what}");
        assert_eq!(one["resumed"] == "psk", said.contains("resumed True"), "{what}");
        assert_eq!(!one["early_data"].is_null(), said.contains("early data True"), "{what}");
        assert_eq!(!one["negotiation_frame"].is_null(), what.contains("does not know"), "{what}");
        assert_eq!(one["version"] == "QUIC 2", what == "version 2", "{what}");
        assert_eq!(!one["migrations"].as_array().is_none_or(Vec::is_empty), what.contains("another port"), "{what}");
        assert_eq!(one["retry"]["valid"] == true, server == "192.0.2.44", "{what}");
        assert_eq!(one["icmp_error"] == "port_unreachable", what == "nobody listens", "{what}");
        // aioquic says 0x128, which is alert 40 of TLS.
        assert_eq!(one["closed"]["code"] == 0x128, said.contains("error 0x128"), "{what}");
        assert_eq!(one["server_name"], "www.corp.example", "{what}");
    }
    assert_eq!(rules(&report), ["quic_blocked", "quic_handshakes_closed"]);
}
