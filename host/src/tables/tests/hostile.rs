//! SQL of a stranger.

use std::time::Instant;

use super::*;

#[track_caller]
fn refused(sql: &str) -> String {
    let known = [Arc::new(table())];
    let before = read_by(sql, &known).unwrap_err();
    let QueryError::Sql(words) = before else { panic!("{sql}: {before:?}") };
    // The database itself is as careful.
    assert!(matches!(ask(1, &query(sql)), Err(QueryError::Sql(_))), "{sql}");
    words
}

#[track_caller]
fn ends(sql: &str) -> QueryError {
    let started = Instant::now();
    let error = ask(1000, &Query { time: Duration::from_millis(500), ..query(sql) }).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(60), "{sql}");
    // The next one is answered.
    assert_eq!(rows(1, "SELECT count(*) FROM dns"), json!([[1]]));
    error
}

#[test]
fn only_reading_is_possible() {
    for sql in [
        "INSERT INTO dns (frame) VALUES (1)",
        "UPDATE dns SET frame = 1",
        "DELETE FROM dns",
        "DROP TABLE dns",
        "CREATE TABLE x (y)",
        "CREATE TEMP TABLE x AS SELECT 1",
        "CREATE TEMP VIEW v AS SELECT 1",
        "CREATE TEMP TRIGGER t AFTER INSERT ON dns BEGIN SELECT 1; END",
        "CREATE INDEX i ON dns (frame)",
        "ALTER TABLE dns RENAME TO x",
        "REINDEX",
        "ANALYZE",
        "VACUUM",
        "VACUUM INTO '/tmp/mcpcap-stolen.sqlite'",
        "BEGIN",
        "COMMIT",
        "SAVEPOINT s",
        "ATTACH '/etc/passwd' AS p",
        "ATTACH ':memory:' AS p",
        "DETACH main",
        "PRAGMA writable_schema = ON",
        "PRAGMA query_only = OFF",
        "PRAGMA hard_heap_limit = 0",
        "PRAGMA database_list",
        "INSERT INTO dns (frame) VALUES (1) RETURNING frame",
        "EXPLAIN SELECT 1",
        "EXPLAIN QUERY PLAN SELECT 1",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE dns",
        "",
        "   ;",
        "-- nothing",
        "SELECT 1\0",
        "CREATE VIRTUAL TABLE x USING fts5(y)",
        "CREATE VIRTUAL TABLE x USING rtree(a, b, c)",
    ] {
        refused(sql);
    }
}

#[test]
fn only_these_tables_are_read() {
    for sql in [
        "SELECT * FROM sqlite_schema",
        "SELECT count(*) FROM sqlite_master",
        "SELECT * FROM sqlite_temp_schema",
        "SELECT * FROM pragma_database_list",
        "SELECT count(*) FROM pragma_database_list",
        "SELECT * FROM pragma_table_info('dns')",
        "SELECT count(*) FROM pragma_hard_heap_limit",
        "SELECT * FROM dbstat",
        "SELECT count(*) FROM dbstat",
        "SELECT * FROM fts3tokenize('simple')",
        "SELECT count(*) FROM fts3tokenize('simple', 'a b')",
        "SELECT 1 FROM sqlite_sequence",
        "SELECT count(*) FROM sqlite_schema JOIN dns USING (name)",
        "SELECT count(*) FROM sqlite_schema NATURAL JOIN dns",
        "SELECT count(*) FROM dbstat JOIN dns USING (name)",
        "SELECT count(*) FROM pragma_database_list JOIN dns USING (name)",
        "SELECT count(*) FROM PRAGMA_database_list JOIN json_each('[1]') ON name = value",
    ] {
        refused(sql);
    }
    assert!(refused("SELECT * FROM sqlite_schema").contains("tables_and_columns"));
}

