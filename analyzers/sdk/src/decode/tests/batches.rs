//! Copies across the borders of batches: what tells them is taken of a batch's bytes before these go.

use super::*;
use crate::harness::{folder, frames};
use crate::stats::Lists;

const MS: u64 = 1_000_000;

/// A frame with its time and place.
struct Taken {
    time: Option<u64>,
    original: u32,
    data: Vec<u8>,
    link: Link,
    link_index: u32,
}

/// Of which frames they are copies, and what is told of all, when so many stand in a batch; `None`: when no bytes stay.
fn copies(all: &[Taken], size: Option<usize>) -> (Vec<Option<u64>>, Value) {
    let (mut decoder, mut copies, mut number) = (Decoder::new(), Vec::new(), 0);
    for batch in all.chunks(size.unwrap_or(usize::MAX)) {
        let bytes: Vec<u8> = batch.iter().flat_map(|taken| taken.data.iter().copied()).collect();
        let mut at = 0;
        for Taken { time, original, data, link, link_index } in batch {
            number += 1;
            let data = &bytes[at..at + data.len()];
            at += data.len();
            let (timestamp, original, link_index) = (*time, *original, *link_index);
            let frame = crate::Frame { number, timestamp, original, data, link, link_index, flags: 0, offset: 0 };
            copies.push(decoder.take(&frame, size.map(|_| &*bytes), false, &|_| true).packet.copy_of);
        }
        decoder.settle(&bytes);
    }
    (copies, serde_json::to_value(decoder.copies(&mut Lists::default())).unwrap())
}

fn taken(time: u64, data: Vec<u8>) -> Taken {
    Taken { time: Some(time), original: data.len() as u32, data, link: ethernet(), link_index: 0 }
}

/// A query with content of its own and no identification. Four begin alike, so that what follows tells them apart.
fn query(content: u64) -> Vec<u8> {
    let begin = [(content / 4) as u8; 24];
    build::udp(("192.0.2.1", 1000), ("192.0.2.2", 53), &[&begin, &content.to_be_bytes()[..], &[1; 80]].concat())
}

#[test]
fn copies_are_the_same_whatever_stands_in_a_batch() {
    let mut found = 0;
    for path in ["crafted", "encapsulation", "hostile", "reported"].iter().flat_map(|name| folder(name)) {
        let mut all = Vec::new();
        let _ = frames(&std::fs::read(&path).unwrap(), |frame| {
            let (time, original, data) = (frame.timestamp, frame.original, frame.data.to_vec());
            all.push(Taken { time, original, data, link: frame.link.clone(), link_index: frame.link_index });
            Ok(crate::Flow::More)
        });
        let expected = copies(&all, None);
        found += expected.0.iter().flatten().count();
        for size in [1, 2, 3, 7, all.len().max(1)] {
            assert_eq!(copies(&all, Some(size)), expected, "{} in batches of {size}", path.display());
        }
    }
    assert!(found > 20, "{found}");
}

#[test]
fn a_copy_stands_in_a_later_batch_than_its_packet() {
    let other = |n: u64| taken(n * MS / 100, query(n));
    let mut all: Vec<Taken> = (0..40).map(other).collect();
    all.extend([3, 17, 39].map(|n| taken(MS / 2, query(n))));
    for size in [1, 2, 5, 20, 40, 41, 43] {
        let (copies, report) = copies(&all, Some(size));
        assert_eq!(copies[40..], [Some(4), Some(18), Some(40)], "batches of {size}");
        assert_eq!((&report["frames"], report.get("at_least")), (&3.into(), None), "batches of {size}");
    }
}

/// What nobody expected a copy of is gone, and that is said; from then on it is expected.
#[test]
fn where_times_go_back_to_an_earlier_batch_there_may_be_more_copies() {
    let all = || [taken(0, query(1)), taken(9 * MS, query(2)), taken(MS / 10, query(1)), taken(9 * MS, query(2))];
    assert_eq!(copies(&all(), Some(4)).0, [None, None, Some(1), Some(2)]);
    let (found, report) = copies(&all(), Some(2));
    assert_eq!((found, &report["at_least"]), (vec![None, None, None, Some(2)], &true.into()));
    // Once times have gone back, any packet may have one.
    let again = [taken(20 * MS, query(3)), taken(40 * MS, query(4)), taken(20 * MS + 1, query(3))];
    let all: Vec<Taken> = all().into_iter().chain(again).collect();
    assert_eq!(copies(&all, Some(2)).0[4..], [None, None, Some(5)]);
}
