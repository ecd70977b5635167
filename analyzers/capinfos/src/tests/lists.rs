//! Lists that hold their first entries: the rest is on further pages.

use mcpcap_analyzer::harness::lists::{at, joined, joined_within, pages_are_whole, told};

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
    let further = (0..1_030).flat_map(|_| [pcapng::section(&[]), pcapng::interface(&[])]).flatten();
    pcapng::file(&link_types, &packets).into_iter().chain(further).collect()
}

fn run(capture: &[u8], arguments: &Value) -> Value {
    harness::run::<Capinfos>(capture, arguments).unwrap()
}

#[test]
fn pages_of_each_list_joined_are_all_of_it() {
    pages_are_whole::<Capinfos>(&capture(), &json!({}));
}

#[test]
fn the_total_of_each_list_is_that_of_the_report() {
    let usual = run(&capture(), &json!({}));
    for (list, total) in [
        ("encapsulations", "/encapsulations_total"),
        ("protocols", "/protocols_total"),
        ("protocol_hierarchy.rows", "/protocol_hierarchy/rows_total"),
        ("comments.texts", "/comments/total"),
        ("time_gaps.largest", "/time_gaps/total"),
        ("snap_length.first_frames_cut", "/snap_length/packets_cut"),
        ("out_of_order.first_frames", "/out_of_order/packets"),
    ] {
        assert_eq!(told(&usual, list).map(|[total, ..]| total), usual.pointer(total).and_then(Value::as_u64), "{list}");
    }
}

#[test]
fn gaps_go_on() {
    // Recordings of two packets, each further from the one before.
    let start = |n: u64| 1_000_000_000_000 + n * 2 * DAY + n * n * 60_000_000;
    let packet = |microseconds: u64| (microseconds, build::udp(("192.0.2.1", 1000), ("192.0.2.2", 2000), b"x"));
    let capture =
        build::pcap(&(0..300).flat_map(|n| [packet(start(n)), packet(start(n) + 1_000_000)]).collect::<Vec<_>>());
    let usual = run(&capture, &json!({}));
    assert_eq!((&usual["time_gaps"]["total"], &usual["time_gaps"]["total_is_exact"]), (&json!(63), &json!(false)));
    let (joined, total) = joined::<Capinfos>(&capture, &json!({}), "time_gaps.largest");
    assert_eq!((total, joined.len()), (299, 299));
    let mut gaps: Vec<(u64, u64, u64)> = joined
        .iter()
        .map(|gap| {
            let frame = |name: &str| gap[name]["frame"].as_u64().unwrap();
            (frame("before"), frame("after"), gap["seconds"].as_f64().unwrap().round() as u64)
        })
        .collect();
    let is_between = |gap: &Value| gap["packets_before"] == 2 && gap["packets_after"] == 2;
    assert!(joined[63..].iter().all(is_between));
    gaps.sort_unstable();
    let expected = (0..299).map(|n| (2 * n + 2, 2 * n + 3, (start(n + 1) - start(n)) / 1_000_000 - 1));
    assert!(gaps.into_iter().eq(expected));
}

