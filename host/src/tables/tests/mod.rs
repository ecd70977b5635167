//! Tables that are filled and asked, and what strangers may try.

mod hostile;
mod lies;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::effort::{Effort, after};
use crate::rows::{Cells, Checked, Column, Kind, QueryError, Table, Texts, Values};

/// A second after 2023-11-14T22:13:20Z for each row.
const START: i64 = 1_700_000_000_000_000_000;

pub(super) fn table() -> Table {
    let column = |name: &str, kind: Kind| Column {
        name: name.into(),
        kind,
        unit: None,
        meaning: format!("its {name}"),
        captured: kind == Kind::Text,
    };
    let columns = [
        ("frame", Kind::Integer),
        ("time", Kind::Time),
        ("name", Kind::Text),
        ("server", Kind::Address),
        ("seconds", Kind::Float),
        ("is_answered", Kind::Truth),
        ("answers", Kind::Texts),
        ("frames", Kind::Integers),
    ];
    Table {
        name: "dns".into(),
        row: "a transaction".into(),
        tool: "analyze_dns_packets".into(),
        columns: columns.map(|(name, kind)| column(name, kind)).into(),
    }
}

fn other() -> Table {
    Table { name: "tcp".into(), ..table() }
}

pub(super) fn values(cells: Cells) -> Values {
    Values { cells, absent: Vec::new() }
}

pub(super) fn texts(all: &[String]) -> Texts {
    let mut texts = Texts::default();
    for text in all {
        texts.text.push_str(text);
        texts.ends.push(texts.text.len() as u32);
    }
    texts
}

/// Rows: the n-th has the name `hostN.example.com`; every second one has no answer, and every fourth an IPv6 server.
pub(super) fn columns(count: usize) -> Vec<Values> {
    let numbers = || 0..count as i64;
    let names: Vec<String> = numbers().map(|n| format!("host{n}.example.com")).collect();
    let absent: Vec<u32> = (0..count as u32).filter(|n| n % 2 == 1).collect();
    let is_v6 = |n: i64| n % 4 == 0;
    vec![
        values(Cells::Integers(numbers().map(|n| n + 1).collect())),
        values(Cells::Times(numbers().map(|n| START + n * 1_000_000_000).collect())),
        values(Cells::Texts(texts(&names))),
        values(Cells::Addresses {
            versions: numbers().map(|n| if is_v6(n) { 6 } else { 4 }).collect(),
            high: numbers().map(|n| if is_v6(n) { 0x2001_0db8 << 32 } else { 0 }).collect(),
            low: numbers().map(|n| if is_v6(n) { n as u64 } else { 0x0a00_0000 + n as u64 }).collect(),
        }),
        Values { cells: Cells::Floats(numbers().map(|n| n as f64 / 4.0).collect()), absent: absent.clone() },
        values(Cells::Truths(numbers().map(|n| n % 2 == 0).collect())),
        Values {
            cells: Cells::TextLists { texts: texts(&names), ends: (0..count as u32).map(|n| n + 1).collect() },
            absent,
        },
        values(Cells::IntegerLists {
            values: numbers().flat_map(|n| [n + 1, n + 2]).collect(),
            ends: (0..count as u32).map(|n| 2 * (n + 1)).collect(),
        }),
    ]
}

/// The effort of who has a minute.
pub(super) fn minute(cancel: &CancellationToken) -> Effort<'_> {
    Effort { cancel, until: after(Duration::from_secs(60)) }
}

/// Tables in files, the n-th with so many rows.
pub(super) fn files(tables: &[Arc<Table>], count: usize, nest: Nest) -> Vec<TableFile> {
    let filling = Filling::create(tables, nest, &Arc::new(Room::new(1 << 30))).unwrap();
    for (n, table) in tables.iter().enumerate().filter(|_| count > 0) {
        filling.add(n, &Checked::new(table, columns(count)).unwrap()).unwrap();
    }
    filling.finish(true, &minute(&CancellationToken::new())).unwrap()
}

