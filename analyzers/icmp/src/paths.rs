//! Paths of traceroutes: probes with rising hop limits, and who says that they were used up.

mod report;

use std::collections::BTreeMap;
use std::net::IpAddr;

use mcpcap_analyzer::decode::{Ip, Packet, Quoted, Transport};
use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Pool, Sequence, Several};

use crate::hops::{At, PathKey};
use crate::limits;
use crate::message::Message;
use crate::quoted_paths::QuotedPaths;

pub use report::PathReport;

/// What a probe is found again by: ends, protocol, two numbers (ports, or identifier and sequence number), identification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Probe {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    numbers: (u16, u16),
    identification: u32,
}

struct Sent {
    hops: u8,
    time: Option<u64>,
    frame: u64,
    answered: bool,
}

const PATHS: &str = "statistics.paths";
/// The list of addresses of each hop of each path.
pub const ADDRESSES: &str = "statistics.paths[].hops[].addresses";
/// The same of the frames of its answers.
pub const FRAMES: &str = "statistics.paths[].hops[].frames";
/// The same of its labels.
pub const MPLS_LABELS: &str = "statistics.paths[].hops[].mpls_labels";

/// All paths.
pub struct Paths {
    probes: BoundedMap<Probe, Sent>,
    /// Without identification, for answers that do not quote: echo replies, and TCP.
    by_numbers: BoundedMap<(IpAddr, IpAddr, u8, (u16, u16)), Probe>,
    paths: BoundedMap<PathKey, Path>,
    addresses: Pool,
    /// How many different ones there were, with those that made room.
    keys: Distinct,
    quoted: QuotedPaths,
}

#[derive(Default)]
struct Path {
    hops: BTreeMap<u8, Hop>,
    reached: bool,
    first_frame: u64,
}

struct Hop {
    answers: Several<IpAddr>,
    times: Vec<u64>,
    evidence: Evidence,
    answered: u64,
    labels: Sequence<u32>,
    /// How the destination, or somebody who refuses, answered instead of "time exceeded".
    end: Option<&'static str>,
}

impl Default for Hop {
    fn default() -> Self {
        Self {
            answers: Several::of(ADDRESSES),
            times: Vec::new(),
            evidence: Evidence::default(),
            answered: 0,
            labels: Sequence::of(MPLS_LABELS, limits::LABELS),
            end: None,
        }
    }
}

