//! Lines of what connections carry.

use super::*;

fn query(more: &Row) -> Row {
    let own = vec![
        ("transport", Text("udp")),
        ("service", Text("dns")),
        ("opcode", Text("QUERY")),
        ("id", Integer(4711)),
        ("name", Text("www.example.com")),
        ("qtype", Text("A")),
        ("qtype_number", Integer(1)),
        ("qclass_number", Integer(1)),
        ("query_size", Integer(33)),
        ("query_truncated", Truth(false)),
        ("recursion_desired", Truth(true)),
        ("z", Integer(2)),
    ];
    with(&with(&ends(), &own), more)
}

#[test]
fn a_transaction_of_dns_is_a_line() {
    let response = vec![
        ("latency_ms", Float(12.5)),
        ("rcode_number", Integer(0)),
        ("answers", Cell::Texts(vec!["CDN.example.com", "1 . alpn=h2", "192.0.2.1"])),
        ("answer_types", Cell::Texts(vec!["CNAME", "HTTPS", "A"])),
        ("ttls", Integers(vec![300, 20, 60])),
        ("answers_total", Integer(3)),
        ("is_authoritative", Truth(true)),
        ("is_truncated", Truth(true)),
        ("recursion_available", Truth(true)),
        ("is_rejected", Truth(false)),
    ];
    let made = lines("dns", "dns", &[query(&response), query(&vec![])]);
    let both = json!({
        "ts": 1_700_000_001.5, "id.orig_h": "192.168.1.2", "id.orig_p": 40_000, "id.resp_h": "198.18.0.1", "id.resp_p": 443,
        "proto": "udp", "trans_id": 4711, "rtt": 0.0125, "query": "www.example.com", "qclass": 1, "qclass_name": "C_INTERNET",
        "qtype": 1, "qtype_name": "A", "rcode": 0, "rcode_name": "NOERROR", "AA": true, "TC": false, "RD": true, "RA": true, "Z": 2,
        "answers": ["cdn.example.com", "192.0.2.1"], "TTLs": [300.0, 60.0], "rejected": false,
    });
    assert_eq!(without_uid(&made[0]), both);
    let alone = without_uid(&made[1]);
    for absent in ["rtt", "rcode", "rcode_name", "answers", "TTLs"] {
        assert_eq!(alone.get(absent), None, "{absent}");
    }
    assert_eq!((&alone["RD"], &alone["AA"], &alone["rejected"]), (&json!(true), &json!(false), &json!(false)));
}

#[test]
fn responses_without_answers_and_without_queries_say_what_zeek_says_of_them() {
    let absent =
        |row: Row, names: &[&str]| -> Row { row.into_iter().filter(|(name, _)| !names.contains(name)).collect() };
    let refused = vec![
        ("latency_ms", Float(1.0)),
        ("rcode_number", Integer(3)),
        ("answers_total", Integer(0)),
        ("is_authoritative", Truth(true)),
        ("recursion_available", Truth(true)),
        ("is_rejected", Truth(true)),
    ];
    let announced = vec![
        ("service", Text("mdns")),
        ("answers_total", Integer(1)),
        ("answer_name", Text("host.local")),
        ("rcode_number", Integer(0)),
        ("is_rejected", Truth(false)),
    ];
    let made = lines(
        "dns",
        "dns",
        &[
            query(&refused),
            absent(query(&announced), &["query_size", "name"]),
            query(&vec![("opcode", Text("UPDATE"))]),
        ],
    );
    assert_eq!(made.len(), 2);
    let of = |name: &str| made.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    assert_eq!(json!(of("rtt")), json!([null, null]));
    assert_eq!(json!(of("rcode_name")), json!(["NXDOMAIN", "NOERROR"]));
    assert_eq!(json!(of("AA")), json!([false, false]));
    assert_eq!(json!(of("rejected")), json!([true, false]));
    assert_eq!(json!(of("query")), json!(["www.example.com", "host.local"]));
    assert_eq!(json!(of("qtype")), json!([1, null]));
    assert_eq!(json!(of("RD")), json!([true, false]));
    // Who announces begins.
    assert_eq!(json!(of("id.orig_p")), json!([40_000, 443]));
}

fn http() -> Row {
    let own = vec![
        ("connection", Integer(7)),
        ("depth", Integer(2)),
        ("method", Text("POST")),
        ("host", Text("www.example.com:8080")),
        ("uri", Text("/a%20b")),
        ("user_agent", Text("curl")),
        ("authorization", Text("Basic")),
        ("user", Text("alice")),
        ("proxied", Cell::Texts(vec!["VIA -> 1.1 proxy"])),
        ("status", Integer(200)),
        ("status_message", Text("OK")),
        ("info_code", Integer(100)),
        ("info_message", Text("Continue")),
        ("response_version", Text("1.1")),
        ("request_bytes", Integer(5)),
        ("request_size", Integer(5)),
        ("request_missing", Integer(0)),
        ("request_end_time", Time(1600)),
        ("response_time", Time(1700)),
        ("response_end_time", Time(1950)),
        ("response_bytes", Integer(900)),
        ("response_size", Integer(4000)),
        ("response_missing", Integer(0)),
        ("response_length", Integer(900)),
        ("response_encoding", Text("gzip")),
        ("response_magic", Text("application/vnd.microsoft.portable-executable")),
        ("response_file_name", Text("a.exe")),
        ("response_md5", Text("00ff")),
        ("response_sha256", Text("11ee")),
    ];
    with(&ends(), &own)
}

