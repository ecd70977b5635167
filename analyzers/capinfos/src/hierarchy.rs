//! The protocol hierarchy, as in Wireshark: a tree of protocols, with packets and octets at each level.

use std::borrow::Cow;
use std::cmp::Reverse;

use mcpcap_analyzer::decode::Layer;
use mcpcap_analyzer::{JsonSchema, schemars};
use serde::Serialize;

use crate::link_types;
use crate::numbers::percent;

/// Nodes that are kept. Real captures have below a hundred.
const NODES: usize = 5_000;
/// Children of one node that are known by number only. It bounds the search among them.
const NUMBERED: usize = 24;
/// Rows that a report holds.
const LISTED: usize = 100;

/// Counts packets along the paths of their layers. A packet counts once at each level of its path, whole.
pub struct Hierarchy {
    nodes: Vec<Node>,
    not_placed: u64,
}

struct Node {
    /// Without what differs between packets of the same protocol. `None`: the root.
    layer: Option<Layer>,
    packets: u64,
    octets: u64,
    children: Vec<usize>,
}

impl Default for Hierarchy {
    fn default() -> Self {
        Self { nodes: vec![Node::new(None)], not_placed: 0 }
    }
}

impl Node {
    fn new(layer: Option<Layer>) -> Self {
        Self { layer, packets: 0, octets: 0, children: Vec::new() }
    }
}

impl Hierarchy {
    /// Counts a packet of a length on the wire, in octets.
    pub fn add(&mut self, layers: &[Layer], original: u32) {
        let mut at = 0;
        for layer in layers {
            let Some(child) = self.child(at, plain(*layer)) else {
                self.not_placed = self.not_placed.saturating_add(1);
                return;
            };
            at = child;
            if let Some(node) = self.nodes.get_mut(at) {
                node.packets = node.packets.saturating_add(1);
                node.octets = node.octets.saturating_add(original.into());
            }
        }
    }

    fn child(&mut self, parent: usize, layer: Layer) -> Option<usize> {
        let is = |at: usize, wanted: Layer| self.nodes.get(at).is_some_and(|node| node.layer == Some(wanted));
        let children = &self.nodes.get(parent)?.children;
        if let Some(found) = children.iter().copied().find(|at| is(*at, layer)) {
            return Some(found);
        }
        // Protocols with a name always find a place among their siblings, whatever numbers a capture makes up.
        let numbered = |at: &&usize| self.nodes.get(**at).is_some_and(|node| node.layer.is_some_and(is_numbered));
        let full = is_numbered(layer) && children.iter().filter(numbered).count() >= NUMBERED;
        if full || self.nodes.len() >= NODES {
            return None;
        }
        let new = self.nodes.len();
        self.nodes.push(Node::new(Some(layer)));
        self.nodes.get_mut(parent)?.children.push(new);
        Some(new)
    }

    /// The tree as rows, each below its parent, of `packets` in all.
    pub fn report(&self, packets: u64) -> ProtocolHierarchy {
        // No node has more packets than its parent and none comes before it, so the first rows are a whole tree.
        let mut order: Vec<usize> = (1..self.nodes.len()).collect();
        order.sort_by_key(|at| Reverse(self.packets(*at)));
        let left_out = order.len().saturating_sub(LISTED);
        order.truncate(LISTED);
        let mut kept = vec![false; self.nodes.len()];
        for at in order {
            if let Some(flag) = kept.get_mut(at) {
                *flag = true;
            }
        }
        let mut rows = Vec::new();
        self.rows(0, "", 0, packets, &kept, &mut rows);
        ProtocolHierarchy { rows, rows_left_out: left_out as u64, packets_not_placed: self.not_placed }
    }

    fn packets(&self, at: usize) -> u64 {
        self.nodes.get(at).map_or(0, |node| node.packets)
    }

