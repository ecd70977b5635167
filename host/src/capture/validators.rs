//! What tells whether a download is still what it was.

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
