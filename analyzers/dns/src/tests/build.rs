//! DNS messages for tests.

use std::net::Ipv4Addr;

use mcpcap_analyzer::harness::build;

pub const CLIENT: &str = "192.0.2.10";
pub const SERVER: &str = "192.0.2.53";

pub const A: u16 = 1;
pub const TXT: u16 = 16;
pub const AXFR: u16 = 252;

/// A name on the wire, not compressed.
pub fn name(text: &str) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in text.split('.').filter(|label| !label.is_empty()) {
        wire.push(u8::try_from(label.len()).unwrap());
        wire.extend_from_slice(label.as_bytes());
    }
    wire.push(0);
    wire
}

fn header(id: u16, flags: u16, questions: u16, answers: u16) -> Vec<u8> {
    [id, flags, questions, answers, 0, 0].iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn question(text: &str, kind: u16) -> Vec<u8> {
    [name(text), kind.to_be_bytes().to_vec(), vec![0, 1]].concat()
}

/// A query with RD.
pub fn query(id: u16, name: &str, kind: u16) -> Vec<u8> {
    [header(id, 0x0100, 1, 0), question(name, kind)].concat()
}

/// A response with these flags besides QR, RD and RA, and A records of the question's name.
pub fn response(id: u16, name: &str, kind: u16, flags: u16, addresses: &[[u8; 4]]) -> Vec<u8> {
    let answers = u16::try_from(addresses.len()).unwrap();
    let mut message = [header(id, 0x8180 | flags, 1, answers), question(name, kind)].concat();
    for address in addresses {
        message.extend_from_slice(b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04");
        message.extend_from_slice(&Ipv4Addr::from(*address).octets());
    }
    message
}

/// A datagram from the client to the server's port 53.
pub fn ask(port: u16, message: &[u8]) -> Vec<u8> {
    build::udp((CLIENT, port), (SERVER, 53), message)
}

/// A datagram back.
pub fn answer(port: u16, message: &[u8]) -> Vec<u8> {
    build::udp((SERVER, 53), (CLIENT, port), message)
}

/// With the length in front that TCP has.
pub fn prefixed(message: &[u8]) -> Vec<u8> {
    [&u16::try_from(message.len()).unwrap().to_be_bytes()[..], message].concat()
}
