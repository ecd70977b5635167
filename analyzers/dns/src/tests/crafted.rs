//! Captures made to show what goes wrong, with what tshark 4.0.17 says of them.

use super::{named, rules, run};
use crate::tool::DnsPackets;
use mcpcap_analyzer::harness::schema::says_only_that_there_is_nothing;
use serde_json::{Value, json};

fn crafted(name: &str, arguments: &Value) -> Value {
    let path = format!("{}/../../tests/captures/crafted/{name}", env!("CARGO_MANIFEST_DIR"));
    run(&std::fs::read(path).unwrap(), arguments)
}

fn pairs(list: &[(&str, u64)]) -> Vec<(String, u64)> {
    list.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

#[test]
fn records_of_all_kinds_are_told() {
    let report = crafted("dns_records.pcap", &json!({}));
    let data: Vec<&str> = report["packets"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|packet| packet["answers"].as_array().unwrap())
        .map(|record| record["data"].as_str().or(record["address"].as_str()).unwrap())
        .collect();
    assert_eq!(
        data,
        [
            "web.example.net",
            "203.0.113.80",
            "2001:db8::80",
            "10 mail.example.com",
            "\"v=spf1 -all\" \"second\"",
            "ns1.example.com",
            "ns1.example.com host.example.com 7 0 0 0 0",
            "1 2 5060 sip.example.com",
            "a.example.com",
            "1 . alpn=\"h2\"",
            "0 issue \"ca.example\"",
            "203.0.113.81",
        ]
    );
}

#[test]
fn counts_of_records_agree_with_tshark() {
    let report = crafted("dns_records.pcap", &json!({}));
    let dns = &report["statistics"]["services"][0];
    assert_eq!(report["dns_packets_found"], 30);
    for (field, expected) in
        [("queries", 17), ("responses", 13), ("truncated", 1), ("edns", 2), ("dnssec_ok", 2), ("over_tcp", 0)]
    {
        assert_eq!(dns[field], expected, "{field}");
    }
    assert_eq!(named(&dns["rcodes"]), pairs(&[("NOERROR", 11), ("SERVFAIL", 1), ("NXDOMAIN", 1)]));
    assert_eq!(
        named(&dns["record_types"]),
        pairs(&[
            ("A", 2),
            ("SOA", 2),
            ("OPT", 2),
            ("NS", 1),
            ("CNAME", 1),
            ("PTR", 1),
            ("MX", 1),
            ("TXT", 1),
            ("AAAA", 1),
            ("SRV", 1),
            ("HTTPS", 1),
            ("CAA", 1),
        ])
    );
    assert_eq!(named(&dns["query_types"]).iter().map(|(_, count)| count).sum::<u64>(), 17);
    assert!(dns["malformed"].as_array().unwrap().is_empty() && rules(&report).is_empty());
}

#[test]
fn transactions_of_records_agree_with_tshark() {
    let report = crafted("dns_records.pcap", &json!({}));
    let transactions = &report["statistics"]["transactions"];
    for (field, expected) in
        [("asked", 16), ("answered", 13), ("unanswered", 3), ("retransmitted", 1), ("unasked_responses", 0)]
    {
        assert_eq!(transactions[field], expected, "{field}");
    }
    assert_eq!(transactions["latency"][0]["transport"], "UDP");
    assert_eq!(transactions["latency"][0]["median_ms"], 20.0);
    let slow = &transactions["unanswered_queries"][2];
    assert_eq!((&slow["name"], &slow["sent"]), (&json!("slow.example.com"), &json!(2)));
    // tshark counts 9: WWW.Example.COM apart from www.example.com.
    assert_eq!(report["statistics"]["unique_domains_queried"], 8);
}

#[test]
fn listed_messages_tell_their_counterparts_and_flags() {
    let report = crafted("dns_records.pcap", &json!({}));
    let packets = report["packets"].as_array().unwrap();
    assert_eq!((&packets[0]["response_frame"], &packets[1]["request_frame"]), (&json!(2), &json!(1)));
    assert_eq!(packets[1]["latency_ms"], 20.0);
    assert_eq!(packets[1]["timestamp"].as_str().unwrap().len(), "2023-11-14T22:13:20.000000Z".len());
    let case = packets
        .iter()
        .find(|packet| packet["questions"][0]["name"] == "WWW.Example.COM" && packet["rcode"].is_string())
        .unwrap();
    assert_eq!((&case["flags"]["authoritative"], &case["flags"]["truncated"]), (&json!(true), &json!(true)));
    let edns = packets.iter().find(|packet| packet["rcode"] == "SERVFAIL").unwrap();
    assert_eq!(
        edns["edns"],
        json!({ "version": 0, "udp_size": 1232, "dnssec_ok": true, "options": [], "options_total": 0 })
    );
    let nothing = packets.iter().find(|packet| packet["rcode"] == "NXDOMAIN").unwrap();
    assert_eq!(nothing["authority"][0]["type_name"], "SOA");
    let root = packets.iter().find(|packet| packet["dns_id"] == 14).unwrap();
    assert_eq!(root["questions"][0]["name"], ".");
}

/// tshark counts 15 messages: its heuristics take the lone query on port 5300 (frame 6) for DNS, and so 60 bytes 0xff on port 53 (frame 13).
#[test]
fn every_edge_is_told() {
    let report = crafted("dns_edge.pcap", &json!({}));
    let services = report["statistics"]["services"].as_array().unwrap();
    let messages: Vec<(&Value, &Value)> =
        services.iter().map(|service| (&service["service"], &service["messages"])).collect();
    assert_eq!(messages, [(&json!("dns"), &json!(13)), (&json!("mdns"), &json!(2)), (&json!("llmnr"), &json!(1))]);
    assert_eq!(services[0]["over_tcp"], 4);
    assert_eq!(report["limits"]["unconfirmed_frames"], json!([6]));
    assert_eq!(
        services[0]["malformed"],
        json!([
            { "reason": "not_dns", "count": 1, "frames": [13] },
            { "reason": "header_too_short", "count": 1, "frames": [12] },
            { "reason": "ends_early", "count": 1, "frames": [17] },
            { "reason": "bad_pointer", "count": 1, "frames": [14] },
        ])
    );
    assert_eq!(named(&services[0]["opcodes"]), pairs(&[("QUERY", 12), ("UPDATE", 1)]));
    assert_eq!(named(&services[0]["record_types"]), pairs(&[("A", 43), ("TXT", 10)]));
}

#[test]
fn edges_are_listed_with_their_frames() {
    let report = crafted("dns_edge.pcap", &json!({}));
    let packets = report["packets"].as_array().unwrap();
    let by_frame = |frame: u64| packets.iter().filter(|packet| packet["frame"] == frame).collect::<Vec<_>>();
    assert_eq!(by_frame(8).len(), 2, "two messages in one segment");
    assert_eq!(by_frame(10)[0]["answers"].as_array().unwrap().len(), 40, "one message over two segments");
    assert_eq!(by_frame(20)[0]["answers"].as_array().unwrap().len(), 10, "fragments");
    assert_eq!(by_frame(21)[0]["source_ip"], "192.0.2.10", "inside GRE");
    assert_eq!(by_frame(18)[0]["opcode"], "UPDATE");
    assert_eq!(by_frame(22).len(), 0, "quoted in ICMP");
    assert_eq!(by_frame(15)[0]["questions"][0]["name"], "\\255\\254\\128\\129.com");
    assert_eq!(by_frame(16)[0]["questions"][0]["name"], "a\\.b\\000c.com");
    assert_eq!(by_frame(14)[0]["questions"][0].get("name"), None);
    assert_eq!(by_frame(3)[0]["questions"][0]["unicast_response"], true);
    assert_eq!(by_frame(3)[0]["questions"][0]["class"], "IN");
    assert_eq!(by_frame(4)[0]["answers"][0]["cache_flush"], true);
    assert_eq!(rules(&report), ["dns_zone_transfer"]);
}

#[test]
fn a_hundred_records_and_more_are_no_obstacle() {
    for (name, records) in [("dns_100_answers.pcap", 100), ("dns_101_answers.pcap", 101)] {
        let report = crafted(name, &json!({}));
        assert_eq!(named(&report["statistics"]["services"][0]["record_types"]), pairs(&[("A", records)]));
        let packet = &report["packets"][0];
        // With the question.
        assert_eq!(packet["records_total"], records + 1);
        assert_eq!((packet["answers"].as_array().unwrap().len() as u64, packet.get("answers_total")), (records, None));
    }
}

#[test]
fn without_dns_the_report_is_one_sentence() {
    for name in ["arp_only.pcap", "icmp_ping.pcap", "tcp_mixed.pcap"] {
        says_only_that_there_is_nothing::<DnsPackets>(
            &std::fs::read(format!("{}/../../tests/captures/crafted/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap(),
            &json!({}),
        );
    }
    assert_eq!(crafted("arp_only.pcap", &json!({}))["message"], "No DNS, mDNS or LLMNR messages found in this capture");
}
