//! What is done with each message, whatever carried it.

use mcpcap_analyzer::decode::{self, CopyReport};
use mcpcap_analyzer::stats::{Lists, Page};
use mcpcap_analyzer::{Answer, Capture, Ending, Flow, Maximum, Window, time};

use crate::arguments::Arguments;
use crate::brief::{Decision, Judged, Outcome, Settled};
use crate::counts::Counts;
use crate::details::{self, Budget, OtherQuestion, PacketDetails, Room};
use crate::domains::Domains;
use crate::findings::Watch;
use crate::lists;
use crate::message::fault::Malformed;
use crate::message::name::{Folded, Name};
use crate::message::places::Places;
use crate::message::{Message, Question, Record};
use crate::names::Names;
use crate::order::OrderReport;
use crate::parties::Parties;
use crate::pattern::Pattern;
use crate::question::Asked;
use crate::report;
use crate::report::{LatencyReport, MessageStatistics, Report, Statistics, TransactionsReport};
use crate::rows::Rows;
use crate::seen::{Seen, Service};
use crate::transactions::Transactions;

/// The state of a run, from messages on.
pub struct Analysis {
    maximum: Maximum,
    counts: [Counts; Service::ALL.len()],
    transactions: Transactions,
    servers: Parties,
    clients: Parties,
    names: Names,
    domains: Domains,
    watch: Watch,
    filter: Option<Pattern>,
    packets: Page<PacketDetails>,
    /// Rows, where somebody wants them. Then nobody reads the report.
    rows: Option<Rows>,
    budget: Budget,
    decisions: Vec<Decision>,
    lists: Lists,
}

impl Analysis {
    /// Nothing seen yet.
    pub fn new(arguments: &Arguments, window: Window) -> Self {
        let lists = Lists::new(window.clone());
        let packets = if window.list.is_some() { Window::default() } else { window };
        Self {
            maximum: Maximum::new(arguments.max_packets),
            counts: Default::default(),
            transactions: Transactions::new(&lists),
            servers: Parties::new(lists::SERVERS, lists::SERVER_RCODES, &lists),
            clients: Parties::new(lists::CLIENTS, lists::CLIENT_RCODES, &lists),
            names: Names::new(),
            domains: Domains::new(&lists),
            watch: Watch::new(),
            filter: arguments.name.as_deref().map(Pattern::new),
            packets: Page::new(packets),
            rows: Rows::wanted(),
            budget: Budget::new(),
            decisions: Vec::new(),
            lists,
        }
    }

    /// The lists of the report that hold their first entries.
    pub fn lists(&mut self) -> &mut Lists {
        &mut self.lists
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
        let message = match Message::parse(octets, seen.short) {
            Ok(message) => message,
            Err(reason) => {
                self.transactions.payload(seen, octets);
                return self.malformed(seen, reason);
            }
        };
        if !message.is_plausible(seen.short.map_or(octets.len(), |short| short.whole)) {
            self.transactions.payload(seen, octets);
            return self.malformed(seen, Malformed::NotDns);
        }
        self.maximum.take();
        if let Some(counts) = self.counts.get_mut(seen.service as usize) {
            counts.add(seen, &message);
        }
        let asked = Asked::of(&message, seen.service, &mut self.names);
        if let Some(asked) = &asked {
            self.domains.name(&asked.name);
        }
        for question in message.questions.iter().skip(1) {
            if let Some(name) = self.names.of(message.octets(), question) {
                self.domains.name(&name);
            }
        }
        let place = match &mut self.rows {
            Some(rows) => Some(rows.take(seen, &message)),
            None => {
                let listed = self.filter.as_ref().is_none_or(|pattern| names_match(pattern, &message));
                if listed { self.list(seen, &message) } else { None }
            }
        };
        let (client, server) = seen.parties(message.header.is_response());
        self.servers.add(server, seen, &message);
        self.clients.add(client, seen, &message);
        self.watch.sees(seen, &message);
        let mut decisions = std::mem::take(&mut self.decisions);
        let outcome = self.transactions.take(seen, &message, asked.as_ref(), place, &mut decisions);
        decisions.iter().for_each(|decision| self.decided(decision));
        decisions.clear();
        self.decisions = decisions;
        if let (Some(rows), Outcome::Unpaired, Some(place)) = (&mut self.rows, outcome, place) {
            rows.is_alone(place);
        }
        // What broken messages claim about names and codes would only blur the tables.
        if !message.complete && seen.short.is_none() {
            return;
        }
        if let Some(asked) = &asked {
            self.domains.add(seen, &message, asked);
            self.watch.take(seen, &message, asked, outcome);
        }
    }

