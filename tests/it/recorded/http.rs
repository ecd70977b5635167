//! `http.pcap`: nginx's log says which requests there were, `sha256sum` what curl got.

use std::collections::BTreeMap;

use serde_json::json;

use super::{list, report, rules, said};

/// How often each request came: where to, from whom, its first line, its status.
type Requests = BTreeMap<(String, String, String, u64), u64>;

fn logged() -> Requests {
    let mut requests = Requests::new();
    for line in said("http.log").lines() {
        let parts: Vec<&str> = line.split('"').collect();
        let (ends, rest) = (parts[0].trim().split_once(' ').unwrap(), parts[2].trim().split_once(' ').unwrap());
        let key = (ends.0.to_owned(), ends.1.to_owned(), parts[1].to_owned(), rest.0.parse().unwrap());
        *requests.entry(key).or_default() += 1;
    }
    requests
}

#[tokio::test]
async fn each_request_that_the_server_logged_is_an_exchange() {
    let report = report("analyze_http", "http.pcap", json!({ "limit": 1000 })).await;
    let mut found = Requests::new();
    for exchange in list(&report, "/exchanges") {
        let text = |field: &str| exchange[field].as_str().unwrap_or_default();
        let server = format!("{}:{}", text("server_ip"), exchange["server_port"]);
        // The proxy and the one that upgrades keep no log.
        if !["192.0.2.1:3128", "192.0.2.80:8081"].contains(&server.as_str()) {
            let version = if text("version") == "2" { "2.0" } else { text("version") };
            let line = format!("{} {} HTTP/{version}", text("method"), text("uri"));
            let key = (server, text("client_ip").to_owned(), line, exchange["status"].as_u64().unwrap_or_default());
            *found.entry(key).or_default() += 1;
        }
    }
    assert_eq!(found, logged());
}

#[tokio::test]
async fn what_was_downloaded_has_the_hashes_that_sha256sum_gave_it() {
    let report = report("analyze_http", "http.pcap", json!({ "section": ["files"], "limit": 1000 })).await;
    let (files, hashes) = (list(&report, "/files"), said("http.sha256"));
    let mut kinds = BTreeMap::new();
    for line in hashes.lines() {
        let (hash, name) = line.split_once("  ").unwrap();
        let file = files.iter().find(|file| file["sha256"] == hash).unwrap_or_else(|| panic!("{name} is not there"));
        assert_eq!((&file["from"], file["upload"].as_bool()), (&json!("192.0.2.80"), None), "{name}");
        kinds.insert(name, file["type"].as_str().unwrap_or_default());
    }
    // By their first bytes, whatever the server said of them.
    let programs: Vec<(&&str, &&str)> = kinds.iter().filter(|(_, kind)| !matches!(**kind, "" | "text/html")).collect();
    let expected = [
        ("holiday.jpg", "application/x-executable"),
        ("install.sh", "text/x-shellscript"),
        ("invoice.pdf", "application/vnd.microsoft.portable-executable"),
        ("setup.exe", "application/vnd.microsoft.portable-executable"),
    ];
    assert_eq!(programs, expected.iter().map(|(name, kind)| (name, kind)).collect::<Vec<_>>());
}

#[tokio::test]
async fn who_attacked_and_what_came_of_it_is_told() {
    let report = report("analyze_http", "http.pcap", json!({ "section": ["findings", "totals"] })).await;
    assert_eq!(
        rules(&report),
        [
            "http_attack_answered",
            "http_basic_credentials",
            "http_command_injection",
            "http_connect_to_odd_port",
            "http_cross_site_scripting",
            "http_directory_search",
            "http_disguised_executable",
            "http_executable_download",
            "http_executable_upload",
            "http_log4shell",
            "http_login_guessing",
            "http_password_in_clear",
            "http_path_traversal",
            "http_program_user_agent",
            "http_request_smuggling",
            "http_scanner_user_agent",
            "http_server_errors",
            "http_sql_injection",
            "http_web_shell",
        ]
    );
    let of = |rule: &str| {
        let mut found: Vec<&str> = list(&report, "/findings")
            .iter()
            .filter(|finding| finding["rule"] == rule)
            .filter_map(|finding| finding["observation"].as_str())
            .collect();
        found.sort_unstable();
        found.join(" ")
    };
    // nginx logged 200 for /images../etc/passwd and for cmd.php?cmd=id; 11 passwords were wrong, and the twelfth right.
    assert!(
        of("http_attack_answered").contains("192.0.2.66 sent 192.0.2.80 2 requests"),
        "{}",
        of("http_attack_answered")
    );
    assert!(of("http_login_guessing").contains("11 refused"), "{}", of("http_login_guessing"));
    assert!(of("http_server_errors").contains("192.0.2.81:80 answered 6 of 10"), "{}", of("http_server_errors"));
    // No password of the recording is shown.
    let text = report.to_string();
    assert!(!text.contains("correct") && !text.contains("corp2026"), "{text}");
}
