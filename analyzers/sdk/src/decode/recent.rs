//! The packets of the last milliseconds, found again by what they say.
//!
//! They stand in a ring, one behind another, so that remembering one waits for no place in memory that was left long ago; an index small enough for a
//! processor's cache finds them. Of most packets nobody asks for more than the digest of their first bytes. What stands behind these is digested
//! when a packet comes that may be a copy, or at the end of a batch, when its bytes go, for those that copies may still follow.

use super::content::{Body, Content, Sight};
use crate::place::within;

/// How long after a packet its copies come, in nanoseconds: a router forwards within a few milliseconds.
pub(super) const WINDOW: u64 = 5_000_000;

/// Packets that are remembered. At a million packets in a second, the window holds 5,000.
const REMEMBERED: u64 = 8192;
/// Sets of the index, and the packets that one has room for.
const SETS: usize = 2048;
const WAYS: usize = 4;

/// A packet that came a short time ago.
pub(super) struct Recent {
    pub(super) content: Content,
    pub(super) time: u64,
    pub(super) frame: u64,
    pub(super) place: Place,
    pub(super) copies: u32,
    /// Those at the same place, without identification.
    pub(super) repeated: u8,
    /// Copies with another hop limit than the one before, and that hop limit.
    pub(super) hops: u32,
    pub(super) hop_limit: u8,
    /// Where what IP carries begins in its batch, and what it has a transport header of, and where.
    body: (usize, Option<(u8, usize)>),
}

impl Recent {
    /// What it carries, from its batch.
    fn body<'b>(&self, batch: &'b [u8]) -> Option<Body<'b>> {
        let (start, transport) = self.body;
        let octets = batch.get(start..start.saturating_add(self.content.captured))?;
        Some(Body { octets, transport })
    }
}

/// Where and how a packet was captured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) link_index: u32,
    /// Number of the interface that Linux's cooked header has, or 0.
    pub(super) interface: u32,
    /// Digest of everything in front of the IP header.
    pub(super) before: u64,
    pub(super) hop_limit: u8,
}

/// What finds a packet: half of its first digest, and the lower half of its number; 0 where there is none.
#[derive(Clone, Copy, Default)]
struct Slot {
    tag: u32,
    number: u32,
}

/// Packets are numbered from 1 in the order they were remembered.
pub(super) struct Recents {
    index: Vec<[Slot; WAYS]>,
    ring: Vec<Recent>,
    /// The number of the last one.
    last: u64,
    /// The first one of this batch, whose bytes are there.
    batch: u64,
    /// While times rise: the first one within [`WINDOW`] of the latest time.
    within: u64,
    latest: u64,
    /// Whether no packet was earlier than one before it.
    rises: bool,
    /// Whether the time of one was changed.
    moved: bool,
    /// Whether one was forgotten that copies might have followed.
    pub(super) forgotten: bool,
}

impl Recents {
    pub(super) const fn new() -> Self {
        Self {
            index: Vec::new(),
            ring: Vec::new(),
            last: 0,
            batch: 1,
            within: 1,
            latest: 0,
            rises: true,
            moved: false,
            forgotten: false,
        }
    }

    /// Goes on to the time of the next packet.
    pub(super) fn go_on(&mut self, time: u64) {
        if time < self.latest {
            self.rises = false;
            return;
        }
        self.latest = time;
        self.within = self.within.max(self.first());
        while self.at(self.within).is_some_and(|recent| time.saturating_sub(recent.time) > WINDOW) {
            self.within = self.within.saturating_add(1);
        }
    }

