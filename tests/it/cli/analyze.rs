//! `mcpcap analyze` and `mcpcap FILE`: what is asked, of which captures, and in which form.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::{fails, mcpcap};
use crate::support::{crafted, example};

fn report(arguments: &[&str]) -> Value {
    let output = mcpcap(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {said}"))
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(str::to_owned).collect()
}

fn piped(arguments: &[&str], capture: &[u8]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_mcpcap"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have enough before it has all.
    let _ = program.stdin.take().unwrap().write_all(capture);
    program.wait_with_output().unwrap()
}

#[test]
fn short_names_are_enough() {
    let capture = example("dns.pcap").display().to_string();
    let whole = report(&["analyze", "analyze_dns_packets", &capture]);
    for name in ["dns", "dns_packets", "analyze_dns", "DNS", "analyze-dns-packets"] {
        assert_eq!(report(&["analyze", name, &capture]), whole, "{name}");
    }
    fails(
        &["analyze", "tcp", &capture],
        2,
        "analyze_tcp_connections, analyze_tcp_anomalies, analyze_tcp_retransmissions",
    );
    fails(&["analyze", "nothing", &capture], 2, "there is no tool nothing; the tools are analyze_dns_packets, ");
    fails(&["analyze", "", &capture], 2, "there is no tool");
}

#[test]
fn several_tools_read_a_capture_in_one_pass() {
    let capture = example("tcp.pcap").display().to_string();
    let both = report(&["analyze", "capinfos,tcp_connections", &capture]);
    assert_eq!(both.as_object().unwrap().len(), 2);
    for (name, tool) in [("capinfos", "analyze_capinfos"), ("tcp_connections", "analyze_tcp_connections")] {
        assert_eq!(both[tool], report(&["analyze", name, &capture]), "{tool}");
    }
    // What the tools do not all take is for one alone.
    fails(&["analyze", "capinfos,tcp_connections", "--server-ip", "192.0.2.53", &capture], 2, "--server-ip");
    fails(
        &["analyze", "tcp_connections,capinfos", "--server-ip", "192.0.2.53", &capture],
        2,
        "has no argument server_ip",
    );
    fails(&["analyze", "capinfos,dns", "--format", "csv", &capture], 2, "of one tool");
    fails(&["analyze", "capinfos,nothing", &capture], 2, "there is no tool nothing");
    // What all of them fail at is said once.
    let output = mcpcap(&["analyze", "capinfos,dns", "--host", "router", &capture]);
    assert_eq!(
        (output.status.code(), String::from_utf8_lossy(&output.stderr).matches("argument host").count()),
        (Some(2), 1)
    );
}

#[test]
fn a_file_alone_gives_the_overview() {
    let capture = example("dns.pcap").display().to_string();
    assert_eq!(report(&[&capture]), report(&["analyze", "capinfos", &capture]));
    assert_eq!(report(&[&capture, "--first-frame", "10", "--format", "json"])["packet_count"], 273);
    fails(&["/nowhere/x.pcap"], 2, "there is no file /nowhere/x.pcap, and no command of that name");
}

#[test]
fn the_tools_arguments_are_options() {
    let capture = example("tcp.pcap").display().to_string();
    let asked = report(&[
        "analyze",
        "--format",
        "json",
        "tcp_connections",
        "--server-ip",
        "192.0.2.53",
        &capture,
        "--detailed",
    ]);
    let same = ["--arg", "server_ip=192.0.2.53", "--arg", "detailed=true"];
    assert_eq!(asked, report(&[&["analyze", "tcp_connections", &capture], &same[..]].concat()));
    assert_eq!(asked["filter"]["server_ip"], "192.0.2.53");
    let of = |words: &[&str]| report(&[&["analyze", "get_frames", &capture], words].concat())["frames"].clone();
    assert_eq!(of(&["--frames", "1,3"]), of(&["--frames", "1", "--frames=3"]));
    assert_eq!(of(&["--frames", "1,3"]), of(&["--arg", "frames=[1,3]"]));
    let sorted = report(&[
        "analyze",
        "tcp_connections",
        &capture,
        "--sort",
        "-packet_count",
        "--section",
        "connections,findings",
    ]);
    let counts: Vec<u64> =
        sorted["connections"].as_array().unwrap().iter().map(|one| one["packet_count"].as_u64().unwrap()).collect();
    assert!(counts.is_sorted_by(|a, b| a >= b) && sorted["summary"].is_null() && !sorted["findings"].is_null());
    fails(&["analyze", "dns", &capture, "--server-ip", "10.0.0.1"], 2, "dns takes --max-packets, --name, ");
    // Nor the server's, which would do nothing here.
    for option in ["--transport=http", "--text-only", "--max-report-chars=5000", "--modules=dns"] {
        fails(&["analyze", "dns", &capture, option], 2, "unexpected argument");
    }
    fails(&["analyze", "dns", &capture, "--limit", "many"], 2, "argument limit");
    fails(&["analyze", "dns", &capture, "--roo", "/"], 2, "unexpected argument '--roo'");
    // The tool's, and not those of another.
    let help = String::from_utf8(mcpcap(&["analyze", "tcp_connections", "--help"]).stdout).unwrap();
    assert!(help.contains("--server-ip <TEXT>") && help.contains("Usage: mcpcap analyze tcp_connections"), "{help}");
    assert!(help.find("Arguments of analyze_tcp_connections") < help.find("Options of mcpcap"), "{help}");
    assert!(!help.contains("--icmp-type") && !help.contains("pcap-file"), "{help}");
}

#[test]
fn several_captures_folders_and_patterns_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("below")).unwrap();
    for (name, capture) in
        [("b.pcap", "dns_two.pcap"), ("a.pcap", "dns_records.pcap"), ("below/c.pcapng", "g_basic.pcapng")]
    {
        std::fs::copy(crafted(capture), folder.path().join(name)).unwrap();
    }
    std::fs::write(folder.path().join("notes.txt"), "no capture").unwrap();
    let inside = |name: &str| folder.path().join(name).display().to_string();
    let files = |arguments: &[&str]| -> Vec<String> {
        let reports = report(&[&["analyze", "capinfos"], arguments].concat());
        reports.as_array().unwrap().iter().map(|report| report["file"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(files(&[&inside("b.pcap"), &inside("a.pcap")]), [inside("b.pcap"), inside("a.pcap")]);
    assert_eq!(
        files(&[folder.path().to_str().unwrap()]),
        [inside("a.pcap"), inside("b.pcap"), inside("below/c.pcapng")]
    );
    assert_eq!(files(&[&inside("*.pcap")]), [inside("a.pcap"), inside("b.pcap")]);
    assert_eq!(files(&[&inside("b*")]), [inside("b.pcap"), inside("below/c.pcapng")]);
    fails(&["analyze", "capinfos", &inside("*.cap")], 1, "no file matches");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    fails(&["analyze", "capinfos", &inside("empty")], 1, "there is no capture in this folder");
    // A name that looks like a pattern is a name where there is such a file.
    std::fs::copy(crafted("dns_two.pcap"), inside("[x].pcap")).unwrap();
    assert_eq!(report(&["analyze", "capinfos", &inside("[x].pcap")])["file"], inside("[x].pcap"));
    // What fails keeps no other from being read.
    let output = mcpcap(&["analyze", "capinfos", &inside("notes.txt"), &inside("a.pcap")]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains("notes.txt is not a capture"), "{said}");
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap().as_array().unwrap().len(), 1);
}

#[test]
fn standard_input_is_a_capture() {
    let capture = std::fs::read(example("dns.pcap")).unwrap();
    let output = piped(&["analyze", "dns", "-", "--all"], &capture);
    let mut read: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut same = report(&["analyze", "dns", example("dns.pcap").to_str().unwrap(), "--all"]);
    assert_eq!(read["file"], "-");
    same["file"] = "-".into();
    // Cursors hold the name too.
    (read["shown"], same["shown"]) = (Value::Null, Value::Null);
    assert!(read == same, "the same report");
    // Where only some folders may be read, too; and on a terminal's page it has a name.
    let output = piped(&["analyze", "dns", "-", "--root", "/usr", "--format", "report"], &capture);
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.starts_with("standard input: DNS analysis\n282 packets"), "{page}");
    // A file of that name is meant by its path, and a client cannot ask for it.
    fails(&["analyze", "dns", "./-"], 1, "there is no file ./-");
}

