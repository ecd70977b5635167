//! What becomes of files that are kept.

mod damage;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::pipeline::{End, Outcome};
use crate::rows::QueryError;
use crate::selection::Delivered;
use crate::tables::tests::{asked, files, minute, query, table};

const CAPTURE: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const SIZE: u64 = 1000;

fn cache(folder: &TempDir, most: u64) -> TableCache {
    TableCache::open(&folder.path().join("tables"), most, "this".into()).unwrap()
}

fn outcome(end: Option<&'static str>) -> Outcome {
    Outcome {
        report: "".into(),
        name: "a.pcap".into(),
        frames: 7,
        delivered: Delivered::UpTo(7),
        identity: CAPTURE.into(),
        identity_is_whole: true,
        sha1: None,
        identity_is_kept: false,
        size: SIZE,
        octets: 900,
        memory: 5,
        summary: json!({ "format": "pcap" }),
        end: end.map(|reason| End { reason, offset: 3, message: "there".into() }),
    }
}

fn key(cache: &TableCache, maker: &str) -> Key {
    cache.key((CAPTURE, SIZE), &table(), &json!([maker]))
}

/// Keeps a table of so many rows.
fn keep(cache: &TableCache, maker: &str, count: usize) -> Option<String> {
    let file = files(&[Arc::new(table())], count, cache.nest().unwrap()).pop().unwrap();
    let run = Run::of(&outcome(Some("cut-short"))).unwrap();
    let kept = cache.keep(&key(cache, maker), file, &run, &CancellationToken::new());
    kept.kept().map(str::to_owned)
}

fn find(cache: &TableCache, maker: &str) -> Option<(TableFile, Run)> {
    cache.find(&key(cache, maker), &Arc::new(table()), &CancellationToken::new())
}

/// How many rows it has.
fn count(file: TableFile) -> Result<Value, QueryError> {
    let mut filled = asked(vec![file], &[Arc::new(table())])?;
    let page = filled.ask(&query("SELECT count(*), max(name) FROM dns"), &minute(&CancellationToken::new()))?;
    Ok(page.rows[0][0].clone())
}

fn names(folder: &TempDir) -> Vec<String> {
    let names = std::fs::read_dir(folder.path().join("tables")).unwrap();
    let mut names: Vec<String> = names.map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The file of a table.
fn of_table(folder: &TempDir, cache: &TableCache, maker: &str) -> PathBuf {
    folder.path().join("tables").join(key(cache, maker).table())
}

#[test]
fn what_is_kept_is_found_again_with_what_is_known_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let cache = self::cache(&folder, 1 << 30);
    assert!(find(&cache, "a").is_none() && !cache.may_have(SIZE));
    assert!(keep(&cache, "a", 3).is_some());
    // Another process finds it, too.
    let cache = self::cache(&folder, 1 << 30);
    let (file, run) = find(&cache, "a").unwrap();
    let again = run.outcome("b.pcap").unwrap();
    let made = Outcome { name: "b.pcap".into(), identity_is_kept: true, ..outcome(Some("cut-short")) };
    assert_eq!(format!("{again:?}"), format!("{made:?}"));
    assert_eq!(count(file).unwrap(), 3);
    assert!(cache.may_have(SIZE) && !cache.may_have(SIZE + 1));
    let (tables, bytes) = cache.held();
    assert!(tables == 1 && bytes > 8192, "{tables} {bytes}");
    // Nothing is left of making it, and nobody else can read it.
    assert_eq!(names(&folder).len(), 2, "{:?}", names(&folder));
    let mode = of_table(&folder, &cache, "a").parent().unwrap().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    // Other components, another program, other columns and other captures have other tables.
    assert!(find(&cache, "b").is_none());
    let other = TableCache::open(&folder.path().join("tables"), 1 << 30, "other".into()).unwrap();
    assert!(find(&other, "a").is_none());
    let mut wider = table();
    wider.columns.pop();
    let keys = [
        key(&cache, "a"),
        cache.key((CAPTURE, SIZE), &wider, &json!(["a"])),
        cache.key((&CAPTURE.replace('0', "1"), SIZE), &table(), &json!(["a"])),
    ];
    assert!(keys[0] != keys[1] && keys[0] != keys[2] && keys[1] != keys[2]);
}

#[test]
fn only_what_would_be_the_same_again_is_kept() {
    for (end, is_kept) in [
        (None, true),
        (Some("damaged"), true),
        (Some("time-limit"), false),
        (Some("read-failed"), false),
        (Some("reader-failed"), false),
    ] {
        assert_eq!(Run::of(&outcome(end)).is_some(), is_kept, "{end:?}");
    }
    assert!(Run::of(&Outcome { identity_is_whole: false, ..outcome(None) }).is_none());
}

