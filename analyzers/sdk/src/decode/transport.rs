//! UDP (RFC 768), TCP (RFC 9293), ICMP (RFC 792) and ICMPv6 (RFC 4443).

use smallvec::SmallVec;

use super::cursor::Cursor;
use super::{Icmp, Layer, Layers, Stop, Tcp, TcpFlags, Transport, Udp};

/// Takes a UDP header, and bounds what follows by its length.
pub(super) fn udp(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Transport, Stop> {
    layers.push(Layer::Udp);
    let udp = Udp { source: at.u16()?, destination: at.u16()?, length: at.u16()? };
    at.skip(2)?;
    match usize::from(udp.length).checked_sub(8) {
        // Never more than IP has: a length that claims more is a lie, not a cut.
        Some(payload) if payload < at.rest.len().saturating_add(at.missing) => at.limit(payload),
        // 0 is a jumbogram (RFC 2675); less than a header is nonsense, and leaves no payload to speak of.
        None if udp.length != 0 => at.limit(0),
        _ => {}
    }
    Ok(Transport::Udp(udp))
}

/// Takes a TCP header with its options.
pub(super) fn tcp(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Transport, Stop> {
    layers.push(Layer::Tcp);
    let (source, destination) = (at.u16()?, at.u16()?);
    let (sequence, acknowledgment) = (at.u32()?, at.u32()?);
    let bits = at.u16()?;
    let (window, _checksum, urgent) = (at.u16()?, at.u16()?, at.u16()?);
    let header = usize::from(bits >> 12).saturating_mul(4);
    let options = header.checked_sub(20).ok_or(Stop::Malformed)?;
    let options = at.take(options)?;
    Ok(Transport::Tcp(Tcp {
        source,
        destination,
        sequence,
        acknowledgment,
        flags: TcpFlags(bits & 0x01ff),
        window,
        urgent,
        options: SmallVec::from_slice(options),
    }))
}

/// Takes the part of an ICMP or ICMPv6 header that all messages share.
pub(super) fn icmp(at: &mut Cursor<'_>, layers: &mut Layers, v6: bool) -> Result<Transport, Stop> {
    layers.push(if v6 { Layer::Icmpv6 } else { Layer::Icmp });
    let [kind, code] = at.array()?;
    let icmp = Icmp { kind, code, checksum: at.u16()? };
    Ok(if v6 { Transport::Icmpv6(icmp) } else { Transport::Icmp(icmp) })
}
