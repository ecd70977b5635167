//! Clients that have no answer to QUIC, and go on with TCP.

use std::net::IpAddr;

use mcpcap_analyzer::finding::{Evidence, Finding, Measure, lower_bounds};
use mcpcap_analyzer::stats::{BoundedMap, Distinct};
use mcpcap_analyzer::stream::Endpoint;
use mcpcap_analyzer::text::counted;

use super::rules::{BLOCKED, FALLBACK};
use crate::facts::{Facts, Mark};
use crate::limits;
use crate::out::Asked;

/// What a client and a server did.
#[derive(Debug, Clone, Copy)]
struct Pair {
    /// The last first packet of a connection before TCP.
    asked: Mark,
    /// The SYN behind it.
    tcp: Option<u64>,
    is_accepted: bool,
}

/// What is known of a client.
#[derive(Default)]
struct Client {
    blocked: u64,
    servers: Option<Distinct>,
    answered: u64,
    evidence: Evidence,
}

/// Clients with what they did.
pub struct Blocked {
    pairs: BoundedMap<(IpAddr, Endpoint), Pair>,
    clients: BoundedMap<IpAddr, Client>,
}

impl Blocked {
    pub fn new() -> Self {
        Self { pairs: BoundedMap::new(limits::UNANSWERED), clients: BoundedMap::new(limits::PARTIES) }
    }

    /// A client's first packet.
    pub fn asked(&mut self, asked: &Asked) {
        let new = Pair { asked: asked.mark, tcp: None, is_accepted: false };
        let (pair, _) = self.pairs.get_or_insert_with((asked.client.address, asked.server), || new);
        if pair.tcp.is_none() {
            pair.asked = asked.mark;
        }
    }

    /// A TCP segment with SYN; `is_answer`: with ACK.
    pub fn syn(&mut self, source: Endpoint, destination: Endpoint, is_answer: bool, mark: Mark) {
        if self.pairs.is_empty() {
            return;
        }
        if is_answer {
            if let Some(pair) = self.pairs.peek_mut(&(destination.address, source)) {
                pair.is_accepted |= pair.tcp.is_some();
            }
        } else if let Some(pair) = self.pairs.peek_mut(&(source.address, destination))
            && pair.tcp.is_none()
            && is_soon(pair.asked, mark)
        {
            pair.tcp = Some(mark.frame);
        }
    }

    /// A connection ended.
    pub fn take(&mut self, facts: &Facts) {
        let is_unanswered = facts.is_unanswered();
        if facts.original.is_none() && !is_unanswered {
            return;
        }
        let address = facts.client.address;
        let (client, _) = self.clients.get_or_insert_with(address, Client::default);
        if !is_unanswered {
            client.answered = client.answered.saturating_add(1);
            return;
        }
        let Some(pair) = self.pairs.get(&(address, facts.server)).filter(|pair| pair.is_accepted) else { return };
        client.blocked = client.blocked.saturating_add(1);
        client.servers.get_or_insert_with(Distinct::small).add(&facts.server);
        client.evidence.add(facts.first.frame);
        if let Some(frame) = pair.tcp {
            client.evidence.add(frame);
        }
    }

    /// Whether a client is one of those.
    pub fn has(&self, client: &IpAddr) -> bool {
        self.clients.get(client).is_some_and(|client| client.blocked > 0)
    }

    pub fn evicted(&self) -> u64 {
        self.pairs.evicted().saturating_add(self.clients.evicted())
    }

    pub fn findings(&self) -> Vec<Finding> {
        let found = |(address, client): (&IpAddr, &Client)| {
            let servers = client.servers.as_ref().filter(|_| client.blocked > 0)?;
            let about = if servers.is_exact() { "" } else { "about " };
            let observation = format!(
                "{} of {address} to {about}{} had no answer, and TCP to the same address and port was accepted; {} had one.",
                counted(client.blocked, "connection"),
                counted(servers.count(), "server"),
                counted(client.answered, "other connection"),
            );
            let measures = vec![
                Measure::count("connections", client.blocked),
                Measure::count("servers", servers.count()),
                Measure::count("answered_connections", client.answered),
            ];
            Some(BLOCKED.finding(address.to_string(), observation, measures, &client.evidence))
        };
        lower_bounds(self.clients.iter().filter_map(found).collect(), self.evicted())
    }
}

/// Whether one thing is not long behind another one.
fn is_soon(first: Mark, second: Mark) -> bool {
    match (first.time, second.time) {
        (Some(first), Some(second)) => {
            second.saturating_sub(first) <= FALLBACK && first <= second.saturating_add(FALLBACK)
        }
        _ => true,
    }
}