#[test]
fn only_these_functions_are_run() {
    for sql in [
        "SELECT load_extension('/tmp/x.so')",
        "SELECT randomblob(1000000000)",
        "SELECT zeroblob(1000000000)",
        "SELECT random()",
        "SELECT fts3_tokenizer('simple')",
        "SELECT sqlite_version()",
        "SELECT sqlite_compileoption_get(1)",
        "SELECT datetime('now')",
        "SELECT CURRENT_TIMESTAMP",
        "SELECT last_insert_rowid(), changes()",
        "SELECT readfile('/etc/passwd')",
        "SELECT writefile('/tmp/x', 'y')",
        "SELECT json_set('{}', '$.a', 1)",
        "SELECT no_such_function()",
        "SELECT name REGEXP 'a' FROM dns",
        "SELECT name MATCH 'a' FROM dns",
        "SELECT likelihood(1, 0.5)",
    ] {
        refused(sql);
    }
}

#[test]
fn what_has_no_end_is_ended() {
    for sql in [
        "SELECT count(*) FROM dns a, dns b, dns c, dns d, dns e",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT sum(i) FROM n",
        "SELECT count(*) FROM dns a JOIN dns b JOIN dns c ON a.name LIKE '%' || b.name || '%' || c.name",
        "SELECT max(entropy(a.name || b.name || c.name)) FROM dns a, dns b, dns c",
    ] {
        let QueryError::Limit(limit) = ends(sql) else { panic!("{sql}") };
        assert!(limit.starts_with("time (500ms)"), "{limit}");
    }
}

#[test]
fn rows_behind_a_full_page_are_counted_for_a_while_only() {
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    let page = ask(0, &Query { limit: 3, ..query(sql) }).unwrap();
    assert_eq!((page.rows.len(), page.is_cut), (3, true));
    let page = ask(0, &Query { limit: 3, time: Duration::from_millis(1), ..query(sql) });
    // Three rows are there at once, or not within this time.
    if let Ok(page) = page {
        assert!(page.is_cut);
    }
}

#[test]
fn memory_is_bounded() {
    for sql in [
        // A billion rows that have to be sorted, or kept to be told apart.
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, hex(printf('%.*c', 50000, 'x')) FROM n ORDER BY 2, 1",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n) SELECT DISTINCT i || printf('%.*c', 90000, 'x') FROM n ORDER BY 1",
    ] {
        let error = ask(1, &query(sql)).unwrap_err();
        let QueryError::Limit(limit) = &error else { panic!("{sql}: {error:?}") };
        assert!(limit.starts_with("memory"), "{limit}");
        assert_eq!(rows(1, "SELECT count(*) FROM dns"), json!([[1]]));
    }
    let many =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000000) SELECT median(i) FROM n";
    let patient = Query { time: Duration::from_secs(50), ..query(many) };
    assert!(matches!(ask(1, &patient), Err(QueryError::Sql(words)) if words.contains("more than 4000000 values")));
}

#[test]
fn values_are_bounded() {
    for sql in [
        "SELECT printf('%.*c', 100000000, 'x')",
        "SELECT replace(printf('%.*c', 100000, 'x'), 'x', printf('%.*c', 100000, 'y'))",
        "WITH RECURSIVE n(t) AS (SELECT 'x' UNION ALL SELECT t || t FROM n) SELECT max(length(t)) FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT group_concat(i) FROM n",
    ] {
        assert_eq!(ask(1, &query(sql)), Err(QueryError::Limit("bytes of one value".into())), "{sql}");
    }
}

#[test]
fn patterns_end() {
    let many = format!("'{}b'", "%a".repeat(40));
    let sql = format!("SELECT count(*) FROM dns WHERE printf('%.*c', 100000, 'a') LIKE {many}");
    assert_eq!(rows(10, &sql), json!([[0]]));
    let many = format!("'{}b'", "*a".repeat(40));
    assert_eq!(
        rows(10, &format!("SELECT count(*) FROM dns WHERE printf('%.*c', 100000, 'a') GLOB {many}")),
        json!([[0]])
    );
    let long = format!("SELECT count(*) FROM dns WHERE name LIKE '{}'", "%a".repeat(100));
    assert_eq!(ends(&long), QueryError::Sql("LIKE or GLOB pattern too complex".into()));
    let search = "SELECT instr(printf('%.*c', 190000, 'a'), printf('%.*c', 100000, 'a') || 'b')";
    assert_eq!(rows(1, search), json!([[0]]));
}

