//! What the pages say of tools, prompts, fields and tests is so.

use std::collections::BTreeMap;

use rmcp::ServiceExt;
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::{complete_schema, root};

/// The rows of a table: heading, and the cells of each row.
fn tables(text: &str) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut heading = String::new();
    let mut found: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            title.trim_matches('`').clone_into(&mut heading);
        } else if line.starts_with("| ") && !line.starts_with("| there") {
            let cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
            found.entry(heading.clone()).or_default().push(cells);
        }
    }
    found
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

/// Whether a schema has a field such as `packets[].options[].name`.
fn has(schema: &Value, path: &str) -> bool {
    path.split('.')
        .try_fold(schema, |at, part| {
            let at = &at["properties"][part.trim_end_matches("[]")];
            // A list can be a table too; its entries are described in the first form.
            let at = if at["anyOf"].is_array() { &at["anyOf"][0] } else { at };
            let at = if part.ends_with("[]") { &at["items"] } else { at };
            let at = if at["anyOf"].is_array() { &at["anyOf"][0] } else { at };
            at.is_object().then_some(at)
        })
        .is_some()
}

#[tokio::test]
async fn the_comparison_names_only_what_exists_and_everything_of_the_other() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpcap"));
    command.args(std::iter::empty::<&str>());
    let client = ().serve(TokioChildProcess::new(command).unwrap()).await.unwrap();
    let tools = client.list_all_tools().await.unwrap();
    let prompts = client.list_all_prompts().await.unwrap();
    let page = std::fs::read_to_string(root().join("docs/comparison.md")).unwrap();
    let tables = tables(&page);
    // The other has no tool for all that talks, for HTTP, for TLS, for QUIC, for single frames, for what a conversation carried, or for SQL.
    let ours = [
        "analyze_conversations",
        "analyze_http",
        "analyze_tls",
        "analyze_quic",
        "get_frames",
        "get_stream",
        "query_capture",
        "list_captures",
    ];
    for tool in tools.iter().filter(|tool| !ours.contains(&tool.name.as_ref())) {
        let rows = tables.get(tool.name.as_ref()).unwrap_or_else(|| panic!("no table for {}", tool.name));
        assert!(rows.len() > 5, "{}", tool.name);
        let (input, output) = (json!(tool.input_schema), complete_schema(&client, &tool.name).await);
        let common = &tables["Every report"];
        for row in rows {
            // A dash in the first column, or the word in it, means arguments.
            let schema = if row[0].starts_with("parameter") || row[0] == "–" { &input } else { &output };
            for field in quoted(&row[1]) {
                assert!(has(schema, &field), "{} has no {field}", tool.name);
            }
        }
        for field in ["file", "total_packets", "message", "note", "shown"] {
            assert!(common.iter().any(|row| quoted(&row[1]).contains(&field.to_owned())), "{field}");
            let optional = ["message", "note"].contains(&field);
            assert!(optional || has(&output, field), "{} has no {field}", tool.name);
        }
    }
    let named: Vec<String> = tables["Prompts"].iter().flat_map(|row| quoted(&row[1])).collect();
    for prompt in &prompts {
        assert!(named.contains(&prompt.name), "{} is not in docs/comparison.md", prompt.name);
        // Arguments that the table speaks of.
        let row = tables["Prompts"].iter().find(|row| quoted(&row[1]).contains(&prompt.name)).unwrap();
        for argument in quoted(&row[2]) {
            let arguments = prompt.arguments.iter().flatten();
            assert!(arguments.into_iter().any(|known| known.name == argument), "{} takes no {argument}", prompt.name);
        }
    }
    for name in &named {
        assert!(prompts.iter().any(|prompt| &prompt.name == name), "there is no prompt {name}");
    }
    client.cancel().await.unwrap();
}

