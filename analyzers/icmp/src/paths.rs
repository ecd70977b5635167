//! Paths of traceroutes: probes with rising hop limits, and who says that they were used up.

mod others;
mod report;

use std::collections::BTreeMap;
use std::net::IpAddr;

use mcpcap_analyzer::decode::{Ip, Packet, Quoted, Transport};
use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Pool, Sequence, Several};

use crate::hops::{At, PathKey};
use crate::limits;
use crate::message::Message;
use crate::quoted_paths::{Answer, QuotedPaths};

pub use others::OtherPaths;
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

/// Ends, protocol and numbers.
type ByNumbers = (IpAddr, IpAddr, u8, (u16, u16));

struct Sent {
    hops: u8,
    time: Option<u64>,
    frame: u64,
    answered: bool,
}

/// The list of paths.
pub const PATHS: &str = "statistics.paths";
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
    by_numbers: BoundedMap<ByNumbers, Probe>,
    paths: BoundedMap<PathKey, Path>,
    addresses: Pool,
    /// How many different ones there were, with those that made room.
    keys: Distinct,
    quoted: QuotedPaths,
    others: OtherPaths,
}

/// A path whose probes were captured.
#[derive(Default)]
pub struct Path {
    hops: BTreeMap<u8, Hop>,
    reached: bool,
    first_frame: u64,
}

/// An answer to a probe that was captured.
struct Answered {
    /// The probe's hop limit, and whether its destination answers.
    hops: u8,
    reached: bool,
    from: IpAddr,
    round_trip: Option<u64>,
    /// The answer's frame.
    frame: u64,
    end: Option<&'static str>,
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
    /// Nothing seen yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            probes: BoundedMap::new(limits::PROBES),
            by_numbers: BoundedMap::new(limits::PROBES),
            paths: BoundedMap::new(limits::PATHS),
            addresses: Pool::new(limits::HOP_ADDRESSES),
            keys: Distinct::new(),
            quoted: QuotedPaths::new(),
            others: OtherPaths::new(lists),
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
                self.answer(probe, message.source, At::of(packet), Some("echo reply"), None);
            } else {
                let key = (message.destination, message.source, protocol);
                self.quoted.reply(&mut self.others, key, numbers, true, (At::of(packet), "echo reply"));
            }
        }
    }

    fn tcp_answer(&mut self, packet: &Packet<'_>, ip: &Ip, numbers: (u16, u16), opens: bool) {
        if let Some(probe) = self.by_numbers.get(&(ip.destination, ip.source, ip.protocol, numbers)).copied() {
            self.answer(probe, ip.source, At::of(packet), Some("TCP answer"), None);
        } else if opens {
            let key = (ip.destination, ip.source, ip.protocol);
            self.quoted.reply(&mut self.others, key, numbers, false, (At::of(packet), "TCP answer"));
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
                None => return self.quoted.error(&mut self.others, quoted, message.source, At::of(packet), end),
            }
        }
        self.answer(probe, message.source, At::of(packet), end, Some(message));
    }

    fn answer(&mut self, probe: Probe, from: IpAddr, at: At, end: Option<&'static str>, error: Option<&Message<'_>>) {
        let Some(sent) = self.probes.get_mut(&probe) else { return };
        if std::mem::replace(&mut sent.answered, true) {
            return;
        }
        let round_trip = at.time.zip(sent.time).and_then(|(now, then)| now.checked_sub(then));
        let reached = from == probe.destination;
        let answered = Answered { hops: sent.hops, reached, from, round_trip, frame: at.frame, end };
        let (key, first_frame) = ((probe.source, probe.destination, probe.protocol), sent.frame);
        let labels = || error.into_iter().flat_map(Message::mpls_labels);
        // What is answered by its destination is no traceroute yet: one hop limit must have been used up before.
        let begins = end.is_none();
        if begins || self.paths.get(&key).is_some() {
            let (path, gone) = self.paths.get_or_insert_with(key, || {
                self.keys.add(&key);
                Path { first_frame, ..Path::default() }
            });
            if let Some((_, gone)) = gone {
                gone.release(&mut self.addresses);
            }
            path.take(&answered, labels(), &mut self.addresses);
        }
        let name = (key, None);
        let other = if begins { self.others.entry(name) } else { self.others.get_mut(&name) };
        if let Some((known, room)) = other {
            if known.path.hops.is_empty() {
                known.path.first_frame = first_frame;
            }
            known.path.take(&answered, labels(), room);
        }
    }

    /// Gives the answers that stood before their probes in the file to their paths.
    pub fn finish(&mut self) {
        let mut quoted = std::mem::replace(&mut self.quoted, QuotedPaths::new());
        quoted.resolve(|key, numbers, answer| {
            let Some(probe) = asked(&self.probes, &self.by_numbers, key, numbers, answer) else { return false };
            self.answer(probe, answer.from, answer.at, answer.end, None);
            true
        });
        self.quoted = quoted;
        let Self { probes, by_numbers, others, .. } = self;
        for ((key, identifier), known) in others.paths.iter_mut() {
            let is_known = |numbers, answer: &Answer| asked(probes, by_numbers, *key, numbers, answer).is_some();
            known.answers.leave(*key, identifier.unwrap_or_default(), is_known);
        }
    }

    /// The paths in the order of their first probe, those from quotes by their first answer; and how many there are at least.
    pub fn report(&self) -> (Vec<PathReport>, u64) {
        let unanswered = self.unanswered(|key| self.paths.get(key).is_some());
        let mut quoted = self.quoted.found();
        quoted.retain(|path| self.paths.get(&path.key).is_none());
        let total = self.keys.count().saturating_add(quoted.len() as u64);
        let captured = self.paths.iter().map(|(key, path)| PathReport::new(*key, path, &unanswered));
        let mut reports: Vec<PathReport> = captured.chain(quoted.into_iter().map(PathReport::quoted)).collect();
        reports.sort_by_key(|path| (path.first_frame, path.source, path.destination));
        (reports, total)
    }

    /// Probes that nobody answered, by path and hop limit.
    fn unanswered(&self, is_wanted: impl Fn(&PathKey) -> bool) -> Unanswered {
        let mut unanswered = Unanswered::new();
        for (probe, sent) in self.probes.iter().filter(|(_, sent)| !sent.answered) {
            let key = (probe.source, probe.destination, probe.protocol);
            if is_wanted(&key) {
                let count = unanswered.entry((key, sent.hops)).or_default();
                *count = count.saturating_add(1);
            }
        }
        unanswered
    }

    /// The paths that the report holds, of those in order and so many in all.
    pub fn listed(&self, paths: Vec<PathReport>, total: u64, lists: &mut Lists) -> Vec<PathReport> {
        let others = &self.others.paths;
        let unanswered = if others.are_asked() {
            self.unanswered(|key| others.get(&(*key, None::<u16>)).is_some())
        } else {
            Unanswered::new()
        };
        // Nobody knows how many of those that made room were paths.
        let total = total.max((paths.len() as u64).saturating_add((self.quoted.evicted() > 0).into()));
        let ranked = paths.into_iter().map(|report| {
            let path = self.paths.get(&report.key);
            (report, path)
        });
        let make = |key: PathKey, identifier: Option<u16>, known: &others::Known| match identifier {
            _ if self.paths.get(&key).is_some() => None,
            None => Some(PathReport::new(key, &known.path, &unanswered)),
            Some(identifier) if self.quoted.has(key, identifier) => None,
            Some(_) => known.answers.path(key).map(PathReport::quoted),
        };
        let listed = others.made(
            ranked.collect(),
            limits::LIST_ENTRIES,
            total,
            |(key, identifier), known| Some((make(*key, *identifier, known)?, Some(&known.path))),
            lists,
        );
        let places = lists.place(PATHS)..;
        let described = |(place, (mut report, path)): (usize, (PathReport, Option<&Path>))| {
            report.describe(path, place, lists);
            report
        };
        places.zip(listed).map(described).collect()
    }
}