impl Paths {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            probes: BoundedMap::new(limits::PROBES),
            by_numbers: BoundedMap::new(limits::PROBES),
            paths: BoundedMap::new(limits::PATHS),
            addresses: Pool::new(limits::HOP_ADDRESSES),
            keys: Distinct::new(),
            quoted: QuotedPaths::new(),
        }
    }

    /// Entries that made room: probes, paths.
    pub fn evicted(&self) -> (u64, u64) {
        (self.probes.evicted(), self.paths.evicted().saturating_add(self.quoted.evicted()))
    }

    /// Notes a packet that may be a probe: UDP, TCP SYN or an echo request that will not go far.
    pub fn packet(&mut self, packet: &Packet<'_>, message: Option<&Message<'_>>) {
        let Some(ip) = packet.ip.as_ref() else { return };
        let numbers = match (&packet.transport, message) {
            (Transport::Udp(udp), _) => (udp.source, udp.destination),
            (Transport::Tcp(tcp), _) if tcp.flags.syn() && !tcp.flags.ack() => (tcp.source, tcp.destination),
            (Transport::Tcp(tcp), _) => {
                let opens = tcp.flags.syn() || tcp.flags.rst();
                return self.tcp_answer(packet, ip, (tcp.destination, tcp.source), opens);
            }
            (_, Some(message)) if message.is_echo() => match message.numbers {
                Some(numbers) => numbers,
                None => return,
            },
            _ => return,
        };
        if ip.hop_limit > limits::PROBE_HOPS || ip.hop_limit == 0 {
            return;
        }
        let probe = Probe {
            source: ip.source,
            destination: ip.destination,
            protocol: ip.protocol,
            numbers,
            identification: ip.identification,
        };
        let sent = Sent { hops: ip.hop_limit, time: packet.timestamp, frame: packet.frame, answered: false };
        self.by_numbers.insert((probe.source, probe.destination, probe.protocol, numbers), probe);
        self.probes.insert(probe, sent);
    }

    /// Takes an ICMP message: an error about a probe, or the reply to one.
    pub fn message(&mut self, message: &Message<'_>, packet: &Packet<'_>) {
        if let Some(quoted) = &message.quoted {
            self.error(message, quoted, packet);
        } else if message.is_echo_reply()
            && let Some(numbers) = message.numbers
        {
            let protocol = packet.ip.as_ref().map_or(0, |ip| ip.protocol);
            let key = (message.destination, message.source, protocol, numbers);
            if let Some(probe) = self.by_numbers.get(&key).copied() {
                self.answer(probe, message.source, At::of(packet), Some("echo reply"), []);
            } else {
                let key = (message.destination, message.source, protocol);
                self.quoted.reply(key, numbers, true, At::of(packet), "echo reply");
            }
        }
    }

    fn tcp_answer(&mut self, packet: &Packet<'_>, ip: &Ip, numbers: (u16, u16), opens: bool) {
        if let Some(probe) = self.by_numbers.get(&(ip.destination, ip.source, ip.protocol, numbers)).copied() {
            self.answer(probe, ip.source, At::of(packet), Some("TCP answer"), []);
        } else if opens {
            let key = (ip.destination, ip.source, ip.protocol);
            self.quoted.reply(key, numbers, false, At::of(packet), "TCP answer");
        }
    }

    fn error(&mut self, message: &Message<'_>, quoted: &Quoted, packet: &Packet<'_>) {
        let end = match (message.is_hop_limit_exceeded(), message.is_port_unreachable(), message.is_unreachable()) {
            (true, ..) => None,
            (_, true, _) => Some("port unreachable"),
            (_, _, true) => Some("unreachable"),
            _ => return,
        };
        let echo = quoted.icmp.map(|(_, identifier, sequence)| (identifier, sequence));
        let Some(numbers) = quoted.ports.or(echo) else { return };
        let mut probe = Probe {
            source: quoted.source,
            destination: quoted.destination,
            protocol: quoted.protocol,
            numbers,
            identification: quoted.identification,
        };
        if self.probes.get(&probe).is_none() {
            // Some routers change the identification in what they quote.
            let key = (quoted.source, quoted.destination, quoted.protocol, numbers);
            match self.by_numbers.get(&key) {
                Some(known) => probe = *known,
                None => return self.quoted.error(quoted, message.source, At::of(packet), end),
            }
        }
        self.answer(probe, message.source, At::of(packet), end, message.mpls_labels());
    }

    fn answer(
        &mut self,
        probe: Probe,
        from: IpAddr,
        at: At,
        end: Option<&'static str>,
        labels: impl IntoIterator<Item = u32>,
    ) {
        let Some(sent) = self.probes.get_mut(&probe) else { return };
        if std::mem::replace(&mut sent.answered, true) {
            return;
        }
        let key = (probe.source, probe.destination, probe.protocol);
        // What is answered by its destination is no traceroute yet: one hop limit must have been used up before.
        if end.is_some() && self.paths.get(&key).is_none() {
            return;
        }
        let (path, gone) = self.paths.get_or_insert_with(key, || {
            self.keys.add(&key);
            Path { first_frame: sent.frame, ..Path::default() }
        });
        if let Some((_, gone)) = gone {
            for hop in gone.hops.values() {
                hop.answers.release(&mut self.addresses);
                hop.labels.release(&mut self.addresses);
            }
        }
        path.reached |= from == probe.destination;
        let hop = path.hops.entry(sent.hops).or_default();
        hop.answered = hop.answered.saturating_add(1);
        hop.answers.add(&from, &mut self.addresses);
        let round_trip = at.time.zip(sent.time).and_then(|(now, then)| now.checked_sub(then));
        if hop.times.len() < limits::HOP_TIMES {
            hop.times.extend(round_trip);
        }
        hop.evidence.add(at.frame);
        if hop.labels.total() == 0 {
            labels.into_iter().for_each(|label| hop.labels.push(|| label, &mut self.addresses));
        }
        hop.end = hop.end.or(end);
    }

    /// Gives the answers that stood before their probes in the file to their paths.
    pub fn finish(&mut self) {
        let mut quoted = std::mem::replace(&mut self.quoted, QuotedPaths::new());
        quoted.resolve(|(source, destination, protocol), numbers, answer| {
            let exact = Probe { source, destination, protocol, numbers, identification: answer.identification };
            let by_numbers = self.by_numbers.get(&(source, destination, protocol, numbers));
            let probe = Some(exact).filter(|exact| self.probes.get(exact).is_some()).or(by_numbers.copied());
            let sent = probe.and_then(|probe| Some((probe, self.probes.get(&probe)?.time?)));
            let Some((probe, _)) = sent.filter(|(_, sent)| answer.at.time.is_some_and(|now| *sent <= now)) else {
                return false;
            };
            self.answer(probe, answer.from, answer.at, answer.end, []);
            true
        });
        self.quoted = quoted;
    }

    /// The paths in the order of their first probe, those from quotes by their first answer; and how many there are.
    pub fn report(&self) -> (Vec<PathReport>, u64) {
        let mut unanswered: BTreeMap<(PathKey, u8), u64> = BTreeMap::new();
        for (probe, sent) in self.probes.iter().filter(|(_, sent)| !sent.answered) {
            let key = (probe.source, probe.destination, probe.protocol);
            if self.paths.get(&key).is_some() {
                let count = unanswered.entry((key, sent.hops)).or_default();
                *count = count.saturating_add(1);
            }
        }
        let mut quoted = self.quoted.found();
        quoted.retain(|path| self.paths.get(&path.key).is_none());
        let total = self.keys.count().saturating_add(quoted.len() as u64);
        let captured = self.paths.iter().map(|(key, path)| {
            let lost = unanswered.range((*key, 0)..=(*key, u8::MAX)).map(|((_, hops), count)| (*hops, *count));
            PathReport::new(*key, path, &lost.collect())
        });
        let mut reports: Vec<PathReport> = captured.chain(quoted.into_iter().map(PathReport::quoted)).collect();
        reports.sort_by_key(|path| (path.first_frame, path.source, path.destination));
        (reports, total)
    }

    /// The paths that the report holds.
    pub fn listed(&self, paths: Vec<PathReport>, lists: &mut Lists) -> Vec<PathReport> {
        let places = lists.place(PATHS)..;
        let mut listed: Vec<PathReport> = lists.cut(PATHS, limits::LIST_ENTRIES, paths.into_iter()).collect();
        for (place, report) in places.zip(&mut listed) {
            for (nth, hop) in report.hops.iter_mut().enumerate() {
                hop.frames = hop.evidence.cited();
                lists.frames_at(FRAMES, &[place, nth], &mut hop.frames, hop.evidence.total());
            }
            let Some(path) = self.paths.get(&report.key) else { continue };
            for (nth, hop) in report.hops.iter_mut().enumerate() {
                if let Some(known) = path.hops.get(&hop.hop) {
                    let shown = lists.several(ADDRESSES, &[place, nth], &known.answers);
                    hop.addresses = shown.into_iter().map(|(address, _)| *address).collect();
                    let (labels, total) = (known.labels.clone(), known.labels.total());
                    hop.mpls_labels = lists.sequence(MPLS_LABELS, &[place, nth], labels);
                    hop.mpls_labels_total = Some(total).filter(|total| *total > hop.mpls_labels.len() as u64);
                }
            }
        }
        listed
    }
}
