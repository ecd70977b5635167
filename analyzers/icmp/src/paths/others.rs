//! Paths that are not in the tables at the end, of which a page is asked for.

use mcpcap_analyzer::stats::{Lists, Others, Pool};

use super::{PATHS, Path};
use crate::hops::PathKey;
use crate::limits;
use crate::quoted_paths::Answers;

/// A path whose probes were captured, or one from quotes, by the identifier of its echoes.
pub type Name = (PathKey, Option<u16>);

/// What is known of one.
#[derive(Default)]
pub struct Known {
    /// Where its probes were captured.
    pub path: Path,
    /// Where they were not.
    pub answers: Answers,
}

/// All of them.
pub struct OtherPaths {
    /// See [`Others`].
    pub paths: Others<Name, Known>,
    /// Room for the addresses and labels of their hops.
    addresses: Pool,
}

impl OtherPaths {
    /// None yet.
    pub fn new(lists: &Lists) -> Self {
        Self { paths: Others::of_large(PATHS, lists), addresses: Pool::new(limits::HOP_ADDRESSES) }
    }

    /// A path, which is made when it is not there, if it may be on the page.
    pub fn entry(&mut self, name: Name) -> Option<(&mut Known, &mut Pool)> {
        let room = &mut self.addresses;
        let gone = |gone: Known| gone.path.release(room);
        let (_, known) = self.paths.entry_or(&name, || name, Known::default, gone)?;
        Some((known, &mut self.addresses))
    }

    /// A path that is there.
    pub fn get_mut(&mut self, name: &Name) -> Option<(&mut Known, &mut Pool)> {
        Some((self.paths.get_mut(name)?, &mut self.addresses))
    }
}
