//! Lists that hold their first entries: the rest is on further pages.

use std::collections::HashSet;

use mcpcap_analyzer::Tool;

use super::*;

const DAY: u64 = 86_400_000_000;

/// Many link layers, protocols, comments, gaps in time, packets that were cut and packets that are earlier than the one before them.
fn capture() -> Vec<u8> {
    let numbered = |from: u16, tags: usize| {
        (from..from + 24).map(move |ethertype| {
            let tags = [0x81, 0, 0, 7].repeat(tags);
            [&[2; 12][..], &tags, &ethertype.to_be_bytes(), &[0; 46]].concat()
        })
    };
    let ip = |source: &'static str, destination: &'static str, at: usize, from: u8| {
        (from..from + 24).map(move |protocol| {
            let mut frame = build::udp((source, 1000), (destination, 2000), b"x");
            frame[at] = protocol;
            frame
        })
    };
    let ethernet = numbered(0x0700, 0).chain(numbered(0x0720, 1)).chain(numbered(0x0740, 2));
    let ethernet =
        ethernet.chain(ip("192.0.2.1", "192.0.2.2", 23, 150)).chain(ip("2001:db8::1", "2001:db8::2", 20, 180));
    // Each of the others on an interface and of a link layer of its own.
    let link_types: Vec<u16> = std::iter::once(1).chain(1000..1060).collect();
    let others = (1..link_types.len()).map(|interface| (interface, vec![0; 60]));
    let packets: Vec<_> = (0_u64..)
        .zip(ethernet.map(|frame| (0, frame)).chain(others))
        .map(|(n, (interface, octets))| pcapng::Packet {
            interface,
            // Days apart at first; then every second one is earlier.
            microseconds: 1_700_000_000_000_000 + n.min(40) * 2 * DAY + n % 2 * 1_000_000,
            original: octets.len() + usize::from(n % 3 == 0),
            octets,
            comment: Some(format!("packet {n}")),
        })
        .collect();
    pcapng::file(&link_types, &packets)
}

fn at<'a>(report: &'a Value, path: &str) -> &'a Vec<Value> {
    path.split('.').fold(report, |value, name| &value[name]).as_array().unwrap()
}

fn told<'a>(report: &'a Value, list: &str) -> Option<&'a Value> {
    report["pages"].as_array().unwrap().iter().find(|page| page["list"] == list)
}

/// The lists that are reached without going through a list.
fn reached(value: &Value, path: &str, found: &mut Vec<(String, usize)>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            reached(value, &if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, found)
        }),
        Value::Array(entries) => found.push((path.to_owned(), entries.len())),
        _ => {}
    }
}

fn run(capture: &[u8], arguments: &Value) -> Value {
    harness::run::<Capinfos>(capture, arguments).unwrap()
}

#[test]
fn pages_of_each_list_joined_are_all_of_it() {
    let capture = capture();
    let usual = run(&capture, &json!({}));
    for list in Capinfos::CUT.iter().copied() {
        let first = at(&usual, list);
        let info = told(&usual, list).unwrap_or_else(|| panic!("{list} is not cut"));
        let total = usize::try_from(info["total"].as_u64().unwrap()).unwrap();
        assert_eq!((&info["offset"], &info["returned"]), (&json!(0), &json!(first.len())), "{list}");
        assert!(total > first.len(), "{list}");
        let page = |offset: usize, limit: usize| {
            run(&capture, &json!({ "page": { "list": list, "offset": offset, "limit": limit } }))
        };
        let whole = page(0, 1000);
        assert_eq!(told(&whole, list), None, "{list}");
        let all = at(&whole, list);
        let different: HashSet<String> = all.iter().map(Value::to_string).collect();
        assert_eq!((all.len(), different.len()), (total, total), "{list}");
        assert_eq!(first[..], all[..first.len()], "{list}");
        let mut joined = Vec::new();
        while joined.len() < total {
            let report = page(joined.len(), 7);
            let entries = at(&report, list);
            let expected = json!({ "list": list, "total": total, "offset": joined.len(), "returned": entries.len() });
            assert_eq!(told(&report, list), Some(&expected));
            assert!(!entries.is_empty(), "{list}");
            joined.extend(entries.clone());
        }
        assert_eq!(&joined, all, "{list}");
        assert!(at(&page(total, 7), list).is_empty());
        // All others are as usual, and so is what the findings cite.
        for other in Capinfos::CUT.iter().chain(Capinfos::PAGED).chain(&["findings"]).filter(|other| **other != list) {
            assert_eq!(at(&whole, other), at(&usual, other), "{other}");
        }
    }
}

#[test]
fn every_list_that_is_cut_is_named_and_its_total_is_that_of_the_report() {
    let usual = run(&capture(), &json!({}));
    let mut found = Vec::new();
    reached(&usual, "", &mut found);
    let named = |list: &str| Capinfos::CUT.contains(&list) || Capinfos::PAGED.contains(&list);
    let cut = |length: usize| [10, 20, 50, 100].contains(&length);
    assert!(found.iter().all(|(list, length)| named(list) || !cut(*length)), "{found:?}");
    for (list, total) in [
        ("encapsulations", "/encapsulations_total"),
        ("protocols", "/protocols_total"),
        ("protocol_hierarchy.rows", "/protocol_hierarchy/rows_total"),
        ("comments.texts", "/comments/total"),
        ("time_gaps.largest", "/time_gaps/total"),
        ("snap_length.first_frames_cut", "/snap_length/packets_cut"),
        ("out_of_order.first_frames", "/out_of_order/packets"),
    ] {
        assert_eq!(told(&usual, list).map(|page| &page["total"]), usual.pointer(total), "{list}");
    }
}
