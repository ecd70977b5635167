//! What is counted over all messages.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use mcpcap_analyzer::faults::{FaultCount, Faults};
use mcpcap_analyzer::stats::{Distinct, Lists, Top, TopK};

use crate::limits;
use crate::message::facts::Facts;
use crate::message::{Fault, Message};
use crate::report::TransportCount;
use crate::seen::{Seen, Transport};
use crate::tallies::{CodeCount, Count, NamedCount};
use crate::words::{text, word};

/// Digits of a dialled number; shorter ones are extensions.
const DIALLED_DIGITS: usize = 7;
/// Characters of a dialled prefix.
const PREFIX: usize = 4;

/// Counts over all messages.
pub struct Counts {
    pub requests: u64,
    pub responses: u64,
    methods: TopK<String>,
    cseq_methods: TopK<String>,
    /// At most 600 codes.
    codes: BTreeMap<u16, u64>,
    transports: [u64; Transport::ALL.len()],
    distinct_calls: Distinct,
    calls: TopK<String>,
    agents: TopK<String>,
    servers: TopK<String>,
    prefixes: TopK<String>,
    faults: Faults<Fault>,
    pub keep_alives: u64,
}

impl Counts {
    /// Nothing counted yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        let table = |list, most| TopK::of(list, most, lists);
        Self {
            requests: 0,
            responses: 0,
            methods: table("statistics.methods", limits::METHODS),
            cseq_methods: table("statistics.cseq_methods", limits::METHODS),
            codes: BTreeMap::new(),
            transports: [0; 3],
            distinct_calls: Distinct::new(),
            calls: table("statistics.call_ids", limits::CALL_IDS),
            agents: table("statistics.user_agents", limits::AGENTS),
            servers: table("statistics.servers", limits::AGENTS),
            prefixes: table("statistics.dialled_prefixes", limits::PREFIXES),
            faults: Faults::default(),
            keep_alives: 0,
        }
    }

    /// Takes a message.
    pub fn take(&mut self, seen: &Seen, message: &Message<'_>, facts: &Facts<'_>) {
        match facts.status {
            None => {
                self.requests = self.requests.saturating_add(1);
                self.methods.add(word(facts.method), 1);
            }
            Some(status) => {
                self.responses = self.responses.saturating_add(1);
                let count = self.codes.entry(status).or_default();
                *count = count.saturating_add(1);
            }
        }
        if let Some((_, method)) = message.value("cseq").and_then(crate::message::facts::cseq) {
            self.cseq_methods.add(word(method), 1);
        }
        if let Some(count) = self.transports.get_mut(seen.transport as usize) {
            *count = count.saturating_add(1);
        }
        if !facts.call_id.is_empty() {
            self.distinct_calls.add(facts.call_id);
            self.calls.add(text(facts.call_id), 1);
        }
        for (name, table) in [("user-agent", &mut self.agents), ("server", &mut self.servers)] {
            if let Some(value) = message.value(name).filter(|value| !value.is_empty()) {
                table.add(text(value), 1);
            }
        }
        message.faults.iter().for_each(|fault| self.fault(*fault, seen.frame));
    }

    /// Counts a call to a number.
    pub fn dialled(&mut self, facts: &Facts<'_>) {
        if let Some(number) = facts.uri.and_then(|uri| number(uri.user)) {
            self.prefixes.add(number.chars().take(PREFIX).collect(), 1);
        }
    }

    /// Counts something that is wrong.
    pub fn fault(&mut self, fault: Fault, frame: u64) {
        self.faults.add(fault, frame);
    }

    /// Lists of names: methods, CSeq methods, Call-IDs, agents, servers, dialled prefixes; each with how many entries there are in all, about, where the
    /// lists are not exact.
    pub fn lists(&self, lists: &mut Lists) -> [(Vec<Count>, u64); 6] {
        let count = |top: Top<String>| Count { name: top.key, count: top.count, too_high_by: top.error };
        [&self.methods, &self.cseq_methods, &self.calls, &self.agents, &self.servers, &self.prefixes]
            .map(|table| (table.list(limits::LISTED, lists).into_iter().map(count).collect(), table.different()))
    }

    /// Whether all of these lists are exact.
    pub fn is_exact(&self) -> bool {
        [&self.methods, &self.cseq_methods, &self.calls, &self.agents, &self.servers, &self.prefixes]
            .into_iter()
            .all(TopK::is_exact)
    }

    /// Different Call-IDs, and whether that is exact.
    pub fn call_ids(&self) -> (u64, bool) {
        (self.distinct_calls.count(), self.distinct_calls.is_exact())
    }

    /// Responses by code, the most frequent first.
    pub fn codes(&self) -> Vec<CodeCount> {
        let code = |(code, count): (&u16, &u64)| CodeCount { code: *code, name: status_name(*code), count: *count };
        let mut list: Vec<CodeCount> = self.codes.iter().map(code).collect();
        list.sort_by_key(|entry| (Reverse(entry.count), entry.code));
        list
    }

    /// Responses by class.
    pub fn classes(&self) -> Vec<NamedCount> {
        let mut classes: BTreeMap<u16, u64> = BTreeMap::new();
        for (code, count) in &self.codes {
            let class = classes.entry(code / 100).or_default();
            *class = class.saturating_add(*count);
        }
        classes.into_iter().map(|(class, count)| NamedCount { name: format!("{class}xx"), count }).collect()
    }

    /// Messages by transport.
    pub fn transports(&self) -> Vec<TransportCount> {
        let all = Transport::ALL.into_iter().zip(self.transports).filter(|(_, count)| *count > 0);
        all.map(|(transport, count)| TransportCount { transport, count }).collect()
    }

    /// What is wrong.
    pub fn faults(&self, lists: &mut Lists) -> Vec<FaultCount<Fault>> {
        self.faults.report(FAULT_FRAMES, lists)
    }
}

