//! Registrations (RFC 3261 §10): who registered which account where, and what came of it.

pub mod report;

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::net::IpAddr;

use mcpcap_analyzer::stats::{BoundedMap, Distinct, Page, PageInfo, Pool, Several};
use mcpcap_analyzer::{Window, time};

use crate::counts::status_name;
use crate::details::text;
use crate::filter::Filter;
use crate::limits;
use crate::message::Message;
use crate::message::address::Address;
use crate::message::facts::Facts;
use crate::report::CodeCount;
use crate::seen::Seen;
use crate::transactions::Outcome;
use report::{Contact, HistoryReport, RegistrationReport, RegistrationsReport};

/// Account, client and server.
type Key = (Vec<u8>, IpAddr, IpAddr);

/// All registrations.
pub struct Registrations {
    table: BoundedMap<Key, Registration>,
    room: Room,
    distinct: Distinct,
    requests: u64,
    accepted: u64,
    challenged: u64,
    rejected: u64,
    failed: u64,
}

/// Room that all of them share.
struct Room {
    values: Pool,
    history: Pool,
    contacts: Pool,
}

#[derive(Default)]
struct Registration {
    first: u64,
    last: u64,
    requests: u64,
    challenged: u64,
    rejected: u64,
    accepted: u64,
    codes: Several<u16>,
    state: &'static str,
    was_registered: bool,
    /// Requests that wait for a final response: the frame of each, and what it asks for.
    asked: VecDeque<(u64, Wish)>,
    history: Vec<Chapter>,
    chapters: u64,
    /// Entries and frames of the history.
    kept: usize,
    contacts: Vec<Contact>,
    contacts_total: u64,
    usernames: Several<String>,
    agent: Option<String>,
}

/// What a REGISTER asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// To bind contacts.
    Bind,
    /// To remove bindings.
    Remove,
    /// To be told of the bindings: it has no Contact (RFC 3261 §10.2.3).
    Tell,
}

/// The same outcome, once or several times in a row.
struct Chapter {
    state: &'static str,
    time: Option<u64>,
    count: u64,
    frames: Vec<u64>,
}

impl Registrations {
    /// None yet.
    pub fn new() -> Self {
        Self {
            table: BoundedMap::new(limits::REGISTRATIONS),
            room: Room {
                values: Pool::new(limits::REGISTRATION_VALUES),
                history: Pool::new(limits::HISTORY),
                contacts: Pool::new(limits::ALL_CONTACTS),
            },
            distinct: Distinct::new(),
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
        let (source, destination) = (seen.source.ip(), seen.destination.ip());
        match (facts.status, outcome) {
            (None, Outcome::Asked) => {
                self.requests = self.requests.saturating_add(1);
                let (known, room) = self.known(facts, seen.frame, source, destination);
                known.request(seen, message, facts, room);
            }
            (Some(status), Outcome::Answered { is_final: true, authenticated, request, .. }) => {
                let kind = Kind::of(status, facts, authenticated);
                self.count(kind);
                let (known, room) = self.known(facts, seen.frame, destination, source);
                known.response(seen, message, status, kind, Some(request), room);
            }
            // The request is not in the capture; what the server says of the account counts all the same.
            (Some(status @ 200..), Outcome::Unasked) => {
                let kind = Kind::of(status, facts, false);
                self.count(kind);
                let (known, room) = self.known(facts, seen.frame, destination, source);
                known.response(seen, message, status, kind, None, room);
            }
            _ => {}
        }
    }

    fn count(&mut self, kind: Kind) {
        let count = match kind {
            Kind::Accepted => &mut self.accepted,
            Kind::Challenged => &mut self.challenged,
            Kind::Rejected => &mut self.rejected,
            Kind::Failed => &mut self.failed,
        };
        *count = count.saturating_add(1);
    }

    fn known(
        &mut self,
        facts: &Facts<'_>,
        frame: u64,
        client: IpAddr,
        server: IpAddr,
    ) -> (&mut Registration, &mut Room) {
        let mut account = facts.to.uri.account();
        account.truncate(limits::TEXT);
        let key = (account, client, server);
        if self.table.get(&key).is_none() {
            self.distinct.add(&key);
        }
        let make = || Registration { first: frame, state: "unanswered", ..Registration::default() };
        let (known, gone) = self.table.get_or_insert_with(key, make);
        if let Some((_, gone)) = gone {
            gone.release(&mut self.room);
        }
        (known, &mut self.room)
    }

    /// Entries that had to make room.
    pub fn evicted(&self) -> u64 {
        self.table.evicted()
    }

    /// Numbers over all of them.
    pub fn report(&self) -> RegistrationsReport {
        RegistrationsReport {
            requests: self.requests,
            accepted: self.accepted,
            challenged: self.challenged,
            rejected: self.rejected,
            failed: self.failed,
            total: self.distinct.count(),
            total_is_exact: self.distinct.is_exact(),
        }
    }

    /// A page of those that are kept, those with most requests first.
    pub fn list(&self, window: Window, filter: &Filter, digits: u8) -> (Vec<RegistrationReport>, PageInfo) {
        let mut all: Vec<(&Key, &Registration)> = self.table.iter().collect();
        all.retain(|((account, ..), known)| filter.fits_account(account, &known.usernames));
        all.sort_by_key(|(_, known)| (Reverse(known.requests), known.first));
        let mut page = Page::new(window);
        for (key, known) in all {
            page.push(|| known.report(key, digits));
        }
        let info = page.info("registrations");
        (page.into_items(), info)
    }
}

/// What a final response means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Accepted,
    Challenged,
    Rejected,
    Failed,
}

