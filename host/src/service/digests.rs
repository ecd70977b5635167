//! The digests of captures: computed once for a file that nobody writes to, whatever is asked about it.

use super::Service;
use super::run::Of;
use crate::answer::{AnswerError, Code};
use crate::capture::{CaptureFile, Digests};
use crate::pipeline::{Outcome, RunError};

impl Service {
    /// The capture from its beginning, with what is known of it. With `--kept-answers 0` and `--kept-tables 0` nothing is.
    pub(super) fn reopened(&self, of: &Of<'_>) -> CaptureFile {
        of.capture.again().with_known(self.digests(of.capture))
    }

    /// The digests of a file that was not changed since they were computed.
    pub(super) fn digests(&self, capture: &CaptureFile) -> Option<Digests> {
        let file = capture.identity()?;
        self.digests.find(&file).or_else(|| {
            let digests = self.table_cache.as_ref()?.seen(&file)?;
            self.digests.keep(file, digests.clone(), 1);
            Some(digests)
        })
    }

    /// Remembers what a pass over the whole capture found.
    pub(super) fn learn_of<'o>(
        &self,
        outcomes: impl IntoIterator<Item = &'o Result<Outcome, RunError>>,
        capture: &CaptureFile,
    ) {
        let whole = outcomes.into_iter().flatten().find(|outcome| outcome.identity_is_whole);
        if let Some(Outcome { identity, sha1, .. }) = whole {
            self.learn(capture, Digests { sha256: identity.clone(), sha1: sha1.clone() });
        }
    }

    /// Remembers the digests of a capture.
    fn learn(&self, capture: &CaptureFile, digests: Digests) {
        let Some(file) = capture.identity() else { return };
        if self.digests(capture).is_some_and(|known| known.cover(&digests)) {
            return;
        }
        self.digests.keep(file, digests.clone(), 1);
        if let Some(cache) = &self.table_cache {
            cache.remember(&file, &digests);
        }
    }

    /// The SHA-256 of a capture, which is read for it where that is not known.
    ///
    /// # Errors
    /// When it cannot be read, was written to meanwhile, or the work was cancelled.
    pub(super) fn sha256(&self, of: &Of<'_>) -> Result<String, AnswerError> {
        if let Some(known) = self.digests(of.capture) {
            return Ok(known.sha256);
        }
        let damaged =
            |reason: String| AnswerError::new(Code::Damaged, format!("{} could not be read: {reason}", of.shown));
        let computed = of.capture.sha256_of(u64::MAX, of.cancel).map_err(|error| match error.kind() {
            std::io::ErrorKind::Interrupted => AnswerError::new(Code::Cancelled, "the request was cancelled"),
            kind => damaged(kind.to_string()),
        })?;
        if of.capture.is_unchanged().map_err(|error| damaged(error.to_string()))? {
            self.learn(of.capture, Digests { sha256: computed.clone(), sha1: None });
        }
        Ok(computed)
    }
}
