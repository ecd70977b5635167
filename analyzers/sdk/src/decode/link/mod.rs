//! Link layers: from a LINKTYPE_ value to the protocol that follows.

mod arcnet;
mod ethernet;
mod host;
mod juniper;
mod prefixed;
mod wan;
mod wireless;

use super::cursor::Cursor;
use super::step::{Next, Step};
use super::unread::Unread;
use super::{Layer, Layers};

pub(super) use ethernet::{ethernet, llc};
pub(super) use wan::{cisco_hdlc, frame_relay};
pub(super) use wireless::ieee80211;

/// Values of the LINKTYPE_ registry (<https://www.tcpdump.org/linktypes.html>).
pub(super) mod linktype {
    pub const NULL: u16 = 0;
    pub const ETHERNET: u16 = 1;
    pub const IEEE802_5: u16 = 6;
    pub const ARCNET_BSD: u16 = 7;
    pub const PPP: u16 = 9;
    pub const FDDI: u16 = 10;
    /// Not in the registry: the values that BSD systems and OpenBSD have for raw IP.
    pub const DLT_RAW: u16 = 12;
    pub const DLT_RAW_OPENBSD: u16 = 14;
    pub const PPP_HDLC: u16 = 50;
    pub const PPP_ETHER: u16 = 51;
    pub const ATM_RFC1483: u16 = 100;
    pub const RAW: u16 = 101;
    pub const C_HDLC: u16 = 104;
    pub const IEEE802_11: u16 = 105;
    pub const FRELAY: u16 = 107;
    pub const LOOP: u16 = 108;
    pub const ENC: u16 = 109;
    pub const LINUX_SLL: u16 = 113;
    pub const PFLOG: u16 = 117;
    pub const IEEE802_11_PRISM: u16 = 119;
    pub const IEEE802_11_RADIOTAP: u16 = 127;
    pub const ARCNET_LINUX: u16 = 129;
    pub const JUNIPER_MLPPP: u16 = 130;
    pub const JUNIPER_MLFR: u16 = 131;
    pub const JUNIPER_ES: u16 = 132;
    pub const JUNIPER_GGSN: u16 = 133;
    pub const JUNIPER_MFR: u16 = 134;
    pub const JUNIPER_ATM2: u16 = 135;
    pub const JUNIPER_SERVICES: u16 = 136;
    pub const JUNIPER_ATM1: u16 = 137;
    pub const IEEE802_11_AVS: u16 = 163;
    pub const JUNIPER_MONITOR: u16 = 164;
    pub const JUNIPER_PPPOE: u16 = 167;
    pub const JUNIPER_PPPOE_ATM: u16 = 168;
    pub const JUNIPER_ETHER: u16 = 178;
    pub const JUNIPER_PPP: u16 = 179;
    pub const JUNIPER_FRELAY: u16 = 180;
    pub const JUNIPER_CHDLC: u16 = 181;
    pub const JUNIPER_VP: u16 = 183;
    pub const PPI: u16 = 192;
    pub const PPP_WITH_DIR: u16 = 204;
    pub const IPNET: u16 = 226;
    pub const IPV4: u16 = 228;
    pub const IPV6: u16 = 229;
    pub const NFLOG: u16 = 239;
    pub const NETANALYZER: u16 = 240;
    pub const IPOIB: u16 = 242;
    pub const PKTAP: u16 = 258;
    pub const LINUX_SLL2: u16 = 276;
}

/// Takes the link layer's header of a frame. `without_fcs` says that its frame check sequence was known and is no longer there.
pub(super) fn link(at: &mut Cursor<'_>, link_type: u16, without_fcs: bool, layers: &mut Layers) -> Step {
    match link_type {
        linktype::ETHERNET => Ok(Next::Ethernet),
        linktype::NULL | linktype::LOOP => host::loopback(at, layers),
        linktype::RAW | linktype::DLT_RAW | linktype::DLT_RAW_OPENBSD => {
            layers.push(Layer::RawIp);
            Ok(Next::Ip)
        }
        linktype::IPV4 => {
            layers.push(Layer::RawIp);
            Ok(Next::Ipv4)
        }
        linktype::IPV6 => {
            layers.push(Layer::RawIp);
            Ok(Next::Ipv6)
        }
        linktype::PPP | linktype::PPP_HDLC => match at.rest {
            [0x0f | 0x8f, 0x00, ..] => Ok(Next::CiscoHdlc),
            // Some systems give the direction where the address is.
            [0x00 | 0x01, 0x03, ..] => {
                at.skip(2)?;
                Ok(Next::Ppp)
            }
            _ => Ok(Next::Ppp),
        },
        // The direction, then PPP.
        linktype::PPP_WITH_DIR => {
            at.skip(1)?;
            Ok(Next::Ppp)
        }
        linktype::PPP_ETHER => Ok(Next::PppoeSession),
        linktype::C_HDLC => Ok(Next::CiscoHdlc),
        linktype::FRELAY => Ok(Next::FrameRelay),
        linktype::FDDI => ethernet::fddi(at, layers),
        linktype::ARCNET_BSD => arcnet::bsd(at, layers),
        linktype::ARCNET_LINUX => arcnet::linux(at, layers),
        linktype::LINUX_SLL => host::sll(at, without_fcs, layers),
        linktype::LINUX_SLL2 => host::sll2(at, without_fcs, layers),
        linktype::IEEE802_11 => Ok(Next::Ieee80211 { padded: false, swapped: false }),
        linktype::IEEE802_11_RADIOTAP => wireless::radiotap(at, without_fcs, layers),
        linktype::IEEE802_11_PRISM => prefixed::prism(at, layers),
        linktype::IEEE802_11_AVS => prefixed::avs(at, layers),
        linktype::IEEE802_5 => prefixed::token_ring(at, layers),
        linktype::ATM_RFC1483 => prefixed::atm(at),
        linktype::ENC => prefixed::enc(at, layers),
        linktype::PFLOG => prefixed::pflog(at, layers),
        linktype::NETANALYZER => prefixed::netanalyzer(at, without_fcs),
        linktype::PKTAP => prefixed::pktap(at, layers),
        linktype::PPI => wireless::ppi(at, without_fcs, layers),
        linktype::IPNET => host::ipnet(at, layers),
        linktype::NFLOG => host::nflog(at, layers),
        linktype::IPOIB => host::ipoib(at, layers),
        linktype::JUNIPER_MLPPP..=linktype::JUNIPER_ATM1
        | linktype::JUNIPER_MONITOR
        | linktype::JUNIPER_PPPOE
        | linktype::JUNIPER_PPPOE_ATM
        | linktype::JUNIPER_ETHER..=linktype::JUNIPER_CHDLC
        | linktype::JUNIPER_VP => juniper::juniper(at, link_type, layers),
        other => {
            layers.push(Layer::OtherLink(other));
            Err(Unread::LinkType(other).into())
        }
    }
}
