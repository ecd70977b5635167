//! One query and what came back.

use mcpcap_analyzer::stats::Place;
use mcpcap_analyzer::stream::Endpoint;
use mcpcap_analyzer::vlans::Vlans;
use std::rc::Rc;

use crate::brief::{Brief, Differs, Outcome, Topic};
use crate::limits;
use crate::message::codes::kind;
use crate::seen::{Seen, Service, Transport};

/// Responses after the first that are known one by one.
const AGAIN_KEPT: usize = 8;
/// Transmissions after the first that are known one by one.
const RESENT_KEPT: usize = 8;

/// A query and what came back.
#[derive(Debug)]
pub(super) struct Transaction {
    /// The question by hash, or a hash of the message where it has none that can be read.
    pub(super) identity: u64,
    pub(super) topic: Topic,
    /// Where its transmissions were heard.
    pub(super) vlans: Vlans,
    /// In lower case, as on the wire.
    pub(super) name: Option<Rc<[u8]>>,
    pub(super) server: Endpoint,
    /// Where its question is followed.
    pub(super) followed: Place,
    /// First transmission by time: its frame, its time, and where it stands in the page of listed messages.
    pub(super) frame: u64,
    pub(super) first: Option<u64>,
    pub(super) place: Option<usize>,
    /// Time of the last transmission.
    pub(super) last: Option<u64>,
    pub(super) queries: u32,
    /// The last transmissions besides the first, by time.
    resent: Vec<Sent>,
    /// The first response by time.
    pub(super) response: Option<First>,
    /// The next ones, by time; and how many more there are, and of those how many say something else.
    again: Vec<First>,
    more: u32,
    more_differing: u32,
}

/// One transmission of a query.
#[derive(Debug, Clone, Copy)]
struct Sent {
    frame: u64,
    time: Option<u64>,
    place: Option<usize>,
}

/// A response, in short.
#[derive(Debug, Clone, Copy)]
pub(super) struct First {
    pub(super) frame: u64,
    pub(super) time: Option<u64>,
    pub(super) place: Option<usize>,
    digest: u64,
    /// Whether what it says can be compared: it is whole.
    compares: bool,
}

/// A response that is to be paired.
#[derive(Debug, Clone)]
pub(super) struct Response {
    pub(super) seen: Seen,
    pub(super) brief: Brief,
    /// What it says, by hash: code and records. Only over UDP.
    pub(super) digest: u64,
    pub(super) place: Option<usize>,
    /// The open query with its ends and identifier and another question, when it came.
    pub(super) other: Option<(u64, Differs)>,
}

/// Whether a query was sent before a response, by the clock. Where there is none, and within a TCP stream, whose bytes are put in order,
/// the order of the file says so too.
pub(super) fn precedes(frame: u64, time: Option<u64>, response: &Seen) -> bool {
    let stands_before = frame < response.frame;
    match time.zip(response.timestamp) {
        Some((asked, answered)) => asked <= answered || (response.transport == Transport::Tcp && stands_before),
        None => stands_before,
    }
}

impl Transaction {
    pub(super) fn new(seen: &Seen, brief: &Brief, identity: u64, name: Option<Rc<[u8]>>, place: Option<usize>) -> Self {
        Self {
            identity,
            topic: brief.topic,
            vlans: seen.vlans,
            name,
            server: seen.destination,
            followed: Place::default(),
            frame: seen.frame,
            first: seen.timestamp,
            place,
            last: seen.timestamp,
            queries: 1,
            resent: Vec::new(),
            response: None,
            again: Vec::new(),
            more: 0,
            more_differing: 0,
        }
    }

    pub(super) fn precedes(&self, response: &Seen) -> bool {
        precedes(self.frame, self.first, response)
    }

    /// Whether its first transmission was before this message.
    pub(super) fn is_older(&self, seen: &Seen) -> bool {
        match self.first.zip(seen.timestamp) {
            Some((first, now)) if first != now => first < now,
            _ => self.frame < seen.frame,
        }
    }

    /// Whether a query with the same question, sent after it, is the same query sent again: before an answer, and not so late that no
    /// resolver waits any more.
    pub(super) fn is_sent_again_by(&self, seen: &Seen) -> bool {
        let open = self.response.is_none_or(|response| match response.time.zip(seen.timestamp) {
            Some((answered, now)) => now < answered,
            None => seen.frame < response.frame,
        });
        let pause = self.last.zip(seen.timestamp).map(|(last, now)| now.saturating_sub(last));
        open && pause.is_none_or(|pause| pause <= limits::RESEND)
    }

