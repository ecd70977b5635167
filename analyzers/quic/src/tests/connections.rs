//! What is told of connections.

use mcpcap_analyzer::harness::build::udp;
use mcpcap_analyzer::harness::schema::says_only_that_there_is_nothing;
use mcpcap_analyzer::stream::Side;
use serde_json::{Value, json};

use crate::build::{
    CLIENT, Initial, OF_CLIENT, OF_SERVER, ORIGINAL, SERVER, Wire, answer, bytes, close, crypto, encrypted, hello,
    hello_with, negotiation, retry, short,
};
use crate::packet::Kind;
use crate::tool::Quic;

#[test]
fn a_handshake_is_told() {
    let connection = Wire::default().handshake("www.example.com", "h3").connection();
    for (field, expected) in [
        ("outcome", json!("established")),
        ("version", json!("QUIC 1")),
        ("client_ip", json!(CLIENT.0)),
        ("server_port", json!(443)),
        ("server_name", json!("www.example.com")),
        ("application", json!("http3")),
        ("offered_alpn", json!(["h3"])),
        ("cipher_suite", json!("TLS_AES_128_GCM_SHA256")),
        ("group", json!("x25519")),
        ("client_hello_frame", json!(1)),
        ("server_hello_frame", json!(2)),
        ("established_frame", json!(6)),
        ("answer_ms", json!(1.0)),
        ("handshake_ms", json!(5.0)),
        ("client_datagrams", json!(3)),
        ("client_packets", json!({ "initial": 1, "handshake": 1, "one_rtt": 1 })),
        ("server_packets", json!({ "initial": 1, "handshake": 1, "one_rtt": 2 })),
        ("original_id", json!("8394c8f03e515708")),
        ("client_ids", json!(["c1c2c3c4"])),
        ("server_ids", json!(["5152535455565758"])),
        ("server_ids_total", json!(1)),
        ("client_largest_bytes", json!(1200)),
        ("client_ms", json!(4.0)),
        ("server_ms", json!(4.0)),
    ] {
        assert_eq!(connection[field], expected, "{field}: {connection}");
    }
    // q: QUIC; 13: TLS 1.3; d: with a server name; 02 suites, 07 extensions; h3.
    assert!(connection["ja4"].as_str().unwrap().starts_with("q13d0207h3_"), "{connection}");
    assert!(connection["malformed"].is_null(), "{connection}");
}

/// In the file, not on the wire.
#[test]
fn an_answer_may_stand_before_what_it_answers() {
    let asked = Initial::default().packet(&crypto(0, &hello("a.example", "h3")));
    let told = |number| Initial { number, ..Initial::of_server() }.packet(&crypto(0, &answer()));
    let connection = Wire::default().tell(told(0)).ask(&asked).connection();
    assert_eq!((&connection["server_hello_frame"], &connection["client_hello_frame"]), (&json!(1), &json!(2)));
    assert_eq!((&connection["server_name"], &connection["client_guessed"]), (&json!("a.example"), &Value::Null));
    // Those beyond, and those whose client never comes, are counted.
    let many = (0..6).fold(Wire::default(), |wire, number| wire.tell(told(number)));
    assert_eq!(many.report()["limits"]["initials_not_decrypted"], 6);
    let many = (0..6).fold(Wire::default(), |wire, number| wire.tell(told(number)));
    let report = many.ask(asked).report();
    assert_eq!(
        (&report["limits"]["initials_not_decrypted"], report["connections"].as_array().map(Vec::len)),
        (&json!(2), Some(1))
    );
}

#[test]
fn version_2_has_other_keys_and_kinds() {
    let asked = Initial { version: 0x6b33_43cf, ..Initial::default() }.packet(&crypto(0, &hello("a.example", "doq")));
    let told = Initial { version: 0x6b33_43cf, ..Initial::of_server() }.packet(&crypto(0, &answer()));
    let connection = Wire::default().ask(asked).tell(told).connection();
    assert_eq!((&connection["version"], &connection["application"]), (&json!("QUIC 2"), &json!("doq")));
    assert_eq!((&connection["outcome"], &connection["server_hello_frame"]), (&json!("unfinished"), &json!(2)));
    assert_eq!(connection["server_packets"], json!({ "initial": 1 }));
}

