//! EtherTypes (IEEE registration authority), and the tags between the link layer and the network layer.

use super::cursor::Cursor;
use super::step::{Next, Step, Tunnel};
use super::unread::Unread;
use super::{Layer, Layers, Stop};

/// What an EtherType leads to.
pub(super) fn ethertype(at: &mut Cursor<'_>, kind: u16, layers: &mut Layers) -> Step {
    match kind {
        0x0800 => Ok(Next::Ipv4),
        0x86dd => Ok(Next::Ipv6),
        // 802.1Q, 802.1ad, and the values that were in use before it.
        0x8100 | 0x88a8 | 0x9100 | 0x9200 => {
            let tag = at.u16()?;
            layers.push(Layer::Vlan(tag & 0x0fff));
            type_or_length(at)
        }
        // ARP and reverse ARP have the same format.
        0x0806 | 0x8035 => {
            layers.push(Layer::Arp);
            Err(Stop::OtherNetworkLayer.into())
        }
        0x8847 | 0x8848 => Ok(Next::Mpls),
        0x8863 => {
            layers.push(Layer::PppoeDiscovery);
            Err(Stop::OtherNetworkLayer.into())
        }
        0x8864 => Ok(Next::PppoeSession),
        0x6558 => Ok(Next::Ethernet),
        0x6559 => Ok(Next::FrameRelay),
        0x880b => Ok(Next::Ppp),
        0x894f => Ok(Next::Tunnel(Tunnel::Nsh)),
        0x8926 => tag(at, Layer::VnTag, 4, layers),
        0x893f => tag(at, Layer::Etag, 6, layers),
        // Version, length, option and security group tag.
        0x8909 => tag(at, Layer::CiscoMetadata, 6, layers),
        0x88e5 => macsec(at, layers),
        0x88e7 => {
            // IEEE 802.1ah: priority and flags, the service's identifier, and the customer's frame.
            let identifier = at.u32()? & 0x00ff_ffff;
            layers.push(Layer::Pbb(identifier));
            Ok(Next::Ethernet)
        }
        0x892f => hsr(at, layers),
        // IEEE 802.1CB: reserved bytes and a sequence number.
        0xf1c1 => tag(at, Layer::Rtag, 4, layers),
        0x22f3 => trill(at, layers),
        // Cisco's FabricPath: a tree and a time to live, and the frame.
        0x8903 => {
            layers.push(Layer::FabricPath);
            at.skip(2)?;
            Ok(Next::Ethernet)
        }
        other => {
            layers.push(Layer::OtherEthertype(other));
            Err(if carries_no_packets(other) {
                Stop::OtherNetworkLayer.into()
            } else {
                Unread::Ethertype(other).into()
            })
        }
    }
}

/// Protocols that are what they are, and hold no packets of others.
fn carries_no_packets(kind: u16) -> bool {
    matches!(
        kind,
        // Flow control, slow protocols, EAPOL, LLDP, PTP, connectivity fault management, loopback test.
        0x8808 | 0x8809 | 0x888e | 0x88cc | 0x88f7 | 0x8902 | 0x9000
        // Wake on LAN, stream reservation, AVTP, MVRP, MMRP, media redundancy, HSR and PRP supervision.
        | 0x0842 | 0x22ea | 0x22f0 | 0x88f5 | 0x88f6 | 0x88e3 | 0x88fb
        // PROFINET, GOOSE, GSE management, sampled values, HomePlug, Realtek's loop detection.
        | 0x8892 | 0x88b8 | 0x88b9 | 0x88ba | 0x887b | 0x88e1 | 0x8912 | 0x8899
    )
}

/// What stands behind a tag: an EtherType, or a length of IEEE 802.3.
pub(super) fn type_or_length(at: &mut Cursor<'_>) -> Step {
    let kind = at.u16()?;
    if kind >= 0x0600 {
        return Ok(Next::EtherType(kind));
    }
    at.limit(usize::from(kind));
    Ok(Next::Llc)
}

/// A tag of a length that is passed over.
fn tag(at: &mut Cursor<'_>, layer: Layer, length: usize, layers: &mut Layers) -> Step {
    layers.push(layer);
    at.skip(length)?;
    type_or_length(at)
}

/// RFC 6325 3: version and length of options, which are in units of four bytes, egress and ingress, and the frame.
fn trill(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Trill);
    let flags = at.u16()?;
    if flags >> 14 != 0 {
        return Err(Stop::Malformed.into());
    }
    at.skip(usize::from(flags >> 6 & 0x1f).saturating_mul(4).saturating_add(4))?;
    Ok(Next::Ethernet)
}

/// IEC 62439-3: path and size, sequence number, and the type that the tag stands before.
fn hsr(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    layers.push(Layer::Hsr);
    let mut tag = *at;
    // The size counts from the tag on.
    let size = usize::from(tag.u16()? & 0x0fff);
    if size >= 6 {
        at.limit(size);
    }
    at.skip(4)?;
    type_or_length(at)
}

/// IEEE 802.1AE: the content is readable when it is neither encrypted nor changed. An integrity check value of 16 bytes follows it.
fn macsec(at: &mut Cursor<'_>, layers: &mut Layers) -> Step {
    const VERSION: u8 = 0x80;
    const IDENTIFIER: u8 = 0x20;
    const ENCRYPTED: u8 = 0x08;
    const CHANGED: u8 = 0x04;
    const CHECK: usize = 16;
    layers.push(Layer::Macsec);
    let [control, short] = at.array()?;
    at.skip(if control & IDENTIFIER == 0 { 4 } else { 12 })?;
    if control & VERSION != 0 {
        return Err(Stop::Malformed.into());
    }
    // Set when there are fewer than 48 bytes between tag and check value: padding may follow.
    match usize::from(short & 0x3f) {
        0 => at.drop_tail(CHECK),
        length => at.limit(length),
    }
    if control & (ENCRYPTED | CHANGED) != 0 {
        return Err(Unread::MacsecEncrypted.into());
    }
    type_or_length(at)
}
