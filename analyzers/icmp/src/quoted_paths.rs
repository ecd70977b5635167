//! Paths of traceroutes whose probes are not in the capture, from what the errors about them quote.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::RangeInclusive;

use mcpcap_analyzer::decode::Quoted;
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::{JsonSchema, is_default};
use serde::Serialize;

use crate::hops::{At, HopReport, PathKey};
use crate::limits;
use crate::paths::OtherPaths;

/// The first destination port of traceroute's UDP probes (IANA "traceroute use"); each further probe has the next one.
const FIRST_PORT: u16 = 33_434;
/// The ports of the first hops.
const FIRST_PORTS: RangeInclusive<u16> = FIRST_PORT..=33_689;
/// Probes for each hop: three unless told otherwise, so that is tried first.
const PROBES_FOR_HOP: [u16; 10] = [3, 1, 2, 4, 5, 6, 7, 8, 9, 10];

const UNSEEN: &str = "no probe with a hop limit of 40 or less is in the capture: ordinary packets that go round in a loop are reported alike";
const PLACES: &str =
    "hop numbers count those that answered: silent hops are not seen, and routers that share a hop have one place each";
const SEQUENCE: &str = "hop numbers count from the first answer and leave gaps where sequence numbers are missing; in front of it, silent hops are not seen";
const BASE: &str =
    "hop numbers follow from port 33434 and the probes for each hop; a program that begins elsewhere has others";
const MIXED: &str = "answers of one router are not all next to one another: several rounds, or a path that changes";
const LEFT_OUT: &str = "there were more answers than are kept";

/// What tells one program's probes from another's: ends, protocol, and the identifier of echoes.
type Key = (PathKey, u16);

/// An error about a probe, or the reply to one.
#[derive(Debug, Clone, Copy)]
pub struct Answer {
    /// Who answers.
    pub from: IpAddr,
    /// When.
    pub at: At,
    source_port: u16,
    /// Destination port, or the sequence number of an echo.
    number: u16,
    /// Identification of the probe.
    pub identification: u32,
    /// How the destination answered, instead of "time exceeded".
    pub end: Option<&'static str>,
}

/// What gives the order of answers: its name, and how to read it.
type Order = (&'static str, fn(&Answer) -> u64);

/// Answers to the probes of one path.
#[derive(Default)]
pub struct Answers {
    kept: Vec<Answer>,
    left_out: u64,
}

/// All such paths.
pub struct QuotedPaths {
    paths: BoundedMap<Key, Answers>,
}

/// How the order of hops was found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Derived {
    /// What of the quoted probes gives the order: destination port, source port, sequence number or identification.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub ordered_by: &'static str,
    /// Probes for each hop, where the ports tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probes_for_hop: Option<u16>,
    /// Answers behind the first 128, which are in no hop.
    #[serde(skip_serializing_if = "is_default")]
    pub answers_left_out: u64,
    /// What the quotes leave open.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub uncertain: Vec<&'static str>,
}

/// A path, as far as the quotes tell it.
pub struct QuotedPath {
    /// Ends and protocol of the probes.
    pub key: PathKey,
    /// Whether the destination answered.
    pub reached: bool,
    /// The first answer.
    pub first_frame: u64,
    /// Its hops.
    pub hops: Vec<HopReport>,
    /// How they were found.
    pub derived: Derived,
}

impl QuotedPaths {
    /// None yet.
    pub fn new() -> Self {
        Self { paths: BoundedMap::new(limits::PATHS) }
    }

    /// Paths that made room.
    pub fn evicted(&self) -> u64 {
        self.paths.evicted()
    }

    /// Takes an error about a packet that was not captured. `end`: how the destination answered, instead of "time exceeded".
    pub fn error(&mut self, others: &mut OtherPaths, quoted: &Quoted, from: IpAddr, at: At, end: Option<&'static str>) {
        let key = (quoted.source, quoted.destination, quoted.protocol);
        let (key, source_port, number) = match (quoted.ports, quoted.icmp) {
            (Some((source, destination)), _) => ((key, 0), source, destination),
            (_, Some((_, identifier, sequence))) => ((key, identifier), 0, sequence),
            _ => return,
        };
        let answer = Answer { from, at, source_port, number, identification: quoted.identification, end };
        match end {
            // A destination that refuses is no traceroute yet: one hop limit must have been used up before, unless the port is traceroute's.
            Some(_) if !(quoted.protocol == 17 && FIRST_PORTS.contains(&number)) => self.answer(others, &key, answer),
            _ => {
                self.paths.get_or_insert_with(key, Answers::default).0.take(answer);
                if let Some((other, _)) = others.entry(name(key)) {
                    other.answers.take(answer);
                }
            }
        }
    }

