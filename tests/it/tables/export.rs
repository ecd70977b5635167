//! Data sets: `mcpcap export`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command as Process, Output, Stdio};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use super::{BINARY, stdout};
use crate::support::{crafted, example, root};

pub(super) fn export(arguments: &[&str]) -> Output {
    Process::new(BINARY).arg("export").args(arguments).stdin(Stdio::null()).output().expect("it starts")
}

/// Exports into a folder, which ends with this code. What was printed, and what was complained of.
pub(super) fn ends(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let to = ["--to", folder.to_str().unwrap()];
    let output = export(&[arguments, &to].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

pub(super) fn path(path: &Path) -> String {
    path.display().to_string()
}

pub(super) fn examples() -> String {
    path(&root().join("examples/captures"))
}

/// The files below a folder.
fn names(folder: &Path) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(here) = open.pop() {
        for entry in std::fs::read_dir(here).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    found
}

/// The files below a folder, with what is in them.
pub(super) fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    names(folder).into_iter().map(|name| (name.clone(), std::fs::read(folder.join(name)).unwrap())).collect()
}

pub(super) fn manifests(folder: &Path) -> Vec<Value> {
    let tree = tree(&folder.join("manifest"));
    tree.values().map(|text| serde_json::from_slice(text).unwrap()).collect()
}

fn batches(file: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap().build().unwrap();
    reader.collect::<Result<_, _>>().unwrap()
}

/// How many rows each table has of each capture.
fn counts(folder: &Path) -> BTreeMap<(String, String), u64> {
    let mut counts = BTreeMap::new();
    for file in tree(folder).keys().filter(|file| file.ends_with(".parquet")) {
        for batch in batches(&folder.join(file)) {
            let table = file.split('/').next().unwrap().to_owned();
            for capture in batch.column_by_name("capture").unwrap().as_string::<i32>() {
                *counts.entry((table.clone(), capture.unwrap().to_owned())).or_default() += 1;
            }
        }
    }
    counts
}

fn tables() -> Vec<String> {
    let listed =
        stdout(&[&path(&example("dns.pcap")), "SELECT DISTINCT table_name FROM tables_and_columns", "--format", "csv"]);
    listed.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn every_table_has_the_rows_that_sql_counts_and_the_same_bytes_each_time() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (said, _) = ends(one.path(), &[&examples()], 0);
    assert!(said.contains("dns.pcap: ") && said.lines().last().unwrap().starts_with("12 captures: "), "{said}");
    let tables = tables();
    let sums: Vec<String> =
        tables.iter().map(|table| format!("SELECT '{table}', capture, count(*) FROM {table} GROUP BY 2")).collect();
    let asked = stdout(&[&examples(), &sums.join(" UNION ALL "), "--format", "csv", "--all"]);
    let counted: BTreeMap<(String, String), u64> = asked
        .lines()
        .skip(1)
        .map(|line| {
            let [table, capture, count] = line.split(',').collect::<Vec<_>>()[..] else { panic!("{line}") };
            ((table.to_owned(), capture.to_owned()), count.parse().unwrap())
        })
        .collect();
    assert_eq!(counts(one.path()), counted);
    assert!(tables.len() > 12 && counted.len() > 30, "{counted:?}");
    // Tables without rows are there too, with the same columns.
    let files = tree(one.path());
    for table in &tables {
        let of_it: Vec<&String> = files.keys().filter(|file| file.starts_with(&format!("{table}/"))).collect();
        let columns: BTreeSet<String> = of_it
            .iter()
            .map(|file| {
                let file = File::open(one.path().join(file)).unwrap();
                format!("{:?}", ParquetRecordBatchReaderBuilder::try_new(file).unwrap().schema())
            })
            .collect();
        assert_eq!((of_it.len(), columns.len()), (12, 1), "{table}");
    }
    for manifest in manifests(one.path()) {
        assert_eq!((&manifest["format_version"], &manifest["format"]), (&json!(1), &json!("parquet")));
        assert_eq!(manifest["capture"]["complete"], true);
        assert!(manifest["components"].as_array().unwrap().iter().any(|one| one["name"] == "decoder"));
        for (table, part) in manifest["tables"].as_object().unwrap() {
            let bytes = &files[part["file"].as_str().unwrap()];
            assert_eq!(part["bytes"], bytes.len());
            assert_eq!(part["sha256"], mcpcap::digest::hex_sha256(bytes));
            let rows = counted.get(&(table.clone(), manifest["capture"]["name"].as_str().unwrap().to_owned()));
            assert_eq!(part["rows"], *rows.unwrap_or(&0));
        }
        assert_eq!(manifest["tables"].as_object().unwrap().len(), tables.len());
    }
    // From another place, table by table.
    let copy = tempfile::tempdir().unwrap();
    for (name, bytes) in tree(&root().join("examples/captures")) {
        let path = copy.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    let (first, rest) = tables.split_at(5);
    ends(other.path(), &[&path(copy.path()), "--tables", &rest.join(",")], 0);
    let (said, _) = ends(other.path(), &[&path(copy.path()), "--tables", &first.join(",")], 0);
    assert!(said.contains(": 5 files, "), "{said}");
    assert_eq!(tree(other.path()).keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>());
    assert!(tree(other.path()) == files);
}

/// A row as SQL shows it and as a line of a data set has it is the same.
#[test]
fn rows_are_those_that_sql_shows() {
    let folder = tempfile::tempdir().unwrap();
    let tables = ["packets", "dns", "tcp_events", "sip", "findings"];
    ends(folder.path(), &[&examples(), "--format", "ndjson", "--tables", &tables.join(",")], 0);
    for table in tables {
        let mut written = Vec::new();
        for file in tree(&folder.path().join(table)).into_values() {
            written.extend(
                String::from_utf8(file).unwrap().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()),
            );
        }
        let sql = format!("SELECT * FROM {table}");
        let asked = stdout(&[&examples(), &sql, "--format", "ndjson", "--all"]);
        let mut asked: Vec<Value> = asked.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for rows in [&mut written, &mut asked] {
            rows.sort_by_cached_key(Value::to_string);
        }
        assert!(!written.is_empty() && written == asked, "{table}: {} and {}", written.len(), asked.len());
    }
}

#[test]
fn what_is_there_is_not_made_again_and_what_is_not_is() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [&*path(&example("dns.pcap")), &*path(&example("icmp.pcap")), "--tables", "dns,icmp,findings"];
    ends(folder.path(), &arguments, 0);
    let whole = tree(folder.path());
    let changed = || -> BTreeMap<String, (u64, i64)> {
        let about = |name: &String| std::fs::metadata(folder.path().join(name)).unwrap();
        whole.keys().map(|name| (name.clone(), (about(name).ino(), about(name).mtime_nsec()))).collect()
    };
    let before = changed();
    let (said, _) = ends(folder.path(), &arguments, 0);
    assert_eq!(
        said,
        "dns.pcap: 3 files were there\nicmp.pcap: 3 files were there\n2 captures: 0 files, 0 rows, 0 bytes\n"
    );
    assert_eq!(changed(), before);
    let named = |part: &str| whole.keys().find(|name| name.starts_with(part)).unwrap().clone();
    let (manifest, file) = (named("manifest/dns.pcap"), named("findings/icmp.pcap"));
    let text = String::from_utf8(whole[&manifest].clone()).unwrap();
    let mut other = serde_json::from_str::<Value>(&text).unwrap();
    other["tables"]["old"] = json!({ "file": "../../x", "rows": 1, "bytes": 1, "sha256": "", "analyzers": [] });
    other["mcpcap"] = "0.0.1".into();
    let old = folder.path().join("old").join(manifest.replace("manifest/", "").replace(".json", ".parquet"));
    std::fs::create_dir(folder.path().join("old")).unwrap();
    std::fs::write(&old, "x").unwrap();
    type Damage<'a> = (&'a str, &'a str, Option<Vec<u8>>);
    let damages: [Damage<'_>; 8] = [
        ("no record", &manifest, None),
        ("half a record", &manifest, Some(text.as_bytes()[..text.len() / 2].to_vec())),
        ("no JSON", &manifest, Some(vec![0xff; 100])),
        ("of another version", &manifest, Some(text.replace("\"format_version\": 1", "\"format_version\": 9").into())),
        ("of another component", &manifest, Some(text.replace("\"sha256\": \"", "\"sha256\": \"0").into())),
        ("of an older program, with a table that is no more", &manifest, Some(serde_json::to_vec(&other).unwrap())),
        ("no file", &file, None),
        ("half a file", &file, Some(whole[&file][..9].to_vec())),
    ];
    for (what, name, content) in damages {
        match content {
            Some(content) => std::fs::write(folder.path().join(name), content).unwrap(),
            None => std::fs::remove_file(folder.path().join(name)).unwrap(),
        }
        let (said, _) = ends(folder.path(), &arguments, 0);
        let made = if name == manifest { "dns.pcap: 3 files, " } else { "icmp.pcap: 1 files, " };
        assert!(said.contains(made) && said.contains("were there"), "{what}: {said}");
        let mut now = tree(folder.path());
        if what.contains("no more") {
            assert!(!old.exists());
        }
        now.retain(|name, _| !name.starts_with("old/"));
        assert!(now == whole, "{what}");
    }
    // Other settings make other rows.
    let (said, _) = ends(folder.path(), &[&arguments[..], &["--max-packets", "5"]].concat(), 0);
    assert!(said.contains("dns.pcap: 3 files, "), "{said}");
    // And another form has another place.
    let (_, told) = ends(folder.path(), &[&arguments[..], &["--format", "csv"]].concat(), 2);
    assert!(told.contains("has this capture as parquet, and csv was asked for"), "{told}");
}

