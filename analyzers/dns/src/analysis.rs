//! What is done with each message, whatever carried it.

use mcpcap_analyzer::decode::CopyReport;
use mcpcap_analyzer::stats::Page;
use mcpcap_analyzer::{Capture, Flow, Maximum, Window, time};

use crate::counts::Counts;
use crate::details::{self, Budget, PacketDetails};
use crate::domains::{self, Domains};
use crate::findings::Watch;
use crate::message::Message;
use crate::message::fault::Malformed;
use crate::parties::Parties;
use crate::pattern::Pattern;
use crate::question::Asked;
use crate::report;
use crate::report::{LatencyReport, Report, Statistics, TransactionsReport};
use crate::seen::{Seen, Service};
use crate::tool::Arguments;
use crate::transactions::{Outcome, Transactions};

/// The state of a run, from messages on.
pub struct Analysis {
    maximum: Maximum,
    counts: [Counts; Service::ALL.len()],
    transactions: Transactions,
    servers: Parties,
    clients: Parties,
    domains: Domains,
    watch: Watch,
    filter: Option<Pattern>,
    packets: Page<PacketDetails>,
    budget: Budget,
}

impl Analysis {
    /// Nothing seen yet.
    pub fn new(arguments: &Arguments, window: Window) -> Self {
        Self {
            maximum: Maximum::new(arguments.max_packets),
            counts: Default::default(),
            transactions: Transactions::new(),
            servers: Parties::new(),
            clients: Parties::new(),
            domains: Domains::new(),
            watch: Watch::new(),
            filter: arguments.name.as_deref().map(Pattern::new),
            packets: Page::new(window),
            budget: Budget::new(),
        }
    }

    /// Whether more frames are wanted.
    pub fn flow(&self) -> Flow {
        self.maximum.flow()
    }

    /// Takes a message.
    pub fn message(&mut self, seen: &Seen, octets: &[u8]) {
        if self.maximum.is_reached() {
            return;
        }
        let message = match Message::parse(octets, seen.cut) {
            Ok(message) => message,
            Err(reason) => return self.malformed(seen, reason),
        };
        self.maximum.take();
        if let Some(counts) = self.counts.get_mut(seen.service as usize) {
            counts.add(seen, &message);
        }
        for question in &message.questions {
            if let Some(name) = message.question_name(question) {
                self.domains.name(&name.fold());
            }
        }
        let asked = Asked::of(&message, seen.service);
        let listed = self.filter.as_ref().is_none_or(|pattern| names_match(pattern, &message));
        let place = if listed { self.list(seen, &message) } else { None };
        let outcome = self.transactions.take(seen, &message, asked.as_ref(), place);
        self.link(seen, place, outcome);
        // What broken messages claim about names and codes would only blur the tables.
        if !(message.complete || seen.cut) {
            return;
        }
        let (client, server) = seen.parties(message.header.is_response());
        self.servers.add(server, seen, &message, outcome);
        self.clients.add(client, seen, &message, outcome);
        let domain = asked.as_ref().map(|asked| domains::registered(&asked.name));
        if let Some((asked, domain)) = asked.as_ref().zip(domain.as_deref()) {
            self.domains.add(seen, &message, asked, domain);
        }
        self.watch.take(seen, &message, asked.as_ref(), domain.as_deref(), outcome);
    }

    /// Counts something that should have been a message.
    pub fn malformed(&mut self, seen: &Seen, reason: Malformed) {
        if let Some(counts) = self.counts.get_mut(seen.service as usize) {
            counts.malformed(reason, seen.frame);
        }
    }

    fn list(&mut self, seen: &Seen, message: &Message<'_>) -> Option<usize> {
        let budget = &mut self.budget;
        self.packets.push(|| {
            // Shortened to the capture's precision once the reader's summary tells it.
            let timestamp = seen.timestamp.map(|timestamp| time::rfc3339(timestamp, 9));
            details::describe(seen, message, timestamp, budget)
        })
    }

    /// Tells listed messages of each other.
    fn link(&mut self, seen: &Seen, place: Option<usize>, outcome: Outcome) {
        if let Outcome::Answered { place: Some(query), .. } = outcome
            && let Some(query) = self.packets.get_mut(query)
        {
            query.response_frame = Some(seen.frame);
        }
        let Some(own) = place.and_then(|place| self.packets.get_mut(place)) else { return };
        own.note = match outcome {
            Outcome::Retransmitted => Some("the same query was sent before and not answered"),
            Outcome::AnsweredAgain { conflicting: true, .. } => Some("says something else than the first response"),
            Outcome::AnsweredAgain { continued: true, .. } => Some("continues the first response"),
            Outcome::AnsweredAgain { .. } => Some("the query was answered before"),
            Outcome::Unasked => Some("no query for this response before it in the capture"),
            Outcome::Asked | Outcome::Answered { .. } | Outcome::Unpaired => None,
        };
        match outcome {
            Outcome::Answered { request, latency, .. } => {
                own.request_frame = Some(request);
                own.latency_ms = latency.map(time::milliseconds);
            }
            Outcome::AnsweredAgain { request, .. } => own.request_frame = Some(request),
            _ => {}
        }
    }

