//! `tls.pcapng`: what `openssl s_client` and `gnutls-cli` said of each connection, and the fingerprints of the certificates.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{list, report, rules, said};

/// What a program said of a connection.
#[derive(Default)]
struct Said {
    what: String,
    port: u64,
    version: String,
    suite: String,
    alert: Option<u64>,
}

/// `openssl s_client -brief` and `gnutls-cli`, connection after connection.
fn connections() -> Vec<Said> {
    let mut all: Vec<Said> = Vec::new();
    for line in said("tls.txt").lines() {
        if let Some((what, place)) = line.strip_prefix("# ").and_then(|line| line.split_once(": port ")) {
            let port = place.split(',').next().unwrap().parse().unwrap();
            all.push(Said { what: what.to_owned(), port, ..Said::default() });
            continue;
        }
        let last = all.last_mut().expect("a connection");
        if let Some(version) = line.strip_prefix("Protocol version: ") {
            last.version = version.replace("TLSv", "TLS ");
            if !last.version.contains('.') {
                last.version += ".0";
            }
        } else if let Some(suite) = line.strip_prefix("Ciphersuite: ") {
            suite.clone_into(&mut last.suite);
        } else if let Some(number) = line.strip_prefix("SSL alert number ") {
            last.alert = number.parse().ok();
        } else if let Some(gnutls) = line.strip_prefix("- Description: (") {
            let parts: Vec<&str> = gnutls.trim_end_matches(')').split(")-(").collect();
            let (version, _) = parts[0].split_once('-').unwrap();
            last.version = version.replace("TLS", "TLS ");
            last.suite = parts[2].to_owned();
        }
    }
    all
}

/// A suite's name without what OpenSSL and IANA write differently.
fn plain(suite: &str) -> String {
    let words = ["TLS", "WITH", "CBC"];
    let suite = suite.replace("DH_anon", "ADH").replace("ARCFOUR", "RC4");
    suite.split(['_', '-']).filter(|word| !words.contains(word)).collect()
}

#[tokio::test]
async fn each_connection_is_as_openssl_and_gnutls_say() {
    let report = report("analyze_tls", "tls.pcapng", json!({ "limit": 1000 })).await;
    let mut ours: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
    for one in list(&report, "/connections") {
        ours.entry(one["server_port"].as_u64().unwrap()).or_default().push(one);
    }
    ours.values_mut().for_each(|all| all.sort_by_key(|one| one["frame"].as_u64()));
    let mut places: BTreeMap<u64, usize> = BTreeMap::new();
    for said in connections() {
        let place = places.entry(said.port).or_default();
        let one = ours[&said.port][*place];
        *place += 1;
        let (what, suite) = (&said.what, one["cipher_suite"].as_str().unwrap_or_default());
        if said.version.is_empty() {
            assert_eq!(one["outcome"], "refused", "{what}: {one}");
        } else {
            assert_eq!((&one["version"], &one["outcome"]), (&json!(said.version), &json!("established")), "{what}");
            let (short, long) = (plain(&said.suite), plain(suite));
            // OpenSSL leaves out the key exchange of RSA and the hash of ChaCha20, GnuTLS has them elsewhere.
            assert!(!short.is_empty() && long.contains(&short.replace("3DES", "3DESEDE")), "{what}: {short} {long}");
        }
        let alerts = [(40, "handshake_failure"), (70, "protocol_version"), (86, "inappropriate_fallback")];
        let alert = alerts.iter().find(|(number, _)| Some(*number) == said.alert).map(|(_, name)| *name);
        if let Some(name) = alert {
            assert_eq!(one["alerts"][0]["name"], name, "{what}");
        }
        assert_eq!(!one["resumed"].is_null(), what.starts_with("the same"), "{what}");
        assert_eq!(one["early_data"] == "sent", what.contains("early data"), "{what}");
        // DTLS asks for a cookie.
        let is_retried = what.contains("another group") || what.starts_with("DTLS");
        assert_eq!(!one["retry_frame"].is_null(), is_retried, "{what}");
        assert_eq!(!one["client_certificate"].is_null(), what.starts_with("with a certificate"), "{what}");
        assert_eq!(one["starttls"] == "smtp", what == "STARTTLS", "{what}");
    }
    assert_eq!(places.values().sum::<usize>(), 38);
}

#[tokio::test]
async fn certificates_have_their_fingerprints_and_faults() {
    let report = report("analyze_tls", "tls.pcapng", json!({ "limit": 1000 })).await;
    let certificates = list(&report, "/certificates");
    let fingerprints: BTreeMap<String, String> = said("tls.sha256")
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, hash)| (hash.to_owned(), name.to_owned()))
        .collect();
    assert_eq!((certificates.len(), fingerprints.len()), (10, 10));
    let mut wrong = BTreeMap::new();
    for one in certificates {
        let name = fingerprints[one["sha256"].as_str().unwrap()].as_str();
        let validity = one["validity"].as_str().unwrap_or_default();
        let bits = one["key_bits"].as_u64().unwrap_or_default();
        wrong.insert(name, (validity, one["self_signed"] == true, bits));
    }
    let expected = [
        ("alice", ("valid", false, 256)),
        ("corp", ("valid", true, 256)),
        ("expired", ("expired", false, 256)),
        ("false", ("valid", false, 256)),
        ("future", ("not_yet_valid", false, 256)),
        ("good", ("valid", false, 256)),
        ("rsa", ("valid", false, 2048)),
        ("self", ("valid", true, 256)),
        ("weak", ("valid", false, 1024)),
        ("wrong", ("valid", false, 256)),
    ];
    assert_eq!(wrong, BTreeMap::from(expected));
    assert_eq!(
        rules(&report),
        [
            "tls_broken_suite",
            "tls_certificate_changed",
            "tls_certificate_expired",
            "tls_certificate_name_mismatch",
            "tls_certificate_not_yet_valid",
            "tls_certificate_self_signed",
            "tls_certificate_weak_key",
            "tls_certificate_weak_signature",
            "tls_downgrade",
            "tls_handshakes_refused",
            "tls_obsolete_version",
            "tls_weak_key_exchange",
            "tls_weak_suite",
        ]
    );
}

#[tokio::test]
async fn http_where_tls_is_wanted_is_told() {
    let arguments = json!({ "section": ["findings"], "where": ["rule~port"] });
    let report = report("analyze_conversations", "tls.pcapng", arguments).await;
    assert_eq!(rules(&report), ["flow_protocol_on_odd_port"]);
    assert_eq!(report["findings"][0]["subject"], "http on tcp port 443");
}
