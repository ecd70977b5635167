//! What is told of connections.

use serde_json::{Value, json};

use super::build::{
    Certificate, Talk, Tested as _, client_hello, finished, hello_for, in_records, list, message, numbers, record,
    server_hello,
};
use super::faults;

#[test]
fn a_handshake_of_tls_1_2_is_told() {
    let connection = Talk::open().handshake("www.example.com", &[Certificate::default().der()]).close().connection();
    for (field, expected) in [
        ("frame", json!(4)),
        ("outcome", json!("established")),
        ("end", json!("closed")),
        ("server_name", json!("www.example.com")),
        ("version", json!("TLS 1.2")),
        ("offered_versions", json!(["TLS 1.2"])),
        ("cipher_suite", json!("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")),
        ("client_hello_frame", json!(4)),
        ("server_hello_frame", json!(5)),
        ("client_encrypted_from", json!(6)),
        ("server_encrypted_from", json!(7)),
        // Frames are a millisecond apart.
        ("answer_ms", json!(1.0)),
        ("handshake_ms", json!(3.0)),
        ("client_bytes", json!(100)),
        ("server_bytes", json!(200)),
        ("resumed", Value::Null),
    ] {
        assert_eq!(connection[field], expected, "{field}: {connection}");
    }
    let chain = &connection["certificate"];
    assert_eq!((&chain["name_matches"], &chain["validity"]), (&json!(true), &json!("valid")), "{chain}");
}

#[test]
fn segments_and_records_may_cut_it_anywhere() {
    let whole = Talk::open().ask(record(22, &message(1, &hello_for("example.com")))).connection();
    let hello = message(1, &hello_for("example.com"));
    for bytes in 1..20 {
        let stream = in_records(&hello, bytes);
        let by_segments = stream.chunks(7).fold(Talk::open(), Talk::ask).connection();
        let by_bytes = stream.chunks(1).fold(Talk::open(), Talk::ask).connection();
        assert_eq!(by_bytes["ja4"], whole["ja4"], "{bytes}");
        let at_once = Talk::open().ask(&stream).connection();
        for other in [&by_segments, &at_once] {
            assert_eq!((&other["ja4"], &other["server_name"]), (&whole["ja4"], &whole["server_name"]), "{bytes}");
        }
        assert_eq!(by_segments["frame"], 4);
    }
}

#[test]
fn a_hello_in_more_than_a_hundred_records_is_read_and_counted() {
    let names: Vec<u8> = list(2, &[vec![0], list(2, b"example.com")].concat());
    let body = client_hello(0x0303, &[0xc02f], &[(0, names), (21, vec![0; 2000])]);
    let report = Talk::open().ask(in_records(&message(1, &body), 1)).report();
    assert_eq!(report["connections"][0]["server_name"], "example.com");
    assert_eq!(faults(&report), [("many_records", 1)]);
}

#[test]
fn a_hello_that_is_cut_tells_what_is_there() {
    let stream = record(22, &message(1, &hello_for("example.com")));
    let report = Talk::open().ask(&stream[..stream.len() - 10]).report();
    let connection = &report["connections"][0];
    assert_eq!((&connection["server_name"], &connection["ja3"]), (&json!("example.com"), &Value::Null));
    assert_eq!(report["limits"]["incomplete_messages"], 1);
    assert_eq!(faults(&report), []);
}

#[test]
fn behind_a_gap_reading_goes_on() {
    let certificate = Certificate::default().der();
    let flight = [message(2, &server_hello(0x0303, 0xc02f, &[])), super::build::certificates(&[certificate])].concat();
    let stream = [in_records(&flight, 16_000), record(22, &message(14, &[]))].concat();
    let (first, second) = stream.split_at(120);
    let report = Talk::open()
        .ask(record(22, &message(1, &hello_for("example.com"))))
        .tell(first)
        .lose(100)
        .tell(&second[100..])
        .ask(finished())
        .tell(finished())
        .ask(record(23, &[1; 50]))
        .close()
        .report();
    let connection = &report["connections"][0];
    assert_eq!(
        (&connection["version"], &connection["outcome"]),
        (&json!("TLS 1.2"), &json!("established")),
        "{connection}"
    );
    assert_eq!((&connection["has_gaps"], &connection["client_bytes"]), (&json!(true), &json!(50)));
    assert_eq!(report["statistics"]["handshake_messages"].as_array().unwrap().len(), 4, "{report}");
}

