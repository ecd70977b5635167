//! The questions of `docs/sql.md`, which no report answers directly.

use serde_json::{Value, json};

use super::{answer, client};
use crate::support::root;

/// Characters of an answer.
const MOST: usize = 3000;

/// Questions, each with the name of its capture and its SQL.
fn questions() -> Vec<(String, String, String)> {
    let page = std::fs::read_to_string(root().join("docs/sql.md")).unwrap();
    let parts = page.split("\n### ").skip(1).map(str::to_owned);
    parts
        .map(|part| {
            let capture = part.split('`').nth(1).unwrap().to_owned();
            let sql: Vec<&str> = part.lines().filter_map(|line| line.strip_prefix("    ")).collect();
            (part.lines().next().unwrap().to_owned(), capture, sql.join("\n"))
        })
        .collect()
}

/// The answers. What tshark 4.0.17 tells it says the same: of 1, 2, 4, 5, 6 and 7 all; of 3 all but the entropy; of 8 and 9 the fields of the records and
/// messages; of 10 the bytes.
fn answers() -> [Value; 10] {
    [
        json!([
            ["big.corp.example", 1, 1],
            ["corp.example", 9, 2],
            ["example.com", 1, 1],
            ["mail.corp.example", 4, 1],
            ["web.corp.example", 8, 1]
        ]),
        json!([
            [149, "Port Unreachable", 148, "web.corp.example"],
            [175, "Port Unreachable", 174, "_ipp._tcp.local"],
            [180, "Port Unreachable", 179, "printer.local"]
        ]),
        json!([["example.com", 71, 71, 210, 3.7], ["corp.example", 2, 2, 58, 3.4]]),
        json!([
            ["ACK", 152, 57_432],
            ["PSH ACK", 45, 40_799],
            ["SYN", 10, 0],
            ["FIN ACK", 8, 0],
            ["SYN ACK", 5, 0],
            ["RST ACK", 2, 0]
        ]),
        json!([[0, 80, 7, 61.314], [1, 80, 98, 61.322], [2, 80, 119, 61.227], [6, 80, 159, 61.318]]),
        json!([["192.0.2.21", 56, 19, 1, 64], ["2001:db8::21", 24, 18, 1, 255], ["2001:db8::1", 2, 2, 64, 255]]),
        json!([["2026-11-23T23:56:24Z", 37, 2], ["2026-11-23T23:56:39Z", 28, 1], ["2026-11-23T23:56:40Z", 18, 1]]),
        json!([
            ["shop.example.com", "203.0.113.80", 30, 3],
            ["shop.example.com", "203.0.113.81", 30, 3],
            ["shop.example.com", "203.0.113.82", 30, 3],
            ["www.example.com", "203.0.113.80", 30, 1],
            ["www.example.com", "203.0.113.81", 30, 1],
            ["www.example.com", "203.0.113.82", 30, 1]
        ]),
        json!([
            ["02:00:00:00:00:21", "192.0.2.102", "192.0.2.201", "OFFER", "192.0.2.66"],
            ["02:00:00:00:0a:01", "192.0.2.201", "192.0.2.104", "OFFER", "192.0.2.53"],
            ["02:00:00:00:0a:02", "192.0.2.200", "192.0.2.100", "OFFER", "192.0.2.53"]
        ]),
        json!([
            ["192.0.2.21", 1, 99_964],
            ["192.0.2.53", 1, 99_668],
            ["192.0.2.66", 1, 296],
            ["2001:db8::21", 1, 14_151],
            ["2001:db8::53", 1, 14_151]
        ]),
    ]
}

#[tokio::test]
async fn ten_questions_are_answered_in_a_call_each() {
    let client = client(&[]).await;
    let questions = questions();
    assert_eq!(questions.len(), 10);
    for ((question, capture, sql), expected) in questions.iter().zip(answers()) {
        let answer = answer(&client, &root().join(capture), sql, &json!({ "max_chars": MOST })).await;
        assert_eq!(answer["rows"], expected, "{question}");
        assert!(answer["shown"].get("lists").is_none(), "{question}: {answer}");
        assert!(answer.to_string().chars().count() < MOST, "{question}");
    }
    client.cancel().await.unwrap();
}
