//! The first messages of TLS 1.3 (RFC 8446), and the heads of its records.

use super::world::cut;

/// ClientHello for a server name. `salt` is a place in the pool: its random bytes come from there.
pub fn client_hello(out: &mut Vec<u8>, pool: &[u8], salt: usize, name: &str) {
    handshake(out, 1, 0x0301, |out| {
        hello(out, pool, salt);
        // TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256; no compression.
        out.extend_from_slice(&[0, 6, 0x13, 1, 0x13, 2, 0x13, 3, 1, 0]);
        sized(out, |out| {
            extension(out, 0, |out| {
                sized(out, |out| {
                    out.push(0);
                    sized(out, |out| out.extend_from_slice(name.as_bytes()));
                });
            });
            extension(out, 10, |out| out.extend_from_slice(&[0, 2, 0, 0x1d]));
            extension(out, 13, |out| out.extend_from_slice(&[0, 4, 4, 3, 8, 4]));
            extension(out, 16, |out| out.extend_from_slice(b"\x00\x0c\x02h2\x08http/1.1"));
            extension(out, 43, |out| out.extend_from_slice(&[2, 3, 4]));
            extension(out, 51, |out| sized(out, |out| key(out, pool, salt)));
        });
    });
}

/// ServerHello and change cipher spec.
pub fn server_hello(out: &mut Vec<u8>, pool: &[u8], salt: usize) {
    handshake(out, 2, 0x0303, |out| {
        hello(out, pool, salt);
        out.extend_from_slice(&[0x13, 1, 0]);
        sized(out, |out| {
            extension(out, 43, |out| out.extend_from_slice(&[3, 4]));
            extension(out, 51, |out| key(out, pool, salt));
        });
    });
    out.extend_from_slice(&[20, 3, 3, 0, 1, 1]);
}

/// The head of a record of application data.
pub fn application_data(out: &mut Vec<u8>, length: u16) {
    out.extend_from_slice(&[23, 3, 3]);
    out.extend_from_slice(&length.to_be_bytes());
}

fn handshake(out: &mut Vec<u8>, kind: u8, version: u16, body: impl FnOnce(&mut Vec<u8>)) {
    out.push(22);
    out.extend_from_slice(&version.to_be_bytes());
    sized(out, |out| {
        // Lengths of handshake messages have three bytes.
        out.extend_from_slice(&[kind, 0]);
        sized(out, body);
    });
}

/// Version, random and session id.
fn hello(out: &mut Vec<u8>, pool: &[u8], salt: usize) {
    out.extend_from_slice(&[3, 3]);
    cut(pool, salt, 32, out);
    out.push(32);
    cut(pool, salt + 32, 32, out);
}

/// A key share of X25519.
fn key(out: &mut Vec<u8>, pool: &[u8], salt: usize) {
    out.extend_from_slice(&[0, 0x1d, 0, 32]);
    cut(pool, salt + 64, 32, out);
}

fn extension(out: &mut Vec<u8>, kind: u16, body: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&kind.to_be_bytes());
    sized(out, body);
}

/// A body with its length in two bytes before it.
fn sized(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend_from_slice(&[0, 0]);
    body(out);
    let length = (out.len() - at - 2) as u16;
    if let Some(place) = out.get_mut(at..at + 2) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}