    /// Ends the run. `end` is the time of the last frame.
    pub fn report(
        self,
        capture: &Capture,
        end: Option<u64>,
        copies: Option<CopyReport>,
        limits: report::Limits,
    ) -> Report {
        let digits = capture.time_digits();
        let messages = self.maximum.taken();
        let limits = report::Limits {
            evicted: report::Evicted {
                transactions: self.transactions.evicted(),
                servers: self.servers.evicted(),
                clients: self.clients.evicted(),
                domains: self.domains.evicted().0,
                names: self.domains.evicted().1,
                ..limits.evicted
            },
            codes_left_out: self.counts.iter().map(Counts::codes_left_out).sum(),
            ..limits
        };
        let pages = vec![self.packets.info("packets")];
        let statistics = statistics(&self.counts, &self.transactions, &self.servers, &self.clients, &self.domains, end);
        let findings = self.watch.finish(&self.domains, &self.servers, &self.transactions);
        let mut packets = self.packets.into_items();
        packets.iter_mut().filter_map(|packet| packet.timestamp.as_mut()).for_each(|text| time::shorten(text, digits));
        // On ports of its own, a query is listed when its response comes.
        packets.sort_by_key(|packet| packet.frame);
        let malformed = statistics.services.iter().any(|service| !service.malformed.is_empty());
        Report {
            dns_packets_found: messages,
            dns_packets_analyzed: messages,
            message: (messages == 0).then(|| {
                let malformed = if malformed { "; payloads on their ports were not messages" } else { "" };
                capture.nothing_found("DNS, mDNS or LLMNR messages", &limits.decoding) + malformed
            }),
            copies,
            statistics,
            findings,
            packets,
            pages,
            limits,
            note: self.maximum.note("messages"),
        }
    }
}

/// Whether a question's or answer's name fits.
fn names_match(pattern: &Pattern, message: &Message<'_>) -> bool {
    let questions = message.questions.iter().filter_map(|question| message.question_name(question));
    let owners = message.records.iter().filter_map(|record| message.owner_name(record));
    questions.chain(owners).any(|name| pattern.matches(&name.fold().to_string()))
}

fn statistics(
    counts: &[Counts],
    transactions: &Transactions,
    servers: &Parties,
    clients: &Parties,
    domains: &Domains,
    end: Option<u64>,
) -> Statistics {
    let (unique, exact, names) = domains.distinct();
    let (top_names, top_names_are_exact) = domains.top_names();
    let messages: u64 = counts.iter().map(Counts::messages).sum();
    let responses: u64 = counts.iter().map(Counts::responses).sum();
    Statistics {
        queries: messages.saturating_sub(responses),
        responses,
        unique_domains_queried: unique,
        unique_domains_is_exact: exact,
        unique_domains: names.to_vec(),
        unique_domains_left_out: unique.saturating_sub(names.len() as u64),
        services: Service::ALL.into_iter().zip(counts).filter_map(|(service, counts)| counts.report(service)).collect(),
        transactions: transactions_report(transactions, end),
        servers: servers.top(),
        servers_total: servers.len() as u64,
        clients: clients.top(),
        clients_total: clients.len() as u64,
        domains: domains.top(),
        domains_total: domains.len() as u64,
        top_names,
        top_names_are_exact,
    }
}

fn transactions_report(transactions: &Transactions, end: Option<u64>) -> TransactionsReport {
    let totals = transactions.totals();
    let (unanswered, unanswered_for_5_seconds, unanswered_queries) = transactions.unanswered(end);
    let latency = transactions.latencies().into_iter();
    TransactionsReport {
        asked: totals.asked,
        answered: totals.answered,
        unanswered,
        unanswered_for_5_seconds,
        retransmitted: totals.retransmitted,
        asked_again: totals.asked_again,
        late_responses: totals.late,
        duplicate_responses: totals.duplicates,
        conflicting_responses: totals.conflicting,
        unasked_responses: totals.unasked,
        truncated_responses: totals.truncated,
        retried_over_tcp: totals.retried_over_tcp,
        llmnr_asked: totals.llmnr_asked,
        llmnr_answered: totals.llmnr_answered,
        latency: latency
            .filter_map(|(transport, quantiles)| Some(LatencyReport { transport, summary: quantiles.summary_ms()? }))
            .collect(),
        unanswered_queries,
    }
}
