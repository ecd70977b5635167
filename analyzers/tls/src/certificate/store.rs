//! The certificates of a capture, each read once.

use std::rc::Rc;

use mcpcap_analyzer::finding::Evidence;
use mcpcap_analyzer::stats::{BoundedMap, Distinct, Lists, Others};
use mcpcap_analyzer::stream::Endpoint;
use sha2::{Digest, Sha256};

use super::Certificate;
use crate::facts::Mark;
use crate::{limits, rows};

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

/// The list of certificates.
pub const CERTIFICATES: &str = "certificates";

/// Certificates that are known.
pub struct Store {
    entries: BoundedMap<[u8; 32], Entry>,
    memory: usize,
    evicted: u64,
    others: Others<[u8; 32], Entry>,
    different: Distinct,
}

impl Default for Store {
    fn default() -> Self {
        Self::new(&Lists::default())
    }
}

impl Entry {
    fn new(certificate: Rc<Certificate>, first: Mark) -> Self {
        Self { certificate, first, evidence: Evidence::default(), sender: None, as_server: 0, as_client: 0 }
    }
}

impl Store {
    /// None known yet; `lists` tells of which list a page is asked for.
    pub fn new(lists: &Lists) -> Self {
        Self {
            // It never makes room by itself.
            entries: BoundedMap::new(limits::CERTIFICATES.saturating_add(1)),
            memory: 0,
            evicted: 0,
            others: Others::of_large(CERTIFICATES, lists),
            different: Distinct::new(),
        }
    }

    /// The certificate of some DER, which was sent in a message that ends in a frame.
    pub fn take(&mut self, der: &[u8], mark: Mark) -> Rc<Certificate> {
        let digest: [u8; 32] = Sha256::digest(der).into();
        self.different.add(&digest);
        let certificate = match self.entries.get(&digest) {
            Some(entry) => Rc::clone(&entry.certificate),
            None => {
                let certificate = Rc::new(Certificate::read(der));
                self.memory = self.memory.saturating_add(certificate.memory());
                certificate
            }
        };
        let make = || Entry::new(Rc::clone(&certificate), mark);
        let (entry, _) = self.entries.get_or_insert_with(digest, make);
        let other = self.others.entry(&digest, || digest, make).map(|(_, other)| other);
        for entry in [Some(entry), other].into_iter().flatten() {
            entry.evidence.add(mark.frame);
        }
        while self.entries.len() > limits::CERTIFICATES || self.memory > limits::CERTIFICATES_MEMORY {
            let Some((_, old)) = self.entries.pop_oldest() else { break };
            self.memory = self.memory.saturating_sub(old.certificate.memory());
            self.evicted = self.evicted.saturating_add(1);
            rows::add_certificates(&[&old]);
        }
        certificate
    }

    /// A connection ended in which it was the first one of a side.
    pub fn sent(&mut self, certificate: &Certificate, sender: Endpoint, is_server: bool) {
        let known = [self.entries.peek_mut(&certificate.sha256), self.others.get_mut(&certificate.sha256)];
        for entry in known.into_iter().flatten() {
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

    /// How many different ones there were.
    pub fn total(&self) -> u64 {
        self.different.count()
    }

    /// Those that the report holds: in the order in which they were sent first, and behind them those that made room.
    pub fn listed(&self, lists: &mut Lists) -> Vec<&Entry> {
        let mut known: Vec<(&[u8; 32], &Entry)> = self.entries.iter().collect();
        known.sort_by_key(|(digest, entry)| (entry.first.frame, **digest));
        let has = |digest: &[u8; 32]| self.entries.get(digest).is_some();
        let listed = self.others.list(known, limits::CERTIFICATES_LISTED, self.total(), has, lists);
        listed.into_iter().map(|(_, entry)| entry).collect()
    }
}
