//! Questions that come again: with another identifier, port or server, or over TCP after a truncated answer.

use std::net::IpAddr;

use mcpcap_analyzer::stats::BoundedMap;

use crate::limits;
use crate::seen::{Seen, Transport};

/// Questions that are followed.
pub(super) struct Follow {
    /// Questions that wait for an answer, whatever their identifier and port.
    open: BoundedMap<(IpAddr, u64), ()>,
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
        Self { open: BoundedMap::new(limits::OPEN_QUESTIONS), retries: BoundedMap::new(limits::TRUNCATED_ANSWERS) }
    }

    /// Takes a question. Whether the same client has it open already, and whether it retries a truncated answer.
    pub(super) fn asked(&mut self, seen: &Seen, question: u64) -> (bool, bool) {
        let (client, server) = seen.parties(false);
        let again = self.open.get(&(client, question)).is_some();
        if !again {
            self.open.insert((client, question), ());
        }
        if seen.transport == Transport::Udp {
            return (again, false);
        }
        let (retry, _) = self.retries.get_or_insert_with((client, server, question), Retry::default);
        retry.over_tcp = Some(seen.timestamp);
        (again, retry.happened())
    }

    /// Takes the first answer to a question. Whether its retry over TCP is known already.
    pub(super) fn answered(&mut self, seen: &Seen, question: u64, truncated: bool) -> bool {
        let (client, server) = seen.parties(true);
        self.open.remove(&(client, question));
        if !truncated || seen.transport == Transport::Tcp {
            return false;
        }
        let (retry, _) = self.retries.get_or_insert_with((client, server, question), Retry::default);
        retry.truncated = Some(seen.timestamp);
        retry.counted = false;
        retry.happened()
    }

    /// Questions, and truncated answers or questions over TCP, that had to make room.
    pub(super) fn evicted(&self) -> (u64, u64) {
        (self.open.evicted(), self.retries.evicted())
    }
}
