//! Calls: what an INVITE begins (RFC 3261 §12 and §13), by Call-ID and tag of the caller.

pub mod report;

use std::hash::BuildHasher;
use std::net::SocketAddr;

use mcpcap_analyzer::stats::{BoundedMap, FixedHash, Keyed, Lists, Page, PageInfo, Pool, Sequence, Several, Window};
use mcpcap_analyzer::time;

use crate::described::OF_CALLS;
use crate::filter::Filter;
use crate::limits;
use crate::media::MediaReport;
use crate::message::facts::{Facts, hash};
use crate::message::sdp::Media;
use crate::message::{Message, Start};
use crate::rows;
use crate::seen::{Seen, Transport};
use crate::transactions::Outcome;
use crate::words::{text, word};
use report::{CallMedia, CallReport, Step, Totals};

/// A frame and its time.
#[derive(Debug, Clone, Copy)]
struct Moment {
    frame: u64,
    time: Option<u64>,
}

/// A final response.
struct Final {
    status: u16,
    reason: String,
    moment: Moment,
}

/// A branch of a call: its To tag tells it from others, and its last status.
type Fork = Keyed<u64, u16>;
/// A medium of one side: what it says tells it from others.
type Described = Keyed<u64, CallMedia>;

/// What is known of a call.
struct Call {
    call_id: String,
    from_tag: u64,
    caller: String,
    callee: String,
    request_uri: Option<String>,
    caller_address: SocketAddr,
    callee_address: SocketAddr,
    /// What carried its first message, and the outer VLAN of a datagram.
    carried: (Transport, Option<u16>),
    caller_agent: Option<String>,
    callee_agent: Option<String>,
    first: Moment,
    last_frame: u64,
    /// The first INVITE; none when the capture began later.
    invited: Option<Moment>,
    /// Of the caller's last INVITE before the answer.
    invite_cseq: Option<u64>,
    progress: Option<Moment>,
    ringing: Option<Moment>,
    answered: Option<Moment>,
    acknowledged: bool,
    cancelled: Option<Moment>,
    /// And whether the caller sent it.
    bye: Option<(Moment, bool)>,
    result: Option<Final>,
    end_reason: Option<String>,
    early_media: bool,
    challenges: u32,
    reinvites: u32,
    /// Highest CSeq of re-INVITEs, of caller and callee.
    reinvite_cseq: [u64; 2],
    retransmissions: u32,
    forks: Several<Fork>,
    /// Whether its texts are kept: it is listed, or a row.
    has_texts: bool,
    /// Place among the listed calls, if it is one. Only then the following are kept.
    place: Option<usize>,
    ladder: Sequence<Step>,
    media: Several<Described>,
}

const LIST: &str = "calls";
/// The list of messages of each call.
pub const LADDER: &str = "calls[].ladder";
/// The list of branches of each call.
pub const FORKS: &str = "calls[].forks";

/// All calls.
pub struct Calls {
    table: BoundedMap<(u64, u64), Call>,
    totals: Totals,
    /// Their reports come when they end or make room.
    listed: Page<Option<CallReport>>,
    lists: Lists,
    rooms: Rooms,
}

/// Room that the lists of all calls share.
struct Rooms {
    forks: Pool,
    ladders: Pool,
    media: Pool,
}

/// The media that a message describes.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    /// By these they are told apart.
    pub media: &'a [Media<'a>],
    /// The same, with the parts of their lists that the report holds.
    pub shown: &'a [Media<'a>],
}

impl Calls {
    /// No calls yet. `window` is the page of them that is listed.
    pub fn new(window: &Window) -> Self {
        Self {
            table: BoundedMap::new(limits::CALLS),
            totals: Totals::default(),
            listed: Page::new(window.clone()),
            lists: Lists::new(window.clone()),
            rooms: Rooms {
                forks: Pool::new(limits::FORKS),
                ladders: Pool::new(limits::ALL_LADDERS),
                media: Pool::new(limits::LISTED_MEDIA),
            },
        }
    }

    /// Takes a message. Whether it begins a call.
    pub fn take(
        &mut self,
        seen: &Seen,
        message: &Message<'_>,
        facts: &Facts<'_>,
        offer: Offer<'_>,
        outcome: Outcome,
        filter: &Filter,
    ) -> bool {
        if facts.call_id.is_empty() {
            return false;
        }
        let call_id = hash(facts.call_id);
        let tags = [hash(facts.from_tag), hash(facts.to_tag)];
        let known = tags.into_iter().map(|tag| (call_id, tag)).find(|key| self.table.get(key).is_some());
        let is_new = known.is_none();
        if is_new && !begins(facts) {
            return false;
        }
        let key = known.unwrap_or((call_id, hash(facts.from_tag)));
        if is_new {
            self.begin(key, seen, facts, filter);
        }
        let Some(call) = self.table.get_mut(&key) else { return false };
        call.step(seen, message, facts, offer.media, outcome, &mut self.rooms);
        call.media(seen, facts, offer, &mut self.rooms.media);
        is_new
    }

