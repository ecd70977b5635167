//! The links that frames of the current section can name.

use std::collections::VecDeque;

use crate::frame::Link;

/// Links by their position among all links of the file. A frame names a link of its own section, and sections follow each other: what a section
/// that has ended declared is forgotten, so a file of a million sections takes no more memory than one.
#[derive(Debug, Default)]
pub struct Links {
    /// Links that were forgotten.
    before: usize,
    kept: VecDeque<Link>,
}

impl Links {
    /// Adds what the next batch declares.
    pub fn extend(&mut self, links: impl IntoIterator<Item = Link>) {
        self.kept.extend(links);
    }

    /// A link by its position.
    pub fn get(&self, position: u32) -> Option<&Link> {
        self.kept.get((position as usize).checked_sub(self.before)?)
    }

    /// Forgets those of sections that have ended: no frame behind the ones that were read is of them.
    pub fn forget(&mut self) {
        let Some(current) = self.kept.back().map(|link| link.section) else { return };
        while self.kept.front().is_some_and(|link| link.section < current) {
            self.kept.pop_front();
            self.before = self.before.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_current_section_is_kept() {
        let link = |section: u32, interface_id: u32| Link { section, interface_id, ..Link::default() };
        let mut links = Links::default();
        for section in 0..100_000 {
            links.extend([link(section, 0), link(section, 1)]);
            // Both sections can be named while the batch is read.
            assert!(section == 0 || links.get(section * 2 - 1).is_some_and(|link| link.section + 1 == section));
            assert_eq!(links.get(section * 2 + 1).map(|link| (link.section, link.interface_id)), Some((section, 1)));
            links.forget();
            assert_eq!(links.kept.len(), 2);
        }
        assert!(links.get(0).is_none() && links.get(200_000).is_none());
    }
}