    /// Takes an echo reply, or the answer of a TCP port; `numbers` are those of the probe.
    pub fn reply(
        &mut self,
        others: &mut OtherPaths,
        key: PathKey,
        numbers: (u16, u16),
        is_echo: bool,
        (at, end): (At, &'static str),
    ) {
        if self.paths.is_empty() {
            return;
        }
        let (identifier, source_port) = if is_echo { (numbers.0, 0) } else { (0, numbers.0) };
        let answer = Answer { from: key.1, at, source_port, number: numbers.1, identification: 0, end: Some(end) };
        self.answer(others, &(key, identifier), answer);
    }

    fn answer(&mut self, others: &mut OtherPaths, key: &Key, answer: Answer) {
        if let Some(known) = self.paths.get_mut(key) {
            known.take(answer);
        }
        if let Some((other, _)) = others.get_mut(&name(*key)) {
            other.answers.take(answer);
        }
    }

    /// Whether [`QuotedPaths::found`] has the path of some probes.
    pub fn has(&self, key: PathKey, identifier: u16) -> bool {
        self.paths.get(&(key, identifier)).is_some_and(|answers| answers.path(key).is_some())
    }

    /// Offers each answer with the ends and the numbers of its probe; those that are taken are no longer here.
    pub fn resolve(&mut self, mut take: impl FnMut(PathKey, (u16, u16), &Answer) -> bool) {
        for ((key, identifier), answers) in self.paths.iter_mut() {
            answers.leave(*key, *identifier, |numbers, answer| take(*key, numbers, answer));
        }
    }

    /// The paths in which two or more hosts answered, as far as the quotes tell the probes apart.
    pub fn found(&self) -> Vec<QuotedPath> {
        self.paths.iter().filter_map(|((key, _), answers)| answers.path(*key)).collect()
    }
}

/// The name of a path in the list of all.
fn name((key, identifier): Key) -> (PathKey, Option<u16>) {
    (key, Some(identifier))
}

impl Answers {
    fn take(&mut self, answer: Answer) {
        if self.kept.len() < limits::QUOTED_ANSWERS {
            self.kept.push(answer);
        } else {
            self.left_out = self.left_out.saturating_add(1);
        }
    }

    /// Leaves out what is taken, by the numbers of its probe: errors of routers first, as they make a path.
    pub fn leave(&mut self, key: PathKey, identifier: u16, mut is_taken: impl FnMut((u16, u16), &Answer) -> bool) {
        let is_echo = matches!(key.2, 1 | 58);
        self.kept.sort_by_key(|answer| (answer.end.is_some(), answer.at.time, answer.at.frame));
        self.kept.retain(|answer| {
            let first = if is_echo { identifier } else { answer.source_port };
            !is_taken((first, answer.number), answer)
        });
    }

    /// The path, when two or more hosts answered and the quotes tell the probes apart.
    pub fn path(&self, key: PathKey) -> Option<QuotedPath> {
        let mut routers = self.kept.iter().map(|answer| answer.from);
        routers.next().filter(|first| routers.any(|other| other != *first))?;
        let (ordered_by, number) = self.order(key.2)?;
        let mut answers: Vec<(u64, &Answer)> = self.kept.iter().map(|answer| (number(answer), answer)).collect();
        answers.sort_by_key(|(number, answer)| (*number, answer.at.frame));
        unwrap_round(&mut answers);
        let mut uncertain = vec![UNSEEN];
        let (base, probes_for_hop) = match ordered_by {
            "destination port" => (FIRST_PORT, probes_for_hop(&answers)),
            "sequence number" => first_sequence(&answers).map_or((0, None), |(first, probes)| (first, Some(probes))),
            _ => (0, None),
        };
        let hops = match probes_for_hop {
            Some(probes) => {
                uncertain.push(if ordered_by == "sequence number" { SEQUENCE } else { BASE });
                by_numbers(&answers, base, probes)
            }
            None => {
                uncertain.push(PLACES);
                if is_mixed(&answers) {
                    uncertain.push(MIXED);
                }
                by_place(&answers, key.1)
            }
        };
        uncertain.extend((self.left_out > 0).then_some(LEFT_OUT));
        Some(QuotedPath {
            key,
            reached: self.kept.iter().any(|answer| answer.from == key.1),
            first_frame: self.kept.iter().map(|answer| answer.at.frame).min().unwrap_or_default(),
            hops,
            derived: Derived { ordered_by, probes_for_hop, answers_left_out: self.left_out, uncertain },
        })
    }

