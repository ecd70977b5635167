//! What reports tell of decryption.

use mcpcap_analyzer::{Capture, JsonSchema, is_default, text};
use serde::Serialize;

use crate::key_log::KeyLog;
use crate::session::{Told, Why};

/// Counts how far connections were decrypted.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    connections: u64,
    records: u64,
    closed_records: u64,
    not_decrypted: [u64; Why::ALL.len()],
    /// Connections that began before there was a key log.
    before: u64,
}

impl Tally {
    /// Takes a connection of which nothing more comes.
    pub fn take(&mut self, told: Told) {
        self.connections = self.connections.saturating_add((told.decrypted > 0).into());
        self.records = self.records.saturating_add(told.decrypted);
        self.closed_records = self.closed_records.saturating_add(told.not_decrypted);
        for (count, why) in self.not_decrypted.iter_mut().zip(Why::ALL) {
            *count = count.saturating_add((told.why == Some(why)).into());
        }
    }

    /// One began before there was a key log.
    pub fn pass(&mut self) {
        self.before = self.before.saturating_add(1);
    }

    /// How many were not decrypted, by reason.
    fn reasons(&self) -> impl Iterator<Item = (Why, u64)> {
        let before = |why: Why| if why == Why::NoSecret { self.before } else { 0 };
        let counts = Why::ALL.into_iter().zip(self.not_decrypted);
        counts.map(move |(why, count)| (why, count.saturating_add(before(why)))).filter(|(_, count)| *count > 0)
    }

    /// Which connections were not decrypted, or not wholly, for a report that found nothing. `None`: all were.
    pub fn in_words(&self, log: &KeyLog, capture: &Capture) -> Option<String> {
        let mut reasons: Vec<String> =
            self.reasons().map(|(why, count)| format!("{} in {count}", why.name())).collect();
        let all = self.reasons().fold(0_u64, |sum, (_, count)| sum.saturating_add(count));
        let connections = text::counted(all, "TLS connection");
        let left_out = [(log.lines().left_out, "secret"), (capture.key_log_left_out, "byte")];
        for (count, what) in left_out.into_iter().filter(|(count, _)| *count > 0) {
            reasons.push(format!("{} of the key log left out", text::counted(count, what)));
        }
        (all > 0).then(|| format!("{connections} could not be decrypted, or not wholly ({})", reasons.join(", ")))
    }

    /// What a report tells; nothing where there is no key log.
    pub fn report(&self, log: &KeyLog, capture: &Capture) -> Option<DecryptionReport> {
        let reasons = self.reasons();
        (!log.is_empty()).then(|| DecryptionReport {
            key_log: KeyLogReport::new(log, capture.key_log_left_out),
            connections: self.connections,
            records: self.records,
            records_not_decrypted: self.closed_records,
            not_decrypted: reasons.map(|(reason, connections)| NotDecrypted { reason, connections }).collect(),
        })
    }
}

/// What was decrypted with the key log, and what was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DecryptionReport {
    /// The key log.
    pub key_log: KeyLogReport,
    /// TLS connections over TCP of which records were decrypted.
    pub connections: u64,
    /// Records that were decrypted.
    pub records: u64,
    /// Encrypted records that were not.
    #[serde(skip_serializing_if = "is_default")]
    pub records_not_decrypted: u64,
    /// Connections that were not decrypted, or not wholly, by the reason of the first record that was not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_decrypted: Vec<NotDecrypted>,
}

/// A reason, and of how many connections it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NotDecrypted {
    /// Why the first record was not decrypted that was not.
    pub reason: Why,
    /// Connections.
    pub connections: u64,
}

/// The lines of a key log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KeyLogReport {
    /// Sessions that it has secrets of.
    pub sessions: u64,
    /// Secrets.
    pub secrets: u64,
    /// Lines that decrypt no record: of other secrets, such as `EXPORTER_SECRET` and `RSA`.
    #[serde(skip_serializing_if = "is_default")]
    pub unused_lines: u64,
    /// Lines that are no secret.
    #[serde(skip_serializing_if = "is_default")]
    pub malformed_lines: u64,
    /// Secrets beyond the first 32,768, for which there was no room.
    #[serde(skip_serializing_if = "is_default")]
    pub secrets_left_out: u64,
    /// Bytes of the capture's decryption secrets that were not read, since it has too many.
    #[serde(skip_serializing_if = "is_default")]
    pub bytes_left_out: u64,
}

impl KeyLogReport {
    fn new(log: &KeyLog, bytes_left_out: u64) -> Self {
        let lines = log.lines();
        Self {
            sessions: log.sessions(),
            secrets: log.secrets(),
            unused_lines: lines.unused,
            malformed_lines: lines.malformed,
            secrets_left_out: lines.left_out,
            bytes_left_out,
        }
    }
}
