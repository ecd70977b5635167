//! What the server says of itself, as committed files: a definition that changes is seen in review, since clients and models rely on it.
//!
//! `MCPCAP_RECORD=1 cargo test --locked -p mcpcap --test it snapshots::` records them again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rmcp::ServiceExt;
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::{complete_schema, root};

/// Every definition by the name of its file.
async fn definitions() -> BTreeMap<PathBuf, Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpcap"));
    command.current_dir(root());
    let client = ().serve(TokioChildProcess::new(command).expect("the server starts")).await.expect("a session");
    let mut all = BTreeMap::new();
    for tool in client.list_all_tools().await.unwrap() {
        all.insert(Path::new("tools").join(format!("{}.json", tool.name)), json!(tool));
        let complete = complete_schema(&client, &tool.name).await;
        all.insert(Path::new("schemas").join(format!("{}.json", tool.name)), complete);
    }
    for prompt in client.list_all_prompts().await.unwrap() {
        all.insert(Path::new("prompts").join(format!("{}.json", prompt.name)), json!(prompt));
    }
    all.insert("templates.json".into(), json!(client.list_all_resource_templates().await.unwrap()));
    let mut server = json!(client.peer_info().unwrap());
    // Moves with each release.
    server["serverInfo"]["version"] = json!("VERSION");
    all.insert("server.json".into(), server);
    client.cancel().await.unwrap();
    all
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn what_the_server_says_of_itself_is_what_was_reviewed() {
    let folder = root().join("tests/it/snapshots");
    let recording = std::env::var_os("MCPCAP_RECORD").is_some();
    let definitions = definitions().await;
    let hint = "if that is meant: MCPCAP_RECORD=1 cargo test --locked -p mcpcap --test it snapshots::";
    for (name, definition) in &definitions {
        let (path, text) = (folder.join(name), format!("{definition:#}\n"));
        if recording {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
        } else {
            let recorded = std::fs::read_to_string(&path).unwrap_or_default();
            let differs = recorded.lines().zip(text.lines()).position(|(a, b)| a != b).unwrap_or_default() + 1;
            assert!(recorded == text, "{} has changed, first in line {differs}; {hint}", name.display());
        }
    }
    for path in files(&folder) {
        let name = path.strip_prefix(&folder).unwrap();
        if !definitions.contains_key(name) {
            assert!(recording, "{} is not offered any more; {hint}", name.display());
            std::fs::remove_file(&path).unwrap();
        }
    }
}
