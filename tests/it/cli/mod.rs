//! The command line, as people and scripts use it.

mod analyze;
mod surface;
mod terminal;

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::{crafted, example};

fn mcpcap(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mcpcap")).args(arguments).stdin(Stdio::null()).output().expect("it starts")
}

#[track_caller]
fn fails(arguments: &[&str], code: i32, words: &str) {
    let output = mcpcap(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    assert!(stderr.contains(words), "{arguments:?}: {stderr}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
}

#[test]
fn analyze_prints_the_report_as_json() {
    let capture = example("dns.pcap").display().to_string();
    for tool in ["analyze_dns_packets", "analyze_capinfos"] {
        let output = mcpcap(&["analyze", tool, &capture]);
        assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["file"], capture.as_str());
        assert_eq!(report["capture"]["complete"], true);
    }
}

#[test]
fn analyze_takes_the_tools_arguments() {
    let capture = crafted("dns_records.pcap").display().to_string();
    let output = mcpcap(&[
        "analyze",
        "analyze_dns_packets",
        &capture,
        "--arg",
        "limit=2",
        "--arg",
        "first_frame=2",
        "--arg",
        "as_objects=true",
    ]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let frames: Vec<u64> = report["packets"].as_array().unwrap().iter().map(|p| p["frame"].as_u64().unwrap()).collect();
    assert_eq!(frames, [2, 3]);
}

#[test]
fn a_failure_is_one_line_and_exit_code_1() {
    for (arguments, words) in [
        (vec!["analyze", "analyze_dns_packets", "/nowhere/x.pcap"], "there is no file /nowhere/x.pcap"),
        (vec!["--max-packets", "0"], "must be a positive integer"),
        (vec!["--max-packets", "-5"], "must be a positive integer"),
        (vec!["--transport", "http", "--port", "0"], "between 1 and 65535"),
        (vec!["--transport", "http", "--port", "70000"], "between 1 and 65535"),
        (
            vec!["--modules", "dns,nothing"],
            "the modules are dns, dhcp, icmp, capinfos, flows, tcp, http, sip, tls, quic, frames",
        ),
        (vec!["--transport", "http", "--host", "0.0.0.0"], "--allow-unauthenticated-http"),
        (vec!["--transport", "http", "--host", "host.invalid"], "host.invalid"),
    ] {
        fails(&arguments, 1, words);
        let output = mcpcap(&arguments);
        assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1, "{arguments:?}");
    }
}

#[test]
fn a_port_that_is_taken_is_one_line_and_exit_code_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    fails(&["--transport", "http", "--port", &port], 1, &port);
}

#[test]
fn a_wrong_command_line_is_exit_code_2() {
    for arguments in [&["--colour"][..], &["--port", "many"], &["--transport", "smoke"], &["analyze"], &["dance"]] {
        fails(arguments, 2, "");
    }
}

#[test]
fn the_version_is_the_programs() {
    let output = mcpcap(&["--version"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("mcpcap {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_server_ends_with_its_input() {
    let output = mcpcap(&[]);
    assert!(output.status.success() && output.stdout.is_empty());
}

/// What a capture that breaks off has before the break is analysed, and the report says where and why it broke.
#[test]
fn a_broken_capture_gives_what_stands_before_the_break() {
    for (name, packets, reason) in [
        ("f_trunc_rec_body.pcap", 1, "cut-short"),
        ("g_trunc_block.pcapng", 1, "cut-short"),
        ("g_bad_iface.pcapng", 1, "damaged"),
    ] {
        let output = mcpcap(&["analyze", "analyze_capinfos", crafted(name).to_str().unwrap()]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["total_packets"], packets, "{name}");
        assert_eq!(
            (&report["capture"]["complete"], &report["capture"]["ended"]["reason"]),
            (&false.into(), &reason.into()),
            "{name}"
        );
        assert!(report["capture"]["ended"]["offset"].as_u64().unwrap() > 0, "{name}");
    }
}

/// The checks of `mcpcap doctor` under some conditions, and its exit code.
fn doctor(command: &mut Command) -> (Vec<Value>, Option<i32>) {
    let output = command.stdin(Stdio::null()).output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    (serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")), output.status.code())
}

fn state<'a>(checks: &'a [Value], name: &str) -> &'a Value {
    let found = checks.iter().find(|check| check["check"] == name);
    &found.unwrap_or_else(|| panic!("no check of {name}: {checks:?}"))["state"]
}

#[test]
fn doctor_finds_a_good_installation_good() {
    let (checks, code) = doctor(Command::new(env!("CARGO_BIN_EXE_mcpcap")).args(["doctor", "--json"]));
    assert_eq!(code, Some(0), "{checks:?}");
    for name in ["components", "sandbox", "stdio", "temporary files", "captures"] {
        assert_eq!(state(&checks, name), "ok", "{checks:?}");
    }
}

#[test]
fn doctor_says_what_is_wrong_and_how_to_mend_it() {
    let binary = env!("CARGO_BIN_EXE_mcpcap");
    let (checks, code) = doctor(Command::new(binary).args(["doctor", "--json"]).env("TMPDIR", "/nowhere"));
    assert_eq!((code, state(&checks, "temporary files")), (Some(1), &"fail".into()));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (checks, code) =
        doctor(Command::new(binary).args(["doctor", "--transport", "http", "--port", &port, "--json"]));
    assert_eq!((code, state(&checks, "http")), (Some(1), &"fail".into()));
    let narrow = format!("ulimit -v 2000000; exec {binary} doctor --json");
    let (checks, code) = doctor(Command::new("sh").args(["-c", &narrow]));
    assert_eq!(
        (code, state(&checks, "address space"), state(&checks, "sandbox")),
        (Some(1), &"warn".into(), &"fail".into())
    );
    for check in checks.iter().filter(|check| check["state"] != "ok") {
        assert!(check["mend"].as_str().is_some_and(|mend| mend.len() > 20), "{check}");
    }
}

#[test]
fn shells_and_manuals_are_served() {
    let script = mcpcap(&["completions", "bash"]).stdout;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &script).unwrap();
    assert!(Command::new("bash").arg("-n").arg(file.path()).status().unwrap().success());
    assert!(String::from_utf8(script).unwrap().contains("--allow-url-host"));
    let page = String::from_utf8(mcpcap(&["man"]).stdout).unwrap();
    assert!(page.contains(".TH mcpcap 1") && page.contains("max\\-packets"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    assert!(mcpcap(&["man", "--dir", folder.path().to_str().unwrap()]).status.success());
    assert!(folder.path().join("mcpcap.1").is_file() && folder.path().join("mcpcap-doctor.1").is_file());
}

#[test]
fn a_health_check_of_nothing_fails() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    fails(&["healthcheck", &format!("http://{free}/healthz")], 1, "does not answer");
    fails(&["healthcheck", "https://127.0.0.1/healthz"], 1, "http URL");
    fails(&["healthcheck", "nonsense"], 2, "nonsense");
}
