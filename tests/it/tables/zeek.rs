//! Zeek's logs, as `mcpcap export --format zeek` writes them: what they say agrees with the tables, and a connection is the same in all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use mcpcap::export::zeek::{READ, TABLES};
use serde_json::{Value, json};

use super::export::{ends, examples, export, manifests, path, tree};
use super::stdout;
use super::totals::captures;
use crate::support::{example, root, service};

#[path = "../../../host/src/export/zeek/tests/fields.rs"]
mod fields;

/// The lines of each log of a capture.
type Logs = BTreeMap<String, Vec<Value>>;

/// The logs of a data set, by the names of captures. Every line is an object of fields that Zeek's record has.
fn logs(folder: &Path) -> BTreeMap<String, Logs> {
    let mut all: BTreeMap<String, Logs> = BTreeMap::new();
    for manifest in manifests(folder) {
        let capture = manifest["capture"]["name"].as_str().unwrap();
        for (log, part) in manifest["tables"].as_object().unwrap() {
            let file = part["file"].as_str().unwrap();
            // As Zeek calls it, in a folder of the capture's own.
            assert!(file.ends_with(&format!("/{log}.log")), "{file}");
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            assert_eq!(part["rows"], lines.len());
            let known = fields::FIELDS.iter().find(|(name, _)| name == log).unwrap().1;
            for field in lines.iter().flat_map(|line| line.as_object().unwrap().keys()) {
                assert!(known.contains(&field.as_str()), "{log} has no {field}");
            }
            all.entry(capture.to_owned()).or_default().insert(log.clone(), lines);
        }
    }
    all
}

/// The logs of one capture.
fn of(capture: &Path) -> Logs {
    let folder = tempfile::tempdir().unwrap();
    let output = export(&[&path(capture), "--format", "zeek", "--to", &path(folder.path())]);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{}", String::from_utf8_lossy(&output.stderr));
    logs(folder.path()).into_values().next().unwrap()
}

#[test]
fn all_columns_that_logs_are_made_of_are_there() {
    let catalog = service().catalog();
    for (table, columns) in READ {
        let offered = catalog.tables.iter().find(|offered| offered.table.name == *table).expect(table);
        for column in *columns {
            assert!(offered.table.column(column).is_some(), "{table} has no column {column}");
        }
    }
    let read: BTreeSet<&str> = READ.iter().map(|(table, _)| *table).collect();
    assert_eq!(read, TABLES.iter().map(|(table, _)| *table).collect());
}

/// The ends of a connection, in either order: who is client may be told only by what it carries.
fn both_ends(line: &Value) -> BTreeSet<(String, u64)> {
    [("id.orig_h", "id.orig_p"), ("id.resp_h", "id.resp_p")]
        .map(|(host, port)| (line[host].as_str().unwrap().to_owned(), line[port].as_u64().unwrap()))
        .into()
}

#[test]
fn a_connection_is_the_same_in_all_logs_of_every_capture() {
    let folder = tempfile::tempdir().unwrap();
    let captures: Vec<String> = captures().iter().map(|capture| path(capture)).collect();
    let mut arguments: Vec<&str> = captures.iter().map(String::as_str).collect();
    let to = path(folder.path());
    arguments.extend(["--format", "zeek", "--to", &to]);
    // Some of them are no captures.
    assert_eq!(export(&arguments).status.code(), Some(1));
    let (mut seen, mut lines) = (0, 0);
    for (shown, logs) in logs(folder.path()) {
        let mut connections: BTreeMap<&str, BTreeSet<(String, u64)>> = BTreeMap::new();
        for line in &logs["conn"] {
            let uid = line["uid"].as_str().unwrap();
            let twice = connections.insert(uid, both_ends(line)).is_some();
            assert!(!twice, "{shown}: {uid} is two connections");
        }
        for (log, told) in logs.iter().filter(|(log, _)| !["conn", "x509", "dhcp"].contains(&log.as_str())) {
            for line in told {
                let known = connections.get(line["uid"].as_str().unwrap());
                assert_eq!(known, Some(&both_ends(line)), "{shown}: {log}: {line}");
            }
        }
        for uid in logs["dhcp"].iter().flat_map(|line| line["uids"].as_array().unwrap()) {
            assert!(connections.contains_key(uid.as_str().unwrap()), "{shown}: {uid}");
        }
        let files: BTreeSet<&str> = logs["files"].iter().map(|line| line["fuid"].as_str().unwrap()).collect();
        assert_eq!(files.len(), logs["files"].len(), "{shown}");
        let named = |name: &str| logs["http"].iter().filter_map(|line| line[name].as_array()).flatten().count();
        assert_eq!(named("orig_fuids") + named("resp_fuids"), files.len(), "{shown}");
        (seen, lines) = (seen + 1, lines + logs.values().map(Vec::len).sum::<usize>());
    }
    assert!(seen > 100 && lines > 500, "{seen} {lines}");
}

