//! Where captures come from: a file that was opened once, read to its end or to the break, hashed on the way.
//!
//! Nothing here looks into a byte. Decompression happens in a sandboxed codec.

mod fetch;
mod file;
pub(crate) mod guard;
mod kept;
mod name;
pub(crate) mod public;
mod roots;
mod source;
mod spool;

use sha2::{Digest, Sha256};

pub use fetch::{Fetch, Remote, is_url, shown};
pub use file::{CaptureError, CaptureFile, Identity};
pub use name::named;
pub use roots::{Root, Roots};
pub use source::{Chunk, Facts, Source, SourceEnd};
pub use spool::spool;

/// SHA-256 of some octets, as hexadecimal digits.
pub fn hex_sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(crate) fn hex(digest: &[u8]) -> String {
    digest.iter().map(|octet| format!("{octet:02x}")).collect()
}
