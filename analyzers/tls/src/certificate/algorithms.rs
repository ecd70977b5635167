//! Algorithms of keys and signatures, and the sizes of keys.
//!
//! The numbers of RSA, DSA and EC are those of RFC 3279, RFC 4055, RFC 5480 and RFC 5758, of Edwards curves RFC 8410, of ML-DSA RFC 9881, of SLH-DSA
//! RFC 9909, of GOST RFC 4491 and RFC 9215, of SM2 GB/T 33560.

use std::borrow::Cow;

use x509_parser::asn1_rs::{Any, FromDer, Tag};
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use mcpcap_tls_hello::wire::bits as bits_of;

/// The name of an algorithm, or its number.
type Name = Cow<'static, str>;

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// `RSA`, `EC`, `Ed25519`, `ML-DSA-65`.
    pub algorithm: Name,
    /// Curve of an elliptic curve key.
    pub curve: Option<Name>,
    /// Public exponent of RSA, where it is one of 64 bits.
    pub exponent: Option<u64>,
    /// Its size as is usual to tell: bits of the modulus, of the prime, or of the field of the curve.
    pub bits: Option<u32>,
}

/// How a certificate is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// `sha256WithRSAEncryption`.
    pub algorithm: Name,
    /// The hash, where it is weak: `md5`, `sha1`.
    pub weak_hash: Option<&'static str>,
}