impl Kind {
    /// `authenticated`: whether the request had credentials.
    fn of(status: u16, facts: &Facts<'_>, authenticated: bool) -> Self {
        let stale = facts.challenges.iter().any(|challenge| challenge.stale);
        match status {
            200..300 => Self::Accepted,
            401 | 407 if !authenticated || stale => Self::Challenged,
            401 | 403 | 407 if authenticated => Self::Rejected,
            _ => Self::Failed,
        }
    }
}

impl Registration {
    /// Gives back what it took.
    fn release(&self, room: &mut Room) {
        self.codes.release(&mut room.values);
        self.usernames.release(&mut room.values);
        room.history.give_back(self.kept);
        room.contacts.give_back(self.contacts.len());
    }

    fn request(&mut self, seen: &Seen, message: &Message<'_>, facts: &Facts<'_>, room: &mut Room) {
        self.requests = self.requests.saturating_add(1);
        self.last = self.last.max(seen.frame);
        let wish = self.contacts(message, room);
        if self.asked.len() >= limits::REGISTERING {
            self.asked.pop_front();
        }
        self.asked.push_back((seen.frame, wish));
        for credentials in &facts.credentials {
            self.usernames.add(text(&credentials.username).as_str(), &mut room.values);
        }
        if self.agent.is_none() {
            self.agent = facts.agent.map(text);
        }
    }

    fn response(
        &mut self,
        seen: &Seen,
        message: &Message<'_>,
        status: u16,
        kind: Kind,
        request: Option<u64>,
        room: &mut Room,
    ) {
        self.last = self.last.max(seen.frame);
        let at = self.asked.iter().position(|(frame, _)| Some(*frame) == request);
        let wish = at.and_then(|at| self.asked.remove(at)).map_or(Wish::Tell, |(_, wish)| wish);
        let (state, count) = match kind {
            Kind::Accepted => (self.accepted(message, wish, room), &mut self.accepted),
            Kind::Challenged => ("challenged", &mut self.challenged),
            Kind::Rejected => ("rejected", &mut self.rejected),
            Kind::Failed => ("failed", &mut 0),
        };
        *count = count.saturating_add(1);
        self.was_registered |= state == "registered";
        self.note(seen, state, &mut room.history);
        self.codes.add(&status, &mut room.values);
    }

