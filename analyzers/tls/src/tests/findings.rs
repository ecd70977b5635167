//! What is found, and what is not.

use serde_json::{Value, json};

use super::build::{
    Certificate, Talk, Tested as _, client_hello, hello_for, list, message, numbers, record, report, server_hello,
};

fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
}

fn with(certificate: &Certificate<'_>) -> Value {
    Talk::open().handshake("www.example.com", &[certificate.der()]).report()
}

#[test]
fn good_certificates_and_choices_are_no_findings() {
    assert_eq!(rules(&with(&Certificate::default())), Vec::<&str>::new());
}

#[test]
fn certificates_are_found_by_what_is_wrong_with_them() {
    for (certificate, expected) in [
        (Certificate { until: "231113000000Z", ..Certificate::default() }, vec!["tls_certificate_expired"]),
        (Certificate { from: "231116000000Z", ..Certificate::default() }, vec!["tls_certificate_not_yet_valid"]),
        (Certificate { issuer: "example.com", ..Certificate::default() }, vec!["tls_certificate_self_signed"]),
        (Certificate { key: 128, ..Certificate::default() }, vec!["tls_certificate_weak_key"]),
        (Certificate { signature: 4, ..Certificate::default() }, vec!["tls_certificate_weak_signature"]),
        (
            Certificate { names: vec!["example.org".into()], ..Certificate::default() },
            vec!["tls_certificate_name_mismatch", "tls_domain_fronting"],
        ),
        (
            Certificate { issuer: "example.com", names: vec!["example.org".into()], ..Certificate::default() },
            vec!["tls_certificate_name_mismatch", "tls_certificate_self_signed"],
        ),
    ] {
        let report = with(&certificate);
        assert_eq!(rules(&report), expected, "{report}");
        assert_eq!(report["findings"][0]["frames"], serde_json::json!([5]));
    }
    let expired = with(&Certificate { until: "231113000000Z", ..Certificate::default() });
    // The capture is of 2023-11-14T22:13:20Z.
    assert_eq!(expired["findings"][0]["measures"][1]["value"], 1.0);
}

#[test]
fn obsolete_versions_and_suites_are_found_with_their_servers() {
    for (version, suite, expected) in [
        (0x0303, 0x0005, vec!["tls_weak_suite"]),
        (0x0303, 0x000a, vec!["tls_weak_suite"]),
        (0x0303, 0x0003, vec!["tls_broken_suite"]),
        (0x0303, 0x0002, vec!["tls_broken_suite"]),
        (0x0303, 0x0034, vec!["tls_broken_suite"]),
        (0x0301, 0x002f, vec!["tls_obsolete_version"]),
        (0x0300, 0x002f, vec!["tls_ssl_version"]),
        (0x0303, 0x002f, vec![]),
    ] {
        let hello = client_hello(version, &[suite], &[]);
        let answer = server_hello(version, suite, &[]);
        let report = Talk::open().ask(record(22, &message(1, &hello))).tell(record(22, &message(2, &answer))).report();
        assert_eq!(rules(&report), expected, "{version:04x} {suite:04x}");
        if let Some(finding) = report["findings"].get(0) {
            assert_eq!(finding["subject"], "198.51.100.20:8443");
        }
    }
}

#[test]
fn small_primes_are_found() {
    let exchange = [list(2, &[vec![0], vec![0xff; 128]].concat()), list(2, &[2]), list(2, &[1; 128])].concat();
    let flight = [message(2, &server_hello(0x0303, 0x0033, &[])), message(12, &exchange)].concat();
    let hello = client_hello(0x0303, &[0x0033], &[]);
    let report = Talk::open().ask(record(22, &message(1, &hello))).tell(record(22, &flight)).report();
    assert_eq!(rules(&report), ["tls_weak_key_exchange"]);
    assert_eq!(report["connections"][0]["dh_bits"], 1024);
}

#[test]
fn another_issuer_for_one_name_is_found_and_a_renewal_is_not() {
    let talks = |issuer: &'static str| {
        [("230101000000Z", "Example CA", 1), ("230201000000Z", issuer, 2)].map(|(from, issuer, port)| {
            let certificate = Certificate { from, issuer, ..Certificate::default() }.der();
            Talk::from_port(40_000 + port).handshake("www.example.com", &[certificate])
        })
    };
    assert_eq!(rules(&report(talks("Example CA"))), Vec::<&str>::new());
    let other = report(talks("Another CA"));
    assert_eq!(rules(&other), ["tls_certificate_changed"]);
    assert_eq!(other["findings"][0]["subject"], "www.example.com");
}

#[test]
fn a_downgrade_is_found_where_more_was_offered() {
    let mut answer = server_hello(0x0303, 0xc02f, &[]);
    answer[26..34].copy_from_slice(b"DOWNGRD\x01");
    for (versions, expected) in [(&[0x0304, 0x0303][..], vec!["tls_downgrade"]), (&[0x0303], vec![])] {
        let hello = client_hello(0x0303, &[0xc02f], &[(43, numbers(1, versions))]);
        let talk = Talk::open().ask(record(22, &message(1, &hello))).tell(record(22, &message(2, &answer)));
        assert_eq!(rules(&talk.report()), expected);
    }
    let again = client_hello(0x0302, &[0xc02f, 0x5600], &[]);
    let talk = Talk::open()
        .ask(record(22, &message(1, &again)))
        .tell(record(22, &message(2, &server_hello(0x0302, 0xc02f, &[]))));
    assert_eq!(rules(&talk.report()), ["tls_downgrade", "tls_obsolete_version"]);
    // Refused as RFC 7507 wants it: the client tried all the same.
    let refused = Talk::open().ask(record(22, &message(1, &again))).tell(record(21, &[2, 86])).report();
    assert_eq!((rules(&refused), &refused["findings"][0]["frames"]), (vec!["tls_downgrade"], &json!([4])));
}

#[test]
fn heartbeats_that_lie_are_found() {
    let with = |heartbeat: &[u8]| {
        let report = Talk::open()
            .ask(record(22, &message(1, &hello_for("example.com"))))
            .tell(record(22, &message(2, &server_hello(0x0303, 0xc02f, &[]))))
            .ask(record(24, heartbeat))
            .report();
        report["findings"].as_array().map(Vec::len)
    };
    // A payload of two bytes has at least 16 of padding behind it (RFC 6520 section 4).
    let honest = [&[1, 0, 2, b'h', b'i'][..], &[0; 16]].concat();
    assert_eq!((with(&[1, 0x40, 0]), with(&honest), with(&honest[..20])), (Some(1), Some(0), Some(1)));
}

#[test]
fn servers_that_refuse_or_keep_silent_are_found() {
    let hello = record(22, &message(1, &hello_for("example.com")));
    let refused = (0..5).map(|port| Talk::from_port(41_000 + port).ask(&hello).tell(record(21, &[2, 70])));
    assert_eq!(rules(&report(refused)), ["tls_handshakes_refused"]);
    let silent = (0..5).map(|port| Talk::from_port(41_000 + port).ask(&hello));
    assert_eq!(rules(&report(silent)), ["tls_handshakes_unanswered"]);
    let few = (0..4).map(|port| Talk::from_port(41_000 + port).ask(&hello));
    assert_eq!(rules(&report(few)), Vec::<&str>::new());
}
