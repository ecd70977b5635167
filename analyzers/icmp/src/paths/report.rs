//! Paths as the report has them.

use std::net::IpAddr;

use mcpcap_analyzer::finding::Frames;
use mcpcap_analyzer::stats::Lists;
use mcpcap_analyzer::{JsonSchema, time};
use serde::Serialize;

use super::{ADDRESSES, FRAMES, Hop, MPLS_LABELS, Path, Unanswered};
use crate::codes;
use crate::hops::{HopReport, PathKey};
use crate::quoted_paths::{Derived, QuotedPath};

/// A path that a traceroute found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PathReport {
    #[serde(skip)]
    pub(super) key: PathKey,
    /// Address that traced the path.
    pub source: IpAddr,
    /// Address that it traced the path to.
    pub destination: IpAddr,
    /// Protocol of the probes: UDP, TCP, ICMP or ICMPv6.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub protocol: String,
    /// Whether the destination itself answered.
    pub reached: bool,
    /// Frame of the first probe that was answered; of a path from quotes, of the first answer.
    pub first_frame: u64,
    /// Up to the destination, or to the last answer.
    pub hops: Vec<HopReport>,
    /// Higher hop limits of probes that reached the destination as well; they are not listed.
    pub hops_beyond: u64,
    /// Addresses that answer at two places of the path that are not neighbours: a loop, or a path that changes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repeated: Vec<IpAddr>,
    /// Present when the probes are not in the capture: the path is derived from what the errors about them quote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derived: Option<Derived>,
}

impl PathReport {
    pub(super) fn new(key: PathKey, path: &Path, unanswered: &Unanswered) -> Self {
        let (source, destination, protocol) = key;
        let last = path.hops.keys().next_back().copied().unwrap_or_default();
        let lost = unanswered.range((key, 0)..=(key, u8::MAX)).map(|((_, hops), _)| *hops);
        // Behind the last answer, probes that nobody answers belong to the path only while it was not reached.
        let silent = lost.filter(|hops| *hops < last || !path.reached);
        let mut places: Vec<u8> = path.hops.keys().copied().chain(silent).collect();
        places.sort_unstable();
        places.dedup();
        // Behind the destination there is nothing; the probes that were on their way already come there too.
        let reached = |place: &u8| path.hops.get(place).is_some_and(|hop| hop.answers.contains(&destination));
        let end = places.iter().position(reached).map_or(places.len(), |at| at.saturating_add(1));
        let beyond = places.len().saturating_sub(end) as u64;
        places.truncate(end);
        let nobody = Hop::default();
        let hops: Vec<HopReport> = places
            .into_iter()
            .map(|place| {
                let hop = path.hops.get(&place).unwrap_or(&nobody);
                HopReport {
                    hop: place,
                    addresses: hop.answers.values(),
                    addresses_total: hop.answers.total(),
                    addresses_total_is_estimate: !hop.answers.is_exact(),
                    probes: hop.answered.saturating_add(unanswered.get(&(key, place)).copied().unwrap_or_default()),
                    answered: hop.answered,
                    rtt_ms: hop.times.iter().map(|lasted| time::milliseconds(*lasted)).collect(),
                    frames: Frames::default(),
                    evidence: hop.evidence.clone(),
                    end: hop.end,
                    mpls_labels: Vec::new(),
                    mpls_labels_total: None,
                }
            })
            .collect();
        let repeated = repeated(&hops, destination);
        Self {
            key,
            source,
            destination,
            protocol: codes::protocol_name(protocol).into_owned(),
            reached: path.reached,
            first_frame: path.first_frame,
            hops,
            hops_beyond: beyond,
            repeated,
            derived: None,
        }
    }

    pub(super) fn quoted(path: QuotedPath) -> Self {
        let key = path.key;
        let (source, destination, protocol) = key;
        Self {
            key,
            source,
            destination,
            protocol: codes::protocol_name(protocol).into_owned(),
            reached: path.reached,
            first_frame: path.first_frame,
            repeated: repeated(&path.hops, destination),
            hops: path.hops,
            hops_beyond: 0,
            derived: Some(path.derived),
        }
    }

    /// Adds the lists within its hops, at a place of the list; `path` is what is known of it where its probes were captured.
    pub(super) fn describe(&mut self, path: Option<&Path>, place: usize, lists: &mut Lists) {
        for (nth, hop) in self.hops.iter_mut().enumerate() {
            hop.frames = hop.evidence.cited();
            lists.frames_at(FRAMES, &[place, nth], &mut hop.frames, hop.evidence.total());
        }
        for (nth, hop) in self.hops.iter_mut().enumerate() {
            let Some(known) = path.and_then(|path| path.hops.get(&hop.hop)) else { continue };
            let shown = lists.several(ADDRESSES, &[place, nth], &known.answers);
            hop.addresses = shown.into_iter().map(|(address, _)| *address).collect();
            let (labels, total) = (known.labels.clone(), known.labels.total());
            hop.mpls_labels = lists.sequence(MPLS_LABELS, &[place, nth], labels);
            hop.mpls_labels_total = Some(total).filter(|total| *total > hop.mpls_labels.len() as u64);
        }
    }
}

/// Addresses at two places with another between them.
fn repeated(hops: &[HopReport], destination: IpAddr) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for (at, hop) in hops.iter().enumerate() {
        for address in hop.addresses.iter().filter(|address| **address != destination) {
            let mut later = hops.iter().skip(at.saturating_add(1));
            let left = later.by_ref().any(|hop| !hop.addresses.is_empty() && !hop.addresses.contains(address));
            if left && later.any(|hop| hop.addresses.contains(address)) && !found.contains(address) {
                found.push(*address);
            }
        }
    }
    found
}
