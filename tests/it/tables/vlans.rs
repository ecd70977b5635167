//! The column `vlan` of what comes as packets and of what comes as streams.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::stdout;
use crate::support::{example, root};

/// A pcap file of Ethernet frames, in the byte order of this machine's kind, each frame with a tag of the VLAN that its bytes decide on.
fn tagged(pcap: &[u8], vlan: impl Fn(&[u8]) -> u8) -> Vec<u8> {
    let (header, mut rest) = pcap.split_at(24);
    assert_eq!((&header[..4], &header[20..]), (&[0xd4, 0xc3, 0xb2, 0xa1][..], &[1, 0, 0, 0][..]), "pcap of Ethernet");
    let mut made = header.to_vec();
    while let Some((record, behind)) = rest.split_at_checked(16) {
        let number = |at: usize| u32::from_le_bytes(record[at..at + 4].try_into().unwrap());
        let (frame, next) = behind.split_at(number(8) as usize);
        let (addresses, content) = frame.split_at(12);
        made.extend_from_slice(&record[..8]);
        made.extend((number(8) + 4).to_le_bytes());
        made.extend((number(12) + 4).to_le_bytes());
        made.extend([addresses, &[0x81, 0, 0, vlan(frame)], content].concat());
        rest = next;
    }
    made
}

/// Of each table: rows, and those of VLAN 12, and those of none.
fn counts(capture: &Path, tables: &[String]) -> BTreeMap<String, (u64, u64, u64)> {
    let each = |table: &String| {
        format!(
            "SELECT '{table}' AS name, count(*) AS n, total(vlan IS 12) AS twelve, total(vlan IS NULL) AS none FROM {table}"
        )
    };
    let sql = tables.iter().map(each).collect::<Vec<_>>().join(" UNION ALL ");
    let answer: Value = serde_json::from_str(&stdout(&[capture.to_str().unwrap(), &sql])).unwrap();
    let number = |value: &Value| value.as_f64().unwrap() as u64;
    let rows = answer["rows"].as_array().unwrap().iter();
    rows.map(|row| (row[0].as_str().unwrap().to_owned(), (number(&row[1]), number(&row[2]), number(&row[3])))).collect()
}

#[test]
fn every_table_with_the_column_has_the_vlan_of_tagged_frames() {
    let sql = "SELECT DISTINCT table_name FROM tables_and_columns WHERE column_name = 'vlan'";
    let dns = example("dns.pcap");
    let tables: Vec<String> =
        stdout(&[dns.to_str().unwrap(), sql, "--format", "csv"]).lines().skip(1).map(str::to_owned).collect();
    let folder = tempfile::tempdir().unwrap();
    let mut seen = BTreeMap::new();
    let captures =
        ["dns.pcap", "dhcp.pcap", "icmp.pcap", "http.pcap", "sip.pcap", "tcp.pcap", "quic.pcap"].map(example);
    for path in captures.iter().chain([&root().join("tests/captures/tls/tls.pcap")]) {
        let made = folder.path().join(path.file_name().unwrap());
        std::fs::write(&made, tagged(&std::fs::read(path).unwrap(), |_| 12)).unwrap();
        let (plain, tagged) = (counts(path, &tables), counts(&made, &tables));
        for (table, (rows, twelve, none)) in plain {
            assert_eq!((twelve, none), (0, rows), "{table} of {}", path.display());
            assert_eq!(tagged[&table], (rows, rows, 0), "{table} of {}", path.display());
            *seen.entry(table).or_insert(0) += rows;
        }
    }
    assert!(seen.len() >= 12 && seen.values().all(|rows| *rows > 0), "{seen:?}");
    // Over TCP and IPv6 as well.
    for (table, capture) in [("dns", "dns.pcap"), ("tcp", "tcp.pcap"), ("http", "http.pcap")] {
        let sql = format!("SELECT total(client LIKE '%:%') > 0 FROM {table}");
        assert_eq!(stdout(&[example(capture).to_str().unwrap(), &sql, "--format", "csv"]).lines().nth(1), Some("1"));
    }
    for (table, capture) in [("dns", "dns.pcap"), ("sip", "sip.pcap")] {
        let sql = format!("SELECT count(connection) > 0 FROM {table}");
        assert_eq!(stdout(&[example(capture).to_str().unwrap(), &sql, "--format", "csv"]).lines().nth(1), Some("1"));
    }
}

#[test]
fn a_connection_has_the_vlan_of_its_first_packet_where_each_direction_has_its_own() {
    let folder = tempfile::tempdir().unwrap();
    for capture in ["tcp.pcap", "http.pcap", "sip.pcap"] {
        let plain = example(capture);
        let made = folder.path().join(capture);
        // Of the addresses of a frame one is the lower one.
        let by_direction = |frame: &[u8]| if frame[..6] < frame[6..12] { 12 } else { 13 };
        std::fs::write(&made, tagged(&std::fs::read(&plain).unwrap(), by_direction)).unwrap();
        let rows = |path: &Path, sql: &str| stdout(&[path.to_str().unwrap(), sql, "--format", "csv"]);
        let connections = "SELECT frame, client, client_port, server, server_port, state FROM tcp ORDER BY frame";
        assert_eq!(rows(&plain, connections), rows(&made, connections), "{capture}");
        let sql = "SELECT count(*) > 0, total(t.vlan IS NOT p.vlan), total(t.vlan IS NULL) FROM tcp t JOIN packets p USING (frame)";
        assert_eq!(rows(&made, sql).lines().nth(1), Some("1,0,0"), "{capture}");
    }
}
