//! Changes of a capture that keep it one: packets doubled, swapped, cut, fragmented, answered, put into tunnels.

use crate::random::Random;

/// File header, and header of a record.
const FILE: usize = 24;
const RECORD: usize = 16;
/// pcap, little endian, microseconds: the only form that is taken apart here.
const MAGIC: [u8; 4] = [0xd4, 0xc3, 0xb2, 0xa1];

struct Packet {
    header: [u8; RECORD],
    data: Vec<u8>,
}

/// Changes the first `size` bytes of `data` and returns how many there are now, never more than `max_size`. `plain` changes bytes without
/// knowledge of them.
pub fn mutate(
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    plain: impl Fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut random = Random::new(seed);
    let whole = data.get(..size).unwrap_or_default();
    if random.below(6) == 0 || !whole.starts_with(&MAGIC) {
        return plain(data, size, max_size);
    }
    let Some((header, mut packets)) = split(whole).filter(|(_, packets)| !packets.is_empty()) else {
        return plain(data, size, max_size);
    };
    let mut header = header.to_vec();
    for _ in 0..=random.below(3) {
        change(&mut packets, &mut random, &plain);
    }
    if random.below(8) == 0 {
        // They choose tool and arguments.
        header[8 + random.below(2)] = random.below(256) as u8;
    }
    let mut at = header.len();
    data[..at].copy_from_slice(&header);
    for packet in &packets {
        let end = at + RECORD + packet.data.len();
        if end > max_size.min(data.len()) {
            break;
        }
        data[at..at + RECORD].copy_from_slice(&packet.header);
        data[at + 8..at + 12].copy_from_slice(&(packet.data.len() as u32).to_le_bytes());
        data[at + RECORD..end].copy_from_slice(&packet.data);
        at = end;
    }
    at
}

fn split(file: &[u8]) -> Option<(&[u8], Vec<Packet>)> {
    let (header, mut rest) = file.split_at_checked(FILE)?;
    let mut packets = Vec::new();
    while let Some((record, behind)) = rest.split_first_chunk::<RECORD>() {
        let length = u32::from_le_bytes([record[8], record[9], record[10], record[11]]) as usize;
        let Some((data, behind)) = behind.split_at_checked(length) else { break };
        packets.push(Packet { header: *record, data: data.to_vec() });
        rest = behind;
    }
    Some((header, packets))
}

fn change(packets: &mut Vec<Packet>, random: &mut Random, plain: &impl Fn(&mut [u8], usize, usize) -> usize) {
    let at = random.below(packets.len());
    let other = random.below(packets.len());
    match random.below(13) {
        0 => packets.swap(at, other),
        1 if packets.len() > 1 => _ = packets.remove(at),
        2 | 3 => {
            let Packet { header, data } = &packets[other];
            let copy = Packet { header: *header, data: data.clone() };
            packets.insert(at, copy);
        }
        4 => {
            let data = &mut packets[at].data;
            data.truncate(random.below(data.len() + 1));
        }
        5 => {
            let time = [0, 1, 0x7fff_ffff, u32::MAX, random.below(1 << 31) as u32];
            let time = random.one(&time).unwrap_or_default();
            let place = 4 * random.below(2);
            packets[at].header[place..place + 4].copy_from_slice(&time.to_le_bytes());
        }
        6 => {
            let length = random.one(&[0, 1, 60, 1_500, 65_535, u32::MAX]).unwrap_or_default();
            packets[at].header[12..].copy_from_slice(&length.to_le_bytes());
        }
        7 => splice(packets, at, other, random),
        8 => fragment(packets, at, random),
        9 => answer(packets, at),
        10 => tunnel(&mut packets[at].data, random),
        11 => numbers(&mut packets[at].data, random),
        _ => {
            // Anything behind a place that is rather deep, so that outer headers stay.
            let data = &mut packets[at].data;
            let keep = random.one(&[0, 14, 34, 42, 54, 62]).unwrap_or_default().min(data.len());
            let length = data.len() - keep;
            data.resize(keep + length + 64, 0);
            let length = plain(&mut data[keep..], length, length + 64);
            data.truncate(keep + length);
        }
    }
}

