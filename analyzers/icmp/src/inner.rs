//! IP packets within the payloads of echoes: what a tunnel carries.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::finding::Evidence;
use serde::Serialize;

use crate::codes;
use crate::limits;

/// The ends and the protocol of a packet.
type Ends = (IpAddr, IpAddr, u8);

/// What was carried between two hosts that exchange echoes.
#[derive(Default)]
pub struct Inner {
    flows: Vec<(Ends, Evidence)>,
    /// Packets.
    pub packets: u64,
    other: u64,
    /// Frames of the packets.
    pub evidence: Evidence,
}

impl Inner {
    /// Takes a packet.
    pub fn add(&mut self, ends: Ends, frame: u64) {
        self.packets = self.packets.saturating_add(1);
        self.evidence.add(frame);
        let is_full = self.flows.len() >= limits::INNER_FLOWS;
        match self.flows.iter_mut().find(|(known, _)| *known == ends) {
            Some((_, evidence)) => evidence.add(frame),
            None if !is_full => {
                let mut evidence = Evidence::default();
                evidence.add(frame);
                self.flows.push((ends, evidence));
            }
            None => self.other = self.other.saturating_add(1),
        }
    }

    /// The report.
    pub fn report(&self, requester: IpAddr, target: IpAddr) -> TunnelReport {
        let mut flows: Vec<_> = self.flows.iter().collect();
        flows.sort_by_key(|(ends, evidence)| (Reverse(evidence.total()), *ends));
        let flows = flows.into_iter().map(|((source, destination, protocol), evidence)| InnerFlow {
            source: *source,
            destination: *destination,
            protocol: codes::protocol_name(*protocol),
            packets: evidence.total(),
            frames: evidence.frames().to_vec(),
        });
        TunnelReport { requester, target, packets: self.packets, flows: flows.collect(), other_packets: self.other }
    }
}

/// The ends and the protocol of the IP packet that a payload holds, at its start or behind a header of up to 64 bytes (a tunnel's own, or
/// Ethernet's). `on_wire`: how long the payload was. An IPv4 header must have the right checksum (RFC 791 §3.1), an IPv6 packet end with the
/// payload.
pub fn packet_within(payload: &[u8], on_wire: usize) -> Option<Ends> {
    // The shortest IP header.
    let last = payload.len().checked_sub(20)?.min(limits::INNER_OFFSET);
    let firsts = payload.get(..=last)?.iter().enumerate();
    firsts.filter(|(_, first)| matches!(*first >> 4, 4 | 6)).find_map(|(at, first)| {
        let (rest, on_wire) = (payload.get(at..)?, on_wire.checked_sub(at)?);
        if first >> 4 == 4 { ipv4(rest, on_wire) } else { ipv6(rest, on_wire) }
    })
}

fn ipv4(rest: &[u8], on_wire: usize) -> Option<Ends> {
    let fixed = rest.first_chunk::<20>()?;
    let [first, _, high, low, _, _, _, _, hops, protocol, _, _, addresses @ ..] = fixed;
    let header = usize::from(first & 0x0f).saturating_mul(4);
    let total = usize::from(u16::from_be_bytes([*high, *low]));
    if header < 20 || total < header || total > on_wire || *hops == 0 {
        return None;
    }
    let words = rest.get(..header)?.as_chunks::<2>().0.iter();
    let sum: u32 = words.map(|word| u32::from(u16::from_be_bytes(*word))).sum();
    let [a, b, c, d, e, f, g, h] = *addresses;
    let ends = (Ipv4Addr::new(a, b, c, d), Ipv4Addr::new(e, f, g, h));
    // Ones' complement: carries are added again.
    ((sum & 0xffff).saturating_add(sum >> 16) == 0xffff).then(|| (ends.0.into(), ends.1.into(), *protocol))
}

fn ipv6(rest: &[u8], on_wire: usize) -> Option<Ends> {
    let fixed = rest.first_chunk::<40>()?;
    let [_, _, _, _, high, low, next, hops, addresses @ ..] = fixed;
    let total = usize::from(u16::from_be_bytes([*high, *low])).saturating_add(40);
    // Extension headers, upper layers that are in use, and tunnels.
    let is_known = matches!(next, 0 | 4 | 6 | 17 | 41 | 43 | 44 | 47 | 50 | 51 | 58 | 60 | 89 | 132);
    if total != on_wire || !is_known || *hops == 0 {
        return None;
    }
    let (source, destination) = addresses.split_first_chunk::<16>()?;
    let destination: [u8; 16] = destination.first_chunk().copied()?;
    Some((Ipv6Addr::from(*source).into(), Ipv6Addr::from(destination).into(), *next))
}

/// IP packets that echoes between two hosts carry.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TunnelReport {
    /// Who sends echo requests.
    pub requester: IpAddr,
    /// Who answers them.
    pub target: IpAddr,
    /// Echoes whose payload holds an IP packet (IPv4: with the right header checksum; IPv6: of the right length).
    pub packets: u64,
    /// Ends and protocol of the packets within, the most frequent first.
    pub flows: Vec<InnerFlow>,
    /// Packets with ends or protocols beyond the 16 that are kept; they are in no entry of `flows`.
    #[serde(skip_serializing_if = "is_zero")]
    pub other_packets: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Packets within echoes that have the same ends and protocol.
#[derive(Debug, Serialize, JsonSchema)]
pub struct InnerFlow {
    /// Source of the packet within the payload.
    pub source: IpAddr,
    /// Its destination.
    pub destination: IpAddr,
    /// Its protocol; for IPv6, the first next header.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub protocol: Cow<'static, str>,
    /// How many packets.
    pub packets: u64,
    /// The first frames that carry one.
    pub frames: Vec<u64>,
}