/// Files of Rust code below a folder.
fn sources(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn each_test_that_security_names_exists() {
    let text = std::fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let mut found = Vec::new();
    sources(&root().join("host"), &mut found);
    sources(&root().join("tests/it"), &mut found);
    // The path of a file, as its module is written, and what stands in it.
    let modules: Vec<(String, String)> = found
        .iter()
        .map(|path| {
            let name = path.with_extension("").display().to_string().replace('/', "::");
            (format!("{}::", name.trim_end_matches("::mod")), std::fs::read_to_string(path).unwrap())
        })
        .collect();
    let names = text.split('`').skip(1).step_by(2).filter(|name| name.contains("::") && *name != "module::name");
    let mut checked = 0;
    for name in names {
        let (module, test) = match name.split_once("::tests") {
            Some((module, test)) => (module, test.trim_start_matches("::")),
            None => name.rsplit_once("::").unwrap(),
        };
        let is_there = |(path, content): &(String, String)| {
            path.contains(&format!("::{module}::")) && (test.is_empty() || content.contains(&format!("fn {test}(")))
        };
        assert!(modules.iter().any(is_there), "SECURITY.md names {name}, which is not there");
        checked += 1;
    }
    assert!(checked > 60, "{checked}");
}

/// Characters of the README: what somebody reads before it is tried.
const README: usize = 9_000;

#[test]
fn the_readme_is_short_and_its_finding_and_picture_are_real() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.chars().count() <= README, "{}", readme.chars().count());
    let program = |form: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mcpcap"));
        command.args(["analyze", "sip", "examples/captures/sip.pcap", "--format", form]);
        let output = command.current_dir(root()).env("COLUMNS", "100").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let (from, to) = (readme.find("    { \"rule\"").unwrap(), readme.find("`frames` are Wireshark's").unwrap());
    let shown: Value = serde_json::from_str(&readme[from..to]).unwrap();
    let report: Value = serde_json::from_str(&program("json")).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let real = findings.iter().find(|finding| finding["rule"] == shown["rule"]).unwrap();
    for (field, value) in shown.as_object().unwrap() {
        assert_eq!(&real[field], value, "{field}");
    }
    // `make picture` draws it again.
    let picture = std::fs::read_to_string(root().join("docs/answer.svg")).unwrap();
    let said = program("report");
    let lines = said
        .lines()
        .take_while(|line| *line != "MORE")
        .map(|line| line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
    for line in lines {
        let word = line.split(' ').next().unwrap_or_default();
        let rest = line.strip_prefix(word).unwrap_or_default();
        assert!(
            picture.contains(line.trim_end()) || picture.contains(&format!("{word}</tspan>{}", rest.trim_end())),
            "{line}"
        );
    }
}

#[tokio::test]
async fn guides_have_a_meaning_for_every_field() {
    let client = ().serve(TokioChildProcess::new(Command::new(env!("CARGO_BIN_EXE_mcpcap"))).unwrap()).await.unwrap();
    let mut rows = 0;
    for resource in client.list_all_resources().await.unwrap() {
        if !resource.uri.starts_with("mcpcap://guide/") {
            continue;
        }
        let request = rmcp::model::ReadResourceRequestParams::new(resource.uri.clone());
        let content = json!(client.read_resource(request).await.unwrap())["contents"][0]["text"].clone();
        for row in content.as_str().unwrap().lines().filter(|line| line.starts_with("| `")) {
            let meaning = row.trim_end_matches('|').rsplit(" | ").next().unwrap();
            assert!(meaning.trim().len() > 2, "{}: {row}", resource.uri);
            rows += 1;
        }
    }
    assert!(rows > 1_000, "{rows}");
    client.cancel().await.unwrap();
}

#[test]
fn each_page_of_the_documentation_is_in_its_index_and_leads_nowhere_wrong() {
    let docs = root().join("docs");
    let index = std::fs::read_to_string(docs.join("README.md")).unwrap();
    let mut pages: Vec<std::path::PathBuf> =
        vec![root().join("README.md"), root().join("SECURITY.md"), root().join("ARCHITECTURE.md")];
    for entry in std::fs::read_dir(&docs).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".md") {
            assert!(name == "README.md" || index.contains(&format!("({name})")), "{name} is not in docs/README.md");
            pages.push(path);
        }
    }
    let mut links = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            if !file.contains("://") && !file.is_empty() {
                assert!(page.parent().unwrap().join(file).exists(), "{}: {link}", page.display());
                links += 1;
            }
        }
    }
    assert!(links > 20, "{links}");
}
