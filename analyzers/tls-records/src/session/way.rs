//! One direction: its keys, and the number of its next record.

use super::Why;
use crate::keys::Keys;
use crate::records::Head;

/// Records in a row that do not authenticate, behind which nothing more is tried.
const FAILURES: u32 = 8;
/// Numbers that one record is tried with, besides the one that it should have.
const SEARCH: u64 = 63;

/// Which secret protects the records of a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Phase {
    /// None yet.
    #[default]
    Clear,
    /// That of data before the handshake.
    Early,
    /// That of the handshake of TLS 1.3.
    Handshake,
    /// That of application data, or of everything behind ChangeCipherSpec up to TLS 1.2.
    Traffic,
}

/// One direction.
#[derive(Default)]
pub(super) struct Way {
    pub(super) phase: Phase,
    keys: Option<Box<Keys>>,
    /// Keys that come into force with ChangeCipherSpec.
    next: Option<Box<Keys>>,
    /// The number of the next record, where none is missing.
    number: u64,
    /// Records that may be missing before it, at most; absent where none is.
    missing: Option<u64>,
    /// Records that were not decrypted since then.
    behind: u64,
    failures: u32,
    /// Whether ChangeCipherSpec was said.
    pub(super) has_changed: bool,
}

impl Way {
    pub(super) fn has_keys(&self) -> bool {
        self.keys.is_some()
    }

    /// Whether it has no keys, nor any that come.
    pub(super) fn has_none(&self) -> bool {
        self.keys.is_none() && self.next.is_none()
    }

    /// Whether ChangeCipherSpec may be among the records that are missing.
    pub(super) fn may_have_changed(&self) -> bool {
        !self.has_changed && self.next.is_some() && self.missing.is_some()
    }

    /// Another secret is in force from the next record on.
    pub(super) fn set(&mut self, phase: Phase, keys: Option<Keys>) {
        *self = Self {
            phase,
            keys: keys.map(Box::new),
            next: self.next.take(),
            has_changed: self.has_changed,
            ..Self::default()
        };
    }

    /// The keys of the secret that is in force, where they were not known before.
    pub(super) fn give(&mut self, keys: Option<Keys>) {
        self.keys = keys.map(Box::new);
        self.failures = 0;
        if self.behind > 0 {
            // The end of the phase may have been among what was not decrypted.
            self.missing = self.missing.or(Some(0));
        }
    }

    /// Keys for what follows ChangeCipherSpec; where that was said before the key log had them, for what follows now.
    pub(super) fn prepare(&mut self, keys: Keys) {
        if self.has_changed && self.phase == Phase::Clear {
            (self.phase, self.failures) = (Phase::Traffic, 0);
            self.keys = Some(Box::new(keys));
        } else {
            self.next = Some(Box::new(keys));
        }
    }

    /// ChangeCipherSpec: the next keys are in force.
    pub(super) fn change(&mut self) {
        let keys = self.next.take();
        let phase = if keys.is_some() { Phase::Traffic } else { Phase::Clear };
        *self = Self { phase, keys, has_changed: true, ..Self::default() };
    }

    /// KeyUpdate.
    pub(super) fn update(&mut self) {
        let keys = self.updated();
        self.set(self.phase, keys);
    }

    /// The keys that come into force with KeyUpdate; up to TLS 1.2 there are none.
    pub(super) fn updated(&self) -> Option<Keys> {
        self.keys.as_ref()?.updated()
    }

    /// A record was not decrypted.
    pub(super) fn pass(&mut self) {
        self.number = self.number.saturating_add(1);
        self.behind = self.behind.saturating_add(1);
    }

    /// One is not here whole. With it the message may be gone that ends this phase.
    pub(super) fn pass_unread(&mut self) {
        self.pass();
        if matches!(self.phase, Phase::Early | Phase::Handshake) {
            self.missing = self.missing.or(Some(0));
        }
    }

    /// So many records may be missing.
    pub(super) fn gap(&mut self, most: u64) {
        self.missing = Some(self.missing.unwrap_or(0).saturating_add(most));
    }

    /// Opens a record with the number and the keys that are in force: its content type.
    pub(super) fn open(&mut self, head: Head, record: &[u8], plain: &mut Vec<u8>) -> Option<u8> {
        if self.failures >= FAILURES {
            return None;
        }
        let kind = self.keys.as_ref()?.open(self.number, head, record, plain)?;
        self.number = self.number.saturating_add(1);
        (self.missing, self.behind, self.failures) = (None, 0, 0);
        Some(kind)
    }

