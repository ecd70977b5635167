//! Questions that come again: with another identifier, port or server, or over TCP after a truncated answer.

use std::net::IpAddr;

use mcpcap_analyzer::stats::BoundedMap;

use crate::limits;
use crate::seen::{Seen, Transport};

/// Times of one open question that are kept.
const ASKED_KEPT: usize = 8;

/// Questions that are followed.
pub(super) struct Follow {
    /// Questions that wait for an answer, whatever their identifier and port, with the times at which they were asked.
    open: BoundedMap<(IpAddr, u64), Vec<u64>>,
    /// Those asked again before an answer.
    asked_again: u64,
    /// By client, server and question.
    retries: BoundedMap<(IpAddr, IpAddr, u64), Retry>,
}

/// A truncated answer over UDP, and the same question over TCP.
#[derive(Default)]
struct Retry {
    truncated: Option<Option<u64>>,
    over_tcp: Option<Option<u64>>,
    counted: bool,
}

impl Retry {
    /// Whether the question came again over TCP, after the truncated answer. Once.
    fn happened(&mut self) -> bool {
        let (Some(truncated), Some(over_tcp)) = (self.truncated, self.over_tcp) else { return false };
        let after = truncated.zip(over_tcp).is_none_or(|(truncated, over_tcp)| over_tcp >= truncated);
        after && !std::mem::replace(&mut self.counted, true)
    }
}

impl Follow {
    pub(super) fn new() -> Self {
        Self {
            open: BoundedMap::new(limits::OPEN_QUESTIONS),
            asked_again: 0,
            retries: BoundedMap::new(limits::TRUNCATED_ANSWERS),
        }
    }

    /// Takes a question. Whether it retries a truncated answer.
    pub(super) fn asked(&mut self, seen: &Seen, question: u64) -> bool {
        let (client, server) = seen.parties(false);
        let (times, _) = self.open.get_or_insert_with((client, question), Vec::new);
        self.asked_again = self.asked_again.saturating_add((!times.is_empty()).into());
        if times.len() >= ASKED_KEPT {
            times.remove(0);
        }
        times.push(seen.timestamp.unwrap_or(0));
        if seen.transport == Transport::Udp {
            return false;
        }
        let (retry, _) = self.retries.get_or_insert_with((client, server, question), Retry::default);
        retry.over_tcp = Some(seen.timestamp);
        retry.happened()
    }

    /// Takes the first answer to a question. Whether its retry over TCP is known already.
    pub(super) fn answered(&mut self, seen: &Seen, question: u64, truncated: bool) -> bool {
        let (client, server) = seen.parties(true);
        if let Some(mut times) = self.open.remove(&(client, question)) {
            let before = times.len();
            // What was asked after the answer stands before it in the file, and was not asked again before it.
            times.retain(|asked| seen.timestamp.is_some_and(|answered| *asked > answered));
            if !times.is_empty() {
                self.asked_again = self.asked_again.saturating_sub((times.len() < before).into());
                self.open.insert((client, question), times);
            }
        }
        if !truncated || seen.transport == Transport::Tcp {
            return false;
        }
        let (retry, _) = self.retries.get_or_insert_with((client, server, question), Retry::default);
        retry.truncated = Some(seen.timestamp);
        retry.counted = false;
        retry.happened()
    }

    /// Questions that the same client asked again before an answer.
    pub(super) fn asked_again(&self) -> u64 {
        self.asked_again
    }

    /// Questions, and truncated answers or questions over TCP, that had to make room.
    pub(super) fn evicted(&self) -> (u64, u64) {
        (self.open.evicted(), self.retries.evicted())
    }
}
