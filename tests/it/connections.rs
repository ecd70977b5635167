//! Many connections at once, from several of loopback's addresses.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::http::Http;

/// A connection from one of loopback's addresses.
async fn connect(to: &str, from: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(to.parse().unwrap()).await.unwrap()
}

/// Sends a request on a connection of its own: the answer's head and what of its body came at once.
async fn asked(to: &str, from: &str, request: &str) -> (TcpStream, String) {
    let mut stream = connect(to, from).await;
    stream.write_all(request.replace("HOST", to).as_bytes()).await.unwrap();
    let mut answer = vec![0; 8192];
    let read = tokio::time::timeout(Duration::from_secs(60), stream.read(&mut answer)).await.expect("an answer");
    answer.truncate(read.unwrap_or_default());
    (stream, String::from_utf8_lossy(&answer).into_owned())
}

async fn status(to: &str, from: &str, request: &str) -> String {
    asked(to, from, request).await.1.split(' ').nth(1).unwrap_or_default().to_owned()
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: HOST\r\n\r\n";
const READY: &str = "GET /readyz HTTP/1.1\r\nhost: HOST\r\n\r\n";

fn post(body: &serde_json::Value, more: &str) -> String {
    let body = body.to_string();
    format!(
        "POST /mcp HTTP/1.1\r\nhost: HOST\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n{more}\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn hello() -> String {
    let params = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } });
    post(&json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }), "")
}

#[tokio::test]
async fn half_sent_heads_hold_up_nobody() {
    let http = Http::start(&[]).await;
    let mut held = Vec::new();
    // More than the server has room for altogether, from more addresses than one.
    for n in 0..1500 {
        let from = format!("127.0.1.{}", n % 6 + 1);
        let mut stream = connect(&http.address, &from).await;
        stream
            .write_all(if n % 2 == 0 {
                b"GET /mcp HT"
            } else {
                b"POST /mcp HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{"
            })
            .await
            .unwrap();
        held.push(stream);
    }
    for from in ["127.0.0.1", "127.0.1.1", "127.0.1.6", "127.0.0.9"] {
        assert_eq!(status(&http.address, from, HEALTH).await, "200", "{from}");
        assert_eq!(status(&http.address, from, READY).await, "200", "{from}");
        assert_eq!(status(&http.address, from, &hello()).await, "200", "{from}");
    }
}

#[tokio::test]
async fn streams_that_stand_open_count() {
    let http = Http::start(&["--max-connections-per-address", "3"]).await;
    let (hello_stream, answer) = asked(&http.address, "127.0.0.1", &hello()).await;
    let session = answer.lines().find_map(|line| line.strip_prefix("mcp-session-id: ")).expect("a session").to_owned();
    drop(hello_stream);
    let listen =
        format!("GET /mcp HTTP/1.1\r\nhost: HOST\r\naccept: text/event-stream\r\nmcp-session-id: {session}\r\n\r\n");
    let mut streams = Vec::new();
    for _ in 0..3 {
        let (stream, answer) = asked(&http.address, "127.0.0.1", &listen).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        streams.push(stream);
    }
    // More of those for whom there is no room than are told so at once.
    let mut half_sent = Vec::new();
    for _ in 0..100 {
        let mut stream = connect(&http.address, "127.0.0.1").await;
        stream.write_all(b"GET /mcp HT").await.unwrap();
        half_sent.push(stream);
    }
    assert_eq!(status(&http.address, "127.0.0.1", &hello()).await, "429");
    assert_eq!(status(&http.address, "127.0.0.1", HEALTH).await, "200");
    assert_eq!(status(&http.address, "127.0.0.1", READY).await, "200");
    assert_eq!(status(&http.address, "127.0.0.2", &hello()).await, "200");
    streams.pop();
    // As soon as the server has noticed.
    while status(&http.address, "127.0.0.1", &hello()).await == "429" {}
}

#[tokio::test]
async fn health_has_an_address_of_its_own() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let own = format!("127.0.0.1:{port}");
    let token = [("MCPCAP_AUTH_TOKEN", "a-token-of-the-test-0123456789")];
    let _http = Http::start_with(&["--health-listen", &own], &token).await;
    let mut held = Vec::new();
    for _ in 0..200 {
        let mut stream = connect(&own, "127.0.0.1").await;
        stream.write_all(b"GET /healthz HT").await.unwrap();
        held.push(stream);
    }
    for (path, expected) in [("/healthz", "200"), ("/readyz", "200"), ("/mcp", "404"), ("/metrics", "404")] {
        let request = HEALTH.replace("/healthz", path);
        assert_eq!(status(&own, "127.0.0.1", &request).await, expected, "{path}");
    }
}
