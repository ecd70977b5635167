//! What is found out about bytes while they pass.

use std::io::{self, Write};
use std::sync::LazyLock;

use mcpcap_analyzer::numbers::rounded;
use md5::Md5;
use sha2::{Digest as _, Sha256};

use super::Undecoded;
use super::kind::{self, Type};
use crate::limits;

/// What was found out about a body.
#[derive(Debug, Default, Clone)]
pub struct Known {
    /// Bytes of it when it is decoded, as far as it was.
    pub size: u64,
    /// SHA-256 and MD5 of it; only of what is whole.
    pub hashes: Option<([u8; 32], [u8; 16])>,
    /// Shannon entropy in bits per byte.
    pub entropy: f64,
    /// Its first bytes.
    pub prefix: Vec<u8>,
    /// What they show it to be.
    pub kind: Option<Type>,
    /// Why it is not whole.
    pub undecoded: Option<Undecoded>,
}

/// Reads bytes that pass.
pub struct Digest {
    sha256: Sha256,
    md5: Md5,
    counts: [u32; 256],
    size: u64,
    prefix: Vec<u8>,
    /// Bytes at the most, for now.
    pub most: u64,
    /// Whether there were more.
    pub is_over: bool,
}

impl Default for Digest {
    fn default() -> Self {
        Self {
            sha256: Sha256::new(),
            md5: Md5::new(),
            counts: [0; 256],
            size: 0,
            prefix: Vec::new(),
            most: u64::MAX,
            is_over: false,
        }
    }
}

impl Digest {
    /// For so many bytes at the most.
    pub fn up_to(most: u64) -> Self {
        Self { most, ..Self::default() }
    }

    /// Takes the next bytes. Whether they are not too many.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        let size = self.size.saturating_add(bytes.len() as u64);
        if size > self.most {
            self.is_over = true;
            return false;
        }
        self.size = size;
        self.sha256.update(bytes);
        self.md5.update(bytes);
        for octet in bytes {
            if let Some(count) = self.counts.get_mut(usize::from(*octet)) {
                *count = count.saturating_add(1);
            }
        }
        let room = limits::PREFIX.saturating_sub(self.prefix.len());
        if room > 0 {
            self.prefix.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
        true
    }

    /// What was found out. Hashes are of something only when it is whole.
    pub fn known(&mut self, undecoded: Option<Undecoded>) -> Known {
        let done = std::mem::take(self);
        let entropy = rounded(entropy(&done.counts), 3);
        let hashes = undecoded.is_none().then(|| (done.sha256.finalize().into(), done.md5.finalize().into()));
        let mut prefix = done.prefix;
        prefix.shrink_to_fit();
        Known { size: done.size, hashes, entropy, kind: kind::of(&prefix), prefix, undecoded }
    }
}

impl Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.push(bytes) { Ok(bytes.len()) } else { Err(io::ErrorKind::FileTooLarge.into()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Counts up to here have their part of the sum in a table: most bodies are small, and logarithms cost more than digests then.
const SMALL: usize = 512;

/// `count * log2(count)`.
fn weight(count: f64) -> f64 {
    if count > 0.0 { count * count.log2() } else { 0.0 }
}

/// Shannon entropy of bytes that came so often each: log2 of their number less the mean of log2 of the counts.
fn entropy(counts: &[u32; 256]) -> f64 {
    static WEIGHTS: LazyLock<[f64; SMALL]> = LazyLock::new(|| std::array::from_fn(|count| weight(count as f64)));
    let weights = &*WEIGHTS;
    let (mut all, mut sum) = (0_u64, 0.0);
    for count in counts {
        all = all.saturating_add(u64::from(*count));
        sum += weights.get(*count as usize).copied().unwrap_or_else(|| weight(f64::from(*count)));
    }
    if all == 0 {
        return 0.0;
    }
    // Rounding may leave less than nothing where all bytes are the same.
    ((weight(all as f64) - sum) / all as f64).max(0.0)
}
