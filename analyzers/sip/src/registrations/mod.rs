//! Registrations (RFC 3261 §10): who registered which account where, and what came of it.

mod registration;
pub mod report;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::IpAddr;

use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Others, Pool};

use crate::filter::Filter;
use crate::limits;
use crate::message::Message;
use crate::message::facts::Facts;
use crate::seen::Seen;
use crate::transactions::Outcome;
use registration::{Kind, Registration};
use report::{RegistrationReport, RegistrationsReport};

/// Account, client and server.
type Key = (Vec<u8>, IpAddr, IpAddr);

/// All registrations.
pub struct Registrations {
    table: BoundedMap<Key, Registration>,
    room: Room,
    others: Others<Key, Registration>,
    /// The same of those.
    room_of_others: Room,
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

/// The list of registrations.
pub const REGISTRATIONS: &str = "registrations";
/// The lists of each registration, by the names under which a page of one can be asked for.
pub const CODES: &str = "registrations[].codes";
/// See [`CODES`].
pub const CONTACTS: &str = "registrations[].contacts";
/// See [`CODES`].
pub const USERNAMES: &str = "registrations[].usernames";
/// See [`CODES`].
pub const HISTORY: &str = "registrations[].history";
/// See [`CODES`].
pub const HISTORY_FRAMES: &str = "registrations[].history[].frames";

impl Registrations {
    /// None yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            table: BoundedMap::new(limits::REGISTRATIONS),
            room: Room::new(),
            others: Others::new(REGISTRATIONS, lists),
            room_of_others: Room::new(),
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
                self.each(facts, seen.frame, source, destination, |known, room| {
                    known.request(seen, message, facts, room);
                });
            }
            (Some(status), Outcome::Answered { is_final: true, authenticated, request, .. }) => {
                let kind = Kind::of(status, facts, authenticated);
                self.count(kind);
                self.each(facts, seen.frame, destination, source, |known, room| {
                    known.response(seen, message, status, kind, Some(request), room);
                });
            }
            // The request is not in the capture; what the server says of the account counts all the same.
            (Some(status @ 200..), Outcome::Unasked) => {
                let kind = Kind::of(status, facts, false);
                self.count(kind);
                self.each(facts, seen.frame, destination, source, |known, room| {
                    known.response(seen, message, status, kind, None, room);
                });
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

    /// Changes what is kept of a registration: in the table, and on the page that is asked for.
    fn each(
        &mut self,
        facts: &Facts<'_>,
        frame: u64,
        client: IpAddr,
        server: IpAddr,
        take: impl Fn(&mut Registration, &mut Room),
    ) {
        let mut account = facts.to.uri.account();
        account.truncate(limits::TEXT);
        let key = (account, client, server);
        if self.table.get(&key).is_none() {
            self.distinct.add(&key);
        }
        let room = &mut self.room_of_others;
        let make = || Registration::new(frame);
        if let Some((_, other)) = self.others.entry_or(&key, || key.clone(), make, |gone| gone.release(room)) {
            take(other, &mut self.room_of_others);
        }
        let (known, gone) = self.table.get_or_insert_with(key, make);
        if let Some((_, gone)) = gone {
            gone.release(&mut self.room);
        }
        take(known, &mut self.room);
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

    /// Those that fit, the ones with most requests first.
    pub fn list(&mut self, filter: &Filter, digits: u8, lists: &mut Lists) -> Vec<RegistrationReport> {
        let fits = |(account, ..): &Key, known: &Registration| filter.fits_account(account, &known.usernames);
        let mut all: Vec<(Key, Registration)> = std::iter::from_fn(|| self.table.pop_oldest()).collect();
        let gone = self.distinct.count().saturating_sub(all.len() as u64);
        all.retain(|(key, known)| fits(key, known));
        all.sort_by_key(|(_, known)| (Reverse(known.requests), known.first));
        // Nobody knows how many of those that made room fit, where not all do.
        let gone = if filter.user.is_none() { gone } else { gone.min(1) };
        let total = gone.saturating_add(all.len() as u64);
        let others = std::mem::replace(&mut self.others, Others::new(REGISTRATIONS, &Lists::default()));
        let in_order: BTreeSet<Key> =
            if others.are_asked() { all.iter().map(|(key, _)| key.clone()).collect() } else { BTreeSet::new() };
        let make =
            |key: Key, other: Registration| (!in_order.contains(&key) && fits(&key, &other)).then_some((key, other));
        let listed = others.into_made(all, limits::REGISTRATIONS_LISTED, total, make, lists);
        let places = lists.place(REGISTRATIONS)..;
        places.zip(listed).map(|(place, (key, known))| known.report(&key, digits, place, lists)).collect()
    }
}

impl Room {
    fn new() -> Self {
        Self {
            values: Pool::new(limits::REGISTRATION_VALUES),
            history: Pool::new(limits::HISTORY),
            contacts: Pool::new(limits::ALL_CONTACTS),
        }
    }
}
