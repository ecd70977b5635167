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
    /// A key log outside of what was consumed, or overlapping the one before, or empty.
    #[error("a key log is at {offset}, {length} bytes long: outside its place in the {consumed} bytes consumed")]
    KeyLog {
        /// Where it is said to begin.
        offset: u32,
        /// How long it is said to be.
        length: u32,
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
    /// Bytes of TLS key logs so far, at most, and those beyond.
    key_log: usize,
    key_log_most: usize,
    key_log_left_out: u64,
}

/// What was found in a window, and checked.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) batch: types::Batch,
    /// TLS key logs, each with a line end.
    pub(crate) key_log: Vec<u8>,
    /// What is left of the window.
    pub(crate) rest: Vec<u8>,
}

impl Checker {
    /// Nothing so far; so many bytes of key logs are handed on.
    pub fn new(key_log_most: usize) -> Self {
        Self { key_log_most, ..Self::default() }
    }

    /// Bytes of key logs that are not handed on.
    pub fn key_log_left_out(&self) -> u64 {
        self.key_log_left_out
    }

    /// Frames so far.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Octets of the capture consumed so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Makes a batch of a window and what the reader found in it. The consumed octets become the batch's.
    ///
    /// # Errors
    /// When any number of the reader's is impossible.
    pub(crate) fn check(&mut self, mut window: Vec<u8>, progress: read::Progress) -> Result<Found, Lie> {
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
        let mut end = 0_u32;
        let mut key_log = Vec::new();
        for range in &progress.key_logs {
            let (offset, length) = (range.offset, range.length);
            end = match offset.checked_add(length) {
                Some(next) if offset >= end && next <= consumed && length > 0 => next,
                _ => return Err(Lie::KeyLog { offset, length, consumed }),
            };
            let text = window.get(offset as usize..end as usize).unwrap_or_default();
            let room = self.key_log_most.saturating_sub(self.key_log);
            let taken = text.get(..room).unwrap_or(text);
            self.key_log = self.key_log.saturating_add(taken.len());
            self.key_log_left_out = self.key_log_left_out.saturating_add(text.len().saturating_sub(taken.len()) as u64);
            key_log.extend_from_slice(taken);
            // The next one begins with a line of its own.
            key_log.push(b'\n');
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
        let batch = types::Batch { frames, links: progress.links, position, data: window };
        Ok(Found { batch, key_log, rest })
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
            key_logs: Vec::new(),
            wanted: 0,
            end: None,
        }
    }

    #[track_caller]
    fn check(progress: read::Progress) -> Result<Found, Lie> {
        Checker::default().check(vec![0; 100], progress)
    }

    #[test]
    fn honest_numbers_become_a_batch_and_the_rest_is_kept() {
        let mut checker = Checker::default();
        let Found { batch, rest, .. } = checker.check(vec![7; 100], progress(80, &[(24, 20), (60, 20)])).unwrap();
        assert_eq!((batch.data.len(), rest.len()), (80, 20));
        assert_eq!(batch.frames.number, [1, 2]);
        let mut second = progress(30, &[(0, 30)]);
        second.links.clear();
        let Found { batch, .. } = checker.check(vec![7; 100], second).unwrap();
        assert_eq!((batch.frames.number, batch.position), (vec![3], 80));
    }

    #[test]
    fn a_range_outside_the_consumed_octets_is_a_lie() {
        assert!(matches!(check(progress(80, &[(70, 11)])), Err(Lie::Range { frame: 1, .. })));
        assert!(matches!(check(progress(80, &[(u32::MAX, 2)])), Err(Lie::Range { .. })));
    }

    #[test]
    fn key_logs_are_handed_on_as_far_as_there_is_room() {
        let ranges = |all: &[(u32, u32)]| {
            let key_logs =
                all.iter().map(|(offset, length)| read::Range { offset: *offset, length: *length }).collect();
            read::Progress { key_logs, ..progress(80, &[]) }
        };
        let window: Vec<u8> = (0..100).collect();
        let mut checker = Checker::new(5);
        let found = checker.check(window.clone(), ranges(&[(10, 3), (20, 4)])).unwrap();
        assert_eq!((found.key_log, checker.key_log_left_out()), (vec![10, 11, 12, b'\n', 20, 21, b'\n'], 2));
        for wrong in [&[(78, 3)][..], &[(10, 3), (12, 2)], &[(20, 2), (10, 2)], &[(5, 0)], &[(u32::MAX, 2)]] {
            assert!(matches!(check(ranges(wrong)), Err(Lie::KeyLog { .. })), "{wrong:?}");
        }
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
