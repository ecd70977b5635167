//! Bodies: how much of them was seen.

/// What is known of a body.
#[derive(Debug, Default)]
pub struct Body {
    /// Bytes that were sent of it, without what chunks need.
    pub sent: u64,
    /// Bytes that are not in the capture.
    pub missing: u64,
    /// Whether it was sent in chunks.
    pub chunked: bool,
    is_cut: bool,
}

impl Body {
    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.sent = self.sent.saturating_add(bytes.len() as u64);
    }

    /// So many bytes are not in the capture.
    pub fn gap(&mut self, missing: u64) {
        self.sent = self.sent.saturating_add(missing);
        self.missing = self.missing.saturating_add(missing);
    }

    /// Its end was not seen.
    pub fn cut(&mut self) {
        self.is_cut = true;
    }

    /// Whether all of it was seen.
    pub fn is_complete(&self) -> bool {
        !self.is_cut && self.missing == 0
    }

    /// Memory that it takes besides itself, in bytes.
    pub fn cost(&self) -> usize {
        0
    }
}
