//! What stands before MCP over HTTP: token, Host and Origin, bodies, sessions, connections, the end. With requests written by hand.

mod audit;
mod browsers;
mod limits;
mod metrics;
mod tokens;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::example;
use crate::support::http::{Http, reqwest_client};

const TOKEN: &str = "a-token-of-the-test-0123456789";

/// A client's first words, of the revisions with handshake.
fn hello() -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } } })
}

/// A request of the revision without handshake.
fn request(method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

pub fn call(tool: &str, arguments: &Value) -> reqwest::RequestBuilder {
    post(&request("tools/call", json!({ "name": tool, "arguments": arguments }))).header("mcp-name", tool)
}

/// A builder of a message to nowhere yet; `sent` says where.
fn post(message: &Value) -> reqwest::RequestBuilder {
    reqwest_client()
        .post("http://127.0.0.1:1/mcp")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", message["method"].as_str().unwrap())
        .body(message.to_string())
}

/// Sends to a server: status and body.
pub async fn sent(http: &Http, request: reqwest::RequestBuilder) -> (u16, String) {
    let mut request = request.build().unwrap();
    *request.url_mut() = http.mcp().parse().unwrap();
    let answer = reqwest_client().execute(request).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn get(http: &Http, path: &str, token: Option<&str>) -> (u16, String) {
    let mut request = reqwest_client().get(http.url(path));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The JSON of an answer, sent as such or as an event.
fn message(body: &str) -> Value {
    let data = body.lines().find_map(|line| line.strip_prefix("data: {").map(|rest| format!("{{{rest}")));
    serde_json::from_str(data.as_deref().unwrap_or(body)).unwrap_or_else(|error| panic!("{error}: {body}"))
}

#[tokio::test]
async fn without_the_token_there_is_nothing_but_health() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let from_file = Http::start(&["--auth-token-file", file.to_str().unwrap()]).await;
    let from_variable = Http::start_with(&["--host", "0.0.0.0"], &[("MCPCAP_AUTH_TOKEN", TOKEN)]).await;
    for http in [&from_file, &from_variable] {
        let list = || post(&request("tools/list", json!({})));
        for wrong in [None, Some("wrong"), Some(&TOKEN[1..]), Some("x")] {
            let request = wrong.map_or_else(list, |token| list().bearer_auth(token));
            let mut built = request.build().unwrap();
            *built.url_mut() = http.mcp().parse().unwrap();
            let answer = reqwest_client().execute(built).await.unwrap();
            assert_eq!(answer.status(), 401);
            let error = if wrong.is_some() { r#", error="invalid_token""# } else { "" };
            assert_eq!(answer.headers()["www-authenticate"], format!("Bearer realm=\"mcpcap\"{error}"));
            assert_eq!(get(http, "/metrics", wrong).await.0, 401);
        }
        assert_eq!(sent(http, list().bearer_auth(TOKEN)).await.0, 200);
        assert_eq!(get(http, "/metrics", Some(TOKEN)).await.0, 200);
        assert_eq!(get(http, "/healthz", None).await, (200, "ok\n".into()));
        assert_eq!(get(http, "/readyz", None).await, (200, "ready\n".into()));
        let mut health = std::process::Command::new(env!("CARGO_BIN_EXE_mcpcap"));
        assert!(health.args(["healthcheck", &http.url("/healthz")]).status().unwrap().success());
    }
}

#[tokio::test]
async fn nobody_listens_to_the_world_by_accident() {
    let start = |options: &'static [&'static str], token: &'static str| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_mcpcap"))
            .args(["--transport", "http", "--port", "1"])
            .args(options)
            .env("MCPCAP_AUTH_TOKEN", token)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = start(&["--host", "0.0.0.0"], "");
    assert_eq!(code, Some(1));
    assert!(text.contains("MCPCAP_AUTH_TOKEN") && text.contains("--allow-unauthenticated-http"), "{text}");
    for (options, token, word) in [
        (&["--auth-token-file", "/nowhere/token"][..], "", "/nowhere/token"),
        (&["--auth-token-file", "/dev/null"], "", "one line"),
        (&[], "two words", "one line"),
        (&["--root", "/nowhere"], "", "/nowhere"),
        (&["--audit-log", "/nowhere/log"], "", "/nowhere/log"),
    ] {
        let (code, text) = start(options, token);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(word) && text.lines().count() == 1, "{text}");
    }
}

#[tokio::test]
async fn broken_messages_get_the_protocols_errors() {
    let http = Http::start(&[]).await;
    let raw = |body: Vec<u8>| post(&request("tools/list", json!({}))).body(body);
    for (body, status, code) in [
        (b"{bad".to_vec(), 400, -32700),
        (b"\xff\xfe".to_vec(), 400, -32700),
        (b"".to_vec(), 400, -32700),
        ([b"[".repeat(30_000), b"]".repeat(30_000)].concat(), 400, -32700),
        (b"[]".to_vec(), 400, -32600),
        (b"\"text\"".to_vec(), 400, -32600),
        (br#"{"id":1,"method":"tools/list"}"#.to_vec(), 400, -32600),
        (br#"{"jsonrpc":"1.0","id":1,"method":"tools/list"}"#.to_vec(), 400, -32600),
        (br#"{"jsonrpc":2.0,"method":"notifications/initialized"}"#.to_vec(), 400, -32600),
    ] {
        let (got, answer) = sent(&http, raw(body)).await;
        assert_eq!((got, message(&answer)["error"]["code"].as_i64()), (status, Some(code)), "{answer}");
    }
    let (_, answer) = sent(&http, raw(b"{}".to_vec())).await;
    assert!(message(&answer)["error"]["message"].as_str().unwrap().contains(r#""jsonrpc": "2.0""#), "{answer}");
    for length in [(64 << 10) + 1, 1 << 20, 2 << 20] {
        assert_eq!(sent(&http, raw(vec![b' '; length])).await.0, 413, "{length}");
    }
    let (status, _) = sent(&http, raw(br#"{"jsonrpc":"2.0"}"#.to_vec()).header("content-type", "text/plain")).await;
    assert_eq!(status, 415);
    // What the revision without handshake has not, or no more.
    for (method, params) in [
        ("tools/nothing", json!({})),
        ("initialize", json!({})),
        ("ping", json!({})),
        ("logging/setLevel", json!({})),
        ("logging/setLevel", json!({ "level": "info" })),
    ] {
        let (status, answer) = sent(&http, post(&request(method, params))).await;
        assert_eq!((status, message(&answer)["error"]["code"].as_i64()), (404, Some(-32601)), "{method}: {answer}");
    }
    // And it goes on.
    assert_eq!(sent(&http, post(&request("tools/list", json!({})))).await.0, 200);
}

#[tokio::test]
async fn a_broken_body_in_chunks_is_the_clients_fault() {
    let http = Http::start(&[]).await;
    let mut stream = TcpStream::connect(&http.address).await.unwrap();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n\
         transfer-encoding: chunked\r\n\r\nnonsense\r\n",
        http.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 64];
    let read = stream.read(&mut answer).await.unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&answer));
}

#[tokio::test]
async fn hosts_and_origins_are_checked_on_every_route_that_tells_something() {
    let plain = Http::start(&[]).await;
    let named =
        Http::start(&["--allow-host", "capture.example", "--allow-origin", "https://console.example:443"]).await;
    let status = async |http: &Http, name: &str, value: &str| {
        sent(http, post(&request("tools/list", json!({}))).header(name, value)).await.0
    };
    for (name, value, plainly, by_name) in [
        ("host", "localhost", 200, 200),
        ("host", "capture.example", 403, 200),
        ("host", "attacker.example", 403, 403),
        ("host", "127.0.0.1.attacker.example", 403, 403),
        ("origin", "https://console.example", 403, 200),
        ("origin", "http://console.example", 403, 403),
        ("origin", "http://attacker.example", 403, 403),
        ("origin", "null", 403, 403),
    ] {
        assert_eq!(status(&plain, name, value).await, plainly, "{name}: {value}");
        assert_eq!(status(&named, name, value).await, by_name, "{name}: {value}");
    }
    let metrics = reqwest_client().get(plain.url("/metrics")).header("host", "attacker.example");
    assert_eq!(metrics.send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn a_session_that_is_unknown_or_ended_is_not_found() {
    let http = Http::start(&[]).await;
    let client = reqwest_client();
    let with = |method: Method, session: &str| {
        client
            .request(method, http.mcp())
            .header("accept", "application/json, text/event-stream")
            .header("content-type", "application/json")
            .header("mcp-session-id", session)
    };
    let body = json!({ "jsonrpc": "2.0", "id": 2, "method": "ping" }).to_string();
    for method in [Method::GET, Method::DELETE, Method::POST] {
        let answer = with(method.clone(), "unknown").body(body.clone()).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{method}");
    }
    let request = client.post(http.mcp()).header("content-type", "application/json");
    let answer = request.header("accept", "application/json, text/event-stream").body(hello().to_string()).send().await;
    let session = answer.unwrap().headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let deleted = with(Method::DELETE, &session).send().await.unwrap();
    assert_eq!(deleted.status(), 200);
    assert_eq!(with(Method::DELETE, &session).send().await.unwrap().status(), 404);
    assert_eq!(with(Method::POST, &session).body(body).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_session_keeps_little_of_its_client() {
    const SESSIONS: u64 = 200;
    let http = Http::start(&[]).await;
    let client = reqwest_client();
    // Many small values: as much memory as so many bytes can become.
    let heavy = vec![json!({}); 20_000];
    let begin = |heavy: &Value| {
        let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "clientInfo": { "name": "test", "version": "1" },
            "capabilities": { "experimental": { "a": { "b": heavy } } } } });
        let request = client.post(http.mcp()).header("content-type", "application/json");
        request.header("accept", "application/json, text/event-stream").body(hello.to_string()).send()
    };
    let memory = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", http.child.id().unwrap())).unwrap();
        let kibibytes =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB")?.trim().parse().ok());
        kibibytes.unwrap_or(0_u64)
    };
    let heavy = json!(heavy);
    for _ in 0..8 {
        assert_eq!(begin(&heavy).await.unwrap().status(), 200);
    }
    let before = memory();
    for _ in 0..SESSIONS {
        let answer = begin(&heavy).await.unwrap();
        assert!(answer.headers().contains_key("mcp-session-id"));
        assert_eq!(message(&answer.text().await.unwrap())["result"]["serverInfo"]["name"], "mcpcap");
    }
    // Kept whole, each would be 1.4 MiB.
    let each = memory().saturating_sub(before) / SESSIONS;
    assert!(each < 500, "{each} KiB for each session");
}

#[tokio::test]
async fn without_sessions_each_request_stands_alone() {
    let http = Http::start(&["--stateless"]).await;
    let request = |body: Value| {
        reqwest_client()
            .post(http.mcp())
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-06-18")
            .body(body.to_string())
    };
    let answer = request(hello()).send().await.unwrap();
    assert!(!answer.headers().contains_key("mcp-session-id"));
    let tool = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
        "name": "analyze_capinfos", "arguments": { "pcap_file": example("dns.pcap") } } });
    let answer = request(tool).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(message(&answer.text().await.unwrap())["result"]["isError"], false);
}

#[tokio::test]
async fn over_http_only_the_working_directory_is_read_unless_more_is_allowed() {
    let project = Http::start(&[]).await;
    let narrow = Http::start_with(&[], &[("MCPCAP_ROOTS", "")]).await;
    let arguments = json!({ "pcap_file": "/etc/hostname" });
    for (http, folder) in [(&project, "captures"), (&narrow, "host")] {
        let (_, answer) = sent(http, call("analyze_capinfos", &arguments)).await;
        let text = message(&answer)["result"]["content"][0]["text"].as_str().unwrap().to_owned();
        let error: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(error["code"], "not_allowed", "{text}");
        assert!(error["error"].as_str().unwrap().contains("--root"), "{folder}: {text}");
    }
    let arguments = json!({ "pcap_file": example("dns.pcap") });
    let (_, answer) = sent(&project, call("analyze_capinfos", &arguments)).await;
    assert_eq!(message(&answer)["result"]["isError"], false);
    // The tests run in the host's folder, and the examples lie beside it.
    let (_, answer) = sent(&narrow, call("analyze_capinfos", &arguments)).await;
    assert_eq!(message(&answer)["result"]["isError"], true);
}

#[tokio::test]
async fn operators_see_each_call_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit");
    let http = Http::start(&["--audit-log", log.to_str().unwrap()]).await;
    for arguments in [
        json!({ "pcap_file": example("dns.pcap") }),
        json!({ "pcap_file": "http://user:hunter2@127.0.0.1:1/x.pcap?token=hunter2" }),
        json!({ "pcap_file": 7 }),
    ] {
        let (_, answer) = sent(&http, call("analyze_capinfos", &arguments)).await;
        assert!(!answer.contains("hunter2"), "{answer}");
    }
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let outcomes: Vec<&str> = lines.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["ok", "fetch_failed", "bad_argument"]);
    let sha256 = "dbed42f1e07348d72e26a422f596a0e2fe4a24e49ebdea6ba19592e46af76669";
    assert_eq!((&lines[0]["tool"], &lines[0]["capture"]), (&json!("analyze_capinfos"), &json!(sha256)));
    assert_eq!(lines[0]["component"].as_str().unwrap().len(), 64);
    assert_eq!(lines[1]["arguments"]["pcap_file"], "http://127.0.0.1:1/x.pcap");
    let (_, metrics) = get(&http, "/metrics", None).await;
    for line in [
        r#"mcpcap_calls_total{tool="analyze_capinfos",outcome="ok"} 1"#,
        r#"mcpcap_calls_total{tool="analyze_capinfos",outcome="fetch_failed"} 1"#,
        r#"mcpcap_capture_bytes_total{tool="analyze_capinfos"} 47281"#,
        "mcpcap_calls_in_progress 0",
    ] {
        assert!(metrics.lines().any(|one| one == line), "{line}\n{metrics}");
    }
}

