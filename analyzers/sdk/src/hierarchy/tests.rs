use super::*;

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
    assert_eq!(report.rows_total, NODES as u64 - 1);
    assert!(report.packets_not_placed > 0);
    for row in &report.rows {
        let parent = row.path.rsplit_once(':').map(|(parent, _)| parent);
        assert!(parent.is_none_or(|parent| report.rows.iter().any(|other| other.path == parent)), "{}", row.path);
    }
}
