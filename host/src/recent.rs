//! Things that are kept for a while, as many as there is room for: those that were used longest ago go first.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// The things, by what they are of, the least recently used first.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    room: u64,
    all: Mutex<VecDeque<One<K, V>>>,
}

#[derive(Debug)]
struct One<K, V> {
    key: K,
    value: V,
    size: u64,
}

impl<K: PartialEq, V: Clone> Recent<K, V> {
    /// Keeps things of so large a size together.
    pub fn new(room: u64) -> Self {
        Self { room, all: Mutex::default() }
    }

    /// What is kept of this, which is used now.
    pub fn find(&self, key: &K) -> Option<V> {
        self.changed(|all| {
            let found = all.iter().position(|one| one.key == *key).and_then(|place| all.remove(place))?;
            let value = found.value.clone();
            all.push_back(found);
            Some(value)
        })
    }

    /// Keeps something in place of what was kept of this, if there is room for it at all; others go.
    pub fn keep(&self, key: K, value: V, size: u64) {
        self.changed(|all| {
            all.retain(|one| one.key != key);
            if size > self.room {
                return;
            }
            all.push_back(One { key, value, size });
            let mut left = sum(all);
            while left > self.room
                && let Some(oldest) = all.pop_front()
            {
                left = left.saturating_sub(oldest.size);
            }
        });
    }

    /// Lets go of all but some.
    pub fn retain(&self, is_kept: impl Fn(&V) -> bool) {
        self.changed(|all| all.retain(|one| is_kept(&one.value)));
    }

    /// How many there are, and their size together.
    pub fn held(&self) -> (usize, u64) {
        self.changed(|all| (all.len(), sum(all)))
    }

    fn changed<T>(&self, change: impl FnOnce(&mut VecDeque<One<K, V>>) -> T) -> T {
        change(&mut self.all.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn sum<K, V>(all: &VecDeque<One<K, V>>) -> u64 {
    all.iter().map(|one| one.size).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_goes_first() {
        let recent = Recent::new(10);
        recent.keep("a", 1, 4);
        recent.keep("b", 2, 4);
        assert_eq!(recent.find(&"a"), Some(1));
        recent.keep("c", 3, 4);
        assert_eq!(["a", "b", "c"].map(|key| recent.find(&key)), [Some(1), None, Some(3)]);
        // In its own place; and what has no room at all takes nobody's.
        recent.keep("c", 4, 6);
        assert_eq!((recent.find(&"c"), recent.held()), (Some(4), (2, 10)));
        recent.keep("a", 5, 11);
        assert_eq!((recent.find(&"a"), recent.held()), (None, (1, 6)));
        recent.retain(|value| *value != 4);
        assert_eq!(recent.held(), (0, 0));
    }
}
