//! Which slot of a table was used least recently.

use std::collections::VecDeque;

/// Slots in the order of their last use.
///
/// Most look-ups are uses, and most tables never have to make room. So until somebody asks for the oldest slot, a use only notes the time. From then on
/// uses are listed as they come, and one that was followed by another of its slot is passed over. What is passed over goes as soon as it is half of the
/// list, so a use costs the same whatever the uses are.
#[derive(Default)]
pub(super) struct Uses {
    /// Counts uses.
    clock: u64,
    /// By slot: when it was used last, 0 where it is free.
    used: Vec<u64>,
    /// Uses with their slots, in order, once somebody asked for it: the last one of each slot that is not free, and some that are not the last.
    order: Option<VecDeque<(u64, u32)>>,
}

/// How long the list may be without being looked through.
const SHORT: usize = 64;

impl Uses {
    /// Takes note of a use of a slot.
    #[inline]
    pub(super) fn touch(&mut self, slot: u32) {
        self.clock = self.clock.saturating_add(1);
        let Some(used) = self.used.get_mut(slot as usize) else { return };
        *used = self.clock;
        if let Some(order) = &mut self.order {
            order.push_back((self.clock, slot));
            if order.len() > self.used.len().saturating_mul(2).saturating_add(SHORT) {
                self.tidy();
            }
        }
    }

    /// Takes a slot that was free; it is the one used last.
    pub(super) fn add(&mut self, slot: u32) {
        if slot as usize >= self.used.len() {
            self.used.resize((slot as usize).saturating_add(1), 0);
        }
        self.touch(slot);
    }

    /// Forgets a slot, which is free from now on.
    pub(super) fn remove(&mut self, slot: u32) {
        if let Some(used) = self.used.get_mut(slot as usize) {
            *used = 0;
        }
    }

    /// The slot that was used least recently.
    pub(super) fn oldest(&mut self) -> Option<u32> {
        let Self { used, order, .. } = self;
        let order = order.get_or_insert_with(|| sorted(used).into());
        while let Some((time, slot)) = order.front() {
            if used.get(*slot as usize) == Some(time) {
                return Some(*slot);
            }
            order.pop_front();
        }
        None
    }

    /// Takes out of the list what is passed over.
    #[cold]
    fn tidy(&mut self) {
        let Self { used, order, .. } = self;
        if let Some(order) = order {
            order.retain(|(time, slot)| used.get(*slot as usize) == Some(time));
        }
    }

    /// All slots that are not free, the least recently used first.
    pub(super) fn in_order(&self) -> Vec<u32> {
        sorted(&self.used).into_iter().map(|(_, slot)| slot).collect()
    }
}

/// The last uses of slots that are not free.
fn sorted(used: &[u64]) -> Vec<(u64, u32)> {
    let mut uses: Vec<_> = used.iter().copied().zip(0_u32..).filter(|(used, _)| *used > 0).collect();
    uses.sort_unstable();
    uses
}