#[test]
fn a_file_that_was_only_touched_is_read_for_its_digest_once() {
    let folder = tempfile::tempdir().unwrap();
    let cache = self::cache(&folder, 1 << 30);
    keep(&cache, "a", 3).unwrap();
    let path = of_table(&folder, &cache, "a");
    let record = || std::fs::read(path.with_extension("json")).unwrap();
    let before = record();
    assert!(find(&cache, "a").is_some() && record() == before);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    assert_eq!(count(find(&cache, "a").unwrap().0).unwrap(), 3);
    let after = record();
    assert!(after != before);
    assert!(find(&cache, "a").is_some() && record() == after);
    // What was written before the machine started again may be on the disk in part.
    let started = TableCache { boot: Some("again".into()), ..self::cache(&folder, 1 << 30) };
    let (file, _) = find(&started, "a").unwrap();
    assert_eq!(count(file).unwrap(), 3);
    assert!(record() != after);
}

#[test]
fn the_longest_unused_go_first_and_what_is_asked_stays() {
    let folder = tempfile::tempdir().unwrap();
    let size = {
        let cache = self::cache(&folder, 1 << 30);
        keep(&cache, "a", 2000).unwrap();
        cache.held().1
    };
    // Room for two, with what is known of them.
    let cache = self::cache(&folder, 2 * size + 20_000);
    let pause = || std::thread::sleep(Duration::from_millis(20));
    pause();
    keep(&cache, "b", 2000).unwrap();
    pause();
    assert!(find(&cache, "a").is_some());
    pause();
    keep(&cache, "c", 2000).unwrap();
    assert!(find(&cache, "b").is_none() && find(&cache, "a").is_some() && find(&cache, "c").is_some());
    let (tables, bytes) = cache.held();
    assert!(tables == 2 && bytes <= 2 * size, "{tables} {bytes}");
    // Who asks the longest unused one goes on asking it.
    let (held, _) = find(&cache, "a").unwrap();
    pause();
    assert!(find(&cache, "c").is_some());
    pause();
    keep(&cache, "d", 2000).unwrap();
    assert!(find(&cache, "c").is_none() && find(&cache, "d").is_some());
    assert_eq!(count(held).unwrap(), 2000);
    // What would leave no room for others is not kept, and is there for who made it.
    assert!(keep(&cache, "e", 10_000).is_none() && find(&cache, "d").is_some());
    // With less room there is less.
    drop(self::cache(&folder, size));
    assert_eq!(cache.held().0, 0);
}

#[test]
fn many_small_ones_never_have_more_than_their_room() {
    let folder = tempfile::tempdir().unwrap();
    let all = |cache: &TableCache| cache.folder.entries().iter().map(|entry| entry.size).sum::<u64>();
    let one = {
        let cache = self::cache(&folder, 1 << 30);
        keep(&cache, "0", 3).unwrap();
        all(&cache)
    };
    // So many that not each is followed by a look at all.
    let most = 300 * one;
    let cache = self::cache(&folder, most);
    for n in 1..400 {
        assert!(keep(&cache, &n.to_string(), 3).is_some(), "{n}");
        assert!(all(&cache) <= most && find(&cache, &n.to_string()).is_some(), "{n}: {}", all(&cache));
    }
    assert!(all(&cache) > most / 2 && find(&cache, "0").is_none());
}

#[test]
fn what_a_killed_writer_left_is_removed_and_what_a_living_one_writes_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let cache = self::cache(&folder, 1 << 30);
    let tables = folder.path().join("tables");
    let living = cache.nest().unwrap();
    std::fs::write(living.file("0.sqlite"), "rows").unwrap();
    let dead = tables.join(".new-dead");
    std::fs::create_dir(&dead).unwrap();
    std::fs::write(dead.join(ALIVE), "").unwrap();
    std::fs::write(dead.join("0.sqlite"), "rows").unwrap();
    // It was killed between the table and its record; and this one before it wrote anything.
    std::fs::write(of_table(&folder, &cache, "x"), "rows").unwrap();
    std::fs::create_dir(tables.join(".new-begun")).unwrap();
    std::fs::write(tables.join(".0123456789abcdef"), "half a record").unwrap();
    let long_ago = SystemTime::now() - Duration::from_secs(7200);
    File::open(tables.join(".0123456789abcdef")).unwrap().set_modified(long_ago).unwrap();
    cache.make_room();
    let names = names(&folder);
    assert!(living.file("0.sqlite").exists() && names.len() == 2 && names.contains(&".new-begun".into()), "{names:?}");
    File::open(tables.join(".new-begun")).unwrap().set_modified(long_ago).unwrap();
    cache.make_room();
    drop(living);
    assert_eq!(self::names(&folder), Vec::<String>::new());
}

