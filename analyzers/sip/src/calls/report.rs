//! Calls as the report lists them.

use mcpcap_analyzer::stats::{Lists, Quantiles, SummaryMs};
use mcpcap_analyzer::{JsonSchema, is_default, time};
use serde::Serialize;

use super::{Call, Moment};
use crate::described::OF_CALLS;
use crate::media::MediaReport;
use crate::tallies::NamedCount;

/// Numbers over all calls. A call is what one INVITE without a To tag begins, with all that belongs to it; retransmissions, proxied
/// copies, answers to challenges and re-INVITEs belong to it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CallsReport {
    /// Calls; at most so many when `limits.evicted.calls` is there: what comes later of a call that made room counts as another.
    pub total: u64,
    /// Calls by `outcome`.
    pub outcomes: Vec<NamedCount>,
    /// Answered calls without BYE in the capture.
    pub without_end: u64,
    /// Answered calls without ACK in the capture.
    pub without_ack: u64,
    /// Calls that began before the capture.
    pub not_seen_from_start: u64,
    /// Calls with a session description before the answer.
    pub with_early_media: u64,
    /// Calls with responses of several To tags.
    pub forked: u64,
    /// INVITEs within calls.
    pub reinvites: u64,
    /// From the first INVITE to the first 18x or 2xx.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_dial_delay: Option<SummaryMs>,
    /// From the first 180 to the answer, the refusal or CANCEL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_time: Option<SummaryMs>,
    /// From the first INVITE to its first 2xx.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup_time: Option<SummaryMs>,
    /// From that 2xx to BYE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub talk_time: Option<SummaryMs>,
}

/// A call. Texts are from the capture; times are between first transmissions as captured.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CallReport {
    /// First frame.
    pub frame: u64,
    /// Last frame but for retransmissions.
    pub last_frame: u64,
    /// Time of the first frame: RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub start: Option<String>,
    /// Call-ID.
    pub call_id: String,
    /// User and host of From.
    pub caller: String,
    /// User and host of To.
    pub callee: String,
    /// Request-URI of the first INVITE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_uri: Option<String>,
    /// Address and port of the caller's end of the first hop.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub caller_address: String,
    /// Address and port of the callee's end of the first hop.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub callee_address: String,
    /// User-Agent of the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_agent: Option<String>,
    /// User-Agent or Server of the callee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callee_agent: Option<String>,
    /// `answered`, `cancelled`, `busy` (486, 600), `rejected` (other 4xx, 6xx), `failed` (5xx), `redirected` (3xx), `challenged` (401,
    /// 407 and nothing after), `unanswered` (no final response).
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub outcome: &'static str,
    /// The final response to the last INVITE of the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_code: Option<u16>,
    /// Its reason phrase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_reason: Option<String>,
    /// `caller` or `callee`: who sent BYE, CANCEL or the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub ended_by: Option<&'static str>,
    /// Reason header of BYE or CANCEL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<String>,
    /// From the first INVITE to the first 18x or 2xx, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_dial_delay_ms: Option<f64>,
    /// From the first 180 to the answer, the refusal or CANCEL, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_ms: Option<f64>,
    /// From the first INVITE to its first 2xx, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup_ms: Option<f64>,
    /// From that 2xx to BYE, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub talk_seconds: Option<f64>,
    /// False when the capture began within the call; then `caller` is the side of the first message's From.
    pub seen_from_start: bool,
    /// Whether the answer was acknowledged.
    pub acknowledged: bool,
    /// Whether a 18x response has a session description.
    pub early_media: bool,
    /// 401 and 407 to the caller's INVITEs.
    pub challenges: u32,
    /// INVITEs within the call.
    pub reinvites: u32,
    /// Messages that were sent again.
    pub retransmissions: u32,
    /// Last status of each branch, when there are several To tags; of one call 1,024 are kept, of all 16,384. Of many this is a page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forks: Vec<u16>,
    /// Branches in all, when there are several.
    #[serde(skip_serializing_if = "is_default")]
    pub forks_total: u64,
    /// That is an estimate with a standard error of 2.3 %; where also the counters were used up, there are at least so many.
    #[serde(skip_serializing_if = "is_default")]
    pub forks_total_is_estimate: bool,
    /// Where each side wants to receive media, each different description once. Of many this is a page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<CallMedia>,
    /// Different ones in all, of at most 256 in one message. `packets` has all, with the argument `call_id`.
    #[serde(skip_serializing_if = "is_default")]
    pub media_total: u64,
    /// That is an estimate with a standard error of 2.3 %; where also the counters were used up, there are at least so many.
    #[serde(skip_serializing_if = "is_default")]
    pub media_total_is_estimate: bool,
    /// Messages in order, each hop on its own, retransmissions as `repeats`. Of many this is a page.
    pub ladder: Vec<Step>,
    /// Messages in all, each once.
    pub ladder_total: u32,
    /// Where the rest of a ladder that is cut can be listed, page by page: `packets` with `call_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub ladder_goes_on_in: Option<&'static str>,
}

