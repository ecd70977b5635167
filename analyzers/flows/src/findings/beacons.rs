//! Contacts at regular intervals: what a program does that asks for its orders.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use mcpcap_analyzer::application::{Protocol, Verdict};
use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity, lower_bounds};
use mcpcap_analyzer::numbers::rounded;
use mcpcap_analyzer::stats::{BoundedMap, Lists, Others};
use mcpcap_analyzer::{JsonSchema, time};
use serde::Serialize;

use super::thresholds::{BEACON_CONTACTS, BEACON_LISTED, BEACON_SCORE, NEAR_INTERVALS, NEAR_SIZES};
use crate::addresses;
use crate::details;
use crate::flow::{CONTACT, Contact, Flow};
use crate::key::{Address, Carrier, End, Key};
use crate::limits;
use crate::top::service_port;

/// The list of beacons.
pub const BEACONS: &str = "beacons";

const OUTSIDE: Rule = Rule {
    name: "flow_beacon",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "10 or more contacts whose intervals, and intervals and sizes together, score 0.8 or more (RITA's statistics)",
    false_alarm: "Update checks, mail and chat clients, monitoring, health checks, telemetry. NTP and other protocols that are periodic by design are left out.",
};
const INSIDE: Rule = Rule { severity: Severity::Low, ..OUTSIDE };

/// Who contacts whom, where.
type Pair = (Address, Address, Carrier, u16);

#[derive(Default)]
struct Contacts {
    count: u64,
    /// Times and bytes of the first ones.
    kept: Vec<(u64, u64)>,
    application: Option<Verdict>,
    frames: (u64, u64),
    evidence: Evidence,
}

impl Contacts {
    /// Takes one. `room`: for times beyond the first.
    fn take(&mut self, contact: &Contact, verdict: Option<Verdict>, room: &mut usize) {
        self.frames = match self.count {
            0 => (contact.frame, contact.frame),
            _ => (self.frames.0.min(contact.frame), self.frames.1.max(contact.frame)),
        };
        self.count = self.count.saturating_add(1);
        self.application = verdict.or(self.application);
        self.evidence.add(contact.frame);
        if self.kept.len() < limits::FIRST_CONTACTS {
            self.kept.push((contact.time, contact.bytes));
        } else if self.kept.len() < limits::CONTACTS && *room > 0 {
            self.kept.push((contact.time, contact.bytes));
            *room = room.saturating_sub(1);
        }
    }

    /// Their score, when they are listed.
    fn score(&self) -> Option<Score> {
        Score::of(&self.kept).filter(|score| score.all() >= BEACON_LISTED)
    }
}

/// What is kept.
pub struct Watch {
    pairs: BoundedMap<Pair, Contacts>,
    room: usize,
    others: Others<Pair, Contacts>,
    /// The earliest and the latest contact.
    times: Option<(u64, u64)>,
}

impl Watch {
    /// Nothing seen yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            pairs: BoundedMap::new(limits::PARTIES),
            room: limits::ALL_CONTACTS,
            others: Others::new(BEACONS, lists),
            times: None,
        }
    }

    /// Entries that made room.
    pub fn evicted(&self) -> u64 {
        self.pairs.evicted()
    }

    /// Takes a contact of a flow.
    pub fn contact(&mut self, key: &Key, flow: &Flow, contact: Contact) {
        if !matches!(key.carrier, Carrier::TCP | Carrier::UDP) {
            return;
        }
        let (client, server) = flow.roles(key);
        let verdict = flow.application();
        let Some(port) = service_port(key.carrier, client, server, verdict) else { return };
        self.times =
            Some(self.times.map_or((contact.time, contact.time), |(first, last)| {
                (first.min(contact.time), last.max(contact.time))
            }));
        if server.address.is_group() || is_periodic(verdict) {
            return;
        }
        let pair = (client.address, server.address, key.carrier, port);
        let (contacts, gone) = self.pairs.get_or_insert_with(pair, Contacts::default);
        if let Some((_, gone)) = gone {
            let beyond = gone.kept.len().saturating_sub(limits::FIRST_CONTACTS);
            self.room = self.room.saturating_add(beyond);
        }
        contacts.take(&contact, verdict, &mut self.room);
        if let Some((_, other)) = self.others.entry(&pair, || pair, Contacts::default) {
            // All pairs of a page together take 8 MiB at the most.
            other.take(&contact, verdict, &mut { usize::MAX });
        }
    }

    /// The findings, and the list of pairs by their scores.
    pub fn finish(&mut self, digits: u8, lists: &mut Lists) -> (Vec<Finding>, Vec<BeaconReport>) {
        let span = self.times.map_or(0, |(first, last)| last.saturating_sub(first));
        let mut found: Vec<(BeaconReport, Option<Finding>)> = Vec::new();
        let mut ranked: BTreeSet<Pair> = BTreeSet::new();
        let gone = self.pairs.evicted();
        while let Some((pair, contacts)) = self.pairs.pop_oldest() {
            let Some(score) = contacts.score() else { continue };
            let report = BeaconReport::new(&pair, &contacts, &score, span, digits);
            let is_one = score.intervals >= BEACON_SCORE && score.all() >= BEACON_SCORE;
            let finding = is_one.then(|| finding(&pair, &contacts, &score, &report));
            found.push((report, finding));
            ranked.insert(pair);
        }
        found.sort_by(|(one, _), (other, _)| {
            let order = other.score.total_cmp(&one.score);
            order.then_with(|| {
                (Reverse(one.contacts), &one.client, &one.server).cmp(&(
                    Reverse(other.contacts),
                    &other.client,
                    &other.server,
                ))
            })
        });
        let (reports, findings): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let total = (reports.len() as u64).saturating_add((gone > 0).into());
        let other = |pair: &Pair, contacts: &Contacts| {
            let score = contacts.score().filter(|_| !ranked.contains(pair))?;
            Some(BeaconReport::new(pair, contacts, &score, span, digits))
        };
        let listed = self.others.made(reports, limits::LISTED, total, other, lists);
        (lower_bounds(findings.into_iter().flatten().collect(), gone), listed)
    }
}

