//! UDP (RFC 768), TCP (RFC 9293), ICMP (RFC 792) and ICMPv6 (RFC 4443).

use super::cursor::Cursor;
use super::{Icmp, Layer, Layers, Stop, Tcp, TcpFlags, Udp};

/// Takes a UDP header, and bounds what follows by its length.
pub(super) fn udp(at: &mut Cursor<'_>, layers: &mut Layers) -> Result<Udp, Stop> {
    layers.push(Layer::Udp);
    let udp = Udp { source: at.u16()?, destination: at.u16()?, length: at.u16()? };
    at.skip(2)?;
    match usize::from(udp.length).checked_sub(8) {
        // Never more than IP has: a length that claims more is a lie, not a cut.
        Some(payload) if at.has(payload) => at.limit(payload),
        // 0 is a jumbogram (RFC 2675); less than a header is nonsense, and leaves no payload to speak of.
        None if udp.length != 0 => at.limit(0),
        _ => {}
    }
    Ok(udp)
}

/// Takes a TCP header with its options. Captures of headers only often end within those: the rest of the header stands, and the
/// second value says that it was cut.
pub(super) fn tcp<'a>(at: &mut Cursor<'a>, layers: &mut Layers) -> Result<(Tcp<'a>, Option<Stop>), Stop> {
    layers.push(Layer::Tcp);
    let (source, destination) = (at.u16()?, at.u16()?);
    let (sequence, acknowledgment) = (at.u32()?, at.u32()?);
    let bits = at.u16()?;
    let (window, _checksum, urgent) = (at.u16()?, at.u16()?, at.u16()?);
    let header = usize::from(bits >> 12).saturating_mul(4);
    let length = header.checked_sub(20).ok_or(Stop::Malformed)?;
    let (options, rest) = at.rest.split_at_checked(length).unwrap_or((at.rest, &[]));
    let lost = length.saturating_sub(options.len());
    // More than IP has is a lie, not a cut.
    at.missing = at.missing.checked_sub(lost).ok_or_else(|| at.shortage())?;
    at.rest = rest;
    let tcp =
        Tcp { source, destination, sequence, acknowledgment, flags: TcpFlags(bits & 0x01ff), window, urgent, options };
    Ok((tcp, (lost > 0).then_some(Stop::Cut)))
}

/// Takes the part of an ICMP or ICMPv6 header that all messages share.
pub(super) fn icmp(at: &mut Cursor<'_>, layers: &mut Layers, layer: Layer) -> Result<Icmp, Stop> {
    layers.push(layer);
    let [kind, code] = at.array()?;
    Ok(Icmp { kind, code, checksum: at.u16()? })
}