    /// Takes a further transmission.
    pub(super) fn was_sent_again(&mut self, seen: &Seen, place: Option<usize>) {
        self.last = self.last.max(seen.timestamp);
        self.add(Sent { frame: seen.frame, time: seen.timestamp, place });
    }

    /// Takes a transmission that was sent before all that are known; gives the place of the one that was the first until now.
    pub(super) fn was_sent_before(&mut self, seen: &Seen, place: Option<usize>) -> Option<usize> {
        let first = Sent { frame: self.frame, time: self.first, place: self.place };
        (self.frame, self.first, self.place) = (seen.frame, seen.timestamp, place);
        self.add(first);
        first.place
    }

    fn add(&mut self, sent: Sent) {
        self.queries = self.queries.saturating_add(1);
        let at = self.resent.partition_point(|other| (other.time, other.frame) < (sent.time, sent.frame));
        self.resent.insert(at, sent);
        if self.resent.len() > RESENT_KEPT {
            self.resent.remove(0);
        }
    }

    /// Transmissions after the first response are another query, of which nobody knew as long as that response had not come.
    fn split(&mut self) -> Option<Self> {
        let answered = self.response?.time?;
        let at = self.resent.partition_point(|sent| sent.time.is_none_or(|time| time <= answered));
        let mut resent = self.resent.split_off(at).into_iter();
        let first = resent.next()?;
        let resent: Vec<Sent> = resent.collect();
        let queries = u32::try_from(resent.len().saturating_add(1)).unwrap_or(u32::MAX);
        self.queries = self.queries.saturating_sub(queries);
        let last = std::mem::replace(&mut self.last, self.resent.last().map_or(self.first, |sent| sent.time));
        Some(Self {
            identity: self.identity,
            topic: self.topic,
            vlans: self.vlans,
            name: self.name.clone(),
            server: self.server,
            followed: self.followed,
            frame: first.frame,
            first: first.time,
            place: first.place,
            last,
            queries,
            resent,
            response: None,
            again: Vec::new(),
            more: 0,
            more_differing: 0,
        })
    }

    /// Whether a response repeats its question.
    pub(super) fn has_question_of(&self, response: &Brief) -> bool {
        matches!((self.topic, response.topic), (Topic::Question { hash, .. }, Topic::Question { hash: other, .. }) if hash == other)
    }

    /// Whether a response may belong to it without repeating its question: the response has none, or the query has none that can be read,
    /// as that of an inverse query, whose response fills it in (RFC 1035 §6.4).
    pub(super) fn may_be_of(&self, response: &Brief) -> bool {
        response.topic == Topic::None || !matches!(self.topic, Topic::Question { .. })
    }

    /// In what a response's question differs from its own.
    pub(super) fn differs(&self, response: &Brief) -> Differs {
        match (self.topic, response.topic) {
            (Topic::Question { name, kind, .. }, Topic::Question { name: other_name, kind: other_kind, .. }) => {
                match (name == other_name, kind == other_kind) {
                    (false, _) => Differs::Name,
                    (true, false) => Differs::Type,
                    (true, true) => Differs::Class,
                }
            }
            _ => Differs::Unreadable,
        }
    }

    /// Whether it had no answer yet when a response came.
    pub(super) fn was_open_at(&self, seen: &Seen) -> bool {
        self.response.is_none_or(|response| match response.time.zip(seen.timestamp) {
            Some((answered, now)) => now < answered,
            None => seen.frame < response.frame,
        })
    }

    /// Takes a response. What it is, the place of which that is to be noted, and a query that turned out to be another one.
    pub(super) fn answer(&mut self, response: &Response) -> (Outcome, Option<usize>, Option<Self>) {
        let own = First {
            frame: response.seen.frame,
            time: response.seen.timestamp,
            place: response.place,
            digest: response.digest,
            compares: response.brief.complete && !response.brief.truncated,
        };
        let kind = self.topic.kind();
        // The file may have the second answer before the first.
        let is_earlier = |first: First| first.time.zip(own.time).is_some_and(|(first, own)| own < first);
        let (first, later) = match self.response {
            None => (own, None),
            Some(first) if is_earlier(first) => (own, Some(first)),
            Some(first) => (first, Some(own)),
        };
        self.response = Some(first);
        if let Some(later) = later {
            self.add_again(later);
        }
        let mut other = self.split();
        if let Some(answered) = other.as_mut().and_then(|other| self.give_responses(other)) {
            return (Outcome::Answered { kind }, answered.place, other);
        }
        let Some(later) = later else { return (Outcome::Answered { kind }, own.place, other) };
        let continued = response.seen.transport == Transport::Tcp && matches!(kind, Some(kind::AXFR | kind::IXFR));
        (Outcome::AnsweredAgain { request: self.frame, continued, kind }, later.place, other)
    }

