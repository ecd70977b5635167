use super::*;
use crate::stats::{Window, Within};

fn shown(hierarchy: &Hierarchy, packets: u64) -> Vec<(String, u64, u64)> {
    hierarchy
        .report(packets, &mut Lists::default())
        .rows
        .into_iter()
        .map(|row| (row.path, row.packets, row.bytes))
        .collect()
}

#[test]
fn a_packet_counts_once_at_each_level() {
    let mut hierarchy = Hierarchy::default();
    hierarchy.add(&[Layer::Ethernet, Layer::Arp], None, 60);
    hierarchy.add(&[Layer::Ethernet, Layer::Ipv4, Layer::Tcp], None, 100);
    hierarchy.add(&[Layer::Ethernet, Layer::Ipv4, Layer::Ipv4, Layer::Udp], None, 200);
    hierarchy.add(&[Layer::Ethernet, Layer::Llc], Some("stp"), 60);
    let expected = [
        ("eth", 4, 420),
        ("eth:ip", 2, 300),
        ("eth:ip:tcp", 1, 100),
        ("eth:ip:ip", 1, 200),
        ("eth:ip:ip:udp", 1, 200),
        ("eth:arp", 1, 60),
        ("eth:llc", 1, 60),
        ("eth:llc:stp", 1, 60),
    ];
    assert_eq!(shown(&hierarchy, 4), expected.map(|(path, packets, bytes)| (path.to_owned(), packets, bytes)));
    assert_eq!(hierarchy.report(4, &mut Lists::default()).rows[1].percent, 50.0);
}

