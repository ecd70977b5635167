//! IP packets within the payloads of echoes: what a tunnel carries.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Evidence, Frames};
use mcpcap_analyzer::stats::{self, Keyed, Lists, Pool, Several};
use mcpcap_analyzer::{JsonSchema, is_default};
use serde::Serialize;

use crate::codes;
use crate::findings::thresholds::TUNNEL_PACKETS;
use crate::limits;

/// The ends and the protocol of a packet.
pub type Ends = (IpAddr, IpAddr, u8);

/// Packets with the same ends and protocol, and their frames.
type Flow = Keyed<Ends, Evidence>;

/// What was carried between two hosts that exchange echoes.
pub struct Inner {
    flows: Several<Flow>,
    /// Packets.
    pub packets: u64,
}

impl Default for Inner {
    fn default() -> Self {
        Self { flows: Several::of(FLOWS), packets: 0 }
    }
}

impl Inner {
    /// Takes a packet.
    pub fn add(&mut self, ends: Ends, frame: u64, room: &mut Pool) {
        self.packets = self.packets.saturating_add(1);
        let flow = Flow { key: ends, value: Evidence::default() };
        self.flows.add(&flow, room);
        self.flows.change(&flow, |flow| flow.value.add(frame));
    }

    /// Whether there are enough of them for a tunnel.
    pub fn is_tunnel(&self) -> bool {
        self.packets >= TUNNEL_PACKETS
    }

    /// Gives the room of its flows back.
    pub fn release(&self, room: &mut Pool) {
        self.flows.release(room);
    }

    /// The report of the tunnel at a place of the list.
    fn report(&self, requester: IpAddr, target: IpAddr, place: usize, lists: &mut Lists) -> TunnelReport {
        let listed = self.flows.iter().fold(0_u64, |sum, (_, packets)| sum.saturating_add(*packets));
        let mut flows: Vec<&Flow> =
            lists.several(FLOWS, &[place], &self.flows).into_iter().map(|(flow, _)| flow).collect();
        flows.sort_by_key(|flow| (Reverse(flow.value.total()), flow.key));
        let flows = flows.into_iter().enumerate().map(
            |(nth, Flow { key: (source, destination, protocol), value: evidence })| {
                let mut frames = evidence.cited();
                lists.frames_at(FLOW_FRAMES, &[place, nth], &mut frames, evidence.total());
                let protocol = codes::protocol_name(*protocol);
                InnerFlow { source: *source, destination: *destination, protocol, packets: evidence.total(), frames }
            },
        );
        TunnelReport {
            requester,
            target,
            packets: self.packets,
            flows: flows.collect(),
            flows_total: self.flows.total(),
            flows_total_is_estimate: !self.flows.is_exact(),
            other_packets: self.packets.saturating_sub(listed),
        }
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
    /// Ends and protocol of the packets within, the most frequent of those that came first. Of many this is a page.
    pub flows: Vec<InnerFlow>,
    /// Different ones.
    pub flows_total: u64,
    /// That is an estimate with a standard error of 2.3 %; where also the counters were used up, there are at least so many.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub flows_total_is_estimate: bool,
    /// Packets whose ends and protocol are on pages of `flows` only.
    #[serde(skip_serializing_if = "is_default")]
    pub other_packets: u64,
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

/// The list of tunnels.
pub const TUNNELS: &str = "statistics.tunnels";
/// The list of flows of each tunnel.
pub const FLOWS: &str = "statistics.tunnels[].flows";
/// The list of frames of each flow of each tunnel.
pub const FLOW_FRAMES: &str = "statistics.tunnels[].flows[].frames";

/// What is carried between hosts, two by two, beside what the table of pairs has of it at the end.
pub struct Others {
    pairs: stats::Others<(IpAddr, IpAddr), Inner>,
    room: Pool,
    /// Pairs with such packets that made room in that table.
    gone: u64,
}

impl Others {
    /// None yet; `lists` tells whether a page of them is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self { pairs: stats::Others::new(TUNNELS, lists), room: Pool::new(limits::INNER_FLOWS), gone: 0 }
    }

    /// Takes a packet between a requester and a target.
    pub fn add(&mut self, pair: (IpAddr, IpAddr), ends: Ends, frame: u64) {
        let room = &mut self.room;
        if let Some((_, inner)) = self.pairs.entry_or(&pair, || pair, Inner::default, |gone| gone.release(room)) {
            inner.add(ends, frame, &mut self.room);
        }
    }

    /// Says that a pair made room which had such packets.
    pub fn made_room(&mut self) {
        self.gone = self.gone.saturating_add(1);
    }

    /// The tunnels that the report holds, those with most packets first, and how many there are at least. `tunnels` are those of the table.
    pub fn listed<'a>(
        &'a self,
        tunnels: impl Iterator<Item = (&'a (IpAddr, IpAddr), &'a Inner)>,
        lists: &mut Lists,
    ) -> (Vec<TunnelReport>, u64) {
        let mut tunnels: Vec<_> = tunnels.collect();
        tunnels.sort_by_key(|(pair, inner)| (Reverse(inner.packets), **pair));
        let known: BTreeSet<(IpAddr, IpAddr)> = tunnels.iter().map(|(pair, _)| **pair).collect();
        let total = tunnels.len() as u64;
        let at_least = total.saturating_add((self.gone > 0).into());
        let make = |pair: &'a (IpAddr, IpAddr), inner: &'a Inner| {
            (inner.is_tunnel() && !known.contains(pair)).then_some((pair, inner))
        };
        let listed = self.pairs.made(tunnels, limits::LIST_ENTRIES, at_least, make, lists);
        let places = lists.place(TUNNELS)..;
        let report = |(place, ((requester, target), inner)): (usize, (&(IpAddr, IpAddr), &Inner))| {
            inner.report(*requester, *target, place, lists)
        };
        (places.zip(listed).map(report).collect(), total)
    }
}
