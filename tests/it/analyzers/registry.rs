//! Components from a registry: pinned by digest, fetched once.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use mcpcap::digest::hex_sha256;
use serde_json::json;

use super::cache::forge;
use super::{Place, description, speaker, text};
use crate::support::measured;

/// What a registry of the test answers to a path: a head's lines and a body.
type Answers = dyn Fn(&str, &str) -> Vec<u8> + Send + Sync;

/// A registry on loopback.
struct Registry {
    port: u16,
    /// The heads of the requests that it got.
    heads: Arc<Mutex<Vec<String>>>,
    /// Bytes that somebody took of an answer without end.
    taken: Arc<AtomicU64>,
}

/// Behind an answer that begins so there is no end.
const ENDLESS: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{";

impl Registry {
    /// Holds one artifact, `acme/counter:1.0`; `blob` is what it gives for the component.
    fn with(wasm: &[u8], blob: &[u8]) -> Self {
        let (manifest, blob) = (manifest(wasm, wasm.len()), blob.to_vec());
        Self::answering(move |path, _| match path {
            path if path.contains("/manifests/") => ok(manifest.as_bytes()),
            path if path.contains("/blobs/") => ok(&blob),
            _ => ok(b"{}"),
        })
    }

    /// Answers by path and head.
    fn answering(answers: impl Fn(&str, &str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (heads, taken) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicU64::new(0)));
        let (seen, counted) = (Arc::clone(&heads), Arc::clone(&taken));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(&stream, &answers, &seen, &counted);
            }
        });
        Self { port, heads, taken }
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn reference(&self, of: &str) -> String {
        format!("oci://{}/acme/counter{of}", self.address())
    }

    fn asked(&self) -> usize {
        self.heads.lock().unwrap().len()
    }
}

fn manifest(wasm: &[u8], size: usize) -> String {
    let digest = format!("sha256:{}", hex_sha256(wasm));
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": { "mediaType": "application/vnd.wasm.config.v0+json", "digest": format!("sha256:{}", hex_sha256(b"{}")), "size": 2 },
        "layers": [{ "mediaType": "application/wasm", "digest": digest, "size": size }],
    })
    .to_string()
}