/// Media of one side.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CallMedia {
    /// Frame that said so.
    pub frame: u64,
    /// `caller` or `callee`.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub side: &'static str,
    #[serde(flatten)]
    pub media: MediaReport,
}

/// A message of a call.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Step {
    /// Number of the frame.
    pub frame: u64,
    /// Milliseconds since the call's first frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<f64>,
    /// Address and port of the sender.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub source: String,
    /// Address and port of the receiver.
    #[schemars(extend("x-mcpcap-fixed" = true))]
    pub destination: String,
    /// `INVITE`, or `180 INVITE` for a response.
    pub message: String,
    /// Whether it holds a session description.
    #[serde(skip_serializing_if = "is_default")]
    pub sdp: bool,
    /// How often it was sent again.
    #[serde(skip_serializing_if = "is_default")]
    pub repeats: u32,
}

/// What is counted over all calls.
#[derive(Default)]
pub struct Totals {
    pub total: u64,
    outcomes: [u64; OUTCOMES.len()],
    without_end: u64,
    without_ack: u64,
    partial: u64,
    early_media: u64,
    forked: u64,
    reinvites: u64,
    post_dial: Quantiles,
    ring: Quantiles,
    setup: Quantiles,
    talk: Quantiles,
}

const OUTCOMES: [&str; 8] =
    ["answered", "cancelled", "busy", "rejected", "failed", "redirected", "challenged", "unanswered"];

/// Nanoseconds between two moments.
fn between(from: Option<Moment>, to: Option<Moment>) -> Option<u64> {
    to?.time?.checked_sub(from?.time?)
}

