//! Who asked, in the audit log and in the log: what was answered, and what was refused.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{hello, post, request, sent};
use crate::support::example;
use crate::support::http::{Http, reqwest_client};

const ANNA: &str = "annas-token-0123456789";

fn lines(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[tokio::test]
async fn each_line_says_who_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (log, tokens) = (folder.path().join("audit"), folder.path().join("tokens"));
    std::fs::write(&tokens, format!("# people\nanna: {ANNA}\nbert: berts-token-0123456789\n")).unwrap();
    let http = Http::start(&[
        "--audit-log",
        log.to_str().unwrap(),
        "--auth-token-file",
        tokens.to_str().unwrap(),
        "--modules",
        "capinfos",
    ])
    .await;
    let arguments = json!({ "pcap_file": example("dns.pcap") });
    let mut alone = request("tools/call", json!({ "name": "analyze_capinfos", "arguments": arguments }));
    alone["params"]["_meta"]["io.modelcontextprotocol/clientInfo"] =
        json!({ "name": "al\u{202e}one", "version": "2.1" });
    let alone = post(&alone).header("mcp-name", "analyze_capinfos").header("x-forwarded-for", "192.0.2.7");
    assert_eq!(sent(&http, alone.bearer_auth("berts-token-0123456789")).await.0, 200);
    // In a session, whose client said at its beginning who it is.
    let with = |body: &Value| {
        let request = reqwest_client().post(http.mcp()).bearer_auth(ANNA).header("content-type", "application/json");
        request.header("accept", "application/json, text/event-stream").body(body.to_string())
    };
    let answer = with(&hello()).send().await.unwrap();
    let session = answer.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let begun = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(with(&begun).header("mcp-session-id", &session).send().await.unwrap().status(), 202);
    let mut id = 1;
    let mut ask = async |params: Value| {
        id += 1;
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
        with(&body).header("mcp-session-id", &session).send().await.unwrap().text().await.unwrap()
    };
    ask(json!({ "name": "analyze_capinfos", "arguments": arguments })).await;
    ask(json!({ "name": "analyze_capinfos", "arguments": { "pcap_file": example("dns.pcap"), "nothing": 1 } })).await;
    ask(json!({ "name": "analyze_dns_packets", "arguments": arguments })).await;
    ask(json!({ "name": "analyze_capinfos", "arguments": "text" })).await;
    ask(json!({ "name": "list_captures", "arguments": {} })).await;
    let lines = lines(&log);
    let who = |line: &Value| json!([line["from"], line["token"], line["client"]["name"], line["client"]["version"]]);
    assert_eq!(who(&lines[0]), json!(["127.0.0.1", "bert", "al\\u{202e}one", "2.1"]));
    assert_eq!((&lines[0]["session"], &lines[0]["forwarded_for"]), (&Value::Null, &json!("192.0.2.7")));
    for line in &lines[1..] {
        assert_eq!(who(line), json!(["127.0.0.1", "anna", "test", "1"]), "{line}");
        // So much of it that it can be told apart, and not be used.
        assert_eq!(line["session"], session[..8], "{line}");
    }
    let outcomes: Vec<&str> = lines.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["ok", "ok", "bad_argument", "refused", "refused", "ok"]);
    assert_eq!((&lines[3]["reason"], &lines[3]["tool"]), (&json!("tool"), &json!("analyze_dns_packets")));
    assert_eq!(lines[4]["reason"], "parameters");
    assert_eq!((&lines[5]["tool"], &lines[5]["component"]), (&json!("list_captures"), &Value::Null));
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(!text.contains("-token-0123456789") && !text.contains(&session), "{text}");
}

#[test]
fn over_stdio_the_client_is_known_by_its_own_words() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_mcpcap"))
        .args(["--audit-log", log.to_str().unwrap()])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let begun = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let ask = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
        "name": "analyze_capinfos", "arguments": { "pcap_file": example("dns.pcap") } } });
    let mut input = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, format!("{}\n{begun}\n{ask}\n", hello()).as_bytes()).unwrap();
    // The session goes on until the answer is there.
    let mut said = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("\"id\":2") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut said, &mut line).unwrap() > 0);
    }
    drop(input);
    assert!(child.wait().unwrap().success());
    let line = lines(&log).remove(0);
    assert_eq!((&line["client"], &line["outcome"]), (&json!({ "name": "test", "version": "1" }), &json!("ok")));
    assert_eq!((&line["from"], &line["session"], &line["token"]), (&Value::Null, &Value::Null, &Value::Null));
}

