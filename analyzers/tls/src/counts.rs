//! What is counted over all connections.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use mcpcap_analyzer::faults::Faults;
use mcpcap_analyzer::numbers::add_one;
use mcpcap_analyzer::stats::{Count, Lists, Quantiles, TextCount, TopK};
use mcpcap_analyzer::stream::{Endpoint, Side};
use mcpcap_analyzer::text::hexadecimal;

use crate::facts::Facts;
use crate::fault::Fault;
use crate::report::{AlertCount, Statistics, Totals};
use crate::{details, limits};
use mcpcap_tls_hello::registry::{self, is_post_quantum};

const VERSIONS: &str = "statistics.versions";
const OFFERED_VERSIONS: &str = "statistics.offered_versions";
const CIPHER_SUITES: &str = "statistics.cipher_suites";
const GROUPS: &str = "statistics.groups";
const SERVER_NAMES: &str = "statistics.server_names";
const SERVERS: &str = "statistics.servers";
const ALPN: &str = "statistics.alpn";
const JA3: &str = "statistics.ja3";
const JA3S: &str = "statistics.ja3s";
const JA4: &str = "statistics.ja4";
const ALERTS: &str = "statistics.alerts";
const FAULT_FRAMES: &str = "statistics.malformed[].frames";

/// The names of the lists.
pub const LISTS: &[&str] = &[
    "findings",
    VERSIONS,
    OFFERED_VERSIONS,
    CIPHER_SUITES,
    GROUPS,
    SERVER_NAMES,
    SERVERS,
    ALPN,
    JA3,
    JA3S,
    JA4,
    ALERTS,
    FAULT_FRAMES,
    crate::certificate::CERTIFICATES,
    crate::certificate::FRAMES,
    crate::certificate::HOSTS,
    crate::facts::ALERTS,
];

