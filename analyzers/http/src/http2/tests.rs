//! Connections of HTTP/2, frame by frame.

use loona_hpack::Encoder;
use mcpcap_analyzer::harness::lists::at;
use serde_json::{Value, json};

use super::frames::{CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PADDED, PRIORITY, PUSH_PROMISE, RST_STREAM};
use crate::tests::build::{Talk, Tested as _};

mod tunnels;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn block(encoder: &mut Encoder<'_>, fields: &[(&str, &str)]) -> Vec<u8> {
    encoder.encode(fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())))
}

fn ask(encoder: &mut Encoder<'_>, path: &str) -> Vec<u8> {
    let fields = [
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", "example.com"),
        (":path", path),
        ("user-agent", "unit/2"),
    ];
    block(encoder, &fields)
}

fn faults(report: &Value) -> Vec<&str> {
    at(report, "statistics.malformed").iter().map(|entry| entry["reason"].as_str().unwrap()).collect()
}

#[test]
fn streams_that_overlap_are_told_apart() {
    let (mut client, mut server) = (Encoder::new(), Encoder::new());
    let asked = [
        PREFACE.to_vec(),
        frame(SETTINGS, 0, 0, []),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, ask(&mut client, "/one?token=s3cret")),
        frame(HEADERS, END_HEADERS | END_STREAM | PRIORITY, 3, [&[0; 5][..], &ask(&mut client, "/two")].concat()),
    ];
    let told = [
        frame(SETTINGS, 0, 0, [0, 3, 0, 0, 0, 100]),
        frame(HEADERS, END_HEADERS, 3, block(&mut server, &[(":status", "200"), ("content-type", "text/plain")])),
        frame(HEADERS, END_HEADERS, 1, block(&mut server, &[(":status", "404"), ("server", "unit")])),
        frame(DATA, END_STREAM, 1, "not here"),
        frame(DATA, PADDED, 3, b"\x03hello \0\0\0"),
        frame(DATA, END_STREAM, 3, "world"),
    ];
    for size in [1, 10, 9, 100_000] {
        let mut talk = Talk::open();
        for piece in asked.concat().chunks(size) {
            talk = talk.ask(piece);
        }
        for piece in told.concat().chunks(size) {
            talk = talk.tell(piece);
        }
        let report = talk.close().report();
        let (one, two) = (&report["exchanges"][0], &report["exchanges"][1]);
        assert_eq!(
            (&one["uri"], &one["status"], &one["stream"]),
            (&json!("/one?token=…"), &json!(404), &json!(1)),
            "{size}"
        );
        assert_eq!(
            (&two["uri"], &two["host"], &two["user_agent"]),
            (&json!("/two"), &json!("example.com"), &json!("unit/2"))
        );
        // The MD5 of "hello world".
        assert_eq!(two["response_body"]["md5"], "5eb63bbbe01eeed093cb22bb8f5acdc3", "{size}");
        assert_eq!((&one["version"], &report["totals"]["connections"]), (&json!("2"), &json!(1)));
        assert!(faults(&report).is_empty(), "{report}");
    }
}

#[test]
fn header_blocks_go_on_in_further_frames() {
    let (mut client, mut server) = (Encoder::new(), Encoder::new());
    let long = ask(&mut client, &"/x".repeat(200));
    let (first, rest) = long.split_at(100);
    let report = Talk::open()
        .ask([PREFACE, &frame(HEADERS, END_STREAM, 1, first), &frame(CONTINUATION, 0, 1, &rest[..50])].concat())
        .ask(frame(CONTINUATION, END_HEADERS, 1, &rest[50..]))
        .tell(frame(HEADERS, END_HEADERS | END_STREAM, 1, block(&mut server, &[(":status", "204")])))
        .report();
    let exchange = &report["exchanges"][0];
    assert_eq!((&exchange["status"], &exchange["frame"]), (&json!(204), &json!(5)));
    assert_eq!(exchange["uri"].as_str().unwrap().len(), 400);
}

