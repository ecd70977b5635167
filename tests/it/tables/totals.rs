//! What SQL counts is what reports count, for every capture of the project; and tables join.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mcpcap::answer::AnswerError;
use mcpcap::contract::Tool;
use mcpcap::contract::arguments::MAX_CHARS;
use mcpcap::watch::Caller;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::{root, service};

/// A number of reports, by the tool that tells it.
type Told = fn(&Value) -> u64;

/// What SQL computes over each table, and what a report says.
const SUMS: [(&str, &str, Told); 56] = [
    ("SELECT count(*) FROM packets", "capinfos", |report| at(report, "/packet_count")),
    ("SELECT sum(bytes) FROM packets", "capinfos", |report| at(report, "/data_size_bytes")),
    ("SELECT sum(captured) FROM packets", "capinfos", |report| at(report, "/captured_size_bytes")),
    ("SELECT count(*) FROM conversations", "conversations", |report| at(report, "/totals/flows")),
    ("SELECT sum(packets) FROM conversations", "conversations", |report| at(report, "/totals/packets")),
    ("SELECT sum(bytes) FROM conversations", "conversations", |report| at(report, "/totals/bytes")),
    ("SELECT sum(client_packets + server_packets) FROM conversations", "conversations", |report| {
        at(report, "/totals/packets")
    }),
    ("SELECT sum(client_bytes + server_bytes) FROM conversations", "conversations", |report| {
        at(report, "/totals/bytes")
    }),
    ("SELECT count(*) FROM conversations WHERE protocol = 'tcp'", "conversations", |report| kind(report, "tcp")),
    ("SELECT count(*) FROM conversations WHERE protocol = 'udp'", "conversations", |report| kind(report, "udp")),
    ("SELECT count(*) FROM conversations WHERE protocol = 'arp'", "conversations", |report| kind(report, "arp")),
    ("SELECT count(*) FROM tcp", "tcp_connections", |report| at(report, "/summary/total_connections")),
    ("SELECT sum(packets) FROM tcp", "tcp_connections", |report| at(report, "/summary/packets/packets")),
    ("SELECT sum(bytes) FROM tcp", "tcp_connections", |report| at(report, "/summary/packets/bytes")),
    ("SELECT sum(syn_count) FROM tcp", "tcp_connections", |report| at(report, "/summary/packets/syn")),
    ("SELECT sum(retransmissions) FROM tcp", "tcp_connections", |report| at(report, "/summary/retransmissions")),
    ("SELECT sum(late_packets) FROM tcp", "tcp_connections", |report| at(report, "/summary/late_packets")),
    ("SELECT count(*) FROM tcp WHERE state = 'reset'", "tcp_connections", |report| {
        at(report, "/summary/reset_connections")
    }),
    ("SELECT count(*) FROM tcp_events, json_each(flags)", "tcp_connections", |report| {
        each(report, "/summary/analysis", |_| true)
    }),
    ("SELECT count(*) FROM tcp_events, json_each(flags) WHERE value = 'zero_window'", "tcp_connections", |report| {
        each(report, "/summary/analysis", |flag| flag["name"] == "zero_window")
    }),
    ("SELECT sum(is_sent_again) FROM tcp_events", "tcp_connections", |report| at(report, "/summary/retransmissions")),
    ("SELECT count(*) + count(response_frame) FROM dns", "dns", |report| at(report, "/dns_packets_found")),
    ("SELECT count(*) FROM dns WHERE service = 'dns' AND status = 'answered'", "dns", |report| {
        transactions(report, "answered")
    }),
    ("SELECT count(*) FROM dns WHERE service = 'dns' AND status IN ('answered', 'unanswered')", "dns", |report| {
        transactions(report, "asked")
    }),
    ("SELECT count(*) FROM dns WHERE service = 'dns' AND status = 'retransmission'", "dns", |report| {
        transactions(report, "retransmitted")
    }),
    ("SELECT count(*) FROM dns WHERE service = 'dns' AND status = 'unasked'", "dns", |report| {
        transactions(report, "unasked_responses")
    }),
    ("SELECT count(*) FROM dhcp", "dhcp", |report| {
        at(report, "/dhcp_packets_found") - at(report, "/statistics/not_read")
    }),
    ("SELECT count(*) FROM icmp", "icmp", |report| at(report, "/icmp_packets_found")),
    ("SELECT sum(is_echo) FROM icmp", "icmp", |report| at(report, "/statistics/echo/requests")),
    ("SELECT count(*) FROM sip", "sip", |report| at(report, "/sip_packets_found")),
    ("SELECT count(*) FROM sip WHERE status IS NULL", "sip", |report| at(report, "/statistics/requests")),
    ("SELECT count(*) FROM sip WHERE status IS NOT NULL", "sip", |report| at(report, "/statistics/responses")),
    ("SELECT count(*) FROM sip WHERE status IS NULL AND retransmission_of IS NOT NULL", "sip", |report| {
        at(report, "/statistics/retransmitted_requests")
    }),
    ("SELECT count(*) FROM sip_calls", "sip", |report| at(report, "/statistics/calls/total")),
    ("SELECT count(*) FROM sip_calls WHERE outcome = 'answered'", "sip", |report| {
        each(report, "/statistics/calls/outcomes", |outcome| outcome["name"] == "answered")
    }),
    ("SELECT count(method) FROM http", "http", |report| at(report, "/totals/requests")),
    ("SELECT count(*) FROM http WHERE method IS NULL", "http", |report| at(report, "/totals/unasked")),
    ("SELECT count(*) FROM http WHERE status IS NULL", "http", |report| at(report, "/totals/unanswered")),
    ("SELECT sum(response_bytes) FROM http", "http", |report| at(report, "/totals/response_body_bytes")),
    ("SELECT count(*) FROM tls", "tls", |report| at(report, "/totals/connections")),
    ("SELECT count(*) FROM tls WHERE outcome = 'established'", "tls", |report| at(report, "/totals/established")),
    ("SELECT count(*) FROM tls_certificates", "tls", |report| at(report, "/totals/certificates")),
    ("SELECT count(*) FROM quic", "quic", |report| at(report, "/totals/connections")),
    ("SELECT count(*) FROM quic WHERE outcome = 'established'", "quic", |report| at(report, "/totals/established")),
    // Tables join on frames, flows and connections: none of these finds a row.
    (
        "SELECT count(*) FROM dns d JOIN packets p USING (frame) WHERE d.community_id IS NOT p.community_id AND NOT p.is_fragment",
        "",
        |_| 0,
    ),
    (
        "SELECT count(*) FROM icmp i JOIN packets p USING (frame) WHERE (i.community_id, i.vlan) IS NOT (p.community_id, p.vlan)",
        "",
        |_| 0,
    ),
    (
        "SELECT count(*) FROM dhcp d JOIN packets p USING (frame) WHERE (d.community_id, d.vlan) IS NOT (p.community_id, p.vlan)",
        "",
        |_| 0,
    ),
    (
        "SELECT count(*) FROM tcp t JOIN packets p USING (frame) WHERE (t.community_id, t.vlan) IS NOT (p.community_id, p.vlan)",
        "",
        |_| 0,
    ),
    (
        "SELECT count(*) FROM sip_calls c JOIN sip s USING (frame) WHERE (c.community_id, c.vlan) IS NOT (s.community_id, s.vlan)",
        "",
        |_| 0,
    ),
    (
        "SELECT count(*) FROM http h LEFT JOIN tcp t USING (connection, community_id) WHERE t.frame IS NULL OR h.vlan IS NOT t.vlan",
        "",
        |_| 0,
    ),
    (
        "SELECT count(*) FROM tls s LEFT JOIN tcp t USING (connection, community_id) WHERE s.transport = 'tcp' AND (t.frame IS NULL OR s.vlan IS NOT t.vlan)",
        "",
        |_| 0,
    ),
    ("SELECT count(*) FROM dns d JOIN tcp t USING (connection) WHERE d.vlan IS NOT t.vlan", "", |_| 0),
    ("SELECT count(*) FROM sip s JOIN tcp t USING (connection) WHERE s.vlan IS NOT t.vlan", "", |_| 0),
    (
        "SELECT count(*) FROM quic q JOIN packets p USING (frame) WHERE (q.community_id, q.vlan) IS NOT (p.community_id, p.vlan) AND NOT p.is_fragment",
        "",
        |_| 0,
    ),
    (
        "SELECT count(*) FROM tcp_events e LEFT JOIN tcp t USING (connection, community_id) WHERE t.frame IS NULL",
        "",
        |_| 0,
    ),
    (
        "SELECT count(*) FROM packets p WHERE copy_of IS NULL AND community_id IS NOT NULL AND community_id NOT IN (SELECT community_id FROM conversations WHERE community_id IS NOT NULL)",
        "",
        |_| 0,
    ),
];