#[test]
fn standard_input_has_the_limit_of_a_download() {
    let output = piped(&["analyze", "dns", "-", "--download-size", "1"], &vec![0; (1 << 20) + 1]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("larger than the limit of 1048576 bytes for downloads and standard input"), "{said}");
}

/// Unless another budget is asked for, a report has no more than a model would get.
#[test]
fn reports_keep_to_the_budget() {
    let capture = example("dns.pcap").display().to_string();
    let size = |more: &[&str]| {
        let report = report(&[&["analyze", "dns", &capture], more].concat());
        report.to_string().len()
    };
    assert!(size(&[]) <= 24_000);
    assert!(size(&["--max-chars", "5000"]) <= 5_000);
    assert!(size(&["--all"]) > 50_000);
    let page = mcpcap(&["analyze", "dns", &capture, "--format", "report"]).stdout;
    assert!(page.len() < 8_000, "{}", page.len());
}

#[test]
fn lists_are_data_for_other_programs() {
    let capture = example("dns.pcap").display().to_string();
    let rows = |more: &[&str]| lines(&mcpcap(&[&["analyze", "dns", &capture], more].concat()));
    let csv = rows(&["--format", "csv", "--limit", "2"]);
    assert!(
        csv.len() == 3 && csv[0].starts_with("frame,timestamp,source_ip,") && csv[1].starts_with("1,2026-"),
        "{csv:?}"
    );
    let whole = rows(&["--format", "ndjson", "--all"]);
    assert_eq!(whole.len(), 227, "all pages");
    let frames: Vec<u64> =
        whole.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["frame"].as_u64().unwrap()).collect();
    assert!(frames.is_sorted_by(|a, b| a < b));
    let servers = rows(&["--format", "csv", "--section", "statistics.servers"]);
    assert!(servers.len() == 6 && servers[0].starts_with("address,"), "{servers:?}");
    let table = rows(&["--format", "table", "--section", "findings"]);
    assert!(table.iter().any(|line| line.contains("dns_generated_names")), "{table:?}");
    // Where some are missing somebody is told.
    let output = mcpcap(&["analyze", "dns", &capture, "--format", "ndjson"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains(&format!("Note: {} of 227 entries of packets; --all prints all", lines(&output).len())),
        "{said}"
    );
    // Of several captures each row says its own.
    let both = mcpcap(&[
        "analyze",
        "dns",
        &capture,
        &crafted("dns_two.pcap").display().to_string(),
        "--format",
        "csv",
        "--limit",
        "1",
    ]);
    let both = lines(&both);
    assert!(
        both.len() == 3 && both[0].starts_with("capture,frame,") && both[2].contains("dns_two.pcap,1,"),
        "{both:?}"
    );
    fails(&["analyze", "dns", &capture, "--format", "csv", "--section", "packets,findings"], 2, "print one list");
    fails(&["analyze", "dns", &capture, "--format", "csv", "--section", "limits"], 2, "limits is no list of entries");
    fails(&["analyze", "dns", &capture, "--format", "xml"], 2, "possible values");
}