#[tokio::test]
async fn what_is_refused_before_mcp_has_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit");
    let options = ["--audit-log", log.to_str().unwrap(), "--max-connections-per-address", "1"];
    let http = Http::start_with(&options, &[("MCPCAP_AUTH_TOKEN", ANNA)]).await;
    let list = || post(&request("tools/list", json!({}))).header("connection", "close");
    let unknown = reqwest_client().delete(http.mcp()).header("connection", "close").header("mcp-session-id", "unknown");
    for (request, status) in [
        (list(), 401),
        (list().bearer_auth("guessed"), 401),
        (list().bearer_auth(ANNA).header("origin", "https://evil.example"), 403),
        (list().bearer_auth(ANNA).header("host", "evil.example"), 403),
        (list().bearer_auth(ANNA).body("{"), 400),
        (list().bearer_auth(ANNA).body(" ".repeat(65_537)), 413),
        (unknown.bearer_auth(ANNA), 404),
    ] {
        assert_eq!(sent(&http, request).await.0, status);
    }
    // A stream that stands open takes the only connection that there may be.
    let hello = hello().to_string();
    let head = format!(
        "host: {}\r\nauthorization: Bearer {ANNA}\r\naccept: application/json, text/event-stream\r\n",
        http.address
    );
    let mut stream = TcpStream::connect(&http.address).await.unwrap();
    let post = format!(
        "POST /mcp HTTP/1.1\r\n{head}content-type: application/json\r\ncontent-length: {}\r\n\r\n{hello}",
        hello.len()
    );
    stream.write_all(post.as_bytes()).await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with("0\r\n\r\n") {
        let mut part = vec![0; 8192];
        let read = stream.read(&mut part).await.unwrap();
        answer += std::str::from_utf8(&part[..read]).unwrap();
    }
    let session = answer.lines().find_map(|line| line.strip_prefix("mcp-session-id: ")).expect("a session");
    let listen = format!("GET /mcp HTTP/1.1\r\n{head}mcp-session-id: {session}\r\n\r\n");
    stream.write_all(listen.as_bytes()).await.unwrap();
    assert!(stream.read(&mut [0; 8192]).await.unwrap() > 0);
    assert_eq!(sent(&http, list().bearer_auth(ANNA)).await.0, 429);
    let lines = lines(&log);
    let told: Vec<Value> = lines.iter().map(|line| json!([line["reason"], line["status"], line["token"]])).collect();
    let expected = [
        json!(["token", 401, null]),
        json!(["token", 401, null]),
        json!(["origin", 403, "default"]),
        json!(["host", 403, "default"]),
        json!(["json", 400, "default"]),
        json!(["body", 413, "default"]),
        json!(["session", 404, "default"]),
        json!(["address", null, null]),
    ];
    assert_eq!(told, expected);
    assert!(lines.iter().all(|line| line["from"] == "127.0.0.1" && line["outcome"] == "refused"), "{lines:?}");
}

#[tokio::test]
async fn guessing_fills_no_disk() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit");
    let mut http = Http::start_with(&["--audit-log", log.to_str().unwrap()], &[("MCPCAP_AUTH_TOKEN", ANNA)]).await;
    let client = reqwest_client();
    for n in 0..300 {
        let guess = client.get(http.url("/metrics")).bearer_auth(format!("guess-{n}"));
        assert_eq!(guess.send().await.unwrap().status(), 401);
    }
    drop(client);
    http.signal("-TERM");
    assert!(tokio::time::timeout(Duration::from_secs(30), http.child.wait()).await.unwrap().unwrap().success());
    let lines = lines(&log);
    let further: u64 = lines.iter().filter_map(|line| line["further"].as_u64()).sum();
    let own = lines.iter().filter(|line| line["further"].is_null()).count();
    // A minute may have ended between.
    assert!(own <= 20 && own as u64 + further == 300, "{own} {further}");
}

#[tokio::test]
async fn the_log_is_json_when_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tok\u{202e}ens");
    std::fs::write(&tokens, ANNA).unwrap();
    let options = ["--log-format", "json", "--auth-token-file", tokens.to_str().unwrap()];
    let http = Http::start(&options).await;
    assert_eq!(sent(&http, post(&request("tools/list", json!({})))).await.0, 401);
    while !http.log().contains("refused") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let log = http.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let listening =
        lines.iter().find(|line| line["message"].as_str().is_some_and(|text| text.starts_with("listening")));
    let listening = listening.unwrap_or_else(|| panic!("{log}"));
    assert_eq!((&listening["level"], listening["time"].as_str().unwrap().len() > 20), (&json!("INFO"), true));
    assert!(lines.iter().any(|line| line["outcome"] == "refused") && !log.contains('\u{202e}'), "{log}");
    let failed = std::process::Command::new(env!("CARGO_BIN_EXE_mcpcap"))
        .args(["--transport", "http", "--port", "1", "--root", "/nowhere"])
        .env("MCPCAP_LOG_FORMAT", "json")
        .output()
        .unwrap();
    let said = String::from_utf8(failed.stderr).unwrap();
    for line in said.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
    assert!(failed.status.code() == Some(1) && said.contains("/nowhere"), "{said}");
}
