//! The report.

use mcpcap_analyzer::decode::{CopyReport, Statistics};
use mcpcap_analyzer::finding::Finding;
use mcpcap_analyzer::hierarchy::ProtocolHierarchy;
use mcpcap_analyzer::stats::PageInfo;
use mcpcap_analyzer::{Ending, JsonSchema, is_default};
use serde::Serialize;

use crate::details::FlowReport;
use crate::findings::beacons::BeaconReport;
use crate::findings::scans::ScanReport;
use crate::timeline::OverTime;
use crate::top::{ApplicationReport, EndpointReport, Top};
use crate::totals::TotalsReport;

/// What `analyze_conversations` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Report {
    pub totals: TotalsReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<CopyReport>,
    /// What an analyst would want to be told: first of each rule the 20 with most frames. Where hosts made room (`limits.evicted.parties`) there may be
    /// more; the scans and beacons among them are on further pages of `scans` and `beacons`.
    pub findings: Vec<Finding>,
    /// Scans of ports and sweeps of hosts, those with most probes first; those that made room follow on further pages, in no order. Where some did and
    /// nobody knows how many, the total of this list is one more than are known.
    pub scans: Vec<ScanReport>,
    /// Contacts at regular intervals, those with the highest score first, down to 0.5; those of pairs that made room likewise.
    pub beacons: Vec<BeaconReport>,
    /// What UDP and TCP flows carry, those with most bytes first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub applications: Vec<ApplicationReport>,
    /// Hosts, those with most bytes first; those that had to make room among 4,096 follow in no order, with exact numbers.
    pub endpoints: Vec<EndpointReport>,
    pub top: Top,
    pub protocol_hierarchy: ProtocolHierarchy,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over_time: Option<OverTime>,
    /// Flows: the 4,096 with most bytes in order, and all others behind them as they ended; or in the order of appearance, with `order` set to time.
    pub flows: Vec<FlowReport>,
    /// What part of `flows` this is, and of each list that is cut.
    pub pages: Vec<PageInfo>,
    #[serde(flatten)]
    pub ending: Ending<Limits>,
}

/// What was not kept. Totals are exact all the same.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Limits {
    /// What had to make room for others.
    #[serde(skip_serializing_if = "is_default")]
    pub evicted: Evicted,
    /// By how many bytes an endpoint, pair, port or network may be too low at the most, since it may have gone and come back.
    #[serde(skip_serializing_if = "is_default")]
    pub bytes_missing_at_most: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decoding: Option<Statistics>,
}

/// Entries that made room for others.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Evicted {
    /// Flows that were silent for longest, beyond 20,480. When one went on it counts as another flow.
    #[serde(skip_serializing_if = "is_default")]
    pub flows: u64,
    /// Endpoints, pairs, ports, networks and VLANs with few bytes.
    #[serde(skip_serializing_if = "is_default")]
    pub rankings: u64,
    /// Ends that another flow announced.
    #[serde(skip_serializing_if = "is_default")]
    pub announcements: u64,
    /// Entries of the tables of findings. One that comes again begins anew, so a finding may say less than there was.
    #[serde(skip_serializing_if = "is_default")]
    pub parties: u64,
}