#[test]
fn logs_have_a_line_for_each_row_and_the_same_bytes_each_time() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (said, _) = ends(one.path(), &[&examples(), "--format", "zeek"], 0);
    assert!(said.contains("dns.pcap: 9 files, "), "{said}");
    let all = logs(one.path());
    for (log, lines) in [
        ("conn", "SELECT capture FROM tcp UNION ALL SELECT capture FROM conversations WHERE ip_protocol <> 6"),
        ("dns", "SELECT capture FROM dns WHERE opcode = 'QUERY'"),
        ("http", "SELECT capture FROM http"),
        ("ssl", "SELECT capture FROM tls UNION ALL SELECT capture FROM quic WHERE history GLOB '*[Ss]*'"),
        ("x509", "SELECT capture FROM tls_certificates WHERE subject_rfc4514 IS NOT NULL"),
        ("quic", "SELECT capture FROM quic"),
    ] {
        let sql = format!("SELECT capture, count(*) FROM ({lines}) GROUP BY 1");
        let asked = stdout(&[&examples(), &sql, "--format", "csv", "--all"]);
        let asked: BTreeMap<&str, usize> = asked
            .lines()
            .skip(1)
            .map(|line| line.rsplit_once(',').map(|(capture, count)| (capture, count.parse().unwrap())).unwrap())
            .collect();
        let told = all.iter().map(|(capture, logs)| (capture.as_str(), logs[log].len()));
        let told: BTreeMap<&str, usize> = told.filter(|(_, lines)| *lines > 0).collect();
        assert!(!asked.is_empty() && told == asked, "{log}: {told:?} and {asked:?}");
    }
    // Some logs first, and the rest behind them.
    ends(other.path(), &[&examples(), "--format", "zeek", "--tables", "ssl,dns"], 0);
    let (said, _) = ends(other.path(), &[&examples(), "--format", "zeek"], 0);
    assert!(said.contains("dns.pcap: 7 files, ") && said.contains("2 were there"), "{said}");
    let whole = tree(one.path());
    assert!(tree(other.path()) == whole);
    // What is missing alone is made again.
    let file = whole.keys().find(|name| name.starts_with("http.pcap") && name.ends_with("/conn.log")).unwrap();
    let other_file = one.path().join(file.replace("conn.log", "dns.log"));
    let before = std::fs::metadata(&other_file).unwrap().ino();
    std::fs::remove_file(one.path().join(file)).unwrap();
    let (said, _) = ends(one.path(), &[&examples(), "--format", "zeek"], 0);
    assert!(said.contains("http.pcap: 1 files, ") && said.contains("dns.pcap: 9 files were there"), "{said}");
    assert!(tree(one.path()) == whole && std::fs::metadata(&other_file).unwrap().ino() == before);
    let (_, told) = ends(one.path(), &[&examples(), "--format", "zeek", "--tables", "tcp"], 2);
    assert!(told.contains("there is no log tcp; the logs are conn, dns, dhcp, sip, http, files, ssl, "), "{told}");
}

/// What tshark 4.0.17 says of these captures, in Zeek's words.
#[test]
fn logs_of_the_examples_say_what_others_say_of_them() {
    let dns = of(&example("dns.pcap"));
    let count = |name: &str, value: &str| dns["dns"].iter().filter(|line| line[name] == value).count();
    // Of 134 transactions one is an UPDATE.
    assert_eq!((dns["dns"].len(), count("rcode_name", "NXDOMAIN")), (133, 47));
    let tcp = of(&example("tcp.pcap"));
    let mut of_tcp: Vec<&Value> = tcp["conn"].iter().filter(|line| line["proto"] == "tcp").collect();
    of_tcp.sort_by(|a, b| a["ts"].as_f64().partial_cmp(&b["ts"].as_f64()).unwrap());
    let states: Vec<&str> = of_tcp.iter().map(|line| line["conn_state"].as_str().unwrap()).collect();
    assert_eq!(states, ["SF", "SF", "SF", "SF", "REJ", "S0", "RSTO"]);
    let dhcp = of(&example("dhcp.pcap"));
    assert!(dhcp["dhcp"].iter().any(|line| line["msg_types"].as_array().unwrap().len() == 4), "{:?}", dhcp["dhcp"]);
}

/// Whether a field says the same: times as far as Zeek writes them.
fn is_same(expected: &Value, told: &Value) -> bool {
    match (expected.as_f64(), told.as_f64()) {
        (Some(expected), Some(told)) => (expected - told).abs() < 2e-6,
        _ => expected == told,
    }
}

/// Lines that Zeek's own test suite expects of captures of its own (`testing/btest/Baseline`, by name), where these captures are here.
#[test]
fn logs_say_what_zeek_says_of_captures_of_its_own() {
    let Some(folder) = std::env::var_os("MCPCAP_CORPUS") else { return };
    let baselines: Vec<Value> = serde_json::from_str(include_str!("zeek.json")).unwrap();
    let mut differences = Vec::new();
    for baseline in &baselines {
        let [capture, log] = ["capture", "log"].map(|name| baseline[name].as_str().unwrap());
        let logs = of(&root().join(&folder).join(capture));
        for expected in baseline["lines"].as_array().unwrap() {
            let expected = expected.as_object().unwrap();
            let differing = |line: &Value| -> Vec<String> {
                let differs = expected.iter().filter(|(name, value)| !is_same(value, &line[name.as_str()]));
                differs.map(|(name, value)| format!("{name} is {} and not {value}", line[name.as_str()])).collect()
            };
            let nearest = logs[log].iter().map(differing).min_by_key(Vec::len);
            let is_met = nearest.as_ref().is_some_and(Vec::is_empty);
            // What is known to differ, and why, is known truly.
            if is_met == baseline["differs"].is_string() {
                differences.push(format!("{capture}: {log}: {}: {nearest:?}", json!(expected)));
            }
        }
    }
    assert!(differences.is_empty(), "{} of them:\n{}", differences.len(), differences.join("\n"));
}
