//! Lines that several messages make.

use super::*;

fn dhcp(time: i64, message: &'static str, role: &'static str, from_server: bool, more: &Row) -> Row {
    let (source, destination) = if from_server { ("192.168.1.1", 68) } else { ("0.0.0.0", 67) };
    let own = vec![
        ("time", Time(time)),
        ("family", Integer(4)),
        ("message", Text(message)),
        ("role", Text(role)),
        ("xid", Integer(99)),
        ("mac", Text("00:11:22:33:44:55")),
        ("source", Address(source)),
        ("source_port", Integer(if from_server { 67 } else { 68 })),
        ("destination_port", Integer(destination)),
        ("community_id", Text(if from_server { "1:b" } else { "1:a" })),
        ("from_server", Truth(from_server)),
        ("addresses", Cell::Texts(vec![])),
    ];
    with(&own, more)
}

#[test]
fn messages_of_one_transaction_are_a_line() {
    let client =
        vec![("option_12", Text("pc")), ("option_50", Address("192.168.1.77")), ("fqdn", Text("pc.example.com"))];
    let server = vec![
        ("addresses", Cell::Texts(vec!["192.168.1.77"])),
        ("lease", Integer(3600)),
        ("domain", Text("example.com")),
    ];
    let rows = [
        dhcp(0, "DISCOVER", "discover", false, &client),
        dhcp(10, "OFFER", "offer", true, &server),
        dhcp(20, "REQUEST", "request", false, &client),
        dhcp(500, "ACK", "grant", true, &server),
        // Somebody else's.
        dhcp(600, "DISCOVER", "discover", false, &vec![("xid", Integer(1))]),
        // Within ten seconds of the first one, and silence before: still the same.
        dhcp(9_000, "RELEASE", "release", false, &vec![]),
        // Looked at after 15 seconds, the last message is older than five.
        dhcp(21_000, "DISCOVER", "discover", false, &vec![]),
        dhcp(21_100, "NAK", "refuse", true, &vec![("words", Text("wrong network"))]),
    ];
    let made = lines("dhcp", "dhcp", &rows);
    assert_eq!(made.len(), 3);
    // The one that is over first is told first.
    let mut line = made[1].clone();
    let uids = line.as_object_mut().unwrap().remove("uids").unwrap();
    assert_eq!(uids.as_array().unwrap().len(), 2);
    assert_eq!(
        line,
        json!({
            "ts": 1_700_000_000.0, "client_addr": "192.168.1.77", "server_addr": "192.168.1.1", "mac": "00:11:22:33:44:55",
            "host_name": "pc", "client_fqdn": "pc.example.com", "domain": "example.com", "requested_addr": "192.168.1.77",
            "assigned_addr": "192.168.1.77",
            "lease_time": 3600.0, "msg_types": ["DISCOVER", "OFFER", "REQUEST", "ACK", "RELEASE"], "duration": 9.0,
        })
    );
    let messages = |line: &Value| line["msg_types"].clone();
    assert_eq!((messages(&made[0]), messages(&made[2])), (json!(["DISCOVER"]), json!(["DISCOVER", "NAK"])));
    assert_eq!(made[2]["server_message"], "wrong network");
    assert_eq!((made[2].get("client_addr"), made[2].get("server_addr")), (None, None));
}

#[test]
fn a_transaction_of_very_many_messages_is_several_lines() {
    let rows: Vec<Row> = (0..120).map(|n| dhcp(n, "DISCOVER", "discover", false, &vec![])).collect();
    let made = lines("dhcp", "dhcp", &rows);
    let counts: Vec<usize> = made.iter().map(|line| line["msg_types"].as_array().unwrap().len()).collect();
    assert_eq!(counts, [50, 50, 20]);
    assert_eq!(
        lines("dhcp", "dhcp", &[dhcp(0, "SOLICIT", "discover", false, &vec![("family", Integer(6))])]),
        Vec::<Value>::new()
    );
}

fn sip(frame: i64, more: &Row) -> Row {
    let own = vec![
        ("frame", Integer(frame)),
        ("time", Time(frame * 100)),
        ("source", Address("192.168.1.2")),
        ("source_port", Integer(5060)),
        ("destination", Address("198.18.0.1")),
        ("destination_port", Integer(5070)),
        ("community_id", Text("1:s")),
        ("method", Text("INVITE")),
        ("call_id", Text("c1")),
        ("cseq", Integer(frame)),
        ("from_header", Text("<sip:a@x>;tag=1")),
        ("to_header", Text("<sip:b@y>")),
        ("vias", Cell::Texts(vec!["SIP/2.0/UDP 192.168.1.2;branch=z9hG4bK1"])),
    ];
    with(&own, more)
}

fn response(frame: i64, status: i64, reason: &'static str, request: Option<i64>) -> Row {
    let mut more = vec![
        ("source", Address("198.18.0.1")),
        ("source_port", Integer(5070)),
        ("destination", Address("192.168.1.2")),
        ("destination_port", Integer(5060)),
        ("status", Integer(status)),
        ("reason", Text(reason)),
        ("content_length", Integer(3)),
    ];
    more.extend(request.map(|frame| ("request_frame", Integer(frame))));
    sip(frame, &more)
}

#[test]
fn each_response_is_a_line_and_each_request_without_one() {
    let uri = vec![("uri", Text("sip:b@y")), ("subject", Text("hello")), ("content_length", Integer(9))];
    let made = lines(
        "sip",
        "sip",
        &[
            sip(1, &uri),
            response(2, 100, "Trying", Some(1)),
            response(3, 200, "OK", Some(1)),
            sip(4, &vec![("method", Text("ACK"))]),
            // The other end asks; again, and nobody answers.
            sip(
                5,
                &vec![
                    ("method", Text("BYE")),
                    ("source", Address("198.18.0.1")),
                    ("source_port", Integer(5070)),
                    ("destination", Address("192.168.1.2")),
                    ("destination_port", Integer(5060)),
                ],
            ),
            sip(6, &vec![("retransmission_of", Integer(5))]),
            response(7, 481, "Gone", None),
        ],
    );
    assert_eq!(made.len(), 4);
    assert_eq!(
        without_uid(&made[1]),
        json!({
            "ts": 1_700_000_000.1, "id.orig_h": "192.168.1.2", "id.orig_p": 5060, "id.resp_h": "198.18.0.1", "id.resp_p": 5070,
            "trans_depth": 1, "method": "INVITE", "uri": "sip:b@y", "request_from": "<sip:a@x>", "request_to": "<sip:b@y>",
            "response_from": "<sip:a@x>", "response_to": "<sip:b@y>", "call_id": "c1", "seq": "1 INVITE", "subject": "hello",
            "request_path": ["SIP/2.0/UDP 192.168.1.2"], "response_path": ["SIP/2.0/UDP 192.168.1.2"], "status_code": 200,
            "status_msg": "OK", "request_body_len": 9, "response_body_len": 3,
        })
    );
    let of = |name: &str| made.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    assert_eq!(json!(of("status_code")), json!([100, 200, 481, null]));
    assert_eq!(json!(of("method")), json!(["INVITE", "INVITE", null, "BYE"]));
    assert_eq!(json!(of("trans_depth")), json!([1, 1, 2, 2]));
    // The ends of a connection are the same in each of its lines.
    assert_eq!(json!(of("id.orig_p")), json!([5060, 5060, 5060, 5060]));
    assert_eq!(made[3]["response_path"], json!([]));
}
