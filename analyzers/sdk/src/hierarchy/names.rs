//! Names of protocols that the decoder only knows by number, or does not look into.

use std::borrow::Cow;

use crate::Frame;
use crate::decode::{Layer, Packet};
use crate::link_types;

/// Wireshark's short name of a layer's protocol; by number where the decoder gives no more.
pub fn layer(layer: Layer) -> Cow<'static, str> {
    match layer {
        Layer::OtherIp(number) => ip_protocol(number).map_or_else(|| format!("ip protocol {number}").into(), Cow::from),
        Layer::OtherEthertype(number) => {
            ethertype(number).map_or_else(|| format!("ethertype 0x{number:04x}").into(), Cow::from)
        }
        Layer::OtherLink(number) => link_types::short_name(number).into(),
        known => known.name().into(),
    }
}

/// Whether a layer's protocol is told by number only, of which a capture can make up many.
pub fn is_numbered(layer: Layer) -> bool {
    matches!(layer, Layer::OtherIp(_) | Layer::OtherEthertype(_) | Layer::OtherLink(_))
}

/// What an innermost layer carries that is no layer of its own: spanning tree and the like in LLC, control protocols of PPP. The protocol's
/// number stands right before the payload.
pub fn inner(frame: &Frame<'_>, packet: &Packet<'_>) -> Option<&'static str> {
    let layer = *packet.layers.last()?;
    if !matches!(layer, Layer::Llc | Layer::Ppp | Layer::CiscoHdlc) {
        return None;
    }
    let offset = packet.payload.as_ptr().addr().checked_sub(frame.data.as_ptr().addr())?;
    let header = frame.data.get(..offset)?;
    match (layer, header) {
        // SNAP: the organisation, and its protocol.
        (Layer::Llc, [.., 0xaa, 0xaa, 0x03, o1, o2, o3, high, low]) => {
            snap([*o1, *o2, *o3], u16::from_be_bytes([*high, *low]))
        }
        (Layer::Llc, [.., destination, _, _]) => service(*destination, packet.payload.first().copied()),
        (Layer::Ppp, [.., high, low]) => ppp(u16::from_be_bytes([*high, *low])),
        (Layer::CiscoHdlc, [.., 0x80, 0x35]) => Some("slarp"),
        _ => None,
    }
}

/// Link service access points (IEEE registration authority); `first` tells the protocols of OSI apart (ISO 9577).
fn service(destination: u8, first: Option<u8>) -> Option<&'static str> {
    Some(match (destination, first) {
        (0x42, _) => "stp",
        (0xe0, _) => "ipx",
        (0xf0, _) => "netbios",
        (0xfe, Some(0x81)) => "clnp",
        (0xfe, Some(0x82)) => "esis",
        (0xfe, Some(0x83)) => "isis",
        _ => return None,
    })
}

/// Protocols of Cisco (00:00:0c), Extreme (00:e0:2b) and Foundry (00:e0:52).
fn snap(organisation: [u8; 3], protocol: u16) -> Option<&'static str> {
    Some(match (organisation, protocol) {
        ([0, 0, 0x0c], 0x2000) => "cdp",
        ([0, 0, 0x0c], 0x2003) => "vtp",
        ([0, 0, 0x0c], 0x2004) => "dtp",
        ([0, 0, 0x0c], 0x010b) => "stp",
        ([0, 0, 0x0c], 0x0111) => "udld",
        ([0, 0, 0x0c], 0x0104) => "pagp",
        ([0, 0xe0, 0x2b], 0x00bb) => "edp",
        ([0, 0xe0, 0x52], 0x2000) => "fdp",
        _ => return None,
    })
}

/// PPP DLL protocol numbers (IANA).
fn ppp(protocol: u16) -> Option<&'static str> {
    Some(match protocol {
        0x8021 => "ipcp",
        0x8057 => "ipv6cp",
        0x8281 => "mplscp",
        0x80fd => "ccp",
        0xc021 => "lcp",
        0xc023 => "pap",
        0xc025 => "lqr",
        0xc223 => "chap",
        _ => return None,
    })
}

/// Assigned Internet Protocol Numbers (IANA).
fn ip_protocol(number: u8) -> Option<&'static str> {
    Some(match number {
        3 => "ggp",
        8 => "egp",
        9 => "igrp",
        33 => "dccp",
        46 => "rsvp",
        50 => "esp",
        55 => "mobile",
        59 => "ipv6.nonxt",
        88 => "eigrp",
        89 => "ospf",
        97 => "etherip",
        103 => "pim",
        108 => "ipcomp",
        112 => "vrrp",
        113 => "pgm",
        115 => "l2tp",
        124 => "isis",
        135 => "mipv6",
        136 => "udplite",
        139 => "hip",
        140 => "shim6",
        _ => return None,
    })
}

/// EtherTypes (IEEE registration authority); 0x2000 is Cisco's in HDLC.
fn ethertype(number: u16) -> Option<&'static str> {
    Some(match number {
        0x0842 => "wol",
        0x2000 => "cdp",
        0x22f0 => "ieee1722",
        0x6003 => "dec_dna",
        0x8035 => "rarp",
        0x809b => "ddp",
        0x80f3 => "aarp",
        0x8137 => "ipx",
        0x8808 => "macc",
        0x8809 => "slow",
        0x887b => "homeplug",
        0x888e => "eapol",
        0x8892 => "pn_rt",
        0x88a2 => "aoe",
        0x88a4 => "ecat",
        0x88b8 => "goose",
        0x88ba => "sv",
        0x88cc => "lldp",
        0x88e1 => "homeplug-av",
        0x88e5 => "macsec",
        0x88e7 => "ieee8021ah",
        0x88f5 => "mvrp",
        0x88f7 => "ptp",
        0x88fb => "prp",
        0x8902 => "cfm",
        0x8906 => "fcoe",
        0x8914 => "fip",
        0x893a => "ieee1905",
        0x894f => "nsh",
        0x9000 => "loop",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_without_a_layer_of_their_own_are_told_by_number() {
        let names = [
            (Layer::OtherIp(89), "ospf"),
            (Layer::OtherIp(253), "ip protocol 253"),
            (Layer::OtherEthertype(0x88cc), "lldp"),
            (Layer::OtherEthertype(0x88b5), "ethertype 0x88b5"),
            (Layer::OtherLink(147), "user0"),
        ];
        for (number, expected) in names {
            assert_eq!(layer(number), expected);
        }
    }
}