fn at(report: &Value, place: &str) -> u64 {
    report.pointer(place).and_then(Value::as_u64).unwrap_or_default()
}

/// The sum of those of some entries of a list.
fn each(report: &Value, place: &str, fits: fn(&Value) -> bool) -> u64 {
    let entries = report.pointer(place).and_then(Value::as_array).into_iter().flatten();
    entries.filter(|entry| fits(entry)).map(|entry| at(entry, "/count")).sum()
}

fn kind(report: &Value, kind: &str) -> u64 {
    let kinds = report.pointer("/totals/by_kind").and_then(Value::as_array).into_iter().flatten();
    kinds.filter(|entry| entry["kind"] == kind).map(|entry| at(entry, "/flows")).sum()
}

fn transactions(report: &Value, count: &str) -> u64 {
    at(report, &format!("/statistics/transactions/{count}"))
}

/// Every file that may be a capture.
pub(super) fn captures() -> Vec<PathBuf> {
    let folders = [
        "examples/captures",
        "tests/captures/crafted",
        "tests/captures/encapsulation",
        "tests/captures/hostile",
        "tests/captures/reported",
    ];
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(root().join(folder)).unwrap());
    let is_capture = |path: &PathBuf| {
        path.is_file() && path.extension().is_some_and(|ending| ending != "md" && ending != "json" && ending != "sh")
    };
    let mut all: Vec<PathBuf> = files.map(|entry| entry.unwrap().path()).filter(is_capture).collect();
    all.sort();
    all
}

