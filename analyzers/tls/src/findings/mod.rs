//! What an analyst would want to be told.

mod changing;
mod handshakes;
mod rules;

use std::collections::BTreeMap;

use mcpcap_analyzer::finding::{Evidence, Finding, Measure, lower_bounds};
use mcpcap_analyzer::stats::{BoundedMap, Lists};
use mcpcap_analyzer::stream::{Endpoint, Side};
use mcpcap_analyzer::text::counted;

use crate::certificate::{Content, Key, Validity};
use crate::facts::Facts;
use crate::fault::Fault;
use crate::limits;
use mcpcap_tls_hello::Offer;
use mcpcap_tls_hello::registry::{self, Weakness};

/// What can be seen in one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    Expired,
    NotYetValid,
    SelfSigned,
    Mismatch,
    Fronting,
    /// With bits.
    WeakKey(u32),
    /// With the hash.
    WeakSignature(&'static str),
    Version(u16),
    Suite(Weakness),
    /// With bits.
    WeakDh(u32),
    Heartbleed,
    Downgraded,
}

/// How often it was seen.
#[derive(Default)]
struct Tally {
    connections: u64,
    /// Days by which a certificate was out of its time, at the most.
    days: u64,
    evidence: Evidence,
}

/// What, of which server, and about which name.
type SeenKey = (What, Endpoint, String);

/// What is kept.
pub struct Watch {
    seen: BoundedMap<SeenKey, Tally>,
    names: changing::Names,
    handshakes: handshakes::Handshakes,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            seen: BoundedMap::new(limits::PARTIES),
            names: changing::Names::new(),
            handshakes: handshakes::Handshakes::new(),
        }
    }

    /// Takes a connection.
    pub fn take(&mut self, facts: &Facts) {
        self.names.take(facts);
        self.handshakes.take(facts);
        self.certificate(facts);
        if let Some(choice) = &facts.choice {
            let frame = facts.answered.map_or(facts.first.frame, |mark| mark.frame);
            if matches!(choice.version, 0x0002 | 0x0300..=0x0302 | 0xfeff | 0x0100) {
                self.add(facts, What::Version(choice.version), frame, 0);
            }
            if let Some(weakness) = choice.suite.and_then(registry::weakness) {
                self.add(facts, What::Suite(weakness), frame, 0);
            }
            if let Some(bits) = choice.dh_bits.filter(|bits| *bits < rules::BITS) {
                self.add(facts, What::WeakDh(bits), frame, 0);
            }
        }
        // Of a client that asks for no more the server says the same, which is as it should be.
        let is_older = |offer: &Offer| {
            facts.choice.as_ref().is_some_and(|choice| choice.downgraded && offer.highest() != Some(choice.version))
        };
        if facts.offer.as_ref().is_some_and(|offer| offer.fallback || is_older(offer)) {
            self.add(facts, What::Downgraded, facts.answered.map_or(facts.first.frame, |mark| mark.frame), 0);
        }
        if let Some((_, frame)) = facts.faults.iter().find(|(fault, _)| *fault == Fault::HeartbeatLength) {
            self.add(facts, What::Heartbleed, *frame, 0);
        }
    }

    fn certificate(&mut self, facts: &Facts) {
        let server = facts.side(Side::Server);
        let Some(frame) = server.certificate_frame else { return };
        let Some(own) = server.certificates.first().and_then(|first| first.content.as_ref()) else { return };
        let validity = server.certificate_time.map(|time| (own.validity(time), own.days_off(time)));
        match validity {
            Some((Validity::Expired, days)) => self.add(facts, What::Expired, frame, days),
            Some((Validity::NotYetValid, days)) => self.add(facts, What::NotYetValid, frame, days),
            _ => {}
        }
        if own.self_signed {
            self.add(facts, What::SelfSigned, frame, 0);
        }
        if let Some(bits) = weak_bits(&own.key) {
            self.add(facts, What::WeakKey(bits), frame, 0);
        }
        // Nobody checks the signature of a root.
        let contents = server.certificates.iter().filter_map(|one| one.content.as_ref());
        let weak = |content: &Content| content.signature.weak_hash.filter(|_| !content.self_signed);
        if let Some(hash) = contents.filter_map(weak).next() {
            self.add(facts, What::WeakSignature(hash), frame, 0);
        }
        let name = facts.offer.as_ref().and_then(|offer| offer.server_name.as_deref());
        if name.and_then(|name| own.is_for(name)) == Some(false) {
            self.add(facts, What::Mismatch, frame, 0);
            let is_good = !own.self_signed && matches!(validity, Some((Validity::Valid, _)));
            let has_data = [Side::Client, Side::Server].into_iter().all(|side| facts.side(side).bytes > 0);
            if is_good && has_data && facts.established.is_some() {
                self.add(facts, What::Fronting, frame, 0);
            }
        }
    }

    fn add(&mut self, facts: &Facts, what: What, frame: u64, days: u64) {
        let name = facts.offer.as_ref().and_then(|offer| offer.server_name.clone()).unwrap_or_default();
        let (tally, _) = self.seen.get_or_insert_with((what, facts.server, name), Tally::default);
        tally.connections = tally.connections.saturating_add(1);
        tally.days = tally.days.max(days);
        tally.evidence.add(frame);
    }

    /// Entries that made room.
    pub fn evicted(&self) -> u64 {
        [self.seen.evicted(), self.names.evicted(), self.handshakes.evicted()].into_iter().fold(0, u64::saturating_add)
    }

    /// The findings that are to be listed, the gravest first, and how many there are in all.
    pub fn finish(&self, lists: &mut Lists) -> (Vec<Finding>, u64) {
        let mut by_rule: BTreeMap<&'static str, Vec<Finding>> = BTreeMap::new();
        for ((what, server, name), tally) in self.seen.iter() {
            let rule = rules::of(*what);
            by_rule.entry(rule.name).or_default().push(finding(*what, *server, name, tally));
        }
        let others = [self.names.findings()].into_iter().chain(self.handshakes.findings());
        let seen = by_rule.into_values().map(|found| lower_bounds(found, self.seen.evicted()));
        let rules: Vec<Vec<Finding>> = seen.chain(others).collect();
        let total = rules.iter().map(Vec::len).fold(0, usize::saturating_add) as u64;
        (lists.findings(rules, limits::FINDINGS_OF_ONE_RULE), total)
    }
}

