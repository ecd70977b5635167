//! Captures behind URLs, from a server of the test's own on loopback.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcpcap::answer::{AnswerError, Code};
use mcpcap::capture::Remote;
use mcpcap::service::{Options, Service};
use mcpcap::settings::Limits;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::{ask, example};

/// A server that answers each request with the same bytes; its address.
async fn serve(answer: Vec<u8>) -> String {
    serve_with(move |_| answer.clone()).await
}

/// A server that answers each request by what it says; its address.
async fn serve_with(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.unwrap_or(0);
            let _ = stream.write_all(&answer(&String::from_utf8_lossy(&request[..read]))).await;
        }
    });
    address
}

/// A service with other options than the tests' usual ones.
fn service_with(remote: Remote, limits: Limits) -> Arc<Service> {
    Arc::new(Service::start(&Options { remote, limits, ..Options::default() }).unwrap())
}

async fn ask_of(service: &Arc<Service>, url: &str) -> Result<Value, AnswerError> {
    let arguments = json!({ "pcap_file": url }).as_object().cloned().unwrap();
    let nobody = Arc::new(|_, _| {});
    Ok(service.answer("analyze_capinfos", arguments, CancellationToken::new(), nobody).await?.report)
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
    for report in [&mut fetched, &mut local] {
        report["file"].take();
        // Cursors are for one capture's name.
        for list in report["shown"]["lists"].as_array_mut().unwrap() {
            list.as_object_mut().unwrap().remove("next");
        }
    }
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

#[tokio::test]
async fn loopback_is_refused_in_every_spelling_and_behind_every_redirect() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let address = serve_with(move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        ok(b"secret")
    })
    .await;
    let port = address.rsplit(':').next().unwrap();
    let service = service_with(Remote::default(), Limits::default());
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "0x7f000001",
        "017700000001",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "localhost",
        "LOCALHOST",
        "user:password@localhost",
        "\u{2460}27.0.0.1",
    ] {
        let error = ask_of(&service, &format!("http://{host}:{port}/x.pcap")).await.unwrap_err();
        assert_eq!(error.code, Code::FetchFailed, "{host}: {error}");
        assert!(error.message.contains("--allow-private-urls"), "{host}: {error}");
        assert!(!error.message.contains("password"), "{error}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 0, "nothing was asked");
    // A host that may be asked leads to one that may not.
    let away = format!(
        "HTTP/1.1 302 Found\r\nlocation: http://localhost:{port}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let redirecting = serve(away.into_bytes()).await;
    let only = Remote { private: true, hosts: vec!["127.0.0.1".into()], ..Remote::default() };
    let service = service_with(only, Limits::default());
    let error = ask_of(&service, &format!("http://{redirecting}/x.pcap")).await.unwrap_err();
    assert!(error.message.contains("--allow-url-host"), "{error}");
    assert_eq!(asked.load(Ordering::Relaxed), 0, "nothing was asked");
    let around = "HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let around = serve(around.into()).await;
    let error = ask_of(&service, &format!("http://{around}/x.pcap")).await.unwrap_err();
    assert!(error.message.contains("redirects too often"), "{error}");
}

#[tokio::test]
async fn fetching_can_be_turned_off() {
    let service = service_with(Remote { enabled: false, ..Remote::default() }, Limits::default());
    let error = ask_of(&service, "https://example.com/x.pcap").await.unwrap_err();
    assert_eq!(error.code, Code::NotAllowed);
    assert!(error.message.contains("--no-remote"), "{error}");
}

#[tokio::test]
async fn endless_and_slow_bodies_end_at_their_limits() {
    let private = || Remote { private: true, ..Remote::default() };
    let endless = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
    let endless = serve([endless, vec![0; 3 << 20]].concat()).await;
    let limits = Limits { download: 1 << 20, ..Limits::default() };
    let error = ask_of(&service_with(private(), limits), &format!("http://{endless}/")).await.unwrap_err();
    assert_eq!(error.code, Code::TooLarge, "{error}");
    // Says a little, and then nothing more.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc").await;
            held.push(stream);
        }
    });
    let limits = Limits { silence: Duration::from_millis(200), ..Limits::default() };
    let error = ask_of(&service_with(private(), limits), &format!("http://{address}/")).await.unwrap_err();
    assert_eq!(error.code, Code::FetchFailed, "{error}");
    assert!(error.message.contains("too long"), "{error}");
}

#[tokio::test]
async fn a_content_encoding_does_not_confuse_it() {
    let file = std::fs::read(example("dns.pcap")).unwrap();
    let zipped = std::fs::read(crate::support::crafted("f_gzip.pcap.gz")).unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-type: application/gzip\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        zipped.len()
    );
    let encoded = serve([head.into_bytes(), zipped].concat()).await;
    let report = ask("analyze_capinfos", Path::new(&format!("http://{encoded}/x.pcap")), json!({})).await.unwrap();
    assert!(report["packet_count"].as_u64().unwrap() > 0, "{report}");
    // A name that promises what the bytes do not hold.
    let plain = serve(ok(&file)).await;
    let report = ask("analyze_capinfos", Path::new(&format!("http://{plain}/x.pcap.gz")), json!({})).await.unwrap();
    assert_eq!(report["packet_count"], 282);
}

