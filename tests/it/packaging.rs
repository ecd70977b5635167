//! What is said of the program outside of it, in manifests and examples, is so.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use rmcp::ServiceExt;
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};

use crate::support::{example, root};

const BINARY: &str = env!("CARGO_BIN_EXE_mcpcap");
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn text(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn manifest(file: &str) -> Value {
    serde_json::from_str(&text(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The files of a folder with one of these endings.
fn files(folder: &str, endings: &[&str]) -> Vec<String> {
    let wanted = |path: &Path| path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted));
    let found =
        std::fs::read_dir(root().join(folder)).expect("the folder").map(|entry| entry.expect("an entry").path());
    let found: Vec<_> = found
        .filter(|path| wanted(path))
        .map(|path| format!("{folder}/{}", path.file_name().expect("a name").display()))
        .collect();
    assert!(!found.is_empty(), "{folder}");
    found
}

/// Where a word with this beginning stands, up to what cannot be part of it.
fn words<'a>(text: &'a str, beginning: &'a str, part: fn(char) -> bool) -> impl Iterator<Item = &'a str> {
    text.match_indices(beginning).map(move |(at, _)| {
        let rest = &text[at + beginning.len()..];
        let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
        &text[at..at + beginning.len() + end]
    })
}

/// Clients show this list before they start the program. The descriptions are short, as a person reads them.
#[tokio::test]
async fn the_bundle_lists_the_tools_and_prompts_that_the_program_offers() {
    let client = ().serve(TokioChildProcess::new(tokio::process::Command::new(BINARY)).unwrap()).await.unwrap();
    let tools: Vec<Value> = client
        .list_all_tools()
        .await
        .unwrap()
        .into_iter()
        .map(|tool| json!({"name": tool.name, "description": tool.title}))
        .collect();
    let prompts: Vec<Value> = client
        .list_all_prompts()
        .await
        .unwrap()
        .into_iter()
        .map(|prompt| {
            let arguments: Vec<String> = prompt.arguments.into_iter().flatten().map(|argument| argument.name).collect();
            let description = prompt.description.expect("a description");
            let text = arguments
                .iter()
                .fold(description.clone(), |text, name| format!("{text} {name}: ${{arguments.{name}}}"));
            json!({"name": prompt.name, "description": description, "arguments": arguments, "text": text})
        })
        .collect();
    client.cancel().await.unwrap();
    let manifest = manifest("packaging/mcpb/manifest.json");
    for (list, offered) in [("tools", json!(tools)), ("prompts", json!(prompts))] {
        assert_eq!(manifest[list], offered, "{list} should be:\n{offered:#}");
    }
}

#[test]
fn names_and_versions_are_the_programs() {
    let (server, bundle) = (manifest("server.json"), manifest("packaging/mcpb/manifest.json"));
    assert_eq!((&server["version"], &bundle["version"]), (&json!(VERSION), &json!(VERSION)));
    assert_eq!(server["description"], env!("CARGO_PKG_DESCRIPTION"));
    assert!(env!("CARGO_PKG_DESCRIPTION").len() <= 100, "the registry takes no longer one");

    let packages = server["packages"].as_array().expect("packages");
    let identifiers: Vec<&str> = packages.iter().map(|package| package["identifier"].as_str().expect("one")).collect();
    let image = identifiers[0];
    assert!(image.ends_with(&format!(":{VERSION}")), "{image}");
    for bundle in &identifiers[1..] {
        assert!(bundle.contains(&format!("/v{VERSION}/mcpcap-{VERSION}-")), "{bundle}");
    }

    // The registry compares the label with the name.
    let dockerfile = text("Dockerfile");
    let name = server["name"].as_str().expect("a name");
    assert!(dockerfile.contains(&format!("io.modelcontextprotocol.server.name=\"{name}\"")), "{name}");
    assert!(dockerfile.contains(&format!("image.version=\"{VERSION}\"")), "{VERSION}");
    assert!(text("examples/kubernetes/deployment.yaml").contains(&format!("image: {image}\n")), "{image}");
    assert!(text("examples/cluster/kubernetes-job.yaml").contains(&format!("image: {image}\n")), "{image}");
    assert!(text("examples/kubernetes/kustomization.yaml").contains(&format!("newTag: {VERSION}\n")), "{VERSION}");
}

#[test]
fn manifests_and_examples_use_only_flags_and_variables_that_there_are() {
    let help = Command::new(BINARY).arg("--help").output().expect("it starts");
    let help = String::from_utf8(help.stdout).expect("text");
    let letter = |c: char| c.is_ascii_lowercase() || c == '-';
    let known: BTreeSet<&str> = words(&help, "--", letter).collect();
    let mut unknown = BTreeSet::new();
    let mut seen = 0;
    let mut read = vec!["compose.yaml".to_owned(), "packaging/mcpb/manifest.json".to_owned()];
    read.extend(files("examples/kubernetes", &["yaml"]));
    read.extend(files("examples/clients", &["json", "toml"]));
    for file in &read {
        // mcp-remote has flags of its own.
        let text: String =
            text(file).lines().filter(|line| !line.contains("mcp-remote")).collect::<Vec<_>>().join("\n");
        for flag in words(&text, "--", letter) {
            seen += 1;
            if !known.contains(flag) {
                unknown.insert(format!("{file}: {flag}"));
            }
        }
        for variable in words(&text, "MCPCAP_", |c| c.is_ascii_uppercase() || c == '_') {
            if !help.contains(variable) {
                unknown.insert(format!("{file}: {variable}"));
            }
        }
    }
    if text("Dockerfile").contains(r#""healthcheck""#) && !help.contains("healthcheck") {
        unknown.insert("Dockerfile: healthcheck".into());
    }
    assert!(seen > 10, "the flags are found");
    assert!(unknown.is_empty(), "mcpcap --help does not know {unknown:#?}");
}

/// The bundle passes its setting on even when it is empty.
#[test]
fn an_empty_list_of_folders_is_none() {
    let variables = &manifest("packaging/mcpb/manifest.json")["server"]["mcp_config"]["env"];
    assert_eq!(variables, &json!({"MCPCAP_ROOTS": "${user_config.folder}"}));
    let status = Command::new(BINARY)
        .arg("analyze")
        .arg("analyze_capinfos")
        .arg(example("dns.pcap"))
        .env("MCPCAP_ROOTS", "")
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("it starts").success());
}

/// What the cluster example runs, `mcpcap export` takes; in Python it is the line that begins the command.
#[test]
fn the_cluster_example_uses_only_what_export_takes() {
    let help = Command::new(BINARY).args(["export", "--help"]).output().expect("it starts");
    let help = String::from_utf8(help.stdout).expect("text");
    let job = text("examples/cluster/kubernetes-job.yaml");
    let script = text("examples/cluster/ray_export.py");
    let letter = |c: char| c.is_ascii_lowercase() || c == '-';
    let commands = script.lines().filter(|line| line.contains("command = ["));
    let lines = job.lines().filter(|line| !line.starts_with('#')).chain(commands);
    let used: Vec<&str> = lines.flat_map(|line| words(line, "--", letter)).filter(|flag| flag.len() > 3).collect();
    assert!(used.contains(&"--share") && used.contains(&"--base"), "{used:?}");
    for flag in used {
        assert!(help.contains(&format!("{flag} ")), "mcpcap export does not know {flag}");
    }
    let completions = |line: &str| line.trim().strip_prefix("completions: ").map(str::to_owned);
    let shares = job.lines().find_map(completions).expect("completions");
    assert!(job.contains(&format!("--share=$(JOB_COMPLETION_INDEX)/{shares}\n")), "{shares} shares");
}
