//! What names bytes: their SHA-256.
//!
//! ring's: where the processor has no instructions for SHA, it takes half the time of the sha2 crate, and a capture is hashed whole.

use ring::digest::{Context, SHA256};

/// Bytes of a digest.
const LENGTH: usize = 32;

/// SHA-256 of what comes piece by piece (FIPS 180-4).
#[derive(Clone)]
pub(crate) struct Sha256(Context);

impl Sha256 {
    /// Of nothing yet.
    pub(crate) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    /// Of some bytes.
    pub(crate) fn of(bytes: &[u8]) -> [u8; LENGTH] {
        let mut hash = Self::new();
        hash.update(bytes);
        hash.finish()
    }

    /// Takes the next piece.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest.
    pub(crate) fn finish(self) -> [u8; LENGTH] {
        let mut digest = [0; LENGTH];
        // They are as long as each other.
        digest.iter_mut().zip(self.0.finish().as_ref()).for_each(|(to, from)| *to = *from);
        digest
    }
}

/// SHA-256 of some bytes, as hexadecimal digits.
pub fn hex_sha256(bytes: &[u8]) -> String {
    hex(&Sha256::of(bytes))
}

pub(crate) fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standard() {
        // NIST's examples for FIPS 180-4.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex_sha256(b"abc"), abc);
        assert_eq!(hex_sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let mut pieces = Sha256::new();
        pieces.update(b"a");
        pieces.update(b"bc");
        assert_eq!(hex(&pieces.finish()), abc);
    }
}
