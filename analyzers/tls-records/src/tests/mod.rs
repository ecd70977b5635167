//! Whole connections: the trace of RFC 8448 §3, also with what is missing of it.

mod decryption;

use data_encoding::HEXLOWER_PERMISSIVE;
use mcpcap_analyzer::stream::Side;

use crate::handshake::Assembly;
use crate::records::{HANDSHAKE, Head};
use crate::{KeyLog, Opened, Session};

/// Bytes that are written as hexadecimal digits.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    HEXLOWER_PERMISSIVE.decode(&digits).unwrap()
}

/// The records of the trace, each with its sender.
pub fn trace() -> Vec<(Side, Vec<u8>)> {
    let line = |line: &str| {
        let (side, record) = line.split_once(' ').unwrap();
        (if side == "client" { Side::Client } else { Side::Server }, hex(record))
    };
    include_str!("rfc8448.txt").lines().map(line).collect()
}

/// The secrets of the trace, as a key log has them.
pub const SECRETS: &str = "\
CLIENT_HANDSHAKE_TRAFFIC_SECRET cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7 b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21
SERVER_HANDSHAKE_TRAFFIC_SECRET cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7 b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38
CLIENT_TRAFFIC_SECRET_0 cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7 9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5
SERVER_TRAFFIC_SECRET_0 cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7 a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643
";

/// Content type and content of a record that was decrypted.
type Found = Option<(u8, Vec<u8>)>;

/// The two ends of a connection, as an analyzer follows them.
#[derive(Default)]
pub struct Talk {
    pub session: Session,
    assemblies: [Assembly; 2],
    /// What was encrypted: sender, content type, content; nothing of what was not decrypted.
    pub found: Vec<(Side, Found)>,
}

impl Talk {
    /// Takes a record with its header.
    pub fn record(&mut self, from: Side, record: &[u8], log: &KeyLog) {
        let head = Head::parse(record).unwrap();
        let mut plain = Vec::new();
        let (kind, content) = match self.session.open(from, head, &record[5..], log, &mut plain) {
            Opened::Clear => (head.kind, record[5..].to_vec()),
            Opened::Plain(kind) => {
                self.found.push((from, Some((kind, plain.clone()))));
                (kind, plain)
            }
            Opened::Closed => return self.found.push((from, None)),
        };
        if kind == HANDSHAKE {
            let [client, server] = &mut self.assemblies;
            let assembly = if from == Side::Client { client } else { server };
            let session = &mut self.session;
            assembly.record();
            assembly.push(&content, true, &mut |message| {
                if message.is_whole() {
                    session.message(from, message.kind, message.body, log);
                }
            });
        }
    }

    /// Contents of a type that one side sent.
    pub fn contents(&self, from: Side, kind: u8) -> Vec<&[u8]> {
        let of = |(side, found): &(Side, Found)| *side == from && found.as_ref().is_some_and(|(own, _)| *own == kind);
        let mine = self.found.iter().filter(|found| of(found));
        mine.filter_map(|(_, found)| found.as_ref()).map(|(_, content)| content.as_slice()).collect()
    }
}

/// The key log of some lines.
pub fn log(lines: &str) -> KeyLog {
    let mut log = KeyLog::default();
    log.add(lines.as_bytes(), true);
    log
}
