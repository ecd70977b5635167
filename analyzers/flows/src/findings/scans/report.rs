//! The report on a scan.

use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::{JsonSchema, is_default, time};
use serde::Serialize;

use super::ANSWERED;
use super::tried::{Hosts, Pair, Ports, Service};
use crate::key::Address;
use crate::limits;

/// A scan of one host's ports, or a sweep of many hosts with one service.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ScanReport {
    /// Who scanned.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub source: String,
    /// vertical: many ports of one host. horizontal: one service at many hosts.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub kind: &'static str,
    /// syn, connect, fin, null, xmas, maimon, ack, udp, ping, arp or neighbour: what most probes are. At closed ports a connect scan looks like syn.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub method: &'static str,
    /// The host, of a vertical scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub target: Option<String>,
    /// The service, of a horizontal one: tcp port 445.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub service: Option<String>,
    /// Flows without payload of the source.
    pub probes: u64,
    /// Ports that answered: 22,80-81. Of ack scans none. The first 64 runs.
    #[serde(skip_serializing_if = "is_default")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub open: String,
    /// How many.
    #[serde(skip_serializing_if = "is_default")]
    pub open_total: u64,
    /// Ports that refused, by RST or port unreachable; of ack scans those that are not filtered. The first 64 runs.
    #[serde(skip_serializing_if = "is_default")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub closed: String,
    /// How many.
    #[serde(skip_serializing_if = "is_default")]
    pub closed_total: u64,
    /// Ports that did not answer, or of which ICMP says that they are filtered. Of udp, fin, null, xmas and maimon scans they may be open.
    #[serde(skip_serializing_if = "is_default")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub filtered: String,
    /// How many.
    #[serde(skip_serializing_if = "is_default")]
    pub filtered_total: u64,
    /// Whether some ports found no room, so that all of these numbers are at least so many.
    #[serde(skip_serializing_if = "is_default")]
    pub ports_left_out: bool,
    /// Hosts that were tried, of a horizontal scan; an estimate beyond 128.
    #[serde(skip_serializing_if = "is_default")]
    pub hosts: u64,
    /// Hosts that answered, of a horizontal scan. Of many this is a page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub answered: Vec<String>,
    /// Different ones; beyond those that found room an estimate with a standard error of 2.3 %, or at least so many.
    #[serde(skip_serializing_if = "is_default")]
    pub answered_total: u64,
    /// Hosts that did not answer or refused.
    #[serde(skip_serializing_if = "is_default")]
    pub failed: u64,
    /// When it began: RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub start_time: Option<String>,
    /// How long it took, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<f64>,
}

impl ScanReport {
    pub(super) fn of_ports(pair: &Pair, tried: &Ports, digits: u8) -> Self {
        Self {
            source: pair.source.to_string(),
            kind: "vertical",
            method: tried.method().name(),
            target: Some(pair.target.to_string()),
            service: None,
            probes: tried.probes(),
            open: tried.open.runs(limits::RUNS),
            open_total: tried.open.len(),
            closed: tried.closed.runs(limits::RUNS),
            closed_total: tried.closed.len(),
            filtered: tried.filtered.runs(limits::RUNS),
            filtered_total: tried.filtered.len(),
            ports_left_out: tried.more,
            hosts: 0,
            answered: Vec::new(),
            answered_total: 0,
            failed: 0,
            start_time: tried.times.map(|(first, _)| time::rfc3339(first, digits)),
            duration_seconds: tried.times.map(|(first, last)| time::seconds(last.saturating_sub(first))),
        }
    }

    /// At a place of the list.
    pub(super) fn of_hosts(
        source: Address,
        service: Service,
        tried: &Hosts,
        digits: u8,
        (place, lists): (usize, &mut Lists),
    ) -> Self {
        let answered = lists.several(ANSWERED, &[place], &tried.answered);
        Self {
            source: source.to_string(),
            kind: "horizontal",
            method: tried.method().name(),
            target: None,
            service: Some(service.name()),
            probes: tried.probes(),
            open: String::new(),
            open_total: 0,
            closed: String::new(),
            closed_total: 0,
            filtered: String::new(),
            filtered_total: 0,
            ports_left_out: false,
            hosts: tried.all.count(),
            answered: answered.into_iter().map(|(address, _)| address.to_string()).collect(),
            answered_total: tried.answered.total(),
            failed: tried.failed.count(),
            start_time: tried.times.map(|(first, _)| time::rfc3339(first, digits)),
            duration_seconds: tried.times.map(|(first, last)| time::seconds(last.saturating_sub(first))),
        }
    }
}