    fn add_again(&mut self, response: First) {
        let at = self.again.partition_point(|other| (other.time, other.frame) < (response.time, response.frame));
        self.again.insert(at, response);
        if self.again.len() > AGAIN_KEPT
            && let Some(last) = self.again.pop()
        {
            self.more = self.more.saturating_add(1);
            self.more_differing = self.more_differing.saturating_add(self.says_otherwise(last).into());
        }
    }

    /// Gives a later query its responses, which were taken for further ones to this query. The first of them.
    pub(super) fn give_responses(&mut self, later: &mut Self) -> Option<First> {
        let asked = later.first?;
        let at = self.again.partition_point(|response| response.time.is_none_or(|time| time < asked));
        let mut given = self.again.split_off(at).into_iter();
        let first = given.next()?;
        later.response = Some(first);
        later.again = given.collect();
        Some(first)
    }

    fn says_otherwise(&self, other: First) -> bool {
        self.response.is_some_and(|first| first.compares && other.compares && first.digest != other.digest)
    }

    /// How many further responses say the same, or continue the first; and how many say something else although each query had its
    /// response, with the first of those.
    pub(super) fn further(&self, service: Service, transport: Transport) -> (u64, u64, Vec<(u64, Option<usize>)>) {
        if transport == Transport::Tcp && matches!(self.topic.kind(), Some(kind::AXFR | kind::IXFR)) {
            return (0, 0, Vec::new());
        }
        let more = u64::from(self.more).saturating_add(self.again.len() as u64);
        let mut conflicts = Vec::new();
        let mut conflicting = 0;
        if service == Service::Dns && transport == Transport::Udp {
            let differing = self.again.iter().filter(|other| self.says_otherwise(**other));
            conflicts.extend(differing.map(|other| (other.frame, other.place)));
            let differing = u64::from(self.more_differing).saturating_add(conflicts.len() as u64);
            conflicting = differing.min(more.saturating_add(1).saturating_sub(self.queries.into()));
            conflicts.truncate(usize::try_from(conflicting).unwrap_or(usize::MAX));
        }
        (more.saturating_sub(conflicting), conflicting, conflicts)
    }
}

/// The transaction of a list (in the order of time) to which a response belongs: the latest query before it that it repeats, or else the
/// latest open one that it may belong to, or else the latest such. Those of its own VLAN come before others; those of VLANs with hosts of their own
/// are none.
pub(super) fn find(
    list: &[Transaction],
    response: &Response,
    separate: impl Fn(Vlans, Vlans) -> bool,
) -> Option<usize> {
    let before = |transaction: &Transaction| transaction.precedes(&response.seen);
    pick(list, response, separate, before, |transaction| transaction.was_open_at(&response.seen))
}

/// The same by the order of the file, for clocks that were set back: only queries that are still open.
pub(super) fn find_by_file(
    list: &[Transaction],
    response: &Response,
    separate: impl Fn(Vlans, Vlans) -> bool,
) -> Option<usize> {
    let before = |transaction: &Transaction| transaction.response.is_none() && transaction.frame < response.seen.frame;
    pick(list, response, separate, before, |_| true)
}

fn pick(
    list: &[Transaction],
    response: &Response,
    separate: impl Fn(Vlans, Vlans) -> bool,
    before: impl Fn(&Transaction) -> bool,
    open: impl Fn(&Transaction) -> bool,
) -> Option<usize> {
    let (brief, vlans) = (&response.brief, response.seen.vlans);
    let among = |fits: &dyn Fn(&Transaction) -> bool| {
        let may_be = |transaction: &Transaction| fits(transaction) && transaction.may_be_of(brief);
        list.iter()
            .rposition(|transaction| fits(transaction) && transaction.has_question_of(brief))
            .or_else(|| list.iter().rposition(|transaction| may_be(transaction) && open(transaction)))
            .or_else(|| list.iter().rposition(may_be))
    };
    let same = |transaction: &Transaction| transaction.vlans == vlans && before(transaction);
    let other = |transaction: &Transaction| {
        transaction.vlans != vlans && before(transaction) && !separate(transaction.vlans, vlans)
    };
    among(&same).or_else(|| among(&other))
}
