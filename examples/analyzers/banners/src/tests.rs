//! The tool on streams that are made here, and on a capture of known banners.

use mcpcap_analyzer::harness::{self, build};
use serde_json::{Value, json};

use crate::servers::BannersServers;

const CLIENT: &str = "192.0.2.1";
const SYN: u16 = 2;
const RST_ACK: u16 = 0x14;
const PSH_ACK: u16 = 0x18;
const SSH: &str = "SSH-2.0-OpenSSH_9.6p1\r\n";

/// A connection in which the ends speak in turn, the server first: each text is a segment, and an empty one is none. It ends with a reset.
fn connection(client_port: u16, server: (&str, u16), texts: &[&str]) -> Vec<Vec<u8>> {
    let client = (if server.0.contains(':') { "2001:db8::1" } else { CLIENT }, client_port);
    let mut next = [1001, 5001];
    let mut frames = vec![
        build::tcp(client, server, SYN, (1000, 0), b""),
        build::tcp(server, client, SYN | 0x10, (5000, 1001), b""),
        build::tcp(client, server, 0x10, (1001, 5001), b""),
    ];
    for (turn, text) in texts.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
        let (end, from, to) = if turn % 2 == 0 { (1, server, client) } else { (0, client, server) };
        frames.push(build::tcp(from, to, PSH_ACK, (next[end], next[1 - end]), text.as_bytes()));
        next[end] += text.len() as u32;
    }
    frames.push(build::tcp(client, server, RST_ACK, (next[0], next[1]), b""));
    frames
}

fn report(frames: impl IntoIterator<Item = Vec<u8>>, arguments: &Value) -> Value {
    let frames: Vec<_> = frames.into_iter().map(|frame| (0, frame)).collect();
    harness::run::<BannersServers>(&build::pcap(&frames), arguments).unwrap()
}

/// What tshark 4.0.17 sees: `-Y 'tcp.len>0' -T fields -e frame.number -e tcp.srcport -e _ws.col.Info` has these frames and texts, with a segment that was not
/// captured before frame 50; `-z conv,tcp` has nine connections, of which that with port 23 has no SYN, and one of the two with port 80 no data.
#[test]
fn known_banners_are_what_tshark_sees() {
    let capture = std::fs::read("../banners.pcap").unwrap();
    let report = harness::run::<BannersServers>(&capture, &json!({})).unwrap();
    assert_eq!((&report["connections"], &report["connections_without_start"]), (&json!(8), &json!(1)));
    let names = ["address", "port", "connections", "server_first", "client_first", "banner", "frames"];
    let told = |server: &Value| Value::from(names.map(|name| server[name].clone()).to_vec());
    let servers: Vec<Value> = report["servers"].as_array().unwrap().iter().map(told).collect();
    let ftp = "2001:db8:1234:5678:a8bb:ccff:fedd:ee2";
    let expected = json!([
        ["192.0.2.22", 22, 1, 1, 0, "SSH-2.0-OpenSSH_9.6p1 Ubuntu-3", [4]],
        ["192.0.2.22", 443, 1, 1, 0, "SSH-2.0-dropbear_2022.83", [42]],
        ["192.0.2.25", 25, 1, 1, 0, "220 mail.example ESMTP Postfix", [10, 11]],
        ["192.0.2.80", 80, 2, 0, 1, "HTTP/1.1 200 OK", [35]],
        ["192.0.2.110", 110, 1, 1, 0, "+OK ", [49]],
        [format!("{ftp}1"), 21, 1, 1, 0, "220 ProFTPD 1.3.5 Server (Küche)", [19]],
        [format!("{ftp}2"), 21, 1, 1, 0, "220 ready", [27]],
    ]);
    assert_eq!(json!(servers), expected);
    let found = report["findings"].as_array().unwrap().iter();
    let found: Vec<_> = found.map(|one| json!([one["rule"], one["subject"], one["frames"]])).collect();
    let expected = json!([
        ["banners_software_version", "192.0.2.22:22", [4]],
        ["banners_software_version", "192.0.2.22:443", [42]],
        ["banners_software_version", format!("[{ftp}1]:21"), [19]],
        ["banners_server_spoke_first", "192.0.2.22:443", [42]],
    ]);
    assert_eq!(json!(found), expected);
}

