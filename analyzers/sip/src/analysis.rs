//! What is done with each message, whatever carried it.

use std::net::IpAddr;

use mcpcap_analyzer::decode::{self, CopyReport};
use mcpcap_analyzer::stats::{Lists, Page};
use mcpcap_analyzer::{Answer, Capture, Ending, Flow, Maximum, Window, time};

use crate::arguments::Arguments;
use crate::authentication::Authentication;
use crate::calls::{Calls, Offer};
use crate::counts::Counts;
use crate::described;
use crate::details::{self, Budget, PacketDetails, Room};
use crate::filter::Filter;
use crate::findings::Watch;
use crate::message::facts::Facts;
use crate::message::{Fault, Message};
use crate::parties::Parties;
use crate::registrations::Registrations;
use crate::report::{Evicted, Limits, Report, Statistics};
use crate::rows;
use crate::seen::Seen;
use crate::transactions::{Key, Outcome, Transactions};
use crate::waiting::{Late, Turn, Waiting};

/// The state of a run, from messages on.
pub struct Analysis {
    maximum: Maximum,
    pub counts: Counts,
    waiting: Waiting,
    transactions: Transactions,
    calls: Calls,
    registrations: Registrations,
    authentication: Authentication,
    parties: Parties,
    watch: Watch,
    filter: Filter,
    lists: Lists,
    packets: Page<PacketDetails>,
    budget: Budget,
}

/// What was counted on the way to messages.
pub struct Carried {
    pub encrypted: u64,
    pub websockets: u64,
    pub copies: Option<CopyReport>,
    pub limits: Limits,
    pub decoding: decode::Statistics,
}

