//! Streams that CONNECT makes tunnels.

use mcpcap_analyzer::harness::build::{pcap, tagged};

use super::*;
use crate::limits;

const GET: &str = "GET /within HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world";
/// The MD5 of its body.
const MD5: &str = "5eb63bbbe01eeed093cb22bb8f5acdc3";
const CONNECT: [(&str, &str); 2] = [(":method", "CONNECT"), (":authority", "example.net:80")];

/// HEADERS that ask for a tunnel on a stream.
fn connect(encoder: &mut Encoder<'_>, stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, block(encoder, &CONNECT))
}

fn answer(encoder: &mut Encoder<'_>, stream: u32, status: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, block(encoder, &[(":status", status)]))
}

/// Target, version, frame and status of each exchange.
fn told(report: &Value) -> Vec<(&str, &str, u64, Option<u64>)> {
    let list = report["exchanges"].as_array().unwrap().iter();
    list.map(|one| {
        let (uri, version) = (one["uri"].as_str().unwrap_or_default(), one["version"].as_str().unwrap_or_default());
        (uri, version, one["frame"].as_u64().unwrap(), one["status"].as_u64())
    })
    .collect()
}

#[test]
fn http_within_a_stream_is_read() {
    // In frames of any size.
    for size in [1, 7, 40, 1000] {
        let data =
            |text: &str| text.as_bytes().chunks(size).flat_map(|part| frame(DATA, 0, 1, part)).collect::<Vec<_>>();
        let report = Talk::open()
            .ask([PREFACE, &connect(&mut Encoder::new(), 1)].concat())
            .tell(answer(&mut Encoder::new(), 1, "200"))
            .ask(data(GET))
            .tell(data(OK))
            .ask(frame(DATA, END_STREAM, 1, ""))
            .tell(frame(DATA, END_STREAM, 1, ""))
            .close()
            .report();
        assert_eq!(told(&report), [("/within", "1.1", 6, Some(200)), ("example.net:80", "2", 4, Some(200))], "{size}");
        assert_eq!(report["exchanges"][0]["response_body"]["md5"], MD5);
        let tunnel = &report["exchanges"][1];
        assert_eq!(
            (tunnel["tunnel_client_bytes"].as_u64(), tunnel["tunnel_server_bytes"].as_u64()),
            (Some(GET.len() as u64), Some(OK.len() as u64))
        );
        assert_eq!((&report["totals"]["connections"], &report["totals"]["tunnels"]), (&json!(1), &json!(1)));
        assert!(faults(&report).is_empty(), "{report}");
    }
}

#[test]
fn streams_carry_what_is_theirs() {
    let (mut client, mut server) = (Encoder::new(), Encoder::new());
    let (first, second) = GET.split_at(20);
    let report = Talk::open()
        .ask([PREFACE, &connect(&mut client, 1), &connect(&mut client, 3)].concat())
        .tell([answer(&mut server, 3, "200"), answer(&mut server, 1, "200")].concat())
        .ask(frame(DATA, 0, 1, first))
        .ask(frame(DATA, 0, 3, "SSH-2.0-x\r\n"))
        .tell(frame(DATA, 0, 3, "SSH-2.0-y\r\n"))
        .ask(frame(DATA, 0, 1, second))
        .tell(frame(DATA, 0, 1, OK))
        .close()
        .report();
    let expected = [
        ("/within", "1.1", 9, Some(200)),
        ("example.net:80", "2", 4, Some(200)),
        ("example.net:80", "2", 4, Some(200)),
    ];
    assert_eq!(told(&report), expected);
    assert!(faults(&report).is_empty(), "{report}");
}