/// A server that sends a head and then nothing, and says when somebody has come.
pub async fn endless() -> (String, tokio::sync::mpsc::Receiver<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, receiver) = tokio::sync::mpsc::channel(8);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nabc").await;
                let _ = sender.send(()).await;
                // Until the other side goes.
                let _ = stream.read(&mut request).await;
                let _ = sender.send(()).await;
            });
        }
    });
    (address, receiver)
}

#[tokio::test]
async fn a_caller_that_goes_away_ends_its_download() {
    let (address, mut seen) = endless().await;
    let http = Http::start(&["--allow-private-urls"]).await;
    let url = format!("http://{address}/x.pcap");
    let request = call("analyze_capinfos", &json!({ "pcap_file": url }));
    {
        let waiting = sent(&http, request);
        tokio::select! {
            _ = waiting => panic!("there is no answer yet"),
            got = seen.recv() => assert!(got.is_some()),
        }
    }
    tokio::time::timeout(Duration::from_secs(20), seen.recv()).await.expect("the download ends").unwrap();
}

#[tokio::test]
async fn a_server_that_is_told_to_end_answers_the_calls_that_run() {
    let (address, mut seen) = endless().await;
    let mut http = Http::start(&["--allow-private-urls"]).await;
    let request = call("analyze_capinfos", &json!({ "pcap_file": format!("http://{address}/x.pcap") }));
    let mut request = request.build().unwrap();
    *request.url_mut() = http.mcp().parse().unwrap();
    let waiting = tokio::spawn(async move { reqwest_client().execute(request).await.unwrap().text().await.unwrap() });
    seen.recv().await.unwrap();
    http.signal("-TERM");
    // Not ready at once, while the call still has time.
    let mut ready = 200;
    while ready == 200 {
        ready = get(&http, "/readyz", None).await.0;
    }
    assert_eq!(ready, 503);
    let answer = tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("an answer").unwrap();
    assert!(answer.contains("cancelled") && answer.contains("stopping"), "{answer}");
    let status = tokio::time::timeout(Duration::from_secs(30), http.child.wait()).await.expect("it ends").unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn a_killed_server_leaves_no_file_behind() {
    let (address, mut seen) = endless().await;
    let folder = tempfile::tempdir().unwrap();
    let http = Http::start_with(&["--allow-private-urls"], &[("TMPDIR", folder.path().to_str().unwrap())]).await;
    let request = call("analyze_capinfos", &json!({ "pcap_file": format!("http://{address}/x.pcap") }));
    let mut request = request.build().unwrap();
    *request.url_mut() = http.mcp().parse().unwrap();
    let waiting = tokio::spawn(async move { reqwest_client().execute(request).await });
    seen.recv().await.unwrap();
    http.signal("-KILL");
    let _ = waiting.await;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
