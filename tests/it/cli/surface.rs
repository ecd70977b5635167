//! What the program tells of itself: tools, completions, manual pages.

use std::process::Command;

use serde_json::Value;

use super::{fails, mcpcap};

fn said(arguments: &[&str]) -> String {
    let output = mcpcap(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn tools_are_a_line_each_and_all_of_one() {
    let list = said(&["tools"]);
    assert!(list.lines().count() >= 10 && list.lines().all(|line| line.split_whitespace().count() >= 3), "{list}");
    assert!(list.lines().any(|line| line.starts_with("dns ") && line.contains("analyze_dns_packets")), "{list}");
    assert!(said(&["tools", "--modules", "dns"]).lines().count() == 1);
    let one = said(&["tools", "tcp_connections"]);
    for words in
        ["analyze_tcp_connections: TCP connections", "server_port", "integer 0 to 65535", "connections", "sha256 "]
    {
        assert!(one.contains(words), "{words}: {one}");
    }
    let json: Value = serde_json::from_str(&said(&["tools", "dns", "icmp", "--json"])).unwrap();
    let names: Vec<&str> = json.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["analyze_dns_packets", "analyze_icmp_packets"]);
    assert_eq!(json[1]["arguments"]["properties"]["icmp_type"]["maximum"], 255);
    let schema: Value = serde_json::from_str(&said(&["tools", "dns", "--schema"])).unwrap();
    assert!(schema.to_string().contains("\"latency_ms\""), "complete: {schema}");
    fails(&["tools", "nothing"], 2, "there is no tool nothing");
    fails(&["tools", "--schema"], 2, "TOOL");
}

/// What bash offers for the last of these words.
fn completed(script: &str, words: &[&str]) -> String {
    let last = words.len() - 1;
    let call = format!(
        ". /dev/stdin; COMP_WORDS=({}); COMP_CWORD={last}; COMPREPLY=(); _mcpcap mcpcap '{}' '{}'; echo \"${{COMPREPLY[@]}}\"",
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        words[last],
        words[last - 1],
    );
    // It is too long for a word of a command.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), script).unwrap();
    let input = std::fs::File::open(file.path()).unwrap();
    let output = Command::new("bash").arg("-c").arg(call).stdin(input).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn completions_know_tools_and_their_arguments() {
    let script = said(&["completions", "bash"]);
    let tools = completed(&script, &["mcpcap", "analyze", ""]);
    assert!(
        tools.contains("dns") && tools.contains("tcp_connections") && tools.contains("analyze_sip_packets"),
        "{tools}"
    );
    assert_eq!(completed(&script, &["mcpcap", "analyze", "tcp_c"]).trim(), "tcp_connections");
    let options = completed(&script, &["mcpcap", "analyze", "tcp_connections", "--server"]);
    assert_eq!(options.trim(), "--server-ip --server-port");
    assert_eq!(completed(&script, &["mcpcap", "analyze", "dns", "--server"]).trim(), "");
    assert!(completed(&script, &["mcpcap", "analyze", "dns", "--"]).contains("--format"));
    assert!(completed(&script, &["mcpcap", "tools", ""]).contains("analyze_dns_packets"));
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let script = said(&["completions", shell]);
        assert!(script.contains("server-ip") && script.contains("tcp_connections"), "{shell}");
    }
}

#[test]
fn manual_pages_have_examples_environment_and_exit_status() {
    let folder = tempfile::tempdir().unwrap();
    said(&["man", "--dir", folder.path().to_str().unwrap()]);
    let pages: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap()).collect();
    assert!(pages.len() > 12, "{pages:?}");
    for page in pages {
        let text = std::fs::read_to_string(page.path()).unwrap();
        for section in ["EXIT STATUS", "ENVIRONMENT"] {
            assert!(text.contains(&format!(".SH \"{section}\"")), "{:?}: {section}", page.path());
        }
        assert!(text.contains("\\fB130\\fR") && text.contains("MCPCAP_LOG"), "{:?}", page.path());
    }
    let analyze = std::fs::read_to_string(folder.path().join("mcpcap-analyze.1")).unwrap();
    assert!(analyze.contains(".SH \"EXAMPLES\"") && analyze.contains("MCPCAP_AUDIT_LOG"), "{analyze}");
    assert!(said(&["man"]).contains(".SH \"EXAMPLES\""));
}

/// Each example of the manual names options that there are.
#[test]
fn examples_of_the_manual_can_be_typed() {
    let page = said(&["man"]);
    let folder = tempfile::tempdir().unwrap();
    said(&["man", "--dir", folder.path().to_str().unwrap()]);
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap().replace("\\-", "-");
        let examples = text.split_once(".SH \"EXAMPLES\"").map_or("", |(_, behind)| behind);
        let examples = examples.split_once(".SH ").map_or(examples, |(examples, _)| examples);
        for line in examples.lines().filter(|line| line.starts_with("\\fB")) {
            seen += 1;
            let flags = line
                .split_whitespace()
                .filter_map(|word| word.strip_prefix("--"))
                .map(|flag| flag.trim_end_matches("\\fR"));
            for flag in flags.filter(|flag| !["help", "server-ip", "section"].contains(flag)) {
                let is_known = text.contains(&format!("--{flag}")) || page.contains(flag);
                assert!(is_known, "{line}");
            }
        }
    }
    assert!(seen > 15, "{seen}");
}