#[test]
fn two_that_make_the_same_table_at_once_have_it_both() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (self::cache(&folder, 1 << 30), self::cache(&folder, 1 << 30));
    let made: Vec<_> = [&one, &other]
        .iter()
        .map(|cache| files(&[Arc::new(table())], 5, cache.nest().unwrap()).pop().unwrap())
        .collect();
    let run = Run::of(&outcome(None)).unwrap();
    let kept: Vec<_> =
        made.into_iter().map(|file| one.keep(&key(&one, "a"), file, &run, &CancellationToken::new())).collect();
    // The first is asked: what is asked is not replaced.
    assert!(kept[0].kept().is_some() && kept[1].kept().is_none());
    for file in kept {
        assert_eq!(count(file).unwrap(), 5);
    }
    assert!(find(&other, "a").is_some());
}

#[test]
fn a_capture_is_known_until_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let cache = self::cache(&folder, 1 << 30);
    let path = folder.path().join("a.pcap");
    std::fs::write(&path, "capture").unwrap();
    let identity = || Identity::of(&path.metadata().unwrap());
    assert_eq!(cache.seen(&identity()), None);
    for sha1 in [None, Some("a9993e364706816aba3e25717850c26c9cd0d89d".to_owned())] {
        let digests = Digests { sha256: CAPTURE.into(), sha1 };
        cache.remember(&identity(), &digests);
        assert_eq!(cache.seen(&identity()), Some(digests));
    }
    let before = identity();
    std::thread::sleep(Duration::from_millis(20));
    std::fs::write(&path, "changed").unwrap();
    assert_eq!(cache.seen(&identity()), None);
    // What is no digest is none, and what was another capture's is not this one's.
    for wrong in ["../../etc/passwd", &format!("{CAPTURE} "), &format!("{CAPTURE} {CAPTURE}")] {
        cache.folder.keep(&seen(&identity()), wrong.as_bytes()).unwrap();
        assert_eq!(cache.seen(&identity()), None);
    }
    let (from, to) = (seen(&before), seen(&identity()));
    std::fs::copy(folder.path().join("tables").join(from), folder.path().join("tables").join(to)).unwrap();
    assert_eq!(cache.seen(&identity()), None);
}

#[test]
fn captures_that_are_known_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let cache = self::cache(&folder, 1 << 30);
    for n in 0..CAPTURES + 10 {
        std::fs::write(folder.path().join("tables").join(format!("{n:064x}{SEEN}")), "").unwrap();
    }
    cache.make_room();
    assert_eq!(names(&folder).len(), CAPTURES);
}

#[test]
fn a_folder_that_others_can_look_into_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (mode, reason) in [(0o777, "can be written by others"), (0o750, "can be read by others")] {
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        let error = TableCache::open(folder.path(), 1 << 30, String::new()).unwrap_err();
        assert!(matches!(&error, TableCacheError::NotPrivate { reason: told, .. } if *told == reason), "{error}");
    }
    assert!(matches!(TableCache::open(Path::new("/proc/nowhere"), 1, String::new()), Err(TableCacheError::Io { .. })));
}

#[test]
fn links_in_the_folder_lead_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let cache = self::cache(&folder, 1 << 30);
    keep(&cache, "a", 3).unwrap();
    let (path, outside) = (of_table(&folder, &cache, "a"), folder.path().join("outside"));
    std::fs::rename(&path, &outside).unwrap();
    std::os::unix::fs::symlink(&outside, &path).unwrap();
    assert!(find(&cache, "a").is_none());
    assert!(outside.exists() && !path.exists());
    // The folder itself may be behind one.
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(folder.path().join("tables"), &link).unwrap();
    let linked = TableCache::open(&link, 1 << 30, "this".into()).unwrap();
    keep(&linked, "a", 3).unwrap();
    assert_eq!(count(find(&linked, "a").unwrap().0).unwrap(), 3);
}

#[test]
fn who_does_not_wait_gets_nothing_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let cache = self::cache(&folder, 1 << 30);
    keep(&cache, "a", 3).unwrap();
    let path = of_table(&folder, &cache, "a");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    let cancel = CancellationToken::new();
    cancel.cancel();
    assert!(cache.find(&key(&cache, "a"), &Arc::new(table()), &cancel).is_none());
    assert!(find(&cache, "a").is_some());
}
