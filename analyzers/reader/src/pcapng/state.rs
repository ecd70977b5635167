//! What is known while a section is read.

use crate::fields::Order;
use crate::summary::Counters;
use crate::time::Clock;

/// What is known of the current section.
#[derive(Debug, Default)]
pub(crate) struct Pcapng {
    pub(crate) order: Order,
    /// Sections so far; the current one has the number before.
    pub(crate) sections: u32,
    /// Interfaces of the current section.
    pub(crate) interfaces: Vec<Interface>,
    /// Links so far, over all sections.
    pub(crate) links: u32,
    /// Bytes of the names of all interfaces so far.
    pub(crate) names: usize,
}

/// What is needed to read the packets and statistics of an interface.
#[derive(Debug)]
pub(crate) struct Interface {
    /// Position among all links of the file.
    pub link: u32,
    pub snap_length: u32,
    pub max_packet: u32,
    pub clock: Clock,
    /// What its statistics have counted.
    pub counters: Counters,
}