#[test]
fn a_capture_that_fails_is_left_out_and_a_damaged_one_goes_as_far_as_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, none, damaged) =
        (path(&example("dns.pcap")), path(&crafted("f_bad_magic.pcap")), path(&crafted("f_trunc_rec_body.pcap")));
    let (said, told) = ends(folder.path(), &[&none, &whole, "/nowhere.pcap", &damaged, "--tables", "packets"], 1);
    assert!(told.contains("f_bad_magic.pcap: ") && told.contains("Error: /nowhere.pcap: "), "{told}");
    assert!(told.contains("f_trunc_rec_body.pcap is cut-short at byte "), "{told}");
    assert!(said.ends_with(" bytes\n") && said.contains("2 captures, 2 left out: 2 files, "), "{said}");
    let manifests = manifests(folder.path());
    let damaged_one = manifests.iter().find(|one| one["capture"]["complete"] == false).unwrap();
    assert_eq!((manifests.len(), &damaged_one["capture"]["ended"]["reason"]), (2, &json!("cut-short")));
    assert_eq!(damaged_one["capture"]["packets"], damaged_one["tables"]["packets"]["rows"]);
    // Of what failed there is nothing.
    assert_eq!(tree(folder.path()).len(), 4);
    ends(folder.path(), &[&damaged, "--base", &path(&root()), "--tables", "packets"], 3);
    let (_, told) = ends(folder.path(), &["/nowhere.pcap"], 1);
    assert!(told.contains("there is no file /nowhere.pcap"), "{told}");
    let (_, told) = ends(folder.path(), &[&whole, "--tables", "dns,nothing"], 2);
    assert!(told.contains("there is no table nothing; the tables are dns, "), "{told}");
    let output = export(&[&whole, "--to", "ftp://example.org/x"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("s3://BUCKET"));
}

