//! How Initial packets are protected (RFC 9001 §5, RFC 9369 §3.3), from which only those are safe who did not see the client's first packet.

use aes_gcm::aes::Aes128;
use aes_gcm::aes::cipher::BlockCipherEncrypt;
use aes_gcm::{AeadInOut, Aes128Gcm, KeyInit};
use hkdf::Hkdf;
use mcpcap_analyzer::stream::Side;
use mcpcap_tls_records::{Hash, expand_label};
use sha2::Sha256;

use super::version::Form;
use super::{Id, Packet, TAG};

/// The salts of the initial secrets.
const SALT_DRAFT: [u8; 20] = [
    0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8,
    0x99,
];
const SALT_ONE: [u8; 20] = [
    0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f,
    0x0a,
];
const SALT_TWO: [u8; 20] = [
    0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e,
    0xd9,
];

/// Keys and nonces of the tags of Retry packets (RFC 9001 §5.8, RFC 9369 §3.3.3).
const RETRY_DRAFT: (u128, [u8; 12]) = (
    0xccce_187e_d09a_09d0_5728_155a_6cb9_6be1,
    [0xe5, 0x49, 0x30, 0xf9, 0x7f, 0x21, 0x36, 0xf0, 0x53, 0x0a, 0x8c, 0x1c],
);
const RETRY_ONE: (u128, [u8; 12]) = (
    0xbe0c_690b_9f66_575a_1d76_6b54_e368_c84e,
    [0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb],
);
const RETRY_TWO: (u128, [u8; 12]) = (
    0x8fb4_b01b_56ac_48e2_60fb_cbce_ad7c_cc92,
    [0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c, 0x6d, 0x99, 0x90, 0xef, 0xb0, 0x4a],
);

/// What protects the Initial packets of one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    pub key: [u8; 16],
    pub iv: [u8; 12],
    /// Of the header.
    pub header: [u8; 16],
}

/// The labels of a form: of the key, the nonce and the header's key.
fn labels(form: Form) -> [&'static [u8]; 3] {
    match form {
        Form::Draft | Form::One => [b"quic key", b"quic iv", b"quic hp"],
        Form::Two => [b"quicv2 key", b"quicv2 iv", b"quicv2 hp"],
    }
}

impl Keys {
    /// Those of a side, by the id to which the client sent its first Initial, or that of the server's Retry.
    pub fn initial(form: Form, id: &Id, side: Side) -> Option<Self> {
        let salt = match form {
            Form::Draft => &SALT_DRAFT,
            Form::One => &SALT_ONE,
            Form::Two => &SALT_TWO,
        };
        let label: &[u8] = if side == Side::Client { b"client in" } else { b"server in" };
        let (initial, _) = Hkdf::<Sha256>::extract(Some(salt), id.bytes());
        let secret: [u8; 32] = expand(&initial, label)?;
        let [key, iv, header] = labels(form);
        Some(Self { key: expand(&secret, key)?, iv: expand(&secret, iv)?, header: expand(&secret, header)? })
    }

    /// The mask of a header, of the bytes behind the place of the longest packet number.
    fn mask(&self, sample: &[u8; 16]) -> [u8; 16] {
        let mut block = (*sample).into();
        Aes128::new(&self.header.into()).encrypt_block(&mut block);
        block.into()
    }

    fn nonce(&self, number: u64) -> [u8; 12] {
        let mut nonce = self.iv;
        let [_, _, _, _, low @ ..] = &mut nonce;
        low.iter_mut().zip(number.to_be_bytes()).for_each(|(byte, other)| *byte ^= other);
        nonce
    }

    /// Decrypts a packet into a buffer: its number, and where its frames are there. `None` when it has other keys, or was changed.
    pub fn open(
        &self,
        packet: &Packet<'_>,
        largest: Option<u64>,
        buffer: &mut Vec<u8>,
    ) -> Option<(u64, std::ops::Range<usize>)> {
        buffer.clear();
        buffer.extend_from_slice(packet.bytes);
        let at = packet.number_at;
        let sample = buffer.get(at.checked_add(4)?..)?.first_chunk::<16>()?;
        let [first_mask, mask @ ..] = self.mask(sample);
        let first = buffer.first_mut()?;
        *first ^= first_mask & 0x0f;
        let bytes = usize::from(*first & 3).saturating_add(1);
        let end = at.checked_add(bytes)?;
        let number = buffer.get_mut(at..end)?;
        number.iter_mut().zip(mask).for_each(|(byte, other)| *byte ^= other);
        let truncated = number.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
        let number = whole_number(truncated, bytes, largest);
        let (header, protected) = buffer.split_at_mut_checked(end)?;
        let (content, tag) = protected.split_at_mut_checked(protected.len().checked_sub(TAG)?)?;
        let tag: [u8; TAG] = (&*tag).try_into().ok()?;
        let (nonce, length) = (self.nonce(number), content.len());
        Aes128Gcm::new(&self.key.into())
            .decrypt_inout_detached(&nonce.into(), header, content.into(), &tag.into())
            .ok()?;
        Some((number, end..end.checked_add(length)?))
    }
}

fn expand<const N: usize>(secret: &[u8], label: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    expand_label(Hash::Sha256, secret, label, &mut bytes)?;
    Some(bytes)
}

/// A packet number of which the last bytes were sent, near the one behind the largest so far (RFC 9000 appendix A.3).
pub fn whole_number(truncated: u64, bytes: usize, largest: Option<u64>) -> u64 {
    let expected = largest.map_or(0, |largest| largest.saturating_add(1));
    let window =
        u32::try_from(bytes).ok().and_then(|bytes| 1_u64.checked_shl(bytes.saturating_mul(8))).unwrap_or(u64::MAX);
    let half = window / 2;
    let candidate = (expected & !window.saturating_sub(1)) | truncated;
    match () {
        () if candidate.saturating_add(half) <= expected && candidate < (1_u64 << 62).saturating_sub(window) => {
            candidate.saturating_add(window)
        }
        () if candidate > expected.saturating_add(half) && candidate >= window => candidate.saturating_sub(window),
        () => candidate,
    }
}

/// Whether the tag of a Retry fits: it is made with the id to which the client sent its first Initial, which others do not know.
pub fn retry_fits(packet: &Packet<'_>, original: &Id) -> Option<bool> {
    if !packet.is_whole {
        return None;
    }
    let (key, nonce) = match packet.form {
        Form::Draft => RETRY_DRAFT,
        Form::One => RETRY_ONE,
        Form::Two => RETRY_TWO,
    };
    let (content, tag) = packet.bytes.split_at_checked(packet.bytes.len().checked_sub(TAG)?)?;
    let tag: [u8; TAG] = tag.try_into().ok()?;
    let mut whole = Vec::with_capacity(content.len().saturating_add(original.len()).saturating_add(1));
    whole.push(u8::try_from(original.len()).ok()?);
    whole.extend_from_slice(original.bytes());
    whole.extend_from_slice(content);
    let nothing: &mut [u8] = &mut [];
    let opened = Aes128Gcm::new(&key.to_be_bytes().into()).decrypt_inout_detached(
        &nonce.into(),
        &whole,
        nothing.into(),
        &tag.into(),
    );
    Some(opened.is_ok())
}
