//! Lines of rows, each field by the rules of Zeek's scripts.

mod fields;
mod messages;
mod several;

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::Writer as _;
use super::super::spool::Spool;
use super::{Logged, logs};
use crate::rows::{Cells, Checked, Column, Kind, Table, Texts, Values};
use fields::FIELDS;

/// 2023-11-14T22:13:20Z.
const START: i64 = 1_700_000_000_000_000_000;

/// A value of a row.
#[derive(Debug, Clone)]
enum Cell {
    Integer(i64),
    /// Milliseconds behind [`START`].
    Time(i64),
    Float(f64),
    Truth(bool),
    Text(&'static str),
    Address(&'static str),
    Integers(Vec<i64>),
    Texts(Vec<&'static str>),
}

use Cell::{Address, Float, Integer, Integers, Text, Time, Truth};

impl Cell {
    fn kind(&self) -> Kind {
        match self {
            Integer(_) => Kind::Integer,
            Time(_) => Kind::Time,
            Float(_) => Kind::Float,
            Truth(_) => Kind::Truth,
            Text(_) => Kind::Text,
            Address(_) => Kind::Address,
            Integers(_) => Kind::Integers,
            Cell::Texts(_) => Kind::Texts,
        }
    }
}

type Row = Vec<(&'static str, Cell)>;

fn push(texts: &mut Texts, text: &str) {
    texts.text.push_str(text);
    texts.ends.push(texts.text.len() as u32);
}

fn values(kind: Kind, cells: &[Option<&Cell>]) -> Values {
    let absent = (0..).zip(cells).filter(|(_, cell)| cell.is_none()).map(|(row, _)| row).collect();
    let integer = |cell: &Option<&Cell>| if let Some(Integer(value)) = cell { *value } else { 0 };
    let cells = match kind {
        Kind::Integer => Cells::Integers(cells.iter().map(integer).collect()),
        Kind::Time => {
            let time = |cell: &Option<&Cell>| if let Some(Time(value)) = cell { START + value * 1_000_000 } else { 0 };
            Cells::Times(cells.iter().map(time).collect())
        }
        Kind::Float => {
            Cells::Floats(cells.iter().map(|cell| if let Some(Float(value)) = cell { *value } else { 0.0 }).collect())
        }
        Kind::Truth => Cells::Truths(cells.iter().map(|cell| matches!(cell, Some(Truth(true)))).collect()),
        Kind::Text => {
            let mut texts = Texts::default();
            for cell in cells {
                push(&mut texts, if let Some(Text(text)) = cell { text } else { "" });
            }
            Cells::Texts(texts)
        }
        Kind::Address => {
            let (mut versions, mut high, mut low) = (Vec::new(), Vec::new(), Vec::new());
            for cell in cells {
                let address = if let Some(Address(text)) = cell { text } else { "0.0.0.0" };
                let (version, bits) = match address.parse::<IpAddr>().unwrap() {
                    IpAddr::V4(address) => (4, u128::from(address.to_bits())),
                    IpAddr::V6(address) => (6, address.to_bits()),
                };
                versions.push(version);
                high.push((bits >> 64) as u64);
                low.push(bits as u64);
            }
            Cells::Addresses { versions, high, low }
        }
        Kind::Integers => {
            let (mut all, mut ends) = (Vec::new(), Vec::new());
            for cell in cells {
                all.extend(if let Some(Integers(values)) = cell { values.clone() } else { Vec::new() });
                ends.push(all.len() as u32);
            }
            Cells::IntegerLists { values: all, ends }
        }
        Kind::Texts => {
            let (mut texts, mut ends) = (Texts::default(), Vec::new());
            for cell in cells {
                if let Some(Cell::Texts(values)) = cell {
                    values.iter().for_each(|value| push(&mut texts, value));
                }
                ends.push(texts.ends.len() as u32);
            }
            Cells::TextLists { texts, ends }
        }
    };
    Values { cells, absent }
}

/// Rows of a table whose columns are those that they name.
fn checked(name: &str, rows: &[Row]) -> (Table, Checked) {
    let mut columns: Vec<(&str, Kind)> = Vec::new();
    for (column, cell) in rows.iter().flatten() {
        if !columns.iter().any(|(known, _)| known == column) {
            columns.push((column, cell.kind()));
        }
    }
    let column = |(name, kind): &(&str, Kind)| Column {
        name: (*name).into(),
        kind: *kind,
        unit: None,
        meaning: String::new(),
        captured: false,
    };
    let table = Table {
        name: name.into(),
        row: String::new(),
        tool: String::new(),
        columns: columns.iter().map(column).collect(),
    };
    let of = |name: &str| -> Vec<Option<&Cell>> {
        let find = |row: &'_ Row| row.iter().position(|(own, _)| *own == name);
        rows.iter().map(|row| find(row).map(|place| &row[place].1)).collect()
    };
    let columns = columns.iter().map(|(name, kind)| values(*kind, &of(name))).collect();
    let checked = Checked::new(&table, columns).unwrap();
    (table, checked)
}

/// The lines of a log that rows of a table make, some rows at once and one after another alike.
#[track_caller]
fn lines(table: &str, log: &str, rows: &[Row]) -> Vec<Value> {
    let made = |pieces: Vec<&[Row]>| {
        let (whole, _) = checked(table, rows);
        let mut writer =
            Logged::new(log, &Arc::new(whole), "capture", Spool::unnamed().unwrap()).map(Box::new).unwrap();
        for piece in pieces {
            let (table, checked) = checked(table, piece);
            // Pieces have the columns that their rows name.
            writer.table = Arc::new(table);
            writer.add(&checked).unwrap();
        }
        let (spool, count) = writer.end().unwrap();
        let text = std::io::read_to_string(spool.finish(false).unwrap().file).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len() as u64, count);
        lines
    };
    let whole = made(vec![rows]);
    assert_eq!(made(rows.chunks(1).collect()), whole);
    for line in &whole {
        let known = FIELDS.iter().find(|(name, _)| *name == log).unwrap().1;
        for field in line.as_object().unwrap().keys() {
            assert!(known.contains(&field.as_str()), "{log} has no {field}");
        }
    }
    whole
}

/// A line without what identifies the connection, whose identifier has the form of Zeek's.
fn without_uid(line: &Value) -> Value {
    let mut fields: Map<String, Value> = line.as_object().unwrap().clone();
    let uid = fields.remove("uid").unwrap();
    assert!(uid.as_str().unwrap().starts_with('C') && uid.as_str().unwrap().len() == 18, "{uid}");
    fields.into()
}

fn with(row: &Row, more: &Row) -> Row {
    let mut all: Row = row.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name)).cloned().collect();
    all.extend(more.iter().cloned());
    all
}

/// Ends of a connection, as all tables have them.
fn ends() -> Row {
    vec![
        ("time", Time(1500)),
        ("client", Address("192.168.1.2")),
        ("client_port", Integer(40_000)),
        ("server", Address("198.18.0.1")),
        ("server_port", Integer(443)),
        ("community_id", Text("1:abc")),
    ]
}

fn tcp() -> Row {
    let more = vec![
        ("connection", Integer(7)),
        ("open_seconds", Float(0.25)),
        ("conn_state", Text("SF")),
        ("history", Text("ShADadFf")),
        ("application", Text("tls")),
        ("application_by", Text("signature")),
        ("client_packets", Integer(5)),
        ("server_packets", Integer(4)),
        ("client_ip_bytes", Integer(700)),
        ("server_ip_bytes", Integer(900)),
        ("client_stream", Integer(440)),
        ("server_stream", Integer(690)),
        ("client_missing", Integer(3)),
        ("server_missing", Integer(4)),
    ];
    with(&ends(), &more)
}

#[test]
fn a_connection_of_tcp_is_a_line() {
    let made = lines("tcp", "conn", &[tcp()]);
    assert_eq!(
        without_uid(&made[0]),
        json!({
            "ts": 1_700_000_001.5, "id.orig_h": "192.168.1.2", "id.orig_p": 40_000, "id.resp_h": "198.18.0.1", "id.resp_p": 443,
            "proto": "tcp", "service": "ssl", "duration": 0.25, "orig_bytes": 440, "resp_bytes": 690, "conn_state": "SF",
            "local_orig": true, "local_resp": true, "missed_bytes": 7, "history": "ShADadFf", "orig_pkts": 5, "orig_ip_bytes": 700,
            "resp_pkts": 4, "resp_ip_bytes": 900, "ip_proto": 6, "community_id": "1:abc",
        })
    );
}

#[test]
fn what_took_no_time_has_no_bytes_and_ports_alone_are_no_service() {
    let made = lines(
        "tcp",
        "conn",
        &[with(
            &tcp(),
            &vec![
                ("open_seconds", Float(0.0)),
                ("application_by", Text("port")),
                ("history", Text("")),
                ("server", Address("8.8.8.8")),
                ("vlan", Integer(12)),
            ],
        )],
    );
    let line = &made[0];
    for absent in ["duration", "orig_bytes", "resp_bytes", "service", "history"] {
        assert_eq!(line.get(absent), None, "{absent}");
    }
    assert_eq!((&line["local_resp"], &line["orig_pkts"], &line["vlan"]), (&json!(false), &json!(5), &json!(12)));
}

#[test]
fn flows_of_other_protocols_are_lines_and_those_without_ip_are_not() {
    let flow = |protocol: &'static str, number: i64, more: &Row| {
        let own = vec![
            ("protocol", Text(protocol)),
            ("ip_protocol", Integer(number)),
            ("duration", Float(1.0)),
            ("client_packets", Integer(2)),
            ("server_packets", Integer(1)),
            ("client_payload", Integer(108)),
            ("server_payload", Integer(60)),
            ("client_ip_bytes", Integer(148)),
            ("server_ip_bytes", Integer(88)),
        ];
        with(&with(&ends(), &own), more)
    };
    let without =
        |row: Row, names: &[&str]| -> Row { row.into_iter().filter(|(name, _)| !names.contains(name)).collect() };
    let ports = ["client_port", "server_port"];
    let made = lines(
        "conversations",
        "conn",
        &[
            flow("udp", 17, &vec![("conn_state", Text("SF")), ("history", Text("Dd"))]),
            flow("tcp", 6, &vec![]),
            without(flow("icmp", 1, &vec![("icmp_type", Integer(8))]), &ports),
            without(flow("icmpv6", 58, &vec![("icmp_type", Integer(1)), ("icmp_code", Integer(4))]), &ports),
            without(flow("gre", 47, &vec![]), &ports),
            without(flow("arp", 0, &vec![]), &["ip_protocol", "client_port", "server_port"]),
        ],
    );
    let of = |name: &str| made.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    assert_eq!(json!(of("proto")), json!(["udp", "icmp", "icmp", "unknown_transport"]));
    assert_eq!(json!(of("ip_proto")), json!([17, 1, 58, 47]));
    assert_eq!(json!(of("id.orig_p")), json!([40_000, 8, 1, 0]));
    assert_eq!(json!(of("id.resp_p")), json!([443, 0, 4, 0]));
    // Behind the eight bytes of the header of ICMP.
    assert_eq!(json!(of("orig_bytes")), json!([108, 100, 100, 108]));
    assert_eq!(json!(of("resp_bytes")), json!([60, 56, 56, 60]));
    assert_eq!(json!(of("conn_state")), json!(["SF", "OTH", "OTH", "OTH"]));
    assert_eq!(json!(of("history")), json!(["Dd", null, null, null]));
}

