//! Components from a registry: pinned by digest, fetched once.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcpcap::capture::hex_sha256;
use serde_json::json;

use super::cache::forge;
use super::{Place, description, speaker, text};

/// A registry on loopback that holds one artifact, `acme/counter:1.0`.
struct Registry {
    port: u16,
    /// How often it was asked.
    asked: Arc<AtomicUsize>,
}

impl Registry {
    /// `blob` is what it gives for the component.
    fn with(wasm: &[u8], blob: &[u8]) -> Self {
        let digest = format!("sha256:{}", hex_sha256(wasm));
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": { "mediaType": "application/vnd.wasm.config.v0+json", "digest": format!("sha256:{}", hex_sha256(b"{}")), "size": 2 },
            "layers": [{ "mediaType": "application/wasm", "digest": digest, "size": wasm.len() }],
        })
        .to_string();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, asked) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let (count, blob) = (Arc::clone(&asked), blob.to_vec());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                answer(&stream, &manifest, &blob);
            }
        });
        Self { port, asked }
    }

    fn reference(&self, of: &str) -> String {
        format!("oci://127.0.0.1:{}/acme/counter{of}", self.port)
    }
}

fn answer(mut stream: &TcpStream, manifest: &str, blob: &[u8]) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let request = lines.next().unwrap_or_default();
    for _ in lines.by_ref().take_while(|line| !line.is_empty()) {}
    let (kind, body) = if request.contains("/manifests/") {
        ("application/vnd.oci.image.manifest.v1+json", manifest.as_bytes())
    } else if request.contains("/blobs/") {
        ("application/octet-stream", blob)
    } else {
        ("application/json", b"{}".as_slice())
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

#[test]
fn a_pinned_component_is_fetched_once() {
    let wasm = speaker(&description("counter"));
    let registry = Registry::with(&wasm, &wasm);
    let place = Place::new();
    let output = place.run(&["analyzer", "pin", &registry.reference(":1.0")]);
    let pinned = String::from_utf8(output.stdout.clone()).unwrap().trim().to_owned();
    assert!(pinned.starts_with(&registry.reference("@sha256:")), "{}", text(&output));

    let said = place.list(&["--analyzer", &pinned, "--no-remote"]);
    assert!(said.contains("--no-remote forbids to fetch it"), "{said}");
    let said = place.list(&["--analyzer", &pinned]);
    assert!(said.starts_with("counter 1.0.0") && said.contains(&hex_sha256(&wasm)), "{said}");
    let asked = registry.asked.load(Ordering::Relaxed);
    assert!(place.list(&["--analyzer", &pinned, "--no-remote"]).starts_with("counter 1.0.0"));
    assert_eq!(registry.asked.load(Ordering::Relaxed), asked, "it was kept");
    // Something else in its place is not what was pinned, and is fetched again.
    let entry = std::fs::read_dir(place.cache.path()).unwrap().map(|entry| entry.unwrap().path());
    let entry = entry.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "wasm")).unwrap();
    forge(&entry, &speaker(&description("other")));
    assert!(place.list(&["--analyzer", &pinned, "--no-remote"]).contains("--no-remote forbids to fetch it"));
    assert!(place.list(&["--analyzer", &pinned]).starts_with("counter 1.0.0"));

    assert!(place.list(&["--analyzer", &pinned, "--locked"]).contains("is not in"));
    assert!(place.run(&["analyzer", "approve", "--yes", &pinned]).status.success());
    assert!(place.list(&["--analyzer", &pinned, "--locked"]).starts_with("counter 1.0.0"));
}

#[test]
fn what_is_not_what_was_pinned_is_refused() {
    let wasm = speaker(&description("counter"));
    let registry = Registry::with(&wasm, &speaker(&description("other")));
    let place = Place::new();
    let output = place.run(&["analyzer", "pin", &registry.reference(":1.0")]);
    let pinned = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    let said = place.list(&["--analyzer", &pinned]);
    assert!(said.contains("refused") && said.to_lowercase().contains("digest"), "{said}");
    // A manifest that is another one than was pinned.
    let other = registry.reference(&format!("@sha256:{}", "0".repeat(64)));
    let said = place.list(&["--analyzer", &other]);
    assert!(said.contains("refused") && said.to_lowercase().contains("digest"), "{said}");
}
