//! ServerHello, and HelloRetryRequest, which is one with a random number that says so.

use crate::wire::Cursor;
use crate::{Wrong, extension, extensions};

/// The random number of a HelloRetryRequest: the SHA-256 of "HelloRetryRequest" (RFC 8446 §4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];
/// How the random number of a server ends that could do TLS 1.3, or 1.2, and was asked for less (RFC 8446 §4.1.3).
const DOWNGRADED: [&[u8]; 2] = [b"DOWNGRD\x01", b"DOWNGRD\x00"];

/// A ServerHello, as it stands in its message.
#[derive(Debug, Clone, Default)]
pub struct ServerHello<'a> {
    /// `legacy_version`.
    pub legacy_version: u16,
    /// The version that is chosen.
    pub version: u16,
    /// `legacy_session_id_echo`.
    pub session_id: &'a [u8],
    /// The cipher suite that is chosen.
    pub suite: u16,
    /// The compression method that is chosen.
    pub compression: u8,
    /// All extensions in order.
    pub extensions: Vec<(u16, &'a [u8])>,
    /// The group of `key_share`.
    pub group: Option<u16>,
    /// The protocol of the application that is chosen (ALPN).
    pub alpn: Option<&'a [u8]>,
    /// Whether an earlier session goes on (TLS 1.3).
    pub pre_shared_key: bool,
    /// The connection id that records to the server have (DTLS, RFC 9146).
    pub connection_id: Option<&'a [u8]>,
    /// Whether it asks for another ClientHello.
    pub retry: bool,
    /// Whether its random number says that the server could do a newer version.
    pub downgraded: bool,
    /// What is wrong with it.
    pub wrong: Wrong,
}

impl<'a> ServerHello<'a> {
    /// Reads the body of a ServerHello: all of it, or what is there up to the cipher suite at least.
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let legacy_version = cursor.u16()?;
        let random = cursor.take(32)?;
        // Drafts of TLS 1.3 up to 21 have no session id here.
        let session_id = if is_early_draft(legacy_version) { &[] } else { cursor.vector(1)? };
        let suite = cursor.u16()?;
        let mut hello = Self { legacy_version, version: legacy_version, session_id, suite, ..Self::default() };
        hello.retry = random == RETRY;
        hello.downgraded = DOWNGRADED.iter().any(|end| random.ends_with(end));
        if !is_early_draft(legacy_version) {
            match cursor.u8() {
                Some(compression) => hello.compression = compression,
                None => hello.wrong.length = true,
            }
        }
        hello.extensions = extensions(&mut cursor, &mut hello.wrong);
        for place in 0..hello.extensions.len() {
            if let Some((code, body)) = hello.extensions.get(place).copied()
                && hello.extension(code, body).is_none()
            {
                hello.wrong.length = true;
            }
        }
        Some(hello)
    }

    fn extension(&mut self, code: u16, body: &'a [u8]) -> Option<()> {
        let mut cursor = Cursor::new(body);
        match code {
            extension::SUPPORTED_VERSIONS => self.version = cursor.u16()?,
            extension::KEY_SHARE => self.group = Some(cursor.u16()?),
            extension::ALPN => self.alpn = Some(Cursor::new(cursor.vector(2)?).vector(1)?),
            extension::PRE_SHARED_KEY => self.pre_shared_key = true,
            extension::CONNECTION_ID => self.connection_id = Some(cursor.vector(1)?),
            _ => {}
        }
        Some(())
    }
}

/// The extensions with which a server of TLS 1.3 answers besides its hello (RFC 8446 §4.3.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EncryptedExtensions<'a> {
    /// The protocol of the application that is chosen (ALPN).
    pub alpn: Option<&'a [u8]>,
    /// Whether it takes the data that came before the handshake (0-RTT).
    pub early_data: bool,
}

impl<'a> EncryptedExtensions<'a> {
    /// Reads the body of the message. `None` when it does not begin as one does.
    pub fn parse(body: &'a [u8]) -> Option<Self> {
        let mut list = Cursor::new(Cursor::new(body).vector_or_rest(2)?.0);
        let mut read = Self::default();
        while let Some((code, body)) = list.u16().and_then(|code| Some((code, list.vector(2)?))) {
            match code {
                extension::ALPN => read.alpn = Cursor::new(body).vector(2).and_then(|list| Cursor::new(list).vector(1)),
                extension::EARLY_DATA => read.early_data = true,
                _ => {}
            }
        }
        Some(read)
    }
}

fn is_early_draft(version: u16) -> bool {
    (0x7f00..=0x7f15).contains(&version)
}