impl Analysis {
    /// Nothing seen yet.
    pub fn new(arguments: &Arguments, filter: Filter, window: Window) -> Self {
        let lists = Lists::new(window.clone());
        Self {
            maximum: Maximum::new(arguments.max_packets),
            counts: Counts::new(&lists),
            waiting: Waiting::default(),
            transactions: Transactions::new(&lists),
            calls: Calls::new(&window),
            registrations: Registrations::new(&lists),
            authentication: Authentication::new(&lists),
            parties: Parties::new(&lists),
            watch: Watch::new(),
            filter,
            lists,
            packets: Page::new(window),
            budget: Budget::new(arguments.headers),
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

    /// Takes bytes that begin with a start line. `framed`: Content-Length says where they end.
    pub fn message(&mut self, seen: &Seen, octets: &[u8], framed: bool) {
        if self.maximum.is_reached() {
            return;
        }
        let message = match Message::parse(octets, seen.cut, framed) {
            Ok(message) => message,
            Err(fault) => return self.counts.fault(fault, seen.frame),
        };
        self.maximum.take();
        let facts = Facts::of(&message);
        let Some(key) = Key::of(seen, &facts) else { return self.take(None, seen, &message, &facts) };
        match self.waiting.turn(seen, &key, !facts.is_request(), &self.transactions) {
            Turn::Now => self.take(Some(key), seen, &message, &facts),
            Turn::Later => self.waiting.push(seen, key, !facts.is_request(), octets, framed),
            Turn::Awaited => {
                self.take(Some(key), seen, &message, &facts);
                self.follow(key.call_id);
            }
        }
        while let Some(late) = self.waiting.overdue() {
            self.late(&late);
            self.follow(late.call_id());
        }
    }

    /// Takes what has waited in a dialog.
    fn follow(&mut self, call_id: u64) {
        while let Some(late) = self.waiting.next_of(call_id, &self.transactions) {
            self.late(&late);
        }
    }

    /// Takes a message that has waited.
    fn late(&mut self, late: &Late) {
        if let Ok(message) = Message::parse(&late.octets, late.seen.cut, late.framed) {
            let facts = Facts::of(&message);
            self.take(Key::of(&late.seen, &facts), &late.seen, &message, &facts);
        }
    }

    fn take(&mut self, key: Option<Key>, seen: &Seen, message: &Message<'_>, facts: &Facts<'_>) {
        let described = described::of(message);
        if described.goes_on {
            self.counts.fault(Fault::LongSessionDescription, seen.frame);
        }
        self.counts.take(seen, message, facts);
        self.parties.take(seen, facts);
        let place = if self.filter.fits(facts) {
            let place = usize::try_from(self.packets.total()).unwrap_or(usize::MAX);
            let mut room = Room { budget: &mut self.budget, lists: &mut self.lists, place };
            self.packets.push(|| details::describe(seen, message, &described, &mut room))
        } else {
            None
        };
        let outcome = self.transactions.take(key, seen, facts, place);
        if rows::are_wanted() {
            rows::add(seen, message, facts, &described.media, outcome);
            if !rows::calls_are_wanted() {
                return;
            }
        }
        if let Some(gone) = self.transactions.take_gone() {
            self.watch.unanswered(&gone);
        }
        self.link(seen, place, outcome);
        let media = described.media;
        let shown = described::of_call(message, &self.lists);
        let offer = Offer { media: &media, shown: shown.as_deref().unwrap_or(&media) };
        let begins_call = self.calls.take(seen, message, facts, offer, outcome, &self.filter);
        if begins_call && facts.is_request() && facts.is("INVITE") {
            self.counts.dialled(facts);
        }
        self.registrations.take(seen, message, facts, outcome);
        self.authentication.take(seen, facts, outcome);
        self.watch.take(seen, facts, &media, outcome);
    }

    /// Takes note of any packet from a host.
    pub fn hear(&mut self, source: IpAddr) {
        self.watch.hear(source);
    }

    /// Counts a payload that should have been a message.
    pub fn malformed(&mut self, fault: Fault, frame: u64) {
        self.counts.fault(fault, frame);
    }

    /// Tells listed messages of each other.
    fn link(&mut self, seen: &Seen, place: Option<usize>, outcome: Outcome) {
        if let Outcome::Answered { place: Some(request), is_final: true, .. } = outcome
            && let Some(request) = self.packets.get_mut(request)
        {
            request.response_frame = Some(seen.frame);
        }
        let Some(own) = place.and_then(|place| self.packets.get_mut(place)) else { return };
        match outcome {
            Outcome::Again(first) => own.retransmission_of = Some(first),
            Outcome::Answered { request, latency, .. } => {
                own.request_frame = Some(request);
                own.latency_ms = latency.map(time::milliseconds);
            }
            Outcome::Asked | Outcome::Unasked | Outcome::Unpaired => {}
        }
    }

    /// Ends the run.
    pub fn report(mut self, capture: &Capture, carried: Carried) -> Answer<Report> {
        while let Some(late) = self.waiting.next() {
            self.late(&late);
        }
        self.transactions.open().iter().for_each(|open| self.watch.unanswered(open));
        let digits = capture.time_digits();
        let found = self.maximum.taken();
        let evicted = Evicted {
            transactions: self.transactions.evicted(),
            calls: self.calls.evicted(),
            registrations: self.registrations.evicted(),
            endpoints: self.parties.evicted(),
            authentication: self.authentication.evicted(),
            pairs: self.watch.evicted(),
        };
        let lists = &mut self.lists;
        let (findings, findings_total) = self.watch.finish(lists);
        let packets_page = self.packets.info("packets");
        let (calls_report, calls, calls_page) = self.calls.finish(digits, lists);
        let registrations = self.registrations.list(&self.filter, digits, lists);
        let [
            (methods, methods_total),
            (cseq_methods, cseq_methods_total),
            (call_ids, _),
            (user_agents, user_agents_total),
            (servers, servers_total),
            (dialled_prefixes, dialled_prefixes_total),
        ] = self.counts.lists(lists);
        let (status_codes, malformed) = (self.counts.codes(), self.counts.faults(lists));
        let (endpoints_total, endpoints_total_is_exact) = self.parties.total();
        let (unique_call_ids, unique_call_ids_is_exact) = self.counts.call_ids();
        let statistics = Statistics {
            requests: self.counts.requests,
            responses: self.counts.responses,
            methods,
            methods_total,
            response_classes: self.counts.classes(),
            status_codes_total: status_codes.len() as u64,
            status_codes,
            cseq_methods,
            cseq_methods_total,
            transports: self.counts.transports(),
            unique_call_ids,
            unique_call_ids_is_exact,
            call_ids,
            user_agents,
            user_agents_total,
            servers,
            servers_total,
            dialled_prefixes,
            dialled_prefixes_total,
            lists_are_exact: self.counts.is_exact(),
            transactions: self.transactions.report(),
            requests_of_other_methods: self.transactions.of_other_methods,
            unanswered_requests: self.transactions.unanswered(lists),
            unanswered_requests_total: self.transactions.unanswered_total(),
            retransmitted_requests: self.transactions.retransmitted_requests,
            retransmitted_responses: self.transactions.retransmitted_responses,
            unasked_responses: self.transactions.unasked,
            calls: calls_report,
            registrations: self.registrations.report(),
            authentication: self.authentication.report(lists),
            endpoints: self.parties.report(lists),
            endpoints_total,
            endpoints_total_is_exact,
            malformed_total: malformed.len() as u64,
            malformed,
            encrypted_connections: carried.encrypted,
            websockets: carried.websockets,
            keep_alives: self.counts.keep_alives,
        };
        let mut pages = vec![calls_page, packets_page];
        pages.extend(self.lists.into_pages());
        let mut packets = self.packets.into_items();
        packets.iter_mut().filter_map(|packet| packet.timestamp.as_mut()).for_each(|text| time::shorten(text, digits));
        let message = (found == 0).then(|| {
            let encrypted = match carried.encrypted {
                0 => "",
                _ => "; connections on its ports are encrypted",
            };
            capture.nothing_found("SIP messages", &carried.decoding) + encrypted
        });
        let is_empty = found == 0 && statistics.malformed.is_empty() && carried.encrypted == 0;
        let report = Report {
            sip_packets_found: found,
            sip_packets_analyzed: found,
            copies: carried.copies,
            statistics,
            findings,
            findings_total,
            calls,
            registrations,
            packets,
            pages,
            ending: Ending {
                limits: Limits {
                    evicted,
                    requests_behind_their_responses: self.transactions.too_late,
                    responses_not_told_apart: self.transactions.not_told_apart,
                    ..carried.limits
                },
                note: self.maximum.note("messages"),
            },
        };
        Answer { message, report: (!is_empty).then_some(report) }
    }
}
