//! Cipher suites.

use std::borrow::Cow;

use mcpcap_analyzer::JsonSchema;
use serde::Serialize;
use tls_parser::{TlsCipherEnc, TlsCipherKx, TlsCipherSuite};

use super::{Name, is_grease};

/// Its name.
pub fn suite(code: u16) -> Name {
    match TlsCipherSuite::from_id(code) {
        Some(suite) => Cow::Borrowed(suite.name),
        None if is_grease(code) => Cow::Borrowed("GREASE"),
        None => Cow::Owned(format!("0x{code:04x}")),
    }
}

/// Why a cipher suite is obsolete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weakness {
    /// It does not encrypt.
    Null,
    /// The server does not prove who it is.
    Anonymous,
    /// Keys of 40 or 56 bits, as once was allowed to be exported.
    Export,
    /// RC4 (RFC 7465 forbids it).
    Rc4,
    /// DES or RC2.
    Des,
    /// 3DES, whose blocks are small (CVE-2016-2183).
    TripleDes,
}

impl Weakness {
    /// As it is written in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Anonymous => "anonymous",
            Self::Export => "export",
            Self::Rc4 => "rc4",
            Self::Des => "des",
            Self::TripleDes => "triple_des",
        }
    }
}

/// Why a cipher suite is obsolete, if it is; of several reasons the gravest.
pub fn weakness(code: u16) -> Option<Weakness> {
    let suite = TlsCipherSuite::from_id(code)?;
    // Signals of clients, and suites that leave protection to others, are none to choose.
    if matches!(code, 0x00ff | 0x5600) {
        return None;
    }
    let is_anonymous = suite.name.contains("_anon_") || suite.kx == TlsCipherKx::Aecdh;
    match suite.enc {
        TlsCipherEnc::Null => Some(Weakness::Null),
        _ if is_anonymous => Some(Weakness::Anonymous),
        _ if suite.name.contains("EXPORT") => Some(Weakness::Export),
        TlsCipherEnc::Rc4 => Some(Weakness::Rc4),
        TlsCipherEnc::Des | TlsCipherEnc::Rc2 => Some(Weakness::Des),
        TlsCipherEnc::TripleDes => Some(Weakness::TripleDes),
        _ => None,
    }
}
