//! What the listed messages have room for.

use mcpcap_analyzer::stats::Lists;

use crate::limits;

/// Characters that listed messages may still take.
#[derive(Debug)]
pub struct Budget(usize);

impl Budget {
    /// All of it.
    pub fn new() -> Self {
        Self(limits::DETAIL_CHARACTERS)
    }

    /// Whether so many characters are left; they are taken, if so.
    pub(super) fn take(&mut self, characters: usize) -> bool {
        match self.0.checked_sub(characters) {
            Some(left) => {
                self.0 = left;
                true
            }
            None => false,
        }
    }
}

/// What the lists of a message may hold.
pub struct Room<'a> {
    /// Of all messages.
    pub budget: &'a mut Budget,
    /// Which parts of lists are asked for.
    pub lists: &'a mut Lists,
    /// The message's place among those that can be listed.
    pub place: usize,
}