#[test]
fn protocols_without_a_node_go_on() {
    let frame = |n: u16| [&[2; 12][..], &(0x3000 + n).to_be_bytes(), &[0; 46]].concat();
    let capture = build::pcap(&(0..1_500).map(|n| (u64::from(n) * 1_000, frame(n))).collect::<Vec<_>>());
    let (joined, total) = joined::<Capinfos>(&capture, &json!({}), "protocol_hierarchy.rows");
    let mut paths: Vec<&str> = joined.iter().map(|row| row["path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    paths.dedup();
    // Ethernet, and 1,500 numbers, of which 24 have a node.
    assert_eq!((total, joined.len(), paths.len()), (1_501, 1_501, 1_501));
    assert!(joined[1..].iter().all(|row| row["packets"] == 1 && row["bytes"] == 60));
}

#[test]
fn frames_that_were_not_decoded_go_on() {
    let unknown = [&[2; 12][..], &[0x70, 0], &[0; 46]].concat();
    let mut malformed = build::udp(("192.0.2.1", 1000), ("192.0.2.2", 2000), b"x");
    // A header of 60 bytes, where there are 20 and 9 more.
    malformed[14] = 0x4f;
    let frames: Vec<_> =
        (0..3_100).map(|n| (n, if n % 2 == 0 { unknown.clone() } else { malformed.clone() })).collect();
    let capture = build::pcap(&frames);
    let report = run(&capture, &json!({}));
    let place = |list: &Value, field: &str, name: &str| {
        list.as_array().unwrap().iter().position(|entry| entry[field] == name).unwrap()
    };
    let failed = report["decoding"]["stopped"].as_array().unwrap();
    let failed = failed.iter().position(|stop| stop["undecoded"] == true).unwrap();
    let unread = place(&report["decoding"]["not_looked_into"], "protocol", "ethertype 0x7000");
    let finding = place(&report["findings"], "rule", "capture_packets_undecoded");
    for (name, from) in [
        (format!("decoding.stopped[{failed}].frames"), 2),
        (format!("decoding.not_looked_into[{unread}].frames"), 1),
        (format!("findings[{finding}].frames"), 2),
    ] {
        let (frames, pages) = joined_within::<Capinfos>(&capture, &json!({}), &name);
        let frames = frames.iter().map(|frame| frame.as_u64().unwrap());
        assert!(frames.eq((from..=3_100).step_by(2)) && pages == 2, "{name}: {pages}");
    }
}

#[test]
fn ports_of_a_protocol_go_on() {
    // What nobody knows, from a server port of its own each time; the first ones more often.
    let datagram = |n: u16| build::udp(("192.0.2.1", 50_000), ("192.0.2.2", 20_000 + n), b"\xff\xfe\xfd");
    let frames = (0..3_000).chain(0..5).map(datagram);
    let capture = build::pcap(&(0..).step_by(1000).zip(frames).collect::<Vec<_>>());
    let report = run(&capture, &json!({}));
    let protocol = &report["protocols"][0];
    let ports = json!([20_000, 20_001, 20_002, 20_003, 20_004]);
    assert_eq!((&protocol["protocol"], &protocol["ports"]), (&json!("data"), &ports));
    let total = protocol["ports_total"].as_u64().unwrap();
    assert!(total.abs_diff(3_000) < 300 && protocol["ports_total_is_estimate"] == true, "{total}");
    let (ports, pages) = joined_within::<Capinfos>(&capture, &json!({}), "protocols[0].ports");
    let mut ports: Vec<u64> = ports.iter().map(|port| port.as_u64().unwrap()).collect();
    ports.sort_unstable();
    assert!(ports.into_iter().eq(20_000..23_000) && pages == 3, "{pages}");
}

/// The last of many sections has an interface with addresses, and statistics and packets with comments.
fn capture_of_many(sections: usize) -> Vec<u8> {
    let name = |n: usize| format!("number {n}");
    let mut capture = Vec::new();
    for n in 0..sections {
        let addresses: Vec<[u8; 8]> = (0..40).map(|n| [192, 0, 2, n, 255, 255, 255, 0]).collect();
        let addresses = addresses.iter().map(|octets| (4, octets.as_slice())).filter(|_| n + 1 == sections);
        let name = name(n);
        let of_interface: Vec<_> = addresses.chain([(2, name.as_bytes())]).collect();
        capture.extend(pcapng::section(&[(4, name.as_bytes())]));
        capture.extend(pcapng::interface(&of_interface));
    }
    for n in 0..sections {
        let received = (n as u64).to_le_bytes();
        capture.extend(pcapng::statistics(&[(4, &received), (1, name(n).as_bytes())]));
        capture.extend(pcapng::block(6, &[vec![0; 20], pcapng::options(&[(1, name(n).as_bytes())])].concat()));
    }
    capture
}

#[test]
fn sections_interfaces_and_comments_go_on() {
    const MANY: usize = 2_500;
    let capture = capture_of_many(MANY);
    let usual = run(&capture, &json!({}));
    assert_eq!((&usual["section_count"], &usual["interface_count"]), (&json!(MANY), &json!(MANY)));
    assert_eq!((&usual["drops"]["received"], &usual["comments"]["total"]), (&json!(MANY - 1), &json!(2 * MANY)));
    let named: Vec<Value> = (0..MANY).map(|n| json!(format!("number {n}"))).collect();
    // A text for the statistics, and one for the packet behind them.
    let texts: Vec<Value> = named.iter().flat_map(|name| [name.clone(), name.clone()]).collect();
    for (list, field, expected) in
        [("sections", "application", &named), ("interfaces", "name", &named), ("comments.texts", "text", &texts)]
    {
        let total = expected.len() as u64;
        let first = at(&usual, list);
        assert_eq!(told(&usual, list), Some([total, 0, first.len() as u64]));
        let mut joined: Vec<Value> = Vec::new();
        while (joined.len() as u64) < total {
            let offset = joined.len() as u64;
            let page = json!({ "page": { "list": list, "offset": offset, "limit": 1_000 } });
            let report = run(&capture, &page);
            let entries = at(&report, list);
            assert_eq!(told(&report, list), Some([total, offset, entries.len() as u64]), "{list}");
            assert!(!entries.is_empty(), "{list} ends after {offset}");
            joined.extend(entries.iter().cloned());
        }
        assert!(joined.starts_with(first), "{list}");
        assert!(joined.iter().map(|entry| &entry[field]).eq(expected), "{list}");
    }
}

#[test]
fn addresses_and_statistics_of_an_interface_go_on() {
    // Those of the last interface, which stands behind the first page.
    const MANY: usize = 1_200;
    let capture = capture_of_many(MANY);
    let interface = |list: &str| format!("interfaces[{}].{list}", MANY - 1);
    let page = json!({ "list": "interfaces", "offset": MANY - 1, "limit": 1 });
    let usual = run(&capture, &json!({ "page": page }));
    let shown = &usual["interfaces"][0];
    let received =
        |blocks: &[Value]| blocks.iter().map(|block| block["received"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!(received(shown["statistics"].as_array().unwrap()), [1_197, 1_198, 1_199]);
    assert_eq!((&shown["statistics_count"], shown["addresses"].as_array().unwrap().len()), (&json!(MANY), 16));
    assert_eq!(told(&usual, &interface("statistics")), Some([1_200, 0, 3]));
    assert_eq!(told(&usual, &interface("addresses")), Some([40, 0, 16]));
    let joined = |list: &str| {
        let (mut values, mut after) = (Vec::new(), Some(0));
        while let Some(behind) = after {
            let within = json!({ "list": format!("interfaces[].{list}"), "after": behind });
            let page = json!({ "list": "interfaces", "offset": MANY - 1, "limit": 1, "within": within });
            let report = run(&capture, &json!({ "page": page }));
            values.extend(report["interfaces"][0][list].as_array().unwrap().iter().cloned());
            let page = at(&report, "pages").iter().find(|page| page["list"] == interface(list));
            after = page.and_then(|page| page["next"].as_u64());
        }
        values
    };
    assert!(received(&joined("statistics")).into_iter().eq(0..MANY as u64));
    assert!(joined("addresses").into_iter().eq((0..40).map(|n| json!(format!("192.0.2.{n}/255.255.255.0")))));
    // The same of one that is on the first page.
    let (all, pages) = joined_within::<Capinfos>(&capture_of_many(40), &json!({}), "interfaces[39].statistics");
    assert!(received(&all).into_iter().eq(0..40) && pages == 1);
    let (all, pages) = joined_within::<Capinfos>(&capture_of_many(40), &json!({}), "interfaces[39].addresses");
    assert_eq!((all.len(), pages), (40, 1));
}
