//! Rows that come back as they were given.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampNanosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use object_store::memory::InMemory;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::lines::Lines;
use super::parquet::Parquet;
use super::spool::{Spool, Written};
use super::{Format, Place, Writer};
use crate::rows::{Cells, Checked, Column, Kind, Table, Texts, Values};

/// Microseconds would lose its last digits.
const TIME: i64 = 1_700_000_000_123_456_789;

fn table() -> Arc<Table> {
    let kinds = [
        ("frame", Kind::Integer),
        ("time", Kind::Time),
        ("ms", Kind::Float),
        ("is_x", Kind::Truth),
        ("name", Kind::Text),
        ("client", Kind::Address),
        ("frames", Kind::Integers),
        ("answers", Kind::Texts),
    ];
    let column = |(name, kind): (&str, Kind)| Column {
        name: name.into(),
        kind,
        unit: (kind == Kind::Float).then(|| "ms".into()),
        meaning: format!("What {name} means."),
        captured: kind == Kind::Text,
    };
    let columns = kinds.into_iter().map(column).collect();
    Arc::new(Table { name: "t".into(), row: "A row".into(), tool: "x".into(), columns })
}

fn texts(all: &[&str]) -> Texts {
    let mut texts = Texts::default();
    for one in all {
        texts.text.push_str(one);
        texts.ends.push(u32::try_from(texts.text.len()).unwrap());
    }
    texts
}

/// Three rows, in the second of which nothing is there that can be absent.
fn rows() -> Checked {
    let of = |cells| Values { cells, absent: vec![1] };
    let v6 = 0x2001_0db8_0000_0000;
    Checked::new(
        &table(),
        vec![
            Values { cells: Cells::Integers(vec![1, 2, i64::MAX]), absent: vec![] },
            Values { cells: Cells::Times(vec![TIME, 0, -1]), absent: vec![] },
            of(Cells::Floats(vec![0.1, 7.0, 2.0])),
            of(Cells::Truths(vec![true, true, false])),
            of(Cells::Texts(texts(&["=a,\"ü\"\u{202e}", "hidden", ""]))),
            of(Cells::Addresses { versions: vec![4, 4, 6], high: vec![0, 0, v6], low: vec![0xc000_0201, 9, 1] }),
            of(Cells::IntegerLists { values: vec![1, 2, 9, 3], ends: vec![2, 3, 4] }),
            of(Cells::TextLists { texts: texts(&["a", "b\u{1b}", "never"]), ends: vec![2, 3, 3] }),
        ],
    )
    .unwrap()
}

fn written(writer: Box<dyn Writer>) -> Vec<u8> {
    let mut writer = writer;
    writer.add(&rows()).unwrap();
    writer.add(&rows()).unwrap();
    let (spool, rows) = writer.end().unwrap();
    assert_eq!(rows, 6);
    content(spool.finish(false).unwrap())
}

fn ended(writer: Box<dyn Writer>) -> Vec<u8> {
    content(writer.end().unwrap().0.finish(true).unwrap())
}

fn content(mut written: Written) -> Vec<u8> {
    let mut bytes = Vec::new();
    written.file.read_to_end(&mut bytes).unwrap();
    assert_eq!((bytes.len() as u64, crate::digest::hex_sha256(&bytes)), (written.bytes, written.sha256));
    bytes
}

fn parquet(rows: bool) -> Vec<u8> {
    let writer = Box::new(Parquet::new(&table(), "day 1/a.pcap", Spool::unnamed().unwrap()).unwrap());
    if rows { written(writer) } else { ended(writer) }
}

fn batches(file: Vec<u8>) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file)).unwrap().build().unwrap();
    reader.collect::<Result<_, _>>().unwrap()
}