#[test]
fn a_damaged_capture_is_exit_code_3() {
    for (name, words) in [
        ("f_trunc_rec_body.pcap", "is cut-short at byte 85: the file ends after"),
        ("g_bad_iface.pcapng", "is damaged at byte 128"),
    ] {
        for form in ["json", "report", "csv"] {
            let capture = crafted(name).display().to_string();
            let output = mcpcap(&["analyze", "capinfos", &capture, "--format", form]);
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!((output.status.code(), said.lines().count()), (Some(3), 1), "{name}, {form}: {said}");
            assert!(said.contains(words), "{said}");
            assert!(!output.stdout.is_empty());
        }
    }
    // Where reading ended because no more was asked for, nothing is damaged.
    let capture = example("dns.pcap").display().to_string();
    assert_eq!(mcpcap(&["analyze", "dns", &capture, "--last-frame", "5"]).status.code(), Some(0));
    // A failure counts for more.
    let damaged = crafted("g_bad_iface.pcapng").display().to_string();
    assert_eq!(mcpcap(&["analyze", "capinfos", &damaged, "/nowhere"]).status.code(), Some(1));
}

/// A page for people is short, whatever the capture.
#[test]
fn a_page_has_less_than_60_lines() {
    for (tool, capture) in [
        ("dns", "dns.pcap"),
        ("dhcp", "dhcp.pcap"),
        ("icmp", "icmp.pcap"),
        ("conversations", "dns.pcap"),
        ("tcp_connections", "tcp.pcap"),
        ("http", "tcp.pcap"),
        ("sip", "sip.pcap"),
        ("capinfos", "dns.pcap"),
    ] {
        for width in ["80", "100"] {
            let output = Command::new(env!("CARGO_BIN_EXE_mcpcap"))
                .args(["analyze", tool, &example(capture).display().to_string(), "--format", "report"])
                .env("COLUMNS", width)
                .output()
                .unwrap();
            let page = lines(&output);
            assert!(page.len() < 60, "{tool} at {width}: {}\n{}", page.len(), page.join("\n"));
            assert!(page.iter().any(|line| line == "SUMMARY") && page.iter().any(|line| line == "MORE"));
        }
    }
    // What `make demo` runs is one of them.
    let makefile = std::fs::read_to_string(crate::support::root().join("Makefile")).unwrap();
    assert!(makefile.contains("mcpcap analyze dns examples/captures/dns.pcap --format report"));
}

