//! A frame taken apart from the link layer to the transport layer.
//!
//! [`Decoder`] looks through VLAN tags, MPLS, PPPoE and tunnels to the innermost packet, and puts IP fragments together. What
//! it cannot take apart is counted by reason in [`Statistics`], with frame numbers, and what it does not look into although packets
//! may be in it, by name. Packets that an ICMP error quotes are that message's payload, not packets; [`quoted()`] reads their headers.
//!
//! What only a UDP port tells of is checked before it is believed, and reserved bits are ignored where RFCs say so: neither is ordinary
//! traffic taken for a tunnel, nor does a bit hide what a tunnel carries. Every length in a header bounds what is within it; where an
//! inner header claims more, the outer one is believed.
//!
//! Packets that were captured more than once are recognised: [`Packet::copy_of`] tells where they stand first. Their fragments are not
//! put together again.
//!
//! Checksums and frame check sequences are not verified: where they are computed by the network card, captures of sent frames hold
//! unfinished ones, and nearly all receivers drop what is damaged before it is captured.

mod codes;
mod content;
pub(crate) mod copies;
mod cursor;
mod datagram;
mod ethertype;
mod fragments;
pub mod icmp;
mod interfaces;
mod layer;
mod length;
mod link;
mod looks;
mod mpls;
mod network;
mod options;
mod order;
mod packet;
mod ppp;
mod quoted;
mod recent;
pub(crate) mod statistics;
mod step;
mod summary;
mod transport;
mod tunnel;
mod unread;
mod walk;
mod within;

#[cfg(test)]
mod tests;

pub use copies::{Copy, CopyDifferences, CopyReport};
pub use layer::Layer;
use layer::Layers;
pub use options::TcpOptions;
pub use order::Order;
pub use packet::{Addresses, Decoded, Header, Icmp, Ip, Packet, Stop, Tcp, TcpFlags, Transport, Udp};
pub use quoted::{Quoted, quoted};
pub use statistics::{FragmentCounts, NotLookedInto, Statistics, StopCount};
pub use summary::Summary;
pub use unread::Unread;
pub use within::Within;

use crate::stats::{Lists, Window, within as asked};
use crate::{Frame, Link};
use copies::Copies;
use cursor::Bound;
use fragments::Fragments;
use statistics::Counts;
use walk::{Found, Walk};

/// The link of frames that begin with an IP header (LINKTYPE_RAW).
static RAW_IP: Link =
    Link { link_type: 101, fcs_length: None, snap_length: 0, section: 0, interface_id: 0, name: None };

/// An IP packet that only an analyzer knows of, since a protocol of its carries it: taken apart by itself, as nothing before it were known.
pub fn ip_packet<T>(bytes: &[u8], read: impl FnOnce(&Packet<'_>) -> T) -> T {
    let original = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let frame =
        Frame { number: 1, timestamp: None, original, data: bytes, link: &RAW_IP, link_index: 0, flags: 0, offset: 0 };
    read(&Decoder::new().counting_copies(true).decode(&frame))
}

/// Limits of reassembly.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Octets of memory for all fragments that wait.
    pub bytes: usize,
    /// Datagrams that wait.
    pub datagrams: usize,
    /// How long a datagram waits, in nanoseconds of the capture's clock. RFC 791 suggests 15 s, RFC 8200 demands 60 s; systems
    /// use 30 s.
    pub age: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 4 << 20, datagrams: 1024, age: 30_000_000_000 }
    }
}

/// Takes frames apart, in the order of the capture.
pub struct Decoder {
    fragments: Fragments,
    copies: Option<Copies>,
    counts: Counts,
    order: Order,
    /// Bytes of the longest frame that was captured so far.
    longest: usize,
    found: Found,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder with the default limits.
    pub fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    /// A decoder with other limits.
    pub fn with_limits(limits: Limits) -> Self {
        Self {
            fragments: Fragments::new(limits),
            copies: Some(Copies::new()),
            counts: Counts::default(),
            order: Order::default(),
            longest: 0,
            found: Found::default(),
        }
    }

    /// With `true`, packets that were captured more than once are packets like others: [`Packet::copy_of`] is never set.
    #[must_use]
    pub fn counting_copies(self, count: bool) -> Self {
        Self { copies: (!count).then(Copies::new), ..self }
    }

    /// Keeps of the copies those that are asked for.
    #[must_use]
    pub fn listing(mut self, window: &Window) -> Self {
        // Its own lists of frames have pages, too.
        asked::begin(window.within.as_ref());
        self.counts.listing(window);
        if let Some(copies) = &mut self.copies {
            copies.listing(window);
        }
        self
    }

    /// Takes a frame apart as far as it goes. [`Packet::stop`] tells why it went no further.
    pub fn decode<'p>(&'p mut self, frame: &Frame<'p>) -> Packet<'p> {
        self.take(frame, None, false, &|_| true).packet
    }

    /// As [`Decoder::decode`], with where the packet's parts stand, and the header of each layer where that is asked for.
    /// Fragments are put together over all packets; copies are recognised among those that are `chosen`, and only these are counted.
    ///
    /// `batch`: the bytes that the frame lies in, where [`Decoder::settle`] is called with them behind the last frame of theirs.
    pub fn take<'p>(
        &'p mut self,
        frame: &Frame<'p>,
        batch: Option<&[u8]>,
        headers: bool,
        chosen: &dyn Fn(&Packet<'_>) -> bool,
    ) -> Decoded<'p> {
        let bound = self.bound(frame);
        let Self { fragments, copies, counts, order, found, .. } = self;
        let walk = Walk::new(fragments, copies.as_mut(), batch, found, headers, chosen);
        let decoded = walk.frame(frame, bound);
        if decoded.is_chosen {
            order.take(decoded.packet.timestamp);
            counts.count(&decoded.packet);
        }
        decoded
    }

    /// Takes of the bytes of a batch, before they go, what recognises copies that may follow.
    pub fn settle(&mut self, batch: &[u8]) {
        if let Some(copies) = &mut self.copies {
            copies.settle(batch);
        }
    }

    /// The copies so far; `None` when there are none, or they are counted like other packets.
    pub fn copies(&self, lists: &mut Lists) -> Option<CopyReport> {
        self.copies.as_ref().and_then(|copies| copies.report(lists))
    }

    /// Whether a frame's length is to be believed. Packet brokers cut all frames to the same length and do not say so, but after a
    /// longer one it is not that.
    fn bound(&mut self, frame: &Frame<'_>) -> Bound {
        let length = frame.data.len();
        let bound = if frame.is_cut() || length < self.longest { Bound::Frame } else { Bound::Capture };
        self.longest = self.longest.max(length);
        bound
    }

    /// What is told of it at the end. `window` is the part of the lists that is asked for.
    pub fn summary(&self, window: Window) -> Summary {
        let mut lists = Lists::new(window);
        let copies = self.copies(&mut lists);
        let cited = copies.as_ref().map(|copies| copies.cited.kept()).unwrap_or_default();
        self.counts.tell(&mut lists);
        let (decoding, failed) = (self.statistics(), self.counts.failed());
        Summary { decoding, failed, order: self.order, copies, cited, pages: lists.into_pages() }
    }

    /// How decoding went so far.
    pub fn statistics(&self) -> Statistics {
        self.counts.statistics(self.fragments.counts())
    }
}
