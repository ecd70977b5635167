//! The protocols of a capture in one list: what each packet is in the end, and the tool that looks further.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::{JsonSchema, schemars};
use serde::Serialize;

use crate::lists;
use mcpcap_analyzer::hierarchy::{Application, Ended, Hierarchy, Kind, PORT_LIST};
use mcpcap_analyzer::numbers::percent;

/// Protocols that a report lists first.
const LISTED: usize = 100;
/// Ports that are listed of each.
const PORTS_LISTED: usize = 5;

/// The tools of the other components, as clients call them.
mod tools {
    pub const CONVERSATIONS: &str = "analyze_conversations";
    pub const DNS: &str = "analyze_dns_packets";
    pub const DHCP: &str = "analyze_dhcp_packets";
    pub const HTTP: &str = "analyze_http";
    pub const ICMP: &str = "analyze_icmp_packets";
    pub const QUIC: &str = "analyze_quic";
    pub const SIP: &str = "analyze_sip_packets";
    pub const TCP: &str = "analyze_tcp_connections";
    pub const TLS: &str = "analyze_tls";
    pub const FRAMES: &str = "get_frames";
}

/// A protocol that packets end with: what nothing further was found in.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ProtocolPackets {
    /// The common name: `dns`, `tls`, `arp`. `tcp` and `udp`: packets without payload. `data`: payload that neither its form nor its port tells
    /// of.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub protocol: String,
    /// `udp` or `tcp`, of what these carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub over: Option<&'static str>,
    /// How it was recognised. `signature`: a message of the conversation has the protocol's form, on whatever port. `announced`: another
    /// conversation told of this one (FTP data, TFTP). `port`: only by its port, so it may be something else. Absent below the application,
    /// where headers tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub by: Option<&'static str>,
    /// Packets that end with it.
    pub packets: u64,
    /// Their share of all packets, in percent.
    pub percent: f64,
    /// Sum of their original lengths, in bytes.
    pub bytes: u64,
    /// The five server ports with most packets, likely ones where there are more than 256; pages have all ports.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<u16>,
    /// Server ports in all. Absent when all are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ports_total: Option<u64>,
    /// That is an estimate with a standard error of 2.3 %; where also the counters were used up, there are at least so many.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ports_total_is_estimate: bool,
    /// Number of the first frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_frame: Option<u64>,
    /// The tool to call next for it. `get_frames` shows single frames, such as `first_frame`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub next: &'static str,
}

/// The protocols with most packets first, and how many there are in all. Their packets add up to `packets`.
pub fn list(hierarchy: &Hierarchy, packets: u64, lists: &mut Lists) -> (Vec<ProtocolPackets>, u64) {
    let mut all: BTreeMap<(String, Option<Application>), Ended> = BTreeMap::new();
    for (kind, ended) in hierarchy.ends() {
        let application = match kind {
            Kind::Application(application) => Some(application),
            Kind::Layer(_) | Kind::Inner(_) => None,
        };
        all.entry((kind.name().into_owned(), application)).or_default().add(ended);
    }
    let total = all.len() as u64;
    let mut all: Vec<_> = all.into_iter().collect();
    // Stable, so equal ones stay in the order of their names.
    all.sort_by_key(|(_, ended)| Reverse(ended.packets));
    let places = lists.place(lists::PROTOCOLS)..;
    let listed = lists.cut(lists::PROTOCOLS, LISTED, all.into_iter());
    let list = places.zip(listed).map(|(place, ((protocol, application), ended))| {
        let ports = application.and_then(|application| hierarchy.ports(application));
        let listed = ports.map_or_else(Vec::new, |ports| {
            let top = ports.top.top(PORTS_LISTED).into_iter().map(|top| top.key).collect();
            lists.several_or(PORT_LIST, &[place], &ports.all, top)
        });
        let total = ports.map_or(0, |ports| ports.all.total());
        let over = application.map(|application| if application.is_tcp { "tcp" } else { "udp" });
        ProtocolPackets {
            over,
            by: application.and_then(|application| application.protocol).map(|(_, by)| by.name()),
            packets: ended.packets,
            percent: percent(ended.packets, packets),
            bytes: ended.bytes,
            ports_total: Some(total).filter(|total| *total > listed.len() as u64),
            ports_total_is_estimate: ports.is_some_and(|ports| !ports.all.is_exact()),
            ports: listed,
            first_frame: Some(ended.first_frame).filter(|frame| *frame > 0),
            next: next(&protocol, over),
            protocol,
        }
    });
    (list.collect(), total)
}

