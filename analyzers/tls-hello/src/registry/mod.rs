//! The names that IANA registered for numbers of TLS.
//!
//! Tables of our own: the crate that has that of suites, `tls-parser`, makes it with fourteen others while it is built. Each table names its registry.

mod alerts;
mod extensions;
mod groups;
mod schemes;
mod suite_names;
mod suites;

use std::borrow::Cow;

pub use alerts::alert;
pub use extensions::extension;
pub use groups::{group, is_post_quantum};
pub use schemes::scheme;
pub use suites::{Exchange, Weakness, exchange, suite, weakness};

/// A name, or a number as hexadecimal digits where there is none.
pub type Name = Cow<'static, str>;

/// Whether a number is one of those that clients offer at random so that servers stay tolerant (GREASE, RFC 8701 §2).
pub fn is_grease(code: u16) -> bool {
    code & 0x0f0f == 0x0a0a && code >> 8 == code & 0xff
}

/// Looks a number up.
fn named(table: &[(u16, &'static str)], code: u16) -> Name {
    match table.binary_search_by_key(&code, |(code, _)| *code) {
        Ok(place) => table.get(place).map_or(Cow::Borrowed(""), |(_, name)| Cow::Borrowed(*name)),
        Err(_) if is_grease(code) => Cow::Borrowed("GREASE"),
        Err(_) => Cow::Owned(format!("0x{code:04x}")),
    }
}

/// A version by its name: `TLS 1.2`, `DTLS 1.0`, `SSL 2.0`.
pub fn version(code: u16) -> Name {
    match code {
        0x7f00..=0x7fff => Cow::Owned(format!("TLS 1.3 draft {}", code & 0xff)),
        _ => named(&VERSIONS, code),
    }
}

/// In the order of their numbers. Those of DTLS are the complements of those of TLS.
const VERSIONS: [(u16, &str); 10] = [
    (0x0002, "SSL 2.0"),
    (0x0100, "DTLS 1.0 (OpenSSL)"),
    (0x0300, "SSL 3.0"),
    (0x0301, "TLS 1.0"),
    (0x0302, "TLS 1.1"),
    (0x0303, "TLS 1.2"),
    (0x0304, "TLS 1.3"),
    (0xfefc, "DTLS 1.3"),
    (0xfefd, "DTLS 1.2"),
    (0xfeff, "DTLS 1.0"),
];

/// Whether a version works as TLS 1.3 does, drafts among them.
pub fn is_13(version: u16) -> bool {
    version == 0x0304 || version == 0xfefc || version >> 8 == 0x7f
}

/// Content types of records (registry "TLS ContentType").
pub fn record(kind: u8) -> Name {
    match kind {
        20 => "change_cipher_spec".into(),
        21 => "alert".into(),
        22 => "handshake".into(),
        23 => "application_data".into(),
        24 => "heartbeat".into(),
        _ => format!("0x{kind:02x}").into(),
    }
}

/// Handshake messages (registry "TLS HandshakeType").
pub fn handshake(kind: u8) -> Name {
    match kind {
        0 => "hello_request".into(),
        1 => "client_hello".into(),
        2 => "server_hello".into(),
        3 => "hello_verify_request".into(),
        4 => "new_session_ticket".into(),
        5 => "end_of_early_data".into(),
        6 => "hello_retry_request".into(),
        8 => "encrypted_extensions".into(),
        9 => "request_connection_id".into(),
        10 => "new_connection_id".into(),
        11 => "certificate".into(),
        12 => "server_key_exchange".into(),
        13 => "certificate_request".into(),
        14 => "server_hello_done".into(),
        15 => "certificate_verify".into(),
        16 => "client_key_exchange".into(),
        17 => "client_certificate_request".into(),
        20 => "finished".into(),
        21 => "certificate_url".into(),
        22 => "certificate_status".into(),
        23 => "supplemental_data".into(),
        24 => "key_update".into(),
        25 => "compressed_certificate".into(),
        26 => "ekt_key".into(),
        _ => format!("0x{kind:02x}").into(),
    }
}

#[cfg(test)]
mod tests;
