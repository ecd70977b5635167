//! The part of the file that is at hand, and how a step through it ends.

use crate::types::BreakKind;

/// The window, and how far it has been read.
pub(crate) struct Window<'a> {
    octets: &'a [u8],
    at: usize,
}

/// Why a format's reader stopped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// More octets are needed from here on: `octets` of them make one `what`. When nothing at all is left here, the file may
    /// as well end.
    Wanted { octets: usize, what: &'static str },
    /// What stands here cannot be.
    Broken { kind: BreakKind, reason: String },
}

impl Stop {
    pub(crate) fn damaged(reason: String) -> Self {
        Self::Broken { kind: BreakKind::Damaged, reason }
    }
}

impl<'a> Window<'a> {
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self { octets, at: 0 }
    }

    /// What has not been read.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.octets.get(self.at..).unwrap_or_default()
    }

    /// Steps over octets of the rest.
    #[inline]
    pub(crate) fn advance(&mut self, octets: usize) {
        self.at = self.at.saturating_add(octets).min(self.octets.len());
    }

    /// How much has been read. A window is shorter than 4 GiB.
    #[inline]
    pub(crate) fn at(&self) -> u32 {
        self.at as u32
    }
}
