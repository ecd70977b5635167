//! The flows with most bytes.

use std::cmp::Reverse;

use crate::flow::Flow;
use crate::key::Key;
use crate::limits;

/// Keeps the largest flows of all that ended; equal ones in the order of appearance.
#[derive(Default)]
pub struct Largest {
    kept: Vec<(Key, Flow)>,
    left_out: u64,
}

impl Largest {
    /// Takes a flow that ended.
    pub fn add(&mut self, key: Key, flow: Flow) {
        self.kept.push((key, flow));
        if self.kept.len() >= limits::LARGEST.saturating_mul(2) {
            self.sort();
        }
    }

    fn sort(&mut self) {
        self.kept.sort_unstable_by_key(|(_, flow)| (Reverse(flow.bytes()), flow.id));
        self.left_out = self.left_out.saturating_add(self.kept.len().saturating_sub(limits::LARGEST) as u64);
        self.kept.truncate(limits::LARGEST);
    }

    /// Those that are kept, and how many are not.
    pub fn finish(mut self) -> (Vec<(Key, Flow)>, u64) {
        self.sort();
        (self.kept, self.left_out)
    }
}
