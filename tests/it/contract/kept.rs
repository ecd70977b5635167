//! Answers that are kept: the next page, another section, order, condition or size is made of them, and never of another file.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rmcp::ServiceExt;
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{Client, call, client};
use crate::support::example;

const TOOL: &str = "analyze_dns_packets";

async fn without_keeping() -> Client {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpcap"));
    command.args(["--kept-answers", "0"]);
    ().serve(TokioChildProcess::new(command).expect("the server starts")).await.expect("a session")
}

/// A report, and what its receipt says of keeping.
async fn asked(client: &Client, capture: &Path, arguments: &Value) -> (Value, bool) {
    let result = call(client, TOOL, capture, arguments).await;
    let receipt = json!(result.meta)["mcpcap/receipt"].clone();
    let kept = receipt["kept"].as_bool().unwrap_or_else(|| panic!("{receipt}"));
    (result.structured_content.expect("a report"), kept)
}

/// An hour ago.
fn an_hour_ago() -> SystemTime {
    SystemTime::now() - Duration::from_secs(3600)
}

/// Waits until a further change of a file would show in its times.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(4200)).await;
}

#[tokio::test]
async fn further_questions_are_answered_from_what_is_kept_as_if_nothing_were() {
    let (keeps, reads) = (client().await, without_keeping().await);
    let capture = example("dns.pcap");
    let (first, kept) = asked(&keeps, &capture, &json!({ "max_chars": 4000 })).await;
    assert!(!kept);
    let lists = first["shown"]["lists"].as_array().unwrap();
    let next = &lists.iter().find(|list| list["list"] == "packets").unwrap()["next"];
    for arguments in [
        json!({ "max_chars": 4000 }),
        json!({ "max_chars": 4000, "cursor": next }),
        json!({ "section": ["packets"] }),
        json!({ "section": ["statistics"], "max_chars": 50_000 }),
        json!({ "limit": 3 }),
        json!({ "sort": "-frame", "section": ["packets"] }),
        json!({ "where": ["rcode=NXDOMAIN"] }),
        json!({ "as_objects": true }),
    ] {
        let (answer, kept) = asked(&keeps, &capture, &arguments).await;
        assert!(kept, "{arguments}");
        assert_eq!((answer, false), asked(&reads, &capture, &arguments).await, "{arguments}");
    }
    // Other frames and other arguments are other questions.
    for arguments in [json!({ "last_frame": 20 }), json!({ "name": "*.example" }), json!({ "host": "192.0.2.53" })] {
        assert!(!asked(&keeps, &capture, &arguments).await.1, "{arguments}");
        assert!(asked(&keeps, &capture, &arguments).await.1, "{arguments}");
    }
    keeps.cancel().await.unwrap();
    reads.cancel().await.unwrap();
}

#[tokio::test]
async fn a_file_that_was_written_to_is_read_again() {
    let client = client().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pcap");
    let original = std::fs::read(example("dns.pcap")).unwrap();
    std::fs::write(&path, &original).unwrap();
    // A moment ago: the next change might have the same time.
    for _ in 0..2 {
        assert!(!asked(&client, &path, &json!({})).await.1);
    }
    settle().await;
    let (before, _) = asked(&client, &path, &json!({})).await;
    assert!(asked(&client, &path, &json!({})).await.1);
    // By another name it is the same file.
    let other = folder.path().join("b.pcap");
    std::fs::hard_link(&path, &other).unwrap();
    settle().await;
    let (named, _) = asked(&client, &other, &json!({})).await;
    assert_eq!(named["file"], json!(other));
    let (again, kept) = asked(&client, &path, &json!({})).await;
    assert!(kept && again == before);
    // As long as before, and with the time of writing set back.
    let written = File::options().write(true).open(&path).unwrap();
    let time = written.metadata().unwrap().modified().unwrap();
    let mut changed = original.clone();
    let (at, name) = (changed.windows(7).position(|octets| octets == b"example").unwrap(), b"changed");
    changed[at..at + name.len()].copy_from_slice(name);
    std::fs::write(&path, &changed).unwrap();
    written.set_modified(time).unwrap();
    settle().await;
    let (after, kept) = asked(&client, &path, &json!({})).await;
    assert!(!kept && after != before);
    // Another file by the same name, with the same time.
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, &original).unwrap();
    File::options().write(true).open(&path).unwrap().set_modified(an_hour_ago()).unwrap();
    settle().await;
    let (replaced, kept) = asked(&client, &path, &json!({})).await;
    assert!(!kept && replaced == before);
    client.cancel().await.unwrap();
}
