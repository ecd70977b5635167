//! Which protocols are there, against what tshark says of the same captures.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{crafted, file, report};

/// Packets of each protocol, wherever it stands in the tree; once where it is within itself.
fn packets(report: &Value) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for row in report["protocol_hierarchy"]["rows"].as_array().unwrap() {
        let mut path: Vec<_> = row["path"].as_str().unwrap().split(':').collect();
        let last = path.pop().unwrap();
        if !path.contains(&last) {
            *found.entry(last.to_owned()).or_insert(0) += row["packets"].as_u64().unwrap();
        }
    }
    found
}

/// What tshark counts as protocols and this does not: content within a protocol, link layers with one name for all, what is no protocol.
const OTHERWISE: [&str; 18] = [
    "ethertype",
    "data-text-lines",
    "urlencoded-form",
    "mime_multipart",
    "media",
    "json",
    "xml",
    "x509ce",
    "x509sat",
    "pkcs-1",
    "sdp",
    "data",
    "udpencap",
    "user_dlt",
    "vlan",
    "ieee8021ad",
    "raw",
    "wlan_radio",
];

/// Captures of which more is said here than by tshark, or other, and why.
const KNOWN: [(&str, &str, &str); 11] = [
    ("dns_edge.pcap", "dns", "a message whose header promises more records than it could hold"),
    ("sip_edge.pcap", "dns", "by tshark a broken message on port 53, which is SIP"),
    ("sip_edge.pcap", "syslog", "SIP on port 514"),
    ("sip_edge.pcap", "sip", "SIP on ports of others, and keep-alives in its conversations"),
    ("f_huge_caplen.pcap", "eth", "tshark makes a frame of what is damaged, and gives the one before up"),
    ("f_huge_caplen.pcap", "ip", "likewise"),
    ("f_huge_caplen.pcap", "icmp", "likewise"),
    ("quic.pcap", "tls", "tshark counts TLS within QUIC too"),
    (
        "scans.pcap",
        "tftp",
        "tshark takes what else comes to the port of a client of TFTP for TFTP: nmap sends all from one",
    ),
    ("scans.pcap", "isakmp", "IKE, which has this name here"),
    ("scans.pcap", "ike", "likewise"),
];

/// tshark counts a message in the frame that completes it; here all packets of a recognised connection with payload count. So these may be more.
const OVER_TCP: [&str; 5] = ["http", "http2", "tls", "dns", "sip"];