#[test]
fn an_exchange_of_http_is_a_line_and_each_body_is_one_of_files() {
    let made = lines("http", "http", &[http()]);
    let files = lines("http", "files", &[http()]);
    assert_eq!(files.len(), 2);
    let fuids: Vec<&Value> = files.iter().map(|file| &file["fuid"]).collect();
    assert_eq!((json!([fuids[0]]), json!([fuids[1]])), (made[0]["orig_fuids"].clone(), made[0]["resp_fuids"].clone()));
    assert_eq!((&files[0]["uid"], &files[1]["uid"]), (&made[0]["uid"], &made[0]["uid"]));
    // Behind an end, exchanges are counted anew.
    let again = lines("http", "files", &[with(&http(), &vec![("frame", Integer(9))])]);
    assert_ne!(again[0]["fuid"], *fuids[0]);
    let mut line = without_uid(&made[0]);
    for fuids in ["orig_fuids", "resp_fuids"] {
        line.as_object_mut().unwrap().remove(fuids);
    }
    assert_eq!(
        line,
        json!({
            "ts": 1_700_000_001.5, "id.orig_h": "192.168.1.2", "id.orig_p": 40_000, "id.resp_h": "198.18.0.1", "id.resp_p": 443,
            "trans_depth": 2, "method": "POST", "host": "www.example.com:8080", "uri": "/a b", "version": "1.1", "user_agent": "curl",
            "request_body_len": 5, "response_body_len": 4000, "status_code": 200, "status_msg": "OK", "info_code": 100,
            "info_msg": "Continue", "tags": [], "username": "alice", "proxied": ["VIA -> 1.1 proxy"], "resp_filenames": ["a.exe"],
            "resp_mime_types": ["application/x-dosexec"],
        })
    );
    let mut file = without_uid(&files[1]);
    file.as_object_mut().unwrap().remove("fuid");
    assert_eq!(
        file,
        json!({
            "ts": 1_700_000_001.7, "id.orig_h": "192.168.1.2", "id.orig_p": 40_000, "id.resp_h": "198.18.0.1", "id.resp_p": 443,
            "source": "HTTP", "depth": 0, "analyzers": ["MD5", "SHA256"], "mime_type": "application/x-dosexec", "filename": "a.exe",
            "duration": 0.25, "local_orig": true, "is_orig": false, "seen_bytes": 4000, "missing_bytes": 0, "overflow_bytes": 0,
            "timedout": false, "md5": "00ff", "sha256": "11ee",
        })
    );
    assert_eq!((&files[0]["is_orig"], &files[0]["analyzers"]), (&json!(true), &json!([])));
}

#[test]
fn what_a_message_does_not_have_is_left_out() {
    let digest =
        vec![("authorization", Text("Digest")), ("proxied", Cell::Texts(vec![])), ("response_encoding", Text(""))];
    let row: Row = with(&http(), &digest).into_iter().filter(|(name, _)| *name != "response_encoding").collect();
    let made = lines("http", "http", std::slice::from_ref(&row));
    assert_eq!((made[0].get("username"), made[0].get("proxied")), (None, None));
    assert_eq!(lines("http", "files", std::slice::from_ref(&row))[1]["total_bytes"], 900);
    let bare: Row = with(&row, &vec![("request_bytes", Integer(0)), ("response_bytes", Integer(0))]);
    assert_eq!(lines("http", "files", std::slice::from_ref(&bare)), Vec::<Value>::new());
    let made = lines("http", "http", &[bare]);
    assert_eq!((&made[0]["request_body_len"], made[0].get("orig_fuids")), (&json!(0), None));
    let upgraded = vec![("status", Integer(101)), ("status_message", Text("Switching Protocols"))];
    let made = lines("http", "http", &[with(&row, &upgraded)]);
    assert_eq!((&made[0]["info_code"], &made[0]["info_msg"]), (&json!(101), &json!("Switching Protocols")));
}