#[test]
fn a_server_may_go_over_to_another_version() {
    // RFC 9368 §2.3: keys of the other version, of the same id.
    let told = Initial { version: 0x6b33_43cf, ..Initial::of_server() }.packet(&crypto(0, &answer()));
    let connection =
        Wire::default().ask(Initial::default().packet(&crypto(0, &hello("a.example", "h3")))).tell(told).connection();
    assert_eq!((&connection["version"], &connection["first_version"]), (&json!("QUIC 2"), &json!("QUIC 1")));
    assert_eq!((&connection["server_hello_frame"], &connection["malformed"]), (&json!(2), &json!(null)));
}

#[test]
fn a_hello_in_many_parts_out_of_order_is_read() {
    let hello = hello("many.example", "h3");
    let parts: Vec<(usize, &[u8])> = (0..hello.len()).step_by(20).zip(hello.chunks(20)).collect();
    let wire = parts.iter().rev().zip(0..).fold(Wire::default(), |wire, ((at, part), number)| {
        // Twice each, with the place of a PING between them.
        let frames = [crypto(*at, part), vec![1], crypto(*at, part)].concat();
        wire.ask(Initial { number, ..Initial::default() }.packet(&frames))
    });
    let connection = wire.connection();
    assert_eq!((&connection["server_name"], &connection["outcome"]), (&json!("many.example"), &json!("no_answer")));
    assert_eq!(connection["client_hello_frame"], json!(parts.len()));
    assert!(connection["malformed"].is_null(), "{connection}");
}

#[test]
fn of_a_hello_that_is_cut_what_is_there_is_told() {
    let hello = hello("cut.example", "h3");
    let report = Wire::default().ask(Initial::default().packet(&crypto(0, &hello[..100]))).report();
    let connection = &report["connections"][0];
    assert_eq!((&connection["server_name"], &connection["ja4"]), (&json!("cut.example"), &json!(null)));
    assert_eq!(report["limits"], json!({ "incomplete_hellos": 1 }));
}

#[test]
fn behind_a_retry_keys_are_made_of_its_id() {
    let tag = bytes("04a265ba2eff4d829058fb3f0f2496ba");
    let other = &[0x77; 8][..];
    let second = Initial { secret: other, destination: other, token: b"token", number: 1, ..Initial::default() };
    let talk = |retry: Vec<u8>| {
        Wire::default()
            .ask(Initial::default().packet(&crypto(0, &hello("retry.example", "h3"))))
            .tell(retry)
            .ask(second.packet(&crypto(0, &hello("retry.example", "h3"))))
            .tell(Initial { secret: other, ..Initial::of_server() }.packet(&crypto(0, &answer())))
            .report()
    };
    let report = talk(retry(other, b"token", &tag));
    let connection = &report["connections"][0];
    // The tag is that of another Retry, so it does not fit.
    assert_eq!(connection["retry"], json!({ "frame": 2, "token_bytes": 5, "valid": false }));
    assert_eq!((&connection["server_hello_frame"], super::faults(&report)), (&json!(4), vec![("retry_tag", 1)]));
    assert_eq!(super::rules(&report), ["quic_retry_forged"]);
    // Without the Retry the client's token and keys show it.
    let report = Wire::default().ask(second.packet(&crypto(0, &hello("retry.example", "h3")))).report();
    assert_eq!(report["connections"][0]["server_name"], "retry.example");
}

#[test]
fn the_rfcs_retry_is_valid() {
    // RFC 9001 A.4: to a client without an id.
    let asked =
        Initial { source: &[], ..Initial::default() }.packet(&crypto(0, &hello_with("a.example", "h3", &[], &[])));
    let retry = bytes("ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba");
    let report = Wire::default().ask(asked).tell(retry).report();
    assert_eq!(report["connections"][0]["retry"], json!({ "frame": 2, "token_bytes": 5, "valid": true }));
    assert_eq!((&report["totals"]["retried"], super::faults(&report)), (&json!(1), vec![]));
}