/// Bits of a key, when they are too few.
fn weak_bits(key: &Key) -> Option<u32> {
    let least = match &*key.algorithm {
        "RSA" | "RSASSA-PSS" | "DSA" => rules::BITS,
        "EC" => rules::CURVE_BITS,
        _ => return None,
    };
    key.bits.filter(|bits| *bits < least)
}

fn finding(what: What, server: Endpoint, name: &str, tally: &Tally) -> Finding {
    let times = counted(tally.connections, "connection");
    let days = counted(tally.days, "day");
    let says = match what {
        What::Expired => format!("sent a certificate that had expired, up to {days} before"),
        What::NotYetValid => format!("sent a certificate that is valid only later, up to {days}"),
        What::SelfSigned => "sent a self-signed certificate".to_owned(),
        What::Mismatch => "sent a certificate that is not for the name asked for".to_owned(),
        What::Fronting => "sent a certificate of another name than asked for, and data was exchanged".to_owned(),
        What::WeakKey(bits) => format!("sent a certificate with a key of {bits} bits"),
        What::WeakSignature(hash) => format!("sent a certificate that is signed with {hash}"),
        What::Version(version) => format!("chose {}", registry::version(version)),
        What::Suite(weakness) => format!("chose an obsolete cipher suite ({})", weakness.name()),
        What::WeakDh(bits) => format!("used a Diffie-Hellman prime of {bits} bits"),
        What::Heartbleed => "got or sent a heartbeat that asks for more bytes than it carries".to_owned(),
        What::Downgraded => {
            "chose an older version than was offered though it could do better, or was asked again with an older one"
                .to_owned()
        }
    };
    let mut measures = vec![Measure::count("connections", tally.connections)];
    match what {
        What::Expired | What::NotYetValid => measures.push(Measure::count("days", tally.days)),
        What::WeakKey(bits) | What::WeakDh(bits) => measures.push(Measure::new("bits", bits)),
        _ => {}
    }
    let subject = if name.is_empty() { server.to_string() } else { format!("{name} at {server}") };
    rules::of(what).finding(subject, format!("{server} {says}, in {times}."), measures, &tally.evidence)
}
