//! Several captures asked at once.

use std::path::Path;

use serde_json::{Value, json};

use super::{query, stdout};
use crate::support::{crafted, example, root};

fn path(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn several_captures_are_asked_at_once_and_each_row_names_its_own() {
    let (one, other) = (path(&example("dns.pcap")), path(&example("dns-tunnel.pcap")));
    let sql = "SELECT capture, count(*) AS n FROM dns GROUP BY capture ORDER BY n";
    let rows = stdout(&[&one, &other, sql, "--format", "csv"]);
    let alone = |capture: &str| {
        stdout(&[capture, "SELECT count(*) FROM dns", "--format", "csv"]).lines().nth(1).unwrap().to_owned()
    };
    assert_eq!(rows, format!("capture,n\ndns-tunnel.pcap,{}\ndns.pcap,{}\n", alone(&other), alone(&one)));
    let answer: Value = serde_json::from_str(&stdout(&[&one, &other, sql])).unwrap();
    assert_eq!((&answer["captures"], &answer["total_packets"]), (&json!(2), &json!(282 + 145)));
    assert_eq!((answer.get("file"), answer.get("captures_left_out")), (None, None));
    // Tables of one capture join as before, and the column is listed.
    let sql = "SELECT count(*) FROM dns d JOIN packets p USING (frame, capture) WHERE d.community_id = p.community_id";
    assert_eq!(stdout(&[&one, &other, sql, "--format", "csv"]).lines().nth(1), Some("207"));
    let sql = "SELECT count(*) FROM tables_and_columns WHERE column_name = 'capture' AND table_name = 'dns'";
    assert_eq!(stdout(&[&one, &other, sql, "--format", "csv"]).lines().nth(1), Some("1"));
    // One capture alone has no name to tell.
    let output = query(&[&one, "SELECT capture FROM dns"]);
    assert!(
        output.status.code() == Some(2) && String::from_utf8_lossy(&output.stderr).contains("no such column: capture")
    );
}

#[test]
fn folders_and_patterns_name_captures() {
    let folder = path(&root().join("examples/captures"));
    let sql = "SELECT count(DISTINCT capture), count(*) FROM packets";
    let all = stdout(&[&folder, sql, "--format", "csv"]);
    assert_eq!(all, "count(DISTINCT capture),count(*)\n12,4258\n");
    let some =
        stdout(&[&format!("{folder}/dns*.pcap*"), "SELECT count(DISTINCT capture) FROM packets", "--format", "csv"]);
    assert_eq!(some.lines().nth(1), Some("3"));
    // All rows, page after page, of captures that are read once.
    let rows = stdout(&[&folder, "SELECT capture, frame FROM packets", "--all", "--format", "csv"]);
    assert_eq!(rows.lines().count(), 4259);
    let findings =
        stdout(&[&folder, "SELECT count(*) > 5, count(DISTINCT capture) > 2 FROM findings", "--format", "csv"]);
    assert_eq!(findings.lines().nth(1), Some("1,1"));
}

#[test]
fn a_capture_that_fails_is_told_and_left_out() {
    let (whole, none) = (path(&example("dns.pcap")), path(&crafted("f_bad_magic.pcap")));
    let sql = "SELECT capture, count(*) FROM packets GROUP BY 1";
    let output = query(&[&none, &whole, "/nowhere.pcap", sql, "--format", "csv"]);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        (stdout.lines().nth(1), stdout.lines().count()),
        (Some("examples/captures/dns.pcap,282"), 2),
        "{stderr}"
    );
    assert!(stderr.contains("f_bad_magic.pcap: ") && stderr.contains("/nowhere.pcap: "), "{stderr}");
    assert_eq!(output.status.code(), Some(1));
    let output = query(&[&none, &whole, sql]);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&answer["captures"], &answer["captures_left_out"]), (&json!(1), &json!(1)));
    // A damaged one counts as far as it goes.
    let damaged = path(&crafted("f_trunc_rec_body.pcap"));
    let output = query(&[&damaged, &whole, sql, "--format", "csv"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 3);
    assert!(String::from_utf8_lossy(&output.stderr).contains("f_trunc_rec_body.pcap is cut-short"));
    // Of none that could be read there is no answer, and wrong SQL is said once.
    let output = query(&[&none, "/nowhere.pcap", sql]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let output = query(&[&whole, &whole, "SELECT x FROM dns"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stderr).matches("no such column: x").count(), 1);
}

#[test]
fn rows_of_all_captures_have_one_size() {
    let folder = path(&root().join("examples/captures"));
    let sql = "SELECT count(*) FROM packets a JOIN packets b USING (frame)";
    let output = query(&[&folder, sql, "--rows-size", "1"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    // Twelve captures have less than a MiB of rows.
    assert!(output.status.success(), "{stderr}");
    let (folder, file) = (tempfile::tempdir().unwrap(), super::many_queries());
    for name in ["a.pcap", "b.pcap"] {
        std::fs::write(folder.path().join(name), &file).unwrap();
    }
    let output = query(&[&path(folder.path()), "SELECT count(*) FROM dns", "--rows-size", "1"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{stderr}");
    assert_eq!(stderr.matches("reached its limit of bytes of rows").count(), 1, "{stderr}");
}