fn named(table: &[(&str, &'static str)], number: &str) -> Name {
    let found = table.iter().find(|(known, _)| *known == number);
    found.map_or_else(|| Cow::Owned(mcpcap_analyzer::text::cut(number, 64)), |(_, name)| Cow::Borrowed(*name))
}

/// The key of a certificate.
pub fn key(info: &SubjectPublicKeyInfo<'_>) -> Key {
    let number = info.algorithm.algorithm.to_id_string();
    let algorithm = named(&KEYS, &number);
    let (mut curve, mut bits, mut exponent) = (None, None, None);
    match &*algorithm {
        "RSA" | "RSASSA-PSS" => {
            bits = first_integer(&info.subject_public_key.data).map(bits_of);
            exponent = second_integer(&info.subject_public_key.data).and_then(unsigned);
        }
        "DSA" => {
            let parameters = info.algorithm.parameters.as_ref();
            bits = parameters.and_then(|parameters| integer(parameters.data)).map(bits_of);
        }
        "EC" => {
            let parameters = info.algorithm.parameters.as_ref();
            let number = parameters.and_then(|parameters| parameters.as_oid().ok()).map(|oid| oid.to_id_string());
            bits = number
                .as_ref()
                .and_then(|number| CURVES.iter().find(|(known, ..)| known == number))
                .map(|(.., bits)| *bits);
            curve = number.map(|number| {
                let known = CURVES.iter().find(|(known, ..)| **known == *number);
                known.map_or_else(
                    || Cow::Owned(mcpcap_analyzer::text::cut(&number, 64)),
                    |(_, name, _)| Cow::Borrowed(*name),
                )
            });
        }
        "Ed25519" | "X25519" => bits = Some(256),
        "Ed448" | "X448" => bits = Some(448),
        _ => {}
    }
    Key { algorithm, curve, exponent, bits }
}

/// The algorithm by which a certificate is signed.
pub fn signature(identifier: &AlgorithmIdentifier<'_>) -> Signature {
    let algorithm = named(&SIGNATURES, &identifier.algorithm.to_id_string());
    let lower = algorithm.to_ascii_lowercase();
    let weak_hash = match () {
        () if lower.starts_with("md2") => Some("md2"),
        () if lower.starts_with("md5") => Some("md5"),
        () if lower.contains("sha1") => Some("sha1"),
        () => None,
    };
    Signature { algorithm, weak_hash }
}

/// The first number of a sequence.
fn first_integer(der: &[u8]) -> Option<&[u8]> {
    let (_, sequence) = Any::from_der(der).ok()?;
    sequence.header.is_constructed().then(|| integer(sequence.data)).flatten()
}

/// The second number of a sequence.
fn second_integer(der: &[u8]) -> Option<&[u8]> {
    let (_, sequence) = Any::from_der(der).ok()?;
    let (rest, _) = sequence.header.is_constructed().then(|| Any::from_der(sequence.data).ok()).flatten()?;
    integer(rest)
}

/// A number that is not negative.
fn unsigned(content: &[u8]) -> Option<u64> {
    let digits = content.iter().skip_while(|byte| **byte == 0);
    let fits = content.first().is_some_and(|first| *first < 0x80) && digits.clone().count() <= 8;
    fits.then(|| digits.fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The content of the first number in the content of a sequence.
fn integer(content: &[u8]) -> Option<&[u8]> {
    let (_, any) = Any::from_der(content).ok()?;
    (any.tag() == Tag::Integer).then_some(any.data)
}

const KEYS: [(&str, &str); 31] = [
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
    ("1.2.840.10040.4.1", "DSA"),
    ("1.2.840.10045.2.1", "EC"),
    ("1.3.101.110", "X25519"),
    ("1.3.101.111", "X448"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("1.2.840.10046.2.1", "DH"),
    ("1.2.643.2.2.19", "GOST R 34.10-2001"),
    ("1.2.643.7.1.1.1.1", "GOST R 34.10-2012 (256)"),
    ("1.2.643.7.1.1.1.2", "GOST R 34.10-2012 (512)"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
    ("2.16.840.1.101.3.4.3.20", "SLH-DSA-SHA2-128s"),
    ("2.16.840.1.101.3.4.3.21", "SLH-DSA-SHA2-128f"),
    ("2.16.840.1.101.3.4.3.22", "SLH-DSA-SHA2-192s"),
    ("2.16.840.1.101.3.4.3.23", "SLH-DSA-SHA2-192f"),
    ("2.16.840.1.101.3.4.3.24", "SLH-DSA-SHA2-256s"),
    ("2.16.840.1.101.3.4.3.25", "SLH-DSA-SHA2-256f"),
    ("2.16.840.1.101.3.4.3.26", "SLH-DSA-SHAKE-128s"),
    ("2.16.840.1.101.3.4.3.27", "SLH-DSA-SHAKE-128f"),
    ("2.16.840.1.101.3.4.3.28", "SLH-DSA-SHAKE-192s"),
    ("2.16.840.1.101.3.4.3.29", "SLH-DSA-SHAKE-192f"),
    ("2.16.840.1.101.3.4.3.30", "SLH-DSA-SHAKE-256s"),
    ("2.16.840.1.101.3.4.3.31", "SLH-DSA-SHAKE-256f"),
    ("2.16.840.1.101.3.4.4.1", "ML-KEM-512"),
    ("2.16.840.1.101.3.4.4.2", "ML-KEM-768"),
    ("2.16.840.1.101.3.4.4.3", "ML-KEM-1024"),
    ("1.2.156.10197.1.301", "SM2"),
];

const CURVES: [(&str, &str, u32); 12] = [
    ("1.2.840.10045.3.1.1", "secp192r1", 192),
    ("1.3.132.0.33", "secp224r1", 224),
    ("1.2.840.10045.3.1.7", "secp256r1", 256),
    ("1.3.132.0.34", "secp384r1", 384),
    ("1.3.132.0.35", "secp521r1", 521),
    ("1.3.132.0.10", "secp256k1", 256),
    ("1.3.132.0.8", "secp160r1", 160),
    ("1.3.132.0.9", "secp160k1", 160),
    ("1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", 256),
    ("1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", 384),
    ("1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", 512),
    ("1.2.156.10197.1.301", "sm2p256v1", 256),
];

const SIGNATURES: [(&str, &str); 25] = [
    ("1.2.840.113549.1.1.2", "md2WithRSAEncryption"),
    ("1.2.840.113549.1.1.4", "md5WithRSAEncryption"),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption"),
    ("1.3.14.3.2.29", "sha1WithRSAEncryption (OIW)"),
    ("1.2.840.113549.1.1.14", "sha224WithRSAEncryption"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
    ("1.2.840.113549.1.1.10", "rsassaPss"),
    ("1.2.840.10040.4.3", "dsa-with-sha1"),
    ("2.16.840.1.101.3.4.3.1", "dsa-with-sha224"),
    ("2.16.840.1.101.3.4.3.2", "dsa-with-sha256"),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1"),
    ("1.2.840.10045.4.3.1", "ecdsa-with-SHA224"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
    ("1.3.101.112", "Ed25519"),
    ("1.3.101.113", "Ed448"),
    ("2.16.840.1.101.3.4.3.17", "ML-DSA-44"),
    ("2.16.840.1.101.3.4.3.18", "ML-DSA-65"),
    ("2.16.840.1.101.3.4.3.19", "ML-DSA-87"),
    ("1.2.156.10197.1.501", "SM2-with-SM3"),
    ("1.2.643.7.1.1.3.2", "GOST R 34.10-2012 with GOST R 34.11-2012 (256)"),
    ("1.2.643.7.1.1.3.3", "GOST R 34.10-2012 with GOST R 34.11-2012 (512)"),
];