fn ok(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn without_body(status: &str, header: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{header}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
}

fn answer(mut stream: &TcpStream, answers: &Answers, heads: &Mutex<Vec<String>>, taken: &AtomicU64) {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let head = head.join("\n");
    let answer = answers(head.split(' ').nth(1).unwrap_or_default(), &head.to_lowercase());
    heads.lock().unwrap().push(head);
    let mut went = stream.write_all(&answer);
    while went.is_ok() && answer == ENDLESS {
        went = stream.write_all(&[b' '; 1 << 16]);
        taken.fetch_add(1 << 16, Ordering::Relaxed);
    }
}

/// Where a request came to.
fn host(head: &str) -> &str {
    head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default()
}

/// What the program says of an artifact with the digest of a component that it has to fetch.
fn said_of(registry: &Registry, digest: &str) -> String {
    Place::new().list(&["--analyzer", &registry.reference(&format!("@sha256:{digest}"))])
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
    let asked = registry.asked();
    assert!(place.list(&["--analyzer", &pinned, "--no-remote"]).starts_with("counter 1.0.0"));
    assert_eq!(registry.asked(), asked, "it was kept");
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

#[test]
fn a_manifest_or_blob_without_end_is_left_at_its_limit() {
    let wasm = speaker(&description("counter"));
    for (endless, most, size) in
        [("/manifests/", 4 << 20, wasm.len()), ("/blobs/", 5000, 5000), ("/blobs/", 32 << 20, 32 << 20)]
    {
        let text = manifest(&wasm, size);
        let digest = hex_sha256(text.as_bytes());
        let registry = Registry::answering(move |path, _| match path {
            path if path.contains(endless) => ENDLESS.to_vec(),
            _ => ok(text.as_bytes()),
        });
        let place = Place::new();
        let reference = registry.reference(&format!("@sha256:{digest}"));
        let cache = place.cache.path().to_str().unwrap();
        let run = measured(&["analyzer", "list", "--analyzer", &reference, "--cache-dir", cache]);
        let said = String::from_utf8(run.stdout).unwrap();
        assert!(said.contains(&format!("more than the {most} bytes")), "{said}{}", run.stderr);
        assert!(run.peak < 400 << 10, "{} KiB", run.peak);
        // What was on its way beside what was read.
        assert!(registry.taken.load(Ordering::Relaxed) < most as u64 + (32 << 20));
    }
    let challenge = "WWW-Authenticate: Bearer realm=\"http://HOST/token\"";
    let registry = Registry::answering(move |path, head| match path {
        path if path.starts_with("/token") => ENDLESS.to_vec(),
        _ => without_body("401 Unauthorized", &challenge.replace("HOST", host(head))),
    });
    assert!(said_of(&registry, &"0".repeat(64)).contains("more than the 65536 bytes"));
    // Nothing of it is fetched when it says itself that it is too large.
    let text = manifest(&wasm, (32 << 20) + 1);
    let digest = hex_sha256(text.as_bytes());
    let registry = Registry::answering(move |_, _| ok(text.as_bytes()));
    assert!(said_of(&registry, &digest).contains("more than the 33554432 bytes"));
    assert_eq!(registry.asked(), 1);
}

#[test]
fn a_registry_cannot_send_this_program_into_its_network() {
    let other = Registry::with(b"", b"");
    let digest = "0".repeat(64);
    for (location, because) in [
        (format!("http://{}/v2/", other.address()), "https only"),
        (format!("http://localhost:{}/v2/", other.port), "https only"),
        (format!("https://{}/v2/", other.address()), "--allow-private-urls"),
        (format!("https://localhost:{}/v2/", other.port), "--allow-private-urls"),
        ("https://10.0.0.1/".into(), "--allow-private-urls"),
        ("https://169.254.169.254/latest/".into(), "--allow-private-urls"),
        ("https://[::1]/".into(), "--allow-private-urls"),
        ("http://registry.example/".into(), "https only"),
    ] {
        let away = location.clone();
        let redirects = Registry::answering(move |_, _| without_body("302 Found", &format!("Location: {away}")));
        let said = said_of(&redirects, &digest);
        assert!(said.contains("refused") && said.contains(because), "{location}: {said}");
        let challenge = format!("WWW-Authenticate: Bearer realm=\"{location}\"");
        let asks = Registry::answering(move |_, _| without_body("401 Unauthorized", &challenge));
        let said = said_of(&asks, &digest);
        assert!(said.contains("refused") && said.contains(because), "{location}: {said}");
    }
    assert_eq!(other.asked(), 0);
}

/// `analyzer list` of a reference, with a name and a password for these hosts.
fn with_password(reference: &str, hosts: &str) -> String {
    let place = Place::new();
    let mut program = Command::new(env!("CARGO_BIN_EXE_mcpcap"));
    program.args(["analyzer", "list", "--analyzer", reference]).args(place.arguments());
    program.env("MCPCAP_REGISTRY_USER", "me").env("MCPCAP_REGISTRY_PASSWORD", "hunter2");
    text(&program.env("MCPCAP_REGISTRY_HOST", hosts).output().unwrap())
}

#[test]
fn a_password_goes_to_the_hosts_that_it_belongs_to() {
    // base64 of me:hunter2
    const BASIC: &str = "authorization: basic bwu6ahvudgvymg==";
    let wasm = speaker(&description("counter"));
    let text = manifest(&wasm, wasm.len());
    let digest = hex_sha256(text.as_bytes());
    let guarded = |challenge: &'static str, wanted: &'static str| {
        let (text, wasm) = (text.clone(), wasm.clone());
        Registry::answering(move |path, head| {
            if path.starts_with("/token") {
                assert!(path.contains("scope=repository%3Aacme%2Fcounter%3Apull"), "{path}");
                return ok(br#"{"token":"of-the-test","access_token":"of-the-test"}"#);
            }
            if !head.contains(wanted) {
                return without_body("401 Unauthorized", &challenge.replace("HOST", host(head)));
            }
            ok(if path.contains("/manifests/") { text.as_bytes() } else { &wasm })
        })
    };
    let bearer =
        "WWW-Authenticate: Bearer realm=\"http://HOST/token\",service=\"s\",scope=\"repository:other:pull,push\"";
    for (challenge, wanted) in
        [("WWW-Authenticate: Basic realm=\"x\"", BASIC), (bearer, "authorization: bearer of-the-test")]
    {
        let registry = guarded(challenge, wanted);
        let reference = registry.reference(&format!("@sha256:{digest}"));
        let said = with_password(&reference, &format!("ghcr.io,{}", registry.address()));
        assert!(said.starts_with("counter 1.0.0"), "{said}");
        let asked = registry.heads.lock().unwrap().join("\n").to_lowercase();
        assert!(asked.contains(BASIC), "{asked}");

        // One that it does not belong to has no look at it, nor a token that was made with it.
        let registry = guarded(challenge, wanted);
        let reference = registry.reference(&format!("@sha256:{digest}"));
        let said = with_password(&reference, "ghcr.io");
        let asked = registry.heads.lock().unwrap().join("\n").to_lowercase();
        assert!(!asked.contains("authorization: basic"), "{asked}");
        if wanted == BASIC {
            assert!(said.contains("MCPCAP_REGISTRY_HOST does not say that they belong to"), "{said}");
        } else {
            assert!(said.starts_with("counter 1.0.0"), "nobody's token does here: {said}");
        }
        assert!(!said.contains("hunter2"), "{said}");
    }
}
