//! HTTP before 1.0.

use serde_json::{Value, json};

use super::build::{Talk, Tested as _};

fn first(talk: Talk) -> Value {
    let report = talk.close().report();
    assert_eq!(report["exchanges"].as_array().map(Vec::len), Some(1), "{report}");
    report["exchanges"][0].clone()
}

#[test]
fn a_request_without_a_version_is_answered_up_to_the_end_of_the_connection() {
    for asked in ["GET /old?password=x\r\n", "GET /old?password=x\n", "GET /old?password=x \r\n"] {
        let exchange = first(Talk::open().ask(asked).tell("hello ").tell("world"));
        assert_eq!((&exchange["version"], &exchange["uri"]), (&json!("0.9"), &json!("/old?password=…")));
        assert!(exchange.get("status").is_none() && exchange.get("malformed").is_none(), "{exchange}");
        // The MD5 of "hello world".
        assert_eq!(exchange["response_body"]["md5"], "5eb63bbbe01eeed093cb22bb8f5acdc3");
    }
}

#[test]
fn most_servers_answer_as_of_today() {
    let exchange = first(Talk::open().ask("GET /\r\n").tell("HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno"));
    assert_eq!(
        (&exchange["version"], &exchange["status"], &exchange["response_body"]["bytes"]),
        (&json!("0.9"), &json!(400), &json!(2))
    );
}

#[test]
fn one_without_an_answer_is_unanswered_and_one_with_a_hole_not_whole() {
    let silent = Talk::open().ask("GET /a\r\n").close().report();
    assert_eq!((&silent["totals"]["unanswered"], &silent["totals"]["requests"]), (&json!(1), &json!(1)));
    let cut = Talk::open().ask("GET /a\r\n").tell("begin").lose(100).tell("end").close().report();
    let body = &cut["exchanges"][0]["response_body"];
    assert_eq!((&body["missing_bytes"], &body["complete"]), (&json!(100), &json!(false)));
    assert!(body.get("sha256").is_none());
    let answered = Talk::open().ask("GET /a\r\n").tell("x").close().report();
    assert!(answered["statistics"].get("failed").is_none(), "{answered}");
}

#[test]
fn commands_of_other_protocols_are_none() {
    let is_none = |asked: &str| {
        let report = Talk::open().ask(asked).tell("$-1\r\n").close().report();
        assert!(report["message"].is_string(), "{asked}: {report}");
    };
    // Redis; a line that goes on; another method; text behind the line.
    ["GET key\r\n", "GET /a", "GET / a\r\n", "PUT /a\r\n", "GET /a\r\nGET /b\r\n", "GET \r\n"]
        .into_iter()
        .for_each(is_none);
    // Not the first of its connection.
    let later = Talk::open().ask("hello\r\n").ask("GET /a\r\n").close().report();
    assert!(later["message"].is_string(), "{later}");
}
