//! Requests that get no answer: servers that never speak, and methods that a server does not answer.

use std::collections::BTreeMap;
use std::net::IpAddr;

use mcpcap_analyzer::finding::{Confidence, Evidence, Finding, Measure, Rule, Severity};
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::text::counted;

use super::thresholds::{SILENT_REQUESTS, UNANSWERED_PERCENT};
use super::{View, pair};
use crate::limits;
use crate::message::facts::hash;
use crate::transactions::Open;

/// Nothing at all comes from the host, so the capture may show one direction only.
const UNSEEN: Rule = Rule {
    name: "sip_silent_server",
    severity: Severity::Low,
    confidence: Confidence::Low,
    threshold: "requests sent 5 or more times (retransmissions counted, without ACK) to a host of which no packet follows in the capture",
    false_alarm: "A capture of one direction, or one that ends too early; an address that was never a server.",
};

/// The host sends something, so its direction is in the capture.
const SILENT: Rule = Rule {
    name: "sip_silent_server",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    threshold: "requests sent 5 or more times (retransmissions counted, without ACK) to a host that sends no SIP message in the whole capture, \
        though other packets of it are there",
    false_alarm: "A capture that ends too early or lacks packets; a host that was never a SIP server.",
};

const UNANSWERED: Rule = Rule {
    name: "sip_unanswered_requests",
    severity: Severity::Low,
    confidence: Confidence::Medium,
    threshold: "requests of one method to one server without any response, sent 5 or more times (retransmissions counted), 20 % or more of all of \
        that method, from one client, or else from all clients of which none reaches this alone; the server sends other SIP messages",
    false_alarm: "A capture that ends too early, lacks packets or does not see the way of these responses; a server that is told to ignore scanners.",
};

/// Bits of the filter of those who spoke.
const SPOKEN_BITS: usize = 1 << 20;

pub(super) struct Watch {
    servers: BoundedMap<IpAddr, Server>,
    /// The last bytes of the addresses of `servers`, so that other packets cost no look into it.
    watched: [bool; 256],
    spoken: Spoken,
    methods: BoundedMap<(IpAddr, IpAddr, u64), Method>,
}

#[derive(Default)]
struct Server {
    requests: u64,
    sent: u64,
    /// Packets of the host that are no SIP message.
    is_heard: bool,
    evidence: Evidence,
}

/// Requests of one method from one client to one server.
#[derive(Default)]
struct Method {
    name: String,
    requests: u64,
    unanswered: u64,
    /// Transmissions of unanswered ones.
    sent: u64,
    evidence: Evidence,
}

/// Who sent a SIP message: a Bloom filter, which never forgets one. With 100,000 addresses it takes 3 of 100 others for one that spoke; a
/// silent server among these is not told.
struct Spoken(Vec<u64>);

impl Spoken {
    fn bits(address: IpAddr) -> [(usize, u64); 2] {
        let hash = hash(address);
        [hash, hash >> 32].map(|bits| {
            let bit = bits as usize % SPOKEN_BITS;
            (bit / 64, 1 << (bit % 64))
        })
    }

    fn insert(&mut self, address: IpAddr) {
        for (word, bit) in Self::bits(address) {
            self.0.get_mut(word).into_iter().for_each(|word| *word |= bit);
        }
    }

    fn contains(&self, address: IpAddr) -> bool {
        Self::bits(address).into_iter().all(|(word, bit)| self.0.get(word).is_some_and(|word| word & bit != 0))
    }
}

impl Watch {
    pub(super) fn new() -> Self {
        Self {
            servers: BoundedMap::new(limits::PARTIES),
            watched: [false; 256],
            spoken: Spoken(vec![0; SPOKEN_BITS / 64]),
            methods: BoundedMap::new(limits::PAIRS.saturating_mul(4)),
        }
    }

    pub(super) fn take(&mut self, view: &View<'_>) {
        self.spoken.insert(view.seen.source.ip());
        if !view.facts.is_request() || view.facts.is("ACK") {
            return;
        }
        let is_new = view.is_new_request();
        let (server, _) = self.servers.get_or_insert_with(view.server, Server::default);
        server.requests = server.requests.saturating_add(u64::from(is_new));
        server.sent = server.sent.saturating_add(1);
        server.evidence.add(view.seen.frame);
        if let Some(watched) = self.watched.get_mut(last_byte(view.server)) {
            *watched = true;
        }
        if is_new {
            let key = (view.client, view.server, hash(view.facts.method));
            let make = || Method { name: crate::words::word(view.facts.method), ..Method::default() };
            let (method, _) = self.methods.get_or_insert_with(key, make);
            method.requests = method.requests.saturating_add(1);
        }
    }

