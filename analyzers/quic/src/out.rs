//! What comes out of connections, and what they keep together.

use mcpcap_analyzer::stats::Pool;
use mcpcap_analyzer::stream::Endpoint;

use crate::facts::{Facts, Mark};
use crate::limits;

/// A client's first packet, whoever answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    pub client: Endpoint,
    pub server: Endpoint,
    pub mark: Mark,
}

/// What comes out of connections, and what they keep together.
pub struct Out {
    /// Connections of which nothing more comes, in order.
    pub finished: Vec<Facts>,
    /// Connections that began.
    pub asked: Vec<Asked>,
    /// Initial packets of which a part was not captured, so that they cannot be decrypted.
    pub cut: u64,
    /// Initial packets that have other keys.
    pub not_decrypted: u64,
    /// Hellos of which a part is not in the capture.
    pub incomplete: u64,
    /// Bytes that wait in buffers now.
    pub buffered: usize,
    /// Times that hellos were given up because too much waited.
    pub given_up: u64,
    /// Memory of connections that are not finished now.
    pub memory: usize,
    /// Connections that were finished early for want of room.
    pub evicted: u64,
    /// Room for lists of all connections.
    pub pool: Pool,
}

impl Default for Out {
    fn default() -> Self {
        Self {
            finished: Vec::new(),
            asked: Vec::new(),
            cut: 0,
            not_decrypted: 0,
            incomplete: 0,
            buffered: 0,
            given_up: 0,
            memory: 0,
            evicted: 0,
            pool: Pool::new(limits::POOL),
        }
    }
}

impl Out {
    /// Reckons with the memory of a connection that has grown.
    pub fn charge(&mut self, facts: &mut Facts) {
        let memory = facts.memory();
        self.memory = self.memory.saturating_sub(facts.charged).saturating_add(memory);
        facts.charged = memory;
    }

    /// Takes a connection of which nothing more comes.
    pub fn finish(&mut self, facts: Facts) {
        self.memory = self.memory.saturating_sub(facts.charged);
        self.finished.push(facts);
    }
}
