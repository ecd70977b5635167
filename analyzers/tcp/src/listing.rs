//! Connections that are kept for a list in the report.

use crate::tracker::connection::Connection;

/// The connections with the highest keys, the first ones first where keys are equal.
pub struct Worst<K> {
    limit: usize,
    kept: Vec<(K, Row)>,
}

/// What a list of the worst says of a connection.
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
    pub frames: Vec<u64>,
}

impl<K: PartialOrd + Copy> Worst<K> {
    /// A list of up to `limit` connections.
    pub fn new(limit: usize) -> Self {
        Self { limit, kept: Vec::new() }
    }

    /// Keeps a connection if it is among the worst.
    pub fn add(&mut self, key: K, connection: &Connection) {
        let id = connection.id;
        let place = self.kept.partition_point(|(known, row)| *known > key || (*known == key && row.id < id));
        if place < self.limit {
            self.kept.insert(place, (key, Row::new(connection)));
            self.kept.truncate(self.limit);
        }
    }

    /// The connections, the worst first.
    pub fn into_rows(self) -> impl Iterator<Item = (K, Row)> {
        self.kept.into_iter()
    }
}

impl Row {
    fn new(connection: &Connection) -> Self {
        use crate::tracker::sequence::Flag;
        let both = |flag| connection.client.count(flag).saturating_add(connection.server.count(flag));
        Self {
            id: connection.id,
            connection: crate::report::text(connection),
            packets: connection.packets(),
            resent: [Flag::Retransmission, Flag::FastRetransmission, Flag::SpuriousRetransmission].map(both),
            frames: connection.resent_frames().frames().to_vec(),
        }
    }

    /// Segments sent again.
    pub fn resent(&self) -> u64 {
        self.resent.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }
}
