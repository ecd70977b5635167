//! The connection ids of one side, and how they change.

use mcpcap_analyzer::stats::{Pool, Sequence};

use crate::limits;
use crate::packet::Id;

/// The connection ids by which one side is addressed.
#[derive(Clone, Default)]
pub struct Ids {
    /// In the order in which packets took them up.
    pub all: Sequence<Id>,
    /// The one that this side gave itself at first.
    pub own: Option<Id>,
    pub current: Option<Id>,
    /// One that was in the packet before, and never earlier.
    candidate: Option<Id>,
}

impl Ids {
    /// None yet, of a list with that name.
    pub fn of(list: &str) -> Self {
        Self { all: Sequence::of(list, limits::IDS_OF_SIDE), ..Self::default() }
    }

    /// Whether it is one of those that are known to have been seen.
    pub fn has(&self, id: &Id) -> bool {
        [self.current, self.own].contains(&Some(*id)) || self.all.first().contains(id)
    }

    /// Takes one that a long header tells. Whether it is new.
    pub fn told(&mut self, id: Id, pool: &mut Pool) -> bool {
        let is_new = !self.has(&id);
        if is_new {
            self.take(id, pool);
        }
        is_new
    }

    fn take(&mut self, id: Id, pool: &mut Pool) {
        self.own = self.own.or(Some(id));
        self.current = Some(id);
        if !id.is_empty() {
            self.all.push(|| id, pool);
        }
    }

    /// Takes what is behind the first byte of a packet with a short header, which does not tell how long its id is: as long as the one before.
    /// An id is one when two packets have it. Gives a new one.
    pub fn used(&mut self, bytes: &[u8], pool: &mut Pool) -> Option<Id> {
        let current = self.current.filter(|current| !current.is_empty())?;
        let id = Id::new(bytes.get(..current.len())?)?;
        if id == current {
            self.candidate = None;
            return None;
        }
        let is_known = self.has(&id);
        if !is_known && self.candidate.replace(id) != Some(id) {
            return None;
        }
        self.candidate = None;
        self.take(id, pool);
        (!is_known).then_some(id)
    }
}
