//! Values that a part of them tells from others.

use std::hash::{Hash, Hasher};

/// A value of a [`Several`](super::Several) that its key tells from others; the rest may change.
#[derive(Debug, Clone)]
pub struct Keyed<K, T> {
    /// What tells it from others.
    pub key: K,
    /// The rest.
    pub value: T,
}

impl<K: PartialEq, T> PartialEq for Keyed<K, T> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<K: Eq, T> Eq for Keyed<K, T> {}

impl<K: Hash, T> Hash for Keyed<K, T> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.key.hash(hasher);
    }
}
