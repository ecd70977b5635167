//! Flows and what is said of each.

use mcpcap_analyzer::harness::build;
use serde_json::{Value, json};

use super::build::{ACK, FIN, RST, START, SYN, arp, connection, every, icmp};
use super::{report, run};

const A: (&str, u16) = ("10.0.0.1", 40_000);
const B: (&str, u16) = ("10.0.0.2", 7_000);

/// The flows in the order of appearance.
fn flows(frames: &[(u64, Vec<u8>)]) -> Vec<Value> {
    let report = run(&build::pcap(frames), &json!({ "order": "time" }));
    report["flows"].as_array().unwrap().clone()
}

#[test]
fn both_directions_are_one_flow_with_numbers_of_each() {
    let frames =
        every(1_000_000, [build::udp(A, B, b"hello"), build::udp(B, A, b"hello yourself"), build::udp(A, B, b"bye")]);
    let found = flows(&frames);
    let expected = json!([{
        "id": 0, "protocol": "udp", "client": "10.0.0.1:40000", "server": "10.0.0.2:7000", "client_guessed": true,
        "conn_state": "SF", "packets": 3, "bytes": 47 + 56 + 45, "client_packets": 2, "server_packets": 1,
        "client_bytes": 47 + 45, "server_bytes": 56, "client_payload": 8, "server_payload": 14, "first_frame": 1, "last_frame": 3,
        "start_time": "2023-11-14T22:13:20.000000Z", "end_time": "2023-11-14T22:13:22.000000Z", "duration_seconds": 2.0, "community_id": found[0]["community_id"],
    }]);
    assert_eq!(json!(found), expected);
}

/// Zeek's words for UDP (`scripts/base/protocols/conn/main.zeek`): S0, SF, SHR.
#[test]
fn udp_has_a_conn_state_too() {
    let query = build::udp(A, ("10.0.0.53", 53), b"q");
    let answer = build::udp(("10.0.0.53", 53), A, b"a");
    let state = |frames: &[&Vec<u8>]| {
        let found = flows(&every(1, frames.iter().map(|frame| (*frame).clone())));
        let text = |name: &str| found[0][name].as_str().unwrap_or_default().to_owned();
        (text("conn_state"), text("client"), text("one_sided"))
    };
    let client = || "10.0.0.1:40000".to_owned();
    assert_eq!(state(&[&query]), ("S0".into(), client(), "client".into()));
    assert_eq!(state(&[&query, &answer]), ("SF".into(), client(), String::new()));
    assert_eq!(state(&[&answer]), ("SHR".into(), client(), "server".into()));
}

