//! Tables that are kept: another question reads nothing, and whatever becomes of the files, the answer is right.

mod damage;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Output, Stdio};
use std::time::{Duration, SystemTime};

use rmcp::ServiceExt;
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::{BINARY, Client, call, many_queries};
use crate::support::example;
use crate::support::http::{Http, reqwest_client};

const COUNT: &str = "SELECT count(*), min(name), max(name) FROM dns";

/// A folder for tables.
struct Tables(TempDir);

impl Tables {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("tables")
    }

    async fn client(&self, options: &[&str]) -> Client {
        let mut command = Command::new(BINARY);
        command.args(options).env("MCPCAP_TABLES_DIR", self.path()).env_remove("MCPCAP_KEPT_TABLES");
        ().serve(TokioChildProcess::new(command).expect("the server starts")).await.expect("a session")
    }

    /// The command on some captures, its calls told to a file.
    fn command(&self, arguments: &[&str]) -> Process {
        let mut program = Process::new(BINARY);
        program.arg("query").args(arguments).arg("--audit-log").arg(self.0.path().join("audit"));
        program.env("MCPCAP_TABLES_DIR", self.path()).env_remove("MCPCAP_KEPT_TABLES").stdin(Stdio::null());
        program
    }

    /// Runs it. What it printed, and whether each capture was answered from what is kept.
    #[track_caller]
    fn query(&self, arguments: &[&str]) -> (String, Vec<Value>) {
        let audit = self.0.path().join("audit");
        let _ = std::fs::remove_file(&audit);
        let printed = printed(self.command(arguments).args(["--format", "csv"]).output().unwrap());
        let lines = std::fs::read_to_string(audit).unwrap();
        let kept = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["kept"].clone());
        (printed, kept.collect())
    }

    /// The files with this ending.
    fn files(&self, ending: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> =
            entries.filter(|path| path.extension().is_some_and(|extension| extension == ending)).collect();
        files.sort();
        files
    }
}

