//! Files that are not as they were written: damaged, exchanged, forged.

use rusqlite::Connection;

use super::*;

#[test]
fn a_file_that_is_not_as_it_was_written_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let cache = self::cache(&folder, 1 << 30);
    type Change = (&'static str, fn(&mut Vec<u8>));
    let changes: [Change; 6] = [
        ("a bit", |file| file[9000] ^= 1),
        ("its last bytes", |file| file.truncate(file.len() - 5)),
        ("more bytes", |file| file.extend([0; 10])),
        ("all of it", |file| *file = b"no database at all".to_vec()),
        ("nothing", Vec::clear),
        ("its first bytes", |file| file[..100].fill(0xff)),
    ];
    for (what, change) in changes {
        assert!(keep(&cache, "a", 3).is_some(), "{what}");
        let path = of_table(&folder, &cache, "a");
        let mut file = std::fs::read(&path).unwrap();
        change(&mut file);
        std::fs::write(&path, file).unwrap();
        assert!(find(&cache, "a").is_none(), "{what}");
        assert_eq!(names(&folder), Vec::<String>::new(), "{what}");
    }
}

#[test]
fn files_that_were_exchanged_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let cache = self::cache(&folder, 1 << 30);
    for with_records in [false, true] {
        keep(&cache, "a", 3).unwrap();
        keep(&cache, "b", 4).unwrap();
        let (one, other) = (of_table(&folder, &cache, "a"), of_table(&folder, &cache, "b"));
        let exchange = |one: &Path, other: &Path| {
            let aside = folder.path().join("aside");
            std::fs::rename(one, &aside).unwrap();
            std::fs::rename(other, one).unwrap();
            std::fs::rename(&aside, other).unwrap();
        };
        exchange(&one, &other);
        if with_records {
            exchange(&one.with_extension("json"), &other.with_extension("json"));
        }
        assert!(find(&cache, "a").is_none() && find(&cache, "b").is_none());
    }
}

/// Writes a record that carries a right digest of itself.
fn forge(cache: &TableCache, maker: &str, content: &[u8]) {
    cache.folder.keep(&key(cache, maker).record(), content).unwrap();
}

#[test]
fn a_record_that_says_what_cannot_be_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let cache = self::cache(&folder, 1 << 30);
    let changes: [fn(&mut Value); 8] = [
        |record| record["bytes"] = "many".into(),
        |record| record["bytes"] = (-1).into(),
        |record| record["run"]["end"] = json!({ "reason": "made up", "offset": 1, "message": "x" }),
        |record| record["more"] = 1.into(),
        |record| record["file"] = Value::Null,
        |record| record["sha256"] = json!([1]),
        |record| *record = json!([]),
        |record| record["run"]["end"]["message"] = "x".repeat(20_000).into(),
    ];
    for (n, change) in changes.iter().enumerate() {
        keep(&cache, "a", 3).unwrap();
        let path = of_table(&folder, &cache, "a").with_extension("json");
        let mut record: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()[32..]).unwrap();
        change(&mut record);
        forge(&cache, "a", record.to_string().as_bytes());
        assert!(find(&cache, "a").is_none(), "{n}");
    }
    // Without its digest it is none either.
    keep(&cache, "a", 3).unwrap();
    let path = of_table(&folder, &cache, "a").with_extension("json");
    let mut record = std::fs::read(&path).unwrap();
    let last = record.len() - 2;
    record[last] ^= 1;
    std::fs::write(&path, record).unwrap();
    assert!(find(&cache, "a").is_none());
}

/// What a record says of a file that somebody made.
fn claim(folder: &TempDir, cache: &TableCache) {
    let path = of_table(folder, cache, "a");
    let file = File::open(&path).unwrap();
    let record = Record {
        run: Run::of(&outcome(None)).unwrap(),
        bytes: 1,
        sha256: digest(&file, &CancellationToken::new()).unwrap(),
        file: Identity::of(&file.metadata().unwrap()),
        boot: cache.boot.clone(),
    };
    cache.write(&key(cache, "a"), &record).unwrap();
}

#[test]
fn a_forged_file_is_found_out_when_it_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let cache = self::cache(&folder, 1 << 30);
    for sql in [
        "CREATE TABLE more (x)",
        "CREATE INDEX own ON dns (name)",
        "DROP INDEX \"dns.frame\"",
        "ALTER TABLE dns RENAME TO tcp",
        "ALTER TABLE dns ADD COLUMN x",
        "ALTER TABLE dns DROP COLUMN name",
        "DROP TABLE dns; CREATE VIEW dns AS SELECT 1 AS frame",
        "CREATE TRIGGER t AFTER INSERT ON dns BEGIN SELECT 1; END",
        "ANALYZE",
    ] {
        keep(&cache, "a", 3).unwrap();
        let connection = Connection::open(of_table(&folder, &cache, "a")).unwrap();
        connection.execute_batch(sql).unwrap();
        connection.close().unwrap();
        claim(&folder, &cache);
        let (file, _) = find(&cache, "a").unwrap();
        let error = count(file).unwrap_err();
        assert!(matches!(error, QueryError::Damaged(_)), "{sql}: {error:?}");
    }
}

#[test]
fn damage_that_no_digest_tells_ends_a_question_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let cache = self::cache(&folder, 1 << 30);
    let mut told = 0;
    // Of each page the head, cells that are not there, and rows that are cut.
    for at in (100..100 + 8192 * 12).step_by(1021) {
        keep(&cache, "a", 2000).unwrap();
        let path = of_table(&folder, &cache, "a");
        let mut file = std::fs::read(&path).unwrap();
        for byte in file[at..].iter_mut().take(64) {
            *byte = byte.wrapping_mul(31).wrapping_add(77);
        }
        std::fs::write(&path, file).unwrap();
        claim(&folder, &cache);
        let (file, _) = find(&cache, "a").unwrap();
        match count(file) {
            Err(QueryError::Damaged(_)) => told += 1,
            Err(error) => panic!("{at}: {error:?}"),
            // Values that were changed are values.
            Ok(_) => {}
        }
    }
    assert!(told > 10, "{told}");
}
