//! Digests of captures: computed once for a file that nobody writes to, and never told of another.

use std::path::Path;
use std::process::Command as Process;
use std::time::Duration;

use rmcp::ServiceExt;
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{Client, call};
use crate::support::example;

const BINARY: &str = env!("CARGO_BIN_EXE_mcpcap");

async fn client(options: &[&str]) -> Client {
    let mut command = Command::new(BINARY);
    command.args(options).env("MCPCAP_KEPT_TABLES", "0");
    ().serve(TokioChildProcess::new(command).expect("the server starts")).await.expect("a session")
}

/// A report, and what its receipt says of the capture.
async fn asked(client: &Client, tool: &str, capture: &Path) -> (Value, Value) {
    let result = call(client, tool, capture, &json!({})).await;
    let receipt = json!(result.meta)["mcpcap/receipt"]["capture"].clone();
    (result.structured_content.expect("a report"), receipt)
}

#[tokio::test]
async fn a_file_is_hashed_once_whatever_is_asked_about_it() {
    let (keeps, reads) = (client(&[]).await, client(&["--kept-answers", "0"]).await);
    let capture = example("icmp.pcap");
    let mut known = false;
    // The last one shows SHA-1, which nobody asked for before.
    for tool in ["analyze_icmp_packets", "analyze_conversations", "analyze_capinfos"] {
        let (report, mut receipt) = asked(&keeps, tool, &capture).await;
        assert_eq!(receipt.as_object_mut().unwrap().remove("digest_kept"), known.then_some(json!(true)), "{tool}");
        known = true;
        assert_eq!((report, receipt), asked(&reads, tool, &capture).await, "{tool}");
    }
    keeps.cancel().await.unwrap();
    reads.cancel().await.unwrap();
}

#[tokio::test]
async fn a_file_that_changed_has_another_digest() {
    let client = client(&[]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pcap");
    let mut content = std::fs::read(example("icmp.pcap")).unwrap();
    let mut digests = Vec::new();
    for _ in 0..2 {
        std::fs::write(&path, &content).unwrap();
        // A moment ago: the next change might have the same time.
        assert!(asked(&client, "analyze_capinfos", &path).await.1["digest_kept"].is_null());
        tokio::time::sleep(Duration::from_millis(4200)).await;
        let (first, second) = (
            asked(&client, "analyze_icmp_packets", &path).await.1,
            asked(&client, "analyze_conversations", &path).await.1,
        );
        assert!(first["digest_kept"].is_null() && second["digest_kept"] == true, "{first} {second}");
        assert_eq!(first["sha256"], second["sha256"]);
        digests.push(first["sha256"].clone());
        // The last octet of the last packet.
        *content.last_mut().unwrap() ^= 1;
    }
    assert!(digests[0].is_string() && digests[0] != digests[1], "{digests:?}");
    client.cancel().await.unwrap();
}

#[test]
fn the_terminal_remembers_them_beside_the_tables() {
    let folder = tempfile::tempdir().unwrap();
    let tables = folder.path().join("tables");
    let printed = |tool: &str, kept: &str| {
        let mut program = Process::new(BINARY);
        program.args(["analyze", tool, "--format", "json"]).arg(example("icmp.pcap"));
        let output = program.env("MCPCAP_TABLES_DIR", &tables).env("MCPCAP_KEPT_TABLES", kept).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let seen = || {
        std::fs::read_dir(&tables)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.extension().is_some_and(|extension| extension == "seen"))
    };
    printed("icmp", "0");
    assert_eq!(seen(), None);
    printed("icmp", "10");
    let file = seen().expect("what is remembered");
    let (sha256, both) = (std::fs::metadata(&file).unwrap().len(), printed("capinfos", "0"));
    for _ in 0..2 {
        assert_eq!(printed("capinfos", "10"), both);
        // With SHA-1 now.
        assert_eq!(std::fs::metadata(&file).unwrap().len(), sha256 + 41);
    }
    // What was changed by others is not believed.
    let mut content = std::fs::read(&file).unwrap();
    let last = content.last_mut().unwrap();
    *last = if *last == b'0' { b'1' } else { b'0' };
    std::fs::write(&file, content).unwrap();
    assert_eq!(printed("capinfos", "10"), both);
}
