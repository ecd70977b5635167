//! What lists of the report say of connections.

use mcpcap_analyzer::finding::Frames;

use crate::tracker::connection::Connection;

/// A share as a key: shares are not negative, so that their bits are in their order.
pub fn key(share: f64) -> u64 {
    share.to_bits()
}

/// What a list says of a connection.
#[derive(Debug, Clone)]
pub struct Row {
    /// Place in the order of appearance.
    pub id: u64,
    /// `client <-> server`.
    pub connection: String,
    /// Segments.
    pub packets: u64,
    /// Segments sent again: plain, fast and spurious ones.
    pub resent: [u64; 3],
    /// Frames of the first of them.
    pub frames: Frames,
}

impl Row {
    /// The row of a connection.
    pub fn new(connection: &Connection) -> Self {
        let [plain, fast, spurious] = connection.client.resent;
        let [more_plain, more_fast, more_spurious] = connection.server.resent;
        Self {
            id: connection.id,
            connection: crate::report::text(connection),
            packets: connection.packets(),
            resent: [
                plain.saturating_add(more_plain),
                fast.saturating_add(more_fast),
                spurious.saturating_add(more_spurious),
            ],
            frames: connection.resent_frames().cited(),
        }
    }

    /// Segments sent again.
    pub fn resent(&self) -> u64 {
        self.resent.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }
}