    fn decided(&mut self, decision: &Decision) {
        if let Some(rows) = &mut self.rows {
            rows.decided(decision);
        }
        match decision {
            Decision::Judged(judged) => {
                let Judged { seen, brief, outcome, .. } = judged;
                let (client, server) = seen.parties(brief.is_response);
                self.servers.judged(server, seen, *outcome);
                self.clients.judged(client, seen, *outcome);
                self.watch.judged(seen, brief, *outcome);
                self.note(judged);
            }
            Decision::Settled(settled) => {
                if let Some(latency) = settled.latency.filter(|_| settled.service == Service::Dns) {
                    self.servers.waited(settled.server.address, latency);
                    self.clients.waited(settled.client.address, latency);
                }
                self.watch.settled(settled);
                self.link(settled);
            }
            Decision::Unanswered(_) => {}
        }
    }

    /// Counts something that should have been a message.
    pub fn malformed(&mut self, seen: &Seen, reason: Malformed) {
        if let Some(counts) = self.counts.get_mut(seen.service as usize) {
            counts.malformed(reason, seen.frame);
        }
    }

    fn list(&mut self, seen: &Seen, message: &Message<'_>) -> Option<usize> {
        let Self { budget, lists, .. } = self;
        let place = usize::try_from(self.packets.total()).unwrap_or(usize::MAX);
        self.packets.push(|| {
            // Shortened to the capture's precision once the reader's summary tells it.
            let timestamp = seen.timestamp.map(|timestamp| time::rfc3339(timestamp, 9));
            details::describe(seen, message, timestamp, &mut Room { budget, lists, place })
        })
    }

    /// Says of a listed message what is special about it.
    fn note(&mut self, judged: &Judged) {
        let Some(own) = judged.place.and_then(|place| self.packets.get_mut(place)) else { return };
        own.note = match judged.outcome {
            Outcome::Retransmitted => Some("the same query was sent before and not answered"),
            Outcome::AnsweredAgain { continued: true, .. } => Some("continues the first response"),
            Outcome::AnsweredAgain { .. } => Some("the query was answered before"),
            Outcome::OtherQuestion { .. } => {
                Some("has the addresses, ports and identifier of an open query, but another question")
            }
            Outcome::OtherPayload { .. } => Some("answers a payload that is no message"),
            Outcome::Unasked => Some("the capture holds no query for this response"),
            Outcome::Asked | Outcome::AskedAnew | Outcome::Answered { .. } | Outcome::Waiting | Outcome::Unpaired => {
                None
            }
        };
        match judged.outcome {
            Outcome::AnsweredAgain { request, .. } | Outcome::OtherPayload { request } => {
                own.request_frame = Some(request)
            }
            Outcome::OtherQuestion { request, differs } => {
                own.other_question = Some(OtherQuestion { query_frame: request, differs });
            }
            _ => {}
        }
    }

    /// Tells a query and its first response of each other, when they are listed.
    fn link(&mut self, settled: &Settled) {
        let (request, response) = (settled.request, settled.response);
        if let Some(query) = request.1.and_then(|place| self.packets.get_mut(place)) {
            query.response_frame = Some(response.0);
        }
        if let Some(own) = response.1.and_then(|place| self.packets.get_mut(place)) {
            own.request_frame = Some(request.0);
            own.latency_ms = settled.latency.map(time::milliseconds);
        }
        for place in settled.conflicts.iter().filter_map(|(_, place)| *place) {
            if let Some(other) = self.packets.get_mut(place) {
                other.note = Some("says something else than the first response");
            }
        }
    }

