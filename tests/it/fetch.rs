//! Captures behind URLs, from a server of the test's own on loopback.

use std::path::Path;

use mcpcap::answer::Code;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{ask, example};

/// A server that answers each request with the same bytes; its address.
async fn serve(answer: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&answer).await;
        }
    });
    address
}

fn ok(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn a_capture_behind_a_url_gives_the_same_report_and_keeps_credentials_to_itself() {
    let file = example("dns.pcap");
    let address = serve(ok(&std::fs::read(&file).unwrap())).await;
    let url = format!("http://user:secret@{address}/dns.pcap?token=secret");
    let mut fetched = ask("analyze_dns_packets", Path::new(&url), json!({})).await.unwrap();
    let mut local = ask("analyze_dns_packets", &file, json!({})).await.unwrap();
    assert_eq!(fetched["file"], format!("http://{address}/dns.pcap"));
    assert!(!fetched.to_string().contains("secret"));
    fetched["file"].take();
    local["file"].take();
    assert_eq!(fetched, local);
}

#[tokio::test]
async fn a_fetch_that_fails_says_why() {
    let missing = serve(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec()).await;
    let page = serve(ok(b"<!DOCTYPE html><html><body>log in first</body></html>")).await;
    let short = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\nconnection: close\r\n\r\nabc".to_vec()).await;
    let huge = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\nconnection: close\r\n\r\n".to_vec()).await;
    let away = serve(
        b"HTTP/1.1 302 Found\r\nlocation: file:///etc/passwd\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            .to_vec(),
    )
    .await;
    for (address, code, words) in [
        (missing, Code::FetchFailed, "404"),
        (page, Code::NotACapture, "not a capture"),
        (short, Code::FetchFailed, "connection failed"),
        (huge, Code::TooLarge, "limit"),
        (away, Code::FetchFailed, "302"),
        ("127.0.0.1:1".into(), Code::FetchFailed, "connection failed"),
    ] {
        let url = format!("http://{address}/x.pcap");
        let error = ask("analyze_capinfos", Path::new(&url), json!({})).await.unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert!(error.message.contains(words), "{error}");
    }
}
