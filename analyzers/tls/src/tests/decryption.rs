//! What a key log adds: a recording of curl and OpenSSL with nginx.

use mcpcap_analyzer::harness;
use serde_json::{Value, json};

use crate::tool::Tls;

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../../tests/captures/tls/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn run(capture: &[u8], key_log: &[u8]) -> Value {
    harness::run_with::<Tls>(capture, &json!({ "page": { "limit": 1000 } }), key_log).unwrap()
}

fn connections(report: &Value) -> &[Value] {
    report["connections"].as_array().unwrap()
}

#[test]
fn records_of_every_suite_are_decrypted() {
    let report = run(&file("tls.pcap"), &file("keys.log"));
    let mut suites: Vec<&str> = Vec::new();
    for connection in connections(&report) {
        let closed = (connection["not_decrypted_records"].as_u64(), connection["not_decrypted"].as_str());
        if connection["decrypted_records"].is_u64() {
            assert_eq!(closed, (None, None), "{connection}");
            suites.push(connection["cipher_suite"].as_str().unwrap());
        } else {
            assert_eq!(closed.1, Some("no_secret"), "{connection}");
        }
    }
    suites.sort_unstable();
    suites.dedup();
    for suite in [
        "TLS_AES_128_CCM_8_SHA256",
        "TLS_AES_128_CCM_SHA256",
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_128_CCM",
        "TLS_RSA_WITH_AES_256_CBC_SHA256",
        "TLS_RSA_WITH_AES_256_CCM_8",
    ] {
        assert!(suites.contains(&suite), "{suite}: {suites:?}");
    }
    let decryption = &report["decryption"];
    let decrypted = connections(&report).iter().filter(|one| one["decrypted_records"].is_u64()).count();
    assert_eq!(decryption["connections"], decrypted);
    assert_eq!(decryption["not_decrypted"], json!([{ "reason": "no_secret", "connections": 1 }]));
}

#[test]
fn what_tls_1_3_encrypts_of_its_handshake_is_told() {
    let (without, with) = (run(&file("tls.pcap"), &[]), run(&file("tls.pcap"), &file("keys.log")));
    let of_13 = |report: &Value| -> Vec<Value> {
        connections(report).iter().filter(|one| one["version"] == "TLS 1.3").cloned().collect()
    };
    assert!(of_13(&without).iter().all(|one| one["certificate"].is_null() && one["alpn"].is_null()));
    let resumed = |one: &&Value| one["resumed"].is_string();
    let (again, first): (Vec<Value>, Vec<Value>) = of_13(&with).into_iter().partition(|one| resumed(&one));
    assert!(again.iter().all(|one| one["certificate"].is_null()));
    let mut named = 0;
    for connection in first.iter().filter(|one| one["decrypted_records"].is_u64()) {
        let chain = &connection["certificate"];
        assert_eq!((&chain["subject"], &chain["total"]), (&json!("CN=www.example.com"), &json!(1)), "{connection}");
        named += u64::from(connection["alpn"].is_string());
    }
    assert!(named > 3, "{named}");
    // What needs no key log is the same.
    for (one, other) in connections(&without).iter().zip(connections(&with)) {
        for field in [
            "frame",
            "client_port",
            "version",
            "cipher_suite",
            "outcome",
            "ja4",
            "server_name",
            "client_encrypted_from",
        ] {
            let is_refusal = field == "outcome" && other["outcome"] == "refused";
            assert!(one[field] == other[field] || is_refusal, "{field}: {one} {other}");
        }
    }
    let certificates = with["certificates"].as_array().unwrap();
    assert!(certificates.iter().any(|one| one["common_name"] == "alice"), "{certificates:?}");
    let clients: Vec<&Value> = connections(&with).iter().filter(|one| one["client_certificate"].is_object()).collect();
    assert_eq!((clients.len(), &clients[0]["client_certificate"]["subject"]), (1, &json!("CN=alice")));
}

/// Two connections between a client and a server of rustls, with zlib and with brotli.
#[test]
fn compressed_certificates_are_read() {
    let report = run(&file("compressed.pcap"), &file("compressed.log"));
    let chains: Vec<&Value> = connections(&report).iter().map(|one| &one["certificate"]).collect();
    let told = |chain: &Value| (chain["total"].as_u64(), chain["name_matches"].as_bool(), chain["sha256"].clone());
    assert_eq!(chains.len(), 2);
    assert_eq!((told(chains[0]).0, told(chains[0]).1), (Some(1), Some(true)), "{report}");
    assert_eq!(told(chains[0]), told(chains[1]));
    assert_eq!(report["certificates"][0]["names"], json!(["www.example.com"]));
    assert_eq!(super::faults(&report), vec![]);
    // Without the key log nobody sees them.
    assert!(connections(&run(&file("compressed.pcap"), &[])).iter().all(|one| one["certificate"].is_null()));
}

#[test]
fn alerts_within_are_named_and_a_refusal_is_one() {
    let with = run(&file("tls.pcap"), &file("keys.log"));
    assert!(
        connections(&with)
            .iter()
            .filter(|one| one["decrypted_records"].is_u64())
            .all(|one| { one["encrypted_client_alerts"].is_null() && one["encrypted_server_alerts"].is_null() })
    );
    let refused: Vec<&Value> = connections(&with).iter().filter(|one| one["outcome"] == "refused").collect();
    assert_eq!(refused.len(), 1);
    let alert = &refused[0]["alerts"][0];
    assert_eq!(
        (&alert["name"], &alert["from"], &alert["fatal"]),
        (&json!("unknown_ca"), &json!("client"), &json!(true))
    );
    let closing = connections(&with).iter().filter(|one| one["alerts"][0]["name"] == "close_notify").count();
    assert!(closing > 10, "{closing}");
}

#[test]
fn early_data_is_told_from_what_was_refused() {
    let with = run(&file("tls.pcap"), &file("keys.log"));
    let early: Vec<&Value> = connections(&with).iter().filter(|one| one["early_data"].is_string()).collect();
    assert_eq!((early.len(), &early[0]["early_data"]), (1, &json!("accepted")), "{early:?}");
    assert!(early[0]["not_decrypted"].is_null() && early[0]["resumed"] == "psk");
}

#[test]
fn decryption_secrets_of_the_file_are_used() {
    let (apart, within) = (run(&file("tls.pcap"), &file("keys.log")), run(&file("secrets.pcapng"), &[]));
    assert_eq!(within["connections"], apart["connections"]);
    assert_eq!(within["decryption"], apart["decryption"]);
}

#[test]
fn changed_records_and_key_logs_are_survived() {
    let key_log = file("keys.log");
    for copy in harness::changed(&file("tls.pcap"), 7, 40, 60) {
        run(&copy, &key_log);
    }
    for copy in harness::changed(&file("secrets.pcapng"), 11, 40, 60) {
        // What is no capture any more is refused.
        let _ = harness::run_with::<Tls>(&copy, &json!({}), &[]);
    }
    for copy in harness::changed(&key_log, 13, 40, 60) {
        run(&file("tls.pcap"), &copy);
    }
}