/// RFC 7540 section 3.2: the request that upgrades is stream 1.
#[test]
fn an_upgrade_goes_on_as_http2() {
    let mut server = Encoder::new();
    let mut client = Encoder::new();
    let report = Talk::open()
        .ask("GET /first HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n")
        .tell(
            [
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n".to_vec(),
                frame(SETTINGS, 0, 0, []),
                frame(HEADERS, END_HEADERS | END_STREAM, 1, block(&mut server, &[(":status", "200")])),
            ]
            .concat(),
        )
        .ask([PREFACE, &frame(SETTINGS, 0, 0, []), &frame(HEADERS, END_HEADERS | END_STREAM, 3, ask(&mut client, "/second"))].concat())
        .tell(frame(HEADERS, END_HEADERS | END_STREAM, 3, block(&mut server, &[(":status", "500")])))
        .report();
    let list: Vec<_> = report["exchanges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["uri"], &one["status"], &one["stream"]))
        .collect();
    assert_eq!(list, [(&json!("/first"), &json!(200), &json!(1)), (&json!("/second"), &json!(500), &json!(3))]);
    assert_eq!((&report["exchanges"][0]["interim"], &report["totals"]["connections"]), (&json!([101]), &json!(1)));
}

/// Of the client's side alone, the upgrade is not seen.
#[test]
fn an_upgrade_whose_answer_is_not_here_is_one_connection() {
    let report = Talk::open()
        .ask("GET /first HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n")
        .ask([PREFACE, &frame(HEADERS, END_HEADERS | END_STREAM, 3, ask(&mut Encoder::new(), "/second"))].concat())
        .report();
    assert_eq!((&report["totals"]["requests"], &report["totals"]["connections"]), (&json!(2), &json!(1)));
}

#[test]
fn a_server_may_speak_first() {
    let mut client = Encoder::new();
    let report = Talk::open()
        .tell(frame(SETTINGS, 0, 0, [0, 3, 0, 0, 0, 100]))
        .ask([PREFACE, &frame(HEADERS, END_HEADERS | END_STREAM, 1, ask(&mut client, "/"))].concat())
        .report();
    assert_eq!((&report["exchanges"][0]["method"], &report["totals"]["unanswered"]), (&json!("GET"), &json!(1)));
}

#[test]
fn calls_of_grpc_have_their_status() {
    let (mut client, mut server) = (Encoder::new(), Encoder::new());
    let fields = [
        (":method", "POST"),
        (":path", "/hello.Greeter/Say"),
        (":authority", "h"),
        ("content-type", "application/grpc"),
    ];
    let report = Talk::open()
        .ask(
            [
                PREFACE,
                &frame(HEADERS, END_HEADERS, 1, block(&mut client, &fields)),
                &frame(DATA, END_STREAM, 1, b"\0\0\0\0\0"),
            ]
            .concat(),
        )
        .tell(
            [
                frame(
                    HEADERS,
                    END_HEADERS,
                    1,
                    block(&mut server, &[(":status", "200"), ("content-type", "application/grpc")]),
                ),
                frame(
                    HEADERS,
                    END_HEADERS | END_STREAM,
                    1,
                    block(&mut server, &[("grpc-status", "5"), ("grpc-message", "no such name")]),
                ),
            ]
            .concat(),
        )
        .report();
    let exchange = &report["exchanges"][0];
    assert_eq!((&exchange["grpc_status"], &exchange["grpc_message"]), (&json!(5), &json!("no such name")));
    assert_eq!((&exchange["status"], &exchange["request_body"]["bytes"]), (&json!(200), &json!(5)));
}

#[test]
fn promised_and_reset_streams_are_exchanges() {
    let (mut client, mut server) = (Encoder::new(), Encoder::new());
    let promise = [&2_u32.to_be_bytes()[..], &ask(&mut server, "/pushed.css")].concat();
    let report = Talk::open()
        .ask([PREFACE, &frame(HEADERS, END_HEADERS | END_STREAM, 1, ask(&mut client, "/"))].concat())
        .tell(
            [
                frame(PUSH_PROMISE, END_HEADERS, 1, promise),
                frame(HEADERS, END_HEADERS | END_STREAM, 2, block(&mut server, &[(":status", "200")])),
            ]
            .concat(),
        )
        .ask(frame(RST_STREAM, 0, 1, 8_u32.to_be_bytes()))
        .report();
    let (pushed, given_up) = (&report["exchanges"][0], &report["exchanges"][1]);
    assert_eq!((&pushed["uri"], &pushed["status"]), (&json!("/pushed.css"), &json!(200)));
    assert_eq!((&given_up["reset"], &given_up["reset_by"]), (&json!("CANCEL"), &json!("client")));
}

#[test]
fn a_hole_in_data_costs_only_its_bytes_and_another_the_direction() {
    let (mut client, mut server) = (Encoder::new(), Encoder::new());
    let answer = block(&mut server, &[(":status", "200")]);
    let data = frame(DATA, END_STREAM, 1, vec![b'x'; 3000]);
    let open = |client: &mut Encoder<'_>| {
        Talk::open().ask([PREFACE, &frame(HEADERS, END_HEADERS | END_STREAM, 1, ask(client, "/"))].concat())
    };
    let report = open(&mut client)
        .tell([frame(HEADERS, END_HEADERS, 1, &answer), data[..1000].to_vec()].concat())
        .lose(1500)
        .tell(&data[2500..])
        .close()
        .report();
    let body = &report["exchanges"][0]["response_body"];
    assert_eq!(
        (&body["bytes"], &body["missing_bytes"], &body["complete"]),
        (&json!(3000), &json!(1500), &json!(false))
    );
    let report = open(&mut Encoder::new())
        .tell([frame(HEADERS, END_HEADERS, 1, &answer), data[..1000].to_vec()].concat())
        .lose(5000)
        .tell(frame(DATA, END_STREAM, 1, "x"))
        .close()
        .report();
    assert_eq!(report["exchanges"][0]["response_body"]["complete"], false);
    assert_eq!((faults(&report)[0], &report["limits"]["skipped_bytes"]), ("missing_bytes", &json!(10)));
}