#[test]
fn our_own_captures_hold_what_tshark_says() {
    let mut compared = 0;
    for folder in ["examples/captures", "tests/captures/crafted"] {
        let oracle: Value = serde_json::from_slice(&file(&format!("{folder}/oracle.json"))).unwrap();
        for (name, facts) in oracle["files"].as_object().unwrap() {
            let capture = file(&format!("{folder}/{name}"));
            let Ok(report) =
                mcpcap_analyzer::harness::run::<crate::analysis::Capinfos>(&capture, &serde_json::json!({}))
            else {
                continue;
            };
            let ours = packets(&report);
            let theirs = facts["protocol_frames"].as_object().unwrap();
            let names = ours.keys().chain(theirs.keys()).filter(|protocol| !OTHERWISE.contains(&protocol.as_str()));
            for protocol in names {
                if KNOWN.iter().any(|(file, known, _)| file == name && known == protocol) {
                    continue;
                }
                let (own, other) = (
                    ours.get(protocol).copied().unwrap_or(0),
                    theirs.get(protocol).and_then(Value::as_u64).unwrap_or(0),
                );
                let has_tcp = ours.contains_key("tcp") && OVER_TCP.contains(&protocol.as_str());
                assert!(
                    own == other || (has_tcp && own > other) || protocol == "user0",
                    "{name}: {protocol}: {own}, by tshark {other}"
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 200, "{compared}");
}

/// Protocol, carrier, how it was recognised, packets, and the tool to call next.
type Row<'a> = (&'a str, Option<&'a str>, Option<&'a str>, u64, &'a str);

fn protocols(report: &Value) -> Vec<Row<'_>> {
    let rows = report["protocols"].as_array().unwrap().iter();
    rows.map(|row| {
        let text = |name: &str| row[name].as_str();
        (text("protocol").unwrap(), text("over"), text("by"), row["packets"].as_u64().unwrap(), text("next").unwrap())
    })
    .collect()
}

#[test]
fn reported_captures_are_what_they_are() {
    let dns = "analyze_dns_packets";
    let signature = Some("signature");
    for (name, expected) in [
        // NTP whose source port is that of DNS.
        ("ntp_from_port_53", vec![("ntp", Some("udp"), signature, 6, "analyze_conversations")]),
        // Ordinary DNS on the port of mDNS.
        ("unicast_dns_port5353", vec![("dns", Some("udp"), signature, 6, dns)]),
        // Segments that begin in the middle of a message count too.
        (
            "dns_tcp_ten_percent_lost",
            vec![("dns", Some("tcp"), signature, 380, dns), ("tcp", None, None, 3, "analyze_tcp_connections")],
        ),
        ("dhcpv6_four_messages", vec![("dhcpv6", Some("udp"), signature, 4, "analyze_dhcp_packets")]),
        (
            "sip_tcp_hole_before_invite",
            vec![
                ("tcp", None, None, 6, "analyze_tcp_connections"),
                ("sip", Some("tcp"), signature, 3, "analyze_sip_packets"),
            ],
        ),
        ("ping_qinq_one_way", vec![("icmp", None, None, 8, "analyze_icmp_packets")]),
    ] {
        assert_eq!(protocols(&report(&format!("tests/captures/reported/{name}.pcap"))), expected, "{name}");
    }
}

#[test]
fn what_a_snap_length_leaves_is_told_by_its_port() {
    let tcp = ("tcp", None, None, 7, "analyze_tcp_connections");
    let http = ("http", Some("tcp"), Some("port"), 2, "analyze_http");
    assert_eq!(protocols(&crafted("tcp_snaplen54.pcap")), [tcp, http]);
}

#[test]
fn the_packets_of_all_protocols_add_up() {
    for path in ["examples/captures/dns.pcap", "examples/captures/sip.pcap", "tests/captures/crafted/dns_edge.pcap"] {
        let report = report(path);
        let packets: u64 = protocols(&report).iter().map(|row| row.3).sum();
        assert_eq!(Some(packets), report["packet_count"].as_u64(), "{path}");
        let bytes: u64 = report["protocols"].as_array().unwrap().iter().map(|row| row["bytes"].as_u64().unwrap()).sum();
        assert_eq!(Some(bytes), report["data_size_bytes"].as_u64(), "{path}");
    }
}

#[test]
fn a_connection_is_one_whatever_tags_its_directions_bear() {
    use mcpcap_analyzer::harness::{self, build};
    let (client, server) = (("192.0.2.1", 40_000), ("192.0.2.9", 9_999));
    let tagged = |frame: Vec<u8>, tags: &[u8]| [&frame[..12], tags, &frame[12..]].concat();
    let ack = 0x18;
    let request = build::tcp(client, server, ack, (1, 1), b"GET / HTTP/1.1\r\n\r\n");
    let answer = build::tcp(server, client, ack, (1, 19), &[0, 1, 2]);
    let frames =
        [tagged(request, &[0x88, 0xa8, 0, 1, 0x81, 0, 0, 2]), tagged(answer.clone(), &[0x81, 0, 0, 3]), answer];
    let capture = build::pcap(&frames.map(|frame| (1_700_000_000_000_000, frame)));
    let report = harness::run::<crate::analysis::Capinfos>(&capture, &serde_json::json!({})).unwrap();
    assert_eq!(protocols(&report), [("http", Some("tcp"), Some("signature"), 3, "analyze_http")]);
    let rows = report["protocol_hierarchy"]["rows"].as_array().unwrap().iter();
    let mut paths: Vec<_> = rows.filter(|row| row["by"].is_string()).map(|row| row["path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["eth:ip:tcp:http", "eth:vlan:ip:tcp:http", "eth:vlan:vlan:ip:tcp:http"]);
}

/// An Ethernet frame of IEEE 802.3 with these bytes behind its length.
fn llc(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    let mut frame = [&[1, 0x80, 0xc2, 0, 0, 0, 2, 0, 0, 0, 0, 1], &length[..], bytes].concat();
    frame.resize(60, 0);
    frame
}

#[test]
fn what_is_neither_udp_nor_tcp_has_its_name() {
    let ethernet =
        |kind: u16, bytes: &[u8]| [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1], &kind.to_be_bytes()[..], bytes].concat();
    let ip = |protocol: u8| {
        let header = [0x45, 0, 0, 28, 0, 1, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
        ethernet(0x0800, &[&header[..], &[0; 8]].concat())
    };
    let frames = vec![
        llc(&[0x42, 0x42, 3, 0, 0, 0, 0]),
        llc(&[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0, 2, 180]),
        llc(&[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x01, 0x0b, 0, 0]),
        llc(&[0xfe, 0xfe, 3, 0x83, 27]),
        ethernet(0x88cc, &[2, 7, 4, 0, 1, 2]),
        ethernet(0x888e, &[1, 1, 0, 0]),
        // PPPoE's session stage, with LCP.
        ethernet(0x8864, &[0x11, 0, 0, 1, 0, 6, 0xc0, 0x21, 1, 1, 0, 4]),
        ip(2),
        ip(47),
        ip(50),
        ip(89),
        ip(112),
        ip(132),
    ];
    let capture =
        mcpcap_analyzer::harness::build::pcap(&frames.into_iter().map(|frame| (0, frame)).collect::<Vec<_>>());
    let report = mcpcap_analyzer::harness::run::<crate::analysis::Capinfos>(&capture, &serde_json::json!({})).unwrap();
    let mut names: Vec<_> = protocols(&report).into_iter().map(|row| (row.0, row.3)).collect();
    names.sort_unstable();
    let expected = [
        ("cdp", 1),
        ("eapol", 1),
        ("esp", 1),
        ("igmp", 1),
        ("isis", 1),
        ("lcp", 1),
        ("lldp", 1),
        ("ospf", 1),
        ("sctp", 1),
        ("stp", 2),
        ("vrrp", 1),
    ];
    // GRE carries something.
    names.retain(|(name, _)| *name != "ethertype 0x0000");
    assert_eq!((names.as_slice(), packets(&report)["gre"]), (&expected[..], 1));
}
