//! What can be wrong with messages and streams.

use mcpcap_analyzer::faults::Fault as _;

mcpcap_analyzer::faults! {
    /// What is wrong with a message, or where one should be.
    pub enum Fault {
        /// Something else where a message should begin, on a connection of HTTP. No message.
        NoStartLine,
        /// A start line or a head without an end. No message.
        LongHead,
        /// A version other than 1.0 and 1.1 in a start line.
        OtherVersion,
        /// More than 256 headers; those behind are not read.
        TooManyHeaders,
        /// A header that goes on in the next line, which RFC 9112 forbids.
        FoldedHeader,
        /// A blank between a header's name and the colon.
        BlankBeforeColon,
        /// A header line without a colon.
        LineWithoutColon,
        /// Characters in a header that may not stand there.
        BadHeader,
        /// Lines of the head that end without carriage return.
        BareLineFeed,
        /// A request of HTTP/1.1 without Host.
        NoHost,
        /// Several Host headers.
        SeveralHosts,
        /// Content-Length is no number below 2^63.
        BadContentLength,
        /// Several Content-Length that differ.
        ConflictingContentLength,
        /// Both Content-Length and Transfer-Encoding; the latter counts.
        ContentLengthWithTransferEncoding,
        /// Transfer-Encoding is not `chunked`, alone or at the end of a list, or stands there more than once, or in HTTP/2.
        OddTransferEncoding,
        /// Content-Length of a request of HTTP/2 is not the length of its body.
        WrongContentLength,
        /// A chunk whose size is no number below 2^63, or that does not end where it should. The rest of the stream cannot be read.
        BadChunk,
        /// A frame of HTTP/2 that contradicts itself, or stands where it may not.
        BadHttp2Frame,
        /// A header block of HTTP/2 that is not HPACK. No later one of its direction can be read.
        BadHeaderBlock,
        /// A header block of HTTP/2 that expands to more than 256 headers or 256 KiB. No later one of its direction is read.
        LargeHeaderList,
        /// A body that does not keep to its Content-Encoding.
        DamagedCoding,
        /// A body that expands to more than 100 times its size and 1 MiB; what comes behind was not decoded.
        LargeExpansion,
        /// The connection ended within the message.
        CutMessage,
        /// Bytes of the message are not in the capture.
        MissingBytes,
    }
}

/// A set of faults.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults(u64);

impl Faults {
    /// Adds one.
    pub fn add(&mut self, fault: Fault) {
        self.0 |= 1 << fault as u32;
    }

    /// Whether one is among them.
    pub fn has(self, fault: Fault) -> bool {
        self.0 & (1 << fault as u32) != 0
    }

    /// Those of both.
    pub fn join(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// All of them, in order.
    pub fn iter(self) -> impl Iterator<Item = Fault> {
        Fault::ALL.iter().copied().filter(move |fault| self.has(*fault))
    }
}
