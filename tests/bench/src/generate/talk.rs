//! Conversations: each is a small machine that makes one frame at a time.

use super::Kind;
use super::dhcp::Lease;
use super::dns::Lookup;
use super::local::{Announcement, Ping, Resolution};
use super::quic::Visit;
use super::tcp::Connection;
use super::voice::Call;
use super::world::World;

/// A conversation of some protocol.
pub enum Talk {
    /// A TCP connection.
    Connection(Box<Connection>),
    /// A connection of QUIC.
    Visit(Visit),
    /// A question about a name.
    Lookup(Lookup),
    /// A call with its media.
    Call(Box<Call>),
    /// An address is leased.
    Lease(Lease),
    /// Echo requests and replies.
    Ping(Ping),
    /// A hardware address is asked for.
    Resolution(Resolution),
    /// mDNS.
    Announcement(Announcement),
}

impl Talk {
    /// The next conversation of a capture of this kind. Of the mixed one about two thirds of the frames are TCP.
    pub fn new(kind: Kind, world: &mut World) -> Self {
        let choice = match kind {
            Kind::Dns => 300,
            Kind::Tcp => 0,
            Kind::Mixed => world.below(1000),
        };
        match choice {
            0..285 => Self::Connection(Box::new(Connection::new(world))),
            285..300 => Self::Visit(Visit::new(world)),
            300..820 => Self::Lookup(Lookup::new(world)),
            820..850 => Self::Call(Box::new(Call::new(world))),
            850..880 => Self::Lease(Lease::new(world)),
            880..920 => Self::Ping(Ping::new(world)),
            920..970 => Self::Resolution(Resolution::new(world)),
            _ => Self::Announcement(Announcement::new(world)),
        }
    }

    /// Makes the next frame. Microseconds until the one after it; `None` when it was the last.
    pub fn step(&mut self, world: &mut World) -> Option<u64> {
        match self {
            Self::Connection(talk) => talk.step(world),
            Self::Visit(talk) => talk.step(world),
            Self::Lookup(talk) => talk.step(world),
            Self::Call(talk) => talk.step(world),
            Self::Lease(talk) => talk.step(world),
            Self::Ping(talk) => talk.step(world),
            Self::Resolution(talk) => talk.step(world),
            Self::Announcement(talk) => talk.step(world),
        }
    }
}
