//! Captures with interfaces and comments.

/// A packet of a capture.
pub struct Packet {
    pub interface: usize,
    /// Since 1970.
    pub microseconds: u64,
    pub octets: Vec<u8>,
    /// How long it was on the wire.
    pub original: usize,
    pub comment: Option<String>,
}

/// A block: the body is padded, the length is right.
pub fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let body = padded(body);
    let length = u32::try_from(body.len() + 12).unwrap().to_le_bytes();
    [&kind.to_le_bytes()[..], &length, &body, &length].concat()
}

fn padded(octets: &[u8]) -> Vec<u8> {
    let mut octets = octets.to_vec();
    octets.resize(octets.len().next_multiple_of(4), 0);
    octets
}

/// Options, each with its code, and their end.
pub fn options(options: &[(u16, &[u8])]) -> Vec<u8> {
    let option = |(code, value): &(u16, &[u8])| {
        [&code.to_le_bytes()[..], &u16::try_from(value.len()).unwrap().to_le_bytes(), &padded(value)].concat()
    };
    options.iter().flat_map(option).chain([0; 4]).collect()
}

/// A section header with options.
pub fn section(of_section: &[(u16, &[u8])]) -> Vec<u8> {
    let fixed = [&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat();
    block(0x0a0d_0d0a, &[fixed, options(of_section)].concat())
}

/// An interface of Ethernet with options.
pub fn interface(of_interface: &[(u16, &[u8])]) -> Vec<u8> {
    block(1, &[vec![1, 0, 0, 0, 0, 0, 0, 0], options(of_interface)].concat())
}

/// Statistics about the first interface of a section.
pub fn statistics(of_statistics: &[(u16, &[u8])]) -> Vec<u8> {
    block(5, &[vec![0; 12], options(of_statistics)].concat())
}

/// A pcapng file of interfaces with these link types.
pub fn file(link_types: &[u16], packets: &[Packet]) -> Vec<u8> {
    let mut file = section(&[]);
    for link_type in link_types {
        file.extend(block(1, &[&link_type.to_le_bytes()[..], &[0; 6]].concat()));
    }
    for packet in packets {
        let (captured, original) = (packet.octets.len(), packet.original);
        let time = packet.microseconds;
        let words = [packet.interface as u32, (time >> 32) as u32, time as u32, captured as u32, original as u32];
        let mut body: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        body.extend(padded(&packet.octets));
        if let Some(comment) = &packet.comment {
            body.extend([&[1, 0][..], &u16::try_from(comment.len()).unwrap().to_le_bytes()].concat());
            body.extend(padded(comment.as_bytes()));
            body.extend([0; 4]);
        }
        file.extend(block(6, &body));
    }
    file
}