#[test]
fn parquet_gives_rows_back_with_their_types() {
    let batches = batches(parquet(true));
    let batch = &batches[0];
    assert_eq!((batches.len(), batch.num_rows()), (1, 6));
    let kind = |name: &str| batch.schema().field_with_name(name).unwrap().data_type().clone();
    assert_eq!(kind("time"), DataType::Timestamp(arrow_schema::TimeUnit::Nanosecond, Some("UTC".into())));
    let column = |name: &str| batch.column_by_name(name).unwrap();
    assert_eq!(column("frame").as_primitive::<Int64Type>().values()[..3], [1, 2, i64::MAX]);
    assert_eq!(column("time").as_primitive::<TimestampNanosecondType>().values()[..3], [TIME, 0, -1]);
    assert_eq!((column("is_x").as_boolean().value(0), column("is_x").as_boolean().value(2)), (true, false));
    let text = |name: &str| -> Vec<Option<String>> {
        column(name).as_string::<i32>().iter().take(3).map(|text| text.map(str::to_owned)).collect()
    };
    assert_eq!(text("name"), [Some("=a,\"ü\"\u{202e}".into()), None, Some(String::new())]);
    assert_eq!(text("client"), [Some("192.0.2.1".into()), None, Some("2001:db8::1".into())]);
    assert_eq!(text("capture"), vec![Some("day 1/a.pcap".to_owned()); 3]);
    let (frames, answers) = (column("frames").as_list::<i32>(), column("answers").as_list::<i32>());
    assert_eq!(frames.value(0).as_primitive::<Int64Type>().values()[..], [1, 2]);
    assert_eq!((frames.is_null(1), frames.value(2).as_primitive::<Int64Type>().value(0)), (true, 3));
    assert_eq!(answers.value(0).as_string::<i32>().value(1), "b\u{1b}");
    assert_eq!((answers.is_null(1), answers.is_null(2), answers.value(2).len()), (true, false, 0));
    // What a column means travels with it.
    let schema = batch.schema();
    let about = schema.field_with_name("ms").unwrap().metadata();
    assert_eq!((about["unit"].as_str(), about["meaning"].as_str()), ("ms", "What ms means."));
    let file = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(parquet(false))).unwrap();
    assert_eq!(file.schema().metadata()["row"], "A row");
}

#[test]
fn the_same_rows_are_the_same_bytes_and_none_have_the_same_columns() {
    assert!(parquet(true) == parquet(true));
    let (some, none) = (parquet(true), parquet(false));
    let schema =
        |file: Vec<u8>| ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file)).unwrap().schema().clone();
    assert_eq!(schema(some), schema(none.clone()));
    assert_eq!(batches(none).len(), 0);
}

#[test]
fn row_groups_end_where_they_grow_large() {
    let mut writer = Box::new(Parquet::new(&table(), "c", Spool::unnamed().unwrap()).unwrap());
    // Texts that neither repeat nor compress.
    let mut seed = 1_u64;
    for _ in 0..40 {
        let mut all = String::new();
        let mut ends = Vec::new();
        for _ in 0..1000 {
            for _ in 0..64 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                all.push_str(&format!("{:016x}", seed ^ (seed >> 31)));
            }
            ends.push(u32::try_from(all.len()).unwrap());
        }
        let mut columns = rows().columns().to_vec();
        let many = |values: &mut Values| {
            values.absent = (0..1000).collect();
            values.cells = match values.cells {
                Cells::Integers(_) => Cells::Integers(vec![1; 1000]),
                Cells::Times(_) => Cells::Times(vec![1; 1000]),
                Cells::Floats(_) => Cells::Floats(vec![1.0; 1000]),
                Cells::Truths(_) => Cells::Truths(vec![true; 1000]),
                Cells::Texts(_) => Cells::Texts(Texts { text: all.clone(), ends: ends.clone() }),
                Cells::Addresses { .. } => {
                    Cells::Addresses { versions: vec![4; 1000], high: vec![0; 1000], low: vec![1; 1000] }
                }
                Cells::IntegerLists { .. } => Cells::IntegerLists { values: vec![], ends: vec![0; 1000] },
                Cells::TextLists { .. } => Cells::TextLists { texts: Texts::default(), ends: vec![0; 1000] },
            };
        };
        columns.iter_mut().for_each(many);
        columns[4].absent.clear();
        writer.add(&Checked::new(&table(), columns).unwrap()).unwrap();
    }
    let file = ended(writer);
    let reader = SerializedFileReader::new(bytes::Bytes::from(file)).unwrap();
    let groups = reader.metadata().row_groups();
    // 40 MB of text in groups of 16 MiB.
    assert!((2..=4).contains(&groups.len()), "{}", groups.len());
    assert_eq!(groups.iter().map(|group| group.num_rows()).sum::<i64>(), 40_000);
}

