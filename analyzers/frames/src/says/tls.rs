//! TLS records and handshake messages that are not encrypted (RFC 8446, RFC 5246), in brief.

use mcpcap_analyzer::text::printable;
use mcpcap_tls_hello::registry::{self, is_grease};
use mcpcap_tls_hello::{ClientHello, ServerHello};

/// Records of one segment that are told.
const RECORDS: usize = 6;
/// Handshake messages of one record that are told.
const MESSAGES: usize = 8;
/// Characters of a server name.
const NAME: usize = 128;
/// Characters of a protocol of ALPN.
const ALPN: usize = 24;

/// What a hello says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hello {
    /// Whether a client says it.
    pub is_client: bool,
    /// The newest version that it offers, or the one that the server chose.
    pub version: u16,
    /// The server's name (RFC 6066 §3).
    pub server_name: Option<String>,
    /// The first protocol of ALPN (RFC 7301).
    pub alpn: Option<String>,
}

/// The first record's hello, if it is one.
pub fn hello(bytes: &[u8]) -> Option<Hello> {
    let Record { kind: 22, body, .. } = record(bytes)?.0 else { return None };
    let (kind, message, _) = message(body)?;
    matches!(kind, 1 | 2).then(|| read_hello(kind == 1, message))
}

/// What the records of a segment are: `ClientHello TLS 1.3 SNI example.com, ChangeCipherSpec`.
pub fn line(bytes: &[u8]) -> Option<String> {
    let mut told: Vec<String> = Vec::new();
    let (mut rest, mut encrypted, mut records) = (bytes, false, 0_usize);
    while let Some((record, behind)) = record(rest) {
        if records >= RECORDS {
            told.push("…".into());
            break;
        }
        records = records.saturating_add(1);
        match record.kind {
            20 => {
                encrypted = true;
                told.push("ChangeCipherSpec".into());
            }
            21 => told.push(alert(&record)),
            22 => handshake(&record, encrypted, &mut told),
            23 => told.push(format!("application data {} bytes", record.length)),
            24 => told.push("heartbeat".into()),
            _ => break,
        }
        rest = behind;
    }
    (!told.is_empty()).then(|| told.join(", "))
}

struct Record<'a> {
    kind: u8,
    length: usize,
    /// As far as it is there.
    body: &'a [u8],
}

fn record(bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let ([kind @ 20..=24, 3, 0..=4, high, low], rest) = bytes.split_first_chunk::<5>()? else { return None };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let (body, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
    Some((Record { kind: *kind, length, body }, behind))
}

/// Type and body of a handshake message, as far as it is there, and what follows.
fn message(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let ([kind, 0, high, low], rest) = bytes.split_first_chunk::<4>()? else { return None };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let (body, behind) = rest.split_at_checked(length).unwrap_or((rest, &[]));
    Some((*kind, body, behind))
}

fn handshake(record: &Record<'_>, encrypted: bool, told: &mut Vec<String>) {
    let mut rest = record.body;
    for nth in 0..MESSAGES {
        let Some((kind, body, behind)) = message(rest).filter(|_| !encrypted) else {
            // What follows a hello in clear may begin with the end of a message.
            if nth == 0 {
                told.push("handshake, encrypted or a part".into());
            }
            return;
        };
        match kind {
            1 | 2 => told.push(hello_line(&read_hello(kind == 1, body))),
            _ => match message_name(kind) {
                Some(name) => told.push(name.into()),
                None if nth == 0 => return told.push("handshake, encrypted or a part".into()),
                None => return,
            },
        }
        rest = behind;
        if rest.is_empty() {
            return;
        }
    }
}

fn message_name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0 => "HelloRequest",
        4 => "NewSessionTicket",
        8 => "EncryptedExtensions",
        11 => "Certificate",
        12 => "ServerKeyExchange",
        13 => "CertificateRequest",
        14 => "ServerHelloDone",
        15 => "CertificateVerify",
        16 => "ClientKeyExchange",
        20 => "Finished",
        22 => "CertificateStatus",
        24 => "KeyUpdate",
        _ => return None,
    })
}

fn hello_line(hello: &Hello) -> String {
    let mut line = if hello.is_client { "ClientHello" } else { "ServerHello" }.to_owned();
    line += &format!(" {}", registry::version(hello.version));
    if let Some(name) = &hello.server_name {
        line += &format!(" SNI {name}");
    }
    if let Some(alpn) = &hello.alpn {
        line += &format!(" ALPN {alpn}");
    }
    line
}

fn alert(record: &Record<'_>) -> String {
    let (2, [level @ 1..=2, description]) = (record.length, record.body) else { return "alert, encrypted".into() };
    let name = registry::alert(*description);
    format!("{} alert {name}", if *level == 2 { "fatal" } else { "warning" })
}

/// Reads a hello as far as it is there.
fn read_hello(is_client: bool, body: &[u8]) -> Hello {
    let read = if is_client { client_hello(body) } else { server_hello(body) };
    Hello { is_client, ..read.unwrap_or_default() }
}

fn client_hello(body: &[u8]) -> Option<Hello> {
    let hello = ClientHello::parse(body, false)?;
    // Without those of RFC 8701 that mean nothing.
    let newest = hello.offered_versions().filter(|version| !is_grease(*version)).max();
    Some(Hello {
        version: newest.unwrap_or(hello.version),
        server_name: hello.server_name.map(|name| printable(name, NAME)),
        alpn: hello.alpn().next().map(|name| printable(name, ALPN)),
        ..Hello::default()
    })
}

fn server_hello(body: &[u8]) -> Option<Hello> {
    let hello = ServerHello::parse(body)?;
    let alpn = hello.alpn.map(|name| printable(name, ALPN));
    Some(Hello { version: hello.version, alpn, ..Hello::default() })
}

#[cfg(test)]
pub mod tests {
    use mcpcap_tls_hello::build;

    use super::*;

    /// A ClientHello with a server name, ALPN and TLS 1.3 among the versions.
    pub fn client_hello(name: &str) -> Vec<u8> {
        let names = build::list(2, &[&[0][..], &build::list(2, name.as_bytes())].concat());
        let extensions = [
            (0x0a0a, Vec::new()),
            (0, names),
            (16, build::list(2, b"\x02h2\x08http/1.1")),
            (43, build::numbers(1, &[0x1a1a, 0x0304, 0x0303])),
        ];
        let message = build::message(1, &build::client_hello(0x0303, &[0x1301, 0x1302], &extensions));
        [&[22, 3, 1][..], &build::list(2, &message)].concat()
    }

    #[test]
    fn a_client_hello_tells_name_and_version() {
        let bytes = client_hello("www.example.com");
        assert_eq!(line(&bytes).unwrap(), "ClientHello TLS 1.3 SNI www.example.com ALPN h2");
        for end in 0..bytes.len() {
            let _ = (line(&bytes[..end]), hello(&bytes[..end]));
        }
    }

    #[test]
    fn records_of_one_segment_are_told_in_order() {
        let records = [&[20, 3, 3, 0, 1, 1][..], &[22, 3, 3, 0, 4, 9, 9, 9, 9], &[23, 3, 3, 1, 0, 1]].concat();
        let told = line(&records).unwrap();
        assert_eq!(told, "ChangeCipherSpec, handshake, encrypted or a part, application data 256 bytes");
        assert_eq!(line(&[21, 3, 3, 0, 2, 2, 40]).unwrap(), "fatal alert handshake_failure");
        assert_eq!(line(b"GET / HTTP/1.1\r\n"), None);
    }
}