    /// Takes note of any packet from a host.
    pub(super) fn hear(&mut self, source: IpAddr) {
        if self.watched.get(last_byte(source)).is_some_and(|watched| *watched)
            && let Some(server) = self.servers.get_mut(&source)
        {
            server.is_heard = true;
        }
    }

    /// Takes a request that got no response.
    pub(super) fn unanswered(&mut self, open: &Open) {
        let key = (open.client, open.server, open.method);
        if let Some(method) = self.methods.get_mut(&key) {
            method.unanswered = method.unanswered.saturating_add(1);
            method.sent = method.sent.saturating_add(open.sent.into());
            method.evidence.add(open.frame);
        }
    }

    pub(super) fn evicted(&self) -> u64 {
        self.servers.evicted().saturating_add(self.methods.evicted())
    }

    pub(super) fn findings(&self) -> [Vec<Finding>; 2] {
        let silent =
            |(address, server): &(&IpAddr, &Server)| server.sent >= SILENT_REQUESTS && !self.spoken.contains(**address);
        [
            self.servers.iter().filter(silent).map(|(address, server)| server.finding(*address)).collect(),
            self.unanswered_methods(),
        ]
    }

    /// Of each client that reaches the threshold alone, and of all others of a server together.
    fn unanswered_methods(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut others: BTreeMap<(IpAddr, u64), (Method, u64)> = BTreeMap::new();
        for ((client, server, name), method) in self.methods.iter() {
            if !self.spoken.contains(*server) {
                continue;
            }
            if method.is_told() {
                let observation = format!(
                    "{client} to {server}: {} of {} of one method",
                    method.unanswered,
                    counted(method.requests, "request")
                );
                findings.push(method.finding(pair(&(*client, *server)), observation));
                continue;
            }
            let (all, clients) = others.entry((*server, *name)).or_default();
            *clients = clients.saturating_add(1);
            all.join(method);
        }
        for ((server, _), (method, clients)) in others.iter().filter(|(_, (method, _))| method.is_told()) {
            let Method { unanswered, requests, .. } = method;
            let observation = format!(
                "{server}: {unanswered} of {} of one method from {}",
                counted(*requests, "request"),
                if *clients == 1 { "1 client".to_owned() } else { format!("{clients} clients together") }
            );
            findings.push(method.finding(server.to_string(), observation));
        }
        findings
    }
}

impl Server {
    fn finding(&self, address: IpAddr) -> Finding {
        let Self { requests, sent, .. } = self;
        let (rule, other) = if self.is_heard {
            (&SILENT, "other packets of the host follow")
        } else {
            (&UNSEEN, "no packet of the host follows")
        };
        rule.finding(
            address.to_string(),
            format!(
                "{address} got {}, sent {} in all, and sent no SIP message; {other}.",
                counted(*requests, "request"),
                counted(*sent, "time")
            ),
            vec![Measure::count("requests", *requests), Measure::count("transmissions", *sent)],
            &self.evidence,
        )
    }
}

impl Method {
    fn is_told(&self) -> bool {
        self.sent >= SILENT_REQUESTS
            && self.unanswered.saturating_mul(100) >= self.requests.saturating_mul(UNANSWERED_PERCENT)
    }

    fn join(&mut self, other: &Self) {
        self.name.clone_from(&other.name);
        self.requests = self.requests.saturating_add(other.requests);
        self.unanswered = self.unanswered.saturating_add(other.unanswered);
        self.sent = self.sent.saturating_add(other.sent);
        self.evidence = self.evidence.joined(&other.evidence);
    }

    /// `ends`: whom it is about.
    fn finding(&self, ends: String, observation: String) -> Finding {
        let Self { unanswered, requests, sent, .. } = self;
        UNANSWERED.finding(
            format!("{ends}: {}", self.name),
            format!(
                "{observation} got no response; {} sent {} in all.",
                if *requests == 1 { "it was" } else { "they were" },
                counted(*sent, "time")
            ),
            vec![
                Measure::count("unanswered", *unanswered),
                Measure::count("requests", *requests),
                Measure::count("transmissions", *sent),
            ],
            &self.evidence,
        )
    }
}

fn last_byte(address: IpAddr) -> usize {
    let byte = match address {
        IpAddr::V4(v4) => v4.octets()[3],
        IpAddr::V6(v6) => v6.octets()[15],
    };
    usize::from(byte)
}
