//! Messages that break the rules, and how they are told.

use mcpcap_analyzer::harness::lists::at;
use serde_json::{Value, json};

use super::build::{Talk, Tested as _};

/// Reasons with their counts.
fn faults(report: &Value) -> Vec<(&str, u64)> {
    let list = at(report, "statistics.malformed").iter();
    list.map(|entry| (entry["reason"].as_str().unwrap(), entry["count"].as_u64().unwrap())).collect()
}

/// The faults of one request, and of the GET behind it.
#[track_caller]
fn check(request: &str, expected: &[(&str, u64)], exchanges: usize) {
    let report = Talk::open().ask(request).ask("GET /behind HTTP/1.1\r\nHost: h\r\n\r\n").close().report();
    assert_eq!(faults(&report), expected, "{request}");
    assert_eq!(report["exchanges"].as_array().unwrap().len(), exchanges, "{request}");
}

#[test]
fn odd_heads_are_read_all_the_same() {
    check("GET / HTTP/1.1\r\nHost : h\r\n\r\n", &[("blank_before_colon", 1)], 2);
    check("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n  b\r\n\r\n", &[("folded_header", 1)], 2);
    check("GET / HTTP/1.1\r\nHost: h\r\nnonsense\r\n\r\n", &[("line_without_colon", 1)], 2);
    check("GET / HTTP/1.1\nHost: h\n\n", &[("bare_line_feed", 1)], 2);
    check("GET / HTTP/1.1\r\n\r\n", &[("no_host", 1)], 2);
    check("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", &[("several_hosts", 1)], 2);
    check("GET / HTTP/3.7\r\nHost: a\r\n\r\n", &[("other_version", 1)], 2);
    check("GET / HTTP/1.1\r\nHost: h\r\nX: a\x01b\r\n\r\n", &[("bad_header", 1)], 2);
    let many: String = (0..300).map(|n| format!("X-{n}: {n}\r\n")).collect();
    check(&format!("GET / HTTP/1.1\r\nHost: h\r\n{many}\r\n"), &[("too_many_headers", 1)], 2);
}