#[tokio::test]
async fn a_second_question_about_a_url_is_answered_from_what_is_kept_while_it_holds() {
    let file = std::fs::read(example("dns.pcap")).unwrap();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    let tag = Arc::new(Mutex::new("\"one\""));
    let now = Arc::clone(&tag);
    let address = serve_with(move |request| {
        let tag = *now.lock().unwrap();
        let known = request.to_lowercase().contains(&format!("if-none-match: {tag}"));
        seen.lock().unwrap().push(known);
        if known {
            return b"HTTP/1.1 304 Not Modified\r\nconnection: close\r\n\r\n".to_vec();
        }
        let head =
            format!("HTTP/1.1 200 OK\r\netag: {tag}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", file.len());
        [head.as_bytes(), &file].concat()
    })
    .await;
    let url = format!("http://{address}/x.pcap");
    let private = || Remote { private: true, ..Remote::default() };
    let service = service_with(private(), Limits::default());
    let first = ask_of(&service, &url).await.unwrap();
    let (second, third) = tokio::join!(ask_of(&service, &url), ask_of(&service, &url));
    assert_eq!((&first, &first), (&second.unwrap(), &third.unwrap()));
    *tag.lock().unwrap() = "\"two\"";
    assert_eq!(first, ask_of(&service, &url).await.unwrap());
    assert_eq!(*requests.lock().unwrap(), [false, true, true, false]);
    requests.lock().unwrap().clear();
    let forgetful = service_with(Remote { keep: false, ..private() }, Limits::default());
    for _ in 0..2 {
        assert_eq!(first, ask_of(&forgetful, &url).await.unwrap());
    }
    assert_eq!(*requests.lock().unwrap(), [false, false]);
}

#[tokio::test]
async fn a_call_beyond_those_that_may_wait_is_told_so_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x.pcap", listener.local_addr().unwrap());
    let remote = Remote { private: true, ..Remote::default() };
    let service = service_with(remote, Limits { waiting: 0, ..Limits::default() });
    let mut held = Vec::new();
    // Each holds a place for as long as its download says nothing.
    while !service.is_busy() {
        let (service, url) = (Arc::clone(&service), url.clone());
        let call = tokio::spawn(async move { ask_of(&service, &url).await });
        held.push((call, listener.accept().await.unwrap()));
    }
    let error = ask_of(&service, &url).await.unwrap_err();
    assert_eq!(error.code, Code::Busy, "{error}");
    // A place is free as soon as a call has ended.
    let (call, connection) = held.pop().unwrap();
    drop(connection);
    assert_eq!(call.await.unwrap().unwrap_err().code, Code::FetchFailed);
    assert!(!service.is_busy());
}

/// A capture of nothing but empty frames: as large as one likes, and next to nothing when it is compressed.
fn empty_frames(octets: usize) -> Vec<u8> {
    let head = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1].map(u32::to_le_bytes).concat();
    [head, vec![0; octets]].concat()
}

#[tokio::test]
async fn a_bomb_is_not_inflated_beyond_its_limit_and_what_came_before_is_reported() {
    let content = empty_frames(64 << 20);
    let gzip =
        [b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec(), miniz_oxide::deflate::compress_to_vec(&content, 6), vec![0; 8]]
            .concat();
    let zstd = ruzstd::encoding::compress_to_vec(content.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    for (name, bomb) in [("gzip", gzip), ("zstd", zstd)] {
        assert!(bomb.len() < content.len() / 200, "{name} is no bomb: {}", bomb.len());
        let address = serve(ok(&bomb)).await;
        let limits = Limits { inflated_free: 1 << 20, ..Limits::default() };
        let service = service_with(Remote { private: true, ..Remote::default() }, limits);
        let report = ask_of(&service, &format!("http://{address}/x.pcap")).await.unwrap();
        assert_eq!(report["capture"]["ended"]["reason"], "too-large", "{name}");
        assert_eq!(report["capture"]["complete"], false, "{name}");
        let frames = report["packet_count"].as_u64().unwrap();
        assert!(frames > 1000 && frames < (content.len() / 16) as u64, "{name}: {frames}");
    }
}

/// Certificates are read when something is fetched: who reads files alone needs none.
#[tokio::test]
async fn certificates_are_needed_for_downloads_alone() {
    let run = |capture: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mcpcap"));
        command.args(["analyze", "capinfos", capture, "--allow-private-urls"]);
        command.env("SSL_CERT_FILE", "/dev/null").env("SSL_CERT_DIR", "/dev/null").output().unwrap()
    };
    let local = run(example("dns.pcap").to_str().unwrap());
    assert!(local.status.success(), "{}", String::from_utf8_lossy(&local.stderr));
    let remote = run("https://127.0.0.1:1/x.pcap");
    let said = String::from_utf8_lossy(&remote.stderr);
    assert!(!remote.status.success() && said.contains("No CA certificates"), "{said}");
}