/// The list of frames of each fault.
pub const FAULT_FRAMES: &str = "statistics.malformed[].frames";

/// A dialled number without visual separators (RFC 3966 §5.1.1), `+` in front as it is; `None` for names and extensions.
pub fn number(user: &[u8]) -> Option<String> {
    let user = user.split(|octet| *octet == b';').next().unwrap_or_default();
    let mut digits = String::new();
    for (at, octet) in user.iter().take(limits::WORD).enumerate() {
        match octet {
            b'+' if at == 0 => digits.push('+'),
            b'0'..=b'9' | b'*' | b'#' => digits.push(char::from(*octet)),
            b'-' | b'.' | b'(' | b')' => {}
            _ => return None,
        }
    }
    (digits.len() >= DIALLED_DIGITS).then_some(digits)
}

/// The name of a status code in IANA's registry.
pub fn status_name(code: u16) -> &'static str {
    match code {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        199 => "Early Dialog Terminated",
        200 => "OK",
        202 => "Accepted",
        204 => "No Notification",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        305 => "Use Proxy",
        380 => "Alternative Service",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        412 => "Conditional Request Failed",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        417 => "Unknown Resource-Priority",
        420 => "Bad Extension",
        421 => "Extension Required",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        424 => "Bad Location Information",
        425 => "Bad Alert Message",
        428 => "Use Identity Header",
        429 => "Provide Referrer Identity",
        430 => "Flow Failed",
        433 => "Anonymity Disallowed",
        436 => "Bad Identity Info",
        437 => "Unsupported Credential",
        438 => "Invalid Identity Header",
        439 => "First Hop Lacks Outbound Support",
        440 => "Max-Breadth Exceeded",
        469 => "Bad Info Package",
        470 => "Consent Needed",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        485 => "Ambiguous",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        493 => "Undecipherable",
        494 => "Security Agreement Required",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        555 => "Push Notification Service Not Supported",
        580 => "Precondition Failure",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        607 => "Unwanted",
        608 => "Rejected",
        _ => "",
    }
}
