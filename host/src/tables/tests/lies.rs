//! What a component may not give.

use super::*;

#[track_caller]
fn lie(change: impl Fn(&mut Vec<Values>)) -> String {
    let mut given = columns(4);
    change(&mut given);
    Checked::new(&table(), given).map(drop).unwrap_err().to_string()
}

#[test]
fn columns_that_differ_in_length_are_refused() {
    assert!(Checked::new(&table(), columns(4)).is_ok());
    assert_eq!(lie(|columns| drop(columns.pop())), "table dns has 8 columns, and it gave 7");
    assert_eq!(lie(|columns| columns[1].cells = Cells::Times(vec![0; 3])), "3 of 4 rows of table dns, column time");
    assert!(lie(|columns| columns[2].cells = Cells::Texts(texts(&[]))).contains("column name"));
    assert!(lie(|given| *given = columns(0)).contains("0 of 0"));
    let (versions, high, low) = (vec![4; 4], vec![0; 4], vec![0; 3]);
    let halves = Cells::Addresses { versions, high, low };
    assert!(lie(|columns| columns[3].cells = halves.clone()).contains("halves"));
}

#[test]
fn values_of_another_type_are_refused() {
    assert!(lie(|columns| columns[0].cells = Cells::Times(vec![0; 4])).contains("another type"));
    assert!(lie(|columns| columns[2].cells = Cells::Integers(vec![0; 4])).contains("another type"));
    for wrong in [f64::NAN, f64::INFINITY] {
        assert!(lie(|columns| columns[4].cells = Cells::Floats(vec![0.0, wrong, 0.0, 0.0])).contains("finite"));
    }
    for (version, high, low) in [(5, 0, 0), (0, 0, 0), (4, 1, 0), (4, 0, 1 << 32)] {
        let one = Cells::Addresses { versions: vec![version; 4], high: vec![high; 4], low: vec![low; 4] };
        assert!(lie(|columns| columns[3].cells = one.clone()).contains("no address"), "{version}");
    }
}

#[test]
fn ends_and_absent_rows_that_are_not_there_are_refused() {
    let text = |text: &str, ends: [u32; 4]| Cells::Texts(Texts { text: text.into(), ends: ends.into() });
    for (cells, what) in [
        (text("abc", [1, 2, 3, 4]), "an end"),
        (text("abc", [2, 1, 3, 3]), "an end"),
        (text("abc", [1, 2, 2, 2]), "a rest"),
        (text("ä", [1, 2, 2, 2]), "within a character"),
    ] {
        assert!(lie(|columns| columns[2].cells = cells.clone()).contains(what), "{what}");
    }
    for absent in [vec![4], vec![1, 1], vec![2, 1], vec![u32::MAX]] {
        assert!(lie(|columns| columns[0].absent.clone_from(&absent)).contains("absent"), "{absent:?}");
    }
    let lists = Cells::IntegerLists { values: vec![0; 3], ends: vec![1, 2, 3, 4] };
    assert!(lie(|columns| columns[7].cells = lists.clone()).contains("an end"));
}

#[test]
fn texts_and_lists_have_limits() {
    let long = |size: usize| Cells::Texts(texts(&[String::new(), "x".repeat(size), String::new(), String::new()]));
    let mut given = columns(4);
    given[2].cells = long(16 << 10);
    assert!(Checked::new(&table(), given).is_ok());
    assert!(lie(|columns| columns[2].cells = long((16 << 10) + 1)).contains("longer than its limit"));
    let numbers = Cells::IntegerLists { values: vec![0; 1025], ends: vec![1025; 4] };
    assert!(lie(|columns| columns[7].cells = numbers.clone()).contains("longer than its limit"));
    let many = texts(&vec!["x".repeat(100); 200]);
    let lists = Cells::TextLists { texts: many, ends: vec![200; 4] };
    let both = |columns: &mut Vec<Values>| {
        columns[2].cells = Cells::Texts(texts(&vec!["x".repeat(13_000); 4]));
        columns[6].cells = lists.clone();
    };
    assert_eq!(lie(both), "a row of table dns has more than 32768 bytes");
}

#[test]
fn rows_beyond_the_room_end_the_filling() {
    let known = [Arc::new(table())];
    let room = Arc::new(Room::new(1 << 20));
    let rows = Checked::new(&known[0], columns(1000)).unwrap();
    let filling = Filling::create(&known, Nest::temporary().unwrap(), &room).unwrap();
    let error = (0..100).find_map(|_| filling.add(0, &rows).err()).unwrap();
    assert_eq!((error, room.is_full()), (QueryError::Full(1 << 20), true));
    assert!(filling.add(1, &rows).is_err());
    // All tables of a capture share it.
    let known = [Arc::clone(&known[0]), Arc::new(Table { name: "tcp".into(), ..table() })];
    let filling = Filling::create(&known, Nest::temporary().unwrap(), &room).unwrap();
    let count = (0..100).find(|n| filling.add(n % 2, &rows).is_err()).unwrap();
    let filling = Filling::create(&known, Nest::temporary().unwrap(), &room).unwrap();
    let alone = (0..100).find(|_| filling.add(0, &rows).is_err()).unwrap();
    assert!(count.abs_diff(alone) < 2, "{count} {alone}");
    // What was kept when there was more room has too many rows now.
    let files = files(&known, 10_000, Nest::temporary().unwrap());
    let cancel = CancellationToken::new();
    let asked = Filled::of_files(files, &known, &room, &minute(&cancel));
    assert_eq!(asked.err(), Some(QueryError::Full(1 << 20)));
}

#[test]
fn frames_that_were_not_given_are_told() {
    let cites = |frames: [i64; 4], absent: &[u32], list: &[i64]| {
        let mut given = columns(4);
        given[0] = Values { cells: Cells::Integers(frames.into()), absent: absent.into() };
        given[7] = values(Cells::IntegerLists { values: list.into(), ends: vec![list.len() as u32; 4] });
        let checked = Checked::new(&table(), given).unwrap();
        checked.cites(&table(), |frame| (1..=9).contains(&frame)).map_err(|lie| lie.to_string())
    };
    assert_eq!(cites([1, 9, 3, 3], &[], &[2, 9]), Ok(()));
    // What is absent is no frame, whatever stands there.
    assert_eq!(cites([1, 0, 3, 10], &[1, 3], &[]), Ok(()));
    for (frames, list, what) in [
        ([1, 2, 3, 0], &[][..], "frame 0 in table dns, column frame"),
        ([1, -1, 3, 10], &[], "frame -1 in table dns, column frame"),
        ([1, 2, 3, 4], &[1, 10], "frame 10 in table dns, column frames"),
    ] {
        assert!(cites(frames, &[], list).unwrap_err().starts_with(what), "{what}");
    }
}
