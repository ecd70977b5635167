//! Echoes between a requester and a target.

use std::net::IpAddr;

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::numbers::share;
use mcpcap_analyzer::stats::{Lists, Pool, Quantiles, Several, SummaryMs, entropy};
use mcpcap_analyzer::vlans::{Directions, Vlans};
use serde::Serialize;
use smallvec::SmallVec;

use crate::findings::thresholds::TUNNEL_ENTROPY;
use crate::inner::{self, Inner};
use crate::limits;
use crate::message::{Message, Version};
use crate::waiting::Pair;

/// The list of identifiers of each pair of requester and target.
pub const IDENTIFIERS: &str = "statistics.echo_pairs[].identifiers";

/// How long after its request a reply counts as late, in nanoseconds: the time that most programs wait for it.
pub const LATE: u64 = 1_000_000_000;

/// Echoes between a requester and a target.
pub struct Session {
    /// ICMP or ICMPv6.
    pub version: Version,
    /// Identifiers of requests.
    pub identifiers: Several<u16>,
    /// Requests.
    pub requests: u64,
    /// Replies, of all kinds.
    pub replies: u64,
    /// Requests that got a reply.
    pub answered: u64,
    /// Further replies.
    pub duplicates: u64,
    /// Replies without request.
    pub unasked: u64,
    /// Replies after a second or more.
    pub late: u64,
    /// Replies whose payload is not that of the request.
    pub unlike: u64,
    /// Frames of requests that no reply was seen for are not known before the end; these are the first requests.
    pub frames: Evidence,
    /// Frames of replies without request.
    pub unasked_frames: Evidence,
    round_trips: Quantiles,
    /// Messages with a payload of 128 bytes or more, and the sum of their entropies in bits per byte.
    pub large: (u64, f64),
    /// Frames of those.
    pub large_frames: Evidence,
    /// Frames that speak for a tunnel, each once: large ones, those that carry a packet, and replies unlike their requests.
    pub tunnel_frames: Evidence,
    sizes: (usize, usize),
    /// Requests by second, in the two seconds that came last: files are not always in the order of time.
    seconds: [(u64, u64); 2],
    most_in_a_second: u64,
    /// Where requests and replies were heard.
    pub directions: Directions,
    /// IP packets in the payloads.
    pub inner: Option<Box<Inner>>,
}

/// Payloads from this size on tell something by their entropy: below, entropy is bounded by the size.
pub const LARGE: usize = 128;

/// Entropy of bytes in bits per byte, or that of the differences between neighbours where it is less: the patterns of `ping` rise byte by byte.
fn disorder(data: &[u8]) -> f64 {
    let of_bytes = entropy(data);
    if of_bytes < TUNNEL_ENTROPY {
        return of_bytes;
    }
    let pairs = data.iter().zip(data.iter().skip(1));
    let differences: SmallVec<[u8; 1536]> = pairs.map(|(one, next)| next.wrapping_sub(*one)).collect();
    of_bytes.min(entropy(&differences))
}

impl Session {
    /// Nothing exchanged yet.
    pub fn new(message: &Message<'_>) -> Self {
        Self {
            version: message.version,
            identifiers: Several::of(IDENTIFIERS),
            requests: 0,
            replies: 0,
            answered: 0,
            duplicates: 0,
            unasked: 0,
            late: 0,
            unlike: 0,
            frames: Evidence::default(),
            unasked_frames: Evidence::default(),
            round_trips: Quantiles::with_exact(limits::SESSION_TIMES),
            large: (0, 0.0),
            large_frames: Evidence::default(),
            tunnel_frames: Evidence::default(),
            sizes: (usize::MAX, 0),
            seconds: [(0, 0); 2],
            most_in_a_second: 0,
            directions: Directions::default(),
            inner: None,
        }
    }

    /// The most requests within one second.
    pub fn most_in_a_second(&self) -> u64 {
        self.most_in_a_second
    }

    /// Takes what a message carries, and where it was heard. `carried`: the ends of the IP packet in its payload.
    pub fn note(
        &mut self,
        message: &Message<'_>,
        frame: u64,
        vlans: Vlans,
        carried: Option<inner::Ends>,
        flows: &mut Pool,
    ) {
        let length = message.data_length;
        self.sizes = (self.sizes.0.min(length), self.sizes.1.max(length));
        if message.data.len() >= LARGE {
            self.large = (self.large.0.saturating_add(1), self.large.1 + disorder(message.data));
            self.large_frames.add(frame);
            self.tunnel_frames.add(frame);
        }
        if let Some(ends) = carried {
            self.tunnel_frames.add(frame);
            self.inner.get_or_insert_default().add(ends, frame, flows);
        }
        self.directions.note(vlans, message.is_echo());
    }

