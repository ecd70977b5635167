//! The digests of a capture's file, and those that were computed before.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::Identity;

/// Captures whose digests are known.
const MOST: usize = 1024;

/// What a file is known by wherever it lies, as hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256.
    pub sha256: String,
    /// SHA-1, where it was asked for.
    pub sha1: Option<String>,
}

impl Digests {
    /// Whether they say all that others say.
    pub fn cover(&self, others: &Self) -> bool {
        self.sha256 == others.sha256 && (self.sha1.is_some() || others.sha1.is_none())
    }
}

/// Digests of files as they were at a moment, the least recently used first: a file that was not changed since is not read for them again.
#[derive(Debug, Default)]
pub struct Known(Mutex<VecDeque<(Identity, Digests)>>);

impl Known {
    /// Those of a file.
    pub fn find(&self, file: &Identity) -> Option<Digests> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.iter().position(|(one, _)| one == file).and_then(|place| all.remove(place))?;
        let digests = found.1.clone();
        all.push_back(found);
        Some(digests)
    }

    /// Remembers them in place of what was known of this file.
    pub fn learn(&self, file: Identity, digests: Digests) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(one, _)| *one != file);
        all.push_back((file, digests));
        while all.len() > MOST {
            all.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_files_are_known_and_the_least_recently_used_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pcap");
        // Another size is another identity.
        let identity = |size: usize| {
            std::fs::write(&path, vec![0; size]).unwrap();
            Identity::of(&path.metadata().unwrap())
        };
        let known = Known::default();
        let (first, second) = (identity(0), identity(1));
        let digests = |text: &str| Digests { sha256: text.into(), sha1: None };
        known.learn(first, digests("a"));
        known.learn(second, digests("b"));
        for size in 2..MOST {
            known.learn(identity(size), digests("c"));
        }
        assert_eq!(known.find(&first), Some(digests("a")));
        known.learn(identity(MOST), digests("d"));
        assert!(known.find(&second).is_none() && known.find(&first).is_some());
        let both = Digests { sha1: Some("e".into()), ..digests("a") };
        known.learn(first, both.clone());
        assert_eq!(known.find(&first), Some(both.clone()));
        assert!(both.cover(&digests("a")) && !digests("a").cover(&both) && !both.cover(&digests("b")));
    }
}