#[test]
fn a_connection_ends_and_the_same_ends_begin_another() {
    let whole = connection(A, ("10.0.0.2", 80), b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n");
    // The same numbers again behind its end; then a SYN with another number, and that is refused.
    let again = build::tcp(A, ("10.0.0.2", 80), SYN, (777, 0), b"");
    let refused = build::tcp(("10.0.0.2", 80), A, RST | ACK, (0, 778), b"");
    let found = flows(&every(1000, [whole.clone(), whole, vec![again, refused]].concat()));
    let states: Vec<&str> = found.iter().map(|flow| flow["conn_state"].as_str().unwrap()).collect();
    assert_eq!(states, ["SF", "SF", "REJ"]);
    assert_eq!((&found[0]["application"], &found[0]["by"]), (&json!("http"), &json!("signature")));
    assert_eq!(found[2]["packets"], 2);
    // SYN sent again is the same attempt; midstream traffic is OTH, with the service's end as server.
    let syn = build::tcp(A, B, SYN, (1, 0), b"");
    assert_eq!(flows(&every(1000, [syn.clone(), syn]))[0]["packets"], 2);
    let midstream = flows(&every(1000, [build::tcp(("10.0.0.2", 22), A, ACK, (5, 5), b"x")]));
    assert_eq!((&midstream[0]["conn_state"], &midstream[0]["client"]), (&json!("OTH"), &json!("10.0.0.1:40000")));
    let fin = flows(&every(1000, [build::tcp(A, B, SYN, (1, 0), b""), build::tcp(A, B, FIN, (2, 0), b"")]));
    assert_eq!(fin[0]["conn_state"], "SH");
}

#[test]
fn other_protocols_have_flows() {
    let ethernet =
        |kind: u16, bytes: &[u8]| [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1], &kind.to_be_bytes()[..], bytes].concat();
    let ip = |protocol: u8, source: u8, destination: u8, payload: &[u8]| {
        let length = 20 + payload.len() as u8;
        let header = [0x45, 0, 0, length, 0, 1, 0, 0, 64, protocol, 0, 0, 10, 0, 0, source, 10, 0, 0, destination];
        ethernet(0x0800, &[&header[..], payload].concat())
    };
    let ping = icmp("10.0.0.1", "10.0.0.2", 8, 0, &[0, 1, 0, 1]);
    let pong = icmp("10.0.0.2", "10.0.0.1", 0, 0, &[0, 1, 0, 1]);
    let frames = vec![
        ping,
        pong,
        icmp("10.0.0.2", "10.0.0.1", 3, 1, &[0; 4]),
        arp([10, 0, 0, 1], [10, 0, 0, 2], false),
        arp([10, 0, 0, 2], [10, 0, 0, 1], true),
        ip(132, 1, 2, &[0x0b, 0x59, 0x0b, 0x5a, 0, 0, 0, 0, 0, 0, 0, 0]),
        ip(132, 2, 1, &[0x0b, 0x5a, 0x0b, 0x59, 0, 0, 0, 0, 0, 0, 0, 0]),
        ip(89, 1, 5, &[2, 1, 0, 44]),
        ethernet(0x88cc, &[2, 7, 4, 0, 1, 2]),
    ];
    let found = flows(&every(1000, frames));
    let rows: Vec<(&str, &str, &str, u64, u64)> = found
        .iter()
        .map(|flow| {
            let text = |name: &str| flow[name].as_str().unwrap();
            let number = |name: &str| flow[name].as_u64().unwrap();
            (text("protocol"), text("client"), text("server"), number("client_packets"), number("server_packets"))
        })
        .collect();
    assert_eq!(
        rules_of(&rows),
        [
            "icmp 10.0.0.1 10.0.0.2 1/1",
            "icmp 10.0.0.2 10.0.0.1 1/0",
            "arp 10.0.0.1 10.0.0.2 1/1",
            "sctp 10.0.0.1:2905 10.0.0.2:2906 1/1",
            "ospf 10.0.0.1 10.0.0.5 1/0",
            "lldp 02:00:00:00:00:01 02:00:00:00:00:02 1/0",
        ]
    );
    assert_eq!((&found[0]["icmp_type"], &found[0]["icmp_code"]), (&json!(8), &Value::Null));
    assert_eq!((&found[1]["icmp_type"], &found[1]["icmp_code"]), (&json!(3), &json!(1)));
}

fn rules_of(rows: &[(&str, &str, &str, u64, u64)]) -> Vec<String> {
    rows.iter()
        .map(|(protocol, client, server, out, back)| format!("{protocol} {client} {server} {out}/{back}"))
        .collect()
}

