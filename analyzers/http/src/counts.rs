//! What is counted over all exchanges.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use mcpcap_analyzer::faults::Faults;
use mcpcap_analyzer::stats::{Lists, Part, Quantiles, Ranked, Top, TopK};
use mcpcap_analyzer::time;

use crate::exchange::{Exchange, Message};
use crate::limits;
use crate::message::Fault;
use crate::report::{CodeCount, Count, Failed, Slow, Statistics, Totals};

/// The names of the lists.
pub const METHODS: &str = "statistics.methods";
pub const STATUS_CODES: &str = "statistics.status_codes";
pub const HOSTS: &str = "statistics.hosts";
pub const PATHS: &str = "statistics.paths";
pub const USER_AGENTS: &str = "statistics.user_agents";
pub const SERVERS: &str = "statistics.servers";
pub const CONTENT_TYPES: &str = "statistics.content_types";
pub const FAILED: &str = "statistics.failed";
pub const SLOWEST: &str = "statistics.slowest";
pub const FAULT_FRAMES: &str = "statistics.malformed[].frames";

/// Counts over all exchanges.
pub struct Counts {
    requests: u64,
    responses: u64,
    unanswered: u64,
    unasked: u64,
    request_bytes: u64,
    response_bytes: u64,
    incomplete: u64,
    tunnels: u64,
    waited: Quantiles,
    took: Quantiles,
    methods: TopK<String>,
    /// At most 900 codes.
    codes: BTreeMap<u16, u64>,
    hosts: TopK<String>,
    paths: TopK<String>,
    agents: TopK<String>,
    servers: TopK<String>,
    types: TopK<String>,
    failed: TopK<(Option<u16>, String)>,
    slowest: Ranked<Slow>,
    slowest_part: Part,
    faults: Faults<Fault>,
}

