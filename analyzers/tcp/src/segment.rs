//! What all look at.

use mcpcap_analyzer::decode::{Packet, Tcp};

/// A segment that fits the filter.
pub struct Segment<'a> {
    /// Its packet.
    pub packet: &'a Packet<'a>,
    /// Its header.
    pub tcp: &'a Tcp<'a>,
    /// Length of its frame on the wire.
    pub wire: u32,
}
