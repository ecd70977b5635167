//! Ids of requests that are not answered yet. A client that uses one twice could not tell the answers apart, and rmcp would leave one of the two
//! without any.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// The ids that are in use.
pub(super) struct Ids<K>(Arc<Mutex<HashSet<K>>>);

impl<K> Default for Ids<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Hash + Eq + Clone> Ids<K> {
    /// Takes an id for as long as somebody holds the result; nothing when it is taken.
    pub(super) fn take(&self, id: K) -> Option<Arc<Held<K>>> {
        let is_new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone());
        is_new.then(|| Arc::new(Held { id, of: Arc::clone(&self.0) }))
    }
}

/// An id in use. It goes with the request to where it is answered, and with the answer to where that goes out.
pub(super) struct Held<K: Hash + Eq> {
    id: K,
    of: Arc<Mutex<HashSet<K>>>,
}

impl<K: Hash + Eq> Drop for Held<K> {
    fn drop(&mut self) {
        self.of.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_free_when_nobody_holds_it() {
        let ids = Ids::default();
        let held = ids.take(1).unwrap();
        let also = Arc::clone(&held);
        assert!(ids.take(1).is_none() && ids.take(2).is_some());
        drop(held);
        assert!(ids.take(1).is_none());
        drop(also);
        assert!(ids.take(1).is_some());
    }
}