#[track_caller]
fn printed(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Rows, and whether the capture was not read for them.
async fn asked(client: &Client, capture: &Path, sql: &str) -> (Value, bool) {
    let result = call(client, capture, sql, &json!({})).await;
    let answer = result.structured_content.clone().unwrap_or_else(|| panic!("{sql}: {result:?}"));
    let receipt = &result.meta.unwrap().0["mcpcap/receipt"];
    (answer, receipt["kept"].as_bool().unwrap())
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// A capture of its own, written so long ago that a change would show.
fn old_capture(folder: &Path, content: &[u8]) -> PathBuf {
    let path = folder.join("a.pcap");
    std::fs::write(&path, content).unwrap();
    settle();
    path
}

/// Waits until a further change of a file would show in its times.
fn settle() {
    std::thread::sleep(Duration::from_millis(4200));
}

#[tokio::test]
async fn further_questions_read_nothing_and_have_the_same_answers() {
    let tables = Tables::new();
    let (keeps, reads) = (tables.client(&[]).await, super::client(&[]).await);
    let capture = example("dns.pcap");
    let questions = [
        (COUNT, false),
        ("SELECT frame, name FROM dns WHERE rcode = 'NXDOMAIN'", true),
        ("SELECT name, count(*) FROM dns WHERE frame < 100 GROUP BY name ORDER BY 2 DESC, 1", true),
        // A table more: that one is made.
        ("SELECT i.frame, d.frame, d.name FROM icmp i JOIN dns d ON d.community_id = i.about_community_id", false),
        ("SELECT count(*) FROM icmp", true),
        ("SELECT rule, frame, hosts FROM findings ORDER BY id", false),
        ("SELECT d.name, f.rule FROM findings f JOIN dns d USING (frame)", true),
        ("SELECT count(*) FROM tables_and_columns", false),
        ("SELECT * FROM dns LIMIT 30", true),
    ];
    for (sql, is_kept) in questions {
        let (answer, kept) = asked(&keeps, &capture, sql).await;
        assert_eq!(kept, is_kept, "{sql}");
        assert_eq!(answer, asked(&reads, &capture, sql).await.0, "{sql}");
    }
    // Another process, and another name of the same content, which has to be read to be known.
    let other = tables.client(&[]).await;
    let copy = tables.0.path().join("copy.pcap");
    std::fs::copy(&capture, &copy).unwrap();
    for (sql, _) in questions.iter().filter(|(sql, _)| !sql.contains("tables_and_columns")) {
        assert!(asked(&other, &capture, sql).await.1, "{sql}");
        let (mut answer, _) = asked(&other, &copy, sql).await;
        answer["file"] = json!(capture);
        assert_eq!(answer, asked(&reads, &capture, sql).await.0, "{sql}");
    }
    assert_eq!(tables.files("sqlite").len(), 3);
    for client in [keeps, reads, other] {
        client.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn pages_of_kept_rows_are_those_of_the_first_answer() {
    let tables = Tables::new();
    let (sql, capture) = ("SELECT frame, name FROM dns WHERE time > 0", example("dns.pcap"));
    let (one, other) = (tables.client(&[]).await, super::client(&[]).await);
    let mut more = json!({ "limit": 40 });
    for client in [&one, &other, &one, &other] {
        let pages = [&one, client].map(|client| call(client, &capture, sql, &more));
        let [page, same] = futures_util::future::join_all(pages).await.try_into().unwrap();
        let page = page.structured_content.unwrap();
        assert_eq!(page, same.structured_content.unwrap());
        let Some(next) = page["shown"]["lists"][0].get("next").cloned() else { break };
        more = json!({ "limit": 40, "cursor": next });
    }
    assert!(more.get("cursor").is_some());
    one.cancel().await.unwrap();
    other.cancel().await.unwrap();
}

#[test]
fn at_the_terminal_the_second_question_reads_nothing_of_several_captures_too() {
    let tables = Tables::new();
    let (one, other) = (text(&example("dns.pcap")), text(&example("dns-tunnel.pcap")));
    let (rows, kept) = tables.query(&[&one, COUNT]);
    assert_eq!((rows.lines().nth(1).unwrap().split(',').next(), kept), (Some("134"), vec![json!(false)]));
    assert_eq!(tables.query(&[&one, COUNT]), (rows, vec![json!(true)]));
    let sql = "SELECT capture, count(*), max(name) FROM dns GROUP BY capture";
    let (first, kept) = tables.query(&[&one, &other, sql]);
    assert_eq!(kept, [true, false]);
    assert_eq!(tables.query(&[&one, &other, sql]), (first.clone(), vec![json!(true), json!(true)]));
    let unkept = super::query(&[&one, &other, sql, "--format", "csv", "--kept-tables", "0"]);
    assert_eq!(printed(unkept), first);
    // All tables at once are more than SQLite reads files.
    let all = "SELECT (SELECT count(*) FROM packets), (SELECT count(*) FROM conversations), (SELECT count(*) FROM tcp), (SELECT count(*) FROM tcp_events), \
        (SELECT count(*) FROM dns), (SELECT count(*) FROM http), (SELECT count(*) FROM dhcp), (SELECT count(*) FROM icmp), (SELECT count(*) FROM sip), \
        (SELECT count(*) FROM sip_calls), (SELECT count(*) FROM tls), (SELECT count(*) FROM tls_certificates), (SELECT count(*) FROM quic), (SELECT count(*) FROM findings)";
    let (first, kept) = tables.query(&[&one, all]);
    assert_eq!(kept, [false]);
    assert_eq!(tables.query(&[&one, all]), (first, vec![json!(true)]));
}

#[test]
fn a_capture_that_changed_has_new_rows() {
    let tables = Tables::new();
    let sql = "SELECT count(*), sum(name LIKE '%aaaaaaa%') FROM dns";
    let original = std::fs::read(example("dns.pcap")).unwrap();
    let path = old_capture(tables.0.path(), &original);
    let (before, _) = tables.query(&[&text(&path), sql]);
    assert_eq!(tables.query(&[&text(&path), sql]), (before.clone(), vec![json!(true)]));
    // As long as before, and with the time of writing set back.
    let written = std::fs::File::options().write(true).open(&path).unwrap();
    let time = written.metadata().unwrap().modified().unwrap();
    let mut other = original.clone();
    for (at, _) in original.windows(7).enumerate().filter(|(_, octets)| *octets == b"example") {
        other[at..at + 7].copy_from_slice(b"aaaaaaa");
    }
    std::fs::write(&path, &other).unwrap();
    written.set_modified(time).unwrap();
    settle();
    let (after, kept) = tables.query(&[&text(&path), sql]);
    assert!(after != before && kept == [false], "{after}");
    // One that is written at this moment is read, as a further change might not show; its tables are known by its content.
    std::fs::write(&path, &original).unwrap();
    for _ in 0..2 {
        assert_eq!(tables.query(&[&text(&path), sql]), (before.clone(), vec![json!(false)]));
    }
}

#[test]
fn settings_that_decide_on_rows_have_tables_of_their_own() {
    let tables = Tables::new();
    let capture = text(&example("dns.pcap"));
    let (all, _) = tables.query(&[&capture, COUNT]);
    let few = tables.query(&[&capture, COUNT, "--max-packets", "10"]).0;
    assert_ne!(few, all);
    // What ended early is not kept.
    assert_eq!(tables.query(&[&capture, COUNT, "--max-packets", "10"]), (few, vec![json!(false)]));
    assert_eq!(tables.query(&[&capture, COUNT, "--component-memory", "65"]).1, [false]);
    assert_eq!(tables.query(&[&capture, COUNT, "--query-time", "5"]), (all, vec![json!(true)]));
    // Kept rows have the limit of others.
    let many = old_capture(tables.0.path(), &many_queries());
    let sql = "SELECT count(*) FROM dns";
    assert_eq!(tables.query(&[&text(&many), sql]), ("count(*)\n30000\n".into(), vec![json!(false)]));
    assert_eq!(tables.query(&[&text(&many), sql]), ("count(*)\n30000\n".into(), vec![json!(true)]));
    let output = tables.command(&[&text(&many), sql, "--rows-size", "1"]).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && stderr.contains("the rows have more than 1 MiB"), "{stderr}");
}

#[test]
fn a_damaged_capture_is_told_as_such_again() {
    let tables = Tables::new();
    let capture = text(&crate::support::crafted("f_trunc_rec_body.pcap"));
    let sql = "SELECT count(*) FROM packets";
    let said: Vec<(Option<i32>, String, String)> = (0..2)
        .map(|_| {
            let output = tables.command(&[&capture, sql, "--format", "json"]).output().unwrap();
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            (output.status.code(), text(output.stdout), text(output.stderr))
        })
        .collect();
    assert_eq!(said[0], said[1]);
    assert_eq!(said[0].0, Some(3), "{said:?}");
    assert!(said[0].2.contains("is cut-short"), "{said:?}");
    assert_eq!(tables.query(&[&text(&example("dns.pcap")), sql]).1, [false]);
}

#[test]
fn a_writer_that_is_killed_leaves_nothing_that_answers() {
    let tables = Tables::new();
    let path = old_capture(tables.0.path(), &many_queries());
    let sql = "SELECT count(*), count(DISTINCT name) FROM dns";
    let mut killed = 0;
    for n in 0..20 {
        let mut child: Child = tables.command(&[&text(&path), sql]).stdout(Stdio::null()).spawn().unwrap();
        let begun = SystemTime::now();
        let is_writing = || {
            let entries = std::fs::read_dir(tables.path()).into_iter().flatten().flatten();
            entries.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().starts_with(".new-"))
        };
        while !is_writing() && begun.elapsed().unwrap() < Duration::from_secs(60) && child.try_wait().unwrap().is_none()
        {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(5 + n * 7));
        child.kill().unwrap();
        child.wait().unwrap();
        killed += usize::from(is_writing());
        if !tables.files("json").is_empty() {
            break;
        }
    }
    assert!(killed > 0);
    assert_eq!(tables.query(&[&text(&path), sql]).0.lines().nth(1), Some("30000,30000"));
    assert_eq!(tables.query(&[&text(&path), sql]).1, [true]);
    // One that was killed before it held what it had begun left something that may be somebody's, for an hour.
    let unfinished = || {
        let entries = std::fs::read_dir(tables.path()).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with('.')).collect::<Vec<_>>()
    };
    let long_ago = SystemTime::now() - Duration::from_secs(7200);
    unfinished().iter().for_each(|path| std::fs::File::open(path).unwrap().set_modified(long_ago).unwrap());
    assert_eq!(tables.query(&[&text(&path), sql]).1, [true]);
    assert_eq!(unfinished(), Vec::<PathBuf>::new());
}

#[test]
fn several_processes_at_once_have_right_answers_and_keep_one_of_each_table() {
    let tables = Tables::new();
    let capture = text(&example("sip.pcap"));
    let sql = |table: &str| format!("SELECT count(*) FROM {table}");
    let names = ["sip", "packets", "sip", "sip_calls", "packets", "sip"];
    let children: Vec<(&str, Child)> = names
        .iter()
        .map(|name| {
            let child = tables
                .command(&[&capture, &sql(name), "--format", "csv"])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn();
            (*name, child.unwrap())
        })
        .collect();
    for (name, child) in children {
        let rows = printed(child.wait_with_output().unwrap());
        let alone = printed(super::query(&[&capture, &sql(name), "--format", "csv"]));
        assert_eq!(rows, alone, "{name}");
    }
    assert_eq!(tables.files("sqlite").len(), 3);
    assert_eq!(tables.query(&[&capture, "SELECT count(*) FROM sip s, sip_calls c, packets p USING (frame)"]).1, [true]);
}

#[tokio::test]
async fn what_is_kept_has_a_size_that_was_set_and_can_be_turned_off() {
    let tables = Tables::new();
    let many = tables.0.path().join("many.pcap");
    std::fs::write(&many, many_queries()).unwrap();
    let (small, sql) = (example("dns.pcap"), "SELECT count(*) FROM dns");
    let client = tables.client(&["--kept-tables", "1"]).await;
    assert!(!asked(&client, &small, sql).await.1 && asked(&client, &small, sql).await.1);
    // It would leave no room for others.
    for _ in 0..2 {
        assert_eq!(asked(&client, &many, sql).await.0["rows"], json!([[30_000]]));
    }
    assert!(tables.files("sqlite").len() == 1 && asked(&client, &small, sql).await.1);
    client.cancel().await.unwrap();
    let off = Tables::new();
    for switch in [&["--kept-tables", "0"][..], &["--kept-tables=0"]] {
        let client = off.client(switch).await;
        assert!(!asked(&client, &small, sql).await.1 && !asked(&client, &small, sql).await.1);
        client.cancel().await.unwrap();
    }
    assert!(!off.path().exists());
}

#[test]
fn a_folder_that_others_can_look_into_is_refused() {
    let tables = Tables::new();
    std::fs::create_dir(tables.path()).unwrap();
    for (mode, words) in [(0o755, "can be read by others"), (0o770, "can be written by others")] {
        std::fs::set_permissions(tables.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        let output = tables.command(&[&text(&example("dns.pcap")), COUNT]).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(1) && stderr.contains(words) && stderr.contains("--tables-dir"),
            "{stderr}"
        );
    }
    // One that cannot be made is done without.
    let mut command = tables.command(&[&text(&example("dns.pcap")), "SELECT count(*) FROM dns"]);
    let output = command.args(["--format", "csv"]).env("MCPCAP_TABLES_DIR", "/proc/nowhere").output().unwrap();
    assert_eq!(printed(output), "count(*)\n134\n");
}

#[tokio::test]
async fn operators_see_how_much_is_kept() {
    let tables = Tables::new();
    let folder = text(&tables.path());
    let root = text(example("dns.pcap").parent().unwrap());
    let http = Http::start(&["--tables-dir", &folder, "--root", &root]).await;
    let metrics = || async { reqwest_client().get(http.url("/metrics")).send().await.unwrap().text().await.unwrap() };
    assert!(metrics().await.contains("mcpcap_kept_tables 0\n"));
    tables.query(&[&text(&example("dns.pcap")), COUNT]);
    let text = metrics().await;
    assert!(text.contains("mcpcap_kept_tables 1\n"), "{text}");
    let size = tables.files("sqlite")[0].metadata().unwrap().len();
    assert!(text.contains(&format!("mcpcap_kept_tables_size_bytes {size}\n")), "{text}");
}
