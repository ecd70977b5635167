//! How bytes of keys are made of secrets (RFC 5246 §5, RFC 8446 §7.1).

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac as _};
use sha2::{Sha256, Sha384};

use crate::suite::Hash;

/// HKDF-Expand-Label of TLS 1.3 without a context (RFC 8446 §7.1). `None` for a secret shorter than the hash, and for what is too long.
pub fn expand_label(hash: Hash, secret: &[u8], label: &[u8], out: &mut [u8]) -> Option<()> {
    const PREFIX: &[u8] = b"tls13 ";
    let length = u16::try_from(out.len()).ok()?.to_be_bytes();
    let label_length = [u8::try_from(PREFIX.len().checked_add(label.len())?).ok()?];
    let info: [&[u8]; 5] = [&length, &label_length, PREFIX, label, &[0]];
    match hash {
        Hash::Sha256 => Hkdf::<Sha256>::from_prk(secret).ok()?.expand_multi_info(&info, out).ok(),
        Hash::Sha384 => Hkdf::<Sha384>::from_prk(secret).ok()?.expand_multi_info(&info, out).ok(),
    }
}

/// The pseudorandom function of TLS 1.2, with a label and two seeds.
pub(crate) fn expand_12(hash: Hash, secret: &[u8], seed: [&[u8]; 3], out: &mut [u8]) -> Option<()> {
    let hmac = |parts: &[&[u8]]| -> Option<Vec<u8>> {
        Some(match hash {
            Hash::Sha256 => {
                let mut hmac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
                parts.iter().for_each(|part| hmac.update(part));
                hmac.finalize().into_bytes().to_vec()
            }
            Hash::Sha384 => {
                let mut hmac = Hmac::<Sha384>::new_from_slice(secret).ok()?;
                parts.iter().for_each(|part| hmac.update(part));
                hmac.finalize().into_bytes().to_vec()
            }
        })
    };
    let [label, first, second] = seed;
    let mut step = hmac(&[label, first, second])?;
    for part in out.chunks_mut(hash.length()) {
        let bytes = hmac(&[&step, label, first, second])?;
        part.copy_from_slice(bytes.get(..part.len())?);
        step = hmac(&[&step])?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::hex;

    /// Test vector 1 of "TLS 1.2 P_SHA256" on the mailing list of the TLS working group, as many implementations have it.
    #[test]
    fn the_pseudorandom_function_is_that_of_others() {
        let secret = hex("9bbe436ba940f017b17652849a71db35");
        let seed = hex("a0ba9f936cda311827a6f796ffd5198c");
        let mut out = [0; 100];
        expand_12(Hash::Sha256, &secret, [b"test label", &seed, &[]], &mut out).unwrap();
        let expected =
            hex("e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af\
             0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66");
        assert_eq!(out.as_slice(), expected);
        let secret = hex("b80b733d6ceefcdc71566ea48e5567df");
        let seed = hex("cd665cf6a8447dd6ff8b27555edb7465");
        let mut out = [0; 148];
        expand_12(Hash::Sha384, &secret, [b"test label", &seed, &[]], &mut out).unwrap();
        let expected =
            hex("7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0\
             e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425\
             9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f");
        assert_eq!(out.as_slice(), expected);
    }
}