#[test]
fn lengths_that_contradict_each_other_are_told() {
    let post = |headers: &str| format!("POST / HTTP/1.1\r\nHost: h\r\n{headers}\r\n");
    check(
        &(post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n"),
        &[("content_length_with_transfer_encoding", 1)],
        2,
    );
    check(&(post("Content-Length: 3\r\nContent-Length: 4\r\n") + "abc"), &[("conflicting_content_length", 1)], 2);
    check(&(post("Content-Length: 3, 3\r\n") + "abc"), &[], 2);
    check(&post("Content-Length: -1\r\n"), &[("bad_content_length", 1)], 2);
    check(&post("Content-Length: 18446744073709551617\r\n"), &[("bad_content_length", 1)], 2);
    for odd in ["xchunked", "chunked, identity", "chunked, chunked", "chunked\r\nTransfer-Encoding: x"] {
        let told = faults(&Talk::open().ask(post(&format!("Transfer-Encoding: {odd}\r\n"))).report())[0].0.to_owned();
        assert_eq!(told, "odd_transfer_encoding", "{odd}");
    }
    check(&(post("Transfer-Encoding : chunked\r\n") + "1\r\na\r\n0\r\n\r\n"), &[("blank_before_colon", 1)], 2);
}

#[test]
fn chunks_that_lie_end_the_reading_of_their_stream() {
    let chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    for size in ["10000000000000000", "ffffffffffffffff", "-1", "", "xyz"] {
        check(&format!("{chunked}{size}\r\nabc"), &[("bad_chunk", 1)], 2);
    }
    check(&format!("{chunked}3\r\nabcdef\r\n"), &[("bad_chunk", 1)], 2);
}

#[test]
fn bodies_that_are_cut_or_too_long_are_told() {
    let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    let cut = Talk::open().ask(get).tell("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").close().report();
    assert_eq!(faults(&cut), [("cut_message", 1)]);
    let by_one = Talk::open().ask(get).tell("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").finish().report();
    assert_eq!(faults(&by_one), [("cut_message", 1)]);
    assert_eq!(
        cut["exchanges"][0]["response_body"],
        json!({ "bytes": 3, "content_length": 10, "complete": false, "entropy": 1.585 })
    );
    let reset = Talk::open().ask(get).tell("HTTP/1.1 200 OK\r\nContent-Le").reset().report();
    assert_eq!((faults(&reset), &reset["totals"]["unanswered"]), (vec![("cut_message", 1)], &json!(1)));
    let long = Talk::open().ask(get).tell("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef").close().report();
    assert_eq!((faults(&long), &long["limits"]["skipped_bytes"]), (vec![("no_start_line", 1)], &json!(3)));
}

#[test]
fn odd_targets_are_shown_as_they_are() {
    let targets = ["*", "http://example.org/a?b", "/a b", "//x/../y", "/%00%ff", "/\u{fc}"];
    for target in targets {
        let report = Talk::open().ask(format!("OPTIONS {target} HTTP/1.1\r\nHost: h\r\n\r\n")).report();
        assert_eq!(report["exchanges"][0]["uri"], target);
    }
    let report = Talk::open().ask("GET http://user@example.org:81/a HTTP/1.1\r\nHost: other\r\n\r\n").report();
    assert_eq!(report["exchanges"][0]["host"], "example.org:81");
}

#[test]
fn bodies_that_lie_about_their_coding_are_told() {
    let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    let damaged = Talk::open()
        .ask(get)
        .tell("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nno gzip..")
        .close()
        .report();
    assert_eq!(faults(&damaged), [("damaged_coding", 1)]);
    assert_eq!(damaged["exchanges"][0]["response_body"]["undecoded"], "damaged");
    // 50 MiB of zeros, by the brotli of Node.
    let bomb = "cbffff3ff82700e2b14020f7fe8fffff7ff04f00c4611180eefd1fffffffe09f0088c30200ddfb3ffeffffc13f0110870500baf77ffcffff837f02200e0b0074effff8ffff07ff04401c1600e8deffe5ffff07fe0980382c00d0bdff00";
    let bomb = data_encoding::HEXLOWER.decode(bomb.as_bytes()).unwrap();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: {}\r\n\r\n", bomb.len());
    let report = Talk::open().ask(get).tell([head.as_bytes(), &bomb].concat()).close().report();
    assert_eq!(report["statistics"]["malformed"][0], json!({ "reason": "large_expansion", "count": 1, "frames": [5] }));
    assert!(report["exchanges"][0]["response_body"].get("sha256").is_none());
}

/// `hello hello hello hello` four times, by gzip.
const GZIP: &str = "1f8b0800000000000203cb48cdc9c957c84027b932a8240e00a23cef5160000000";
const SHA256: &str = "b27f681ceaff2ee30ad53acec314298274efcefeb15184edc130e57f058dc264";

#[test]
fn codings_of_several_headers_and_of_the_transfer_are_undone() {
    let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    let gzip = data_encoding::HEXLOWER.decode(GZIP.as_bytes()).unwrap();
    // A frame of zstd around it.
    let block = ((gzip.len() as u32) << 3 | 1).to_le_bytes();
    let both = [b"\x28\xb5\x2f\xfd\x20", &[gzip.len() as u8][..], &block[..3], &gzip].concat();
    let chunked = |body: &[u8]| [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n0\r\n\r\n"].concat();
    for (headers, body, coding) in [
        ("Content-Encoding: gzip\r\nContent-Encoding: zstd\r\n", both.clone(), Some("gzip, zstd")),
        ("Content-Encoding: gzip, zstd\r\n", both.clone(), Some("gzip, zstd")),
        ("Content-Encoding: gzip\r\nTransfer-Encoding: zstd, chunked\r\n", chunked(&both), Some("gzip")),
        ("Transfer-Encoding: gzip, chunked\r\n", chunked(&gzip), None),
        ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", chunked(&gzip), None),
    ] {
        let length =
            if headers.contains("chunked") { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!("HTTP/1.1 200 OK\r\n{headers}{length}\r\n");
        let report = Talk::open().ask(get).tell([head.as_bytes(), &body].concat()).close().report();
        let told = &report["exchanges"][0]["response_body"];
        assert_eq!(
            (told["sha256"].as_str(), told["decoded_bytes"].as_u64(), told["content_encoding"].as_str()),
            (Some(SHA256), Some(96), coding),
            "{headers}"
        );
    }
}
