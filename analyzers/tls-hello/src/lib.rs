//! Hellos of TLS (RFC 8446 §4.1, RFC 5246 §7.4.1, RFC 6347 §4.2), whatever carries them: what the analyzers of TLS and of QUIC share.
//!
//! * [`ClientHello`], [`ServerHello`], [`EncryptedExtensions`], [`Ssl2Client`], [`Ssl2Server`]: hellos as they stand in their messages; [`fingerprint`]: JA3, JA3S and JA4 of them
//! * [`Offer`] and [`Choice`]: what is kept of them; [`OffersReport`] and [`EchReport`]: what reports tell of them
//! * [`registry`]: the names that IANA registered; [`wire`]: how TLS writes numbers
//!
//! Written here, not taken from `tls-parser`: a hello that is cut, or in which one length lies, still tells its other parts, fingerprints need the lists
//! as they were sent, and no list may be copied before it is known how much of it is kept.
#![deny(missing_docs)]
#![deny(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

#[cfg(any(test, feature = "harness"))]
pub mod build;
mod client;
pub mod fingerprint;
mod offer;
#[cfg(feature = "harness")]
pub mod published;
pub mod registry;
mod report;
mod server;
mod ssl2;
pub mod wire;

pub use client::{ClientHello, Ech};
pub use offer::{Choice, Codes, Offer};
pub use report::{EchReport, OffersReport, names};
pub use server::{EncryptedExtensions, ServerHello};
pub use ssl2::{Ssl2Client, Ssl2Server};

use crate::wire::Cursor;

/// Numbers of extensions that are read.
#[allow(missing_docs, reason = "the names are those of IANA's registry")]
pub mod extension {
    pub const SERVER_NAME: u16 = 0;
    pub const SUPPORTED_GROUPS: u16 = 10;
    pub const EC_POINT_FORMATS: u16 = 11;
    pub const SIGNATURE_ALGORITHMS: u16 = 13;
    pub const ALPN: u16 = 16;
    pub const ENCRYPT_THEN_MAC: u16 = 22;
    pub const SESSION_TICKET: u16 = 35;
    pub const PRE_SHARED_KEY: u16 = 41;
    pub const EARLY_DATA: u16 = 42;
    pub const SUPPORTED_VERSIONS: u16 = 43;
    pub const KEY_SHARE: u16 = 51;
    pub const CONNECTION_ID: u16 = 54;
    pub const ECH: u16 = 0xfe0d;
    pub const ESNI: u16 = 0xffce;
}

/// What is wrong with a hello, of what could be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wrong {
    /// A length goes beyond what encloses it.
    pub length: bool,
    /// An extension came twice.
    pub duplicate: bool,
    /// Bytes follow behind the last field.
    pub trailing: bool,
}

/// The extensions of a hello, in its order.
fn extensions<'a>(cursor: &mut Cursor<'a>, wrong: &mut Wrong) -> Vec<(u16, &'a [u8])> {
    let mut all = Vec::new();
    if cursor.is_empty() {
        return all;
    }
    let Some((bytes, is_whole)) = cursor.vector_or_rest(2) else {
        wrong.length = true;
        return all;
    };
    wrong.length |= !is_whole;
    wrong.trailing |= !cursor.is_empty();
    let mut list = Cursor::new(bytes);
    while !list.is_empty() {
        let Some((code, (body, is_whole))) = list.u16().and_then(|code| Some((code, list.vector_or_rest(2)?))) else {
            wrong.length = true;
            break;
        };
        wrong.length |= !is_whole;
        all.push((code, body));
    }
    wrong.duplicate = has_twins(&all);
    all
}

/// Whether an extension stands there twice.
fn has_twins(all: &[(u16, &[u8])]) -> bool {
    let mut codes: Vec<u16> = all.iter().map(|(code, _)| *code).collect();
    codes.sort_unstable();
    codes.windows(2).any(|pair| matches!(pair, [one, other] if one == other))
}

#[cfg(test)]
mod tests;