fn tool(short: &str) -> Arc<Tool> {
    let catalog = service().catalog();
    let names = [format!("analyze_{short}"), format!("analyze_{short}_packets")];
    catalog.tools.iter().find(|tool| names.contains(&tool.name)).unwrap_or_else(|| panic!("{short}")).clone()
}

/// Reports of several tools about a capture.
async fn reports(capture: &Path, tools: &[Arc<Tool>], more: &Value) -> Vec<Result<Value, AnswerError>> {
    let mut arguments = more.as_object().cloned().unwrap();
    arguments.insert("pcap_file".into(), json!(capture));
    arguments.insert("max_chars".into(), MAX_CHARS.1.into());
    arguments.insert("as_objects".into(), true.into());
    let (caller, cancel) = (Caller::default(), CancellationToken::new());
    let answers = service().answer_all(&caller, tools, &arguments, cancel, Arc::new(|_, _| {})).await;
    answers.into_iter().map(|answer| answer.map(|answer| answer.report)).collect()
}

async fn query(capture: &Path, sql: &str) -> Result<Vec<Value>, AnswerError> {
    let mut arguments = Map::new();
    for (name, value) in
        [("pcap_file", json!(capture)), ("sql", json!(sql)), ("limit", json!(1000)), ("max_chars", json!(MAX_CHARS.1))]
    {
        arguments.insert(name.into(), value);
    }
    let answer = service().query(&Caller::default(), arguments, CancellationToken::new(), Arc::new(|_, _| {})).await?;
    Ok(answer.report["rows"].as_array().unwrap().clone())
}

#[tokio::test]
async fn sql_counts_what_reports_count_on_every_capture() {
    let names: BTreeSet<&str> = SUMS.iter().map(|(_, tool, _)| *tool).filter(|name| !name.is_empty()).collect();
    let tools: Vec<Arc<Tool>> = names.iter().map(|name| tool(name)).collect();
    let sums: Vec<String> = SUMS.iter().map(|(sql, ..)| format!("coalesce(({sql}), 0)")).collect();
    let sql = format!("SELECT {}", sums.join(", "));
    let mut seen = 0;
    for capture in captures() {
        let shown = capture.display();
        let told = reports(&capture, &tools, &json!({})).await;
        let counted = query(&capture, &sql).await;
        if told.iter().all(Result::is_err) {
            assert!(counted.is_err(), "{shown}");
            continue;
        }
        let (counted, told) = (counted.unwrap(), told.into_iter().collect::<Result<Vec<_>, _>>().unwrap());
        for ((sql, tool, of), counted) in SUMS.iter().zip(counted[0].as_array().unwrap()) {
            let report = names.iter().position(|name| name == tool).map_or(&Value::Null, |place| &told[place]);
            assert_eq!(counted.as_u64(), Some(of(report)), "{shown}: {sql}");
        }
        seen += 1;
    }
    assert!(seen > 100, "{seen}");
}

#[tokio::test]
async fn findings_are_those_of_all_reports_on_every_capture() {
    let catalog = service().catalog();
    let tools: Vec<Arc<Tool>> = catalog.finders().cloned().collect();
    assert!(tools.len() > 8);
    let (mut seen, mut all) = (0, 0);
    for capture in captures() {
        let reports = reports(&capture, &tools, &json!({ "section": ["findings"], "limit": 1000 })).await;
        let sql = "SELECT id, rule, severity, subject, frames_total, frame, observation FROM findings";
        let Ok(rows) = query(&capture, sql).await else {
            assert!(reports.iter().all(Result::is_err), "{}", capture.display());
            continue;
        };
        let mut told = BTreeSet::new();
        for report in reports.into_iter().map(Result::unwrap) {
            for finding in report["findings"].as_array().into_iter().flatten() {
                let fields = ["id", "rule", "severity", "subject", "frames_total"].map(|name| finding[name].clone());
                let last = [finding["frames"][0].clone(), finding["observation"].clone()];
                told.insert(json!([fields.as_slice(), &last].concat()).to_string());
            }
        }
        let rows: Vec<String> = rows.iter().map(Value::to_string).collect();
        let different: BTreeSet<String> = rows.iter().cloned().collect();
        assert_eq!(different, told, "{}", capture.display());
        assert_eq!(different.len(), rows.len(), "{}: what tools of one analyzer find is one row", capture.display());
        (seen, all) = (seen + 1, all + rows.len());
    }
    assert!(seen > 100 && all > 50, "{seen}, {all}");
}
