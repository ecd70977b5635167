//! Places on paths, as answers and quotes tell of them.

use std::net::IpAddr;

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::decode::Packet;
use mcpcap_analyzer::finding::{Evidence, Frames};
use serde::Serialize;

/// Source, destination and protocol of probes.
pub type PathKey = (IpAddr, IpAddr, u8);

/// Frame and time of an answer.
#[derive(Debug, Clone, Copy)]
pub struct At {
    /// Its frame.
    pub frame: u64,
    /// Nanoseconds since 1970.
    pub time: Option<u64>,
}

impl At {
    /// Of an answer.
    pub fn of(packet: &Packet<'_>) -> Self {
        Self { frame: packet.frame, time: packet.timestamp }
    }
}

/// A place on a path.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HopReport {
    /// TTL or hop limit of the probe, where it was captured; of a path from quotes, what `derived` says.
    pub hop: u8,
    /// Who answered; empty: nobody.
    pub addresses: Vec<IpAddr>,
    /// Different ones. Of many this is a page.
    pub addresses_total: u64,
    /// That is an estimate with a standard error of 2.3 %; where also the counters were used up, there are at least so many.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub addresses_total_is_estimate: bool,
    /// Probes seen with this hop limit; of a path from quotes, those that were answered.
    pub probes: u64,
    /// Probes with an answer.
    pub answered: u64,
    /// Round-trip times of the first 8 answers, in milliseconds.
    pub rtt_ms: Vec<f64>,
    /// Frames of the answers. Of many this is a page.
    #[schemars(with = "Vec<u64>")]
    pub frames: Frames,
    /// All of them.
    #[serde(skip)]
    pub evidence: Evidence,
    /// port unreachable, unreachable, echo reply or TCP answer; absent for time exceeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub end: Option<&'static str>,
    /// Labels that the router says it saw (RFC 4950).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mpls_labels: Vec<u32>,
    /// Labels in all, where there are more than these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mpls_labels_total: Option<u64>,
}

impl HopReport {
    /// A place where nobody answered yet.
    pub fn empty(hop: u8) -> Self {
        Self {
            hop,
            addresses: Vec::new(),
            addresses_total: 0,
            addresses_total_is_estimate: false,
            probes: 0,
            answered: 0,
            rtt_ms: Vec::new(),
            frames: Frames::default(),
            evidence: Evidence::default(),
            end: None,
            mpls_labels: Vec::new(),
            mpls_labels_total: None,
        }
    }
}
