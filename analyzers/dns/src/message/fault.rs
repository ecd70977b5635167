//! What can be wrong with a message.

use mcpcap_analyzer::JsonSchema;
use serde::Serialize;

/// Why a message is malformed. The first thing that is wrong counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Malformed {
    /// The snap length cut the frame, and the message with it; what is there was read. Not the sender's fault.
    CutBySnapLength,
    /// The rest is in IP fragments that are not in the capture, or could not be put together; what is there was read.
    FragmentMissing,
    /// The IP or UDP length says that there is more than the frame holds, which the snap length did not cut; what is there was read.
    EnclosingLength,
    /// The rest is in TCP segments that are not in the capture, as far as it is known; what is there was read.
    TcpHole,
    /// A payload on the protocol's port that is something else: its first 12 bytes are no header, or have counts for which there is no room.
    /// Not counted as a message.
    NotDns,
    /// Fewer than the 12 bytes of the header (RFC 1035 §4.1.1).
    HeaderTooShort,
    /// A section, name or record data ends before its fields do.
    EndsEarly,
    /// A compression pointer does not point to a prior name (RFC 1035 §4.1.4): forward, to itself, or into the header.
    BadPointer,
    /// More compression pointers in one name than a name has room for labels.
    TooManyPointers,
    /// A label type other than 00 and 11 (RFC 6891 §5 reserves 01; 10 was never used).
    BadLabelType,
    /// A name of more than 255 bytes (RFC 1035 §2.3.4).
    NameTooLong,
    /// Record data that does not fit its type.
    BadRecordData,
    /// An OPT record that is not alone, not in the additional section, or not owned by the root (RFC 6891 §6.1.1).
    BadOpt,
    /// Bytes behind the last record.
    TrailingOctets,
    /// A TCP length prefix (RFC 1035 §4.2.2) of less than a header.
    BadTcpLength,
}

impl Malformed {
    /// All reasons, in the order in which reports list equal counts.
    pub const ALL: [Self; 15] = [
        Self::CutBySnapLength,
        Self::FragmentMissing,
        Self::EnclosingLength,
        Self::TcpHole,
        Self::NotDns,
        Self::HeaderTooShort,
        Self::EndsEarly,
        Self::BadPointer,
        Self::TooManyPointers,
        Self::BadLabelType,
        Self::NameTooLong,
        Self::BadRecordData,
        Self::BadOpt,
        Self::TrailingOctets,
        Self::BadTcpLength,
    ];

    /// Position in [`Malformed::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

/// What is wrong, and where in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fault {
    /// The reason.
    pub reason: Malformed,
    /// Offset in the message.
    pub offset: usize,
}
