//! Key logs: which files are read, who is given what they hold, and what of them is told.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{call, client, refusal, report, text};
use crate::support::root;

fn recording(name: &str) -> PathBuf {
    root().join("tests/captures/tls").join(name)
}

fn keys() -> Value {
    json!({ "keylog_file": recording("keys.log"), "max_chars": 1_000_000 })
}

/// Random numbers and secrets of the key log.
fn secrets() -> Vec<String> {
    let text = std::fs::read_to_string(recording("keys.log")).unwrap();
    let words = text.split_whitespace().filter(|word| word.len() >= 64);
    words.map(str::to_lowercase).collect()
}

#[tokio::test]
async fn a_key_log_decrypts_and_its_hash_is_in_the_receipt() {
    let client = client().await;
    let capture = recording("tls.pcap");
    let without = report(&client, "analyze_http", &capture, &json!({})).await;
    assert!(without["message"].is_string() && without.get("decryption").is_none(), "{without}");
    let with = report(&client, "analyze_http", &capture, &keys()).await;
    assert!(with["decryption"]["connections"].as_u64() > Some(10), "{}", with["decryption"]);
    assert!(with["exchanges"].as_array().unwrap().iter().all(|exchange| exchange["decrypted"] == true));
    let answer = call(&client, "analyze_tls", &capture, &keys()).await;
    let receipt = json!(answer.meta)["mcpcap/receipt"]["key_log"].clone();
    let file = std::fs::read(recording("keys.log")).unwrap();
    assert_eq!(
        (receipt["size"].as_u64(), receipt["sha256"].as_str().map(str::len)),
        (Some(file.len() as u64), Some(64))
    );
    // The same secrets in the file itself.
    let within =
        report(&client, "analyze_http", &recording("secrets.pcapng"), &json!({ "max_chars": 1_000_000 })).await;
    assert_eq!((&within["exchanges"], &within["decryption"]), (&with["exchanges"], &with["decryption"]));
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn nothing_of_a_key_log_is_told() {
    let client = client().await;
    let secrets = secrets();
    assert!(secrets.len() > 100);
    for tool in ["analyze_http", "analyze_tls"] {
        let answer = call(&client, tool, &recording("tls.pcap"), &keys()).await;
        let told = json!([answer.structured_content, answer.content, answer.meta]).to_string().to_lowercase();
        assert!(told.len() > 20_000 && secrets.iter().all(|secret| !told.contains(secret)), "{tool}");
        // Nor what was decrypted and is masked in clear HTTP.
        for secret in ["secret-of-alice", "secret-cookie", "secret-token", "secret-of-form"] {
            assert!(!told.contains(secret), "{tool} {secret}");
        }
    }
    client.cancel().await.unwrap();
}

#[tokio::test]
async fn what_is_no_key_log_is_refused_or_decrypts_nothing() {
    let client = client().await;
    let capture = recording("tls.pcap");
    for (file, code) in
        [("/nowhere/keys", "not_found"), ("https://198.51.100.1/keys", "bad_argument"), ("/", "bad_argument")]
    {
        let error = refusal(&client, "analyze_tls", &capture, &json!({ "keylog_file": file })).await;
        assert_eq!(error["code"], code, "{error}");
        assert!(error["error"].as_str().unwrap().starts_with("argument keylog_file: "), "{error}");
    }
    // Tools that decrypt nothing do not know it, and no caller gives the component's own.
    for (tool, argument) in [("analyze_dns_packets", "keylog_file"), ("analyze_tls", "key_log")] {
        let error = refusal(&client, tool, &capture, &json!({ argument: recording("keys.log") })).await;
        assert_eq!(error["code"], "bad_argument", "{error}");
        assert!(error["error"].as_str().unwrap().contains("unknown argument"), "{error}");
    }
    // A capture is no key log: it has no secrets, and nothing of it is told.
    let report = report(&client, "analyze_tls", &capture, &json!({ "keylog_file": capture })).await;
    let log = &report["decryption"]["key_log"];
    assert_eq!(
        (&log["sessions"], &log["secrets"], log["malformed_lines"].as_u64() > Some(0)),
        (&json!(0), &json!(0), true)
    );
    assert_eq!(report["decryption"]["connections"], 0);
    client.cancel().await.unwrap();
}

/// What is kept is not given for another key log, nor without one; nor does a page of one follow that of another.
#[tokio::test]
async fn another_key_log_is_another_question() {
    let client = client().await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("keys.log");
    let capture = recording("tls.pcap");
    let text_of = std::fs::read_to_string(recording("keys.log")).unwrap();
    let lines: Vec<&str> = text_of.lines().collect();
    let (mut decrypted, mut first) = (Vec::new(), Value::Null);
    for share in [1, 2, 1] {
        std::fs::write(&log, lines[..lines.len() / share].join("\n")).unwrap();
        let asked = json!({ "keylog_file": log, "section": ["decryption"] });
        let answer = call(&client, "analyze_tls", &capture, &asked).await;
        let receipt = json!(answer.meta)["mcpcap/receipt"].clone();
        decrypted.push((receipt["key_log"]["sha256"].clone(), text(&answer)));
        let mut asked = json!({ "keylog_file": log, "section": ["connections"], "limit": 2, "as_objects": true });
        if first.is_null() {
            let page = report(&client, "analyze_tls", &capture, &asked).await;
            first = page["shown"]["lists"][0]["next"].clone();
        }
        asked["cursor"] = first.clone();
        if share == 1 {
            let page = report(&client, "analyze_tls", &capture, &asked).await;
            assert_eq!(page["connections"].as_array().map(Vec::len), Some(2));
        } else {
            let error = refusal(&client, "analyze_tls", &capture, &asked).await;
            assert!(error["error"].as_str().unwrap().contains("another key log"), "{error}");
        }
    }
    assert_eq!(decrypted[0], decrypted[2]);
    assert!(decrypted[0].0 != decrypted[1].0 && decrypted[0].1 != decrypted[1].1);
    client.cancel().await.unwrap();
}

/// Tables that are kept are those of their key log, and no others.
#[tokio::test]
async fn sql_takes_a_key_log() {
    let client = client().await;
    let folder = tempfile::tempdir().unwrap();
    let part = folder.path().join("part.log");
    let whole = std::fs::read_to_string(recording("keys.log")).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    std::fs::write(&part, lines[..lines.len() / 2].join("\n")).unwrap();
    let sql = "SELECT (SELECT count(*) FROM http WHERE is_decrypted), (SELECT sum(decrypted_records > 0) FROM tls), \
        (SELECT count(*) FROM findings WHERE tool IN ('analyze_http', 'analyze_tls'))";
    let mut counted: Vec<(Value, Value)> = Vec::new();
    for log in [None, Some(recording("keys.log")), Some(part), None, Some(recording("keys.log"))] {
        let mut asked = json!({ "sql": sql });
        if let Some(log) = &log {
            asked["keylog_file"] = json!(log);
        }
        let answer = call(&client, "query_capture", &recording("tls.pcap"), &asked).await;
        let receipt = json!(answer.meta)["mcpcap/receipt"]["key_log"].clone();
        assert_eq!(receipt["sha256"].as_str().map(str::len), log.map(|_| 64));
        let told = json!([answer.structured_content, answer.content, answer.meta]).to_string().to_lowercase();
        assert!(secrets().iter().all(|secret| !told.contains(secret)));
        counted.push((answer.structured_content.unwrap()["rows"][0].clone(), receipt));
    }
    assert_eq!((&counted[0], &counted[1]), (&counted[3], &counted[4]));
    let of = |place: usize, column: usize| counted[place].0[column].as_u64().unwrap_or_default();
    assert!(of(0, 0) == 0 && of(1, 0) > 25 && of(2, 0) > 0 && of(2, 0) < of(1, 0), "{counted:?}");
    assert!(of(0, 1) == 0 && of(1, 1) > of(2, 1) && of(2, 1) > 0, "{counted:?}");
    assert!(of(1, 2) > of(0, 2), "{counted:?}");
    // A page does not follow that of another key log.
    let mut asked = json!({ "sql": "SELECT uri FROM http", "limit": 2, "keylog_file": recording("keys.log") });
    let first = call(&client, "query_capture", &recording("tls.pcap"), &asked).await.structured_content.unwrap();
    asked["cursor"] = first["shown"]["lists"][0]["next"].clone();
    let next = call(&client, "query_capture", &recording("tls.pcap"), &asked).await.structured_content.unwrap();
    assert_eq!(next["rows"].as_array().map(Vec::len), Some(2));
    asked.as_object_mut().unwrap().remove("keylog_file");
    let error = refusal(&client, "query_capture", &recording("tls.pcap"), &asked).await;
    assert!(error["error"].as_str().unwrap().contains("another key log"), "{error}");
    asked["keylog_file"] = "/nowhere/keys".into();
    let error = refusal(&client, "query_capture", &recording("tls.pcap"), &asked).await;
    assert_eq!(error["code"], "not_found", "{error}");
    client.cancel().await.unwrap();
}