#[test]
fn a_gap_beyond_a_record_is_passed_to_the_next_segment() {
    let report = Talk::open()
        .ask(record(22, &message(1, &hello_for("example.com"))))
        .tell(record(22, &message(2, &server_hello(0x0303, 0xc02f, &[]))))
        .lose(5000)
        .tell(b"in the middle of a record")
        .tell(record(23, &[1; 70]))
        .close()
        .report();
    assert_eq!(report["connections"][0]["server_bytes"], 70, "{report}");
    assert_eq!(report["limits"]["skipped_bytes"], 25);
}

#[test]
fn tls_1_3_is_told_with_retry_resumption_and_early_data() {
    let names = list(2, &[vec![0], list(2, b"example.com")].concat());
    let offer = |share: u16| {
        let shares = list(2, &[share.to_be_bytes().to_vec(), list(2, &[1; 32])].concat());
        let ech = [vec![0, 0, 1, 0, 1, 77], list(2, &[2; 32]), list(2, &[3; 144])].concat();
        message(
            1,
            &client_hello(
                0x0303,
                &[0x1a1a, 0x1301],
                &[
                    (0, names.clone()),
                    (43, numbers(1, &[0x2a2a, 0x0304, 0x0303])),
                    (10, numbers(2, &[0x3a3a, 0x11ec, 29])),
                    (51, shares),
                    (42, vec![]),
                    (0xfe0d, ech),
                    (41, vec![0, 1, 2]),
                ],
            ),
        )
    };
    let mut retry = server_hello(0x0303, 0x1301, &[(43, vec![3, 4]), (51, vec![0x11, 0xec])]);
    retry[2..34].copy_from_slice(&<sha2::Sha256 as sha2::Digest>::digest(b"HelloRetryRequest"));
    let chosen = server_hello(
        0x0303,
        0x1301,
        &[(43, vec![3, 4]), (51, [vec![0x11, 0xec], list(2, &[5; 32])].concat()), (41, vec![0, 0])],
    );
    let talk = Talk::open()
        .ask([record(22, &offer(29)), record(20, &[1]), record(23, &[0xed; 40])].concat())
        .tell([record(22, &message(2, &retry)), record(20, &[1])].concat())
        .ask(record(22, &offer(0x11ec)))
        .tell([record(22, &message(2, &chosen)), record(23, &[0xef; 60])].concat())
        .ask(record(23, &[0xee; 50]));
    let report = super::run(&talk.capture(), &json!({ "offers": true }));
    let connection = &report["connections"][0];
    for (field, expected) in [
        ("version", json!("TLS 1.3")),
        ("offered_versions", json!(["TLS 1.3", "TLS 1.2"])),
        ("group", json!("X25519MLKEM768")),
        ("post_quantum", json!(true)),
        ("retry_frame", json!(5)),
        ("retry_group", json!("X25519MLKEM768")),
        ("resumed", json!("psk")),
        ("early_data", json!("rejected")),
        ("ech", json!({ "config_id": 77, "payload_bytes": 144 })),
        ("client_hello_frame", json!(6)),
        ("server_hello_frame", json!(7)),
        ("outcome", json!("established")),
        ("handshake_ms", json!(4.0)),
        ("answer_ms", json!(1.0)),
    ] {
        assert_eq!(connection[field], expected, "{field}: {connection}");
    }
    let offers = &connection["offers"];
    assert_eq!(offers["cipher_suites"], json!(["GREASE", "TLS_AES_128_GCM_SHA256"]));
    assert_eq!((&offers["key_shares"], &offers["post_quantum"]), (&json!(["x25519"]), &json!(true)));
    assert_eq!(report["totals"]["retried"], 1);
    assert_eq!(faults(&report), []);
}

/// Of a client's side alone.
#[test]
fn data_without_an_answer_is_early_only_where_the_hello_says_so() {
    let hello = |extensions: &[(u16, Vec<u8>)]| record(22, &message(1, &client_hello(0x0303, &[0x1301], extensions)));
    let versions = (43, numbers(1, &[0x0304]));
    for (extensions, expected, total) in
        [(vec![versions.clone()], Value::Null, Value::Null), (vec![versions, (42, vec![])], json!("sent"), json!(1))]
    {
        let report = Talk::open()
            .ask([hello(&extensions), record(20, &[1])].concat())
            .ask([record(23, &[0xee; 60]), record(23, &[0xee; 40])].concat())
            .report();
        assert_eq!((&report["connections"][0]["early_data"], &report["totals"]["early_data"]), (&expected, &total));
    }
}

