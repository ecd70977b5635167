//! Where the last packets were counted.

use smallvec::SmallVec;

use crate::decode::Layer;

/// Paths that are remembered with their nodes.
const RECENT: usize = 4;

/// A path of layers that found all of its places.
#[derive(Default)]
struct Known {
    layers: SmallVec<[Layer; 12]>,
    inner: Option<&'static str>,
    nodes: SmallVec<[usize; 12]>,
}

impl Known {
    fn is(&self, layers: &[Layer], inner: Option<&'static str>) -> bool {
        // Paths differ at their end more often than before.
        self.layers.len() == layers.len()
            && self.inner == inner
            && !self.nodes.is_empty()
            && self.layers.iter().rev().eq(layers.iter().rev())
    }
}

/// The paths of the last packets: the next one has one of them more often than not.
#[derive(Default)]
pub struct Recent {
    paths: [Known; RECENT],
    /// The one that was there last.
    last: usize,
    /// The one that makes room.
    next: usize,
}

impl Recent {
    /// The nodes of a path that is remembered.
    pub fn find(&mut self, layers: &[Layer], inner: Option<&'static str>) -> Option<&[usize]> {
        if !self.paths.get(self.last)?.is(layers, inner) {
            self.last = self.paths.iter().position(|known| known.is(layers, inner))?;
        }
        self.paths.get(self.last).map(|known| known.nodes.as_slice())
    }

    /// Remembers a path.
    pub fn add(&mut self, layers: &[Layer], inner: Option<&'static str>, nodes: SmallVec<[usize; 12]>) {
        if let Some(known) = self.paths.get_mut(self.next) {
            known.layers.clear();
            known.layers.extend_from_slice(layers);
            (known.inner, known.nodes) = (inner, nodes);
        }
        self.last = self.next;
        self.next = self.next.saturating_add(1) % RECENT;
    }
}