/// A client need not wait for the answer.
#[test]
fn what_comes_before_the_answer_is_the_tunnels_or_the_requests() {
    let asked = [PREFACE, &connect(&mut Encoder::new(), 1), &frame(DATA, 0, 1, GET)].concat();
    let granted = Talk::open()
        .ask(&asked)
        .tell([answer(&mut Encoder::new(), 1, "200"), frame(DATA, 0, 1, OK)].concat())
        .close()
        .report();
    assert_eq!(told(&granted), [("/within", "1.1", 4, Some(200)), ("example.net:80", "2", 4, Some(200))]);
    assert_eq!(granted["exchanges"][1]["tunnel_client_bytes"], GET.len());
    let refused = Talk::open()
        .ask(&asked)
        .ask(frame(DATA, END_STREAM, 1, "!"))
        .tell([answer(&mut Encoder::new(), 1, "403"), frame(DATA, END_STREAM, 1, "no")].concat())
        .close()
        .report();
    assert_eq!(told(&refused), [("example.net:80", "2", 4, Some(403))]);
    assert_eq!(
        (&refused["exchanges"][0]["request_body"]["bytes"], &refused["exchanges"][0]["response_body"]["bytes"]),
        (&json!(GET.len() + 1), &json!(2))
    );
    // More than waits, and the answer behind it: all bytes are counted.
    let mut talk = Talk::open().ask([PREFACE, &connect(&mut Encoder::new(), 1)].concat());
    for _ in 0..64 {
        talk = talk.ask(frame(DATA, 0, 1, [b'x'; 1024]));
    }
    let late =
        talk.tell([answer(&mut Encoder::new(), 1, "200"), frame(DATA, 0, 1, "from there")].concat()).close().report();
    let sent = ["tunnel_client_bytes", "tunnel_server_bytes"].map(|name| late["exchanges"][0][name].as_u64());
    assert_eq!(sent, [Some(limits::EARLY as u64), Some(10)]);
    // Only the client's side, and more than waits.
    let long = format!("POST /within HTTP/1.1\r\nContent-Length: {}\r\n\r\n", 2 * limits::EARLY);
    let mut talk = Talk::open().ask([PREFACE, &connect(&mut Encoder::new(), 1), &frame(DATA, 0, 1, long)].concat());
    for _ in 0..2 * limits::EARLY / 1024 {
        talk = talk.ask(frame(DATA, 0, 1, [b'x'; 1024]));
    }
    let one_sided = talk.close().report();
    assert_eq!(told(&one_sided), [("/within", "1.1", 4, None), ("example.net:80", "2", 4, None)]);
    assert_eq!(one_sided["exchanges"][0]["request_body"]["bytes"], 2 * limits::EARLY);
}

#[test]
fn streams_that_end_in_other_ways_give_what_they_carried() {
    let opened = |more: Vec<u8>| {
        Talk::open()
            .ask([PREFACE, &connect(&mut Encoder::new(), 1)].concat())
            .tell(answer(&mut Encoder::new(), 1, "200"))
            .ask(frame(DATA, 0, 1, GET))
            .tell([frame(DATA, 0, 1, "HTTP/1.0 200 OK\r\n\r\nhello world"), more].concat())
    };
    // A body that ends with its connection ends with its stream.
    let ended = opened(frame(DATA, END_STREAM, 1, "")).close().report();
    assert_eq!(ended["exchanges"][0]["response_body"]["md5"], MD5);
    for report in [opened(frame(RST_STREAM, 0, 1, [0, 0, 0, 8])).report(), opened(Vec::new()).reset().report()] {
        assert_eq!(told(&report), [("/within", "1.1", 6, Some(200)), ("example.net:80", "2", 4, Some(200))]);
        assert_eq!(report["exchanges"][0]["response_body"]["complete"], false);
    }
    // Bytes of a frame that are not in the capture.
    let part = frame(DATA, 0, 1, [b'x'; 3000]);
    let lost = Talk::open()
        .ask([PREFACE, &connect(&mut Encoder::new(), 1)].concat())
        .tell(answer(&mut Encoder::new(), 1, "200"))
        .ask(frame(DATA, 0, 1, GET))
        .tell(frame(DATA, 0, 1, "HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n"))
        .tell(&part[..109])
        .lose(2000)
        .tell(&part[2109..])
        .close()
        .report();
    let body = &lost["exchanges"][0]["response_body"];
    assert_eq!((&body["bytes"], &body["missing_bytes"]), (&json!(3000), &json!(2000)));
}

#[test]
fn tunnels_have_a_limit_that_is_told() {
    let report = |status: &str| {
        let talks = (0..3_u16).map(|n| {
            let (mut asks, mut answers) = (Encoder::new(), Encoder::new());
            let streams = (0..200).flat_map(|stream| connect(&mut asks, stream * 2 + 1));
            let asked: Vec<u8> = PREFACE.iter().copied().chain(streams).collect();
            let told: Vec<u8> = (0..200).flat_map(|stream| answer(&mut answers, stream * 2 + 1, status)).collect();
            // All ask before the first is answered.
            let talk = Talk::between(("192.0.2.10", 40_000 + n), ("198.51.100.20", 8081), crate::tests::build::START);
            talk.ask(asked).wait(1_000_000).tell(&told).tell(answer(&mut answers, 1, status))
        });
        crate::tests::build::report(talks)
    };
    // None of those that are refused was one.
    assert!(report("403").get("limits").is_none());
    let report = report("200");
    assert_eq!(report["limits"]["tunnels_not_read"], 600 - limits::STREAM_TUNNELS);
}

