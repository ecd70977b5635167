//! More than somebody can answer: floods, and answers that are larger than what asked for them.

use std::net::IpAddr;

use mcpcap_analyzer::application::{By, Protocol};
use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity, lower_bounds};
use mcpcap_analyzer::numbers::{rounded, share};
use mcpcap_analyzer::stats::{BoundedMap, Distinct};
use mcpcap_analyzer::text::plural;

use super::many::{self, span};
use super::thresholds::{
    AMPLIFICATION, AMPLIFIED_BYTES, AMPLIFIED_PACKETS, FLOOD_ATTEMPTS, FLOOD_SHARE, UDP_FLOOD, UDP_FLOOD_RATE,
};
use crate::key::{Address, Carrier, End};
use crate::limits;
use crate::table::Ended;

const SYN_FLOOD: Rule = Rule {
    name: "flow_syn_flood",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "100 or more attempts on one endpoint that were neither completed nor refused, 80 % or more of all on it",
    false_alarm: "A service that is down or filtered while many clients retry, or a capture that has one direction only.",
};
const DATAGRAMS: Rule = Rule {
    name: "flow_udp_flood",
    severity: Severity::High,
    confidence: Confidence::Low,
    threshold: "1,000 or more datagrams to one host in flows that it never answered and whose form is that of no protocol, 200 or more a second",
    false_alarm: "One-way media, tunnels or logs in a form that is not known here; a capture of one direction.",
};
const AMPLIFIED: Rule = Rule {
    name: "flow_amplification",
    severity: Severity::High,
    confidence: Confidence::Medium,
    threshold: "answers of a service that amplifies have 15 times the bytes of their requests, or came without any: 10 or more datagrams, 5,000 bytes or more",
    false_alarm: "Zone data or large TXT records that were really asked for; requests that took another way than the capture.",
};

/// Services whose answers are much larger than their requests (US-CERT alert TA14-017A).
fn amplifier(port: u16) -> Option<&'static str> {
    Some(match port {
        17 => "qotd",
        19 => "chargen",
        53 => "dns",
        69 => "tftp",
        111 => "portmap",
        123 => "ntp",
        137 => "netbios",
        161 => "snmp",
        389 => "cldap",
        1900 => "ssdp",
        3283 => "ard",
        3702 => "ws-discovery",
        5353 => "mdns",
        5683 => "coap",
        10001 => "ubiquiti",
        11211 => "memcached",
        27015 => "source",
        _ => return None,
    })
}

struct Target {
    attempts: u64,
    incomplete: u64,
    sources: Distinct,
    times: Option<(u64, u64)>,
    evidence: Evidence,
}

struct Hit {
    packets: u64,
    bytes: u64,
    sources: Distinct,
    times: Option<(u64, u64)>,
    evidence: Evidence,
}

struct Amplified {
    requests: u64,
    request_bytes: u64,
    answers: u64,
    answer_bytes: u64,
    servers: Distinct,
    evidence: Evidence,
}

/// What is kept.
pub struct Watch {
    targets: BoundedMap<(Address, u16), Target>,
    hits: BoundedMap<Address, Hit>,
    amplified: BoundedMap<(Address, u16), Amplified>,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            targets: BoundedMap::new(limits::PARTIES / 2),
            hits: BoundedMap::new(limits::PARTIES / 2),
            amplified: BoundedMap::new(limits::PARTIES / 2),
        }
    }

    /// Entries that made room.
    pub fn evicted(&self) -> u64 {
        self.targets.evicted().saturating_add(self.hits.evicted()).saturating_add(self.amplified.evicted())
    }

    /// Takes a flow that ended.
    pub fn ended(&mut self, ended: &Ended<'_>) {
        let (client, server) = ended.flow.roles(ended.key);
        match ended.key.carrier {
            Carrier::TCP => self.attempt(ended, client, server),
            Carrier::UDP => {
                self.datagrams(ended, client, server);
                self.answers(ended, client, server);
            }
            _ => {}
        }
    }

    fn attempt(&mut self, ended: &Ended<'_>, client: End, server: End) {
        let (Some(connection), Some(port)) = (&ended.flow.connection, server.port) else { return };
        if !connection.has_syn() {
            return;
        }
        let new = || Target {
            attempts: 0,
            incomplete: 0,
            sources: Distinct::small(),
            times: None,
            evidence: Evidence::default(),
        };
        let (target, _) = self.targets.get_or_insert_with((server.address, port), new);
        target.attempts = target.attempts.saturating_add(1);
        if !connection.completed && !connection.refused {
            target.incomplete = target.incomplete.saturating_add(1);
            target.sources.add(&client.address);
            target.times = span(target.times, ended.flow.times);
            target.evidence.add(ended.flow.frames.0);
        }
    }

    fn datagrams(&mut self, ended: &Ended<'_>, client: End, server: End) {
        let (sent, got) = ended.flow.by_role();
        let is_known = ended.flow.application().is_some_and(|(_, by)| by != By::Port);
        if got.packets > 0 || server.address.is_group() || is_known {
            return;
        }
        let new =
            || Hit { packets: 0, bytes: 0, sources: Distinct::small(), times: None, evidence: Evidence::default() };
        let (hit, _) = self.hits.get_or_insert_with(server.address, new);
        hit.packets = hit.packets.saturating_add(sent.packets);
        hit.bytes = hit.bytes.saturating_add(sent.bytes);
        hit.sources.add(&client.address);
        hit.times = span(hit.times, ended.flow.times);
        hit.evidence.add(ended.flow.frames.0);
    }

    fn answers(&mut self, ended: &Ended<'_>, client: End, server: End) {
        let Some(port) = server.port.filter(|port| amplifier(*port).is_some()) else { return };
        let (sent, got) = ended.flow.by_role();
        // A transfer by TFTP is as large as its file.
        let is_tftp = ended.flow.application().is_some_and(|(protocol, _)| protocol == Protocol::Tftp);
        if got.packets == 0 || client.address.is_group() || is_tftp {
            return;
        }
        let new = || Amplified {
            requests: 0,
            request_bytes: 0,
            answers: 0,
            answer_bytes: 0,
            servers: Distinct::small(),
            evidence: Evidence::default(),
        };
        let (amplified, _) = self.amplified.get_or_insert_with((client.address, port), new);
        amplified.requests = amplified.requests.saturating_add(sent.packets);
        amplified.request_bytes = amplified.request_bytes.saturating_add(sent.payload);
        amplified.answers = amplified.answers.saturating_add(got.packets);
        amplified.answer_bytes = amplified.answer_bytes.saturating_add(got.payload);
        amplified.servers.add(&server.address);
        amplified.evidence.add(ended.flow.frames.0);
        amplified.evidence.add(ended.flow.frames.1);
    }

    /// The findings, by rule.
    pub fn findings(&self) -> [Vec<Finding>; 3] {
        [
            lower_bounds(
                self.targets.iter().filter_map(|(end, target)| syn_flood(*end, target)).collect(),
                self.targets.evicted(),
            ),
            lower_bounds(
                self.hits.iter().filter_map(|(host, hit)| udp_flood(*host, hit)).collect(),
                self.hits.evicted(),
            ),
            lower_bounds(
                self.amplified.iter().filter_map(|(victim, found)| amplification(*victim, found)).collect(),
                self.amplified.evicted(),
            ),
        ]
    }
}

