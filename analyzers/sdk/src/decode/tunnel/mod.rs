//! Tunnels. Where only a UDP port tells of one, what it carries is checked: any program may use the port, and what is taken for a
//! tunnel is not looked at as what it is.

mod ayiya;
mod capwap;
mod gre;
mod gtp;
mod gue;
mod l2tp;
mod lisp;
mod nsh;
mod teredo;
mod tzsp;
mod vpn;
mod vxlan;

use super::cursor::Cursor;
use super::step::{Next, Step, Tunnel};
use super::unread::Unread;
use super::{Layers, Udp, looks};

pub(super) use gre::gre;

/// Takes a tunnel's header.
pub(super) fn header(tunnel: Tunnel, at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    match tunnel {
        Tunnel::Vxlan => vxlan::vxlan(at, layers),
        Tunnel::VxlanGpe => vxlan::vxlan_gpe(at, layers),
        Tunnel::Geneve => vxlan::geneve(at, layers),
        Tunnel::L2tp => l2tp::l2tp(at, layers),
        Tunnel::L2tp3Udp => l2tp::version3(at, true, layers),
        Tunnel::L2tp3Ip => l2tp::version3(at, false, layers),
        Tunnel::Gtp => gtp::gtp(at, layers),
        Tunnel::Teredo => teredo::teredo(at, layers),
        Tunnel::Capwap => capwap::capwap(at, layers),
        Tunnel::Tzsp => tzsp::tzsp(at, layers),
        Tunnel::Ayiya => ayiya::ayiya(at, layers),
        Tunnel::Gue => gue::gue(at, layers),
        Tunnel::Lisp => lisp::lisp(at, layers),
        Tunnel::Nsh => nsh::nsh(at, layers),
    }
}

/// What a UDP datagram carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    /// Something that is not a tunnel.
    Payload,
    /// A tunnel that is looked through.
    Tunnel(Next),
    /// A tunnel that is not. The datagram is one like any other.
    Unread(Unread),
}

impl From<Tunnel> for Inside {
    fn from(tunnel: Tunnel) -> Self {
        Self::Tunnel(Next::Tunnel(tunnel))
    }
}

/// What a UDP datagram carries, by its ports and by what it begins with.
pub(super) fn over_udp(udp: &Udp, at: &Cursor<'_>) -> Inside {
    // Service Name and Transport Protocol Port Number Registry (IANA), unless told otherwise. These are sent to the port.
    let to = match udp.destination {
        // The second is what Linux used before the registry had one.
        4789 | 8472 => vxlan::inside(at),
        4790 => vxlan::gpe_inside(at),
        6081 => vxlan::geneve_inside(at),
        4341 => lisp::inside(at),
        37_008 => tzsp::inside(at),
        4754 => gre::inside(at),
        6635 if looks::mpls_surely(at) => Inside::Tunnel(Next::Mpls),
        6635 if looks::mpls(at) => Inside::Unread(Unread::Mpls),
        // The first is GUE's; FOU has none, and these are the ones in the documentation of Linux (ip-fou(8)).
        6080 | 5555 | 7777 | 8888 if udp.source >= 1024 => gue::inside(at),
        _ => Inside::Payload,
    };
    // Services with lower numbers are no peers of a tunnel: the port is a client's by chance.
    match to {
        Inside::Unread(_) if udp.source < 1024 => Inside::Payload,
        // These are sent to and from the port.
        Inside::Payload => match by_port(udp.destination, udp.source, at) {
            Inside::Payload => by_port(udp.source, udp.destination, at),
            found => found,
        },
        found => found,
    }
}

fn by_port(port: u16, other: u16, at: &Cursor<'_>) -> Inside {
    let found = match port {
        1701 => l2tp::inside(at),
        2152 => gtp::inside(at),
        3544 => teredo::inside(at),
        5247 => capwap::inside(at),
        5072 => ayiya::inside(at),
        1194 | 4500 | 51_820 | 41_641 => vpn::inside(port, at),
        _ => return Inside::Payload,
    };
    match found {
        // As above.
        Inside::Unread(_) if other < 1024 => Inside::Payload,
        found => found,
    }
}