/// What waited in a tunnel that is lost no longer counts as waiting.
#[test]
fn heads_that_are_lost_in_tunnels_leave_room() {
    let head = ["GET /long HTTP/1.1\r\nX: ".as_bytes(), &vec![b'x'; 100_000]].concat();
    let start = crate::tests::build::START;
    let lost = (0..40_u16).map(|n| {
        let mut talk =
            Talk::between(("192.0.2.10", 40_000 + n), ("198.51.100.20", 8081), start + u64::from(n) * 100_000)
                .ask([PREFACE, &connect(&mut Encoder::new(), 1)].concat())
                .tell(answer(&mut Encoder::new(), 1, "200"));
        for part in head.chunks(10_000) {
            talk = talk.ask(frame(DATA, 0, 1, part));
        }
        // A frame that is longer than any.
        talk.ask([0xff, 0xff, 0xff, HEADERS, 0, 0, 0, 0, 3]).close()
    });
    let whole = Talk::between(("192.0.2.10", 50_000), ("198.51.100.20", 8081), start + 10_000_000);
    let (first, second) = GET.split_at(20);
    let report = crate::tests::build::report(lost.chain([whole.ask(first).ask(second).tell(OK).close()]));
    assert_eq!(report["totals"]["tunnels"], 40);
    assert_eq!(faults(&report), ["bad_http2_frame"], "{report}");
}

/// The same over IPv6, with other tags for each direction, in another order, and captured twice.
#[test]
fn tunnels_are_read_in_each_form_of_a_capture() {
    const VERSION_1: &str = "CONNECT example.net:80 HTTP/1.1\r\nHost: example.net:80\r\n\r\n";
    let start = crate::tests::build::START;
    for (client, server) in [("192.0.2.10", "198.51.100.20"), ("2001:db8::10", "2001:db8::20")] {
        let open = || Talk::between((client, 40_000), (server, 8081), start);
        let (mut asks, mut answers) = (Encoder::new(), Encoder::new());
        // CONNECT is frame 4, what the client does not wait with frame 5.
        let one = open().ask(VERSION_1).ask(GET).tell("HTTP/1.1 200 OK\r\n\r\n").tell(OK).close();
        let two = open()
            .ask([PREFACE, &connect(&mut asks, 1)].concat())
            .ask(frame(DATA, 0, 1, GET))
            .tell(answer(&mut answers, 1, "200"))
            .tell(frame(DATA, 0, 1, OK))
            .close();
        for frames in [one.frames(), two.frames()] {
            let tagged = frames.iter().map(|(time, octets)| {
                let from_client = octets[0..6] == frames[3].1[0..6];
                (*time, tagged(octets, if from_client { &[7] } else { &[9, 10] }))
            });
            let mut turned = frames.clone();
            for pair in [(3, 4), (5, 6)] {
                let (earlier, later) = (turned[pair.0].1.clone(), turned[pair.1].1.clone());
                (turned[pair.0].1, turned[pair.1].1) = (later, earlier);
            }
            let twice = frames.iter().flat_map(|(time, octets)| [0, 100].map(|later| (time + later, octets.clone())));
            let forms = [frames.clone(), tagged.collect(), turned, twice.collect()];
            for (form, frames) in forms.iter().enumerate() {
                let report = crate::tests::run(&pcap(frames), &json!({}));
                let list = report["exchanges"].as_array().unwrap();
                let told: Vec<_> = list.iter().map(|one| (one["uri"].as_str(), one["status"].as_u64())).collect();
                let expected = [(Some("/within"), Some(200)), (Some("example.net:80"), Some(200))];
                assert_eq!(told, expected, "{client}, form {form}: {report}");
                assert_eq!(list[0]["response_body"]["md5"], MD5);
                assert_eq!(
                    (&list[1]["tunnel_client_bytes"], &list[1]["tunnel_server_bytes"]),
                    (&json!(GET.len()), &json!(OK.len()))
                );
                assert!(faults(&report).is_empty(), "{report}");
            }
        }
    }
}
