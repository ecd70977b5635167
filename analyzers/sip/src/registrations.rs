//! Registrations (RFC 3261 §10): who registered which account where, and what came of it.

use std::cmp::Reverse;
use std::net::IpAddr;

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::stats::BoundedMap;
use serde::Serialize;

use crate::counts::status_name;
use crate::details::text;
use crate::limits;
use crate::message::Message;
use crate::message::address::Address;
use crate::message::facts::Facts;
use crate::report::CodeCount;
use crate::seen::Seen;
use crate::transactions::Outcome;

/// Account, client and server.
type Key = (Vec<u8>, IpAddr, IpAddr);

/// All registrations.
pub struct Registrations {
    table: BoundedMap<Key, Registration>,
    requests: u64,
    accepted: u64,
    challenged: u64,
    rejected: u64,
    failed: u64,
}

#[derive(Default)]
struct Registration {
    first: u64,
    last: u64,
    requests: u64,
    challenged: u64,
    rejected: u64,
    accepted: u64,
    codes: Vec<(u16, u64)>,
    state: &'static str,
    removes: bool,
    contacts: Vec<Contact>,
    usernames: Vec<String>,
    agent: Option<String>,
}

/// Numbers over all registrations. Retransmissions do not count.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RegistrationsReport {
    pub requests: u64,
    /// Requests answered with 2xx.
    pub accepted: u64,
    /// Requests without credentials, or with an old nonce, answered with 401 or 407: the usual first step.
    pub challenged: u64,
    /// Requests with credentials answered with 401, 403 or 407.
    pub rejected: u64,
    /// Requests answered with another code from 300 on.
    pub failed: u64,
    /// Account, client and server together: how many.
    pub total: u64,
    /// Those with most requests.
    pub list: Vec<RegistrationReport>,
}

/// An account that a client registered at a server. Texts are from the capture.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RegistrationReport {
    /// User and host of To.
    pub account: String,
    pub client: IpAddr,
    pub server: IpAddr,
    pub first_frame: u64,
    pub last_frame: u64,
    /// What came last: `registered`, `removed`, `challenged`, `rejected`, `failed`, `unanswered`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub state: &'static str,
    pub requests: u64,
    pub challenged: u64,
    pub rejected: u64,
    pub accepted: u64,
    /// Final codes.
    pub codes: Vec<CodeCount>,
    /// Bindings as the server last said, else as the client asked for.
    pub contacts: Vec<Contact>,
    /// Names in credentials.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub usernames: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// A binding.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Contact {
    pub uri: String,
    /// Seconds; absent when nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<u64>,
}

impl Registrations {
    /// None yet.
    pub fn new() -> Self {
        Self {
            table: BoundedMap::new(limits::REGISTRATIONS),
            requests: 0,
            accepted: 0,
            challenged: 0,
            rejected: 0,
            failed: 0,
        }
    }

    /// Takes a message.
    pub fn take(&mut self, seen: &Seen, message: &Message<'_>, facts: &Facts<'_>, outcome: Outcome) {
        if !facts.is("REGISTER") || facts.call_id.is_empty() {
            return;
        }
        let mut account = facts.to.uri.account();
        account.truncate(limits::TEXT);
        let (source, destination) = (seen.source.ip(), seen.destination.ip());
        match (facts.status, outcome) {
            (None, Outcome::Asked) => {
                self.requests = self.requests.saturating_add(1);
                let key = (account, source, destination);
                let make = || Registration { first: seen.frame, state: "unanswered", ..Registration::default() };
                self.table.get_or_insert_with(key, make).0.request(seen, message, facts);
            }
            (Some(status), Outcome::Answered { is_final: true, authenticated, .. }) => {
                let stale = facts.challenges.iter().any(|challenge| challenge.stale);
                let state = match status {
                    200..300 => "registered",
                    401 | 407 if !authenticated || stale => "challenged",
                    401 | 403 | 407 if authenticated => "rejected",
                    _ => "failed",
                };
                let count = match state {
                    "registered" => &mut self.accepted,
                    "challenged" => &mut self.challenged,
                    "rejected" => &mut self.rejected,
                    _ => &mut self.failed,
                };
                *count = count.saturating_add(1);
                if let Some(known) = self.table.get_mut(&(account, destination, source)) {
                    known.response(seen, message, status, state);
                }
            }
            _ => {}
        }
    }