#[test]
fn names_are_the_same_wherever_captures_lie_and_hold_nothing_that_harms() {
    let (captures, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for name in ["day 1/a\n\u{1b}[2J.pcap", "day 2/a\n\u{1b}[2J.pcap"] {
        let path = captures.path().join(name);
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        std::fs::copy(crafted("dns_two.pcap"), path).unwrap();
    }
    let (said, _) = ends(folder.path(), &[&path(captures.path()), "--tables", "dns", "--format", "csv"], 0);
    assert!(said.contains("day 1/a\\u{a}\\u{1b}[2J.pcap: 1 files, "), "{said}");
    let whole = tree(folder.path());
    assert_eq!(whole.len(), 4);
    for (name, content) in &whole {
        let text = String::from_utf8(content.clone()).unwrap();
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "./_-[]".contains(c)), "{name}");
        assert!(!text.replace('\n', "").chars().any(mcpcap::text::is_hidden), "{text}");
    }
    let of_table = |(name, content): (&String, &Vec<u8>)| {
        name.starts_with("dns/").then(|| String::from_utf8(content.clone()).unwrap())
    };
    let both: String = whole.iter().filter_map(of_table).collect();
    assert!(
        both.lines().next().unwrap().ends_with(",capture") && both.contains(",day 1/a\\u{a}\\u{1b}[2J.pcap\n"),
        "{both}"
    );
    // As one task of many.
    let other = tempfile::tempdir().unwrap();
    for day in ["day 2", "day 1"] {
        let one = captures.path().join(day);
        ends(other.path(), &[&path(&one), "--base", &path(captures.path()), "--tables", "dns", "--format", "csv"], 0);
    }
    assert!(tree(other.path()) == whole);
}

/// A capture that takes a while: one after the other of its frames, many times.
fn large(megabytes: usize) -> tempfile::NamedTempFile {
    let mut whole = std::fs::read(example("tcp.pcap")).unwrap();
    let frames = whole[24..].to_vec();
    while whole.len() < megabytes << 20 {
        whole.extend_from_slice(&frames);
    }
    let file = tempfile::Builder::new().suffix(".pcap").tempfile().unwrap();
    std::fs::write(file.path(), whole).unwrap();
    file
}

