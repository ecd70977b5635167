//! One registration.

use std::collections::VecDeque;

use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stats::{Lists, Pool, Sequence, Several};
use mcpcap_analyzer::time;

use super::report::{Contact, HistoryReport, RegistrationReport};
use super::{CODES, CONTACTS, HISTORY, HISTORY_FRAMES, Key, Room, USERNAMES};
use crate::counts::status_name;
use crate::limits;
use crate::message::Message;
use crate::message::address::Address;
use crate::message::facts::Facts;
use crate::seen::Seen;
use crate::tallies::CodeCount;
use crate::words::text;

/// What is known of an account that a client registers at a server.
pub struct Registration {
    pub(super) first: u64,
    last: u64,
    pub(super) requests: u64,
    challenged: u64,
    rejected: u64,
    accepted: u64,
    codes: Several<u16>,
    state: &'static str,
    was_registered: bool,
    /// Requests that wait for a final response: the frame of each, and what it asks for.
    asked: VecDeque<(u64, Wish)>,
    history: Sequence<Chapter>,
    /// Responses of the last chapter.
    in_a_row: usize,
    contacts: Sequence<Contact>,
    pub(super) usernames: Several<String>,
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
    /// From 1.
    number: u64,
    state: &'static str,
    time: Option<u64>,
    frames: Evidence,
}

/// What a final response means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Accepted,
    Challenged,
    Rejected,
    Failed,
}

impl Kind {
    /// `authenticated`: whether the request had credentials.
    pub(super) fn of(status: u16, facts: &Facts<'_>, authenticated: bool) -> Self {
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
    /// Nothing known yet but its first frame.
    pub(super) fn new(first: u64) -> Self {
        Self {
            first,
            last: 0,
            requests: 0,
            challenged: 0,
            rejected: 0,
            accepted: 0,
            codes: Several::of(CODES),
            state: "unanswered",
            was_registered: false,
            asked: VecDeque::new(),
            history: Sequence::of(HISTORY, 0),
            in_a_row: 0,
            contacts: Sequence::of(CONTACTS, 0),
            usernames: Several::of(USERNAMES),
            agent: None,
        }
    }

    /// Gives back what it took.
    pub(super) fn release(&self, room: &mut Room) {
        self.codes.release(&mut room.values);
        self.usernames.release(&mut room.values);
        self.history.release(&mut room.history);
        self.contacts.release(&mut room.contacts);
    }

    /// Takes a request.
    pub(super) fn request(&mut self, seen: &Seen, message: &Message<'_>, facts: &Facts<'_>, room: &mut Room) {
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

    /// Takes a final response; `request` is the frame of what it answers.
    pub(super) fn response(
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
        if message.list("contact").next().is_none() {
            return Wish::Tell;
        }
        self.contacts.release(&mut room.contacts);
        self.contacts = Sequence::of(CONTACTS, 0);
        for contact in contacts(message) {
            self.contacts.push(|| contact.clone(), &mut room.contacts);
        }
        if contacts(message).all(|contact| contact.expires == Some(0)) { Wish::Remove } else { Wish::Bind }
    }

    /// Adds the state that a response has brought to the history.
    fn note(&mut self, seen: &Seen, state: &'static str, room: &mut Pool) {
        let number = self.history.total();
        // Frames have pages in the chapters that every run keeps. Others get no more than a chapter holds in any case.
        let is_full = self.in_a_row >= Evidence::KEPT && (self.history.first().len() as u64) < number;
        if std::mem::replace(&mut self.state, state) == state && number > 0 && !is_full {
            self.in_a_row = self.in_a_row.saturating_add(1);
            self.history.change_last(|last| last.number == number, |last| last.frames.add(seen.frame));
            return;
        }
        self.in_a_row = 1;
        let chapter = || Chapter {
            number: number.saturating_add(1),
            state,
            time: seen.timestamp,
            frames: std::iter::once(seen.frame).collect(),
        };
        self.history.push(chapter, room);
    }

    /// Its report, at a place of the list.
    pub(super) fn report(
        self,
        (account, client, server): &Key,
        digits: u8,
        place: usize,
        lists: &mut Lists,
    ) -> RegistrationReport {
        let code = |(code, count): &(u16, u64)| CodeCount { code: *code, name: status_name(*code), count: *count };
        let history_total = self.history.total();
        let chapters = lists.sequence(HISTORY, &[place], self.history);
        let mut chapter = |(nth, chapter): (usize, Chapter)| {
            let mut frames = chapter.frames.cited();
            let is_first = chapter.number == (nth as u64).saturating_add(1);
            // An entry is named by its place among the first ones.
            if is_first {
                lists.frames_at(HISTORY_FRAMES, &[place, nth], &mut frames, chapter.frames.total());
            }
            HistoryReport {
                state: chapter.state,
                time: chapter.time.map(|time| time::rfc3339(time, digits)),
                count: chapter.frames.total(),
                frames_total: chapter.frames.total(),
                frames,
            }
        };
        let history = chapters.into_iter().enumerate().map(&mut chapter).collect();
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
            history,
            history_total,
            codes: lists.several(CODES, &[place], &self.codes).into_iter().map(code).collect(),
            codes_total: self.codes.total(),
            contacts_total: self.contacts.total(),
            contacts: lists.sequence(CONTACTS, &[place], self.contacts),
            usernames: lists
                .several(USERNAMES, &[place], &self.usernames)
                .into_iter()
                .map(|(name, _)| name.clone())
                .collect(),
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