/// So many in a second, on average.
fn rate(count: u64, times: Option<(u64, u64)>) -> f64 {
    let seconds = times.map_or(0.0, |(first, last)| mcpcap_analyzer::time::seconds(last.saturating_sub(first)));
    rounded(count as f64 / seconds.max(1.0), 1)
}

fn syn_flood((address, port): (Address, u16), target: &Target) -> Option<Finding> {
    let is_one = target.incomplete >= FLOOD_ATTEMPTS && share(target.incomplete, target.attempts) >= FLOOD_SHARE;
    is_one.then(|| {
        let end = match address.ip() {
            Some(IpAddr::V6(address)) => format!("[{address}]:{port}"),
            _ => format!("{address}:{port}"),
        };
        let sources = many::words(&target.sources);
        let observation = format!(
            "{end} got {} of {} attempts that were neither completed nor refused, from {sources} {}.",
            target.incomplete,
            target.attempts,
            plural(target.sources.count(), "address"),
        );
        let mut measures = vec![
            Measure::count("incomplete", target.incomplete),
            Measure::count("attempts", target.attempts),
            Measure::new("attempts_per_second", rate(target.incomplete, target.times)),
        ];
        measures.extend(many::measures("sources", &target.sources));
        SYN_FLOOD.finding(end, observation, measures, &target.evidence)
    })
}

fn udp_flood(host: Address, hit: &Hit) -> Option<Finding> {
    let rate = rate(hit.packets, hit.times);
    (hit.packets >= UDP_FLOOD && rate >= UDP_FLOOD_RATE).then(|| {
        let observation = format!(
            "{host} got {} datagrams that it did not answer, {rate} a second, from {} {}.",
            hit.packets,
            many::words(&hit.sources),
            plural(hit.sources.count(), "address"),
        );
        let mut measures = vec![
            Measure::count("datagrams", hit.packets),
            Measure::count("bytes", hit.bytes),
            Measure::new("datagrams_per_second", rate),
        ];
        measures.extend(many::measures("sources", &hit.sources));
        DATAGRAMS.finding(host.to_string(), observation, measures, &hit.evidence)
    })
}

fn amplification((victim, port): (Address, u16), found: &Amplified) -> Option<Finding> {
    let ratio = rounded(share(found.answer_bytes, found.request_bytes), 1);
    let is_large = found.answers >= AMPLIFIED_PACKETS && found.answer_bytes >= AMPLIFIED_BYTES;
    (is_large && (found.request_bytes == 0 || ratio >= AMPLIFICATION)).then(|| {
        let name = amplifier(port).unwrap_or_default();
        let asked = match found.requests {
            0 => "without a request".to_owned(),
            _ => format!("{ratio} times as many as it asked with"),
        };
        let observation = format!(
            "{victim} got {} bytes of {name} answers in {} datagrams from {} {}, {asked}.",
            found.answer_bytes,
            found.answers,
            many::words(&found.servers),
            plural(found.servers.count(), "server"),
        );
        let mut measures = vec![
            Measure::count("answer_bytes", found.answer_bytes),
            Measure::count("answers", found.answers),
            Measure::count("request_bytes", found.request_bytes),
            Measure::count("requests", found.requests),
        ];
        if found.request_bytes > 0 {
            measures.push(Measure::new("ratio", ratio));
        }
        measures.extend(many::measures("servers", &found.servers));
        AMPLIFIED.finding(format!("{victim} by {name}"), observation, measures, &found.evidence)
    })
}
