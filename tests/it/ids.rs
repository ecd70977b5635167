//! Two requests of one session with the same id.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};

use crate::http::endless;
use crate::support::http::{Http, reqwest_client};
use crate::wire::Dialog;

fn call(url: &str) -> Value {
    json!({ "name": "analyze_capinfos", "arguments": { "pcap_file": url } })
}

/// A message in a session, or before there is one.
async fn posted(http: &Http, session: &str, body: String) -> reqwest::Response {
    let request = reqwest_client().post(http.mcp()).header("content-type", "application/json");
    let request = request.header("accept", "application/json, text/event-stream").body(body);
    let request = if session.is_empty() { request } else { request.header("mcp-session-id", session) };
    request.send().await.unwrap()
}

#[tokio::test]
async fn over_http_the_second_is_refused_and_each_stream_ends() {
    let (address, mut seen) = endless().await;
    let http = Http::start(&["--allow-private-urls"]).await;
    let url = format!("http://{address}/x.pcap");
    let hello = json!({ "jsonrpc": "2.0", "id": 7, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } } });
    let answer = posted(&http, "", hello.to_string()).await;
    let session = answer.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let noted =
        |method: &str, params: Value| json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string();
    posted(&http, &session, noted("notifications/initialized", json!({}))).await;

    let asked = |id: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{}}}"#, call(&url));
    for goes_away in [false, true] {
        let first = posted(&http, &session, asked("7")).await;
        assert_eq!(first.status(), 200);
        seen.recv().await.unwrap();
        // Its client goes away, and may come back for the answer.
        let first = if goes_away { None } else { Some(first) };
        for id in ["7", "7.0", "70e-1", r#"1,"id":7"#, r#"7,"id":7"#] {
            let second = posted(&http, &session, asked(id)).await;
            assert_eq!(second.status(), 400, "{id}");
            let error: Value = serde_json::from_str(&second.text().await.unwrap()).unwrap();
            assert_eq!((&error["error"]["code"], &error["id"]), (&json!(-32600), &Value::Null), "{id}: {error}");
        }
        let other = posted(&http, &session, json!({ "jsonrpc": "2.0", "id": "7", "method": "ping" }).to_string()).await;
        assert!(other.text().await.unwrap().contains("result"));
        posted(&http, &session, noted("notifications/cancelled", json!({ "requestId": 7 }))).await;
        if let Some(first) = first {
            tokio::time::timeout(Duration::from_secs(60), first.text()).await.expect("the stream ends").unwrap();
        }
        // The id is free as soon as nobody works on the first.
        let again = json!({ "jsonrpc": "2.0", "id": 7, "method": "ping" }).to_string();
        let mut answer = posted(&http, &session, again.clone()).await;
        while answer.status() == 400 {
            answer = posted(&http, &session, again.clone()).await;
        }
        assert!(answer.text().await.unwrap().contains("result"));
        // The end of the download.
        seen.recv().await.unwrap();
    }
}

#[test]
fn over_stdio_the_second_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x.pcap", listener.local_addr().unwrap());
    let mut dialog = Dialog::with("2025-11-25", &["--allow-private-urls".as_ref()]);
    assert_eq!(dialog.hear()["id"], 0, "the answer to initialize");
    dialog.tell(7, "tools/call", call(&url));
    let (mut stream, _) = listener.accept().unwrap();
    let mut request = [0; 4096];
    assert!(stream.read(&mut request).unwrap() > 0);
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nabc").unwrap();
    for _ in 0..3 {
        dialog.tell(7, "ping", json!({}));
        let refused = dialog.hear();
        assert!(refused["error"]["code"] == -32600 && refused["id"].is_null(), "{refused}");
    }
    drop(stream);
    let first = dialog.hear();
    assert!(first["id"] == 7 && first["result"]["isError"] == true, "{first}");
    assert!(dialog.ask(7, "ping", json!({})).last().unwrap()["result"].is_object());
}