    fn begin(&mut self, key: (u64, u64), seen: &Seen, facts: &Facts<'_>, filter: &Filter) {
        self.totals.total = self.totals.total.saturating_add(1);
        let place = if filter.fits_call(facts) { self.listed.push(|| None) } else { None };
        if let Some((_, gone)) = self.table.insert(key, Call::new(key.1, seen, facts, place)) {
            self.conclude(gone);
        }
    }

    fn conclude(&mut self, call: Call) {
        self.totals.add(&call);
        call.forks.release(&mut self.rooms.forks);
        if rows::calls_are_wanted() {
            let hop = rows::Hop {
                caller: call.caller_address,
                callee: call.callee_address,
                carried: call.carried,
                time: call.first.time,
            };
            return rows::add_call(&hop, call.report(0, &mut Lists::default()));
        }
        let first = self.listed.info(LIST).place();
        if let Some(place) = call.place
            && let Some(listed) = self.listed.get_mut(place)
        {
            *listed = Some(call.report(first.saturating_add(place), &mut self.lists));
        }
    }

    /// Calls that had to make room.
    pub fn evicted(&self) -> u64 {
        self.table.evicted()
    }

    /// Numbers over all calls, the listed ones, and what part of all that is.
    pub fn finish(mut self, digits: u8, lists: &mut Lists) -> (report::CallsReport, Vec<CallReport>, PageInfo) {
        while let Some((_, call)) = self.table.pop_oldest() {
            self.conclude(call);
        }
        let page = self.listed.info(LIST);
        lists.extend(self.lists);
        let mut calls: Vec<CallReport> = self.listed.into_items().into_iter().flatten().collect();
        calls.iter_mut().filter_map(|call| call.start.as_mut()).for_each(|start| time::shorten(start, digits));
        (self.totals.report(), calls, page)
    }
}

/// Whether a message of no known call is part of one.
fn begins(facts: &Facts<'_>) -> bool {
    let within = facts.to_tag.is_some();
    match facts.status {
        None => facts.is("INVITE") || (facts.is("BYE") && within),
        // 100 and refusals without their INVITE tell too little.
        Some(status) => facts.is("INVITE") && within && (101..300).contains(&status),
    }
}

impl Call {
    fn new(from_tag: u64, seen: &Seen, facts: &Facts<'_>, place: Option<usize>) -> Self {
        // Of calls that nobody is told of no text is needed.
        let has_texts = place.is_some() || rows::calls_are_wanted();
        let text = |octets: &[u8]| if has_texts { text(octets) } else { String::new() };
        let (from, to) =
            if facts.is_request() { (seen.source, seen.destination) } else { (seen.destination, seen.source) };
        Self {
            call_id: text(facts.call_id),
            from_tag,
            caller: text(&facts.from.uri.account()),
            callee: text(&facts.to.uri.account()),
            request_uri: facts.uri.filter(|_| facts.is("INVITE")).map(|uri| text(uri.text)),
            caller_address: from,
            callee_address: to,
            carried: (seen.transport, seen.vlan),
            caller_agent: None,
            callee_agent: None,
            first: Moment { frame: seen.frame, time: seen.timestamp },
            last_frame: seen.frame,
            invited: None,
            invite_cseq: None,
            progress: None,
            ringing: None,
            answered: None,
            acknowledged: false,
            cancelled: None,
            bye: None,
            result: None,
            end_reason: None,
            early_media: false,
            challenges: 0,
            reinvites: 0,
            reinvite_cseq: [0; 2],
            retransmissions: 0,
            forks: if place.is_some() { Several::of(FORKS) } else { Several::default() },
            place,
            has_texts,
            ladder: Sequence::of(LADDER, limits::LADDER),
            media: Several::of(OF_CALLS.media),
        }
    }

