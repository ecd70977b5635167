//! Exchanges: the messages of a client and its servers from the question for an address to its grant.

use mcpcap_analyzer::JsonSchema;
use mcpcap_analyzer::stats::{BoundedMap, Lists, Page, PageInfo, Quantiles, SummaryMs, Window};
use serde::Serialize;

use crate::exchange::{Exchange, ExchangeReport, Key, Outcome, Rooms};
use crate::limits;
use crate::seen::{Family, Role, Seen};

/// All exchanges.
pub struct Exchanges {
    /// Exchanges by a number of their own, as DHCPv6 has several transaction ids in one.
    open: BoundedMap<u64, Exchange>,
    ids: BoundedMap<Key, u64>,
    /// Exchanges of a client that began with an offer, or with the question for one; the last ones.
    offered: BoundedMap<(Family, String), Vec<u64>>,
    next: u64,
    ended: Page<ExchangeReport>,
    lists: Lists,
    offer_times: Quantiles,
    grant_times: Quantiles,
    outcomes: [u64; Outcome::ALL.len()],
    complete: u64,
    rooms: Rooms,
}

impl Exchanges {
    /// Nothing seen yet. `window` is the page of exchanges that is listed.
    pub fn new(window: &Window) -> Self {
        Self {
            open: BoundedMap::new(limits::ENTRIES),
            // Most exchanges have one transaction id, those of DHCPv6 two.
            ids: BoundedMap::new(limits::ENTRIES.saturating_mul(2)),
            offered: BoundedMap::new(limits::ENTRIES),
            next: 0,
            ended: Page::new(window.clone()),
            lists: Lists::new(window.clone()),
            offer_times: Quantiles::new(),
            grant_times: Quantiles::new(),
            outcomes: [0; Outcome::ALL.len()],
            complete: 0,
            rooms: Rooms::new(),
        }
    }

    /// How many made room for others, and are reported as they stood then.
    pub fn evicted(&self) -> u64 {
        self.open.evicted()
    }

    /// Takes a message.
    pub fn take(&mut self, seen: &Seen) {
        let key = (seen.family, seen.xid, seen.client.clone());
        let id = self.known(&key, seen).unwrap_or_else(|| self.begin(&key, seen));
        let (exchange, gone) = self.open.get_or_insert_with(id, || Exchange::new(key, seen));
        let (offer, grant) = exchange.take(seen, &mut self.rooms);
        offer.into_iter().for_each(|lasted| self.offer_times.add(lasted));
        grant.into_iter().for_each(|lasted| self.grant_times.add(lasted));
        if let Some((_, exchange)) = gone {
            self.end(exchange);
        }
    }

    /// The exchange that a message belongs to: by its transaction id, or because it takes what was offered under another.
    fn known(&mut self, key: &Key, seen: &Seen) -> Option<u64> {
        let by_id = self.ids.get_mut(key).copied();
        if let Some(id) = by_id.filter(|id| self.open.get(id).is_some()) {
            return Some(id);
        }
        let of_client = self.offered.get(&(seen.family, seen.client.clone()))?;
        let id = of_client.iter().rev().find(|id| self.open.get(id).is_some_and(|open| open.is_taken_by(seen)));
        let id = *id?;
        self.ids.insert(key.clone(), id);
        Some(id)
    }

    fn begin(&mut self, key: &Key, seen: &Seen) -> u64 {
        let id = self.next;
        self.next = self.next.saturating_add(1);
        self.ids.insert(key.clone(), id);
        if matches!(seen.role, Role::Discover | Role::Offer) {
            let (of_client, _) = self.offered.get_or_insert_with((seen.family, seen.client.clone()), Vec::new);
            if of_client.len() >= limits::OPEN_OFFERS {
                of_client.remove(0);
            }
            of_client.push(id);
        }
        id
    }

    fn end(&mut self, exchange: Exchange) {
        exchange.release(&mut self.rooms);
        let outcome = exchange.outcome();
        if let Some(count) = self.outcomes.get_mut(outcome as usize) {
            *count = count.saturating_add(1);
        }
        self.complete = self.complete.saturating_add(exchange.is_complete().into());
        let place = usize::try_from(self.ended.total()).unwrap_or(usize::MAX);
        self.ended.push(|| exchange.report(outcome, place, &mut self.lists));
    }

    /// Ends all exchanges: sums, the page of exchanges in the order of their last message, and those of their lists.
    pub fn finish(mut self) -> (ExchangeSummary, Page<ExchangeReport>, Vec<PageInfo>) {
        while let Some((_, exchange)) = self.open.pop_oldest() {
            self.end(exchange);
        }
        let outcomes = Outcome::ALL.into_iter().zip(self.outcomes).filter(|(_, count)| *count > 0);
        let summary = ExchangeSummary {
            total: self.next,
            complete: self.complete,
            outcomes: outcomes.map(|(outcome, count)| OutcomeCount { outcome, count }).collect(),
            time_to_offer: self.offer_times.summary_ms(),
            time_to_grant: self.grant_times.summary_ms(),
        };
        (summary, self.ended, self.lists.into_pages())
    }
}

/// Sums over all exchanges.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExchangeSummary {
    /// Exchanges.
    pub total: u64,
    /// With DISCOVER, OFFER, REQUEST and ACK, or what DHCPv6 has for them.
    pub complete: u64,
    /// Exchanges by how they ended.
    pub outcomes: Vec<OutcomeCount>,
    /// DISCOVER to the first OFFER, SOLICIT to ADVERTISE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_offer: Option<SummaryMs>,
    /// REQUEST (or INFORM, RENEW and so on) to its ACK, NAK or REPLY.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_to_grant: Option<SummaryMs>,
}

/// Exchanges with an outcome.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OutcomeCount {
    /// leased, configured (without address), answered (a query about leases), refused, declined, released, offered (and not taken), unanswered, other.
    pub outcome: Outcome,
    /// Exchanges that ended so.
    pub count: u64,
}