#[test]
fn the_first_connection_gives_the_banner() {
    let early = connection(50_001, ("192.0.2.22", 22), &["early"]);
    let mut frames = early;
    let end = frames.pop();
    frames.extend(connection(50_002, ("192.0.2.22", 22), &["late\n"]));
    frames.extend(end);
    let server = &report(frames, &json!({}))["servers"][0];
    assert_eq!(
        (&server["banner"], &server["frames"], &server["connections"]),
        (&json!("early"), &json!([4]), &json!(2))
    );
}

#[test]
fn a_server_that_speaks_first_where_clients_do_is_a_finding() {
    let frames = (0..25).flat_map(|n| connection(50_000 + n, ("2001:db8::22", 443), &["220 ready\r\n", "a"]));
    let found = &report(frames, &json!({}))["findings"];
    let frames: Vec<u64> = (0..25).map(|n| 4 + 6 * n).collect();
    assert_eq!(
        (&found[0]["rule"], &found[0]["subject"]),
        (&json!("banners_server_spoke_first"), &json!("[2001:db8::22]:443"))
    );
    assert_eq!((&found[0]["frames"], &found[0]["frames_total"], &found[1]), (&json!(frames), &json!(25), &Value::Null));
}

#[test]
fn versions_of_software_count_and_that_of_ssh_does_not() {
    let cases = [
        ("220 ProFTPD 1.3.5 Server\n", 1),
        ("SSH-2.0-dropbear\n", 0),
        ("SSH-1.99-Cisco-1.25\n", 1),
        ("220 ready.\n", 0),
    ];
    for (banner, count) in cases {
        let report = report(connection(50_000, ("192.0.2.22", 22), &[banner]), &json!({}));
        assert_eq!(report["findings"].as_array().unwrap().len(), count, "{banner}");
    }
}

#[test]
fn servers_are_chosen_and_paged() {
    let frames = [
        connection(50_000, ("192.0.2.22", 22), &[SSH]),
        connection(50_001, ("192.0.2.22", 2222), &[SSH]),
        connection(50_002, ("2001:db8::80", 80), &["", "GET"]),
    ]
    .concat();
    let ports = |arguments| {
        let report = report(frames.clone(), &arguments);
        let port = |server: &Value| server["port"].as_u64().unwrap();
        (report["servers"].as_array().unwrap().iter().map(port).collect::<Vec<_>>(), report["pages"].clone())
    };
    assert_eq!(ports(json!({})).0, [22, 2222, 80]);
    assert_eq!(ports(json!({ "speaks_first": "server" })).0, [22, 2222]);
    assert_eq!(ports(json!({ "speaks_first": "client" })).0, [80]);
    let (page, pages) = ports(json!({ "page": { "offset": 1, "limit": 1 } }));
    assert_eq!((page, pages), (vec![2222], json!([{ "list": "servers", "total": 3, "offset": 1, "returned": 1 }])));
}

#[test]
fn what_is_kept_is_bounded() {
    let long = "x".repeat(600);
    let addresses: Vec<String> = (0..5000).map(|n| format!("10.0.{}.{}", n >> 8, n & 255)).collect();
    let frames = addresses.iter().flat_map(|address| connection(50_000, (address, 22), &[&long]));
    let kept = report(frames, &json!({}));
    assert_eq!(kept["limits"], json!({ "connections_left_out": 904, "findings_left_out": 0 }));
    assert_eq!(
        (&kept["pages"][0]["total"], &kept["servers"][0]["banner"]),
        (&json!(4096), &json!(format!("{}…", "x".repeat(120))))
    );
    let frames = addresses.iter().take(120).flat_map(|address| connection(50_000, (address, 22), &[SSH]));
    let many = report(frames, &json!({}));
    assert_eq!((many["findings"].as_array().unwrap().len(), &many["limits"]["findings_left_out"]), (100, &json!(20)));
}

#[test]
fn damaged_captures_do_no_harm() {
    let capture = std::fs::read("../banners.pcap").unwrap();
    for copy in harness::changed(&capture, 1, 500, 20) {
        // An error is right for what is no capture any more; a panic never.
        let _ = harness::run::<BannersServers>(&copy, &json!({}));
    }
}