    /// Ends the run.
    pub fn report(mut self, capture: &Capture, ended: Ended, limits: report::Limits) -> Answer<Report> {
        let mut decisions = std::mem::take(&mut self.decisions);
        self.transactions.finish(&mut decisions);
        decisions.iter().for_each(|decision| self.decided(decision));
        if let Some(rows) = self.rows.take() {
            rows.finish();
        }
        let digits = capture.time_digits();
        let messages = self.maximum.taken();
        let evicted = self.transactions.evicted();
        let limits = report::Limits {
            order: OrderReport {
                responses_before_their_query: self.transactions.totals().before_query,
                responses_given_up: evicted.waiting,
                ..limits.order
            },
            evicted: report::Evicted {
                transactions: evicted.queries,
                other_payloads: evicted.other_payloads,
                open_questions: evicted.open_questions,
                retries: evicted.retries,
                servers: self.servers.evicted(),
                clients: self.clients.evicted(),
                domains: self.domains.evicted().0,
                names: self.domains.evicted().1,
                rules: self.watch.evicted(),
                ..limits.evicted
            },
            codes_not_kept: self.counts.iter().map(Counts::codes_not_kept).sum(),
            ..limits
        };
        let mut lists = std::mem::take(&mut self.lists);
        let statistics = self.statistics(ended.time, &mut lists);
        let watch = self.watch;
        let (findings, findings_total) = watch.finish(&self.domains, &self.servers, &self.transactions, &mut lists);
        let pages = std::iter::once(self.packets.info("packets")).chain(lists.into_pages()).collect();
        let mut packets = self.packets.into_items();
        packets.iter_mut().filter_map(|packet| packet.timestamp.as_mut()).for_each(|text| time::shorten(text, digits));
        let malformed = statistics.services.iter().flat_map(|service| &service.malformed);
        let malformed = malformed.fold(0_u64, |sum, of| sum.saturating_add(of.count));
        let message = (messages == 0).then(|| {
            let text = capture.nothing_found("DNS, mDNS or LLMNR messages", &ended.decoding);
            match (malformed, limits.unconfirmed_candidates) {
                (0, 0) => text,
                (0, 1) => text + "; 1 message on another port looks like one",
                (0, many) => format!("{text}; {many} messages on other ports look like some"),
                (1, _) => text + "; 1 payload on their ports is something else",
                (many, _) => format!("{text}; {many} payloads on their ports are something else"),
            }
        });
        let is_empty = messages == 0 && malformed == 0 && limits.unconfirmed_candidates == 0;
        let report = Report {
            dns_packets_found: messages,
            dns_packets_analyzed: messages,
            copies: ended.copies,
            statistics,
            findings,
            findings_total,
            packets,
            pages,
            ending: Ending { limits, note: self.maximum.note("messages") },
        };
        Answer { message, report: (!is_empty).then_some(report) }
    }

    fn statistics(&self, end: Option<u64>, lists: &mut Lists) -> Statistics {
        let Self { counts, transactions, servers, clients, domains, .. } = self;
        let (unique, exact) = domains.distinct();
        let (top_names, top_names_are_exact) = domains.top_names(lists);
        let messages: u64 = counts.iter().map(Counts::messages).sum();
        let responses: u64 = counts.iter().map(Counts::responses).sum();
        let statistics = MessageStatistics {
            queries: messages.saturating_sub(responses),
            responses,
            unique_domains_queried: unique,
            unique_domains_is_exact: exact,
            unique_domains: domains.listed(lists),
            transactions: transactions_report(transactions, end, lists),
            servers: servers.busiest(lists),
            servers_total: servers.total().0,
            servers_total_is_exact: servers.total().1,
            clients: clients.busiest(lists),
            clients_total: clients.total().0,
            clients_total_is_exact: clients.total().1,
            domains: domains.top(lists),
            domains_total: domains.total().0,
            domains_total_is_exact: domains.total().1,
            top_names,
            top_names_are_exact,
        };
        let mut services = Vec::new();
        for (service, counts) in Service::ALL.into_iter().zip(counts) {
            services.extend(counts.report(service, services.len(), lists));
        }
        Statistics { messages: (messages > 0).then_some(statistics), services }
    }
}

/// What is known at the end of the run.
pub struct Ended {
    /// Time of the last frame.
    pub time: Option<u64>,
    /// Packets that were captured more than once.
    pub copies: Option<CopyReport>,
    /// How decoding went.
    pub decoding: decode::Statistics,
}

/// Whether a question's or answer's name fits.
fn names_match(pattern: &Pattern, message: &Message<'_>) -> bool {
    let questions = message.questions.iter().filter_map(Question::place);
    // Records of one name need no second look at it.
    let mut looked_at = Places::default();
    let is_new = |record: &&Record| {
        let origin = message.owner_origin(record);
        let is_new = looked_at.get(origin).is_none();
        looked_at.insert(origin, ());
        is_new
    };
    let owners = message.records.iter().filter(is_new).filter_map(Record::place);
    let mut folded = Folded::default();
    questions.chain(owners).any(|at| {
        folded.read(message.octets(), at);
        pattern.matches(&Name::of(&folded).to_string())
    })
}

fn transactions_report(transactions: &Transactions, end: Option<u64>, lists: &mut Lists) -> TransactionsReport {
    let totals = transactions.totals();
    let (unanswered, unanswered_for_5_seconds, unanswered_queries) = transactions.unanswered(end, lists);
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
        responses_to_another_question: totals.other_question,
        responses_to_other_payloads: totals.other_payload,
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