#[test]
fn a_connection_has_one_identifier_in_all_logs() {
    let uid = |table: &str, log: &str, row: Row| lines(table, log, &[row])[0]["uid"].clone();
    let numbered = with(&ends(), &vec![("connection", Integer(7))]);
    let of_tcp = uid("tcp", "conn", tcp());
    let dns = vec![("opcode", Text("QUERY")), ("transport", Text("tcp"))];
    assert_eq!(uid("dns", "dns", with(&numbered, &dns)), of_tcp);
    assert_eq!(uid("http", "http", numbered.clone()), of_tcp);
    assert_eq!(uid("tls", "ssl", numbered.clone()), of_tcp);
    let sent = vec![
        ("source", Address("192.168.1.2")),
        ("destination", Address("198.18.0.1")),
        ("method", Text("OPTIONS")),
        ("frame", Integer(1)),
    ];
    assert_eq!(uid("sip", "sip", with(&numbered, &sent)), of_tcp);
    let of_udp = uid("conversations", "conn", with(&ends(), &vec![("ip_protocol", Integer(17))]));
    assert_ne!(of_udp, of_tcp);
    let dns = vec![("opcode", Text("QUERY")), ("transport", Text("udp"))];
    assert_eq!(uid("dns", "dns", with(&ends(), &dns)), of_udp);
    assert_eq!(uid("quic", "quic", ends()), of_udp);
    assert_eq!(uid("quic", "ssl", with(&ends(), &vec![("history", Text("IS"))])), of_udp);
}

#[test]
fn rows_without_the_columns_make_lines_without_the_fields() {
    assert_eq!(lines("tcp", "conn", &[vec![("frame", Integer(1))]]), Vec::<Value>::new());
    assert!(logs("icmp").is_empty() && logs("findings").is_empty());
    assert_eq!(logs("http").iter().map(|log| log.name).collect::<Vec<_>>(), ["http", "files"]);
}