#[test]
fn fragments_belong_to_the_flow_of_their_datagram() {
    // 1,480 bytes of UDP in two pieces, and a first piece that is never completed.
    let piece = |identification: u8, offset: u16, more: bool, payload: &[u8]| {
        let length = (20 + payload.len() as u16).to_be_bytes();
        let field = ((offset / 8) | if more { 0x2000 } else { 0 }).to_be_bytes();
        let mut frame =
            vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, length[0], length[1], 0, identification];
        frame.extend([field[0], field[1], 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        frame.extend(payload);
        frame
    };
    let mut datagram =
        [&40_000_u16.to_be_bytes()[..], &7_000_u16.to_be_bytes(), &1480_u16.to_be_bytes(), &[0, 0]].concat();
    datagram.resize(1480, 7);
    let frames = [
        piece(1, 0, true, &datagram[..1000]),
        piece(1, 1000, false, &datagram[1000..]),
        piece(2, 0, true, &datagram[..1000]),
    ];
    let found = flows(&every(1000, frames));
    assert_eq!(
        (&found[0]["client"], &found[0]["packets"], &found[0]["bytes"]),
        (&json!("10.0.0.1:40000"), &json!(2), &json!(1034 + 514))
    );
    assert_eq!(
        (&found[1]["client"], &found[1]["packets"], &found[1]["first_frame"]),
        (&json!("10.0.0.1"), &json!(1), &json!(3))
    );
}

#[test]
fn vlans_and_applications_are_counted() {
    let tagged = |frame: &[u8], tags: &[u8]| [&frame[..12], tags, &frame[12..]].concat();
    let query =
        build::udp(A, ("10.0.0.53", 53), b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01");
    let frames = [
        tagged(&query, &[0x81, 0, 0, 7]),
        tagged(&query, &[0x81, 0, 0, 8]),
        tagged(&query, &[0x88, 0xa8, 0, 9, 0x81, 0, 0, 7]),
    ];
    let report = run(&build::pcap(&every(60_000_000, frames)), &json!({ "count_copies": true }));
    let flow = &report["flows"][0];
    assert_eq!((&flow["vlan"], &flow["more_vlans"], &flow["packets"]), (&json!(7), &json!(true), &json!(3)));
    let vlans: Vec<String> = report["top"]["vlans"].as_array().unwrap().iter().map(Value::to_string).collect();
    let expected = [
        r#"{"vlan":9,"inner":7,"packets":1,"bytes":69}"#,
        r#"{"vlan":7,"packets":1,"bytes":65}"#,
        r#"{"vlan":8,"packets":1,"bytes":65}"#,
    ];
    assert_eq!(vlans, expected);
    let application = &report["applications"][0];
    assert_eq!(
        (&application["application"], &application["by"], &application["ports"]),
        (&json!("dns"), &json!("signature"), &json!([53]))
    );
    assert_eq!(
        (&report["top"]["ports"][0]["port"], &report["top"]["ports"][0]["registered"]),
        (&json!(53), &json!("dns"))
    );
    assert_eq!(report["top"]["networks"][0]["network"], "10.0.0.0/24");
}

#[test]
fn a_copy_counts_once_and_an_empty_capture_is_one_sentence() {
    let frame = build::udp(A, B, b"hello");
    let report = report(&[(START, frame.clone()), (START + 10, frame)]);
    assert_eq!((&report["totals"]["packets"], &report["copies"]["packets"]), (&json!(1), &json!(1)));
    mcpcap_analyzer::harness::schema::says_only_that_there_is_nothing::<crate::tool::Conversations>(
        &build::pcap(&[]),
        &json!({}),
    );
}

#[test]
fn arguments_that_make_no_sense_are_refused_by_name() {
    for (arguments, name) in [
        (json!({ "interval": 0.0 }), "interval"),
        (json!({ "interval": -1 }), "interval"),
        (json!({ "order": "size" }), "order"),
        (json!({ "by": "port" }), "by"),
        (json!({ "hosts": 3 }), "hosts"),
    ] {
        let error =
            mcpcap_analyzer::harness::run::<crate::tool::Conversations>(&build::pcap(&[]), &arguments).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn traffic_over_time_is_told_by_protocol_or_host() {
    let frames = [(START, build::udp(A, B, &[0; 100])), (START + 9_500_000, build::udp(B, A, &[0; 200]))];
    let told = run(&build::pcap(&frames), &json!({ "interval": 1, "by": "host" }));
    let over_time = &told["over_time"];
    assert_eq!(
        (&over_time["series"], &over_time["gaps"]),
        (&json!(["10.0.0.1", "10.0.0.2"]), &json!([{ "from": "2023-11-14T22:13:21.000000Z", "seconds": 8.0 }]))
    );
    assert_eq!(
        over_time["buckets"][1],
        json!({ "time": "2023-11-14T22:13:29.000000Z", "packets": 1, "bytes": 242, "bytes_by": [242, 242] })
    );
    let told = report(&frames);
    assert_eq!((&told["over_time"]["series"], &told["over_time"]["by"]), (&json!(["udp"]), &json!("protocol")));
    assert_eq!(
        run(&build::pcap(&frames), &json!({ "max_packets": 1 }))["note"],
        "Reading ended after the first packet, as max_packets asks."
    );
}