    /// Entries that had to make room.
    pub fn evicted(&self) -> u64 {
        self.table.evicted()
    }

    /// What there was.
    pub fn report(&self) -> RegistrationsReport {
        let mut all: Vec<(&Key, &Registration)> = self.table.iter().collect();
        all.sort_by_key(|(_, known)| (Reverse(known.requests), known.first));
        all.truncate(limits::LISTED);
        let codes = |known: &Registration| -> Vec<CodeCount> {
            let code = |(code, count): &(u16, u64)| CodeCount { code: *code, name: status_name(*code), count: *count };
            known.codes.iter().map(code).collect()
        };
        let report = |((account, client, server), known): (&Key, &Registration)| RegistrationReport {
            account: text(account),
            client: *client,
            server: *server,
            first_frame: known.first,
            last_frame: known.last,
            state: known.state,
            requests: known.requests,
            challenged: known.challenged,
            rejected: known.rejected,
            accepted: known.accepted,
            codes: codes(known),
            contacts: known.contacts.clone(),
            usernames: known.usernames.clone(),
            user_agent: known.agent.clone(),
        };
        RegistrationsReport {
            requests: self.requests,
            accepted: self.accepted,
            challenged: self.challenged,
            rejected: self.rejected,
            failed: self.failed,
            total: (self.table.len() as u64).saturating_add(self.table.evicted()),
            list: all.into_iter().map(report).collect(),
        }
    }
}

impl Registration {
    fn request(&mut self, seen: &Seen, message: &Message<'_>, facts: &Facts<'_>) {
        self.requests = self.requests.saturating_add(1);
        self.last = seen.frame;
        let contacts = contacts(message);
        // A request without Contact only asks for the bindings.
        if !contacts.is_empty() {
            self.removes = contacts.iter().all(|contact| contact.expires == Some(0));
            self.contacts = contacts;
        }
        for credentials in &facts.credentials {
            let name = text(&credentials.username);
            if self.usernames.len() < limits::CONTACTS && !self.usernames.contains(&name) {
                self.usernames.push(name);
            }
        }
        if self.agent.is_none() {
            self.agent = facts.agent.map(text);
        }
    }

    fn response(&mut self, seen: &Seen, message: &Message<'_>, status: u16, state: &'static str) {
        self.last = seen.frame;
        let count = match state {
            "registered" => &mut self.accepted,
            "challenged" => &mut self.challenged,
            "rejected" => &mut self.rejected,
            _ => &mut 0,
        };
        *count = count.saturating_add(1);
        self.state = if state == "registered" && self.removes { "removed" } else { state };
        let room = self.codes.len() < limits::LISTED;
        match self.codes.iter_mut().find(|(code, _)| *code == status) {
            Some((_, count)) => *count = count.saturating_add(1),
            None if room => self.codes.push((status, 1)),
            None => {}
        }
        let contacts = contacts(message);
        if state == "registered" && !contacts.is_empty() {
            self.contacts = contacts;
        }
    }
}

/// Contacts with their own `expires`, else that of the message.
fn contacts(message: &Message<'_>) -> Vec<Contact> {
    let number = |text: &[u8]| crate::message::number(text.trim_ascii());
    let of_message = message.value("expires").and_then(number);
    let contact = |value| {
        let address = Address::parse(value);
        let expires = address.parameter("expires").and_then(number).or(of_message);
        Contact { uri: text(address.uri.text), expires }
    };
    message.list("contact").take(limits::CONTACTS).map(contact).collect()
}