    /// The phase that may have begun without being seen: where records are missing, where the secret is not there that shows its end, and where data before
    /// the handshake may have been refused.
    pub(super) fn next_phase(&self) -> Option<Phase> {
        let may_have_ended = self.missing.is_some() || self.keys.is_none();
        match self.phase {
            Phase::Early => Some(Phase::Handshake),
            Phase::Handshake if may_have_ended => Some(Phase::Traffic),
            // A KeyUpdate may be among what is missing.
            Phase::Traffic if self.missing.is_some() => Some(Phase::Traffic),
            _ => None,
        }
    }

    /// Opens a record by one of the numbers that it can have instead. `next`: the keys of [`Self::next_phase`].
    pub(super) fn search(
        &mut self,
        head: Head,
        record: &[u8],
        next: Option<(Keys, Phase)>,
        tries: &mut u32,
        plain: &mut Vec<u8>,
    ) -> Result<u8, Why> {
        if self.failures >= FAILURES {
            self.pass();
            return Err(Why::AuthenticationFailed);
        }
        let missing = self.missing.unwrap_or(0);
        // Those behind count for the next phase, too, unless they are data before the handshake.
        let behind = if self.phase == Phase::Handshake { self.behind } else { 0 };
        let same = self.keys.as_deref().filter(|_| self.missing.is_some());
        let same = same.map(|keys| (keys, self.phase, self.number.saturating_add(1), missing.checked_sub(1)));
        let next = next.as_ref().map(|(keys, phase)| (keys, *phase, 0, Some(missing.saturating_add(behind))));
        let prepared = self.next.as_deref().filter(|_| self.may_have_changed());
        let prepared = prepared.map(|keys| (keys, Phase::Traffic, 0, Some(missing)));
        let mut found = None;
        for (keys, phase, first, more) in [same, next, prepared].into_iter().flatten() {
            let Some(more) = more else { continue };
            let numbers = first..=first.saturating_add(more.min(SEARCH)).min(first.saturating_add((*tries).into()));
            let opened = numbers.into_iter().find_map(|number| {
                // The first one costs nothing: it is not a search.
                *tries = tries.saturating_sub((number > first).into());
                keys.open(number, head, record, plain).map(|kind| (number, kind))
            });
            if let Some((number, kind)) = opened {
                found = Some((keys.clone(), phase, number, kind));
                break;
            }
        }
        if let Some((keys, phase, number, kind)) = found {
            let may_have_changed = self.may_have_changed();
            let next = if may_have_changed { None } else { self.next.take() };
            *self = Self {
                phase,
                keys: Some(Box::new(keys)),
                next,
                number: number.saturating_add(1),
                has_changed: self.has_changed || may_have_changed,
                ..Self::default()
            };
            return Ok(kind);
        }
        let why = match () {
            () if self.has_none() => Why::NoSecret,
            () if self.missing.is_some() => Why::MissingBytes,
            () => {
                // Data before the handshake may be refused, and is as long as the client likes.
                self.failures = self.failures.saturating_add((self.phase != Phase::Early).into());
                Why::AuthenticationFailed
            }
        };
        self.pass();
        Err(why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_log::Secret;
    use crate::suite::Suite;

    #[test]
    fn a_search_for_numbers_has_an_end() {
        let keys = Keys::of_secret(Suite::of(0x1301, true).unwrap(), &Secret::new(&[7; 32]).unwrap());
        let mut way = Way::default();
        way.set(Phase::Traffic, keys);
        way.gap(u64::MAX);
        let (head, record) = (Head { kind: 23, version: 0x0303, length: 40 }, [9; 40]);
        let (mut tries, mut plain) = (100, Vec::new());
        let left: Vec<u32> = (0..4)
            .map(|_| {
                assert_eq!(way.open(head, &record, &mut plain), None);
                assert_eq!(way.search(head, &record, None, &mut tries, &mut plain), Err(Why::MissingBytes));
                tries
            })
            .collect();
        // The first number of each search is no search.
        assert_eq!(left, [100 - 63, 0, 0, 0]);
    }
}