    /// The rows below a node. Recursion ends with the deepest path, and the decoder bounds those.
    fn rows(&self, at: usize, path: &str, depth: u32, all: u64, kept: &[bool], rows: &mut Vec<ProtocolRow>) {
        let Some(node) = self.nodes.get(at) else { return };
        let mut children: Vec<usize> =
            node.children.iter().copied().filter(|child| kept.get(*child).is_some_and(|kept| *kept)).collect();
        children.sort_by_key(|child| Reverse(self.packets(*child)));
        for child in children {
            let Some((node, layer)) = self.nodes.get(child).and_then(|node| Some((node, node.layer?))) else {
                continue;
            };
            let protocol = name(layer);
            let path = if path.is_empty() { protocol.to_string() } else { format!("{path}:{protocol}") };
            rows.push(ProtocolRow {
                path: path.clone(),
                depth,
                protocol: protocol.into_owned(),
                packets: node.packets,
                percent: percent(node.packets, all),
                bytes: node.octets,
            });
            self.rows(child, &path, depth.saturating_add(1), all, kept, rows);
        }
    }
}

/// The layer without what differs between packets of the same protocol: VLAN ids, labels, session numbers.
fn plain(layer: Layer) -> Layer {
    match layer {
        Layer::Vlan(_) => Layer::Vlan(0),
        Layer::Mpls(_) => Layer::Mpls(0),
        Layer::PppoeSession(_) => Layer::PppoeSession(0),
        Layer::Vxlan(_) => Layer::Vxlan(0),
        Layer::Geneve(_) => Layer::Geneve(0),
        Layer::L2tp(_) => Layer::L2tp(0),
        Layer::Gtp(_) => Layer::Gtp(0),
        Layer::Pbb(_) => Layer::Pbb(0),
        Layer::FrameRelay(_) => Layer::FrameRelay(0),
        Layer::LinuxCooked2 => Layer::LinuxCooked,
        other => other,
    }
}

fn is_numbered(layer: Layer) -> bool {
    matches!(layer, Layer::OtherIp(_) | Layer::OtherEthertype(_) | Layer::OtherLink(_))
}

/// Wireshark's short name of the protocol; by number where the decoder gives no more.
fn name(layer: Layer) -> Cow<'static, str> {
    match layer {
        Layer::OtherIp(number) => ip_protocol(number).map_or_else(|| format!("ip protocol {number}").into(), Cow::from),
        Layer::OtherEthertype(number) => {
            ethertype(number).map_or_else(|| format!("ethertype 0x{number:04x}").into(), Cow::from)
        }
        Layer::OtherLink(number) => link_types::short_name(number).into(),
        known => known.name().into(),
    }
}

/// Assigned Internet Protocol Numbers (IANA).
fn ip_protocol(number: u8) -> Option<&'static str> {
    Some(match number {
        33 => "dccp",
        46 => "rsvp",
        50 => "esp",
        88 => "eigrp",
        89 => "ospf",
        103 => "pim",
        108 => "ipcomp",
        112 => "vrrp",
        _ => return None,
    })
}

/// EtherTypes (IEEE registration authority).
fn ethertype(number: u16) -> Option<&'static str> {
    Some(match number {
        0x8035 => "rarp",
        0x8137 => "ipx",
        0x8808 => "macc",
        0x8809 => "slow",
        0x888e => "eapol",
        0x88cc => "lldp",
        0x88f7 => "ptp",
        0x8902 => "cfm",
        0x8906 => "fcoe",
        0x9000 => "loop",
        _ => return None,
    })
}

/// The protocol hierarchy from the link layer to the transport layer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ProtocolHierarchy {
    /// The tree, each protocol below the one that carries it; among siblings the most frequent first.
    pub rows: Vec<ProtocolRow>,
    /// Less frequent rows that are not here.
    pub rows_left_out: u64,
    /// Packets that are counted only down to a protocol that carries too many others.
    pub packets_not_placed: u64,
}