    /// What a 2xx says: it lists the bindings that there are now (RFC 3261 §10.3).
    fn accepted(&mut self, message: &Message<'_>, wish: Wish, room: &mut Room) -> &'static str {
        let said = self.contacts(message, room);
        match (wish, said) {
            (Wish::Remove, _) => "removed",
            // Some servers leave out what they were asked to bind.
            (Wish::Bind, _) | (Wish::Tell, Wish::Bind) => "registered",
            (Wish::Tell, Wish::Remove | Wish::Tell) => "no_binding",
        }
    }

    /// Keeps the contacts of a message, if it has any, and tells what they mean.
    fn contacts(&mut self, message: &Message<'_>, room: &mut Room) -> Wish {
        let total = message.list("contact").count() as u64;
        if total == 0 {
            return Wish::Tell;
        }
        room.contacts.give_back(self.contacts.len());
        self.contacts = contacts(message).take(limits::CONTACTS).take_while(|_| room.contacts.take()).collect();
        self.contacts_total = total;
        if contacts(message).all(|contact| contact.expires == Some(0)) { Wish::Remove } else { Wish::Bind }
    }

    /// Adds the state that a response has brought to the history.
    fn note(&mut self, seen: &Seen, state: &'static str, room: &mut Pool) {
        let is_same = std::mem::replace(&mut self.state, state) == state;
        let is_kept = self.chapters == self.history.len() as u64;
        let mut has_room = || {
            let has_room = self.kept < limits::HISTORY_OF_ONE && room.take();
            self.kept = self.kept.saturating_add(has_room.into());
            has_room
        };
        if is_same {
            if let Some(last) = self.history.last_mut().filter(|_| is_kept) {
                last.count = last.count.saturating_add(1);
                last.frames.extend(has_room().then_some(seen.frame));
            }
            return;
        }
        self.chapters = self.chapters.saturating_add(1);
        if is_kept && has_room() {
            self.history.push(Chapter { state, time: seen.timestamp, count: 1, frames: vec![seen.frame] });
        }
    }

    fn report(&self, (account, client, server): &Key, digits: u8) -> RegistrationReport {
        let code = |(code, count): &(u16, u64)| CodeCount { code: *code, name: status_name(*code), count: *count };
        let chapter = |chapter: &Chapter| HistoryReport {
            state: chapter.state,
            time: chapter.time.map(|time| time::rfc3339(time, digits)),
            count: chapter.count,
            frames_total: chapter.count,
            frames: chapter.frames.clone(),
        };
        RegistrationReport {
            account: text(account),
            client: *client,
            server: *server,
            first_frame: self.first,
            last_frame: self.last,
            state: self.state,
            was_registered: self.was_registered,
            requests: self.requests,
            challenged: self.challenged,
            rejected: self.rejected,
            accepted: self.accepted,
            history: self.history.iter().map(chapter).collect(),
            history_total: self.chapters,
            codes: self.codes.iter().map(code).collect(),
            codes_total: self.codes.total(),
            contacts: self.contacts.clone(),
            contacts_total: self.contacts_total,
            usernames: self.usernames.values(),
            usernames_total: self.usernames.total(),
            totals_are_estimates: !(self.codes.is_exact() && self.usernames.is_exact()),
            user_agent: self.agent.clone(),
        }
    }
}

/// Contacts with their own `expires`, else that of the message.
fn contacts<'m>(message: &'m Message<'_>) -> impl Iterator<Item = Contact> + 'm {
    let number = |text: &[u8]| crate::message::number(text.trim_ascii());
    let of_message = message.value("expires").and_then(number);
    message.list("contact").map(move |value| {
        let address = Address::parse(value);
        let expires = address.parameter("expires").and_then(number).or(of_message);
        Contact { uri: text(address.uri.text), expires }
    })
}
