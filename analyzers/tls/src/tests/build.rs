//! Connections, messages and certificates made byte by byte.

use mcpcap_analyzer::harness::talk::together;
pub use mcpcap_analyzer::harness::talk::{START, Talk};
pub use mcpcap_tls_hello::build::{client_hello, hello_for, list, message, numbers, server_hello};
use serde_json::{Value, json};

pub const CLIENT: (&str, u16) = ("192.0.2.10", 40_000);
pub const SERVER: (&str, u16) = ("198.51.100.20", 8443);

/// A record.
pub fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    [vec![kind, 3, 3], list(2, content)].concat()
}

/// A handshake message in records of so many bytes.
pub fn in_records(message: &[u8], bytes: usize) -> Vec<u8> {
    message.chunks(bytes).flat_map(|part| record(22, part)).collect()
}

/// ChangeCipherSpec, and an encrypted Finished.
pub fn finished() -> Vec<u8> {
    [record(20, &[1]), record(22, &[0xee; 40])].concat()
}

/// A certificate message.
pub fn certificates(all: &[Vec<u8>]) -> Vec<u8> {
    message(11, &list(3, &all.iter().flat_map(|one| list(3, one)).collect::<Vec<u8>>()))
}

/// DER: tag, length, content.
pub fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match length {
        0..=127 => vec![tag, length as u8],
        128..=255 => vec![tag, 0x81, length as u8],
        256..=65_535 => vec![tag, 0x82, (length >> 8) as u8, length as u8],
        _ => vec![tag, 0x83, (length >> 16) as u8, (length >> 8) as u8, length as u8],
    };
    [head, content.to_vec()].concat()
}

/// A distinguished name with a common name.
fn name(common: &str) -> Vec<u8> {
    let attribute = der(0x30, &[der(6, &[0x55, 4, 3]), der(12, common.as_bytes())].concat());
    der(0x30, &der(0x31, &attribute))
}

/// A certificate to be.
pub struct Certificate<'a> {
    pub subject: &'a str,
    pub issuer: &'a str,
    pub names: Vec<String>,
    /// UTCTime.
    pub from: &'a str,
    pub until: &'a str,
    /// Bytes of the RSA modulus.
    pub key: usize,
    /// Last byte of the signature's OID below 1.2.840.113549.1.1.
    pub signature: u8,
    /// Another extension.
    pub extension: Vec<u8>,
}

impl Default for Certificate<'_> {
    fn default() -> Self {
        Self {
            subject: "example.com",
            issuer: "Example CA",
            names: vec!["example.com".into(), "*.example.com".into()],
            from: "230101000000Z",
            until: "250101000000Z",
            key: 256,
            signature: 11,
            extension: Vec::new(),
        }
    }
}

impl Certificate<'_> {
    /// As DER.
    pub fn der(&self) -> Vec<u8> {
        let oid = |last: u8| der(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last]);
        let algorithm = |last: u8| der(0x30, &[oid(last), vec![5, 0]].concat());
        let modulus = [vec![0, 0xc1], vec![7; self.key - 1]].concat();
        let key = der(0x30, &[der(2, &modulus), der(2, &[1, 0, 1])].concat());
        let info = der(0x30, &[algorithm(1), der(3, &[vec![0], key].concat())].concat());
        let names: Vec<u8> = self.names.iter().flat_map(|name| der(0x82, name.as_bytes())).collect();
        let alternative = der(0x30, &[der(6, &[0x55, 0x1d, 0x11]), der(4, &der(0x30, &names))].concat());
        let extensions = der(0xa3, &der(0x30, &[alternative, self.extension.clone()].concat()));
        let validity = der(0x30, &[der(0x17, self.from.as_bytes()), der(0x17, self.until.as_bytes())].concat());
        let content = [
            der(0xa0, &der(2, &[2])),
            der(2, &[0x12, 0x34]),
            algorithm(self.signature),
            name(self.issuer),
            validity,
            name(self.subject),
            info,
            extensions,
        ];
        let signature = der(3, &[0, 1, 2, 3]);
        der(0x30, &[der(0x30, &content.concat()), algorithm(self.signature), signature].concat())
    }
}

/// Connections between the ends of these tests.
pub trait Tested: Sized {
    /// Opens a connection.
    fn open() -> Self;
    /// Opens a connection from a port.
    fn from_port(port: u16) -> Self;
    /// The whole handshake of TLS 1.2 with some certificates, and data.
    fn handshake(self, server_name: &str, chain: &[Vec<u8>]) -> Self;
    /// The report on it.
    fn report(self) -> Value;
    /// The only connection of the report.
    fn connection(self) -> Value;
}

impl Tested for Talk {
    fn open() -> Self {
        Self::from_port(CLIENT.1)
    }

    fn from_port(port: u16) -> Self {
        Self::between((CLIENT.0, port), SERVER, START)
    }

    fn handshake(self, server_name: &str, chain: &[Vec<u8>]) -> Self {
        let flight = [message(2, &server_hello(0x0303, 0xc02f, &[])), certificates(chain), message(14, &[])].concat();
        let asked = self.ask(record(22, &message(1, &hello_for(server_name))));
        let answered = in_records(&flight, 16_000).chunks(32_000).fold(asked, Self::tell);
        answered
            .ask([record(22, &message(16, &[1, 2])), finished()].concat())
            .tell(finished())
            .ask(record(23, &[0xaa; 100]))
            .tell(record(23, &[0xbb; 200]))
    }

    fn report(self) -> Value {
        super::run(&self.capture(), &json!({}))
    }

    fn connection(self) -> Value {
        let report = self.report();
        assert_eq!(report["connections"].as_array().map(Vec::len), Some(1), "{report}");
        report["connections"][0].clone()
    }
}

/// The report on several connections.
pub fn report(talks: impl IntoIterator<Item = Talk>) -> Value {
    super::run(&together(talks), &json!({}))
}
