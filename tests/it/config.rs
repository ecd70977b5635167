//! The configuration file, variables of the environment, and what `doctor` says of both.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::example;
use crate::support::http::{Http, reqwest_client};

fn mcpcap(words: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpcap"));
    command.args(words).envs(variables.iter().copied()).stdin(std::process::Stdio::null()).output().unwrap()
}

fn written(folder: &Path, text: &str) -> String {
    let file = folder.join("mcpcap.toml");
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// The settings that `doctor` shows: name, value, where it is from.
fn settings(words: &[&str], variables: &[(&str, &str)]) -> Vec<(String, Value, String)> {
    let output = mcpcap(&[&["doctor", "--json"], words].concat(), variables);
    let checks: Vec<Value> = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let settings = checks.iter().filter_map(|check| check.get("setting"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    settings.map(|one| (text(&one["name"]), one["value"].clone(), text(&one["from"]))).collect()
}

#[test]
fn doctor_shows_the_settings_in_force_and_where_each_is_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(
        folder.path(),
        "run-time = 11\ncall-time = 12\ndownload-time = 13\n\nroot = [\"/tmp\"]\nallow-url-host = [\"a.example\", \"*.b.example\"]\n",
    );
    let variables = [("MCPCAP_CONFIG", file.as_str()), ("MCPCAP_CALL_TIME", "22"), ("MCPCAP_NO_URL_CACHE", "1")];
    let settings = settings(&["--download-time", "33"], &variables);
    let of = |name: &str| {
        let found = settings.iter().find(|(one, _, _)| one == name);
        found.map(|(_, value, from)| (value.clone(), from.clone())).unwrap_or_else(|| panic!("{name}: {settings:?}"))
    };
    assert_eq!(of("run-time"), (json!("11"), format!("{file}, line 1")));
    assert_eq!(of("call-time"), (json!("22"), "environment, MCPCAP_CALL_TIME".into()));
    assert_eq!(of("download-time"), (json!("33"), "typed".into()));
    assert_eq!(of("root"), (json!("/tmp"), format!("{file}, line 5")));
    assert_eq!(of("allow-url-host"), (json!("a.example,*.b.example"), format!("{file}, line 6")));
    assert_eq!(of("no-url-cache"), (json!("true"), "environment, MCPCAP_NO_URL_CACHE".into()));
    assert_eq!(of("max-sessions"), (json!("1000"), "built in".into()));
    assert_eq!(of("health-listen"), (json!(null), "built in".into()));
    let text = mcpcap(&["doctor"], &variables).stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains(&format!("setting: run-time = 11 ({file}, line 1)")), "{text}");
}

/// Options of the server: name, and what help says of each.
fn options() -> Vec<(String, String)> {
    let help = Command::new(env!("CARGO_BIN_EXE_mcpcap")).arg("--help").env_remove("MCPCAP_ROOTS").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let mut options: Vec<(String, String)> = Vec::new();
    for line in help.lines().skip_while(|line| *line != "Options:") {
        match line.trim().strip_prefix("--") {
            Some(option) => options.push((option.split([' ', '=', '[']).next().unwrap().into(), String::new())),
            None => options.last_mut().into_iter().for_each(|(_, about)| *about += &format!("{}\n", line.trim())),
        }
    }
    options
}

/// What stands behind a word such as `[default: `.
fn behind<'a>(about: &'a str, word: &str) -> Option<&'a str> {
    about.lines().find_map(|line| line.strip_prefix(word)?.strip_suffix(']'))
}

/// Each option of the server can stand in a file and in the environment, and the page for operators tells of it.
#[test]
fn each_option_has_a_variable_and_a_place_in_the_file() {
    let known = settings(&[], &[]);
    let page = std::fs::read_to_string(crate::support::root().join("docs/operating.md")).unwrap();
    let options = options();
    assert!(options.len() > 70, "{options:?}");
    for (name, about) in &options {
        let variable = behind(about, "[env: ").map(|text| text.trim_end_matches('='));
        let variable = variable
            .or_else(|| about.split(|c: char| c.is_whitespace() || c == ';').find(|word| word.starts_with("MCPCAP_")));
        let variable = variable.unwrap_or_else(|| panic!("{name}: {about}"));
        assert!(name == "config" || known.iter().any(|(one, _, _)| one == name), "{name}");
        let row = page.lines().find(|line| line.split([' ', '`', '[']).nth(2) == Some(&format!("--{name}")));
        let row = row.unwrap_or_else(|| panic!("docs/operating.md says nothing of --{name}"));
        assert!(row.contains(&format!("| `{variable}` |")), "{row}");
        // Of these it depends on the machine.
        let default =
            behind(about, "[default: ").filter(|_| !["compilers", "compile-threads"].contains(&name.as_str()));
        assert!(default.is_none_or(|default| row.contains(default)), "{row}: {default:?}");
    }
}

