//! What names bytes: their digest, in hexadecimal digits.

use sha2::{Digest, Sha256};

/// SHA-256 of some bytes, as hexadecimal digits.
pub fn hex_sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
