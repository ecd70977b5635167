//! What a reader says about a window, checked. This is the only place that believes a reader's numbers, and it does so after
//! this: a reader that lies ends the run, it never makes the host read elsewhere.

use crate::bindings::{read, types};

/// How a reader broke the contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lie {
    /// Columns of different lengths.
    #[error("its columns differ in length")]
    Columns,
    /// More consumed than given.
    #[error("it consumed {consumed} bytes of a window of {window}")]
    Consumed {
        /// What it said.
        consumed: u32,
        /// What it was given.
        window: usize,
    },
    /// A frame outside of what was consumed, or overlapping the one before.
    #[error("frame {frame} is at {offset}, {captured} bytes long: outside its place in the {consumed} bytes consumed")]
    Range {
        /// Number of the frame.
        frame: u64,
        /// Where it is said to begin.
        offset: u32,
        /// How long it is said to be.
        captured: u32,
        /// What was consumed.
        consumed: u32,
    },
    /// A frame of a link that was never declared.
    #[error("frame {frame} is of link {link}, of {links} declared")]
    Link {
        /// Number of the frame.
        frame: u64,
        /// The link it names.
        link: u32,
        /// How many there are.
        links: u32,
    },
    /// More frames or links than the octets have room for.
    #[error("it found {count} {what} in {window} bytes")]
    TooMany {
        /// Frames or links.
        what: &'static str,
        /// How many.
        count: usize,
        /// In how many octets.
        window: usize,
    },
    /// It asks for the same octets again without wanting more.
    #[error("it consumed nothing and wants no more than it has")]
    NoProgress,
}

/// The smallest record of any format: a pcap record header, or a Simple Packet Block without data.
const FRAME_MIN: usize = 16;
/// The smallest Interface Description Block.
const LINK_MIN: usize = 20;

/// Frames and links counted over the whole file.
#[derive(Debug, Default)]
pub struct Checker {
    frames: u64,
    links: u32,
    position: u64,
}

impl Checker {
    /// Frames so far.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Octets of the capture consumed so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Makes a batch of a window and what the reader found in it. The consumed octets become the batch's; what is left of
    /// the window is returned.
    ///
    /// # Errors
    /// When any number of the reader's is impossible.
    pub(crate) fn check(
        &mut self,
        mut window: Vec<u8>,
        progress: read::Progress,
    ) -> Result<(types::Batch, Vec<u8>), Lie> {
        let size = window.len();
        let consumed = progress.consumed;
        if consumed as usize > size {
            return Err(Lie::Consumed { consumed, window: size });
        }
        let index = progress.frames;
        let count = index.timestamp.len();
        let columns = [&index.offset, &index.captured, &index.original, &index.link, &index.flags];
        if columns.iter().any(|column| column.len() != count) {
            return Err(Lie::Columns);
        }
        if count > size / FRAME_MIN {
            return Err(Lie::TooMany { what: "frames", count, window: size });
        }
        // A classic file declares its link with its header of 24 octets.
        if progress.links.len() > size / LINK_MIN {
            return Err(Lie::TooMany { what: "links", count: progress.links.len(), window: size });
        }
        let links = self.links.saturating_add(u32::try_from(progress.links.len()).unwrap_or(u32::MAX));
        let mut end = 0_u32;
        let rows = index.offset.iter().zip(&index.captured).zip(&index.link);
        for (((offset, captured), link), frame) in rows.zip(self.frames.saturating_add(1)..) {
            end = match offset.checked_add(*captured) {
                Some(next) if *offset >= end && next <= consumed => next,
                _ => return Err(Lie::Range { frame, offset: *offset, captured: *captured, consumed }),
            };
            if *link >= links {
                return Err(Lie::Link { frame, link: *link, links });
            }
        }
        let rest = window.split_off(consumed as usize);
        let first = self.frames.saturating_add(1);
        let position = self.position;
        self.frames = self.frames.saturating_add(count as u64);
        self.links = links;
        self.position = position.saturating_add(u64::from(consumed));
        let frames = types::Frames {
            number: (first..).take(count).collect(),
            timestamp: index.timestamp,
            offset: index.offset,
            captured: index.captured,
            original: index.original,
            link: index.link,
            flags: index.flags,
        };
        Ok((types::Batch { frames, links: progress.links, position, data: window }, rest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link() -> types::Link {
        types::Link { link_type: 1, fcs_length: None, snap_length: 0, section: 0, interface_id: 0, name: None }
    }

    fn progress(consumed: u32, frames: &[(u32, u32)]) -> read::Progress {
        read::Progress {
            consumed,
            frames: types::Index {
                timestamp: vec![0; frames.len()],
                offset: frames.iter().map(|f| f.0).collect(),
                captured: frames.iter().map(|f| f.1).collect(),
                original: frames.iter().map(|f| f.1).collect(),
                link: vec![0; frames.len()],
                flags: vec![0; frames.len()],
            },
            links: vec![link()],
            wanted: 0,
            end: None,
        }
    }

    #[track_caller]
    fn check(progress: read::Progress) -> Result<(types::Batch, Vec<u8>), Lie> {
        Checker::default().check(vec![0; 100], progress)
    }

    #[test]
    fn honest_numbers_become_a_batch_and_the_rest_is_kept() {
        let mut checker = Checker::default();
        let (batch, rest) = checker.check(vec![7; 100], progress(80, &[(24, 20), (60, 20)])).unwrap();
        assert_eq!((batch.data.len(), rest.len()), (80, 20));
        assert_eq!(batch.frames.number, [1, 2]);
        let mut second = progress(30, &[(0, 30)]);
        second.links.clear();
        let (batch, _) = checker.check(vec![7; 100], second).unwrap();
        assert_eq!((batch.frames.number, batch.position), (vec![3], 80));
    }

    #[test]
    fn a_range_outside_the_consumed_octets_is_a_lie() {
        assert!(matches!(check(progress(80, &[(70, 11)])), Err(Lie::Range { frame: 1, .. })));
        assert!(matches!(check(progress(80, &[(u32::MAX, 2)])), Err(Lie::Range { .. })));
    }

    #[test]
    fn overlapping_frames_are_a_lie() {
        assert!(matches!(check(progress(80, &[(0, 20), (19, 5)])), Err(Lie::Range { frame: 2, .. })));
    }

    #[test]
    fn more_consumed_than_given_is_a_lie() {
        assert_eq!(check(progress(101, &[])).unwrap_err(), Lie::Consumed { consumed: 101, window: 100 });
    }

    #[test]
    fn columns_of_different_lengths_are_a_lie() {
        let mut uneven = progress(80, &[(0, 1)]);
        uneven.frames.flags.clear();
        assert_eq!(check(uneven).unwrap_err(), Lie::Columns);
    }

    #[test]
    fn an_undeclared_link_is_a_lie() {
        let mut unknown = progress(80, &[(0, 1)]);
        unknown.frames.link = vec![1];
        assert!(matches!(check(unknown), Err(Lie::Link { frame: 1, link: 1, links: 1 })));
    }

    #[test]
    fn more_frames_than_octets_allow_are_a_lie() {
        let many: Vec<(u32, u32)> = vec![(0, 0); 7];
        assert!(matches!(check(progress(80, &many)), Err(Lie::TooMany { count: 7, .. })));
    }
}
