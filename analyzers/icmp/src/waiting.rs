//! Requests and replies with the same ends and numbers, until they find each other.

use std::hash::BuildHasher;

use mcpcap_analyzer::vlans::Vlans;
use smallvec::SmallVec;

use crate::limits;
use crate::message::Message;

/// Length and hash of a payload. `None`: not all of it was captured.
pub type Payload = Option<(u32, u64)>;

/// What is remembered of a message's payload.
pub fn remember(message: &Message<'_>) -> Payload {
    let whole = message.data.len() == message.data_length;
    whole.then(|| (message.data.len() as u32, foldhash::fast::FixedState::default().hash_one(message.data)))
}

/// A message that looks for its counterpart.
#[derive(Debug, Clone, Copy)]
pub struct Heard {
    /// Its frame.
    pub frame: u64,
    /// Nanoseconds since 1970.
    pub time: Option<u64>,
    /// Where it was heard.
    pub vlans: Vlans,
    /// Its payload.
    pub payload: Payload,
    /// Whether what it carries speaks for a tunnel already.
    pub is_noted: bool,
}

impl Heard {
    /// Whether it may be the request of a reply: by time, and by the order of the file where times are missing.
    fn is_before(&self, reply: &Self) -> bool {
        match (self.time, reply.time) {
            (Some(then), Some(now)) => then <= now,
            _ => self.frame < reply.frame,
        }
    }
}

/// A request.
#[derive(Debug, Clone, Copy)]
struct Asked {
    heard: Heard,
    /// How many requests it stands for that have no reply yet.
    open: u32,
}

/// A request and its reply.
#[derive(Debug, Clone, Copy)]
pub struct Pair {
    /// The request.
    pub request: Heard,
    /// The reply.
    pub reply: Heard,
}

impl Pair {
    /// Nanoseconds between both.
    pub fn round_trip(&self) -> Option<u64> {
        self.reply.time.zip(self.request.time).and_then(|(now, then)| now.checked_sub(then))
    }

    /// Whether the reply does not return the request's payload.
    pub fn is_unlike(&self) -> bool {
        self.request.payload.zip(self.reply.payload).is_some_and(|(asked, answered)| asked != answered)
    }
}

/// A reply that waits no longer.
#[derive(Debug, Clone, Copy)]
pub enum Left {
    /// It has a request by the order in the file, though their times contradict it.
    Paired(Pair),
    /// It answers a request again: that one's frame.
    Again(Heard, u64),
    /// It has none.
    Alone(Heard),
}

/// Messages with the same ends and numbers.
#[derive(Debug, Default)]
pub struct Waiting {
    asked: SmallVec<[Asked; 1]>,
    replies: SmallVec<[Heard; 1]>,
}

impl Waiting {
    /// Takes a request: whether one with the same numbers was there in the same VLAN, and the pair when its reply waits already.
    pub fn ask(&mut self, heard: Heard) -> (bool, Option<Pair>) {
        let again = self.asked.iter().any(|asked| asked.heard.vlans == heard.vlans);
        // The file is not in the order of time when a reply waits that is later.
        let waits = |reply: &&Heard| reply.vlans == heard.vlans && reply.time.is_some() && heard.is_before(reply);
        let next = self.replies.iter().filter(waits).min_by_key(|reply| reply.time).map(|reply| reply.frame);
        let reply = next.and_then(|frame| self.take_reply(frame));
        self.asked.push(Asked { heard, open: reply.is_none().into() });
        (again, reply.map(|reply| Pair { request: heard, reply }))
    }

    /// Takes a reply: the pair, when its request is there in the same VLAN; otherwise it waits.
    pub fn answer(&mut self, reply: Heard) -> Option<Pair> {
        let pair = self.pair(reply, |vlans| vlans == reply.vlans);
        if pair.is_none() {
            self.replies.push(reply);
        }
        pair
    }

    fn take_reply(&mut self, frame: u64) -> Option<Heard> {
        let place = self.replies.iter().position(|reply| reply.frame == frame)?;
        Some(self.replies.remove(place))
    }