/// Protocols that are periodic by design, whoever speaks them.
fn is_periodic(verdict: Option<Verdict>) -> bool {
    verdict.is_some_and(|(protocol, _)| {
        matches!(
            protocol,
            Protocol::Ntp
                | Protocol::Ptp
                | Protocol::Bfd
                | Protocol::Hsrp
                | Protocol::Rip
                | Protocol::Ripng
                | Protocol::Ldp
                | Protocol::Bgp
                | Protocol::Dhcp
                | Protocol::Dhcpv6
                | Protocol::Mdns
                | Protocol::Ssdp
                | Protocol::Llmnr
                | Protocol::Nbns
                | Protocol::Nbdgm
                | Protocol::Snmp
                | Protocol::Sflow
                | Protocol::Netflow
                | Protocol::Ipfix
                | Protocol::Rtp
                | Protocol::Rtcp
                | Protocol::Stun
                | Protocol::DropboxLan
                | Protocol::WsDiscovery
                | Protocol::Radius
                | Protocol::Msdp
        )
    })
}

/// How regular contacts are: RITA's statistics (`analysis/beacon`, version 5), each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Score {
    intervals: f64,
    sizes: f64,
    /// Median and its median absolute deviation, of intervals in nanoseconds and of sizes in bytes.
    interval: (u64, u64),
    size: (u64, u64),
    times: (u64, u64),
    contacts: u64,
}

impl Score {
    fn of(kept: &[(u64, u64)]) -> Option<Self> {
        let mut all = kept.to_vec();
        all.sort_unstable();
        let mut kept: Vec<(u64, u64)> = Vec::new();
        // Flows that begin together are one contact.
        for (time, bytes) in all {
            match kept.last_mut() {
                Some((begun, sum)) if time.saturating_sub(*begun) < CONTACT => *sum = sum.saturating_add(bytes),
                _ => kept.push((time, bytes)),
            }
        }
        if (kept.len() as u64) < BEACON_CONTACTS {
            return None;
        }
        let times = (kept.first()?.0, kept.last()?.0);
        let intervals: Vec<u64> = kept.iter().zip(kept.iter().skip(1)).map(|(a, b)| b.0.saturating_sub(a.0)).collect();
        let sizes: Vec<u64> = kept.iter().map(|(_, bytes)| *bytes).collect();
        let (interval_score, interval) = regularity(intervals, NEAR_INTERVALS)?;
        let (size_score, size) = regularity(sizes, NEAR_SIZES)?;
        let contacts = kept.len() as u64;
        Some(Self { intervals: interval_score, sizes: size_score, interval, size, times, contacts })
    }

    fn all(&self) -> f64 {
        f64::midpoint(self.intervals, self.sizes)
    }
}

/// The mean of two statistics: how symmetric values lie around their median (one less Bowley's skewness), and how near (one less the median absolute
/// deviation as a share of the median). With the median and that deviation. Values that lie within `spread` of each other have no skewness.
fn regularity(mut values: Vec<u64>, spread: u64) -> Option<(f64, (u64, u64))> {
    values.sort_unstable();
    let at = |values: &[u64], quarter: usize| {
        let last = values.len().checked_sub(1)?;
        values.get(last.saturating_mul(quarter) / 4).copied()
    };
    let (low, median, high) = (at(&values, 1)?, at(&values, 2)?, at(&values, 3)?);
    let skew = if high.saturating_sub(low) < spread.max(1) || median == low || median == high {
        0.0
    } else {
        (low as f64 + high as f64 - 2.0 * median as f64) / high.saturating_sub(low) as f64
    };
    let mut off: Vec<u64> = values.iter().map(|value| value.abs_diff(median)).collect();
    off.sort_unstable();
    let deviation = at(&off, 2)?;
    let near = match (median, deviation) {
        (_, 0) => 1.0,
        (0, _) => 0.0,
        _ => (1.0 - deviation as f64 / median as f64).max(0.0),
    };
    Some((f64::midpoint(1.0 - skew.abs(), near), (median, deviation)))
}

