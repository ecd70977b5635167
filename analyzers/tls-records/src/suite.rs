//! How the records of a cipher suite are protected.

use mcpcap_tls_hello::registry;

/// The hash of a suite's key schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the hashes'")]
pub enum Hash {
    Sha256,
    Sha384,
}

impl Hash {
    /// Bytes of it.
    pub(crate) fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

/// The hash of an HMAC that stands beside a cipher in CBC mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mac {
    Sha1,
    Sha256,
    Sha384,
}

impl Mac {
    /// Bytes of it.
    pub(crate) fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }
}

/// A cipher with what authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cipher {
    Aes128Gcm,
    Aes256Gcm,
    Aes128Ccm,
    Aes256Ccm,
    /// With tags of 8 bytes.
    Aes128Ccm8,
    Aes256Ccm8,
    ChaCha20Poly1305,
    Aes128Cbc(Mac),
    Aes256Cbc(Mac),
}

impl Cipher {
    /// Bytes of its key.
    pub(crate) fn key_length(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Ccm | Self::Aes128Ccm8 | Self::Aes128Cbc(_) => 16,
            Self::Aes256Gcm | Self::Aes256Ccm | Self::Aes256Ccm8 | Self::ChaCha20Poly1305 | Self::Aes256Cbc(_) => 32,
        }
    }

    /// Bytes of its tag.
    pub(crate) fn tag_length(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes256Gcm | Self::Aes128Ccm | Self::Aes256Ccm | Self::ChaCha20Poly1305 => 16,
            Self::Aes128Ccm8 | Self::Aes256Ccm8 => 8,
            Self::Aes128Cbc(mac) | Self::Aes256Cbc(mac) => mac.length(),
        }
    }

    /// Bytes of the part of its nonce that keys give up to TLS 1.2: 4 of GCM and CCM (RFC 5288 §3, RFC 6655 §3), 12 of ChaCha20 (RFC 7905 §2), none of CBC,
    /// where each record brings its own.
    pub(crate) fn fixed_nonce_length(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes256Gcm => 4,
            Self::Aes128Ccm | Self::Aes256Ccm | Self::Aes128Ccm8 | Self::Aes256Ccm8 => 4,
            Self::ChaCha20Poly1305 => 12,
            Self::Aes128Cbc(_) | Self::Aes256Cbc(_) => 0,
        }
    }

    /// The hash of an HMAC that has a key of its own, if there is one.
    pub(crate) fn mac(self) -> Option<Mac> {
        match self {
            Self::Aes128Cbc(mac) | Self::Aes256Cbc(mac) => Some(mac),
            _ => None,
        }
    }
}

/// What a suite protects records with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Suite {
    pub(crate) cipher: Cipher,
    pub(crate) hash: Hash,
}

impl Suite {
    /// Of a suite by its number, of TLS 1.3 or 1.2. `None` when it is another version's, or has a cipher that is not known here. Its name tells all.
    pub(crate) fn of(code: u16, is_13: bool) -> Option<Self> {
        let name = registry::suite(code);
        let cipher = match name.split_once("_WITH_") {
            // Drafts of ChaCha20 have the same names and other nonces.
            Some((_, cipher)) if !is_13 && !matches!(code, 0xcc13..=0xcc15) => cipher,
            None if is_13 => name.strip_prefix("TLS_")?,
            _ => return None,
        };
        let (cipher, hash) = match cipher {
            "AES_128_GCM_SHA256" => (Cipher::Aes128Gcm, Hash::Sha256),
            "AES_256_GCM_SHA384" => (Cipher::Aes256Gcm, Hash::Sha384),
            "CHACHA20_POLY1305_SHA256" => (Cipher::ChaCha20Poly1305, Hash::Sha256),
            "AES_128_CCM" | "AES_128_CCM_SHA256" => (Cipher::Aes128Ccm, Hash::Sha256),
            "AES_256_CCM" => (Cipher::Aes256Ccm, Hash::Sha256),
            "AES_256_CCM_SHA384" => (Cipher::Aes256Ccm, Hash::Sha384),
            "AES_128_CCM_8" | "AES_128_CCM_8_SHA256" => (Cipher::Aes128Ccm8, Hash::Sha256),
            "AES_256_CCM_8" => (Cipher::Aes256Ccm8, Hash::Sha256),
            "AES_128_CBC_SHA" => (Cipher::Aes128Cbc(Mac::Sha1), Hash::Sha256),
            "AES_256_CBC_SHA" => (Cipher::Aes256Cbc(Mac::Sha1), Hash::Sha256),
            "AES_128_CBC_SHA256" => (Cipher::Aes128Cbc(Mac::Sha256), Hash::Sha256),
            "AES_256_CBC_SHA256" => (Cipher::Aes256Cbc(Mac::Sha256), Hash::Sha256),
            "AES_256_CBC_SHA384" => (Cipher::Aes256Cbc(Mac::Sha384), Hash::Sha384),
            _ => return None,
        };
        Some(Self { cipher, hash })
    }

    /// Those with which a client may send data before the handshake, by the length of its secret: the server has not said yet which it is.
    pub(crate) fn of_early_data(secret: usize) -> &'static [Self] {
        const fn suite(cipher: Cipher, hash: Hash) -> Suite {
            Suite { cipher, hash }
        }
        const SHORT: [Suite; 4] = [
            suite(Cipher::Aes128Gcm, Hash::Sha256),
            suite(Cipher::ChaCha20Poly1305, Hash::Sha256),
            suite(Cipher::Aes128Ccm, Hash::Sha256),
            suite(Cipher::Aes128Ccm8, Hash::Sha256),
        ];
        const LONG: [Suite; 1] = [suite(Cipher::Aes256Gcm, Hash::Sha384)];
        if secret == Hash::Sha384.length() { &LONG } else { &SHORT }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_known_by_their_names() {
        let of = |cipher, hash| Some(Suite { cipher, hash });
        for (code, is_13, expected) in [
            (0x1301, true, of(Cipher::Aes128Gcm, Hash::Sha256)),
            (0x1302, true, of(Cipher::Aes256Gcm, Hash::Sha384)),
            (0x1303, true, of(Cipher::ChaCha20Poly1305, Hash::Sha256)),
            (0x1304, true, of(Cipher::Aes128Ccm, Hash::Sha256)),
            (0x1305, true, of(Cipher::Aes128Ccm8, Hash::Sha256)),
            (0x1301, false, None),
            (0xc02f, true, None),
            (0xc02f, false, of(Cipher::Aes128Gcm, Hash::Sha256)),
            (0x009d, false, of(Cipher::Aes256Gcm, Hash::Sha384)),
            (0xcca8, false, of(Cipher::ChaCha20Poly1305, Hash::Sha256)),
            (0xcc13, false, None),
            (0xc014, false, of(Cipher::Aes256Cbc(Mac::Sha1), Hash::Sha256)),
            (0x003c, false, of(Cipher::Aes128Cbc(Mac::Sha256), Hash::Sha256)),
            (0xc028, false, of(Cipher::Aes256Cbc(Mac::Sha384), Hash::Sha384)),
            (0xc0ac, false, of(Cipher::Aes128Ccm, Hash::Sha256)),
            (0xc0af, false, of(Cipher::Aes256Ccm8, Hash::Sha256)),
            (0x000a, false, None),
            (0x0005, false, None),
            (0x00c6, true, None),
            (0xffff, true, None),
        ] {
            assert_eq!(Suite::of(code, is_13), expected, "{code:04x} {is_13}");
        }
    }
}