/// What looks for one text in another is not interrupted before it is done.
#[test]
fn texts_are_searched_in_time() {
    let long = "WITH RECURSIVE t(x) AS (SELECT printf('%.*c', 190000, 'a')), n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)";
    for search in [
        "instr(x, printf('%.*c', 95000, 'a') || 'b' || i)",
        "replace(x, printf('%.*c', 95000, 'a') || 'b' || i, '')",
        "length(trim(x, printf('%.*c', 16000, 'b') || 'a' || i))",
        "length(ltrim(x, printf('%.*c', 16000, 'b') || 'a' || i))",
        "length(rtrim(x, printf('%.*c', 16000, 'b') || 'a' || i))",
        "x LIKE '%aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab' || i",
    ] {
        let QueryError::Limit(limit) = ends(&format!("{long} SELECT sum({search}) FROM n, t")) else {
            panic!("{search}")
        };
        assert!(limit.starts_with("time (500ms)"), "{limit}");
    }
}

/// Each part is put in wherever it is named: three are a hundred million.
#[test]
fn a_text_that_names_its_parts_over_and_over_is_refused() {
    for (parts, times) in [(3, 30), (5, 40), (12, 2), (60, 2)] {
        let named = |n: usize, m: usize| format!("a{n} p{m}");
        let part = |n: usize| {
            let before: Vec<String> = (0..times).map(|m| named(n - 1, m)).collect();
            format!("a{n} AS (SELECT p0.x FROM {})", before.join(", "))
        };
        let all: Vec<String> = (1..=parts).map(part).collect();
        let sql = format!("WITH a0 AS (SELECT 1 AS x), {} SELECT count(*) FROM a{parts}", all.join(", "));
        let words = refused(&sql);
        assert!(words.contains("nested too deep"), "{words}");
    }
    assert_eq!(rows(1, "SELECT count(*) FROM dns"), json!([[1]]));
}

#[test]
fn nesting_and_length_are_bounded() {
    let words = refused(&format!("SELECT {}1{}", "(".repeat(2_000), ")".repeat(2_000)));
    assert!(words.contains("nested too deep; write it flatter"), "{words}");
    for sql in [
        format!("SELECT {}1{}", "(".repeat(10_000), ")".repeat(10_000)),
        format!("SELECT {}1", "- ".repeat(10_000)),
        format!("SELECT {}1", "1 + ".repeat(10_000)),
        format!("{}SELECT 1{}", "SELECT * FROM (".repeat(500), ")".repeat(500)),
        format!("SELECT 1{}", " UNION SELECT 1".repeat(100)),
        format!("SELECT {}1", "1, ".repeat(1000)),
        format!("SELECT coalesce({}1)", "1, ".repeat(100)),
        format!("SELECT '{}'", "x".repeat(1 << 20)),
        format!("SELECT /* {} */ 1", "x".repeat(1 << 20)),
        format!("SELECT * FROM dns WHERE {}1", "name = 'x' OR ".repeat(1000)),
        format!("SELECT count(*) FROM dns a0 {}", (1..80).map(|n| format!("JOIN dns a{n}")).collect::<String>()),
        format!("WITH {} SELECT 1", (0..2000).map(|n| format!("a{n} AS (SELECT 1)")).collect::<Vec<_>>().join(", ")),
    ] {
        let shown: String = sql.chars().take(40).collect();
        match read_by(&sql, &[Arc::new(table())]) {
            Err(QueryError::Sql(_) | QueryError::Limit(_)) => {}
            // Names of its own are no depth, and no work when nothing reads them.
            Ok(_) if sql.starts_with("WITH") => {}
            other => panic!("{shown}: {other:?}"),
        }
    }
}

#[test]
fn a_query_ends_with_its_caller() {
    let cancel = CancellationToken::new();
    let effort = Effort { cancel: &cancel, until: after(Duration::from_secs(60)) };
    let caller = cancel.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        caller.cancel();
    });
    let sql = "SELECT count(*) FROM dns a, dns b, dns c, dns d, dns e";
    let error = filled(1000).ask(&query(sql), &effort).unwrap_err();
    assert_eq!(error, QueryError::Stopped(crate::effort::Stopped::Cancelled));
}