/// The tool that looks further into a protocol: its own, else one for all of TCP, else the one that shows frames.
fn next(protocol: &str, carrier: Option<&str>) -> &'static str {
    match protocol {
        "dns" | "mdns" | "llmnr" => tools::DNS,
        "dhcp" | "dhcpv6" => tools::DHCP,
        "icmp" | "icmpv6" => tools::ICMP,
        "http" | "http2" => tools::HTTP,
        "sip" => tools::SIP,
        "tcp" => tools::TCP,
        "tls" | "dtls" => tools::TLS,
        "quic" | "gquic" => tools::QUIC,
        // Who asks for whom, and who sends datagrams to whom.
        "arp" | "sctp" | "udp" | "igmp" => tools::CONVERSATIONS,
        _ => match carrier {
            Some("tcp") => tools::TCP,
            Some(_) => tools::CONVERSATIONS,
            None => tools::FRAMES,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mcpcap_analyzer::application::{By, Protocol, Settled};
    use mcpcap_analyzer::decode::Layer;

    #[test]
    fn each_packet_counts_once_at_its_innermost_protocol() {
        let mut hierarchy = Hierarchy::default();
        let one = |first_frame| Ended { packets: 1, bytes: 60, first_frame };
        let arp = hierarchy.add(&[Layer::Ethernet, Layer::Arp], None, 60).0;
        hierarchy.ended(arp, one(1));
        let tcp = hierarchy.add(&[Layer::Ethernet, Layer::Ipv4, Layer::Tcp], None, 60).0;
        hierarchy.ended(tcp, one(2));
        for (frame, protocol) in
            [(3, Some((Protocol::Tls, By::Signature))), (4, Some((Protocol::Tls, By::Port))), (5, None)]
        {
            let place = hierarchy.add(&[Layer::Ethernet, Layer::Ipv4, Layer::Tcp], None, 100).0;
            hierarchy.settled(Settled {
                place: u32::try_from(place).unwrap(),
                protocol,
                is_tcp: true,
                port: 443,
                packets: 1,
                bytes: 100,
                first_frame: frame,
            });
        }
        let (list, total) = list(&hierarchy, 5, &mut Lists::default());
        let shown: Vec<_> =
            list.iter().map(|row| (row.protocol.as_str(), row.by, row.packets, row.first_frame, row.next)).collect();
        assert_eq!(
            shown,
            [
                ("arp", None, 1, Some(1), "analyze_conversations"),
                ("data", None, 1, Some(5), "analyze_tcp_connections"),
                ("tcp", None, 1, Some(2), "analyze_tcp_connections"),
                ("tls", Some("signature"), 1, Some(3), "analyze_tls"),
                ("tls", Some("port"), 1, Some(4), "analyze_tls"),
            ]
        );
        assert_eq!((total, list.iter().map(|row| row.packets).sum::<u64>()), (5, 5));
        assert_eq!((list[3].ports.as_slice(), list[3].over), (&[443][..], Some("tcp")));
    }

    #[test]
    fn each_protocol_with_a_tool_of_its_own_names_it() {
        let names = [
            ("mdns", tools::DNS),
            ("dhcpv6", tools::DHCP),
            ("icmpv6", tools::ICMP),
            ("sip", tools::SIP),
            ("ntp", tools::CONVERSATIONS),
            ("arp", tools::CONVERSATIONS),
        ];
        for (protocol, tool) in names {
            assert_eq!(next(protocol, Some("udp")), tool);
        }
        assert_eq!((next("dns", Some("tcp")), next("ssh", Some("tcp"))), (tools::DNS, tools::TCP));
        assert_eq!((next("http", Some("tcp")), next("http2", Some("tcp"))), (tools::HTTP, tools::HTTP));
        assert_eq!((next("tls", Some("tcp")), next("dtls", Some("udp"))), (tools::TLS, tools::TLS));
        assert_eq!((next("quic", Some("udp")), next("gquic", Some("udp"))), (tools::QUIC, tools::QUIC));
        assert_eq!(next("stp", None), tools::FRAMES);
    }
}