/// More paths in turns than are remembered, and such as begin or end alike.
#[test]
fn paths_in_turns_are_told_apart() {
    use Layer::{Ethernet, Ipv4, Ipv6, Llc, Tcp, Udp};
    let paths: [(&[Layer], Option<&'static str>); 7] = [
        (&[Ethernet, Ipv4, Tcp], None),
        (&[Ethernet, Ipv4, Udp], None),
        (&[Ethernet, Ipv6, Udp], None),
        (&[Ethernet, Ipv4], None),
        (&[Ethernet, Llc], Some("stp")),
        (&[Ethernet, Llc], Some("cdp")),
        (&[Ethernet, Ipv4, Ipv4, Udp], None),
    ];
    let mut hierarchy = Hierarchy::default();
    let mut places = std::collections::BTreeSet::new();
    for turn in 0..30 {
        let (layers, inner) = paths[turn * turn % 7];
        let (place, whole) = hierarchy.add(layers, inner, 10);
        assert!(whole);
        places.insert((turn * turn % 7, place));
    }
    for (layers, inner) in paths {
        hierarchy.add(layers, inner, 10);
    }
    // Remainders of squares by 7 are 0, 1, 2 and 4; each has one place.
    assert_eq!(places.len(), 4);
    let count = |path: &str| shown(&hierarchy, 37).into_iter().find(|row| row.0 == path).map(|row| row.1);
    let expected = [("eth", 37), ("eth:ip", 18), ("eth:ip:udp", 10), ("eth:ip:tcp", 6), ("eth:ip:ip:udp", 1)];
    assert_eq!(expected.map(|(path, _)| count(path)), expected.map(|(_, packets)| Some(packets)));
    let others = ["eth:ipv6:udp", "eth:llc", "eth:llc:stp", "eth:llc:cdp"];
    assert_eq!(others.map(count), [Some(9), Some(10), Some(9), Some(1)]);
}

#[test]
fn conversations_count_below_their_transport() {
    let mut hierarchy = Hierarchy::default();
    let mut place = 0;
    for _ in 0..3 {
        place = hierarchy.add(&[Layer::Ethernet, Layer::Ipv6, Layer::Udp], None, 80).0;
    }
    let settled = |protocol, packets| Settled {
        place: u32::try_from(place).unwrap(),
        protocol,
        is_tcp: false,
        port: 53,
        packets,
        bytes: packets * 80,
        first_frame: 1,
    };
    hierarchy.settled(settled(Some((Protocol::Dns, By::Signature)), 2));
    hierarchy.settled(settled(None, 1));
    let rows = hierarchy.report(3, &mut Lists::default()).rows;
    let rows: Vec<_> = rows.iter().map(|row| (row.path.as_str(), row.by, row.packets)).collect();
    assert_eq!(
        rows[2..],
        [("eth:ipv6:udp", None, 3), ("eth:ipv6:udp:dns", Some("signature"), 2), ("eth:ipv6:udp:data", None, 1)]
    );
}

#[test]
fn vlans_and_labels_of_any_number_are_one_protocol() {
    let mut hierarchy = Hierarchy::default();
    hierarchy.add(&[Layer::Ethernet, Layer::Vlan(1), Layer::Mpls(2)], None, 60);
    hierarchy.add(&[Layer::Ethernet, Layer::Vlan(7), Layer::Mpls(8)], None, 60);
    assert_eq!(shown(&hierarchy, 2).len(), 3);
    // Any layer with a number of its own, and layers with the same name.
    let layers =
        [Layer::Geneve(1), Layer::Geneve(2), Layer::L2tp(1), Layer::L2tp(2), Layer::LinuxCooked, Layer::LinuxCooked2];
    layers.iter().for_each(|layer| {
        hierarchy.add(&[*layer], None, 60);
    });
    assert_eq!(shown(&hierarchy, 8).len(), 6);
}

#[test]
fn made_up_numbers_leave_room_for_named_protocols() {
    let mut hierarchy = Hierarchy::default();
    (0..=u16::MAX).for_each(|kind| {
        hierarchy.add(&[Layer::Ethernet, Layer::OtherEthertype(kind)], None, 60);
    });
    hierarchy.add(&[Layer::Ethernet, Layer::Ipv6], None, 80);
    assert_eq!(hierarchy.nodes.len(), 1 + 1 + NUMBERED + 1);
    let report = hierarchy.report(65_537, &mut Lists::default());
    assert_eq!(report.packets_not_placed, 65_536 - NUMBERED as u64);
    assert!(report.rows.iter().any(|row| row.path == "eth:ipv6"));
}

#[test]
fn nodes_and_rows_are_bounded_and_the_rows_are_a_whole_tree() {
    let mut hierarchy = Hierarchy::default();
    for path in 0..4096_u32 {
        let layers: Vec<_> =
            (0..12).map(|bit| if path >> bit & 1 == 0 { Layer::Vlan(0) } else { Layer::Mpls(0) }).collect();
        hierarchy.add(&layers, None, 60);
    }
    let report = hierarchy.report(4096, &mut Lists::default());
    assert_eq!((hierarchy.nodes.len(), report.rows.len()), (NODES, LISTED));
    // A tree of twelve levels, of which 3,191 rows have no node.
    assert_eq!(report.rows_total, 8_190);
    assert!(report.packets_not_placed > 0);
    for row in &report.rows {
        let parent = row.path.rsplit_once(':').map(|(parent, _)| parent);
        assert!(parent.is_none_or(|parent| report.rows.iter().any(|other| other.path == parent)), "{}", row.path);
    }
}

#[test]
fn protocols_without_a_node_go_on() {
    // More numbers than one node has, more nodes than there are, and what a conversation carries below a node that came before.
    let count = |hierarchy: &mut Hierarchy| {
        for kind in 0..3_000_u16 {
            let times = u64::from(kind % 3 + 1);
            (0..times).for_each(|_| {
                hierarchy.add(&[Layer::Ethernet, Layer::OtherEthertype(0x2000 + kind)], None, 60);
            });
        }
        let (udp, _) = hierarchy.add(&[Layer::Ethernet, Layer::Ipv4, Layer::Udp], None, 100);
        for path in 0..4_096_u32 {
            let layers: Vec<_> =
                (0..12).map(|bit| if path >> bit & 1 == 0 { Layer::Vlan(0) } else { Layer::Mpls(0) }).collect();
            hierarchy.add(&layers, None, 60);
        }
        hierarchy.settled(Settled {
            place: udp as u32,
            protocol: Some((Protocol::Dns, By::Signature)),
            is_tcp: false,
            port: 53,
            packets: 1,
            bytes: 100,
            first_frame: 1,
        });
    };
    let page = |offset: u64, after: Option<u64>| {
        let within = after.map(|after| Within { list: ROWS.into(), after });
        let mut lists = Lists::new(Window { offset, limit: 1_000, list: Some(ROWS.into()), within });
        let mut hierarchy = Hierarchy::new(&lists);
        count(&mut hierarchy);
        let report = hierarchy.report(10_096, &mut lists);
        (report.rows, lists.into_pages().pop().and_then(|page| page.next))
    };
    let (mut rows, mut next) = (Vec::new(), None);
    while next.is_none() {
        let (here, behind) = page(rows.len() as u64, None);
        assert!(!here.is_empty());
        rows.extend(here);
        next = behind;
    }
    assert_eq!(rows.len(), NODES - 1);
    while next.is_some() {
        let (here, behind) = page(0, next);
        rows.extend(here);
        next = behind;
    }
    // Ethernet, its 3,000 numbers, IP, UDP, DNS, and a tree of twelve levels.
    assert_eq!(rows.len(), 1 + 3_000 + 3 + 8_190);
    let mut expected: Vec<(String, u64)> =
        vec![("eth".into(), 6_001), ("eth:ip".into(), 1), ("eth:ip:udp".into(), 1), ("eth:ip:udp:dns".into(), 1)];
    expected.extend(
        (0..3_000_u16).map(|kind| {
            (format!("eth:{}", names::layer(Layer::OtherEthertype(0x2000 + kind))), u64::from(kind % 3 + 1))
        }),
    );
    for level in 1..=12_u32 {
        expected.extend((0..1_u32 << level).map(|path| {
            let names = (0..level).map(|bit| if path >> bit & 1 == 0 { "vlan" } else { "mpls" });
            (names.collect::<Vec<_>>().join(":"), u64::from(1_u32 << (12 - level)))
        }));
    }
    let mut found: Vec<(String, u64)> = rows.into_iter().map(|row| (row.path, row.packets)).collect();
    found.sort();
    expected.sort();
    assert!(found == expected);
}
