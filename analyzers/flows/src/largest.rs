//! The flows with most bytes.

use std::cmp::Reverse;

use crate::flow::Flow;
use crate::key::Key;
use crate::limits;

/// Keeps the largest flows of all that ended; equal ones in the order of appearance.
#[derive(Default)]
pub struct Largest {
    kept: Vec<(Key, Flow)>,
    /// The place of the last one that stays: none behind it has to be kept.
    last: Option<(Reverse<u64>, u64)>,
    left_out: u64,
}

fn place(flow: &Flow) -> (Reverse<u64>, u64) {
    (Reverse(flow.bytes()), flow.id)
}

impl Largest {
    /// Takes a flow that ended.
    pub fn add(&mut self, key: Key, flow: Flow) {
        if self.last.is_some_and(|last| place(&flow) > last) {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        self.kept.push((key, flow));
        if self.kept.len() >= limits::LARGEST.saturating_mul(2) {
            self.sort();
        }
    }

    fn sort(&mut self) {
        self.kept.sort_by_cached_key(|(_, flow)| place(flow));
        self.left_out = self.left_out.saturating_add(self.kept.len().saturating_sub(limits::LARGEST) as u64);
        if self.kept.len() >= limits::LARGEST {
            self.kept.truncate(limits::LARGEST);
            self.last = self.kept.last().map(|(_, flow)| place(flow));
        }
    }

    /// Those that are kept, and how many are not.
    pub fn finish(mut self) -> (Vec<(Key, Flow)>, u64) {
        self.sort();
        (self.kept, self.left_out)
    }
}
