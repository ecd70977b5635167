//! Files that others changed, exchanged or forged: found out, made again, and the answer is right.

use std::os::unix::fs::MetadataExt;

use super::*;

/// Changes files that are kept of two captures in some way, and asks both.
fn after(change: impl FnOnce(&Tables, &[PathBuf])) {
    let tables = Tables::new();
    let captures = [text(&example("dns.pcap")), text(&example("dns-tunnel.pcap"))];
    let first: Vec<String> = captures.iter().map(|capture| tables.query(&[capture, COUNT]).0).collect();
    assert_ne!(first[0], first[1]);
    change(&tables, &tables.files("sqlite"));
    for is_again in [false, true] {
        for (capture, rows) in captures.iter().zip(&first) {
            let (again, kept) = tables.query(&[capture, COUNT]);
            assert_eq!(again, *rows);
            assert!(!is_again || kept == [true], "{kept:?}");
        }
    }
}

fn changed(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut content = std::fs::read(path).unwrap();
    change(&mut content);
    std::fs::write(path, content).unwrap();
}

/// Writes a record that says that a file is as it has to be.
fn vouch(table: &Path, change: impl FnOnce(&mut Value)) {
    let path = table.with_extension("json");
    let mut record: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()[32..]).unwrap();
    let about = table.metadata().unwrap();
    record["sha256"] = mcpcap::digest::hex_sha256(&std::fs::read(table).unwrap()).into();
    record["file"] = json!({
        "place": [about.dev(), about.ino()], "size": about.len(),
        "written": [about.mtime(), about.mtime_nsec()], "changed": [about.ctime(), about.ctime_nsec()],
    });
    change(&mut record);
    let content = record.to_string();
    let name = path.file_name().unwrap().to_str().unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, &[name.as_bytes(), &[0], content.as_bytes()].concat());
    std::fs::write(&path, [digest.as_ref(), content.as_bytes()].concat()).unwrap();
}

#[test]
fn a_damaged_file_is_made_again() {
    after(|_, files| files.iter().for_each(|path| changed(path, |file| file[8192 + 4000] ^= 4)));
    after(|_, files| files.iter().for_each(|path| changed(path, |file| file.truncate(file.len() / 2))));
    after(|_, files| files.iter().for_each(|path| changed(path, |file| file.fill(0))));
    after(|_, files| files.iter().for_each(|path| std::fs::remove_file(path).unwrap()));
    // A folder stands where it was.
    let exchanged = |path: &PathBuf| {
        std::fs::remove_file(path).unwrap();
        std::fs::create_dir_all(path.join("x/y")).unwrap();
    };
    after(|_, files| files.iter().for_each(exchanged));
    after(|tables, _| tables.files("json").iter().for_each(exchanged));
    after(|tables, _| {
        tables.files("json").iter().for_each(|path| changed(path, |record| *record.last_mut().unwrap() = 0));
    });
    after(|tables, _| {
        tables.files("seen").iter().for_each(|path| changed(path, |seen| seen.reverse()));
    });
}

#[test]
fn damage_that_no_digest_tells_is_found_when_it_is_asked_and_the_answer_is_right() {
    // The heads of all pages behind the first: what is asked cannot be read.
    let destroy = |path: &Path| {
        changed(path, |file| file[8192..].chunks_mut(8192).for_each(|page| page[..16].fill(0xee)));
        vouch(path, |_| {});
    };
    after(|_, files| files.iter().for_each(|path| destroy(path)));
    // That the capture was read after all is told too.
    let tables = Tables::new();
    let capture = text(&example("dns.pcap"));
    let first = tables.query(&[&capture, COUNT]).0;
    tables.files("sqlite").iter().for_each(|path| destroy(path));
    assert_eq!(tables.query(&[&capture, COUNT]), (first, vec![json!(true), json!(false)]));
    // While it is asked over MCP and with other captures, too.
    let tables = Tables::new();
    let sql = "SELECT capture, count(*) FROM dns GROUP BY capture";
    let (first, _) = tables.query(&[&capture, &text(&example("dns-tunnel.pcap")), sql]);
    tables.files("sqlite").iter().for_each(|path| destroy(path));
    assert_eq!(tables.query(&[&capture, &text(&example("dns-tunnel.pcap")), sql]).0, first);
    tables.query(&[&capture, COUNT]);
    tables.files("sqlite").iter().for_each(|path| destroy(path));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = tables.client(&[]).await;
        for is_kept in [false, true] {
            let (answer, kept) = asked(&client, &example("dns.pcap"), COUNT).await;
            assert_eq!((&answer["rows"][0][0], kept), (&json!(134), is_kept));
        }
        client.cancel().await.unwrap();
    });
}

#[test]
fn exchanged_files_answer_for_nothing_but_their_own_capture() {
    let exchange = |one: &Path, other: &Path| {
        let aside = one.with_extension("aside");
        std::fs::rename(one, &aside).unwrap();
        std::fs::rename(other, one).unwrap();
        std::fs::rename(&aside, other).unwrap();
    };
    after(|_, files| exchange(&files[0], &files[1]));
    after(|tables, files| {
        let records = tables.files("json");
        exchange(&files[0], &files[1]);
        exchange(&records[0], &records[1]);
    });
    after(|tables, _| {
        let seen = tables.files("seen");
        exchange(&seen[0], &seen[1]);
    });
}

#[test]
fn a_record_that_says_what_cannot_be_is_not_believed() {
    after(|_, files| files.iter().for_each(|path| vouch(path, |record| record["bytes"] = json!([1]))));
    after(|_, files| files.iter().for_each(|path| vouch(path, |record| record["run"] = json!("none"))));
    after(|_, files| {
        files.iter().for_each(|path| {
            vouch(path, |record| record["run"]["end"] = json!({ "reason": "x", "offset": 0, "message": "" }))
        })
    });
    // A file that has other tables than it should have.
    after(|_, files| {
        for path in files {
            let connection = rusqlite::Connection::open(path).unwrap();
            connection
                .execute_batch("ALTER TABLE dns RENAME TO tcp; CREATE VIEW dns AS SELECT 'x' AS name FROM tcp")
                .unwrap();
            connection.close().unwrap();
            vouch(path, |_| {});
        }
    });
}