    fn step(
        &mut self,
        seen: &Seen,
        message: &Message<'_>,
        facts: &Facts<'_>,
        media: &[Media<'_>],
        outcome: Outcome,
        rooms: &mut Rooms,
    ) {
        if let Outcome::Again(first) = outcome {
            self.retransmissions = self.retransmissions.saturating_add(1);
            self.ladder.change_last(|step| step.frame == first, |step| step.repeats = step.repeats.saturating_add(1));
            return;
        }
        self.last_frame = self.last_frame.max(seen.frame);
        self.climb(seen, facts, !media.is_empty(), &mut rooms.ladders);
        let by_caller = self.sent_by_caller(facts);
        let agent = if by_caller { &mut self.caller_agent } else { &mut self.callee_agent };
        if agent.is_none() && self.has_texts {
            *agent = facts.agent.map(text);
        }
        let now = Moment { frame: seen.frame, time: seen.timestamp };
        match message.start {
            Start::Request { .. } => self.request(now, message, facts, by_caller),
            Start::Response { status, reason } => {
                self.response(now, facts, (status, reason), !media.is_empty(), &mut rooms.forks);
            }
        }
    }

    /// By tags; both ends may stand behind the same proxy.
    fn sent_by_caller(&self, facts: &Facts<'_>) -> bool {
        (hash(facts.from_tag) == self.from_tag) == facts.is_request()
    }

    fn request(&mut self, now: Moment, message: &Message<'_>, facts: &Facts<'_>, by_caller: bool) {
        let reason = message.value("reason").filter(|_| self.has_texts).map(text);
        match facts.method {
            b"INVITE" if facts.to_tag.is_none() && self.answered.is_none() => {
                self.invited.get_or_insert(now);
                if facts.cseq > self.invite_cseq {
                    // The answer to a challenge, or the first one.
                    self.invite_cseq = facts.cseq;
                    self.result = None;
                }
            }
            b"INVITE" => {
                let [caller, callee] = &mut self.reinvite_cseq;
                let highest = if by_caller { caller } else { callee };
                let cseq = facts.cseq.unwrap_or(0);
                if facts.to_tag.is_some() && cseq > *highest {
                    *highest = cseq;
                    self.reinvites = self.reinvites.saturating_add(1);
                }
            }
            b"ACK" if self.answered.is_some() => self.acknowledged = true,
            b"CANCEL" if self.cancelled.is_none() && self.answered.is_none() => {
                self.cancelled = Some(now);
                self.end_reason = reason;
            }
            b"BYE" if self.bye.is_none() => {
                self.bye = Some((now, by_caller));
                self.end_reason = reason;
            }
            _ => {}
        }
    }

    fn response(&mut self, now: Moment, facts: &Facts<'_>, (status, reason): (u16, &[u8]), sdp: bool, pool: &mut Pool) {
        let of_caller = hash(facts.from_tag) == self.from_tag;
        let of_first = self.invite_cseq.is_none() || facts.cseq == self.invite_cseq;
        if !facts.is("INVITE") || !of_caller || !of_first {
            return;
        }
        if let Some(tag) = facts.to_tag {
            let fork = Fork { key: hash(tag), value: status };
            // The tag of a challenge or of a proxy's refusal is nobody's.
            if status < 300 {
                self.forks.add(&fork, pool);
            }
            self.forks.change(&fork, |known| known.value = status);
        }
        match status {
            100 => {}
            101..200 => {
                self.progress.get_or_insert(now);
                if status == 180 {
                    self.ringing.get_or_insert(now);
                }
                self.early_media |= sdp;
            }
            _ => {
                let is_answer = status < 300 && self.answered.is_none();
                if is_answer {
                    self.answered = Some(now);
                }
                if matches!(status, 401 | 407) && self.result.is_none() {
                    self.challenges = self.challenges.saturating_add(1);
                }
                // Of several refusals the first one counts, and an answer more than any.
                if is_answer || (self.answered.is_none() && self.result.is_none()) {
                    let reason = if self.has_texts { text(reason) } else { String::new() };
                    self.result = Some(Final { status, reason, moment: now });
                }
            }
        }
    }

    fn climb(&mut self, seen: &Seen, facts: &Facts<'_>, sdp: bool, room: &mut Pool) {
        if self.place.is_none() {
            return;
        }
        let message = || match facts.status {
            None => word(facts.method),
            Some(status) => format!("{status} {}", word(facts.method)),
        };
        let since = seen.timestamp.zip(self.first.time).and_then(|(now, first)| now.checked_sub(first));
        let step = || Step {
            frame: seen.frame,
            at_ms: since.map(time::milliseconds),
            source: seen.source.to_string(),
            destination: seen.destination.to_string(),
            message: message(),
            sdp,
            repeats: 0,
        };
        // The room is for listed calls, which stay until the end.
        self.ladder.push(step, room);
    }

    fn media(&mut self, seen: &Seen, facts: &Facts<'_>, offer: Offer<'_>, room: &mut Pool) {
        if self.place.is_none() {
            return;
        }
        let side = if self.sent_by_caller(facts) { "caller" } else { "callee" };
        for (described, shown) in offer.media.iter().zip(offer.shown) {
            let key = FixedHash::default().hash_one((side, described));
            let media = CallMedia { frame: seen.frame, side, media: MediaReport::of(shown) };
            self.media.add(&Described { key, value: media }, room);
        }
    }
}
