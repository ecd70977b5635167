//! ClientHello.

use crate::wire::{Cursor, codes};
use crate::{Wrong, extension, extensions};

/// A ClientHello, as it stands in its message.
#[derive(Debug, Clone, Default)]
pub struct ClientHello<'a> {
    /// `legacy_version`.
    pub version: u16,
    /// `legacy_session_id`.
    pub session_id: &'a [u8],
    /// Cipher suites, two bytes each.
    pub suites: &'a [u8],
    /// Compression methods.
    pub compressions: &'a [u8],
    /// All extensions in order.
    pub extensions: Vec<(u16, &'a [u8])>,
    /// `supported_versions`, two bytes each.
    pub versions: Option<&'a [u8]>,
    /// `supported_groups`, two bytes each.
    pub groups: &'a [u8],
    /// `ec_point_formats`, a byte each.
    pub point_formats: &'a [u8],
    /// `signature_algorithms`, two bytes each.
    pub schemes: &'a [u8],
    /// The first host name.
    pub server_name: Option<&'a [u8]>,
    /// Groups for which keys are sent.
    pub key_shares: Vec<u16>,
    /// Whether there is a ticket with which a session may go on.
    pub ticket: bool,
    /// Whether there is a key with which a session may go on (TLS 1.3).
    pub pre_shared_key: bool,
    /// Whether data comes before the handshake (0-RTT).
    pub early_data: bool,
    /// An encrypted ClientHello in it.
    pub ech: Option<Ech>,
    /// Whether there is an encrypted server name, the forerunner of that.
    pub esni: bool,
    /// The connection id that records to the client have (DTLS, RFC 9146).
    pub connection_id: Option<&'a [u8]>,
    /// Bytes of a cookie of DTLS.
    pub cookie: usize,
    /// What is wrong with it.
    pub wrong: Wrong,
    /// The list of ALPN, as it is.
    pub protocols: &'a [u8],
}

/// What is in the clear of an encrypted ClientHello. Clients also send it without meaning, so that it is not rare (GREASE).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ech {
    /// Number of the configuration that was used.
    pub config: u8,
    /// Bytes that are encrypted.
    pub payload: u16,
}

impl<'a> ClientHello<'a> {
    /// Reads the body of a ClientHello: all of it, or what is there. `None` when not even the version is.
    pub fn parse(body: &'a [u8], datagram: bool) -> Option<Self> {
        let mut cursor = Cursor::new(body);
        let mut hello = Self { version: cursor.u16()?, ..Self::default() };
        if hello.lists(&mut cursor, datagram).is_none() {
            hello.wrong.length = true;
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

    fn lists(&mut self, cursor: &mut Cursor<'a>, datagram: bool) -> Option<()> {
        let mut whole = true;
        let mut list = |cursor: &mut Cursor<'a>, bytes| {
            let (list, is_whole) = cursor.vector_or_rest(bytes)?;
            whole &= is_whole;
            Some(list)
        };
        cursor.take(32)?;
        self.session_id = list(cursor, 1)?;
        if datagram {
            self.cookie = list(cursor, 1)?.len();
        }
        self.suites = list(cursor, 2)?;
        self.compressions = list(cursor, 1)?;
        let is_right = whole && self.session_id.len() <= 32 && self.suites.len().is_multiple_of(2);
        is_right.then_some(())
    }

    /// Reads an extension. `None` when a length in it is wrong.
    fn extension(&mut self, code: u16, body: &'a [u8]) -> Option<()> {
        let mut cursor = Cursor::new(body);
        match code {
            extension::SERVER_NAME => {
                if body.is_empty() {
                    return Some(());
                }
                let mut names = Cursor::new(cursor.vector(2)?);
                while !names.is_empty() {
                    let kind = names.u8()?;
                    let name = names.vector(2)?;
                    if kind == 0 && self.server_name.is_none() {
                        self.server_name = Some(name);
                    }
                }
            }
            extension::SUPPORTED_GROUPS => self.groups = pairs(cursor.vector(2)?)?,
            extension::EC_POINT_FORMATS => self.point_formats = cursor.vector(1)?,
            extension::SIGNATURE_ALGORITHMS => self.schemes = pairs(cursor.vector(2)?)?,
            extension::ALPN => {
                self.protocols = cursor.vector(2)?;
                let mut names = Cursor::new(self.protocols);
                while !names.is_empty() {
                    names.vector(1)?;
                }
            }
            extension::SUPPORTED_VERSIONS => self.versions = Some(pairs(cursor.vector(1)?)?),
            extension::KEY_SHARE => {
                let mut shares = Cursor::new(cursor.vector(2)?);
                while !shares.is_empty() {
                    let group = shares.u16()?;
                    shares.vector(2)?;
                    self.key_shares.push(group);
                }
            }
            extension::SESSION_TICKET => self.ticket = !body.is_empty(),
            extension::PRE_SHARED_KEY => self.pre_shared_key = true,
            extension::EARLY_DATA => self.early_data = true,
            extension::CONNECTION_ID => self.connection_id = Some(cursor.vector(1)?),
            extension::ESNI => self.esni = true,
            // 1 is the inner hello, which is never seen.
            extension::ECH if cursor.u8()? == 0 => {
                cursor.u32()?;
                let config = cursor.u8()?;
                cursor.vector(2)?;
                let payload = u16::try_from(cursor.vector(2)?.len()).ok()?;
                self.ech = Some(Ech { config, payload });
            }
            _ => {}
        }
        Some(())
    }

    /// Protocols of the application that are offered, in order.
    pub fn alpn(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut names = Cursor::new(self.protocols);
        std::iter::from_fn(move || names.vector(1))
    }

    /// Versions that are offered: of `supported_versions`, or else the one of the hello.
    pub fn offered_versions(&self) -> impl Iterator<Item = u16> + '_ {
        let old = self.versions.is_none().then_some(self.version);
        codes(self.versions.unwrap_or_default()).chain(old)
    }
}

/// A list of numbers of two bytes.
fn pairs(bytes: &[u8]) -> Option<&[u8]> {
    bytes.len().is_multiple_of(2).then_some(bytes)
}