    /// The place of a packet that says what another does, and may be what it is a copy of. `batch` has the bytes of this batch, if it outlives them.
    pub(super) fn find(
        &mut self,
        content: &mut Content,
        sight: &Sight<'_>,
        batch: Option<&[u8]>,
        may_be: impl Fn(&Recent) -> bool,
    ) -> Option<&mut Recent> {
        let (tag, mut found) = (tag(content), None);
        for slot in *self.index.get(set(content))? {
            if slot.tag != tag {
                continue;
            }
            let Some(number) = self.number(&slot) else { continue };
            let has_bytes = number >= self.batch;
            let Some(known) = self.ring.get_mut(place(number)) else { continue };
            if known.content.first != content.first || !may_be(known) {
                continue;
            }
            if known.content.rest.is_none() {
                let body = batch.filter(|_| has_bytes).and_then(|batch| known.body(batch));
                known.content.rest = body.map(|body| body.rest());
            }
            match &known.content.rest {
                Some(rest) if content.agrees(known.content.captured, rest, sight) => {
                    found = Some(number);
                    break;
                }
                Some(_) => {}
                // Times have risen until now, and nobody expected a copy of it.
                None => self.forgotten = true,
            }
        }
        found.and_then(|number| self.ring.get_mut(place(number)))
    }

    /// Says that the time of a packet was changed.
    pub(super) fn moved(&mut self) {
        self.moved = true;
    }

    /// Remembers a packet in the place of the one of its set that came first.
    pub(super) fn add(
        &mut self,
        (frame, time): (u64, u64),
        mut content: Content,
        place: Place,
        sight: &Sight<'_>,
        batch: Option<&[u8]>,
    ) {
        if self.index.is_empty() {
            self.index.resize(SETS, [Slot::default(); WAYS]);
        }
        let offset = batch.filter(|_| self.rises).and_then(|batch| within(sight.body.octets, batch));
        if offset.is_none() {
            content.rest.get_or_insert_with(|| sight.body.rest());
        }
        let known = self.index.get(set(&content)).copied().unwrap_or_default();
        let numbers = known.map(|slot| self.number(&slot));
        let (oldest, number) = (0..).zip(numbers).min_by_key(|(_, number)| *number).unwrap_or_default();
        if let Some(number) = number
            && (number >= self.within || !self.rises || self.moved)
        {
            self.forgotten |= self.at(number).is_some_and(|oldest| time.abs_diff(oldest.time) <= WINDOW);
        }
        self.last = self.last.saturating_add(1);
        let slot = Slot { tag: tag(&content), number: self.last as u32 };
        if let Some(free) = self.index.get_mut(set(&content)).and_then(|ways| ways.get_mut(oldest)) {
            *free = slot;
        }
        let body = (offset.unwrap_or_default(), sight.body.transport);
        let hop_limit = place.hop_limit;
        // Written where it stays: it is too large to be moved for each packet.
        let recent = || Recent { content, time, frame, place, copies: 0, repeated: 0, hops: 0, hop_limit, body };
        match self.ring.get_mut(self::place(self.last)) {
            Some(first) => {
                self.forgotten |= time.abs_diff(first.time) <= WINDOW;
                *first = recent();
            }
            None => self.ring.push(recent()),
        }
    }

    /// Takes of the bytes of a batch, before they go, what tells the copies that may follow.
    pub(super) fn settle(&mut self, batch: &[u8]) {
        let begin = if self.rises { self.within.max(self.batch) } else { self.batch };
        for number in begin.max(self.first())..=self.last {
            if let Some(recent) = self.ring.get_mut(place(number))
                && recent.content.rest.is_none()
            {
                recent.content.rest = recent.body(batch).map(|body| body.rest());
            }
        }
        self.batch = self.last.saturating_add(1);
    }

    /// The number of the first one that is in the ring.
    fn first(&self) -> u64 {
        self.last.saturating_sub(REMEMBERED).saturating_add(1)
    }

    fn at(&self, number: u64) -> Option<&Recent> {
        self.ring.get(place(number)).filter(|_| number <= self.last)
    }

    /// The number of the packet that a slot names, if it is in the ring.
    fn number(&self, slot: &Slot) -> Option<u64> {
        let age = u64::from((self.last as u32).wrapping_sub(slot.number));
        (slot.number != 0 && age < REMEMBERED).then(|| self.last.saturating_sub(age))
    }
}

/// Where in the ring it stands.
fn place(number: u64) -> usize {
    (number.saturating_sub(1) % REMEMBERED) as usize
}

fn set(content: &Content) -> usize {
    (content.first as usize).checked_rem(SETS).unwrap_or_default()
}

fn tag(content: &Content) -> u32 {
    (content.first >> 32) as u32
}
