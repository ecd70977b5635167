use super::fragments::{Fragments, Header};
use super::record::{Record, may_begin};
use super::*;

fn fragment(kind: u8, length: u32, number: u16, offset: u32, bytes: &[u8]) -> Vec<u8> {
    let mut all = vec![kind];
    all.extend(&length.to_be_bytes()[1..]);
    all.extend(number.to_be_bytes());
    all.extend(&offset.to_be_bytes()[1..]);
    all.extend(&(bytes.len() as u32).to_be_bytes()[1..]);
    all.extend(bytes);
    all
}

fn take(fragments: &mut Fragments, bytes: &[u8]) -> (Option<()>, Vec<Vec<u8>>) {
    let (header, content) = Header::parse(bytes).unwrap();
    let mut found = Vec::new();
    let taken = fragments.take(&header, content, Mark::default(), &mut |message, _| found.push(message.body.to_vec()));
    (taken, found)
}

#[test]
fn fragments_in_any_order_and_twice_make_the_message_once() {
    let parts = [fragment(1, 6, 0, 4, b"ef"), fragment(1, 6, 0, 0, b"abc"), fragment(1, 6, 0, 2, b"cde")];
    let mut fragments = Fragments::default();
    let mut all = Vec::new();
    for part in parts.iter().chain(&parts) {
        let (taken, found) = take(&mut fragments, part);
        assert_eq!(taken, Some(()));
        all.extend(found);
    }
    assert_eq!(all, [b"abcdef".to_vec()]);
    assert_eq!(fragments.buffered(), 0);
}

#[test]
fn fragments_that_lie_are_refused() {
    assert_eq!(Header::parse(&fragment(1, 2, 0, 1, b"ab")), None);
    let mut fragments = Fragments::default();
    take(&mut fragments, &fragment(1, 6, 0, 0, b"ab"));
    assert_eq!(take(&mut fragments, &fragment(1, 7, 0, 2, b"cd")).0, None);
    // Many pieces apart from each other are too many.
    let mut fragments = Fragments::default();
    let taken = (0..100).map(|place| take(&mut fragments, &fragment(1, 1000, 0, place * 2, b"a")).0);
    assert_eq!(taken.filter(Option::is_some).count(), 64);
}

#[test]
fn records_are_told_from_what_else_shares_their_ports() {
    // RFC 7983 §7: STUN begins with 0 to 3, RTP with 128 to 191.
    assert!(!may_begin(b"\x00\x01\x00\x00\x21\x12\xa4\x42") && !may_begin(b"\x80\x60\x00\x01aaaaaaaaaaaa"));
    let mut bytes = &b"\x17\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x07\x00\x03abc\x2e\x00\x01\x00\x02de"[..];
    assert!(may_begin(bytes));
    let first = Record::next(&mut bytes, None).unwrap();
    assert_eq!((first.kind, first.epoch, first.content, first.is_whole), (23, 1, &b"abc"[..], true));
    // The short form with a number of two bytes and a length.
    let second = Record::next(&mut bytes, None).unwrap();
    assert_eq!((second.epoch, second.content, second.is_whole), (1, &b"de"[..], true));
    assert_eq!(Record::next(&mut bytes, None), None);
}

#[test]
fn connection_ids_stand_before_the_length() {
    let both = b"\x19\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x07\x01\x02\x03\x00\x02ab\x3d\x01\x02\x03\x00\x01\x00\x01c\x17\xfe\xfd\x00\x01\x00\x00\x00\x00\x00\x08\x00\x01d";
    let mut bytes = &both[..];
    let records: Vec<_> = std::iter::from_fn(|| Record::next(&mut bytes, Some(3))).collect();
    let read: Vec<_> = records.iter().map(|record| (record.content, record.is_whole)).collect();
    assert_eq!(read, [(&b"ab"[..], true), (b"c", true), (b"d", true)]);
    // Nobody said how long they are.
    for from in [0, 18] {
        let mut bytes = &both[from..];
        let record = Record::next(&mut bytes, None).unwrap();
        assert!(!record.is_whole || record.is_short);
        assert_eq!(Record::next(&mut bytes, None), None);
    }
}
