//! IP packets within the payloads of echoes: what a tunnel carries.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::net::IpAddr;

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::finding::{Evidence, Frames};
use mcpcap_analyzer::stats::Lists;
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
            frames: evidence.cited(),
        });
        TunnelReport { requester, target, packets: self.packets, flows: flows.collect(), other_packets: self.other }
    }
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
    /// Frames that carry one. Of many this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
}

const TUNNELS: &str = "statistics.tunnels";
/// The list of frames of each flow of each tunnel.
pub const FLOW_FRAMES: &str = "statistics.tunnels[].flows[].frames";

/// The tunnels that the report holds.
pub fn listed(tunnels: Vec<TunnelReport>, lists: &mut Lists) -> Vec<TunnelReport> {
    let places = lists.place(TUNNELS)..;
    let mut listed: Vec<_> = lists.cut(TUNNELS, limits::LIST_ENTRIES, tunnels.into_iter()).collect();
    for (place, tunnel) in places.zip(&mut listed) {
        for (nth, flow) in tunnel.flows.iter_mut().enumerate() {
            lists.frames_at(FLOW_FRAMES, &[place, nth], &mut flow.frames, flow.packets);
        }
    }
    listed
}
