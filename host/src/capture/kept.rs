//! Downloads that are kept for the next question about the same URL: files without names, so that they end with the process.

use std::collections::VecDeque;
use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};

/// How a server tells whether what it has is still what it had (RFC 9110 section 8.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Validators {
    /// `ETag`.
    pub(super) etag: Option<String>,
    /// `Last-Modified`.
    pub(super) modified: Option<String>,
}

impl Validators {
    /// Whether there is any.
    pub(super) fn is_some(&self) -> bool {
        self.etag.is_some() || self.modified.is_some()
    }
}

/// A download.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// The URL as it was asked for, credentials included: another user's answer may be another.
    pub(super) url: String,
    pub(super) validators: Validators,
    pub(super) file: Arc<File>,
    pub(super) size: u64,
}

/// The downloads, the least recently used first.
#[derive(Debug)]
pub(super) struct Keeper {
    most: u64,
    kept: Mutex<VecDeque<Kept>>,
}

impl Keeper {
    /// Keeps files of so many octets together; with 0, none.
    pub(super) fn new(most: u64) -> Self {
        Self { most, kept: Mutex::default() }
    }

    /// What is kept of a URL.
    pub(super) fn find(&self, url: &str) -> Option<Kept> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().position(|one| one.url == url).and_then(|place| kept.remove(place))?;
        kept.push_back(found.clone());
        Some(found)
    }

    /// Keeps a download in place of an older one of this URL, if there is room for it at all; others go.
    pub(super) fn keep(&self, new: Kept) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|one| one.url != new.url);
        if new.size > self.most {
            return;
        }
        kept.push_back(new);
        while kept.iter().fold(0_u64, |sum, one| sum.saturating_add(one.size)) > self.most {
            kept.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_download_goes_first() {
        let keeper = Keeper::new(10);
        let file = |url: &str, size| Kept {
            url: url.into(),
            validators: Validators { etag: None, modified: None },
            file: Arc::new(tempfile::tempfile().unwrap()),
            size,
        };
        keeper.keep(file("a", 4));
        keeper.keep(file("b", 4));
        assert!(keeper.find("a").is_some());
        keeper.keep(file("c", 4));
        assert!(keeper.find("b").is_none() && keeper.find("a").is_some() && keeper.find("c").is_some());
        keeper.keep(file("a", 11));
        assert!(keeper.find("a").is_none() && keeper.find("c").is_some());
    }
}