    /// What differs from probe to probe, and so gives their order.
    fn order(&self, protocol: u8) -> Option<Order> {
        let varies = |of: fn(&Answer) -> u64| {
            let mut all = self.kept.iter().map(of);
            all.next().is_some_and(|first| all.any(|other| other != first))
        };
        let destination: fn(&Answer) -> u64 = |answer| answer.number.into();
        let source: fn(&Answer) -> u64 = |answer| answer.source_port.into();
        let identification: fn(&Answer) -> u64 = |answer| answer.identification.into();
        if varies(destination) {
            Some((if matches!(protocol, 1 | 58) { "sequence number" } else { "destination port" }, destination))
        } else if varies(source) {
            Some(("source port", source))
        } else {
            // Replies do not quote: theirs is 0.
            let are_all_known = self.kept.iter().all(|answer| answer.identification > 0);
            (are_all_known && varies(identification)).then_some(("identification", identification))
        }
    }
}

/// Numbers come round after 65535: the largest gap is where they begin.
fn unwrap_round(answers: &mut [(u64, &Answer)]) {
    let gaps = answers.iter().zip(answers.iter().skip(1)).map(|((one, _), (next, _))| next.saturating_sub(*one));
    let largest = gaps.enumerate().max_by_key(|(_, gap)| *gap);
    if let Some((place, _)) = largest.filter(|(_, gap)| *gap > 0x8000) {
        answers.rotate_left(place.saturating_add(1).min(answers.len()));
    }
}

/// The hop of a probe, if the first one has the number `base` and the following rise by one.
fn hop_of(number: u64, base: u16, probes: u16) -> Option<u8> {
    let offset = u16::try_from(number).ok()?.checked_sub(base)?;
    let hop = offset.checked_div(probes)?.checked_add(1)?;
    u8::try_from(hop).ok().filter(|hop| *hop <= limits::PROBE_HOPS)
}

/// How often routers would share a hop or have several; `None` when not all of them would have one.
fn contradictions(answers: &[(u64, &Answer)], base: u16, probes: u16) -> Option<usize> {
    let places: Option<BTreeSet<(u8, IpAddr)>> = answers
        .iter()
        .filter(|(_, answer)| answer.end.is_none())
        .map(|(number, answer)| Some((hop_of(*number, base, probes)?, answer.from)))
        .collect();
    let places = places?;
    let hops: BTreeSet<u8> = places.iter().map(|(hop, _)| *hop).collect();
    let routers: BTreeSet<IpAddr> = places.iter().map(|(_, router)| *router).collect();
    Some(places.len().saturating_mul(2).saturating_sub(hops.len()).saturating_sub(routers.len()))
}

/// How many probes each hop got, if the ports follow from 33434: the number with which fewest routers share a hop or have several.
fn probes_for_hop(answers: &[(u64, &Answer)]) -> Option<u16> {
    let possible =
        PROBES_FOR_HOP.into_iter().filter_map(|probes| Some((contradictions(answers, FIRST_PORT, probes)?, probes)));
    possible.min_by_key(|(contradictions, _)| *contradictions).map(|(_, probes)| probes)
}

/// The sequence number of the first answer and the number of probes for each hop, where exactly one number gives each router one hop and
/// each hop one router. Nobody knows the first sequence number, so hops in front of that answer are not counted.
fn first_sequence(answers: &[(u64, &Answer)]) -> Option<(u16, u16)> {
    let (first, _) = answers.first()?;
    let first = u16::try_from(*first).ok()?;
    let fits = |probes: &u16| {
        contradictions(answers, first, *probes) == Some(0)
            && answers.iter().all(|(number, _)| hop_of(*number, first, *probes).is_some())
    };
    let mut fitting = PROBES_FOR_HOP.into_iter().filter(fits);
    fitting.next().filter(|_| fitting.next().is_none()).map(|probes| (first, probes))
}

fn by_numbers(answers: &[(u64, &Answer)], base: u16, probes: u16) -> Vec<HopReport> {
    let mut hops: BTreeMap<u8, HopReport> = BTreeMap::new();
    for (number, answer) in answers {
        let Some(hop) = hop_of(*number, base, probes) else { continue };
        // Behind the destination there is nothing; the probes that were on their way already come there too.
        let ended = hops.values().any(|known| known.hop < hop && known.end.is_some());
        if !ended {
            answer.join(hops.entry(hop).or_insert_with(|| HopReport::empty(hop)));
        }
    }
    hops.into_values().collect()
}

/// A place for each host that answered, in the order of its first answer; the destination is last.
fn by_place(answers: &[(u64, &Answer)], destination: IpAddr) -> Vec<HopReport> {
    let mut hops: Vec<HopReport> = Vec::new();
    let routers = answers.iter().filter(|(_, answer)| answer.from != destination);
    for (_, answer) in routers.chain(answers.iter().filter(|(_, answer)| answer.from == destination)) {
        let known = hops.iter().position(|hop| hop.addresses.contains(&answer.from));
        let place = known.unwrap_or_else(|| {
            let hop = u8::try_from(hops.len().saturating_add(1)).unwrap_or(u8::MAX);
            hops.push(HopReport::empty(hop));
            hops.len().saturating_sub(1)
        });
        if let Some(hop) = hops.get_mut(place) {
            answer.join(hop);
        }
    }
    hops
}

/// Whether some router answers again after another did.
fn is_mixed(answers: &[(u64, &Answer)]) -> bool {
    let (mut gone, mut last) = (BTreeSet::new(), None);
    answers.iter().any(|(_, answer)| {
        let again = last != Some(answer.from) && gone.contains(&answer.from);
        gone.insert(answer.from);
        last = Some(answer.from);
        again
    })
}

impl Answer {
    fn join(&self, hop: &mut HopReport) {
        hop.answered = hop.answered.saturating_add(1);
        hop.probes = hop.answered;
        hop.evidence.add(self.at.frame);
        if !hop.addresses.contains(&self.from) {
            hop.addresses.push(self.from);
            hop.addresses_total = hop.addresses_total.saturating_add(1);
        }
        hop.end = hop.end.or(self.end);
    }
}