#[test]
fn frames_that_lie_are_told() {
    let mut client = Encoder::new();
    let lies: [(Vec<u8>, &str); 5] = [
        (frame(HEADERS, END_HEADERS, 1, [0x40, 0x0a, 0x61]), "bad_header_block"),
        (frame(HEADERS, END_HEADERS | PADDED, 1, [9, 0x82]), "bad_http2_frame"),
        (frame(CONTINUATION, END_HEADERS, 1, [0x82]), "bad_http2_frame"),
        (frame(DATA, PADDED, 1, [200, 1]), "bad_http2_frame"),
        (frame(HEADERS, END_HEADERS, 1, vec![0x82; 1000]), "large_header_list"),
    ];
    for (lie, expected) in lies {
        let report = Talk::open()
            .ask([PREFACE, &lie].concat())
            .ask(frame(HEADERS, END_HEADERS | END_STREAM, 3, ask(&mut client, "/")))
            .report();
        assert!(faults(&report).contains(&expected), "{expected}: {report}");
    }
    let mut flood = Talk::open().ask([PREFACE, &frame(HEADERS, 0, 1, [0x82])].concat());
    for _ in 0..20 {
        flood = flood.ask(frame(CONTINUATION, 0, 1, vec![0x82; 16_000]));
    }
    assert_eq!(faults(&flood.report()), ["long_head", "bad_http2_frame"]);
}

