//! What is counted over all connections.

use std::collections::BTreeMap;

use mcpcap_analyzer::faults::Faults;
use mcpcap_analyzer::numbers::add_one;
use mcpcap_analyzer::stats::{Count, Lists, Quantiles, TextCount, TopK};
use mcpcap_analyzer::stream::{Endpoint, Side};
use mcpcap_analyzer::text::hexadecimal;
use mcpcap_tls_hello::registry::{self, is_post_quantum};

use crate::errors;
use crate::facts::Facts;
use crate::fault::Fault;
use crate::limits::{self, CLIENT_IDS, MIGRATIONS, SERVER_IDS};
use crate::packet::{Kind, version};
use crate::report::{Packets, Statistics, Totals};

const VERSIONS: &str = "statistics.versions";
const SERVER_NAMES: &str = "statistics.server_names";
const SERVERS: &str = "statistics.servers";
const ALPN: &str = "statistics.alpn";
const CIPHER_SUITES: &str = "statistics.cipher_suites";
const GROUPS: &str = "statistics.groups";
const JA4: &str = "statistics.ja4";
const ERRORS: &str = "statistics.errors";
const FAULT_FRAMES: &str = "statistics.malformed[].frames";

/// The names of the lists.
pub const LISTS: &[&str] = &[
    "findings",
    VERSIONS,
    SERVER_NAMES,
    SERVERS,
    ALPN,
    CIPHER_SUITES,
    GROUPS,
    JA4,
    ERRORS,
    FAULT_FRAMES,
    CLIENT_IDS,
    SERVER_IDS,
    MIGRATIONS,
];

/// Counts over all connections.
pub struct Counts {
    totals: Totals,
    handshake: Quantiles,
    answer: Quantiles,
    versions: TopK<u32>,
    names: TopK<String>,
    servers: TopK<Endpoint>,
    alpn: TopK<String>,
    /// At most as many as there are.
    applications: BTreeMap<&'static str, u64>,
    suites: TopK<u16>,
    groups: TopK<u16>,
    ja4: TopK<String>,
    errors: TopK<u64>,
    /// At most as many as there are.
    icmp: BTreeMap<&'static str, u64>,
    faults: Faults<Fault>,
}

impl Counts {
    /// Nothing counted yet.
    pub fn new(lists: &Lists) -> Self {
        Self {
            totals: Totals::default(),
            handshake: Quantiles::new(),
            answer: Quantiles::new(),
            versions: TopK::of(VERSIONS, limits::FREQUENT, lists),
            names: TopK::of(SERVER_NAMES, limits::FREQUENT, lists),
            servers: TopK::of(SERVERS, limits::FREQUENT, lists),
            alpn: TopK::of(ALPN, limits::FREQUENT, lists),
            applications: BTreeMap::new(),
            suites: TopK::of(CIPHER_SUITES, limits::FREQUENT, lists),
            groups: TopK::of(GROUPS, limits::FREQUENT, lists),
            ja4: TopK::of(JA4, limits::FREQUENT, lists),
            errors: TopK::of(ERRORS, limits::FREQUENT, lists),
            icmp: BTreeMap::new(),
            faults: Faults::default(),
        }
    }

    /// Takes a connection.
    pub fn take(&mut self, facts: &Facts) {
        self.total(facts);
        self.servers.add(facts.server, 1);
        self.versions.add(facts.version(), 1);
        if let Some(offer) = &facts.offer {
            if let Some(name) = &offer.server_name {
                self.names.add(name.to_ascii_lowercase(), 1);
            }
            if let Some(protocol) = offer.alpn.first() {
                self.alpn.add(protocol.clone(), 1);
            }
            if let Some((_, ja4)) = &offer.fingerprints {
                self.ja4.add(ja4.clone(), 1);
            }
        }
        if let Some(application) = facts.application() {
            add_one(self.applications.entry(application).or_default());
        }
        if let Some(choice) = &facts.choice {
            if let Some(suite) = choice.suite {
                self.suites.add(suite, 1);
            }
            if let Some(group) = choice.group {
                self.groups.add(group, 1);
            }
        }
        if let Some(closed) = &facts.closed {
            self.errors.add(closed.code, 1);
        }
        if let Some((says, _)) = facts.icmp {
            add_one(self.icmp.entry(says).or_default());
        }
        for (fault, frame) in &facts.faults {
            self.faults.add(*fault, *frame);
        }
    }