fn lines(format: Format) -> String {
    String::from_utf8(written(Box::new(
        Lines::new(format, &table(), "day 1/a.pcap", Spool::unnamed().unwrap()).unwrap(),
    )))
    .unwrap()
}

#[test]
fn lines_of_json_say_what_rows_say() {
    let lines = lines(Format::Ndjson);
    assert!(!lines.replace('\n', "").chars().any(crate::text::is_hidden), "{lines}");
    let read: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read.len(), 6);
    assert_eq!(
        read[0],
        json!({
            "frame": 1, "time": "2023-11-14T22:13:20.123456789Z", "ms": 0.1, "is_x": true, "name": "=a,\"ü\"\u{202e}", "client": "192.0.2.1",
            "frames": [1, 2], "answers": ["a", "b\u{1b}"], "capture": "day 1/a.pcap"
        })
    );
    assert_eq!((&read[1]["frame"], &read[1]["name"], &read[1]["frames"]), (&json!(2), &Value::Null, &Value::Null));
    assert_eq!((&read[2]["frame"], &read[2]["name"]), (&json!(i64::MAX), &json!("")));
    let names: Vec<&String> = read[0].as_object().unwrap().keys().collect();
    assert_eq!((names[0].as_str(), names[names.len() - 1].as_str()), ("frame", "capture"));
}

#[test]
fn cells_of_csv_are_harmless_and_absent_ones_are_empty() {
    assert_eq!(
        lines(Format::Csv).lines().take(4).collect::<Vec<_>>(),
        [
            "frame,time,ms,is_x,name,client,frames,answers,capture",
            "1,2023-11-14T22:13:20.123456789Z,0.1,true,\"'=a,\"\"ü\"\"\\u{202e}\",192.0.2.1,\"[1,2]\",\"[\"\"a\"\",\"\"b\\u001b\"\"]\",day 1/a.pcap",
            "2,1970-01-01T00:00:00.000000Z,,,,,,,day 1/a.pcap",
            "9223372036854775807,1969-12-31T23:59:59.999999999Z,2.0,false,\"\",2001:db8::1,[3],[],day 1/a.pcap",
        ]
    );
}

/// What a store is given is there, whole, in one part or in many, until it is taken away.
#[tokio::test]
async fn a_store_has_what_it_is_given() {
    let place = Place::of(Arc::new(InMemory::new()));
    let work = move || {
        let cancel = CancellationToken::new();
        for size in [0_usize, 9, (17 << 20) + 5] {
            let bytes: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
            let mut spool = place.spool("dns/x.parquet").unwrap();
            spool.write_all(&bytes).unwrap();
            let written = place.finish("dns/x.parquet", |is_lasting| spool.finish(is_lasting)).unwrap();
            place.put("dns/x.parquet", written, &cancel).unwrap();
            assert_eq!(place.size("dns/x.parquet", &cancel).unwrap(), Some(size as u64));
            assert!(place.read("dns/x.parquet", size, &cancel).unwrap() == Some(bytes));
        }
        assert_eq!(place.read("dns/x.parquet", 5, &cancel).unwrap(), None);
        place.remove("dns/x.parquet", &cancel).unwrap();
        place.remove("dns/x.parquet", &cancel).unwrap();
        assert_eq!(place.size("dns/x.parquet", &cancel).unwrap(), None);
        assert_eq!(place.read("dns/x.parquet", 5, &cancel).unwrap(), None);
        cancel.cancel();
        assert!(place.size("dns/x.parquet", &cancel).unwrap_err().is_cancelled());
        assert_eq!(place.shown("dns/x.parquet"), "t://bucket/sets/dns/x.parquet");
    };
    tokio::task::spawn_blocking(work).await.unwrap();
}

#[tokio::test]
async fn places_that_are_none_say_so() {
    for (text, says) in
        [("ftp://host/x", "s3://BUCKET"), ("s3://", "used"), ("/dev/null/x", "/dev/null/x cannot be written")]
    {
        let error = Place::open(text).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
}
