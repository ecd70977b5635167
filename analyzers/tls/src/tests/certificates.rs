//! What is told of certificates.

use serde_json::{Value, json};

use super::build::{Certificate, Talk, Tested as _, der};
use super::faults;

fn report(chain: &[Vec<u8>]) -> Value {
    Talk::open().handshake("www.example.com", chain).report()
}

#[test]
fn a_certificate_is_told() {
    let own = Certificate::default().der();
    let issuer = Certificate { subject: "Example CA", issuer: "Root", signature: 5, ..Certificate::default() }.der();
    let report = report(&[own.clone(), issuer]);
    let first = &report["certificates"][0];
    let sha256: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(&own).into();
    for (field, expected) in [
        ("sha256", json!(mcpcap_analyzer::text::hexadecimal(&sha256, "", 32))),
        ("subject", json!("CN=example.com")),
        ("common_name", json!("example.com")),
        ("issuer", json!("CN=Example CA")),
        ("serial", json!("1234")),
        ("names", json!(["example.com", "*.example.com"])),
        ("not_before", json!("2023-01-01T00:00:00Z")),
        ("not_after", json!("2025-01-01T00:00:00Z")),
        ("validity", json!("valid")),
        ("days_left", json!(413)),
        ("key_algorithm", json!("RSA")),
        ("key_bits", json!(2048)),
        ("signature_algorithm", json!("sha256WithRSAEncryption")),
        ("sender", json!("198.51.100.20:8443")),
        ("server_connections", json!(1)),
        ("frames", json!([5])),
    ] {
        assert_eq!(first[field], expected, "{field}: {first}");
    }
    assert_eq!(report["certificates"][1]["signature_algorithm"], "sha1WithRSAEncryption");
    let chain = &report["connections"][0]["certificate"];
    assert_eq!((&chain["in_order"], &chain["total"]), (&json!(true), &json!(2)));
}

#[test]
fn the_order_of_a_chain_is_checked() {
    let issuer = Certificate { subject: "Another CA", issuer: "Root", ..Certificate::default() }.der();
    let report = report(&[Certificate::default().der(), issuer]);
    assert_eq!(report["connections"][0]["certificate"]["in_order"], false);
}

#[test]
fn ten_thousand_names_are_bounded_and_all_are_counted() {
    // The 64 KiB of a certificate have room for 4,000 of 14 bytes; one with more is not read.
    let names = |count: usize| (0..count).map(|number| format!("h{number}.example.net")).collect::<Vec<_>>();
    let large = Certificate { names: names(3_000), ..Certificate::default() }.der();
    let report = report(&[large]);
    let certificate = &report["certificates"][0];
    assert_eq!((&certificate["names_total"], certificate["names"].as_array().map(Vec::len)), (&json!(3_000), Some(32)));
    // Not all names are kept, so it cannot be said that it is not for the name.
    assert_eq!(report["connections"][0]["certificate"]["name_matches"], Value::Null);
    let larger = Certificate { names: names(10_000), ..Certificate::default() }.der();
    assert_eq!(faults(&self::report(&[larger])), [("long_certificate", 1)]);
    let middle = Certificate { names: names(5_000), ..Certificate::default() }.der();
    assert_eq!(faults(&self::report(&[middle])), [("long_certificate", 1)]);
}

#[test]
fn deep_and_wrong_der_is_malformed() {
    let mut deep = Vec::new();
    for _ in 0..5_000 {
        deep = der(0x30, &deep);
    }
    let extension = der(0x30, &[der(6, &[0x55, 0x1d, 0x11]), der(4, &deep)].concat());
    let nested = Certificate { extension, ..Certificate::default() }.der();
    let truncated = Certificate::default().der();
    for bytes in [deep, b"no certificate".to_vec(), truncated[..200].to_vec()] {
        let report = report(&[bytes]);
        assert_eq!(faults(&report), [("bad_certificate", 1)]);
        let certificate = &report["certificates"][0];
        assert!(certificate["readable"] == false && certificate["sha256"].is_string(), "{certificate}");
    }
    report(&[nested]);
}

#[test]
fn long_chains_are_read_in_part() {
    let chain: Vec<Vec<u8>> = (0..20).map(|_| Certificate::default().der()).collect();
    let report = report(&chain);
    assert_eq!(faults(&report), [("long_chain", 1)]);
    let told = &report["connections"][0]["certificate"];
    assert_eq!((&told["total"], told["sha256"].as_array().map(Vec::len)), (&json!(20), Some(16)));
    assert_eq!(report["totals"]["certificates"], 1);
}

#[test]
fn ml_dsa_is_named() {
    // 1.2.840.113549.1.1.N and 2.16.840.1.101.3.4.3.18 (ML-DSA-65, RFC 9881) have as many bytes.
    let replaced = |mut certificate: Vec<u8>, last: u8| {
        let old = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last];
        while let Some(at) = certificate.windows(old.len()).position(|part| part == old) {
            certificate[at..at + old.len()].copy_from_slice(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 0x12]);
        }
        certificate
    };
    let report = report(&[replaced(replaced(Certificate::default().der(), 1), 11)]);
    let certificate = &report["certificates"][0];
    assert_eq!((&certificate["key_algorithm"], &certificate["key_bits"]), (&json!("ML-DSA-65"), &Value::Null));
    assert_eq!(certificate["signature_algorithm"], "ML-DSA-65");
    assert_eq!(report["findings_total"], 0);
}
