//! Signature algorithms of the handshake (IANA, registry "TLS SignatureScheme").
//!
//! Before TLS 1.3 a number was a hash and a signature of their own registries; of what has no name of its own, these two are told.

use std::borrow::Cow;

use super::{Name, is_grease, named};

/// Its name.
pub fn scheme(code: u16) -> Name {
    let [hash, signature] = code.to_be_bytes();
    let signature = match signature {
        0 => "anonymous",
        1 => "rsa_pkcs1",
        2 => "dsa",
        3 => "ecdsa",
        _ => "",
    };
    let hash = match hash {
        0 => "none",
        1 => "md5",
        2 => "sha1",
        3 => "sha224",
        4 => "sha256",
        5 => "sha384",
        6 => "sha512",
        _ => "",
    };
    let is_known = SCHEMES.binary_search_by_key(&code, |(code, _)| *code).is_ok();
    if is_known || is_grease(code) || signature.is_empty() || hash.is_empty() {
        return named(&SCHEMES, code);
    }
    Cow::Owned(format!("{signature}_{hash}"))
}

const SCHEMES: [(u16, &str); 28] = [
    (0x0201, "rsa_pkcs1_sha1"),
    (0x0203, "ecdsa_sha1"),
    (0x0401, "rsa_pkcs1_sha256"),
    (0x0403, "ecdsa_secp256r1_sha256"),
    (0x0420, "rsa_pkcs1_sha256_legacy"),
    (0x0501, "rsa_pkcs1_sha384"),
    (0x0503, "ecdsa_secp384r1_sha384"),
    (0x0520, "rsa_pkcs1_sha384_legacy"),
    (0x0601, "rsa_pkcs1_sha512"),
    (0x0603, "ecdsa_secp521r1_sha512"),
    (0x0620, "rsa_pkcs1_sha512_legacy"),
    (0x0708, "sm2sig_sm3"),
    (0x0709, "gostr34102012_256a"),
    (0x070a, "gostr34102012_256b"),
    (0x0804, "rsa_pss_rsae_sha256"),
    (0x0805, "rsa_pss_rsae_sha384"),
    (0x0806, "rsa_pss_rsae_sha512"),
    (0x0807, "ed25519"),
    (0x0808, "ed448"),
    (0x0809, "rsa_pss_pss_sha256"),
    (0x080a, "rsa_pss_pss_sha384"),
    (0x080b, "rsa_pss_pss_sha512"),
    (0x081a, "ecdsa_brainpoolP256r1tls13_sha256"),
    (0x081b, "ecdsa_brainpoolP384r1tls13_sha384"),
    (0x081c, "ecdsa_brainpoolP512r1tls13_sha512"),
    (0x0904, "mldsa44"),
    (0x0905, "mldsa65"),
    (0x0906, "mldsa87"),
];
