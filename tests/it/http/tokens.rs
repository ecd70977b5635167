//! Several tokens in a file that changes while the server runs.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::hello;
use crate::support::http::{Http, reqwest_client};

const A: &str = "token-a-0123456789";
const B: &str = "token-b-0123456789";

/// A server with a file of tokens that lies where it may write nothing.
async fn start(text: &str) -> (Http, PathBuf, [TempDir; 2]) {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let file = folders[0].path().join("tokens");
    write(&file, text);
    let temporary = folders[1].path().to_str().unwrap();
    let http = Http::start_with(&["--auth-token-file", file.to_str().unwrap()], &[("TMPDIR", temporary)]).await;
    (http, file, folders)
}

/// Another file in its place, as who writes secrets should.
fn write(file: &Path, text: &str) {
    let new = file.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::rename(new, file).unwrap();
}

async fn status(http: &Http, token: &str) -> u16 {
    reqwest_client().get(http.url("/metrics")).bearer_auth(token).send().await.unwrap().status().as_u16()
}

/// Waits until a token is let in, or not any more.
async fn until(http: &Http, token: &str, expected: u16) {
    let waits = async {
        while status(http, token).await != expected {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(60), waits).await.is_ok(), "{}", http.log());
}

#[tokio::test]
async fn tokens_come_and_go_while_the_server_runs() {
    let (http, file, _folders) = start(&format!("a: {A}\n")).await;
    assert_eq!((status(&http, A).await, status(&http, B).await), (200, 401));
    write(&file, &format!("a: {A}\nb: {B}\n"));
    until(&http, B, 200).await;
    // A stream that stands open is one's who had the token.
    let post = reqwest_client().post(http.mcp()).bearer_auth(A).header("content-type", "application/json");
    let post = post.header("accept", "application/json, text/event-stream").body(hello().to_string());
    let session = post.send().await.unwrap().headers()["mcp-session-id"].clone();
    let listen = reqwest_client().get(http.mcp()).bearer_auth(A).header("mcp-session-id", session);
    let mut stream = listen.header("accept", "text/event-stream").send().await.unwrap();
    assert_eq!(stream.status(), 200);
    write(&file, &format!("b: {B}\n"));
    until(&http, A, 401).await;
    let ends = async { while stream.chunk().await.is_ok_and(|chunk| chunk.is_some()) {} };
    tokio::time::timeout(Duration::from_secs(30), ends).await.expect("the stream ends");
    assert_eq!(status(&http, B).await, 200);
    // What cannot be used changes nothing.
    write(&file, "two words\n");
    while !http.log().contains("the tokens stay as they were") {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(status(&http, B).await, 200);
    assert!(!http.log().contains(B), "{}", http.log());
}

#[tokio::test]
async fn sighup_reads_them_again_and_ends_nothing() {
    let (mut http, file, _folders) = start(A).await;
    for (text, known, unknown) in [(format!("b: {B}"), B, A), (A.to_owned(), A, B)] {
        std::fs::write(&file, text).unwrap();
        http.signal("-HUP");
        until(&http, known, 200).await;
        assert_eq!(status(&http, unknown).await, 401);
    }
    assert!(http.child.try_wait().unwrap().is_none());
    // Where there is nothing to read, neither.
    for variables in [&[][..], &[("MCPCAP_AUTH_TOKEN", A)]] {
        let mut http = Http::start_with(&[], variables).await;
        http.signal("-HUP");
        while !http.log().contains("SIGHUP") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(status(&http, A).await, 200);
        assert!(http.child.try_wait().unwrap().is_none());
    }
}

#[tokio::test]
async fn sighup_ends_no_session_over_stdio() {
    let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_mcpcap"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut lines = BufReader::new(output).lines();
    input.write_all(format!("{}\n", hello()).as_bytes()).await.unwrap();
    assert!(lines.next_line().await.unwrap().unwrap().contains("serverInfo"));
    let id = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    let begun = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let ping = json!({ "jsonrpc": "2.0", "id": 2, "method": "ping" });
    input.write_all(format!("{begun}\n{ping}\n").as_bytes()).await.unwrap();
    assert!(lines.next_line().await.unwrap().unwrap().contains("\"id\":2"));
    drop(input);
    assert!(child.wait().await.unwrap().success());
}

#[tokio::test]
async fn who_lets_others_read_the_tokens_is_warned() {
    const WARNING: &str = "every user of this machine can read the tokens";
    let (http, file, _folders) = start(A).await;
    assert!(!http.log().contains(WARNING), "{}", http.log());
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    http.signal("-HUP");
    while !http.log().contains(WARNING) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let again = Http::start(&["--auth-token-file", file.to_str().unwrap()]).await;
    assert!(again.log().contains(WARNING), "{}", again.log());
}