    fn total(&mut self, facts: &Facts) {
        let totals = &mut self.totals;
        add_one(&mut totals.connections);
        let offer = facts.offer.as_ref();
        let group = facts.choice.as_ref().and_then(|choice| choice.group);
        let outcome = facts.outcome();
        for (total, is_so) in [
            (&mut totals.established, outcome == "established"),
            (&mut totals.closed, outcome == "closed"),
            (&mut totals.unanswered, outcome == "no_answer"),
            (&mut totals.negotiated, facts.negotiation.is_some()),
            (&mut totals.handshakes_not_seen, outcome == "handshake_not_seen"),
            (&mut totals.not_read, !facts.is_read()),
            (&mut totals.retried, facts.retry.is_some()),
            (&mut totals.resumed, facts.resumed().is_some()),
            (&mut totals.early_data, facts.packets(Side::Client, Kind::ZeroRtt) > 0),
            (&mut totals.migrated, facts.migrations.total() > 0),
            (&mut totals.ech, offer.is_some_and(|offer| offer.ech.is_some())),
            (&mut totals.post_quantum, group.is_some_and(is_post_quantum)),
        ] {
            *total = total.saturating_add(is_so.into());
        }
        for (side, datagrams, bytes, packets) in [
            (Side::Client, &mut totals.client_datagrams, &mut totals.client_bytes, &mut totals.client_packets),
            (Side::Server, &mut totals.server_datagrams, &mut totals.server_bytes, &mut totals.server_packets),
        ] {
            let sent = facts.sent(side);
            *datagrams = datagrams.saturating_add(sent.datagrams);
            *bytes = bytes.saturating_add(sent.bytes);
            packets.add(&Packets::new(sent));
        }
        if let Some(time) = facts.handshake_time() {
            self.handshake.add(time);
        }
        if let Some(time) = facts.answer_time() {
            self.answer.add(time);
        }
    }

    /// Numbers over all connections.
    pub fn totals(&mut self) -> Totals {
        Totals {
            handshake_time: self.handshake.summary_ms(),
            answer_time: self.answer.summary_ms(),
            ..std::mem::take(&mut self.totals)
        }
    }

    /// What came how often.
    pub fn report(&self, lists: &mut Lists) -> Statistics {
        let codes = self.versions.is_exact() && [&self.suites, &self.groups].into_iter().all(TopK::is_exact);
        let texts = [&self.names, &self.alpn, &self.ja4].into_iter().all(TopK::is_exact);
        let lists_are_exact = codes && texts && self.servers.is_exact() && self.errors.is_exact();
        let all = |counts: &BTreeMap<&'static str, u64>| {
            Count::all(counts.iter().map(|(name, count)| ((*name).to_owned(), *count)))
        };
        let most = limits::LISTED;
        Statistics {
            versions: Count::top(&self.versions, most, lists, |code| version::name(*code).into_owned()),
            applications: all(&self.applications),
            alpn: TextCount::top(&self.alpn, most, lists),
            server_names: TextCount::top(&self.names, most, lists),
            servers: Count::top(&self.servers, most, lists, Endpoint::to_string),
            cipher_suites: Count::top(&self.suites, most, lists, |code| registry::suite(*code).into_owned()),
            groups: Count::top(&self.groups, most, lists, |code| registry::group(*code).into_owned()),
            ja4: Count::top(&self.ja4, most, lists, String::clone),
            errors: Count::top(&self.errors, most, lists, |code| errors::name(*code).into_owned()),
            icmp_errors: all(&self.icmp),
            lists_are_exact,
            malformed: self.faults.report(FAULT_FRAMES, lists),
        }
    }
}

/// An id, or bytes, as they are written.
pub fn digits(bytes: &[u8]) -> String {
    hexadecimal(bytes, "", bytes.len())
}