    /// The latest open request before a reply. Numbers come round: the latest one is the one that is answered.
    fn pair(&mut self, reply: Heard, fits: impl Fn(Vlans) -> bool) -> Option<Pair> {
        let open = self.asked.iter_mut().filter(|asked| asked.open > 0 && fits(asked.heard.vlans));
        let asked = open.filter(|asked| asked.heard.is_before(&reply)).max_by_key(|asked| asked.heard.time)?;
        asked.open = asked.open.saturating_sub(1);
        Some(Pair { request: asked.heard, reply })
    }

    /// The request of the same VLAN that a further reply answers again.
    fn answered_before(&self, reply: &Heard) -> Option<u64> {
        let same = self.asked.iter().filter(|asked| asked.heard.vlans == reply.vlans && asked.heard.is_before(reply));
        same.max_by_key(|asked| asked.heard.time).map(|asked| asked.heard.frame)
    }

    /// Whether more wait than is kept.
    pub fn is_full(&self) -> bool {
        self.asked.len() > limits::SAME_NUMBERS || self.replies.len() > limits::SAME_NUMBERS
    }

    /// Pairs what waits across VLANs, where `separate` does not forbid it: mirrored traffic bears a tag for each direction.
    pub fn across(&mut self, separate: impl Fn(Vlans, Vlans) -> bool, mut found: impl FnMut(Pair)) {
        let mut replies = std::mem::take(&mut self.replies);
        replies.sort_by_key(|reply| (reply.time, reply.frame));
        replies.retain(|reply| {
            let other = |vlans: Vlans| vlans != reply.vlans && !separate(vlans, reply.vlans);
            let pair = if self.answered_before(reply).is_none() { self.pair(*reply, other) } else { None };
            pair.into_iter().for_each(&mut found);
            pair.is_none()
        });
        self.replies = replies;
    }

    /// Makes room: the oldest requests stand for one another, and the oldest replies wait no longer. `left` is told of the latter.
    pub fn make_room(&mut self, separate: impl Fn(Vlans, Vlans) -> bool, mut left: impl FnMut(Left)) {
        // Half, so that the next message finds room.
        let keep = |kept: usize| if kept > limits::SAME_NUMBERS { limits::SAME_NUMBERS / 2 } else { kept };
        let (asked, replies) = (keep(self.asked.len()), keep(self.replies.len()));
        while self.replies.len() > replies {
            let reply = self.replies.remove(0);
            left(self.leave(reply, &separate));
        }
        while self.asked.len() > asked {
            let gone = self.asked.remove(0);
            // Within a VLAN, so that its replies find it.
            let next = self.asked.iter_mut().find(|asked| asked.heard.vlans == gone.heard.vlans);
            if let Some(next) = next.filter(|_| gone.open > 0) {
                if next.open == 0 {
                    next.heard = gone.heard;
                }
                next.open = next.open.saturating_add(gone.open);
            }
        }
    }

    /// Ends the wait of all replies.
    pub fn end(mut self, separate: impl Fn(Vlans, Vlans) -> bool, mut left: impl FnMut(Left)) {
        for reply in std::mem::take(&mut self.replies) {
            left(self.leave(reply, &separate));
        }
    }

    fn leave(&mut self, reply: Heard, separate: &impl Fn(Vlans, Vlans) -> bool) -> Left {
        let joined = |asked: &Asked| !separate(asked.heard.vlans, reply.vlans);
        let before = |asked: &&Asked| asked.open == 0 && asked.heard.is_before(&reply) && joined(asked);
        let answered = || self.asked.iter().filter(before).max_by_key(|asked| asked.heard.time);
        if let Some(again) = self.answered_before(&reply).or_else(|| answered().map(|asked| asked.heard.frame)) {
            return Left::Again(reply, again);
        }
        // Clocks are set back, and those of two interfaces differ: then the order in the file is all there is.
        let open = self.asked.iter_mut().filter(|asked| asked.open > 0 && joined(asked));
        let asked = open.filter(|asked| asked.heard.frame < reply.frame).max_by_key(|asked| asked.heard.frame);
        asked.map_or(Left::Alone(reply), |asked| {
            asked.open = asked.open.saturating_sub(1);
            Left::Paired(Pair { request: asked.heard, reply })
        })
    }

    /// Requests without reply, and replies without request.
    pub fn open(&self) -> (u64, u64) {
        let open = self.asked.iter().fold(0_u64, |sum, asked| sum.saturating_add(asked.open.into()));
        (open, self.replies.len() as u64)
    }
}