#[test]
fn a_handshake_is_a_line() {
    let own = vec![
        ("connection", Integer(7)),
        ("outcome", Text("established")),
        ("server_name", Text("www.example.com")),
        ("version", Text("TLS 1.2")),
        ("cipher_suite", Text("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")),
        ("key_group", Text("secp256r1")),
        ("alpn", Text("h2")),
        ("history", Text("CsxkngIi")),
        ("server_chain", Cell::Texts(vec!["aa", "bb"])),
        ("client_chain", Cell::Texts(vec![])),
        ("certificate_subject", Text("CN=www.example.com")),
        ("name_matches", Truth(true)),
        ("ja3", Text("0a")),
    ];
    let resumed = vec![("resumed", Text("ticket")), ("server_chain", Cell::Texts(vec![])), ("version", Text("0x0505"))];
    let rows = [with(&ends(), &own), with(&with(&ends(), &own), &resumed)];
    let made = lines("tls", "ssl", &rows);
    assert_eq!(
        without_uid(&made[0]),
        json!({
            "ts": 1_700_000_001.5, "id.orig_h": "192.168.1.2", "id.orig_p": 40_000, "id.resp_h": "198.18.0.1", "id.resp_p": 443,
            "version": "TLSv12", "cipher": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "curve": "secp256r1",
            "server_name": "www.example.com", "resumed": false, "next_protocol": "h2", "established": true,
            "ssl_history": "CsxkngIi", "cert_chain_fps": ["aa", "bb"], "client_cert_chain_fps": [],
            "subject": "CN=www.example.com", "sni_matches_cert": true, "ja3": "0a",
        })
    );
    assert_eq!((&made[1]["resumed"], &made[1]["version"]), (&json!(true), &json!("unknown-1285")));
    assert_eq!((made[1].get("cert_chain_fps"), made[1].get("client_cert_chain_fps")), (None, None));
}

#[test]
fn a_certificate_is_a_line() {
    let row: Row = vec![
        ("time", Time(0)),
        ("sha256", Text("ab")),
        ("version", Integer(3)),
        ("serial", Text("00c1ab")),
        ("subject_rfc4514", Text("CN=www.example.com,O=Example\\, Inc.")),
        ("issuer_rfc4514", Text("CN=CA")),
        ("not_before", Text("2023-01-01T00:00:00Z")),
        ("not_after", Text("2024-01-01T00:00:00Z")),
        ("key_algorithm", Text("RSA")),
        ("key_bits", Integer(2048)),
        ("key_exponent", Integer(65_537)),
        ("signature_algorithm", Text("sha256WithRSAEncryption")),
        ("names", Cell::Texts(vec!["www.example.com", "192.0.2.1"])),
        ("uris", Cell::Texts(vec![])),
        ("emails", Cell::Texts(vec!["a@example.com"])),
        ("is_ca", Truth(false)),
        ("has_constraints", Truth(true)),
        ("server_connections", Integer(1)),
        ("client_connections", Integer(0)),
    ];
    let of_client = with(&row, &vec![("server_connections", Integer(0)), ("client_connections", Integer(2))]);
    let unread: Row = row.iter().filter(|(name, _)| *name != "subject_rfc4514").cloned().collect();
    let made = lines("tls_certificates", "x509", &[row, of_client, unread]);
    assert_eq!(made.len(), 2);
    assert_eq!(
        made[0],
        json!({
            "ts": 1_700_000_000.0, "fingerprint": "ab", "certificate.version": 3, "certificate.serial": "C1AB",
            "certificate.subject": "CN=www.example.com,O=Example\\, Inc.", "certificate.issuer": "CN=CA",
            "certificate.not_valid_before": 1_672_531_200.0, "certificate.not_valid_after": 1_704_067_200.0,
            "certificate.key_alg": "rsaEncryption", "certificate.sig_alg": "sha256WithRSAEncryption", "certificate.key_type": "rsa",
            "certificate.key_length": 2048, "certificate.exponent": "65537", "san.dns": ["www.example.com"],
            "san.email": ["a@example.com"], "san.ip": ["192.0.2.1"], "basic_constraints.ca": false, "host_cert": true,
            "client_cert": false,
        })
    );
    assert_eq!((&made[1]["host_cert"], &made[1]["client_cert"]), (&json!(true), &json!(true)));
}

#[test]
fn a_connection_of_quic_is_a_line_of_its_own_and_one_of_ssl() {
    let own = vec![
        ("version", Text("QUIC 2")),
        ("client_initial_dcid", Text("0102")),
        ("client_scid", Text("")),
        ("server_name", Text("www.example.com")),
        ("offered_alpn", Text("h3")),
        ("cipher_suite", Text("TLS_AES_128_GCM_SHA256")),
        ("key_group", Text("x25519")),
        ("history", Text("ISisH")),
    ];
    let not_read = vec![("version", Text("0x0a0b0c0d")), ("history", Text(""))];
    let rows = [with(&ends(), &own), with(&ends(), &not_read)];
    let quic = lines("quic", "quic", &rows);
    assert_eq!(
        without_uid(&quic[0]),
        json!({
            "ts": 1_700_000_001.5, "id.orig_h": "192.168.1.2", "id.orig_p": 40_000, "id.resp_h": "198.18.0.1", "id.resp_p": 443,
            "version": "quicv2", "client_initial_dcid": "0102", "client_scid": "", "server_name": "www.example.com",
            "client_protocol": "h3", "history": "ISisH",
        })
    );
    assert_eq!(quic[1]["version"], "unknown-0a0b0c0d");
    let ssl = lines("quic", "ssl", &rows);
    assert_eq!(ssl.len(), 1);
    let told =
        ["version", "cipher", "curve", "established", "ssl_history", "server_name"].map(|name| ssl[0][name].clone());
    let expected = json!(["TLSv13", "TLS_AES_128_GCM_SHA256", "x25519", false, "Cs", "www.example.com"]);
    assert_eq!(json!(told), expected);
}
