//! What all conversations share: chance, hosts, the frame that is being made, and what was counted.

use std::ops::Range;

use mcpcap_analyzer::harness::Random;

use super::frame::{Frame, Host, Path};
use super::{Counts, Flows};

/// Bytes of data that payloads are cut from.
const POOL: usize = 1 << 16;

/// What all conversations share.
pub struct World {
    random: Random,
    flows: Flows,
    pool: Vec<u8>,
    /// Conversations so far.
    talks: u32,
    /// The frame that is being made.
    pub frame: Frame,
    /// What was generated.
    pub counts: Counts,
    /// Times in microseconds since 1970 of the frame that is being made.
    pub now: u64,
}

impl World {
    /// A world from a seed.
    pub fn new(seed: u64, flows: Flows) -> Self {
        // The generator keeps odd states only; seeds that follow each other must not begin alike.
        let mut random = Random::new((seed.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15) << 1);
        let pool = (0..POOL).map(|_| random.below(256) as u8).collect();
        Self { random, flows, pool, talks: 0, frame: Frame::default(), counts: Counts::default(), now: 0 }
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u32) -> u32 {
        self.random.below(limit as usize) as u32
    }

    /// A number from `low` to below `high`.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low))
    }

    /// True in so many of a thousand cases.
    pub fn is_one_of(&mut self, of_a_thousand: u32) -> bool {
        self.below(1000) < of_a_thousand
    }

    /// How long a conversation is: a number of one range where there are few flows, of the other where there are many.
    pub fn length(&mut self, few: Range<u32>, many: Range<u32>) -> u32 {
        let range = if self.flows == Flows::Few { few } else { many };
        self.between(range.start, range.end)
    }

    /// Whether there are few flows or many.
    pub fn flows(&self) -> Flows {
        self.flows
    }

    /// The number of a new conversation.
    pub fn talk(&mut self) -> u32 {
        self.talks = self.talks.wrapping_add(1);
        self.talks
    }

    /// A port of the client for this conversation: it comes again only after all others of its host.
    pub fn port(&self, talk: u32) -> u16 {
        (1024 + talk / self.flows.hosts() % 64_000) as u16
    }

    /// From the client of this conversation to a server; some of them IPv6, some tagged.
    pub fn path(&mut self, talk: u32, server: u32) -> Path {
        let (is_v6, is_tagged) = (self.is_one_of(150), self.is_one_of(100));
        self.path_of(talk, server, is_v6, is_tagged)
    }

    /// The same, with IPv4 and no tag.
    pub fn plain_path(&mut self, talk: u32, server: u32) -> Path {
        self.path_of(talk, server, false, false)
    }

    fn path_of(&self, talk: u32, server: u32, is_v6: bool, is_tagged: bool) -> Path {
        let client = talk % self.flows.hosts();
        Path {
            source: Host::client(client, is_v6),
            destination: Host::server(server, is_v6),
            vlan: is_tagged.then_some(100 + (client % 8) as u16),
            hops: 64,
        }
    }

    /// Takes the parts that are borrowed together: the frame that is made, and the bytes that payloads are cut from.
    pub fn parts(&mut self) -> (&mut Frame, &[u8]) {
        (&mut self.frame, &self.pool)
    }
}

/// Bytes of the pool: the same for the same place, so that what is sent again is the same.
pub fn cut(pool: &[u8], at: usize, length: usize, out: &mut Vec<u8>) {
    let mut left = length;
    let mut at = at % POOL;
    while left > 0 {
        let part = pool.get(at..).unwrap_or_default();
        let part = part.get(..left).unwrap_or(part);
        if part.is_empty() {
            break;
        }
        out.extend_from_slice(part);
        left -= part.len();
        at = 0;
    }
}