/// The probe that an answer in front of it in the file is about.
fn asked(
    probes: &BoundedMap<Probe, Sent>,
    by_numbers: &BoundedMap<ByNumbers, Probe>,
    (source, destination, protocol): PathKey,
    numbers: (u16, u16),
    answer: &Answer,
) -> Option<Probe> {
    let exact = Probe { source, destination, protocol, numbers, identification: answer.identification };
    let known = || by_numbers.get(&(source, destination, protocol, numbers)).copied();
    let probe = Some(exact).filter(|exact| probes.get(exact).is_some()).or_else(known)?;
    let sent = probes.get(&probe)?.time?;
    answer.at.time.is_some_and(|now| sent <= now).then_some(probe)
}

/// Probes that nobody answered, by path and hop limit.
type Unanswered = BTreeMap<(PathKey, u8), u64>;

impl Path {
    fn take(&mut self, answer: &Answered, labels: impl Iterator<Item = u32>, room: &mut Pool) {
        self.reached |= answer.reached;
        let hop = self.hops.entry(answer.hops).or_default();
        hop.answered = hop.answered.saturating_add(1);
        hop.answers.add(&answer.from, room);
        if hop.times.len() < limits::HOP_TIMES {
            hop.times.extend(answer.round_trip);
        }
        hop.evidence.add(answer.frame);
        if hop.labels.total() == 0 {
            labels.for_each(|label| hop.labels.push(|| label, room));
        }
        hop.end = hop.end.or(answer.end);
    }

    /// Gives the room of its hops back.
    fn release(&self, room: &mut Pool) {
        for hop in self.hops.values() {
            hop.answers.release(room);
            hop.labels.release(room);
        }
    }
}
