//! What goes through proxies.

use serde_json::{Value, json};

use super::build::{Talk, Tested as _};

const CONNECT: &str = "CONNECT www.example.com:80 HTTP/1.1\r\nHost: www.example.com:80\r\n\r\n";
const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";
const GET: &str = "GET /within HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world";
/// The MD5 of its body.
const MD5: &str = "5eb63bbbe01eeed093cb22bb8f5acdc3";

/// Target, frame and status of each exchange.
fn told(report: &Value) -> Vec<(&str, u64, Option<u64>)> {
    let list = report["exchanges"].as_array().unwrap().iter();
    list.map(|one| (one["uri"].as_str().unwrap_or_default(), one["frame"].as_u64().unwrap(), one["status"].as_u64()))
        .collect()
}

#[test]
fn http_within_a_tunnel_is_read() {
    let report = Talk::open().ask(CONNECT).tell(ESTABLISHED).ask(GET).tell(OK).close().report();
    assert_eq!(told(&report), [("/within", 6, Some(200)), ("www.example.com:80", 4, Some(200))]);
    assert_eq!(report["exchanges"][0]["response_body"]["md5"], MD5);
    // One TCP connection, and all bytes of the tunnel.
    assert_eq!((&report["totals"]["connections"], &report["totals"]["tunnels"]), (&json!(1), &json!(1)));
    let tunnel = &report["exchanges"][1];
    assert_eq!(
        (tunnel["tunnel_client_bytes"].as_u64(), tunnel["tunnel_server_bytes"].as_u64()),
        (Some(GET.len() as u64), Some(OK.len() as u64))
    );
}

#[test]
fn what_a_server_says_first_may_come_with_the_answer_of_its_proxy() {
    let settings = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64";
    let asked = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x0b\x01\x05\0\0\0\x01\x82\x86\x44\x07/within";
    let report = Talk::open()
        .ask(CONNECT)
        .tell([ESTABLISHED.as_bytes(), settings].concat())
        .ask(asked)
        .tell(b"\0\0\x01\x01\x05\0\0\0\x01\x88")
        .close()
        .report();
    assert_eq!(told(&report), [("/within", 6, Some(200)), ("www.example.com:80", 4, Some(200))]);
    assert_eq!((&report["exchanges"][0]["version"], &report["totals"]["connections"]), (&json!("2"), &json!(1)));
}

#[test]
fn tunnels_are_looked_into_within_each_other_only_so_far() {
    let mut talk = Talk::open();
    for _ in 0..3 {
        talk = talk.ask(CONNECT).tell(ESTABLISHED);
    }
    let within = talk.ask(GET).tell(OK).close().report();
    assert_eq!(within["exchanges"].as_array().map(Vec::len), Some(4));
    let mut talk = Talk::open();
    for _ in 0..1000 {
        talk = talk.ask(CONNECT).tell(ESTABLISHED);
    }
    let report = talk.ask(GET).tell(OK).close().report();
    assert_eq!((report["totals"]["tunnels"].as_u64(), report["totals"]["connections"].as_u64()), (Some(4), Some(1)));
}

#[test]
fn what_is_lost_in_a_tunnel_is_lost_for_what_it_carries() {
    let report = Talk::open()
        .ask(CONNECT)
        .tell(ESTABLISHED)
        .ask(GET)
        .tell("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\nbegin")
        .lose(2990)
        .tell("final".to_owned() + OK)
        .close()
        .report();
    let body = &report["exchanges"][0]["response_body"];
    assert_eq!((&body["bytes"], &body["missing_bytes"]), (&json!(3000), &json!(2990)));
    // A body that ends with the connection, of which one end is not seen.
    let report = Talk::open()
        .ask(CONNECT)
        .tell(ESTABLISHED)
        .ask(GET)
        .tell("HTTP/1.0 200 OK\r\n\r\nhello world")
        .finish()
        .report();
    assert_eq!(report["exchanges"][0]["response_body"]["md5"], MD5);
}

#[test]
fn a_tunnel_of_something_else_counts_bytes_alone() {
    let report =
        Talk::open().ask(CONNECT).tell(ESTABLISHED).tell("SSH-2.0-x\r\n").ask("SSH-2.0-y\r\n").close().report();
    assert_eq!(told(&report), [("www.example.com:80", 4, Some(200))]);
    assert_eq!(report["exchanges"][0]["tunnel_server_bytes"], 11);
    assert!(report["statistics"].get("malformed").is_none(), "{report}");
}
