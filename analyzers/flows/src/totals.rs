//! Totals of all flows.

use std::collections::BTreeMap;

use mcpcap_analyzer::zeek::ConnState;
use mcpcap_analyzer::{JsonSchema, community, is_default};
use serde::Serialize;

use crate::addresses;
use crate::key::Carrier;
use crate::table::Ended;

/// Kinds of flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Tcp,
    Udp,
    Icmp,
    Sctp,
    OtherIp,
    Arp,
    NonIp,
}

impl Kind {
    fn of(carrier: Carrier) -> Self {
        match carrier {
            Carrier::TCP => Self::Tcp,
            Carrier::UDP => Self::Udp,
            Carrier::Ip(community::ICMP | community::ICMPV6) => Self::Icmp,
            Carrier::Ip(community::SCTP) => Self::Sctp,
            Carrier::Ip(_) => Self::OtherIp,
            Carrier::Arp => Self::Arp,
            Carrier::Link(_) | Carrier::Ethertype(_) | Carrier::LinkType(_) => Self::NonIp,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
            Self::Sctp => "sctp",
            Self::OtherIp => "other_ip",
            Self::Arp => "arp",
            Self::NonIp => "non_ip",
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    flows: u64,
    packets: u64,
    bytes: u64,
    one_sided: u64,
}

/// What is counted when a flow ends.
#[derive(Default)]
pub struct Totals {
    kinds: BTreeMap<Kind, Count>,
    states: BTreeMap<(Kind, ConnState), u64>,
    /// Bytes from inside to outside, back, and of all other flows.
    borders: [u64; 3],
}

impl Totals {
    /// Takes a flow that ended.
    pub fn ended(&mut self, ended: &Ended<'_>) {
        let Ended { key, flow } = ended;
        let kind = Kind::of(key.carrier);
        let (sent, got) = flow.by_role();
        let count = self.kinds.entry(kind).or_default();
        count.flows = count.flows.saturating_add(1);
        count.packets = count.packets.saturating_add(flow.packets());
        count.bytes = count.bytes.saturating_add(flow.bytes());
        count.one_sided = count.one_sided.saturating_add((sent.packets == 0 || got.packets == 0).into());
        if matches!(kind, Kind::Tcp | Kind::Udp) {
            let state = self.states.entry((kind, flow.conn_state(key.carrier))).or_default();
            *state = state.saturating_add(1);
        }
        let (client, server) = flow.roles(key);
        let [out, back, other] = &mut self.borders;
        let (to, from) = match (addresses::is_inside(client.address), addresses::is_inside(server.address)) {
            (true, false) if addresses::is_outside(server.address) => (out, back),
            (false, true) if addresses::is_outside(client.address) => (back, out),
            _ => {
                *other = other.saturating_add(flow.bytes());
                return;
            }
        };
        *to = to.saturating_add(sent.bytes);
        *from = from.saturating_add(got.bytes);
    }

    /// As a report shows them.
    pub fn report(&self, hosts: (u64, bool)) -> TotalsReport {
        let sum = |of: fn(&Count) -> u64| self.kinds.values().map(of).fold(0, u64::saturating_add);
        let by_kind = self.kinds.iter().map(|(kind, count)| KindReport {
            kind: kind.name(),
            flows: count.flows,
            packets: count.packets,
            bytes: count.bytes,
            one_sided: count.one_sided,
        });
        let states = self.states.iter().map(|((kind, state), flows)| StateReport {
            protocol: kind.name(),
            conn_state: state.name(),
            flows: *flows,
        });
        let [to_outside, from_outside, other] = self.borders;
        TotalsReport {
            flows: sum(|count| count.flows),
            packets: sum(|count| count.packets),
            bytes: sum(|count| count.bytes),
            hosts: hosts.0,
            hosts_estimated: !hosts.1,
            by_kind: by_kind.collect(),
            conn_states: states.collect(),
            bytes_to_outside: to_outside,
            bytes_from_outside: from_outside,
            bytes_elsewhere: other,
        }
    }
}

/// Totals of the packets that were chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TotalsReport {
    /// Flows in all.
    pub flows: u64,
    /// Packets of all of them.
    pub packets: u64,
    /// Bytes of their frames on the wire.
    pub bytes: u64,
    /// Different addresses.
    pub hosts: u64,
    /// There are more than 4,096: their number is an estimate with a standard error of 0.8 %.
    #[serde(skip_serializing_if = "is_default")]
    pub hosts_estimated: bool,
    /// By what carries them.
    pub by_kind: Vec<KindReport>,
    /// TCP and UDP flows by Zeek's conn_state.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conn_states: Vec<StateReport>,
    /// Bytes from private and link-local addresses to public ones.
    #[serde(skip_serializing_if = "is_default")]
    pub bytes_to_outside: u64,
    /// Bytes the other way.
    #[serde(skip_serializing_if = "is_default")]
    pub bytes_from_outside: u64,
    /// Bytes of flows within either of both, or with neither.
    #[serde(skip_serializing_if = "is_default")]
    pub bytes_elsewhere: u64,
}

/// Flows of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KindReport {
    /// tcp, udp, icmp (with ICMPv6), sctp, other_ip, arp or non_ip.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub kind: &'static str,
    /// Flows.
    pub flows: u64,
    /// Their packets.
    pub packets: u64,
    /// Bytes of their frames.
    pub bytes: u64,
    /// Flows of which only one end sent.
    pub one_sided: u64,
}

/// Flows with a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StateReport {
    /// tcp or udp.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub protocol: &'static str,
    /// Zeek's conn_state: S0 unanswered, S1 established, SF ended (of UDP: both ends sent), REJ refused, RSTO and RSTR reset by client and server, SHR only the
    /// server sent, OTH midstream.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub conn_state: &'static str,
    /// Flows.
    pub flows: u64,
}