#[test]
fn version_negotiation_is_told() {
    let ask = || Wire::default().ask(Initial::default().packet(&crypto(0, &hello("a.example", "h3"))));
    let connection = ask().tell(negotiation(&[0x6b33_43cf, 0x1a2a_3a4a])).connection();
    assert_eq!((&connection["outcome"], &connection["negotiation_frame"]), (&json!("version_negotiation"), &json!(2)));
    assert_eq!(connection["negotiated_versions"], json!(["QUIC 2", "GREASE"]));
    let report = ask().tell(negotiation(&[1])).report();
    assert_eq!(super::rules(&report), ["quic_negotiation_forged"]);
    // The client goes on with the other version.
    let second = Initial { version: 0x6b33_43cf, secret: &[5; 8], destination: &[5; 8], ..Initial::default() };
    let connection = ask()
        .tell(negotiation(&[0x6b33_43cf]))
        .ask(second.packet(&crypto(0, &hello("b.example", "h3"))))
        .tell(Initial { version: 0x6b33_43cf, secret: &[5; 8], ..Initial::of_server() }.packet(&crypto(0, &answer())))
        .connection();
    assert_eq!((&connection["version"], &connection["server_hello_frame"]), (&json!("QUIC 2"), &json!(4)));
}

#[test]
fn a_client_that_moves_is_known_by_the_servers_id() {
    let elsewhere = |payload: Vec<u8>| udp((CLIENT.0, 61_000), SERVER, &payload);
    let connection = Wire::default()
        .handshake("a.example", "h3")
        .frame(elsewhere(short(OF_SERVER, 90)))
        .frame(udp(SERVER, (CLIENT.0, 61_000), &short(OF_CLIENT, 50)))
        // Of another id nobody knows whose it is.
        .frame(udp((CLIENT.0, 62_000), SERVER, &short(&[9; 8], 90)))
        .connection();
    assert_eq!(connection["migrations_total"], 1);
    let moved = json!([{ "frame": 7, "from_ip": CLIENT.0, "from_port": 50_000, "to_ip": CLIENT.0, "to_port": 61_000 }]);
    assert_eq!(connection["migrations"], moved);
    assert_eq!((&connection["client_datagrams"], &connection["server_datagrams"]), (&json!(4), &json!(4)));
}

#[test]
fn another_id_is_one_when_two_packets_have_it() {
    let connection = Wire::default()
        .handshake("a.example", "h3")
        .ask(short(&[1; 8], 90))
        .ask(short(&[2; 8], 90))
        .ask(short(&[2; 8], 90))
        .ask(short(OF_SERVER, 90))
        .connection();
    let ids = json!(["5152535455565758", "0202020202020202", "5152535455565758"]);
    assert_eq!((&connection["server_ids"], &connection["server_ids_total"]), (&ids, &json!(3)));
}

#[test]
fn ends_may_agree_on_packets_that_look_like_nothing() {
    // RFC 9287: grease_quic_bit, whose number is 0x2ab2.
    let talk = |parameters: &[u8]| {
        let extensions = [(43, vec![2, 3, 4]), (57, parameters.to_vec())];
        let hello = mcpcap_tls_hello::build::client_hello(0x0303, &[0x1301], &extensions);
        let hello = mcpcap_tls_hello::build::message(1, &hello);
        let odd = [&[0x01][..], OF_SERVER, &[0xdd; 40]].concat();
        Wire::default().ask(Initial::default().packet(&crypto(0, &hello))).ask(odd).connection()
    };
    assert_eq!(talk(&[0x6a, 0xb2, 0])["client_packets"], json!({ "initial": 1, "one_rtt": 1 }));
    assert_eq!(talk(&[1, 1, 0])["client_packets"], json!({ "initial": 1 }));
}