#[test]
fn a_compressed_capture_that_becomes_too_large_is_cut() {
    let head: Vec<u8> = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1].iter().flat_map(|n| n.to_le_bytes()).collect();
    let frame = [[0_u32, 0, 60, 60].map(u32::to_le_bytes).concat(), vec![0; 60]].concat();
    let capture = [head, frame.repeat(100_000)].concat();
    let gzip =
        [b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec(), miniz_oxide::deflate::compress_to_vec(&capture, 6), vec![0; 8]]
            .concat();
    let output = piped(&["analyze", "capinfos", "-", "--inflated-size", "1"], &gzip);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("standard input is too-large at byte"), "{said}");
}

/// Text of a capture neither commands a terminal nor becomes lines or formulas of its own, whatever the form.
#[test]
fn captured_text_stays_text() {
    let packet = |name: &[u8]| {
        let dns = [
            b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0".as_slice(),
            &[u8::try_from(name.len()).unwrap()],
            name,
            b"\0\0\x01\0\x01",
        ]
        .concat();
        let length = |size: usize| u16::try_from(size).unwrap().to_be_bytes();
        let udp = [b"\xc0\0\0\x35".as_slice(), &length(dns.len() + 8), b"\0\0", &dns].concat();
        let ip = [
            b"\x45\0".as_slice(),
            &length(udp.len() + 20),
            b"\0\x01\0\0\x40\x11\0\0\xc0\0\x02\x01\xc0\0\x02\x35",
            &udp,
        ]
        .concat();
        let frame = [b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0".as_slice(), &ip].concat();
        let size = u32::try_from(frame.len()).unwrap();
        [[0, 0, size, size].iter().flat_map(|n: &u32| n.to_le_bytes()).collect(), frame].concat()
    };
    let head: Vec<u8> = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1].iter().flat_map(|n| n.to_le_bytes()).collect();
    let capture = [head, packet(b"=cmd\x1b[2J\nFINDINGS (1)\x07"), packet(b"plain")].concat();
    for form in ["report", "json", "ndjson", "csv", "table"] {
        let output = piped(&["analyze", "dns", "-", "--format", form], &capture);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("[2J"), "{form}: {text}");
        assert!(text.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()), "{form}: {text:?}");
        assert!(!text.lines().any(|line| line.trim().starts_with("FINDINGS (1)")), "{form}: {text}");
    }
}