    /// Packets in the payloads, when there are enough of them for a tunnel.
    pub fn carried(&self) -> Option<&Inner> {
        self.inner.as_deref().filter(|inner| inner.is_tunnel())
    }

    /// Takes a request.
    pub fn request(&mut self, identifier: u16, frame: u64, time: Option<u64>, pool: &mut Pool) {
        self.requests = self.requests.saturating_add(1);
        self.frames.add(frame);
        self.identifiers.add(&identifier, pool);
        let second = time.unwrap_or_default() / 1_000_000_000;
        let [last, before] = self.seconds;
        if second == before.0 && second != last.0 {
            self.seconds = [before, last];
        } else if second != last.0 {
            self.seconds = [(second, 0), last];
        }
        let [(_, count), _] = &mut self.seconds;
        *count = count.saturating_add(1);
        self.most_in_a_second = self.most_in_a_second.max(*count);
    }

    /// Takes a request and its reply.
    pub fn pair(&mut self, pair: &Pair) {
        self.answered = self.answered.saturating_add(1);
        if pair.is_unlike() {
            self.unlike = self.unlike.saturating_add(1);
            if !pair.reply.is_noted {
                self.tunnel_frames.add(pair.reply.frame);
            }
        }
        if let Some(lasted) = pair.round_trip() {
            self.round_trips.add(lasted);
            self.late = self.late.saturating_add((lasted >= LATE).into());
        }
    }
}

/// Echoes between a requester and a target.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PairReport {
    /// Address that sent the requests.
    pub requester: IpAddr,
    /// Address that was asked.
    pub target: IpAddr,
    /// 4 for ICMP, 6 for ICMPv6.
    pub ip_version: u8,
    /// Identifiers of the requests. Of many this is a page.
    pub identifiers: Vec<u16>,
    /// Different ones; the messages in `packets` have them all.
    pub identifiers_total: u64,
    /// That is an estimate with a standard error of 2.3 %; where also the counters were used up, there are at least so many.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub identifiers_total_is_estimate: bool,
    /// Echo requests.
    pub requests: u64,
    /// Echo replies.
    pub replies: u64,
    /// Requests with a reply.
    pub answered: u64,
    /// Unanswered requests by requests.
    pub loss: f64,
    /// Further replies to a request that had one.
    pub duplicate_replies: u64,
    /// Replies without a request in the capture.
    pub replies_without_request: u64,
    /// Replies that came 1 s or more after the request.
    pub late_replies: u64,
    /// Replies whose payload is not that of their request.
    pub replies_unlike_request: u64,
    /// Bytes of payload.
    pub min_payload: u64,
    /// The largest payload, in bytes.
    pub max_payload: u64,
    /// Mean entropy in bits per byte of payloads of 128 bytes or more; of the differences between neighbouring bytes, where it is less
    /// (patterns that rise byte by byte have none).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload_entropy: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtt: Option<SummaryMs>,
    /// The first request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_frame: Option<u64>,
}

impl PairReport {
    /// The report on a session.
    pub fn new(requester: IpAddr, target: IpAddr, session: &Session, place: usize, lists: &mut Lists) -> Self {
        let identifiers = lists.several(IDENTIFIERS, &[place], &session.identifiers);
        Self {
            requester,
            target,
            ip_version: session.version.number(),
            identifiers: identifiers.into_iter().map(|(identifier, _)| *identifier).collect(),
            identifiers_total: session.identifiers.total(),
            identifiers_total_is_estimate: !session.identifiers.is_exact(),
            requests: session.requests,
            replies: session.replies,
            answered: session.answered,
            loss: share(session.requests.saturating_sub(session.answered), session.requests),
            duplicate_replies: session.duplicates,
            replies_without_request: session.unasked,
            late_replies: session.late,
            replies_unlike_request: session.unlike,
            min_payload: session.sizes.0.min(session.sizes.1) as u64,
            max_payload: session.sizes.1 as u64,
            payload_entropy: mean_entropy(session),
            rtt: session.round_trips.summary_ms(),
            first_frame: session.frames.frames().first().copied(),
        }
    }
}

/// Mean entropy of a session's large payloads.
pub fn mean_entropy(session: &Session) -> Option<f64> {
    let (count, sum) = session.large;
    (count > 0).then(|| sum / count as f64)
}
