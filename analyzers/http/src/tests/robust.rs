//! Captures with random changes, and streams of random pieces: no panic.

use std::path::Path;

use mcpcap_analyzer::harness::{self, Random, build};
use serde_json::json;

use super::build::{CLIENT, SERVER, Talk, Tested as _};
use super::file;
use crate::tool::Http;

/// One connection of everything.
fn mixed() -> Vec<u8> {
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\x02\x03\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x27\xb9\x32\xa8\x24\x0e\0\xa2\x3c\xef\x51\x60\0\0\0";
    let frames = Talk::open()
        .ask("POST /a?b=%41&password=x HTTP/1.1\r\nHost: h\r\nCookie: a=1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n")
        .tell("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 33\r\n\r\n")
        .tell(gzip)
        .ask("GET /x HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\n\r\n")
        .tell("HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\x04\0\0\0\x01\u{8}")
        .ask(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x06\x04\0\0\0\0\0\0\x01\0\0\x10\0\0\0\x11\x01\x05\0\0\0\x03\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff")
        .tell(b"\0\0\x01\x01\x04\0\0\0\x03\x88\0\0\x05\0\x01\0\0\0\x03hello")
        .close()
        .frames();
    build::pcap(&frames)
}

#[test]
fn changed_captures_never_panic() {
    let mut captures = vec![mixed(), file("examples/captures/tcp.pcap"), file("tests/captures/crafted/tcp_http.pcap")];
    if let Some(folder) = std::env::var_os("MCPCAP_CORPUS") {
        let root = Path::new(&folder).display().to_string();
        captures.extend(harness::files(&root, &["http", "http2"]).into_iter().map(|(_, capture)| capture));
    }
    for capture in captures {
        let copies = (2_000_000 / capture.len()).clamp(3, 1500);
        for changes in [3, 30] {
            for changed in harness::changed(&capture, 0x6874_7470, copies, changes) {
                let _ = harness::run::<Http>(&changed, &json!({ "page": { "limit": 1000 } }));
            }
        }
    }
}

#[test]
fn streams_of_random_pieces_never_panic() {
    let pieces: [&[u8]; 20] = [
        b"GET / HTTP/1.1\r\n",
        b"POST /x?y=",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 101 x\r\nUpgrade: h2c\r\n\r\n",
        b"\r\n",
        b"\r\n\r\n",
        b"Content-Length: 18446744073709551615\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"ffffffffffffffff\r\n",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"Content-Encoding: br\r\n",
        b"Content-Length: 9\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0\0\x04\x01\x05\0\0\0\x01\x82\x84\x86\xbe",
        b"\0\0\x08\0\x09\0\0\0\x01\xff1234567",
        b"\0\xff\xff\x09\0\0\0\0\x01",
        b"\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08",
        b"CONNECT a:1 HTTP/1.0\r\n\r\n",
        b": \x01\xff",
    ];
    let mut random = Random::new(17);
    for _ in 0..3_000 {
        let (mut frames, mut next) = (Vec::new(), [1_u32, 1]);
        for n in 0..12 {
            let from_client = random.below(2) == 0;
            let mut bytes = Vec::new();
            (0..1 + random.below(4)).for_each(|_| bytes.extend_from_slice(pieces[random.below(pieces.len())]));
            let [client, server] = next;
            frames.push((
                n,
                if from_client {
                    build::tcp(CLIENT, SERVER, 0x10, (client, server), &bytes)
                } else {
                    build::tcp(SERVER, CLIENT, 0x10, (server, client), &bytes)
                },
            ));
            next[usize::from(!from_client)] += bytes.len() as u32 + if random.below(9) == 0 { 5 } else { 0 };
        }
        let _ = harness::run::<Http>(&build::pcap(&frames), &json!({}));
    }
}