/// Counts over all connections.
pub struct Counts {
    totals: Totals,
    handshake: Quantiles,
    answer: Quantiles,
    versions: TopK<u16>,
    offered: TopK<u16>,
    suites: TopK<u16>,
    groups: TopK<u16>,
    names: TopK<String>,
    servers: TopK<Endpoint>,
    alpn: TopK<String>,
    /// At most as many as there are protocols.
    starttls: BTreeMap<&'static str, u64>,
    ja3: TopK<[u8; 16]>,
    ja3s: TopK<[u8; 16]>,
    ja4: TopK<String>,
    /// At most 512.
    alerts: BTreeMap<(u8, &'static str), u64>,
    records: [u64; 6],
    messages: [u64; 32],
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
            offered: TopK::of(OFFERED_VERSIONS, limits::FREQUENT, lists),
            suites: TopK::of(CIPHER_SUITES, limits::FREQUENT, lists),
            groups: TopK::of(GROUPS, limits::FREQUENT, lists),
            names: TopK::of(SERVER_NAMES, limits::FREQUENT, lists),
            servers: TopK::of(SERVERS, limits::FREQUENT, lists),
            alpn: TopK::of(ALPN, limits::FREQUENT, lists),
            starttls: BTreeMap::new(),
            ja3: TopK::of(JA3, limits::FREQUENT, lists),
            ja3s: TopK::of(JA3S, limits::FREQUENT, lists),
            ja4: TopK::of(JA4, limits::FREQUENT, lists),
            alerts: BTreeMap::new(),
            records: [0; 6],
            messages: [0; 32],
            faults: Faults::default(),
        }
    }

    /// Takes a connection.
    pub fn take(&mut self, facts: &Facts) {
        self.total(facts);
        self.servers.add(facts.server, 1);
        if let Some(offer) = &facts.offer {
            if let Some(version) = offer.highest() {
                self.offered.add(version, 1);
            }
            if let Some(name) = &offer.server_name {
                self.names.add(name.to_ascii_lowercase(), 1);
            }
            if let Some((ja3, ja4)) = &offer.fingerprints {
                self.ja3.add(*ja3, 1);
                self.ja4.add(ja4.clone(), 1);
            }
        }
        if let Some(choice) = &facts.choice {
            self.versions.add(choice.version, 1);
            if let Some(suite) = choice.suite {
                self.suites.add(suite, 1);
            }
            if let Some(group) = choice.group {
                self.groups.add(group, 1);
            }
            if let Some(protocol) = &choice.alpn {
                self.alpn.add(protocol.clone(), 1);
            }
            if let Some(ja3s) = choice.ja3s {
                self.ja3s.add(ja3s, 1);
            }
        }
        if let Some(protocol) = facts.starttls {
            add_one(self.starttls.entry(protocol).or_default());
        }
        for ((from, description), count) in &facts.alert_kinds {
            let sum = self.alerts.entry((*description, details::side(*from))).or_default();
            *sum = sum.saturating_add(*count);
        }
        for (sum, count) in self.records.iter_mut().zip(facts.records) {
            *sum = sum.saturating_add(count);
        }
        for (sum, count) in self.messages.iter_mut().zip(facts.messages) {
            *sum = sum.saturating_add(count.into());
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
            (&mut totals.refused, outcome == "refused"),
            (&mut totals.unanswered, outcome == "no_answer"),
            (&mut totals.handshakes_not_seen, outcome == "handshake_not_seen"),
            (&mut totals.resumed, facts.resumed().is_some()),
            (&mut totals.retried, facts.retry.is_some()),
            (&mut totals.early_data, facts.early_data),
            (&mut totals.ech, offer.is_some_and(|offer| offer.ech.is_some())),
            (&mut totals.post_quantum, group.is_some_and(is_post_quantum)),
            (&mut totals.client_certificates, facts.side(Side::Client).certificates_total > 0),
        ] {
            *total = total.saturating_add(is_so.into());
        }
        totals.client_bytes = totals.client_bytes.saturating_add(facts.side(Side::Client).bytes);
        totals.server_bytes = totals.server_bytes.saturating_add(facts.side(Side::Server).bytes);
        if let Some(time) = facts.handshake_time() {
            self.handshake.add(time);
        }
        if let Some(time) = facts.answer_time() {
            self.answer.add(time);
        }
    }

    /// Numbers over all connections.
    pub fn totals(&mut self, certificates: u64) -> Totals {
        Totals {
            certificates,
            handshake_time: self.handshake.summary_ms(),
            answer_time: self.answer.summary_ms(),
            ..std::mem::take(&mut self.totals)
        }
    }

    /// What came how often.
    pub fn report(&self, lists: &mut Lists) -> Statistics {
        let codes = [&self.versions, &self.offered, &self.suites, &self.groups].into_iter().all(TopK::is_exact);
        let texts = [&self.names, &self.alpn, &self.ja4].into_iter().all(TopK::is_exact);
        let lists_are_exact =
            codes && texts && self.servers.is_exact() && [&self.ja3, &self.ja3s].into_iter().all(TopK::is_exact);
        let digest = |digest: &[u8; 16]| hexadecimal(digest, "", 16);
        let mut alerts: Vec<AlertCount> = self
            .alerts
            .iter()
            .map(|((code, from), count)| AlertCount { name: registry::alert(*code).into_owned(), from, count: *count })
            .collect();
        alerts.sort_by_key(|alert| Reverse(alert.count));
        let records = (20_u8..).zip(self.records).map(|(kind, count)| (record(kind), count));
        let messages = (0_u8..).zip(self.messages).map(|(kind, count)| (message(kind), count));
        Statistics {
            versions: Count::top(&self.versions, limits::LISTED, lists, |code| registry::version(*code).into_owned()),
            offered_versions: Count::top(&self.offered, limits::LISTED, lists, |code| {
                registry::version(*code).into_owned()
            }),
            cipher_suites: Count::top(&self.suites, limits::LISTED, lists, |code| registry::suite(*code).into_owned()),
            groups: Count::top(&self.groups, limits::LISTED, lists, |code| registry::group(*code).into_owned()),
            server_names: TextCount::top(&self.names, limits::LISTED, lists),
            servers: Count::top(&self.servers, limits::LISTED, lists, Endpoint::to_string),
            alpn: TextCount::top(&self.alpn, limits::LISTED, lists),
            starttls: Count::all(self.starttls.iter().map(|(name, count)| ((*name).to_owned(), *count))),
            ja3: Count::top(&self.ja3, limits::LISTED, lists, digest),
            ja3s: Count::top(&self.ja3s, limits::LISTED, lists, digest),
            ja4: Count::top(&self.ja4, limits::LISTED, lists, String::clone),
            alerts: lists.cut(ALERTS, limits::LISTED, alerts.into_iter()).collect(),
            records: Count::all(records),
            handshake_messages: Count::all(messages),
            lists_are_exact,
            malformed: self.faults.report(FAULT_FRAMES, lists),
        }
    }
}

/// The name of a content type; the last counter is of all others.
fn record(kind: u8) -> String {
    if kind > 24 { "other".to_owned() } else { registry::record(kind).into_owned() }
}

/// The name of a message, likewise.
fn message(kind: u8) -> String {
    if kind > 30 { "other".to_owned() } else { registry::handshake(kind).into_owned() }
}
