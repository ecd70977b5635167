use std::net::IpAddr;

use super::*;

crate::table! {
    /// A thing,
    /// whatever it is.
    pub struct Thing in "things" {
        /// Its frame.
        frame: u64,
        /// When.
        time: Option<Time>,
        /// How long.
        #[unit = "ms"]
        length: f64,
        /// What it says.
        text: Captured<String>,
        /// What it is.
        kind: &'static str,
        /// Where.
        address: Option<IpAddr>,
        /// Whether.
        is_new: bool,
        /// All frames.
        frames: Vec<u64>,
        /// All texts.
        answers: Captured<Vec<String>>,
    }
}

fn thing(n: u64) -> Thing {
    Thing {
        frame: n,
        time: (n > 1).then_some(Time(n)),
        length: if n == 2 { f64::NAN } else { 0.5 },
        text: Captured(format!("ä{n}")),
        kind: "a",
        address: Some("2001:db8::1".parse().unwrap()),
        is_new: n == 1,
        frames: vec![n; n as usize],
        answers: Captured(vec!["x".into(), String::new()]),
    }
}

fn wanted() {
    want(&["things".into()], &[Thing::TABLE]).unwrap();
}

#[test]
fn a_table_says_what_it_is() {
    let told = Thing::TABLE.describe("tool");
    assert_eq!(told["row"], "A thing, whatever it is.");
    let columns = told["columns"].as_array().unwrap();
    assert_eq!(
        columns[2],
        json!({ "name": "length", "kind": "float", "unit": "ms", "meaning": "How long.", "captured": false })
    );
    let of = |field: &str| columns.iter().map(|column| column[field].clone()).collect::<Vec<_>>();
    assert_eq!(
        json!(of("kind")),
        json!(["integer", "time", "float", "text", "text", "address", "truth", "integers", "texts"])
    );
    assert_eq!(json!(of("captured")), json!([false, false, false, true, false, false, false, false, true]));
}

#[test]
fn rows_are_given_as_columns() {
    wanted();
    assert!(is_wanted::<Thing>() && take().is_none());
    (1..=3).for_each(|n| add(|| thing(n)));
    let (table, columns) = take().unwrap();
    assert_eq!((table, take()), (0, None));
    assert_eq!(columns[0].cells, Cells::Integers(vec![1, 2, 3]));
    assert_eq!(columns[1], Column { cells: Cells::Times(vec![0, 2, 3]), absent: vec![0] });
    assert_eq!(columns[2], Column { cells: Cells::Floats(vec![0.5, 0.0, 0.5]), absent: vec![1] });
    assert_eq!(columns[3].cells, Cells::Texts(Texts { text: "ä1ä2ä3".into(), ends: vec![3, 6, 9] }));
    assert_eq!(columns[6].cells, Cells::Truths(vec![true, false, false]));
    assert_eq!(columns[7].cells, Cells::IntegerLists(vec![1, 2, 2, 3, 3, 3], vec![1, 3, 6]));
    let texts = Texts { text: "xxx".into(), ends: vec![1, 1, 2, 2, 3, 3] };
    assert_eq!(columns[8].cells, Cells::TextLists(texts, vec![2, 4, 6]));
    assert!(columns.iter().all(|column| column.len() == 3));
}

#[test]
fn rows_that_nobody_wants_are_not_made() {
    want(&[], &[Thing::TABLE]).unwrap();
    add(|| -> Thing { unreachable!() });
    assert!(!is_wanted::<Thing>() && take().is_none());
    assert!(want(&["other".into()], &[Thing::TABLE]).is_err());
}

#[test]
fn many_rows_and_long_texts_are_given_in_parts() {
    wanted();
    (0..10_000).for_each(|n| add(|| Thing { frames: Vec::new(), ..thing(n) }));
    let counts: Vec<usize> = std::iter::from_fn(take).map(|(_, columns)| columns[0].len()).collect();
    assert_eq!(counts, [4096, 4096, 1808]);
    let long = "ä".repeat(TEXT);
    (0..200).for_each(|n| {
        add(|| Thing {
            text: Captured(long.clone()),
            answers: Captured(vec![long.clone(); 3]),
            frames: vec![n; 10],
            ..thing(n)
        })
    });
    let parts: Vec<Vec<Column>> = std::iter::from_fn(take).map(|(_, columns)| columns).collect();
    assert!(parts.len() > 2);
    for columns in parts {
        let count = columns[0].len();
        let bytes = columns.iter().map(Column::bytes).sum::<usize>();
        assert!(bytes <= BYTES + ROW && bytes + 210 * count <= ROW * count, "{bytes} in {count}");
        let Cells::Texts(texts) = &columns[3].cells else { panic!() };
        assert_eq!(texts.ends[0], TEXT as u32);
    }
    add(|| Thing { frames: vec![1; 2000], ..thing(1) });
    let (_, columns) = take().unwrap();
    let Cells::IntegerLists(values, _) = &columns[7].cells else { panic!() };
    assert_eq!(values.len(), LIST);
}