/// Those that can be asked, beside others of these names.
pub(super) fn asked(files: Vec<TableFile>, known: &[Arc<Table>]) -> Result<Filled, QueryError> {
    Filled::of_files(files, known, &Arc::new(Room::new(1 << 30)), &minute(&CancellationToken::new()))
}

pub(super) fn filled(count: usize) -> Filled {
    let known = [Arc::new(table()), Arc::new(other())];
    asked(files(&known[..1], count, Nest::temporary().unwrap()), &known).unwrap()
}

pub(super) fn query(sql: &str) -> Query<'_> {
    Query { sql, offset: 0, limit: 100, chars: 12_000, time: Duration::from_secs(20) }
}

pub(super) fn ask(count: usize, query: &Query<'_>) -> Result<Page, QueryError> {
    filled(count).ask(query, &minute(&CancellationToken::new()))
}

/// The tables that SQL reads of one capture.
pub(super) fn read_by(sql: &str, known: &[Arc<Table>]) -> Result<Vec<usize>, QueryError> {
    tables_of(sql, known, false, (Duration::from_secs(20), &minute(&CancellationToken::new())))
}

#[track_caller]
fn rows(count: usize, sql: &str) -> Value {
    ask(count, &query(sql)).unwrap().rows.into()
}

#[test]
fn rows_are_told_as_they_were_given() {
    let page = ask(2, &query("SELECT * FROM dns ORDER BY frame")).unwrap();
    assert_eq!(page.columns, ["frame", "time", "name", "server", "seconds", "is_answered", "answers", "frames"]);
    assert_eq!(
        json!(page.rows),
        json!([
            [
                1,
                "2023-11-14T22:13:20.000000Z",
                "host0.example.com",
                "2001:db8::",
                0.0,
                true,
                ["host0.example.com"],
                [1, 2]
            ],
            [2, "2023-11-14T22:13:21.000000Z", "host1.example.com", "10.0.0.1", null, false, null, [2, 3]],
        ])
    );
    assert_eq!((page.behind, page.is_cut), (0, false));
}

#[test]
fn a_table_lists_all_tables() {
    let sql = "SELECT table_name, count(*), min(a_row_is) FROM tables_and_columns GROUP BY table_name";
    assert_eq!(rows(0, sql), json!([["dns", 8, "a transaction"], ["tcp", 8, "a transaction"]]));
    let sql =
        "SELECT type, unit, is_captured FROM tables_and_columns WHERE table_name = 'dns' AND column_name = 'time'";
    assert_eq!(rows(0, sql), json!([["time", "ns since 1970; compare with ns('2026-01-31T12:00:00Z')", 0]]));
}