#[test]
fn alerts_have_their_names_and_sides() {
    let report = Talk::open()
        .ask(record(22, &message(1, &hello_for("example.com"))))
        .tell(record(21, &[2, 40]))
        .close()
        .report();
    let connection = &report["connections"][0];
    assert_eq!(connection["outcome"], "refused");
    let alert = json!({ "name": "handshake_failure", "from": "server", "fatal": true, "frame": 5 });
    assert_eq!(connection["alerts"], json!([alert]));
    assert_eq!(report["statistics"]["alerts"], json!([{ "name": "handshake_failure", "from": "server", "count": 1 }]));
}

#[test]
fn a_session_that_goes_on_is_told() {
    let hello = client_hello(0x0303, &[0xc02f], &[(35, vec![7; 40])]);
    let connection = Talk::open()
        .ask(record(22, &message(1, &hello)))
        .tell([record(22, &message(2, &server_hello(0x0303, 0xc02f, &[]))), finished()].concat())
        .ask(finished())
        .connection();
    assert_eq!((&connection["resumed"], &connection["outcome"]), (&json!("ticket"), &json!("established")));
}

#[test]
fn what_was_spoken_before_is_named() {
    for (talk, expected) in [
        (
            Talk::open()
                .tell(b"220 mail\r\n")
                .ask(b"EHLO a\r\n")
                .tell(b"250 STARTTLS\r\n")
                .ask(b"STARTTLS\r\n")
                .tell(b"220 go\r\n"),
            json!("smtp"),
        ),
        (Talk::open().tell(b"* OK\r\n").ask(b"a1 STARTTLS\r\n").tell(b"a1 OK\r\n"), json!("imap")),
        (Talk::open().tell(b"+OK\r\n").ask(b"STLS\r\n").tell(b"+OK\r\n"), json!("pop3")),
        (Talk::open().tell(b"220 ftp\r\n").ask(b"AUTH TLS\r\n").tell(b"234 ok\r\n"), json!("ftp")),
        (Talk::open().ask([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]).tell(b"S"), json!("postgresql")),
        (
            Talk::open().ask(b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037").tell(b"\x30\x0c"),
            json!("ldap"),
        ),
        (Talk::open().ask(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>").tell(b"<proceed/>"), json!("xmpp")),
        (Talk::open().ask(b"CONNECT a:443 HTTP/1.1\r\n\r\n").tell(b"HTTP/1.1 200 OK\r\n\r\n"), json!("http_connect")),
        (Talk::open(), Value::Null),
    ] {
        let connection = talk.handshake("example.com", &[Certificate::default().der()]).connection();
        assert_eq!((&connection["starttls"], &connection["outcome"]), (&expected, &json!("established")));
    }
}

#[test]
fn hellos_of_ssl_2_are_read() {
    let ask = |version: [u8; 2]| {
        let body = [vec![1, version[0], version[1], 0, 6, 0, 0, 0, 16, 1, 0, 0x80, 0, 0, 5], vec![9; 16]].concat();
        [vec![0x80, body.len() as u8], body].concat()
    };
    let newer = Talk::open().ask(ask([3, 1])).tell(record(22, &message(2, &server_hello(0x0301, 5, &[])))).connection();
    assert_eq!((&newer["ssl2_hello"], &newer["version"]), (&json!(true), &json!("TLS 1.0")));
    assert_eq!(newer["weak_suite"], "rc4");
    let answer = [vec![4, 0, 1, 0, 2, 0, 0, 0, 3, 0, 16, 1, 0, 0x80], vec![8; 16]].concat();
    let old = Talk::open().ask(ask([0, 2])).tell([vec![0x80, answer.len() as u8], answer].concat()).report();
    assert_eq!(old["connections"][0]["version"], "SSL 2.0");
    assert_eq!(old["findings"][0]["rule"], "tls_ssl_version");
}

#[test]
fn what_is_no_tls_is_none() {
    let other = Talk::open().ask(b"GET / HTTP/1.1\r\n\r\n").tell(b"HTTP/1.1 200 OK\r\n\r\n").capture();
    mcpcap_analyzer::harness::schema::says_only_that_there_is_nothing::<crate::tool::Tls>(&other, &json!({}));
}

#[test]
fn the_middle_of_a_connection_is_told_as_such() {
    let connection = Talk::open().ask(record(23, &[1; 80])).tell(record(23, &[1; 90])).connection();
    assert_eq!((&connection["outcome"], &connection["server_bytes"]), (&json!("handshake_not_seen"), &json!(90)));
}

#[test]
fn what_a_server_chose_without_being_offered_is_counted() {
    let report = Talk::open()
        .ask(record(22, &message(1, &hello_for("example.com"))))
        .tell(record(22, &message(2, &server_hello(0x0304, 0x0005, &[]))))
        .report();
    assert_eq!(faults(&report), [("version_not_offered", 1), ("suite_not_offered", 1)]);
}
