//! The table `http`.

use mcpcap_analyzer::harness;
use mcpcap_analyzer::table::Row;
use serde_json::{Value, json};

use super::build::{Talk, Tested as _};
use crate::rows::HttpExchange;
use crate::tool::Http;

fn rows(capture: &[u8]) -> Vec<Value> {
    harness::rows::rows::<Http>(capture, &json!({}), HttpExchange::TABLE).unwrap()
}

#[test]
fn rows_count_what_the_report_counts_on_every_capture() {
    let (mut seen, mut exchanges) = (0, 0);
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let folders = ["examples/captures", "tests/captures/crafted", "tests/captures/hostile", "tests/captures/reported"];
    for (name, capture) in harness::files(root, &folders) {
        let Ok(report) = harness::run::<Http>(&capture, &json!({})) else { continue };
        let rows = rows(&capture);
        let count = |field: &str| report["totals"][field].as_u64().unwrap_or_default();
        let of = |fits: &dyn Fn(&Value) -> bool| rows.iter().filter(|row| fits(row)).count() as u64;
        assert_eq!(of(&|row| !row["method"].is_null()), count("requests"), "{name}");
        assert_eq!(of(&|row| row["method"].is_null()), count("unasked"), "{name}");
        assert_eq!(of(&|row| row["status"].is_null()), count("unanswered"), "{name}");
        let sum = |field: &str| rows.iter().filter_map(|row| row[field].as_u64()).sum::<u64>();
        assert_eq!(sum("response_bytes"), count("response_body_bytes"), "{name}");
        (seen, exchanges) = (seen + 1, exchanges + rows.len());
    }
    assert!(seen > 40 && exchanges >= 9, "{seen}, {exchanges}");
}

#[test]
fn an_exchange_is_a_row() {
    let frames = Talk::open()
        .ask("GET /a?password=x HTTP/1.1\r\nHost: h\r\nCookie: a=1; b=2\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n")
        .tell("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello")
        .frames();
    let rows = rows(&harness::build::pcap(&frames));
    let expected = json!({
        "frame": 4, "method": "GET", "host": "h", "uri": "/a?password=…", "cookies": ["a", "b"], "authorization": "Basic", "user": "Aladdin",
        "status": 200, "response_bytes": 5, "is_response_complete": true, "response_type": "text/plain",
        // Well known.
        "response_md5": "5d41402abc4b2a76b9719d911017c592",
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(rows[0][field], *value, "{field}");
    }
}

/// As `tcp` numbers them, also behind an end: what follows there is another stream of the same connection.
#[test]
fn connections_have_the_numbers_of_all_tables() {
    let first = Talk::open().ask("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n").tell("HTTP/1.1 204 N\r\n\r\n").close();
    let again = first.ask("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n").tell("HTTP/1.1 204 N\r\n\r\n").frames();
    let (client, server) = (("192.0.2.10", 50_000), ("192.0.2.80", 80));
    let mut other = harness::talk::Talk::between(client, server, again.last().unwrap().0 + 1_000_000)
        .ask("GET /3 HTTP/1.1\r\nHost: h\r\n\r\n")
        .frames();
    let mut frames = again;
    frames.append(&mut other);
    let capture = harness::build::pcap(&frames);
    let numbers: Vec<(String, u64)> = rows(&capture)
        .iter()
        .map(|row| (row["uri"].as_str().unwrap().to_owned(), row["connection"].as_u64().unwrap()))
        .collect();
    assert_eq!(numbers, [("/1".into(), 0), ("/2".into(), 0), ("/3".into(), 1)]);
}
