//! Cipher suites.

use super::suite_names::SUITES;
use super::{Name, named};

/// Its name.
pub fn suite(code: u16) -> Name {
    named(&SUITES, code)
}

/// Why a cipher suite is obsolete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// Why a cipher suite is obsolete, if it is; of several reasons the gravest. A suite's name tells its algorithms.
pub fn weakness(code: u16) -> Option<Weakness> {
    let name = suite(code);
    let has = |part: &str| name.contains(part);
    match () {
        // TLS_SHA256_SHA256 and its like protect, but do not encrypt (RFC 9150).
        () if has("_WITH_NULL_") || matches!(&*name, "TLS_SHA256_SHA256" | "TLS_SHA384_SHA384") => Some(Weakness::Null),
        () if has("_anon_") => Some(Weakness::Anonymous),
        () if has("EXPORT") => Some(Weakness::Export),
        () if has("_RC4_") => Some(Weakness::Rc4),
        () if has("_3DES_") => Some(Weakness::TripleDes),
        () if has("_DES") || has("_RC2_") => Some(Weakness::Des),
        () => None,
    }
}

/// How a ServerKeyExchange of a suite begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchange {
    /// With a curve.
    Curve,
    /// With a prime.
    Prime,
}

/// How the ServerKeyExchange of a suite begins, and whether a signature follows. `None`: there is none, or a hint of a shared key stands in front.
pub fn exchange(code: u16) -> Option<(Exchange, bool)> {
    let name = suite(code);
    let is_shared = name.contains("PSK") || name.contains("SRP");
    let is = |begin: &str| name.starts_with(begin);
    match () {
        () if is_shared => None,
        () if is("TLS_ECDHE_") => Some((Exchange::Curve, true)),
        () if is("TLS_ECDH_anon_") => Some((Exchange::Curve, false)),
        () if is("TLS_DHE_") => Some((Exchange::Prime, true)),
        () if is("TLS_DH_anon_") => Some((Exchange::Prime, false)),
        () => None,
    }
}