#[test]
fn requests_that_are_taken_back_by_the_hundred_are_told() {
    let reset = |count: u32| {
        let mut client = Encoder::new();
        let mut talk = Talk::open().ask(PREFACE);
        for n in 0..count {
            let request = frame(HEADERS, END_HEADERS | END_STREAM, 2 * n + 1, ask(&mut client, "/"));
            talk = talk.ask([request, frame(RST_STREAM, 0, 2 * n + 1, 8_u32.to_be_bytes())].concat());
        }
        talk.report()
    };
    let report = reset(120);
    let finding = &report["findings"][0];
    assert_eq!((&finding["rule"], &finding["measures"][0]["value"]), (&json!("http2_rapid_reset"), &json!(120.0)));
    assert!(at(&reset(90), "findings").iter().all(|finding| finding["rule"] != "http2_rapid_reset"));
}

/// A request that may take another form than GET, up to the end of its stream or not.
fn asked(fields: &[(&str, &str)], ends: bool) -> Vec<u8> {
    let flags = if ends { END_HEADERS | END_STREAM } else { END_HEADERS };
    [PREFACE, &frame(HEADERS, flags, 1, block(&mut Encoder::new(), fields))].concat()
}

#[test]
fn streams_that_become_tunnels_count_bytes() {
    let connect = [(":method", "CONNECT"), (":authority", "example.net:443")];
    let websocket = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "https"),
        (":path", "/chat"),
        (":authority", "example.net"),
    ];
    for (fields, tunnel, rule) in
        [(&connect[..], "connect", "http_connect_tunnel"), (&websocket[..], "websocket", "http_websocket")]
    {
        let report = Talk::open()
            .ask(asked(fields, false))
            .tell(frame(HEADERS, END_HEADERS, 1, block(&mut Encoder::new(), &[(":status", "200")])))
            .ask(frame(DATA, 0, 1, "to the other"))
            .tell(frame(DATA, PADDED, 1, b"\x02and back\0\0"))
            .close()
            .report();
        let exchange = &report["exchanges"][0];
        assert_eq!(
            (&exchange["tunnel"], &exchange["tunnel_client_bytes"], &exchange["tunnel_server_bytes"]),
            (&json!(tunnel), &json!(12), &json!(8))
        );
        assert!(report.get("files").is_none() && exchange.get("response_body").is_none(), "{report}");
        assert_eq!((&report["findings"][0]["rule"], &report["totals"]["tunnels"]), (&json!(rule), &json!(1)));
    }
    // One that is refused has a body like any other.
    let refused = Talk::open()
        .ask(asked(&connect, true))
        .tell(frame(HEADERS, END_HEADERS, 1, block(&mut Encoder::new(), &[(":status", "403")])))
        .tell(frame(DATA, END_STREAM, 1, "no"))
        .report();
    assert_eq!(
        (&refused["exchanges"][0]["response_body"]["bytes"], refused["exchanges"][0].get("tunnel")),
        (&json!(2), None)
    );
}

#[test]
fn lengths_that_a_server_behind_may_believe_are_told() {
    let post = |more: &[(&'static str, &'static str)]| {
        [&[(":method", "POST"), (":authority", "h"), (":path", "/")][..], more].concat()
    };
    let told = |fields: &[(&str, &str)]| {
        let talk = Talk::open().ask([asked(fields, false), frame(DATA, END_STREAM, 1, "12345")].concat());
        let answer = frame(HEADERS, END_HEADERS | END_STREAM, 1, block(&mut Encoder::new(), &[(":status", "200")]));
        talk.tell(answer).close().report()
    };
    for (fields, expected) in [
        (&[("content-length", "0")][..], "wrong_content_length"),
        (&[("content-length", "5"), ("content-length", "6")], "conflicting_content_length"),
        (&[("content-length", "+5")], "bad_content_length"),
        (&[("transfer-encoding", "chunked")], "odd_transfer_encoding"),
    ] {
        let report = told(&post(fields));
        assert_eq!(faults(&report), [expected]);
        assert_eq!(report["findings"][0]["rule"], "http_request_smuggling", "{report}");
    }
    for fields in [&[("content-length", "5")][..], &[("content-length", "5"), ("content-length", "5")], &[]] {
        assert!(faults(&told(&post(fields))).is_empty(), "{fields:?}");
    }
}
