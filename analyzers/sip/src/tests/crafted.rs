//! Captures made to show what goes wrong, with what tshark 4.0.17 says of them.

use mcpcap_analyzer::harness::schema::says_only_that_there_is_nothing;
use serde_json::json;

use super::{faults, file, named, run};
use crate::tool::SipPackets;

#[test]
fn counts_agree_with_tshark() {
    let report = run(&file("tests/captures/crafted/sip_call.pcap"), &json!({}));
    let statistics = &report["statistics"];
    assert_eq!((&report["sip_packets_found"], &statistics["unique_call_ids"]), (&json!(15), &json!(4)));
    assert_eq!(named(&statistics["methods"]), [("INVITE", 2), ("REGISTER", 2), ("ACK", 1), ("BYE", 1), ("OPTIONS", 1)]);
    assert_eq!(named(&statistics["response_classes"]), [("1xx", 2), ("2xx", 3), ("4xx", 2), ("5xx", 1)]);
    assert_eq!(
        named(&statistics["cseq_methods"]),
        [("INVITE", 6), ("REGISTER", 4), ("BYE", 2), ("OPTIONS", 2), ("ACK", 1)]
    );
    assert_eq!(named(&statistics["user_agents"]), [("Phone/2.1", 4)]);
    assert_eq!(named(&statistics["servers"]), [("PBX/9", 2)]);
    assert!(faults(&report).is_empty());
}

/// tshark counts 14 messages: it takes a status line without blank behind the code (frame 8), a message behind a line end (frame 14) and one
/// on the port of DNS (frame 22) for none.
#[test]
fn every_edge_is_told() {
    let report = run(&file("tests/captures/crafted/sip_edge.pcap"), &json!({}));
    assert_eq!(report["sip_packets_found"], 17);
    assert_eq!(
        faults(&report),
        [
            ("no_start_line", 1),
            ("bad_start_line", 1),
            ("no_cseq", 1),
            ("no_from", 1),
            ("no_to", 1),
            ("no_via", 1),
            ("cseq_of_other_method", 10),
            ("conflicting_content_length", 1),
            ("body_too_short", 1),
        ]
    );
    let packets = report["packets"].as_array().unwrap();
    let by_frame = |frame: u64| packets.iter().filter(|packet| packet["frame"] == frame).collect::<Vec<_>>();
    assert_eq!((&by_frame(1)[0]["call_id"], &by_frame(1)[0]["from"]), (&json!("compact-1"), &json!("<sip:a@x>;tag=1")));
    assert_eq!(by_frame(9)[0]["via"].as_array().unwrap().len(), 2);
    assert_eq!(by_frame(17).len(), 2, "two messages in one segment");
    assert_eq!(
        (by_frame(18).len(), &by_frame(19)[0]["body_length"]),
        (0, &json!(944)),
        "one message over two segments"
    );
    assert_eq!(by_frame(20)[0]["source_ip"], "2001:db8::1");
    assert_eq!(
        (&by_frame(24)[0]["body_length"], &by_frame(24)[0]["request_uri"]),
        (&json!(2500), &json!("sip:frag@y"))
    );
    for other in [3, 4, 5] {
        assert!(by_frame(other).is_empty(), "syslog, RTSP and SSDP are no SIP");
    }
    assert_eq!(report["statistics"]["keep_alives"], 1);
}

#[test]
fn folded_headers_are_joined() {
    let report = run(&file("tests/captures/crafted/sip_edge.pcap"), &json!({ "headers": true }));
    let packets = report["packets"].as_array().unwrap();
    let folded = packets.iter().find(|packet| packet["frame"] == 9).unwrap();
    assert!(
        folded["headers"]
            .as_array()
            .unwrap()
            .contains(&json!({ "name": "Subject", "value": "line one folded part folded two" }))
    );
}

#[test]
fn without_sip_the_report_is_one_sentence() {
    for name in ["arp_only.pcap", "icmp_ping.pcap", "tcp_mixed.pcap"] {
        says_only_that_there_is_nothing::<SipPackets>(&file(&format!("tests/captures/crafted/{name}")), &json!({}));
    }
    let report = run(&file("tests/captures/crafted/arp_only.pcap"), &json!({}));
    assert_eq!(report["message"], "No SIP messages found in this capture");
}
