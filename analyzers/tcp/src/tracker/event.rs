//! What is remembered of single segments of a connection.

use mcpcap_analyzer::stream::Side;

use super::sequence::Flags;
use super::side::Again;

/// A segment with flags, or whose bytes stand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Its frame.
    pub frame: u64,
    /// Who sent it.
    pub from: Side,
    /// What Wireshark says of it.
    pub found: Flags,
    /// What its bytes say.
    pub again: Again,
}

impl Event {
    /// The event that a segment is, if it is one.
    pub fn of(frame: u64, from: Side, found: Flags, again: Again) -> Option<Self> {
        (!found.is_empty() || again != Again::default()).then_some(Self { frame, from, found, again })
    }
}

/// A FIN or RST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Who sent it.
    pub by: Side,
    /// Its frame.
    pub frame: u64,
    /// Whether it is a RST.
    pub reset: bool,
    /// Whether it came behind the handshake, and was ignored by both ends.
    pub behind: bool,
}

/// A RST of an established connection, of which nobody knows yet whether it ends anything: who sends it in another's name has it ignored by both ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// The RST.
    pub ended: Ended,
    /// When it came.
    pub time: Option<u64>,
    /// The number behind the highest byte of its sender at that time.
    pub next: u32,
    /// The number behind the first bytes that its sender sent then.
    pub beyond: Option<u32>,
}

/// Signs that segments stand in the file in another order than they had on the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Order {
    /// Segments behind the acknowledgment of their bytes.
    pub acknowledged: u64,
    /// Segments whose time is before that of the one before.
    pub earlier: u64,
    last: Option<u64>,
}

impl Order {
    /// Takes a segment.
    pub fn take(&mut self, time: Option<u64>, again: Again) {
        self.acknowledged = self.acknowledged.saturating_add(again.acknowledged.into());
        let earlier = time.zip(self.last).is_some_and(|(time, last)| time < last);
        self.earlier = self.earlier.saturating_add(earlier.into());
        self.last = time.or(self.last);
    }
}