#[test]
fn early_data_is_told_by_its_packets() {
    let asked = [
        Initial { size: 400, ..Initial::default() }
            .packet(&crypto(0, &hello_with("a.example", "h3", OF_CLIENT, &[(42, vec![])]))),
        encrypted(Kind::ZeroRtt, ORIGINAL, OF_CLIENT, 900),
    ];
    let report = Wire::default().ask(asked.concat()).report();
    assert_eq!(report["connections"][0]["early_data"], "sent");
    assert_eq!(report["connections"][0]["client_packets"], json!({ "initial": 1, "zero_rtt": 1 }));
    assert_eq!((&report["totals"]["early_data"], super::faults(&report)), (&json!(1), vec![]));
}

#[test]
fn an_error_in_the_handshake_is_told_by_its_name() {
    let report = Wire::default()
        .ask(Initial::default().packet(&crypto(0, &hello("a.example", "h9"))))
        .tell(Initial::of_server().packet(&close(0x178, "no protocol\n")))
        .report();
    let connection = &report["connections"][0];
    assert_eq!(connection["outcome"], "closed");
    let closed = json!({
        "error": "CRYPTO_ERROR (no_application_protocol)", "code": 376, "from": "server", "frame_type": 6,
        "reason": "no protocol\\x0a", "frame": 2
    });
    assert_eq!(connection["closed"], closed);
    assert_eq!(report["statistics"]["errors"][0]["name"], "CRYPTO_ERROR (no_application_protocol)");
}

#[test]
fn a_second_hello_is_behind_a_hello_retry_request() {
    use sha2::{Digest, Sha256};
    let mut body = vec![3, 3];
    body.extend(Sha256::digest(b"HelloRetryRequest"));
    body.extend([0, 0x13, 0x01, 0, 0, 12, 0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0, 23]);
    let again = mcpcap_tls_hello::build::message(2, &body);
    let (hello, length) = (hello("a.example", "h3"), hello("a.example", "h3").len());
    let connection = Wire::default()
        .ask(Initial::default().packet(&crypto(0, &hello)))
        .tell(Initial::of_server().packet(&crypto(0, &again)))
        .ask(Initial { number: 1, destination: OF_SERVER, ..Initial::default() }.packet(&crypto(length, &hello)))
        .tell(Initial { number: 1, ..Initial::of_server() }.packet(&crypto(again.len(), &answer())))
        .connection();
    assert_eq!((&connection["hello_retry_frame"], &connection["hello_retry_group"]), (&json!(2), &json!("secp256r1")));
    assert_eq!((&connection["client_hello_frame"], &connection["server_hello_frame"]), (&json!(3), &json!(4)));
}

#[test]
fn connections_one_behind_the_other_between_the_same_ends_are_told_apart() {
    let second = Initial { secret: &[6; 8], destination: &[6; 8], source: &[7; 4], ..Initial::default() };
    let report = Wire::default()
        .handshake("a.example", "h3")
        .ask(second.packet(&crypto(0, &hello_with("b.example", "h3", &[7; 4], &[]))))
        .report();
    let names: Vec<_> = report["connections"].as_array().unwrap().iter().map(|one| &one["server_name"]).collect();
    assert_eq!(names, ["a.example", "b.example"]);
    assert_eq!(super::faults(&report), []);
}

#[test]
fn what_begins_before_the_capture_is_told_as_such() {
    let report = Wire::default()
        .tell(encrypted(Kind::Handshake, OF_CLIENT, OF_SERVER, 900))
        .ask(encrypted(Kind::Handshake, OF_SERVER, OF_CLIENT, 60))
        .ask(short(OF_SERVER, 70))
        .tell(short(OF_CLIENT, 70))
        .report();
    let connection = &report["connections"][0];
    assert_eq!((&connection["outcome"], &connection["client_guessed"]), (&json!("established"), &json!(true)));
    assert_eq!((&connection["client_ip"], &connection["handshake_ms"]), (&json!(CLIENT.0), &json!(null)));
    let report = Wire::default().tell(Initial::of_server().packet(&crypto(0, &answer()))).report();
    assert_eq!(report["connections"][0]["outcome"], "handshake_not_seen");
    assert_eq!((&report["limits"], super::faults(&report)), (&json!({ "initials_not_decrypted": 1 }), vec![]));
}

