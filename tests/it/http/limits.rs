//! Limits of HTTP that an operator sets: each is in force.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{call, get, hello, post, request, sent};
use crate::support::example;
use crate::support::http::{Http, reqwest_client};

/// What the server says to these bytes, until it closes the connection or an answer's head is there.
async fn said(http: &Http, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(&http.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = vec![0; 4096];
    let read =
        tokio::time::timeout(Duration::from_secs(60), stream.read(&mut answer)).await.expect("an answer or the end");
    String::from_utf8_lossy(&answer[..read.unwrap_or_default()]).into_owned()
}

#[tokio::test]
async fn heads_and_bodies_have_the_size_and_time_that_were_set() {
    let http = Http::start(&["--head-size", "8", "--head-time", "1", "--body-size", "2", "--body-time", "1"]).await;
    let long = format!("GET /healthz HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(20_000));
    assert!(said(&http, long.as_bytes()).await.starts_with("HTTP/1.1 431"));
    // A head that is half sent is waited for, but not for long.
    let answer = said(&http, b"GET /healthz HTTP/1.1\r\nhost: a\r\n").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    let slow = "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    assert!(said(&http, slow.as_bytes()).await.starts_with("HTTP/1.1 408"));
    let with = |length: usize| {
        let mut message = request("tools/list", json!({}));
        message["params"]["_meta"]["x"] = "x".repeat(length).into();
        post(&message)
    };
    assert_eq!((sent(&http, with(1000)).await.0, sent(&http, with(2000)).await.0), (200, 413));
}

async fn session(http: &Http) -> String {
    let hello = reqwest_client().post(http.mcp()).header("content-type", "application/json").body(hello().to_string());
    let answer = hello.header("accept", "application/json, text/event-stream").send().await.unwrap();
    answer.headers()["mcp-session-id"].to_str().unwrap().to_owned()
}

async fn ends(http: &Http, session: &str) -> u16 {
    let asked = reqwest_client().delete(http.mcp()).header("mcp-session-id", session);
    asked.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn there_are_as_many_sessions_as_were_set() {
    let http = Http::start(&["--max-sessions", "2"]).await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(session(&http).await);
    }
    for (session, status) in sessions.iter().zip([404, 200, 200]) {
        assert_eq!(ends(&http, session).await, status);
    }
}

#[tokio::test]
async fn a_session_that_is_silent_ends() {
    let http = Http::start(&["--session-time", "1"]).await;
    session(&http).await;
    let waits = async {
        while !get(&http, "/metrics", None).await.1.contains("mcpcap_http_sessions 0\n") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waits).await.expect("it ends");
}

#[tokio::test]
async fn there_are_as_many_connections_as_were_set() {
    let http = Http::start(&["--max-connections", "1"]).await;
    let session = session(&http).await;
    let listen =
        reqwest_client().get(http.mcp()).header("accept", "text/event-stream").header("mcp-session-id", session);
    let _stream = listen.send().await.unwrap();
    let answer = said(&http, b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(said(&http, b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.starts_with("HTTP/1.1 200"));
}

/// A call that runs is let finish, longer than it would be unasked.
#[tokio::test]
async fn calls_are_drained_for_as_long_as_was_set() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x.pcap", listener.local_addr().unwrap());
    let content = std::fs::read(example("dns.pcap")).unwrap();
    let mut http = Http::start(&["--allow-private-urls", "--drain-time", "600"]).await;
    let mut asked = call("analyze_capinfos", &json!({ "pcap_file": url })).build().unwrap();
    *asked.url_mut() = http.mcp().parse().unwrap();
    let waiting = tokio::spawn(async move { reqwest_client().execute(asked).await.unwrap().text().await.unwrap() });
    let (mut stream, _) = listener.accept().await.unwrap();
    let _ = stream.read(&mut [0; 4096]).await;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", content.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    http.signal("-TERM");
    tokio::time::sleep(Duration::from_secs(7)).await;
    stream.write_all(&content).await.unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(60), waiting).await.expect("an answer").unwrap();
    let answer: Value = super::message(&answer);
    assert_eq!(answer["result"]["isError"], false, "{answer}");
    assert!(tokio::time::timeout(Duration::from_secs(60), http.child.wait()).await.unwrap().unwrap().success());
}
