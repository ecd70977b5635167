//! What comes out of connections, and what they keep together.

use crate::certificate::Store;
use crate::facts::Facts;
use mcpcap_tls_records::{KeyLog, Tally};

/// What comes out of connections, and what they keep together.
#[derive(Default)]
pub struct Out {
    /// Connections of which nothing more comes, in order.
    pub finished: Vec<Facts>,
    /// Certificates that are known.
    pub certificates: Store,
    /// Messages of which a part is not in the capture.
    pub incomplete: u64,
    /// Bytes of TLS connections that belong to no record that could be found.
    pub skipped: u64,
    /// Bytes that wait in buffers now.
    pub buffered: usize,
    /// Messages that were not read because too much waited.
    pub given_up: u64,
    /// Memory of connections that are not finished now.
    pub memory: usize,
    /// Connections that were finished early for want of room.
    pub evicted: u64,
    /// The secrets that are known.
    pub key_log: KeyLog,
    /// How far connections were decrypted.
    pub decrypted: Tally,
    /// What is encrypted in a record, while that is read.
    pub plain: Vec<u8>,
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
        if let Some(told) = facts.decryption {
            self.decrypted.take(told);
        }
        self.finished.push(facts);
    }
}