#[test]
fn googles_own_and_others_are_named_and_counted() {
    let google = |version: &[u8]| [&[0x0d][..], &[1; 8], version, &[1, 0xaa, 0xbb]].concat();
    let report = Wire::default().ask(google(b"Q043")).tell([&[0x0c][..], &[1; 8], &[1, 2, 3]].concat()).report();
    let connection = &report["connections"][0];
    assert_eq!((&connection["version"], &connection["outcome"]), (&json!("Google Q043"), &json!("not_read")));
    assert_eq!((&report["totals"]["not_read"], super::rules(&report)), (&json!(1), vec!["quic_obsolete_version"]));
    // With a long header, as versions from 46 on.
    let long = [&[0xc3][..], b"T051", &[8], &[1; 8], &[0], &[7; 1300]].concat();
    assert_eq!(Wire::default().ask(long).connection()["version"], "Google T051");
    // One that is reserved to provoke negotiation, as some who look for servers do.
    let mut asked = Initial::default().packet(&crypto(0, &hello("a.example", "h3")));
    asked[1..5].copy_from_slice(&[0x1a, 0x2a, 0x3a, 0x4a]);
    let connection = Wire::default().ask(&asked).tell(negotiation(&[1])).connection();
    assert_eq!((&connection["version"], &connection["outcome"]), (&json!("GREASE"), &json!("version_negotiation")));
}

#[test]
fn what_only_looks_like_it_is_not_quic() {
    let mut changed = Initial::default().packet(&crypto(0, &hello("a.example", "h3")));
    let last = changed.len() - 1;
    changed.push(0xff);
    changed[last] ^= 1;
    for payload in [
        short(OF_SERVER, 90),
        changed,
        negotiation(&[7]),
        // DNS without recursion and with EDNS, whose id ends with 0.
        bytes("8a00 0000 0001 0000 0000 0001 076578616d706c6503636f6d0000010001 0000291000000000000000"),
        // The version of QUIC, and lengths that go beyond.
        bytes("c0 00000001 08 8394c8f03e515708 00 00 449e 00000000000000000000000000"),
        b"\x80\x00\x00\x00\x01".to_vec(),
        // STUN, DTLS and RTP.
        bytes("000100002112a442000102030405060708090a0b"),
        bytes("16fefd0000000000000000000401000000"),
        [&[0x80, 0x60, 0, 1][..], &[0; 160]].concat(),
    ] {
        says_only_that_there_is_nothing::<Quic>(&Wire::default().ask(payload).capture(), &json!({}));
    }
}

#[test]
fn offers_are_listed_when_asked_for() {
    let capture = Wire::default().handshake("a.example", "h3").capture();
    let report = super::run(&capture, &json!({ "offers": true }));
    let connection = &report["connections"][0];
    assert_eq!(connection["offers"]["cipher_suites"], json!(["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"]));
    let parameters = json!([{ "name": "max_idle_timeout", "value": 30_000 }, { "name": "initial_source_connection_id", "bytes": 4 }]);
    assert_eq!(connection["transport_parameters"], parameters);
}

#[test]
fn reading_ends_where_it_was_asked_to() {
    let capture = Wire::default().handshake("a.example", "h3").capture();
    let report = super::run(&capture, &json!({ "max_packets": 2 }));
    assert_eq!((&report["totals"]["client_datagrams"], &report["totals"]["server_datagrams"]), (&json!(1), &json!(1)));
    assert_eq!(report["note"], "Reading ended after the first 2 QUIC datagrams, as max_packets asks.");
}

#[test]
fn keys_of_the_other_side_do_not_open_a_packet() {
    let report = Wire::default()
        .ask(Initial::default().packet(&crypto(0, &hello("a.example", "h3"))))
        .tell(Initial { from: Side::Client, ..Initial::of_server() }.packet(&crypto(0, &answer())))
        .report();
    assert_eq!(super::faults(&report), [("not_decrypted", 1)]);
}
