//! What is known of places in a message.

use std::collections::BTreeMap;

use smallvec::SmallVec;

/// How many places are looked for one by one. Most messages have no more.
const FEW: usize = 4;

/// Values by the offset to which they belong; without allocating for the first ones.
#[derive(Debug, Clone)]
pub struct Places<T> {
    few: SmallVec<[(usize, T); FEW]>,
    many: BTreeMap<usize, T>,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self { few: SmallVec::new(), many: BTreeMap::new() }
    }
}

impl<T: Copy> Places<T> {
    /// What is known of a place.
    pub fn get(&self, at: usize) -> Option<T> {
        let few = self.few.iter().find(|(place, _)| *place == at).map(|(_, value)| *value);
        few.or_else(|| self.many.get(&at).copied())
    }

    /// Keeps what is known of a place.
    pub fn insert(&mut self, at: usize, value: T) {
        if self.few.len() < FEW {
            self.few.push((at, value));
        } else {
            self.many.insert(at, value);
        }
    }
}
