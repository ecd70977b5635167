//! What a server tells of itself in numbers, and that long answers are compressed for those who ask.

use serde_json::json;

use super::{call, get, hello, post, request, sent};
use crate::support::example;
use crate::support::http::{Http, reqwest_client};

async fn metrics(http: &Http) -> String {
    let (status, text) = get(http, "/metrics", None).await;
    assert_eq!(status, 200);
    text
}

/// The number of a line that begins so.
fn number(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name}\n{metrics}")).parse().unwrap()
}

#[tokio::test]
async fn operators_see_what_the_server_takes_and_who_waits() {
    let http = Http::start(&[]).await;
    let before = metrics(&http).await;
    assert!(number(&before, "process_resident_memory_bytes") > f64::from(1 << 20));
    let time = number(&before, "process_cpu_seconds_total");
    assert!(time > 0.0 && number(&before, "mcpcap_http_sessions") == 0.0);
    let hello = reqwest_client().post(http.mcp()).header("content-type", "application/json").body(hello().to_string());
    let answer = hello.header("accept", "application/json, text/event-stream").send().await.unwrap();
    let session = answer.headers()["mcp-session-id"].clone();
    for _ in 0..3 {
        sent(&http, call("analyze_dns_packets", &json!({ "pcap_file": example("dns.pcap") }))).await;
    }
    sent(&http, call("list_captures", &json!({}))).await;
    sent(&http, call("analyze_capinfos", &json!({ "pcap_file": "missing.pcap" }))).await;
    let after = metrics(&http).await;
    assert_eq!(number(&after, "mcpcap_http_sessions"), 1.0);
    assert!(number(&after, "mcpcap_http_connections") >= 1.0 && number(&after, "process_cpu_seconds_total") > time);
    assert_eq!(number(&after, "mcpcap_calls_waiting"), 0.0);
    // The second and third call were answered without reading the capture.
    let read = number(&after, r#"mcpcap_capture_bytes_total{tool="analyze_dns_packets"}"#);
    assert_eq!(read, std::fs::metadata(example("dns.pcap")).unwrap().len() as f64);
    assert_eq!(number(&after, r#"mcpcap_answered_from_kept_total{tool="analyze_dns_packets"}"#), 2.0);
    assert_eq!(number(&after, "mcpcap_kept_answers"), 1.0);
    assert!(number(&after, "mcpcap_kept_answers_size_bytes") > 10_000.0);
    assert_eq!(number(&after, r#"mcpcap_calls_total{tool="analyze_dns_packets",outcome="ok"}"#), 3.0);
    assert_eq!(number(&after, r#"mcpcap_calls_total{tool="analyze_capinfos",outcome="not_found"}"#), 1.0);
    assert_eq!(number(&after, r#"mcpcap_wait_seconds_count{tool="list_captures"}"#), 1.0);
    for name in ["call", "wait"] {
        assert_eq!(number(&after, &format!(r#"mcpcap_{name}_seconds_count{{tool="analyze_dns_packets"}}"#)), 3.0);
    }
    let page = std::fs::read_to_string(crate::support::root().join("docs/operating.md")).unwrap();
    let named = page.split('`').filter(|word| word.starts_with("mcpcap_") || word.starts_with("process_"));
    let named: Vec<&str> = named.filter_map(|word| word.split('{').next()).collect();
    assert!(named.len() > 10, "{named:?}");
    for name in named.iter().filter(|name| !name.contains("limits_reached") && !name.contains("refused")) {
        assert!(after.lines().any(|line| line.starts_with(name)), "{name}\n{after}");
    }
    // What is not there never waited.
    assert!(!after.contains(r#"mcpcap_wait_seconds_count{tool="analyze_capinfos"}"#));
    reqwest_client().delete(http.mcp()).header("mcp-session-id", session).send().await.unwrap();
    assert_eq!(number(&metrics(&http).await, "mcpcap_http_sessions"), 0.0);
}

#[tokio::test]
async fn names_that_callers_choose_are_no_labels() {
    let http = Http::start(&[]).await;
    sent(&http, call("nothing", &json!({}))).await;
    let before = metrics(&http).await;
    for n in 0..50 {
        sent(&http, call(&format!("nothing_{n}"), &json!({}))).await;
    }
    let after = metrics(&http).await;
    assert_eq!(after.lines().count(), before.lines().count());
    assert_eq!(number(&after, r#"mcpcap_refused_total{reason="tool"}"#), 51.0);
    assert!(!after.contains("nothing"), "{after}");
}

/// The content of a gzip file.
fn unpacked(gzip: &[u8]) -> String {
    assert_eq!(gzip[..3], [0x1f, 0x8b, 8]);
    let (data, end) = gzip[10..].split_at(gzip.len() - 18);
    let content = miniz_oxide::inflate::decompress_to_vec(data).unwrap();
    assert_eq!(end[..4], crc32fast::hash(&content).to_le_bytes());
    assert_eq!(end[4..], u32::try_from(content.len()).unwrap().to_le_bytes());
    String::from_utf8(content).unwrap()
}

#[tokio::test]
async fn long_answers_are_compressed_when_that_is_asked() {
    let (events, documents) = (Http::start(&[]).await, Http::start(&["--stateless"]).await);
    for (http, kind) in [(&events, "text/event-stream"), (&documents, "application/json")] {
        let list = |coding: &str| {
            let mut sent = post(&request("tools/list", json!({}))).header("accept-encoding", coding).build().unwrap();
            *sent.url_mut() = http.mcp().parse().unwrap();
            sent
        };
        let plain = reqwest_client().execute(list("identity")).await.unwrap();
        assert!(!plain.headers().contains_key("content-encoding"));
        assert_eq!(plain.headers()["vary"], "accept-encoding");
        let plain = plain.text().await.unwrap();
        let packed = reqwest_client().execute(list("br;q=1, gzip;q=0.8")).await.unwrap();
        assert_eq!(
            (&packed.headers()["content-encoding"], &packed.headers()["content-type"]),
            (&"gzip".parse().unwrap(), &kind.parse().unwrap())
        );
        let packed = packed.bytes().await.unwrap();
        assert!(packed.len() * 3 < plain.len(), "{} of {}", packed.len(), plain.len());
        assert_eq!(super::message(&unpacked(&packed)), super::message(&plain));
    }
    sent(&events, call("analyze_capinfos", &json!({ "pcap_file": example("dns.pcap") }))).await;
    let asked = async |path: &str| {
        let answer = reqwest_client().get(events.url(path)).header("accept-encoding", "gzip").send().await.unwrap();
        (answer.headers().contains_key("content-encoding"), answer.bytes().await.unwrap())
    };
    let (is_packed, metrics) = asked("/metrics").await;
    assert!(is_packed && unpacked(&metrics).ends_with("# EOF\n"));
    // What is short stays as it is.
    assert_eq!(asked("/healthz").await, (false, "ok\n".into()));
    let wrong = post(&request("tools/nothing", json!({}))).header("accept-encoding", "gzip");
    assert!(super::message(&sent(&documents, wrong).await.1)["error"].is_object());
}

/// A stream of events is not held up until there is enough to compress.
#[tokio::test]
async fn events_of_a_stream_come_at_once() {
    let http = Http::start(&["--allow-private-urls"]).await;
    let (address, mut seen) = super::endless().await;
    let mut message = request(
        "tools/call",
        json!({ "name": "analyze_capinfos",
        "arguments": { "pcap_file": format!("http://{address}/x.pcap") } }),
    );
    message["params"]["_meta"]["progressToken"] = "p".into();
    let mut sent =
        post(&message).header("mcp-name", "analyze_capinfos").header("accept-encoding", "gzip").build().unwrap();
    *sent.url_mut() = http.mcp().parse().unwrap();
    let mut answer = reqwest_client().execute(sent).await.unwrap();
    seen.recv().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    // A note of progress, of a call that does not end.
    let mut got = Vec::new();
    while !String::from_utf8_lossy(&got).contains("notifications/progress") {
        let piece = tokio::time::timeout(std::time::Duration::from_secs(60), answer.chunk()).await;
        got.extend(piece.expect("a piece").unwrap().expect("the stream stands open"));
    }
}
