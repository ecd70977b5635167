//! What crosses the border, as plain Rust: the same records as in `wit/mcpcap.wit`.

/// The timestamp of a frame that has none.
pub const NO_TIME: u64 = u64::MAX;

/// The longest record or block that is read, in octets. A block must lie in one window as a whole, so this bounds the
/// window. Wireshark's limit is 128 MiB, for D-Bus and USBPcap; no block of a capture on a network comes near to either.
pub const MAX_BLOCK: u32 = 16 * 1024 * 1024;

/// The longest packet, in octets, as in Wireshark (`WTAP_MAX_PACKET_SIZE_STANDARD`). A longer one means damage.
pub const MAX_PACKET: u32 = 262_144;

/// Where a frame was captured: one interface of one section of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// Value of the LINKTYPE_ registry.
    pub link_type: u16,
    /// Octets of frame check sequence at the end of each frame, where the file says so.
    pub fcs_length: Option<u8>,
    /// The most octets of a frame that were to be stored; 0 for no limit.
    pub snap_length: u32,
    /// Section of a pcapng file, from 0.
    pub section: u32,
    /// Number of the interface within its section, from 0.
    pub interface_id: u32,
    /// `if_name`.
    pub name: Option<String>,
}

/// The frames found in one window, as columns of equal length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// Nanoseconds since 1970, or [`NO_TIME`].
    pub timestamp: Vec<u64>,
    /// Where the frame's first octet is in the window.
    pub offset: Vec<u32>,
    /// Octets that are stored.
    pub captured: Vec<u32>,
    /// Octets that the frame had on the wire.
    pub original: Vec<u32>,
    /// Position of the frame's link among all links of the file.
    pub link: Vec<u32>,
    /// `epb_flags`, or 0.
    pub flags: Vec<u32>,
}

/// One frame: a row of [`Index`].
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    pub timestamp: u64,
    pub offset: u32,
    pub captured: u32,
    pub original: u32,
    pub link: u32,
    pub flags: u32,
}

impl Index {
    /// An empty index with room for so many frames.
    pub(crate) fn with_capacity(frames: usize) -> Self {
        Self {
            timestamp: Vec::with_capacity(frames),
            offset: Vec::with_capacity(frames),
            captured: Vec::with_capacity(frames),
            original: Vec::with_capacity(frames),
            link: Vec::with_capacity(frames),
            flags: Vec::with_capacity(frames),
        }
    }

    /// Adds a row.
    #[inline]
    pub(crate) fn push(&mut self, frame: Frame) {
        self.timestamp.push(frame.timestamp);
        self.offset.push(frame.offset);
        self.captured.push(frame.captured);
        self.original.push(frame.original);
        self.link.push(frame.link);
        self.flags.push(frame.flags);
    }

    /// How many frames there are.
    pub fn len(&self) -> usize {
        self.timestamp.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.timestamp.is_empty()
    }
}

/// A part of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Where its first octet is.
    pub offset: u32,
    /// Octets of it.
    pub length: u32,
}

/// What was found in a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Octets of the window that are done with.
    pub consumed: u32,
    /// The frames.
    pub frames: Index,
    /// Links declared in this window.
    pub links: Vec<Link>,
    /// TLS key logs among the decryption secrets of this window.
    pub key_logs: Vec<Range>,
    /// The least length of the next window, where a record or block is longer than this one was; else 0.
    pub wanted: u32,
    /// Set when the file cannot be read on.
    pub end: Option<Break>,
}

/// Where and why reading ended before the end of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// Offset in the file of the record or block that could not be read.
    pub offset: u64,
    /// How the file is broken.
    pub kind: BreakKind,
    /// What is wrong there, with the numbers that show it.
    pub reason: String,
}

/// How a file is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakKind {
    /// It ends in the middle of a record or block.
    CutShort,
    /// A record or block contradicts the format.
    Damaged,
}

/// Why nothing can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// What is asked of the reader makes no sense.
    Options(String),
    /// The bytes are in no format that this crate knows.
    UnknownFormat(String),
    /// The format is known, but this file of it cannot be read.
    Input {
        /// Offset in the file.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Options(reason) | Self::UnknownFormat(reason) => f.write_str(reason),
            Self::Input { offset, reason } => write!(f, "at offset {offset}: {reason}"),
        }
    }
}

impl std::error::Error for Problem {}