/// The end of one packet becomes that of another.
fn splice(packets: &mut [Packet], at: usize, other: usize, random: &mut Random) {
    let tail = packets[other].data.clone();
    let from = random.below(tail.len() + 1);
    let data = &mut packets[at].data;
    data.truncate(random.below(data.len() + 1));
    data.extend_from_slice(&tail[from..]);
}

/// A field of one, two or four bytes becomes a number at the border of something.
fn numbers(data: &mut [u8], random: &mut Random) {
    let place = random.below(data.len());
    let number =
        random.one(&[0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, u32::MAX]).unwrap_or_default();
    let octets = number.to_be_bytes();
    let width = random.one(&[1, 2, 4]).unwrap_or(1).min(data.len() - place);
    data[place..place + width].copy_from_slice(&octets[4 - width..]);
}

/// Offset of the IPv4 header behind Ethernet, and its length.
fn ipv4(data: &[u8]) -> Option<usize> {
    let length = usize::from(data.get(14)? & 0xf) * 4;
    (data.get(12..14)? == [8, 0] && data[14] >> 4 == 4 && length >= 20 && data.len() > 14 + length).then_some(length)
}

/// An IPv4 packet becomes two fragments, in either order, sometimes overlapping.
fn fragment(packets: &mut Vec<Packet>, at: usize, random: &mut Random) {
    let Packet { header, data } = &packets[at];
    let (header, data) = (*header, data.clone());
    let Some(length) = ipv4(&data) else { return };
    let (head, body) = data.split_at(14 + length);
    let cut = random.below(body.len() / 8 + 1) * 8;
    let second = cut.saturating_sub(8 * random.below(3));
    let piece = |from: usize, to: usize, more: bool| {
        let mut piece = [head, &body[from..to]].concat();
        let total = (length + to - from) as u16;
        piece[16..18].copy_from_slice(&total.to_be_bytes());
        let field = (from / 8) as u16 | if more { 0x2000 } else { 0 };
        piece[20..22].copy_from_slice(&field.to_be_bytes());
        Packet { header, data: piece }
    };
    packets[at] = piece(0, cut, true);
    let place = if random.below(2) == 0 { at } else { at + 1 };
    packets.insert(place, piece(second, body.len(), false));
}

/// Source and destination of an IPv4 packet change places, ports too.
fn answer(packets: &mut [Packet], at: usize) {
    let data = &mut packets[at].data;
    let Some(length) = ipv4(data) else { return };
    for place in 26..30 {
        data.swap(place, place + 4);
    }
    let ports = 14 + length;
    if data.len() >= ports + 4 {
        data.swap(ports, ports + 2);
        data.swap(ports + 1, ports + 3);
    }
}

/// An Ethernet frame goes into a VLAN, or through GRE, VXLAN or IPv4 in IPv4.
fn tunnel(data: &mut Vec<u8>, random: &mut Random) {
    if data.len() < 14 {
        return;
    }
    let outer = |protocol: u8, head: &[u8], inner: &[u8]| {
        let mut packet = [&[2; 12][..], &[8, 0, 0x45, 0]].concat();
        packet.extend(((20 + head.len() + inner.len()) as u16).to_be_bytes());
        packet.extend([0, 1, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2]);
        [packet.as_slice(), head, inner].concat()
    };
    *data = match random.below(4) {
        0 => [&data[..12], &[0x81, 0, 0, 7], &data[12..]].concat(),
        1 => outer(47, &[0, 0, data[12], data[13]], &data[14..]),
        2 => {
            let length = (16 + data.len()) as u16;
            let [high, low] = length.to_be_bytes();
            outer(17, &[200, 0, 0x12, 0xb5, high, low, 0, 0, 8, 0, 0, 0, 0, 0, 7, 0], data)
        }
        _ => outer(4, &[], &data[14..]),
    };
}