#[test]
fn functions_answer() {
    for (sql, answer) in [
        ("SELECT count(*) FROM dns WHERE in_network(server, '10.0.0.0/8')", json!(6)),
        ("SELECT count(*) FROM dns WHERE is_private(server)", json!(6)),
        ("SELECT DISTINCT registered_domain(name) FROM dns", json!("example.com")),
        ("SELECT entropy('abab')", json!(1.0)),
        ("SELECT bucket(time, 60) FROM dns LIMIT 1", json!("2023-11-14T22:13:00Z")),
        ("SELECT rfc3339(max(time)) FROM dns", json!("2023-11-14T22:13:27.000000Z")),
        ("SELECT count(*) FROM dns WHERE time >= ns('2023-11-14T22:13:25Z')", json!(3)),
        ("SELECT median(frame) FROM dns", json!(4.5)),
        ("SELECT percentile(frame, 100) FROM dns", json!(8.0)),
        ("SELECT percentile(seconds, 50) FROM dns WHERE is_answered", json!(0.75)),
        ("SELECT median(seconds) FROM dns WHERE frame < 0", json!(null)),
        ("SELECT sum(value) FROM dns, json_each(frames) WHERE frame = 2", json!(5)),
        ("SELECT json_array_length(answers) FROM dns WHERE frame = 1", json!(1)),
        ("WITH few AS (SELECT * FROM dns LIMIT 3) SELECT count(*) FROM few", json!(3)),
        ("SELECT max(r) FROM (SELECT row_number() OVER (ORDER BY frame) AS r FROM dns)", json!(8)),
        (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT sum(i) FROM n",
            json!(55),
        ),
        ("SELECT NULL IS in_network(NULL, '::/0')", json!(1)),
        ("SELECT instr(name, '.') FROM dns WHERE frame = 1", json!(6)),
        ("SELECT instr('äöü', 'ü') || instr('abc', '') || instr('abc', 'd') || instr(1203, 20)", json!("3102")),
        (
            "SELECT replace('äbäb', 'ä', 'xx') || replace('aaa', 'aa', 'b') || replace('abc', '', 'x')",
            json!("xxbxxbbaabc"),
        ),
        (
            "SELECT trim('  a ') || trim('xaäbäx', 'xä') || ltrim('xaä', 'xä') || rtrim('xaä', 'xä') || trim(' a', '')",
            json!("aaäbaäxa a"),
        ),
        (
            "SELECT coalesce(instr(NULL, 'a'), replace('a', NULL, 'b'), replace('a', 'a', NULL), trim(NULL, 'a'), trim('a', NULL))",
            json!(null),
        ),
        ("SELECT replace(CAST(seconds AS TEXT), '.', ',') FROM dns WHERE frame = 3", json!("0,5")),
        ("SELECT in_network('no address', '::/0')", json!(null)),
    ] {
        assert_eq!(rows(8, sql), json!([[answer]]), "{sql}");
    }
}

#[test]
fn values_that_json_has_not_are_told_as_text() {
    let sql = "SELECT 9007199254740993, -9223372036854775808, 9e999, x'00ff', cast(x'ff' AS TEXT), char(27, 8238) || 'x', 1.5";
    assert_eq!(
        rows(0, sql),
        json!([["9007199254740993", "-9223372036854775808", "inf", "x'00ff'", "\u{fffd}", "\\u{1b}\\u{202e}x", 1.5]])
    );
}

#[test]
fn an_answer_has_pages() {
    let of = |offset, limit, chars| {
        ask(100, &Query { offset, limit, chars, ..query("SELECT frame, name FROM dns ORDER BY frame") }).unwrap()
    };
    let first = of(0, 30, 12_000);
    assert_eq!((first.rows.len(), first.behind, first.is_cut), (30, 70, false));
    let last = of(90, 30, 12_000);
    assert_eq!((last.rows.len(), last.behind), (10, 0));
    assert_eq!(last.rows[9], json!([100, "host99.example.com"]));
    let small = of(0, 30, 100);
    // With the names of columns.
    assert_eq!((small.rows.len(), small.behind), (3, 97));
    assert_eq!((of(100, 30, 100).rows.len(), of(1000, 30, 100).behind), (0, 0));
}

/// A page that has no room for a single row would be followed by none.
#[test]
fn a_row_has_less_of_its_texts_where_it_is_too_large_or_is_refused() {
    let of = |sql: &str, chars| ask(100, &Query { chars, ..query(sql) });
    let wide = format!("SELECT {} FROM dns", vec!["printf('%.*c', 2000, 'x')"; 20].join(", "));
    let size = |page: &Page| json!([page.columns, page.rows]).to_string().chars().count();
    for (chars, texts) in [(30_000, 1001), (12_000, 301), (4_000, 101)] {
        let page = of(&wide, chars).unwrap();
        let first = page.rows[0][0].as_str().unwrap();
        assert!(first.chars().count() == texts && first.ends_with('…') && size(&page) <= chars, "{chars}");
        assert_eq!(page.behind + page.rows.len() as u64, 100);
    }
    let names: Vec<String> = (0..150).map(|n| format!("frame AS \"{n:080}\"")).collect();
    for (sql, chars) in [(wide, 2_000), (format!("SELECT {} FROM dns", names.join(", ")), 12_000)] {
        let error = of(&sql, chars).unwrap_err();
        assert!(matches!(&error, QueryError::Limit(limit) if limit.contains("max_chars")), "{error:?}");
    }
    // Where there are no rows, nothing is too large.
    assert_eq!(of("SELECT name FROM dns WHERE frame < 0", 1).unwrap().rows.len(), 0);
}

