//! TLS records and handshake messages that are not encrypted (RFC 8446, RFC 5246), in brief.

use mcpcap_analyzer::text::printable;

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

/// `TLS 1.3` and its like.
pub fn version_name(version: u16) -> String {
    match version {
        0x0300 => "SSL 3.0".into(),
        0x0301 => "TLS 1.0".into(),
        0x0302 => "TLS 1.1".into(),
        0x0303 => "TLS 1.2".into(),
        0x0304 => "TLS 1.3".into(),
        other => format!("version 0x{other:04x}"),
    }
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
    line += &format!(" {}", version_name(hello.version));
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
    let name = match description {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        40 => "handshake_failure",
        42 => "bad_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        112 => "unrecognized_name",
        116 => "certificate_required",
        120 => "no_application_protocol",
        other => return format!("alert {other}"),
    };
    format!("{} alert {name}", if *level == 2 { "fatal" } else { "warning" })
}

/// Reads a hello as far as it is there.
fn read_hello(is_client: bool, body: &[u8]) -> Hello {
    let mut hello = Hello { is_client, ..Hello::default() };
    // What cannot be read ends it, and what was read before stays.
    let _ = read_into(&mut hello, body);
    hello
}

fn read_into(hello: &mut Hello, body: &[u8]) -> Option<()> {
    let (version, rest) = body.split_first_chunk::<2>()?;
    hello.version = u16::from_be_bytes(*version);
    let (_, rest) = rest.split_at_checked(32)?;
    let (_, rest) = prefixed(rest, 1)?;
    let rest = if hello.is_client {
        let (_, rest) = prefixed(rest, 2)?;
        prefixed(rest, 1)?.1
    } else {
        rest.split_at_checked(3)?.1
    };
    let (mut extensions, _) = prefixed(rest, 2)?;
    while let Some(([high, low], rest)) = extensions.split_first_chunk::<2>() {
        let (value, behind) = prefixed(rest, 2)?;
        match u16::from_be_bytes([*high, *low]) {
            0 if hello.is_client => {
                // A list of names: the type of the first is host_name.
                let name = value.split_first_chunk::<3>().and_then(|(_, names)| prefixed(names, 2));
                hello.server_name = name.map(|(name, _)| printable(name, NAME));
            }
            16 => {
                let first = value.split_first_chunk::<2>().and_then(|(_, names)| prefixed(names, 1));
                hello.alpn = first.map(|(name, _)| printable(name, ALPN));
            }
            43 => hello.version = newest(value, hello.is_client).unwrap_or(hello.version),
            _ => {}
        }
        extensions = behind;
    }
    Some(())
}

/// The newest version that supported_versions has (RFC 8446 §4.2.1), without those of RFC 8701 that mean nothing.
fn newest(value: &[u8], is_client: bool) -> Option<u16> {
    let list = if is_client { value.get(1..)? } else { value };
    let versions = list.as_chunks::<2>().0.iter().map(|version| u16::from_be_bytes(*version));
    versions.filter(|version| (0x0300..=0x0304).contains(version)).max()
}

/// What stands behind a length of so many bytes, as far as it is there, and what follows it.
fn prefixed(bytes: &[u8], size: usize) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_at_checked(size)?;
    let length = length.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    Some(rest.split_at_checked(length).unwrap_or((rest, &[])))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A ClientHello with a server name, ALPN and TLS 1.3 among the versions, by RFC 8446 §4.1.2.
    pub fn client_hello(name: &str) -> Vec<u8> {
        let prefix = |size: usize, value: &[u8]| {
            let length = (value.len() as u32).to_be_bytes();
            [&length[4 - size..], value].concat()
        };
        let names = prefix(2, &[&[0][..], &prefix(2, name.as_bytes())].concat());
        let extension = |kind: u16, value: &[u8]| [&kind.to_be_bytes()[..], &prefix(2, value)].concat();
        let extensions = [
            extension(0x0a0a, b""),
            extension(0, &names),
            extension(16, &prefix(2, b"\x02h2\x08http/1.1")),
            extension(43, &prefix(1, &[0x1a, 0x1a, 3, 4, 3, 3])),
        ]
        .concat();
        let body = [
            &[3, 3][..],
            &[7; 32],
            &prefix(1, &[9; 32]),
            &prefix(2, &[0x13, 1, 0x13, 2]),
            &prefix(1, &[0]),
            &prefix(2, &extensions),
        ]
        .concat();
        let message = [&[1][..], &prefix(3, &body)].concat();
        [&[22, 3, 1][..], &prefix(2, &message)].concat()
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