#[test]
fn who_interrupts_it_finds_no_half_file() {
    let (capture, folder) = (large(60), tempfile::tempdir().unwrap());
    for (signal, code) in [(rustix::process::Signal::INT, 130), (rustix::process::Signal::TERM, 143)] {
        let mut child = Process::new(BINARY)
            .args(["export", capture.path().to_str().unwrap(), "--to", folder.path().to_str().unwrap()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let parts = || names(folder.path()).iter().filter(|name| name.ends_with(".part")).count();
        let patience = Instant::now() + Duration::from_secs(60);
        while parts() < 10 {
            assert!(Instant::now() < patience && child.try_wait().unwrap().is_none());
            std::thread::sleep(Duration::from_millis(20));
        }
        rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert_eq!(names(folder.path()), [""; 0]);
    }
}

#[test]
fn a_place_without_room_is_told_and_keeps_what_it_had() {
    let (capture, folder) = (large(6), tempfile::tempdir().unwrap());
    let capture = path(capture.path());
    ends(folder.path(), &[&path(&example("dns.pcap")), "--tables", "packets"], 0);
    let before = tree(folder.path());
    // Files of 3,000 blocks at most: what the engine needs of them is smaller.
    let script = "trap '' XFSZ; ulimit -f 3000; exec \"$@\"";
    let to = path(folder.path());
    let arguments =
        ["-c", script, "sh", BINARY, "export", &capture, "--to", &to, "--tables", "packets", "--format", "csv"];
    let output = Process::new("sh").args(arguments).stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("cannot be written: ") && told.contains("/packets/"), "{told}");
    assert!(tree(folder.path()) == before);
    // What cannot be written to at all.
    let (_, told) = ends(Path::new("/proc/nothing"), &[&capture], 1);
    assert!(told.contains("/proc/nothing cannot be written"), "{told}");
}

/// As the indexes of a job do: each takes a share, and all together have all.
#[test]
fn shares_together_are_the_whole_and_none_makes_what_another_does() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let tables = ["--tables", "dns,findings"];
    ends(whole.path(), &[&*examples(), tables[0], tables[1]], 0);
    let mut files = 0;
    for share in ["0/3", "1/3", "2/3"] {
        ends(parts.path(), &[&*examples(), tables[0], tables[1], "--share", share], 0);
        let after = names(parts.path()).len();
        assert!(after > files, "{share}");
        files = after;
    }
    assert!(tree(parts.path()) == tree(whole.path()));
    let (_, said) = ends(parts.path(), &[&*examples(), "--share", "3/3"], 2);
    assert!(said.contains("0/16 is the first of 16"), "{said}");
}

#[test]
fn a_key_log_decrypts_and_another_one_makes_all_again() {
    let folder = tempfile::tempdir().unwrap();
    let recording = |name: &str| path(&root().join("tests/captures/tls").join(name));
    let (capture, keys) = (recording("tls.pcap"), recording("keys.log"));
    let made = |key_log: &[&str]| {
        let arguments = [&[capture.as_str(), "--tables", "http", "--format", "ndjson"][..], key_log].concat();
        let (said, _) = ends(folder.path(), &arguments, 0);
        (manifests(folder.path())[0].clone(), said)
    };
    let (without, _) = made(&[]);
    let (with, _) = made(&["--keylog-file", &keys]);
    let rows = |manifest: &Value| manifest["tables"]["http"]["rows"].as_u64().unwrap();
    assert!(rows(&without) == 0 && rows(&with) > 25, "{without} {with}");
    let digest = |manifest: &Value| manifest["settings"]["key_log"].as_str().map(str::len);
    assert_eq!((digest(&without), digest(&with)), (None, Some(64)));
    let (again, said) = made(&["--keylog-file", &keys]);
    assert_eq!((&again, said.contains("1 files were there")), (&with, true), "{said}");
    assert_eq!(rows(&made(&[]).0), 0);
    // What no key log is read of ends before anything is made.
    let (_, complained) = ends(folder.path(), &[&capture, "--keylog-file", "/nowhere/keys"], 2);
    assert!(complained.contains("keylog_file"), "{complained}");
    let counted = stdout(&[&capture, "SELECT count(*) FROM http", "--format", "csv", "--keylog-file", &keys]);
    assert_eq!(counted.lines().nth(1).and_then(|line| line.parse().ok()), Some(rows(&with)));
}
