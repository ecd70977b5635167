//! What is kept of a conversation that is asked for, or may turn out to be.

use std::net::{IpAddr, SocketAddr};

use mcpcap_analyzer::stream::{CloseReason, Side};

use super::choice::Kind;
use super::pieces::Pieces;
use super::tunnel::echo::Echoes;
use super::tunnel::names::Names;

/// An end: an address, and a port where there are ports.
pub type End = (IpAddr, Option<u16>);

/// What tells conversations apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Id {
    /// A connection, by its number.
    Tcp(u64),
    /// Datagrams, by both ends in a fixed order.
    Udp(SocketAddr, SocketAddr),
    /// Echoes, by both addresses in a fixed order.
    Icmp(IpAddr, IpAddr),
    /// DNS, by client, server and domain.
    Dns(IpAddr, IpAddr, Box<str>),
}

impl Id {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Tcp(_) => Kind::Tcp,
            Self::Udp(..) => Kind::Udp,
            Self::Icmp(..) => Kind::Icmp,
            Self::Dns(..) => Kind::Dns,
        }
    }
}

/// What is known of a conversation besides its pieces.
pub enum More {
    /// Nothing.
    None,
    /// Of echoes.
    Echoes(Box<Echoes>),
    /// Of names.
    Names(Box<Names>),
}

/// A conversation.
pub struct Slot {
    /// The end that began, as far as is known.
    pub client: End,
    /// The other end.
    pub server: End,
    /// Whether a SYN told who began.
    pub client_known: bool,
    /// Its first and last frame.
    pub frames: (u64, u64),
    /// Whether nothing of it was left out for want of room.
    pub whole: bool,
    /// By what the recognition of protocols knows it.
    pub place: u32,
    /// What both sent.
    pub pieces: Pieces,
    /// What else is known.
    pub more: More,
    /// How a connection ended.
    pub closed: Option<CloseReason>,
    /// Segments that said otherwise about bytes that came before.
    pub conflicting: u64,
}

impl Slot {
    /// A conversation that begins.
    pub fn new(client: End, server: End, frame: u64, place: u32, whole: bool, more: More) -> Self {
        Self {
            client,
            server,
            client_known: false,
            frames: (frame, frame),
            whole,
            place,
            pieces: Pieces::default(),
            more,
            closed: None,
            conflicting: 0,
        }
    }

    /// Which side an end is.
    pub fn side(&self, end: End) -> Side {
        if end == self.client { Side::Client } else { Side::Server }
    }

    /// Client and server have changed places.
    pub fn turn(&mut self) {
        std::mem::swap(&mut self.client, &mut self.server);
        self.pieces.turn();
    }
}