impl Call {
    fn outcome(&self) -> &'static str {
        match self.result.as_ref().map(|result| result.status) {
            _ if self.answered.is_some() => "answered",
            Some(487) => "cancelled",
            _ if self.cancelled.is_some() => "cancelled",
            None => "unanswered",
            Some(401 | 407) => "challenged",
            Some(486 | 600) => "busy",
            Some(300..=399) => "redirected",
            Some(500..=599) => "failed",
            Some(_) => "rejected",
        }
    }

    fn ended_by(&self) -> Option<&'static str> {
        let side = |is_caller| if is_caller { "caller" } else { "callee" };
        if let Some((_, by_caller)) = self.bye {
            return Some(side(by_caller));
        }
        match self.outcome() {
            "cancelled" => Some("caller"),
            "busy" | "rejected" | "failed" | "redirected" => Some("callee"),
            _ => None,
        }
    }

    fn post_dial(&self) -> Option<u64> {
        between(self.invited, self.progress.or(self.answered))
    }

    fn ring(&self) -> Option<u64> {
        let end = self.answered.or(self.cancelled).or(self.result.as_ref().map(|result| result.moment));
        between(self.ringing, end)
    }

    fn setup(&self) -> Option<u64> {
        between(self.invited, self.answered)
    }

    fn talk(&self) -> Option<u64> {
        between(self.answered, self.bye.map(|(moment, _)| moment))
    }

    /// What the call was, for the list.
    pub(super) fn report(mut self, place: usize, lists: &mut Lists) -> CallReport {
        let ladder_total = u32::try_from(self.ladder.total()).unwrap_or(u32::MAX);
        let ladder = lists.sequence(super::LADDER, &[place], std::mem::take(&mut self.ladder));
        let forked = self.forks.total() > 1;
        let forks = if forked { lists.several(super::FORKS, &[place], &self.forks) } else { Vec::new() };
        let forks = forks.into_iter().map(|(fork, _)| fork.value).collect();
        let media = lists.several(OF_CALLS.media, &[place], &self.media);
        let media: Vec<CallMedia> = media.into_iter().map(|(described, _)| described.value.clone()).collect();
        media.iter().enumerate().for_each(|(nth, one)| OF_CALLS.tell([place, nth], &one.media, lists));
        CallReport {
            frame: self.first.frame,
            last_frame: self.last_frame,
            start: self.first.time.map(|first| time::rfc3339(first, 9)),
            outcome: self.outcome(),
            ended_by: self.ended_by(),
            post_dial_delay_ms: self.post_dial().map(time::milliseconds),
            ring_ms: self.ring().map(time::milliseconds),
            setup_ms: self.setup().map(time::milliseconds),
            talk_seconds: self.talk().map(time::seconds),
            caller_address: self.caller_address.to_string(),
            callee_address: self.callee_address.to_string(),
            final_code: self.result.as_ref().map(|result| result.status),
            final_reason: self.result.map(|result| result.reason),
            seen_from_start: self.invited.is_some(),
            acknowledged: self.acknowledged,
            early_media: self.early_media,
            challenges: self.challenges,
            reinvites: self.reinvites,
            retransmissions: self.retransmissions,
            forks,
            call_id: self.call_id,
            caller: self.caller,
            callee: self.callee,
            request_uri: self.request_uri,
            caller_agent: self.caller_agent,
            callee_agent: self.callee_agent,
            end_reason: self.end_reason,
            forks_total: if forked { self.forks.total() } else { 0 },
            forks_total_is_estimate: !self.forks.is_exact(),
            media,
            media_total: self.media.total(),
            media_total_is_estimate: !self.media.is_exact(),
            ladder_goes_on_in: (ladder.len() < ladder_total as usize).then_some("packets with call_id"),
            ladder,
            ladder_total,
        }
    }
}

impl Totals {
    /// Adds a call that nothing more is known of.
    pub(super) fn add(&mut self, call: &Call) {
        let count = |count: &mut u64, when: bool| *count = count.saturating_add(u64::from(when));
        let outcome = call.outcome();
        for (name, counted) in OUTCOMES.iter().zip(&mut self.outcomes) {
            count(counted, *name == outcome);
        }
        let answered = call.answered.is_some();
        count(&mut self.without_end, answered && call.bye.is_none());
        count(&mut self.without_ack, answered && !call.acknowledged);
        count(&mut self.partial, call.invited.is_none());
        count(&mut self.early_media, call.early_media);
        count(&mut self.forked, call.forks.total() > 1);
        self.reinvites = self.reinvites.saturating_add(call.reinvites.into());
        for (value, quantiles) in [
            (call.post_dial(), &mut self.post_dial),
            (call.ring(), &mut self.ring),
            (call.setup(), &mut self.setup),
            (call.talk(), &mut self.talk),
        ] {
            value.into_iter().for_each(|value| quantiles.add(value));
        }
    }

    /// What was counted.
    pub fn report(&self) -> CallsReport {
        let outcomes = OUTCOMES.iter().zip(self.outcomes).filter(|(_, count)| *count > 0);
        CallsReport {
            total: self.total,
            outcomes: outcomes.map(|(name, count)| NamedCount { name: (*name).to_owned(), count }).collect(),
            without_end: self.without_end,
            without_ack: self.without_ack,
            not_seen_from_start: self.partial,
            with_early_media: self.early_media,
            forked: self.forked,
            reinvites: self.reinvites,
            post_dial_delay: self.post_dial.summary_ms(),
            ring_time: self.ring.summary_ms(),
            setup_time: self.setup.summary_ms(),
            talk_time: self.talk.summary_ms(),
        }
    }
}
