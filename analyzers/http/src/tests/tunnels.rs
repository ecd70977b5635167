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
    assert_eq!(report["limits"]["tunnels_not_read"], 1);
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

/// A client need not wait for the answer.
#[test]
fn what_a_client_sends_before_the_answer_is_the_tunnels() {
    let alone = Talk::open().ask(CONNECT).ask(GET).tell(ESTABLISHED).tell(OK).close().report();
    let tunnel = ("www.example.com:80", 4, Some(200));
    assert_eq!(told(&alone), [("/within", 5, Some(200)), tunnel]);
    assert_eq!(alone["exchanges"][1]["tunnel_client_bytes"], GET.len());
    let together = Talk::open().ask(CONNECT.to_owned() + GET).tell(ESTABLISHED.to_owned() + OK).close().report();
    assert_eq!(told(&together), [("/within", 4, Some(200)), tunnel]);
    // In pieces, and an interim response between them.
    let mut talk = Talk::open().ask(CONNECT).tell("HTTP/1.1 100 Continue\r\n\r\n");
    for piece in GET.as_bytes().chunks(5) {
        talk = talk.ask(piece);
    }
    let pieces = talk.tell(ESTABLISHED).tell(OK).close().report();
    assert_eq!((told(&pieces)[0].0, told(&pieces)[0].2), ("/within", Some(200)));
    // TLS is no malformed request.
    let hello = [22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3];
    let tls = Talk::open().ask(CONNECT).ask(hello).tell(ESTABLISHED).close().report();
    assert_eq!((told(&tls), tls["statistics"].get("malformed")), (vec![tunnel], None));
}

#[test]
fn what_a_client_sends_behind_a_connect_that_is_refused_are_requests() {
    let denied = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno";
    let report = Talk::open().ask(CONNECT).ask(GET).tell(denied).tell(OK).close().report();
    assert_eq!(told(&report), [("www.example.com:80", 4, Some(407)), ("/within", 5, Some(200))]);
    // Once more, and granted.
    let again =
        Talk::open().ask(CONNECT).ask(CONNECT).tell(denied).ask(GET).tell(ESTABLISHED).tell(OK).close().report();
    let expected =
        [("www.example.com:80", 4, Some(407)), ("/within", 7, Some(200)), ("www.example.com:80", 5, Some(200))];
    assert_eq!(told(&again), expected);
    // HTTP/2 without a tunnel.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x0b\x01\x05\0\0\0\x01\x82\x86\x44\x07/within";
    let (start, rest) = preface.split_at(40);
    let empty = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    let answers = [&empty[..], b"\0\0\0\x04\0\0\0\0\0", b"\0\0\x01\x01\x05\0\0\0\x01\x88"].concat();
    let report = Talk::open().ask(CONNECT).ask(start).ask(rest).tell(&answers[..20]).tell(&answers[20..]).report();
    assert_eq!(told(&report), [("www.example.com:80", 4, Some(407)), ("/within", 6, Some(200))]);
}

#[test]
fn a_tunnel_whose_answer_is_not_there_is_read_all_the_same() {
    // The answer is lost, whether the client waited for it or not.
    let waited = Talk::open().ask(CONNECT).lose(39).ask(GET).tell(OK).close().report();
    assert_eq!(told(&waited), [("/within", 5, Some(200)), ("www.example.com:80", 4, None)]);
    let early = Talk::open().ask(CONNECT).ask(GET).lose(39).tell(OK).close().report();
    assert_eq!(told(&early), [("/within", 5, Some(200)), ("www.example.com:80", 4, None)]);
    // Only the client's side.
    let post = "POST /within HTTP/1.1\r\nContent-Length: 200000\r\n\r\n";
    let mut talk = Talk::open().ask(CONNECT).ask(post);
    for _ in 0..200 {
        talk = talk.ask([b'x'; 1000]);
    }
    let one_sided = talk.close().report();
    assert_eq!(told(&one_sided), [("/within", 5, None), ("www.example.com:80", 4, None)]);
    assert_eq!(one_sided["exchanges"][0]["request_body"]["bytes"], 200_000);
    // More than waits, and the answer behind it: all bytes are counted.
    let mut talk = Talk::open().ask(CONNECT);
    for _ in 0..80 {
        talk = talk.ask([22; 1000]);
    }
    let late = talk.tell(ESTABLISHED).tell("from there").close().report();
    let sent = ["tunnel_client_bytes", "tunnel_server_bytes"].map(|name| late["exchanges"][0][name].as_u64());
    assert_eq!(sent, [Some(80_000), Some(10)]);
    // What the client sends is lost in part.
    let lost = Talk::open().ask(CONNECT).ask(&GET[..10]).lose_asked(GET.len() as u32 - 10).tell(ESTABLISHED).tell(OK);
    assert_eq!(told(&lost.close().report()).last(), Some(&("www.example.com:80", 4, Some(200))));
}

/// `tests/captures/tunnels`: a proxy that the package h2 of Python speaks for, and tinyproxy; what came through has the hash of the file.
#[test]
fn tunnels_of_other_programs_are_read() {
    let report = super::run(&super::file("tests/captures/tunnels/tunnels.pcap"), &json!({}));
    let list = report["exchanges"].as_array().unwrap();
    let through = list.iter().filter(|one| one["method"] == "GET" && one["status"] == 200);
    let frames: Vec<(u64, u64)> =
        through.clone().map(|one| (one["frame"].as_u64().unwrap(), one["response_frame"].as_u64().unwrap())).collect();
    assert_eq!(frames, [(14, 17), (14, 15), (29, 33), (47, 48)]);
    let sha256 = "6d1dcf744158aac4a8cf03cc7d3139ebd5df680ae14f651fc9102aebb170360d";
    assert!(through.clone().all(|one| one["response_body"]["sha256"] == sha256));
    let tunnels: Vec<(u64, u64, u64)> = list
        .iter()
        .filter(|one| one["tunnel"] == "connect")
        .map(|one| {
            ["frame", "tunnel_client_bytes", "tunnel_server_bytes"].map(|name| one[name].as_u64().unwrap()).into()
        })
        .collect();
    assert_eq!(tunnels, [(4, 67, 199), (8, 67, 199), (27, 67, 199), (43, 67, 199)]);
    // Behind a refusal it is a request of the proxy, which closed.
    let last = list.last().unwrap();
    assert_eq!((&last["frame"], last.get("status")), (&json!(57), None));
    assert_eq!(report["totals"]["connections"], 4);
}