fn finding(pair: &Pair, contacts: &Contacts, score: &Score, report: &BeaconReport) -> Finding {
    let (client, server, ..) = *pair;
    let rule = if addresses::is_outside(server) { &OUTSIDE } else { &INSIDE };
    let observation = format!(
        "{client} contacted {} {} times, every {} s (median deviation {} s), with {} bytes: score {}.",
        report.server, report.contacts, report.interval_seconds, report.deviation_seconds, score.size.0, report.score,
    );
    let measures = vec![
        Measure::count("contacts", report.contacts),
        Measure::new("interval_seconds", report.interval_seconds),
        Measure::new("deviation_seconds", report.deviation_seconds),
        Measure::new("score", report.score),
        Measure::new("interval_score", report.interval_score),
        Measure::new("size_score", report.size_score),
    ];
    rule.finding(format!("{client} to {}", report.server), observation, measures, &contacts.evidence)
}

/// Two hosts whose contacts are more or less regular.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct BeaconReport {
    /// Who made the contacts.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub client: String,
    /// Address and port that were contacted.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub server: String,
    /// tcp or udp.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub protocol: String,
    /// What the last of its flows carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub application: Option<&'static str>,
    /// Mean of both scores that follow, 0 to 1.
    pub score: f64,
    /// How regular the intervals are: RITA's mean of symmetry and nearness to the median.
    pub interval_score: f64,
    /// The same of the bytes that the client sent.
    pub size_score: f64,
    /// Contacts: what the client sent behind a second of silence, in whichever flow. Scores are those of the first 512, and where very many pairs have as many
    /// of fewer, 64 at least.
    pub contacts: u64,
    /// Median time between two, in seconds.
    pub interval_seconds: f64,
    /// Median absolute deviation of that, in seconds.
    pub deviation_seconds: f64,
    /// Median of the bytes of payload that the client sent in a contact.
    pub bytes: u64,
    /// Share of the capture's time from the first to the last contact, in percent.
    pub coverage_percent: f64,
    /// Frame of the first contact.
    pub first_frame: u64,
    /// Frame of the last one.
    pub last_frame: u64,
    /// Time of the first: RFC 3339, UTC.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub start_time: String,
}

impl BeaconReport {
    fn new(pair: &Pair, contacts: &Contacts, score: &Score, span: u64, digits: u8) -> Self {
        let (client, server, carrier, port) = *pair;
        let lasted = score.times.1.saturating_sub(score.times.0);
        let coverage = if span == 0 { 0.0 } else { lasted as f64 * 100.0 / span as f64 };
        Self {
            client: client.to_string(),
            server: details::end(End { address: server, port: Some(port) }, carrier),
            protocol: carrier.name(),
            application: contacts.application.map(|(protocol, _)| protocol.name()),
            score: rounded(score.all(), 3),
            interval_score: rounded(score.intervals, 3),
            size_score: rounded(score.sizes, 3),
            // Those whose times are not kept count each.
            contacts: score.contacts.saturating_add(contacts.count.saturating_sub(contacts.kept.len() as u64)),
            interval_seconds: rounded(time::seconds(score.interval.0), 3),
            deviation_seconds: rounded(time::seconds(score.interval.1), 3),
            bytes: score.size.0,
            coverage_percent: rounded(coverage, 1),
            first_frame: contacts.frames.0,
            last_frame: contacts.frames.1,
            start_time: time::rfc3339(score.times.0, digits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pair_has_its_first_contacts_whatever_the_others_took() {
        let (mut contacts, mut room) = (Contacts::default(), 10);
        (0..600).for_each(|n| {
            contacts.take(&Contact { time: n * 60_000_000_000, bytes: 5, frame: n + 1 }, None, &mut room);
        });
        assert_eq!((contacts.kept.len(), contacts.count, room), (limits::FIRST_CONTACTS + 10, 600, 0));
        assert_eq!(contacts.score().map(|score| score.all()), Some(1.0));
    }

    #[test]
    fn regular_values_score_one_and_random_ones_less() {
        // By hand: all equal; quartiles 9, 10, 11 with deviation 1; and those of an exponential distribution, 2.9, 6.9 and 13.9 of 10.
        assert_eq!(regularity(vec![60; 20], 0), Some((1.0, (60, 0))));
        assert_eq!(regularity(vec![8, 9, 10, 11, 12], 0), Some((0.95, (10, 1))));
        let random: Vec<u64> = (1..1000_u32).map(|n| (-(f64::from(n) / 1000.0).ln() * 1e6) as u64).collect();
        let (score, _) = regularity(random, 10).unwrap();
        assert!((0.45..0.60).contains(&score), "{score}");
        assert_eq!(regularity(Vec::new(), 0), None);
        assert_eq!(regularity(vec![0, 0, 0], 0), Some((1.0, (0, 0))));
    }
}
