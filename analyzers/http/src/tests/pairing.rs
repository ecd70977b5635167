//! Which response belongs to which request, and where messages end.

use serde_json::{Value, json};

use super::build::{CLIENT, SERVER, Talk, Tested as _};

/// Method or null, URI or null, status or null, of each exchange.
fn pairs(report: &Value) -> Vec<(Option<&str>, Option<&str>, Option<u64>)> {
    let each = |exchange| {
        let exchange: &Value = exchange;
        (exchange["method"].as_str(), exchange["uri"].as_str(), exchange["status"].as_u64())
    };
    report["exchanges"].as_array().unwrap().iter().map(each).collect()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: example.com\r\n\r\n")
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn an_exchange_has_frames_times_and_texts() {
    let report = Talk::open()
        .ask("POST /a?b=1 HTTP/1.1\r\nHost: example.com:8081\r\nUser-Agent: test/1\r\nReferer: http://u:p@r/x?token=s3\r\n")
        .ask("Cookie: a=1; b=2\r\nAuthorization: Bearer s3cret\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhel")
        .ask("lo")
        .wait(10_000)
        .tell("HTTP/1.1 302 Found\r\nServer: unit\r\nLocation: /b\r\nSet-Cookie: sid=1; Path=/\r\nContent-Length: 2\r\n\r\nno")
        .close()
        .report();
    let exchange = &report["exchanges"][0];
    let expected = json!({
        "frame": 5, "request_end_frame": 6, "response_frame": 7, "response_end_frame": 7,
        "time": "2023-11-14T22:13:20.004000Z", "connection": 0,
        "client_ip": "192.0.2.10", "client_port": 40000, "server_ip": "198.51.100.20", "server_port": 8081,
        "version": "1.1", "method": "POST", "host": "example.com:8081", "uri": "/a?b=1",
        "status": 302, "reason": "Found", "user_agent": "test/1", "referer": "http://u:…@r/x?token=…",
        "cookies": ["a", "b"], "cookies_total": 2, "set_cookies": ["sid"], "set_cookies_total": 1,
        "authorization": "Bearer", "server": "unit", "location": "/b",
        "time_to_first_byte_ms": 11.0, "duration_ms": 13.0,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(exchange[field], *value, "{field}");
    }
    assert!(!report.to_string().contains("s3"), "{report}");
    assert_eq!((&exchange["request_body"]["bytes"], &exchange["request_body"]["complete"]), (&json!(5), &json!(true)));
    assert!(report["statistics"].get("malformed").is_none(), "{report}");
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let report = Talk::open()
        .ask(get("/1") + &get("/2") + &get("/3")[..10])
        .ask(&get("/3")[10..])
        .tell(ok("one") + &ok("two")[..20])
        .tell(ok("two")[20..].to_owned() + "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        .report();
    let get = Some("GET");
    assert_eq!(
        pairs(&report),
        [(get, Some("/1"), Some(200)), (get, Some("/2"), Some(200)), (get, Some("/3"), Some(404))]
    );
    assert_eq!(report["exchanges"][2]["frame"], 5);
    assert_eq!(report["totals"]["client_errors"], 1);
    assert_eq!(report["statistics"]["failed"], json!([{ "status": 404, "url": "example.com/3", "count": 1 }]));
}

#[test]
fn interim_responses_answer_nothing() {
    let report = Talk::open()
        .ask("PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        .tell("HTTP/1.1 100 Continue\r\n\r\n")
        .ask("abc")
        .tell("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        .report();
    assert_eq!(pairs(&report), [(Some("PUT"), Some("/x"), Some(201))]);
    assert_eq!(report["exchanges"][0]["interim"], json!([100, 103]));
    assert_eq!((&report["totals"]["responses"], &report["totals"]["requests"]), (&json!(3), &json!(1)));
}

#[test]
fn responses_without_a_body_have_none_whatever_their_headers_say() {
    let head = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
    let long = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n";
    let report = Talk::open()
        .ask(head)
        .tell(long)
        .ask(get("/304"))
        .tell(long.replace("200 OK", "304 Not Modified"))
        .ask(get("/204"))
        .tell("HTTP/1.1 204 No Content\r\n\r\n")
        .ask(get("/last"))
        .tell(ok("end"))
        .report();
    assert_eq!(
        pairs(&report).into_iter().map(|(.., status)| status.unwrap()).collect::<Vec<_>>(),
        [200, 304, 204, 200]
    );
    assert!(report["exchanges"][0].get("response_body").is_none());
    assert_eq!(report["exchanges"][3]["response_body"]["bytes"], 3);
}

/// The example of RFC 9112 section 7.1.3, with an extension.
#[test]
fn chunks_are_put_together_and_trailers_passed_over() {
    let body = "4;x=y\r\nWiki\r\n5\r\npedia\r\nE\r\n in\r\n\r\nchunks.\r\n0\r\nX-Trailer: 1\r\n\r\n";
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let stream = format!("{head}{body}{}", ok("next"));
    for size in [1, 2, 7, 1000] {
        let mut talk = Talk::open();
        for piece in (get("/1") + &get("/2")).as_bytes().chunks(size) {
            talk = talk.ask(piece);
        }
        let asked = (get("/1") + &get("/2")).len().div_ceil(size);
        for piece in stream.as_bytes().chunks(size) {
            talk = talk.tell(piece);
        }
        let report = talk.report();
        let exchange = &report["exchanges"][0];
        let sent = &exchange["response_body"];
        assert_eq!((&sent["bytes"], &sent["chunked"], &sent["complete"]), (&json!(23), &json!(true), &json!(true)));
        assert_eq!(report["exchanges"][1]["response_body"]["bytes"], 4, "{size}");
        assert_eq!(exchange["response_end_frame"], 3 + asked + (head.len() + body.len()).div_ceil(size), "{size}");
    }
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    let talk = || Talk::open().ask(get("/")).tell("HTTP/1.0 200 OK\r\n\r\nhello ").tell("world");
    let closed = talk().close().report();
    // Its MD5 is well known.
    let expected = json!({
        "bytes": 11, "complete": true, "entropy": 2.845, "md5": "5eb63bbbe01eeed093cb22bb8f5acdc3",
        "sha256": "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
    });
    assert_eq!(closed["exchanges"][0]["response_body"], expected);
    // The client's end is not in the capture, or is a reset.
    for one_sided in [talk().finish(), talk().finish().reset()] {
        assert_eq!(one_sided.report()["exchanges"][0]["response_body"], expected);
    }
    let reset = talk().reset().report();
    assert_eq!(reset["exchanges"][0]["response_body"], json!({ "bytes": 11, "complete": false, "entropy": 2.845 }));
    let open = talk().report();
    assert_eq!(open["exchanges"][0]["response_body"], json!({ "bytes": 11, "complete": false, "entropy": 2.845 }));
}

#[test]
fn tunnels_count_bytes() {
    let report = Talk::open()
        .ask("CONNECT example.net:443 HTTP/1.1\r\nHost: example.net:443\r\n\r\n")
        .tell("HTTP/1.1 200 Connection established\r\n\r\n\x16\x03")
        .ask("\x16\x03\x01")
        .close()
        .report();
    let exchange = &report["exchanges"][0];
    assert_eq!((&exchange["host"], &exchange["tunnel"]), (&json!("example.net:443"), &json!("connect")));
    assert_eq!((&exchange["tunnel_client_bytes"], &exchange["tunnel_server_bytes"]), (&json!(3), &json!(2)));
    let report = Talk::open()
        .ask("GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        .tell("HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n\r\n\x01\x02hi")
        .report();
    assert_eq!((&report["exchanges"][0]["tunnel"], &report["totals"]["tunnels"]), (&json!("websocket"), &json!(1)));
}

#[test]
fn a_refused_tunnel_is_an_ordinary_exchange() {
    let report = Talk::open()
        .ask("CONNECT example.net:443 HTTP/1.1\r\nHost: example.net:443\r\n\r\n")
        .tell("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 2\r\n\r\nno")
        .ask("CONNECT example.net:443 HTTP/1.1\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n")
        .tell("HTTP/1.1 200 OK\r\n\r\n")
        .report();
    assert_eq!(report["exchanges"][0]["challenge"], "Basic");
    let second = &report["exchanges"][1];
    assert_eq!(
        (&second["authorization"], &second["user"], &second["status"]),
        (&json!("Basic"), &json!("Aladdin"), &json!(200))
    );
    assert!(!report.to_string().contains("sesame") && !report.to_string().contains("QWxh"), "{report}");
}

#[test]
fn a_hole_in_a_body_costs_only_its_bytes() {
    let report = Talk::open()
        .ask(get("/1") + &get("/2"))
        .tell("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\nbegin")
        .lose(2990)
        .tell("final".to_owned() + &ok("two"))
        .close()
        .report();
    let body = &report["exchanges"][0]["response_body"];
    assert_eq!(
        (&body["bytes"], &body["missing_bytes"], &body["complete"]),
        (&json!(3000), &json!(2990), &json!(false))
    );
    assert_eq!(pairs(&report)[1], (Some("GET"), Some("/2"), Some(200)));
    assert_eq!(report["statistics"]["malformed"][0]["reason"], "missing_bytes");
}

#[test]
fn behind_a_lost_response_the_next_answers_the_last_request() {
    let report = Talk::open()
        .ask(get("/1"))
        .lose(700)
        .ask(get("/2"))
        .tell(ok("two"))
        .ask(get("/3"))
        .tell(ok("three"))
        .close()
        .report();
    let get = Some("GET");
    assert_eq!(pairs(&report), [(get, Some("/1"), None), (get, Some("/2"), Some(200)), (get, Some("/3"), Some(200))]);
    assert_eq!(report["totals"]["unanswered"], 1);
}

#[test]
fn a_lost_request_leaves_its_response_alone() {
    let report = Talk::open()
        .ask(get("/1"))
        .tell(ok("one"))
        .lose_asked(300)
        .tell(ok("two"))
        .ask(get("/3"))
        .tell(ok("three"))
        .close()
        .report();
    let get = Some("GET");
    assert_eq!(pairs(&report), [(get, Some("/1"), Some(200)), (None, None, Some(200)), (get, Some("/3"), Some(200))]);
    assert_eq!(report["totals"]["unasked"], 1);
}

#[test]
fn a_connection_is_read_from_the_middle() {
    let mut talk = Talk::midway(CLIENT, SERVER);
    for _ in 0..100 {
        talk = talk.tell("rest of a body");
    }
    let report = talk.ask(get("/")).tell(ok("x")).report();
    assert_eq!(pairs(&report), [(Some("GET"), Some("/"), Some(200))]);
}

#[test]
fn an_early_response_waits_for_the_rest_of_its_request() {
    let report = Talk::open()
        .ask("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc")
        .tell("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        .ask("def".to_owned() + &get("/2"))
        .tell(ok("2"))
        .report();
    assert_eq!(pairs(&report), [(Some("POST"), Some("/1"), Some(413)), (Some("GET"), Some("/2"), Some(200))]);
    assert_eq!(report["exchanges"][0]["request_body"]["bytes"], 6);
}

#[test]
fn what_is_no_http_is_left_alone() {
    let report = Talk::open().ask("\x16\x03\x01 hello").tell("\x16\x03\x03 hello").close().report();
    assert_eq!(report, json!({ "message": "No HTTP messages found in this capture" }));
    let sip = Talk::open().ask("OPTIONS sip:a SIP/2.0\r\n\r\n").tell("SIP/2.0 200 OK\r\n\r\n").close().report();
    assert_eq!(sip["message"], "No HTTP messages found in this capture");
}

#[test]
fn reading_ends_when_there_is_enough() {
    let talk = Talk::open().ask(get("/1")).tell(ok("1")).ask(get("/2")).tell(ok("2"));
    let capture = mcpcap_analyzer::harness::build::pcap(&talk.frames());
    let report = super::run(&capture, &json!({ "max_packets": 1 }));
    assert_eq!((pairs(&report).len(), &report["totals"]["requests"]), (1, &json!(1)));
    assert_eq!(report["note"], "Reading ended after the first exchange, as max_packets asks.");
}

#[test]
fn responses_to_head_are_known_without_their_requests() {
    let long = "HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 5000\r\n\r\n";
    let report = Talk::open().tell(long).tell(long).tell(ok("end")).report();
    let bodies: Vec<u64> = report["exchanges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|exchange| exchange["response_body"]["bytes"].as_u64().unwrap_or_default())
        .collect();
    assert_eq!((bodies, &report["totals"]["unasked"]), (vec![0, 0, 3], &json!(3)));
}
