//! ClientHello and ServerHello (RFC 8446 §4.1, RFC 5246 §7.4.1, RFC 6347 §4.2), and fingerprints of them.
//!
//! Written here, not taken from `tls-parser`: a hello that is cut, or in which one length lies, still tells its other parts, fingerprints need the lists
//! as they were sent, and no list may be copied before it is known how much of it is kept.

mod client;
pub mod fingerprint;
mod server;
mod ssl2;

pub use client::{ClientHello, Ech};
pub use server::ServerHello;
pub use ssl2::{Ssl2Client, Ssl2Server};

use crate::wire::Cursor;

/// Numbers of extensions that are read.
pub mod extension {
    pub const SERVER_NAME: u16 = 0;
    pub const SUPPORTED_GROUPS: u16 = 10;
    pub const EC_POINT_FORMATS: u16 = 11;
    pub const SIGNATURE_ALGORITHMS: u16 = 13;
    pub const ALPN: u16 = 16;
    pub const SESSION_TICKET: u16 = 35;
    pub const PRE_SHARED_KEY: u16 = 41;
    pub const EARLY_DATA: u16 = 42;
    pub const SUPPORTED_VERSIONS: u16 = 43;
    pub const KEY_SHARE: u16 = 51;
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
