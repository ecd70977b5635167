//! Messages that stand in the file before the request that they belong to.
//!
//! Captures of several queues, and files put together from several, hold responses before their requests. A response to a request that
//! was not seen waits for it, and what follows in the same dialog waits behind it; no longer than [`limits::WAITING`] messages.

use std::collections::VecDeque;

use crate::limits;
use crate::seen::Seen;
use crate::transactions::{Key, Transactions};

/// A message that waits.
pub struct Late {
    pub seen: Seen,
    pub octets: Vec<u8>,
    /// Whether Content-Length framed it.
    pub framed: bool,
    key: Key,
    is_response: bool,
    /// The message before which it came, counted from 0.
    arrived: u64,
}

/// What is to be done with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is taken now.
    Now,
    /// It is taken now, and then what waited for it.
    Awaited,
    /// It waits.
    Later,
}

/// Messages that wait, in the order in which they came.
#[derive(Default)]
pub struct Waiting {
    queue: VecDeque<Late>,
    octets: usize,
    messages: u64,
}

impl Waiting {
    /// Whose turn it is when a message comes.
    pub fn turn(&mut self, seen: &Seen, key: &Key, is_response: bool, known: &Transactions) -> Turn {
        self.messages = self.messages.saturating_add(1);
        let same_dialog = || self.queue.iter().filter(|late| late.key.call_id == key.call_id);
        if !is_response && same_dialog().any(|late| late.is_response && late.key == *key) {
            return Turn::Awaited;
        }
        // What was sent before that which waits does not wait for it.
        let is_behind = same_dialog().next().map(|late| late.seen.timestamp <= seen.timestamp);
        match is_behind {
            Some(true) => Turn::Later,
            _ if is_response && !known.knows(key) => Turn::Later,
            _ => Turn::Now,
        }
    }

    /// Lets a message wait.
    pub fn push(&mut self, seen: &Seen, key: Key, is_response: bool, octets: &[u8], framed: bool) {
        self.octets = self.octets.saturating_add(octets.len());
        let arrived = self.messages;
        self.queue.push_back(Late { seen: *seen, octets: octets.to_vec(), framed, key, is_response, arrived });
    }

    /// The next message that has waited for long enough, or for which there is no room.
    pub fn overdue(&mut self) -> Option<Late> {
        let first = self.queue.front()?;
        let is_over =
            self.messages.saturating_sub(first.arrived) >= limits::WAITING || self.octets > limits::WAITING_OCTETS;
        if is_over { self.pop(0) } else { None }
    }

    /// The next message of a dialog, unless it is a response that waits for a request.
    pub fn next_of(&mut self, call_id: u64, known: &Transactions) -> Option<Late> {
        let at = self.queue.iter().position(|late| late.key.call_id == call_id)?;
        let late = self.queue.get(at)?;
        if late.is_response && !known.knows(&late.key) { None } else { self.pop(at) }
    }

    /// The next message, when no more come.
    pub fn next(&mut self) -> Option<Late> {
        self.pop(0)
    }

    fn pop(&mut self, at: usize) -> Option<Late> {
        let late = self.queue.remove(at)?;
        self.octets = self.octets.saturating_sub(late.octets.len());
        Some(late)
    }
}

impl Late {
    /// The dialog that it belongs to.
    pub fn call_id(&self) -> u64 {
        self.key.call_id
    }
}