/// A protocol at one place of the tree.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ProtocolRow {
    /// The protocols down to this one: `eth:ip:tcp`.
    pub path: String,
    /// Protocols above it.
    pub depth: u32,
    /// Wireshark's short name, else `ip protocol 99`, `ethertype 0x88b5`.
    pub protocol: String,
    /// Packets that have this path.
    pub packets: u64,
    /// Their share of all packets, in percent.
    pub percent: f64,
    /// Sum of their original lengths, in octets.
    pub bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(hierarchy: &Hierarchy, packets: u64) -> Vec<(String, u64, u64)> {
        hierarchy.report(packets).rows.into_iter().map(|row| (row.path, row.packets, row.bytes)).collect()
    }

    #[test]
    fn a_packet_counts_once_at_each_level() {
        let mut hierarchy = Hierarchy::default();
        hierarchy.add(&[Layer::Ethernet, Layer::Arp], 60);
        hierarchy.add(&[Layer::Ethernet, Layer::Ipv4, Layer::Tcp], 100);
        hierarchy.add(&[Layer::Ethernet, Layer::Ipv4, Layer::Ipv4, Layer::Udp], 200);
        let expected = [
            ("eth", 3, 360),
            ("eth:ip", 2, 300),
            ("eth:ip:tcp", 1, 100),
            ("eth:ip:ip", 1, 200),
            ("eth:ip:ip:udp", 1, 200),
            ("eth:arp", 1, 60),
        ];
        assert_eq!(shown(&hierarchy, 3), expected.map(|(path, packets, bytes)| (path.to_owned(), packets, bytes)));
        assert_eq!(hierarchy.report(3).rows[1].percent, 66.67);
    }

    #[test]
    fn vlans_and_labels_of_any_number_are_one_protocol() {
        let mut hierarchy = Hierarchy::default();
        hierarchy.add(&[Layer::Ethernet, Layer::Vlan(1), Layer::Mpls(2)], 60);
        hierarchy.add(&[Layer::Ethernet, Layer::Vlan(7), Layer::Mpls(8)], 60);
        assert_eq!(shown(&hierarchy, 2).len(), 3);
        // Sessions and tunnels of any number, too.
        let mut hierarchy = Hierarchy::default();
        for number in 1..=50 {
            for layer in [Layer::L2tp, Layer::Gtp, Layer::Pbb, Layer::FrameRelay, Layer::Vxlan, Layer::Geneve] {
                hierarchy.add(&[layer(number)], 60);
            }
        }
        assert_eq!(shown(&hierarchy, 300).len(), 6);
    }

    #[test]
    fn protocols_without_a_name_are_told_by_number() {
        let names = [
            (Layer::OtherIp(89), "ospf"),
            (Layer::OtherIp(253), "ip protocol 253"),
            (Layer::OtherEthertype(0x88cc), "lldp"),
            (Layer::OtherEthertype(0x88b5), "ethertype 0x88b5"),
            (Layer::OtherLink(147), "user0"),
        ];
        for (layer, expected) in names {
            assert_eq!(name(layer), expected);
        }
    }

    #[test]
    fn made_up_numbers_leave_room_for_named_protocols() {
        let mut hierarchy = Hierarchy::default();
        (0..=u16::MAX).for_each(|kind| hierarchy.add(&[Layer::Ethernet, Layer::OtherEthertype(kind)], 60));
        hierarchy.add(&[Layer::Ethernet, Layer::Ipv6], 80);
        assert_eq!(hierarchy.nodes.len(), 1 + 1 + NUMBERED + 1);
        let report = hierarchy.report(65_537);
        assert_eq!(report.packets_not_placed, 65_536 - NUMBERED as u64);
        assert!(report.rows.iter().any(|row| row.path == "eth:ipv6"));
    }

    #[test]
    fn nodes_and_rows_are_bounded_and_the_rows_are_a_whole_tree() {
        let mut hierarchy = Hierarchy::default();
        for path in 0..4096_u32 {
            let layers: Vec<_> =
                (0..12).map(|bit| if path >> bit & 1 == 0 { Layer::Vlan(0) } else { Layer::Mpls(0) }).collect();
            hierarchy.add(&layers, 60);
        }
        let report = hierarchy.report(4096);
        assert_eq!((hierarchy.nodes.len(), report.rows.len()), (NODES, LISTED));
        assert!(report.rows_left_out > 0 && report.packets_not_placed > 0);
        for row in &report.rows {
            let parent = row.path.rsplit_once(':').map(|(parent, _)| parent);
            assert!(parent.is_none_or(|parent| report.rows.iter().any(|other| other.path == parent)), "{}", row.path);
        }
    }
}
