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

#[test]
fn a_row_has_what_zeek_tells_of_an_exchange() {
    let frames = Talk::open()
        .ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        .tell("HTTP/1.1 204 No Content\r\n\r\n")
        .ask("POST /b HTTP/1.1\r\nHost: h\r\nOrigin: http://o\r\nVia: 1.1 p\r\nX-Forwarded-For: 192.0.2.7\r\nContent-Disposition: form-data; filename=\"u.txt\"\r\nContent-Length: 5\r\n\r\n")
        .tell("HTTP/1.1 100 Continue\r\n\r\n")
        .ask("hello")
        .tell("HTTP/1.0 200 Fine\r\nContent-Disposition: attachment; filename=a.bin\r\nContent-Length: 2\r\n\r\nok")
        .frames();
    let rows = rows(&harness::build::pcap(&frames));
    let expected = json!({
        "depth": 2, "origin": "http://o", "proxied": ["X-FORWARDED-FOR -> 192.0.2.7", "VIA -> 1.1 p"], "version": "1.1",
        "response_version": "1.0", "status_message": "Fine", "info_code": 100, "info_message": "Continue", "request_size": 5,
        "request_missing": 0, "request_file_name": "u.txt", "request_md5": "5d41402abc4b2a76b9719d911017c592", "response_size": 2,
        "response_length": 2, "response_missing": 0, "response_file_name": "a.bin",
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(rows[1][field], *value, "{field}");
    }
    let time = |name: &str| rows[1][name].as_i64().unwrap();
    assert!(time("time") < time("request_end_time") && time("request_end_time") < time("response_time"));
    assert_eq!(time("response_time"), time("response_end_time"));
    assert_eq!((&rows[0]["depth"], &rows[0]["info_code"], &rows[0]["proxied"]), (&json!(1), &json!(null), &json!([])));
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
