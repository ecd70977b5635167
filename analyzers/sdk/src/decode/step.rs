//! Steps from layer to layer: what the next bytes are, as one layer tells the next.

use super::unread::End;

/// What the next bytes are. Four bytes in size, so that it stays in a register on its way from layer to layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Link(u16),
    Ethernet,
    EtherType(u16),
    Llc,
    Ieee80211 {
        padded: bool,
        swapped: bool,
    },
    CiscoHdlc,
    FrameRelay,
    Ppp,
    PppoeSession,
    Mpls,
    /// IP of the version in the first nibble.
    Ip,
    Ipv4,
    Ipv6,
    /// A protocol by its IP number.
    Protocol(u8),
    Tunnel(Tunnel),
    /// What the transport carries.
    Payload,
    /// The start of the datagram that was just put together; the walk keeps it.
    Datagram,
}

/// What one step leads to, or why it is the last.
pub(super) type Step = Result<Next, End>;

/// A tunnel whose header comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tunnel {
    Vxlan,
    VxlanGpe,
    Geneve,
    L2tp,
    L2tp3Udp,
    L2tp3Ip,
    Gtp,
    Teredo,
    Capwap,
    Tzsp,
    Ayiya,
    Gue,
    Lisp,
    Nsh,
}