#[test]
fn the_environment_counts_before_the_file_for_lists_and_secrets_too() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = folder.path().join("tokens");
    std::fs::write(&tokens, "a-token-of-the-file-0123").unwrap();
    let text = format!("auth-token-file = {tokens:?}\nroot = \"/usr\"\nallow-origin = \"https://file.example\"\n");
    let file = written(folder.path(), &text);
    let options = ["--transport", "http", "--port", "1", "--config", &file];
    let variables = [
        ("MCPCAP_ROOTS", "/tmp:/etc"),
        ("MCPCAP_AUTH_TOKEN", "a-secret-of-the-environment"),
        ("MCPCAP_ALLOW_ORIGIN", "https://a.example,https://b.example"),
        // What is empty is not set, and what Kubernetes says of a service of that name is not meant.
        ("MCPCAP_RUN_TIME", ""),
        ("MCPCAP_PORT", "tcp://10.0.0.1:8080"),
    ];
    let settings = settings(&options, &variables);
    let of =
        |name: &str| settings.iter().find(|(one, _, _)| one == name).map(|(_, value, from)| (value, from.as_str()));
    assert_eq!(of("root"), Some((&json!("/tmp:/etc"), "environment, MCPCAP_ROOTS")));
    assert_eq!(of("auth-token-file"), Some((&json!("(a secret)"), "environment, MCPCAP_AUTH_TOKEN")));
    let origins = json!("https://a.example,https://b.example");
    assert_eq!(of("allow-origin"), Some((&origins, "environment, MCPCAP_ALLOW_ORIGIN")));
    assert_eq!(of("run-time"), Some((&json!("600"), "built in")));
    assert!(!format!("{settings:?}").contains("secret-of"), "{settings:?}");
}

#[test]
fn a_file_that_says_what_cannot_be_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    for (text, line, told) in [
        ("# ours\nrun-tme = 5\n", 2, "there is no option run-tme; the options are"),
        ("call-time = \"long\"\n", 1, "invalid value 'long' for '--call-time <SECONDS>'"),
        ("\n\ntransport = \"smoke\"\n", 3, "invalid value 'smoke'"),
        ("config = \"x\"\n", 1, "there is no option config"),
    ] {
        let file = written(folder.path(), text);
        for words in [&["--config", &file][..], &["doctor", "--config", &file], &["tools", "--config", &file]] {
            let output = mcpcap(words, &[]);
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains(&format!("{file}, line {line}: {told}")), "{said}");
        }
    }
    let output = mcpcap(&["--config", "/nowhere.toml"], &[]);
    assert!(output.status.code() == Some(2) && String::from_utf8_lossy(&output.stderr).contains("/nowhere.toml"));
    // What has no settings asks for no file.
    assert!(mcpcap(&["wit"], &[("MCPCAP_CONFIG", "/nowhere.toml")]).status.success());
}

#[test]
fn other_commands_take_from_the_file_what_they_know() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), "max-packets = 3\ntransport = \"http\"\nmax-sessions = 5\n");
    let capture = example("dns.pcap");
    let capture = capture.to_str().unwrap();
    let output = mcpcap(&["analyze", "dns", capture, "--config", &file], &[]);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(report["dns_packets_found"], 3, "{report}");
}

#[tokio::test]
async fn a_server_does_what_its_file_says() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit");
    let text = format!(
        "allow-origin = [\"https://console.example\"]\naudit-log = {log:?}\nlog-format = \"json\"\nmodules = \"dns\"\nbody-size = 1\n"
    );
    let http = Http::start(&["--config", &written(folder.path(), &text)]).await;
    assert!(http.log().lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{}", http.log());
    let asked = reqwest_client()
        .post(http.mcp())
        .header("origin", "https://console.example")
        .header("content-type", "application/json")
        .body(" ".repeat(2000));
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 413);
    assert_eq!(answer.headers()["access-control-allow-origin"], "https://console.example");
    let audit = std::fs::read_to_string(&log).unwrap();
    assert!(audit.contains(r#""reason":"body""#), "{audit}");
}