impl Counts {
    /// Nothing counted yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        let frequent = |list| TopK::of(list, limits::FREQUENT, lists);
        let slowest_part = lists.part(SLOWEST, limits::SLOWEST);
        Self {
            requests: 0,
            responses: 0,
            unanswered: 0,
            unasked: 0,
            request_bytes: 0,
            response_bytes: 0,
            incomplete: 0,
            tunnels: 0,
            waited: Quantiles::new(),
            took: Quantiles::new(),
            methods: TopK::of(METHODS, limits::METHODS, lists),
            codes: BTreeMap::new(),
            hosts: frequent(HOSTS),
            paths: frequent(PATHS),
            agents: frequent(USER_AGENTS),
            servers: frequent(SERVERS),
            types: frequent(CONTENT_TYPES),
            failed: TopK::of(FAILED, limits::FREQUENT, lists),
            slowest: Ranked::new(slowest_part),
            slowest_part,
            faults: Faults::default(),
        }
    }

    /// Takes an exchange.
    pub fn take(&mut self, exchange: &Exchange) {
        let (request, response) = (exchange.request.as_ref(), exchange.response.as_ref());
        if let Some(request) = request {
            self.requests = self.requests.saturating_add(1);
            self.request_bytes = self.request_bytes.saturating_add(request.body.sent);
            let head = &request.head;
            self.methods.add(head.method.clone(), 1);
            let url = url(exchange);
            if let Some(host) = &head.host {
                self.hosts.add(host.to_ascii_lowercase(), 1);
            }
            if let Some(agent) = &head.user_agent {
                self.agents.add(agent.clone(), 1);
            }
            let status = exchange.status();
            if response.is_none() || status.is_some_and(|status| status >= 400) {
                self.failed.add((status, url.clone()), 1);
            }
            self.paths.add(url, 1);
        }
        if let Some(response) = response {
            self.responses = self.responses.saturating_add(1);
            self.response_bytes = self.response_bytes.saturating_add(response.body.sent);
            let head = &response.head;
            head.status.into_iter().for_each(|status| self.code(status));
            if let Some(server) = &head.server {
                self.servers.add(server.clone(), 1);
            }
            if let Some(kind) = &head.entity.content_type {
                self.types.add(essence(kind), 1);
            }
        }
        self.unanswered = self.unanswered.saturating_add(response.is_none().into());
        self.unasked = self.unasked.saturating_add(request.is_none().into());
        self.tunnels = self.tunnels.saturating_add(exchange.upgrade.is_some().into());
        let bodies = [request.map(|request| &request.body), response.map(|response| &response.body)];
        let cut = bodies.into_iter().flatten().filter(|body| !body.is_complete()).count() as u64;
        self.incomplete = self.incomplete.saturating_add(cut);
        if let Some(waited) = exchange.waited() {
            self.waited.add(waited);
        }
        if let Some(took) = exchange.took() {
            self.took.add(took);
            self.slowest.add(took, exchange.frame(), || slow(exchange, took));
        }
        fn faults<T>(counts: &mut Counts, message: Option<&Message<T>>) {
            if let Some(message) = message {
                message.faults.iter().for_each(|fault| counts.fault(fault, message.begun.frame));
            }
        }
        faults(self, request);
        faults(self, response);
    }

    fn code(&mut self, status: u16) {
        let count = self.codes.entry(status).or_default();
        *count = count.saturating_add(1);
    }

    /// Takes an interim response.
    pub fn interim(&mut self, status: u16) {
        self.responses = self.responses.saturating_add(1);
        self.code(status);
    }

    /// Counts something that is wrong.
    pub fn fault(&mut self, fault: Fault, frame: u64) {
        self.faults.add(fault, frame);
    }

    /// Whether something was wrong.
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }

    /// Numbers over all exchanges.
    pub fn totals(&self, connections: u64) -> Totals {
        let within =
            |from: u16, to: u16| self.codes.range(from..to).map(|(_, count)| *count).fold(0, u64::saturating_add);
        Totals {
            connections,
            requests: self.requests,
            responses: self.responses,
            unanswered: self.unanswered,
            unasked: self.unasked,
            client_errors: within(400, 500),
            server_errors: within(500, 1000),
            request_body_bytes: self.request_bytes,
            response_body_bytes: self.response_bytes,
            incomplete_bodies: self.incomplete,
            tunnels: self.tunnels,
            time_to_first_byte: self.waited.summary_ms(),
            duration: self.took.summary_ms(),
        }
    }

    /// What came how often.
    pub fn report(&mut self, lists: &mut Lists) -> Statistics {
        let all = [&self.methods, &self.hosts, &self.paths, &self.agents, &self.servers, &self.types];
        let lists_are_exact = all.into_iter().all(TopK::is_exact) && self.failed.is_exact();
        let mut codes: Vec<CodeCount> =
            self.codes.iter().map(|(code, count)| CodeCount { code: *code, count: *count }).collect();
        codes.sort_by_key(|entry| (Reverse(entry.count), entry.code));
        let failed = |top: Top<(Option<u16>, String)>| {
            let (status, url) = top.key;
            Failed { status, url, count: top.count, too_high_by: top.error }
        };
        let slowest = std::mem::replace(&mut self.slowest, Ranked::new(Part { offset: 0, limit: 0 }));
        lists.told(SLOWEST, usize::try_from(slowest.total()).unwrap_or(usize::MAX), self.slowest_part);
        Statistics {
            methods: counts(lists, &self.methods),
            status_codes: lists.cut(STATUS_CODES, limits::LISTED, codes.into_iter()).collect(),
            hosts: counts(lists, &self.hosts),
            paths: counts(lists, &self.paths),
            user_agents: counts(lists, &self.agents),
            servers: counts(lists, &self.servers),
            content_types: counts(lists, &self.types),
            lists_are_exact,
            failed: self.failed.list(limits::LISTED, lists).into_iter().map(failed).collect(),
            slowest: slowest.into_entries(),
            malformed: self.faults.report(FAULT_FRAMES, lists),
        }
    }
}

/// The most frequent ones.
fn counts(lists: &mut Lists, table: &TopK<String>) -> Vec<Count> {
    let count = |top: Top<String>| Count { name: top.key, count: top.count, too_high_by: top.error };
    table.list(limits::LISTED, lists).into_iter().map(count).collect()
}

/// Host and path.
pub fn url(exchange: &Exchange) -> String {
    let (host, path) = (exchange.host().unwrap_or_default(), exchange.path().unwrap_or_default());
    if path.starts_with('/') || path == "*" { format!("{}{path}", host.to_ascii_lowercase()) } else { path.to_owned() }
}

/// A type without its parameters.
pub fn essence(kind: &str) -> String {
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn slow(exchange: &Exchange, took: u64) -> Slow {
    Slow {
        frame: exchange.frame(),
        url: url(exchange),
        status: exchange.status(),
        time_to_first_byte_ms: exchange.waited().map(time::milliseconds),
        duration_ms: time::milliseconds(took),
    }
}
