//! The certificates of a capture, each read once.

use std::rc::Rc;

use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stats::BoundedMap;
use mcpcap_analyzer::stream::Endpoint;
use sha2::{Digest, Sha256};

use super::Certificate;
use crate::facts::Mark;
use crate::limits;

/// A certificate and who sent it.
#[derive(Debug)]
pub struct Entry {
    pub certificate: Rc<Certificate>,
    /// Where it was sent first.
    pub first: Mark,
    /// Frames that complete a message with it.
    pub evidence: Evidence,
    /// Who sent it first.
    pub sender: Option<Endpoint>,
    /// Connections of which it was the first certificate of the server.
    pub as_server: u64,
    /// Connections of which it was the first certificate of the client.
    pub as_client: u64,
}

/// Certificates that are known.
pub struct Store {
    entries: BoundedMap<[u8; 32], Entry>,
    memory: usize,
    evicted: u64,
}

impl Default for Store {
    fn default() -> Self {
        // It never makes room by itself.
        Self { entries: BoundedMap::new(limits::CERTIFICATES.saturating_add(1)), memory: 0, evicted: 0 }
    }
}

impl Store {
    /// The certificate of some DER, which was sent in a message that ends in a frame.
    pub fn take(&mut self, der: &[u8], mark: Mark) -> Rc<Certificate> {
        let digest: [u8; 32] = Sha256::digest(der).into();
        if let Some(entry) = self.entries.get_mut(&digest) {
            entry.evidence.add(mark.frame);
            return Rc::clone(&entry.certificate);
        }
        let certificate = Rc::new(Certificate::read(der));
        self.memory = self.memory.saturating_add(certificate.memory());
        let evidence = [mark.frame].into_iter().collect();
        let entry = Entry {
            certificate: Rc::clone(&certificate),
            first: mark,
            evidence,
            sender: None,
            as_server: 0,
            as_client: 0,
        };
        self.entries.insert(digest, entry);
        while self.entries.len() > limits::CERTIFICATES || self.memory > limits::CERTIFICATES_MEMORY {
            let Some((_, old)) = self.entries.pop_oldest() else { break };
            self.memory = self.memory.saturating_sub(old.certificate.memory());
            self.evicted = self.evicted.saturating_add(1);
        }
        certificate
    }

    /// A connection ended in which it was the first one of a side.
    pub fn sent(&mut self, certificate: &Certificate, sender: Endpoint, is_server: bool) {
        if let Some(entry) = self.entries.peek_mut(&certificate.sha256) {
            entry.sender = entry.sender.or(Some(sender));
            let count = if is_server { &mut entry.as_server } else { &mut entry.as_client };
            *count = count.saturating_add(1);
        }
    }

    /// Those that had to go for others.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// All that are known, in the order in which they were sent first.
    pub fn in_order(&self) -> Vec<&Entry> {
        let mut all: Vec<&Entry> = self.entries.iter().map(|(_, entry)| entry).collect();
        all.sort_by_key(|entry| (entry.first.frame, entry.certificate.sha256));
        all
    }
}