#[test]
fn an_sql_text_tells_which_tables_it_reads() {
    let known = [Arc::new(table()), Arc::new(other())];
    for (sql, places) in [
        ("SELECT 1", vec![]),
        ("SELECT count(*) FROM dns", vec![0]),
        ("SELECT * FROM TCP AS t", vec![1]),
        ("SELECT a.frame FROM dns a JOIN tcp b USING (server) WHERE b.time > a.time;", vec![0, 1]),
        ("WITH dns AS (SELECT * FROM tcp) SELECT count(*) FROM dns", vec![1]),
        ("WITH x AS (SELECT frame FROM tcp) SELECT max(frame) FROM x", vec![1]),
        ("SELECT * FROM tables_and_columns", vec![]),
        ("SELECT EXISTS (SELECT 1 FROM dns)", vec![0]),
        ("SELECT count(*) FROM dns JOIN tcp USING (frame)", vec![0, 1]),
        ("SELECT count(*) FROM dns NATURAL JOIN tcp", vec![0, 1]),
        ("SELECT frame FROM dns UNION SELECT frame FROM tcp -- and no more", vec![0, 1]),
    ] {
        assert_eq!(read_by(sql, &known).unwrap(), places, "{sql}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_what_was_meant() {
    let known = [Arc::new(table()), Arc::new(other())];
    for (sql, told) in [
        ("SELECT nam FROM dns", "no such column: nam (at character 8: nam FROM dns); nearest: name"),
        ("SELECT d.srver FROM dns d", "no such column: d.srver (at character 8: d.srver FROM dns d); nearest: server"),
        (
            "SELECT xyz FROM dns",
            "no such column: xyz (at character 8: xyz FROM dns); the columns are frame, time, name, server, seconds, is_answered, answers, frames",
        ),
        ("SELECT * FROM dsn", "no such table: dsn; nearest: dns"),
        ("SELECT * FROM zzzz", "no such table: zzzz; the tables are dns, tcp"),
        (
            "SELECT in_net(server, 'x') FROM dns",
            "no such function: in_net (at character 8: in_net(server, 'x') FROM dns); nearest: in_network",
        ),
        (
            "SELECT datetime(time) FROM dns",
            "function datetime is not for queries; rfc3339(time) shows a time, bucket(time, seconds) rounds it, ns(text) reads one",
        ),
        ("SELECT 'ä', , FROM dns", "near \",\": syntax error (at character 13: , FROM dns)"),
        ("SELECT * FROM dns WHERE", "incomplete input"),
        (
            "SELECT \"name\" || \"x\" FROM dns",
            "no such column: \"x\" - should this be a string literal in single-quotes? (at character 18: \"x\" FROM dns)",
        ),
        ("SELECT name FROM dns WHERE name = ?", "too many SQL variables (at character 35: ?)"),
    ] {
        let error = read_by(sql, &known).unwrap_err();
        let QueryError::Sql(words) = &error else { panic!("{sql}: {error:?}") };
        assert!(words.starts_with(told), "{sql}: {words}");
    }
}

#[test]
fn rows_of_several_captures_have_its_name_and_of_one_that_fails_none_is_left() {
    let known = [Arc::new(table()), Arc::new(other())];
    let room = Arc::new(Room::new(1 << 30));
    let mut store = Store::of_several(&known, &room).unwrap();
    let cancel = CancellationToken::new();
    for (name, is_wanted) in [("a", true), ("b\u{202e}", false), ("c\u{202e}", true)] {
        let files = files(&known, 3, Nest::temporary().unwrap());
        if !is_wanted {
            // The second table cannot be read: nothing is left of the first.
            std::fs::write(&files[1].path, b"no database").unwrap();
        }
        let added = store.add(&files, name, &minute(&cancel));
        assert_eq!(added.is_ok(), is_wanted, "{added:?}");
        assert!(added.err().is_none_or(|error| matches!(error, QueryError::Damaged(_))));
    }
    let mut filled = store.finish(Vec::new()).unwrap();
    let mut ask = |sql: &str| json!(filled.ask(&query(sql), &minute(&cancel)).unwrap().rows);
    let sql = "SELECT capture, count(*) FROM dns JOIN tcp USING (frame, capture) GROUP BY 1 ORDER BY 1";
    assert_eq!(ask(sql), json!([["a", 3], ["c\\u{202e}", 3]]));
    // It can be asked again, and only read.
    assert_eq!(ask("SELECT count(DISTINCT capture) FROM dns"), json!([[2]]));
    let sql = "SELECT type, is_captured, count(*) FROM tables_and_columns WHERE column_name = 'capture'";
    assert_eq!(ask(sql), json!([["text", 1, 2]]));
    assert!(read_by("SELECT capture FROM dns", &known).is_err());
    let minute = (Duration::from_secs(60), &minute(&cancel));
    assert_eq!(tables_of("SELECT capture FROM dns", &known, true, minute).unwrap(), [0]);
}

#[test]
fn more_tables_are_asked_than_files_can_be_read_at_once() {
    let named = |n: usize| Arc::new(Table { name: format!("t{n}"), ..table() });
    let known: Vec<Arc<Table>> = (0..13).map(named).collect();
    let mut filled = asked(files(&known, 5, Nest::temporary().unwrap()), &known).unwrap();
    let all: Vec<String> = (0..13).map(|n| format!("SELECT frame FROM t{n}")).collect();
    let sql = format!("SELECT count(*) FROM ({})", all.join(" UNION ALL "));
    assert_eq!(json!(filled.ask(&query(&sql), &minute(&CancellationToken::new())).unwrap().rows), json!([[65]]));
}

#[test]
fn questions_by_frame_time_and_flow_read_an_index() {
    let mut dns = table();
    let name = dns.column("name").unwrap().clone();
    dns.columns.push(Column { name: "community_id".into(), ..name });
    let known = [Arc::new(dns)];
    let mut filled = asked(files(&known, 0, Nest::temporary().unwrap()), &known).unwrap();
    // As the database sees it: of a stranger this would be refused.
    let none = None::<fn(rusqlite::hooks::AuthContext<'_>) -> rusqlite::hooks::Authorization>;
    filled.connection.authorizer(none).unwrap();
    let plan = |sql: &str| -> String {
        let read = |row: &rusqlite::Row<'_>| row.get::<_, String>(3);
        let mut plan = filled.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        plan.query_map([], read).unwrap().map(Result::unwrap).collect()
    };
    assert!(plan("SELECT name FROM dns WHERE frame = 7").contains("USING INDEX dns.frame"));
    let sql = "SELECT name FROM dns WHERE time BETWEEN ns('2023-11-14T22:13:25Z') AND ns('2023-11-14T22:13:26Z')";
    assert!(plan(sql).contains("USING INDEX dns.time"), "{}", plan(sql));
    assert!(plan("SELECT name FROM dns ORDER BY time LIMIT 3").contains("USING INDEX dns.time"));
    let join = "SELECT b.name FROM dns a JOIN dns b ON b.community_id = a.community_id WHERE a.frame = 3";
    assert!(plan(join).contains("USING INDEX dns.community_id"), "{}", plan(join));
    // What is sorted by it is read as it lies.
    let group = plan("SELECT community_id, max(name) FROM dns GROUP BY community_id");
    assert!(group.contains("SCAN dns") && !group.contains("INDEX"), "{group}");
}

#[test]
fn a_table_is_the_same_file_whatever_is_filled_with_it() {
    let known = [Arc::new(table()), Arc::new(other())];
    let read = |tables: &[Arc<Table>]| std::fs::read(&files(tables, 2000, Nest::temporary().unwrap())[0].path).unwrap();
    assert!(read(&known) == read(&known[..1]));
}
