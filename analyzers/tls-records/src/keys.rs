//! The keys of one direction, and how they open records.

use aes_gcm::aead::{AeadInOut, Nonce, Tag};
use aes_gcm::aes::{Aes128, Aes256};
use aes_gcm::{Aes128Gcm, Aes256Gcm, KeyInit};
use cbc::Decryptor;
use cbc::cipher::{Array, BlockModeDecrypt, BlockSizeUser, KeyIvInit};
use ccm::Ccm;
use ccm::consts::{U8, U12, U16};
use chacha20poly1305::ChaCha20Poly1305;
use hmac::Hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha384};

use crate::key_log::{RANDOM, Secret};
use crate::records::Head;
use crate::schedule::{expand_12, expand_label};
use crate::suite::{Cipher, Mac, Suite};

/// Bytes of a block of AES.
const BLOCK: usize = 16;
/// Bytes of the part of a nonce that records of TLS 1.2 bring with GCM and CCM.
const EXPLICIT: usize = 8;
/// Bytes of the key of an HMAC, and of a cipher, at most.
const MAC_KEY: usize = 48;
const KEY: usize = 32;
/// Bytes of the nonce of a record.
const NONCE: usize = 12;

/// What opens the records of one direction.
#[derive(Clone)]
pub(crate) struct Keys {
    suite: Suite,
    key: [u8; KEY],
    /// Of CBC, the key of its HMAC.
    mac: [u8; MAC_KEY],
    /// The nonce, or the first 4 bytes of it.
    nonce: [u8; NONCE],
    /// Of TLS 1.3, the secret of which these keys are.
    secret: Option<Secret>,
    /// Whether the HMAC is one of what is encrypted (RFC 7366).
    of_encrypted: bool,
}

impl Keys {
    /// Of TLS 1.3 (RFC 8446 §7.3).
    pub(crate) fn of_secret(suite: Suite, secret: &Secret) -> Option<Self> {
        if secret.bytes().len() != suite.hash.length() {
            return None;
        }
        let mut keys = Self::empty(suite);
        expand_label(suite.hash, secret.bytes(), b"key", keys.key.get_mut(..suite.cipher.key_length())?)?;
        expand_label(suite.hash, secret.bytes(), b"iv", &mut keys.nonce)?;
        keys.secret = Some(*secret);
        Some(keys)
    }

    /// The next ones of TLS 1.3, behind a KeyUpdate (RFC 8446 §7.2).
    pub(crate) fn updated(&self) -> Option<Self> {
        let mut next = [0; MAC_KEY];
        let next = next.get_mut(..self.suite.hash.length())?;
        expand_label(self.suite.hash, self.secret?.bytes(), b"traffic upd", next)?;
        Self::of_secret(self.suite, &Secret::new(next)?)
    }

    /// Of both directions of TLS 1.2 (RFC 5246 §6.3), the client's first.
    pub(crate) fn of_master(
        suite: Suite,
        master: &Secret,
        client: &[u8; RANDOM],
        server: &[u8; RANDOM],
        of_encrypted: bool,
    ) -> Option<[Self; 2]> {
        let cipher = suite.cipher;
        let lengths = [cipher.mac().map_or(0, Mac::length), cipher.key_length(), cipher.fixed_nonce_length()];
        let mut block = [0; 2 * (MAC_KEY + KEY + NONCE)];
        expand_12(suite.hash, master.bytes(), [b"key expansion", server, client], &mut block)?;
        let (mut both, mut rest) = ([Self::empty(suite), Self::empty(suite)], block.as_slice());
        for (place, length) in lengths.into_iter().enumerate() {
            for keys in &mut both {
                let (bytes, behind) = rest.split_at_checked(length)?;
                rest = behind;
                let to = match place {
                    0 => keys.mac.get_mut(..length),
                    1 => keys.key.get_mut(..length),
                    _ => keys.nonce.get_mut(..length),
                };
                to?.copy_from_slice(bytes);
            }
        }
        for keys in &mut both {
            keys.of_encrypted = of_encrypted && cipher.mac().is_some();
        }
        Some(both)
    }

    fn empty(suite: Suite) -> Self {
        let (key, mac, nonce) = ([0; KEY], [0; MAC_KEY], [0; NONCE]);
        Self { suite, key, mac, nonce, secret: None, of_encrypted: false }
    }

    /// Opens a record by its number. Its content type, with its content in the buffer; `None` when these are not its keys, or it was changed.
    pub(crate) fn open(&self, number: u64, head: Head, record: &[u8], plain: &mut Vec<u8>) -> Option<u8> {
        plain.clear();
        if self.secret.is_some() {
            return self.open_13(number, head, record, plain);
        }
        match self.suite.cipher {
            Cipher::Aes128Cbc(mac) => self.open_cbc::<Aes128>(mac, number, head, record, plain)?,
            Cipher::Aes256Cbc(mac) => self.open_cbc::<Aes256>(mac, number, head, record, plain)?,
            _ => self.open_12(number, head, record, plain)?,
        }
        Some(head.kind)
    }

    /// RFC 8446 §5.2: the content, its type, and zeros are encrypted together.
    fn open_13(&self, number: u64, head: Head, record: &[u8], plain: &mut Vec<u8>) -> Option<u8> {
        let [high, low] = head.length.to_be_bytes();
        let [major, minor] = head.version.to_be_bytes();
        self.open_aead(&self.counted(number), &[head.kind, major, minor, high, low], record, plain)?;
        let end = plain.iter().rposition(|byte| *byte != 0)?;
        let kind = *plain.get(end)?;
        plain.truncate(end);
        Some(kind)
    }

    /// RFC 5246 §6.2.3.3.
    fn open_12(&self, number: u64, head: Head, record: &[u8], plain: &mut Vec<u8>) -> Option<()> {
        let (nonce, record) = match self.suite.cipher {
            Cipher::ChaCha20Poly1305 => (self.counted(number), record),
            _ => {
                let (explicit, record) = record.split_at_checked(EXPLICIT)?;
                let mut nonce = self.nonce;
                nonce.get_mut(NONCE.checked_sub(EXPLICIT)?..)?.copy_from_slice(explicit);
                (nonce, record)
            }
        };
        let length = record.len().checked_sub(self.suite.cipher.tag_length())?;
        self.open_aead(&nonce, &named(number, head, length)?, record, plain)
    }

    /// The nonce of a record that has none of its own.
    fn counted(&self, number: u64) -> [u8; NONCE] {
        let mut nonce = self.nonce;
        let [_, _, _, _, low @ ..] = &mut nonce;
        low.iter_mut().zip(number.to_be_bytes()).for_each(|(byte, other)| *byte ^= other);
        nonce
    }

    fn open_aead(&self, nonce: &[u8; NONCE], named: &[u8], record: &[u8], plain: &mut Vec<u8>) -> Option<()> {
        let (content, tag) = record.split_at_checked(record.len().checked_sub(self.suite.cipher.tag_length())?)?;
        plain.extend_from_slice(content);
        let key = self.key.get(..self.suite.cipher.key_length())?;
        match self.suite.cipher {
            Cipher::Aes128Gcm => decrypt::<Aes128Gcm>(key, nonce, named, plain, tag),
            Cipher::Aes256Gcm => decrypt::<Aes256Gcm>(key, nonce, named, plain, tag),
            Cipher::Aes128Ccm => decrypt::<Ccm<Aes128, U16, U12>>(key, nonce, named, plain, tag),
            Cipher::Aes256Ccm => decrypt::<Ccm<Aes256, U16, U12>>(key, nonce, named, plain, tag),
            Cipher::Aes128Ccm8 => decrypt::<Ccm<Aes128, U8, U12>>(key, nonce, named, plain, tag),
            Cipher::Aes256Ccm8 => decrypt::<Ccm<Aes256, U8, U12>>(key, nonce, named, plain, tag),
            Cipher::ChaCha20Poly1305 => decrypt::<ChaCha20Poly1305>(key, nonce, named, plain, tag),
            Cipher::Aes128Cbc(_) | Cipher::Aes256Cbc(_) => None,
        }
    }

    /// RFC 5246 §6.2.3.2, and RFC 7366 where the HMAC stands behind what is encrypted.
    fn open_cbc<C>(&self, mac: Mac, number: u64, head: Head, record: &[u8], plain: &mut Vec<u8>) -> Option<()>
    where
        Decryptor<C>: BlockModeDecrypt + KeyIvInit,
        C: BlockSizeUser + aes_gcm::aes::cipher::BlockCipherDecrypt,
    {
        let record = if self.of_encrypted {
            let (content, tag) = record.split_at_checked(record.len().checked_sub(mac.length())?)?;
            self.authenticate(mac, &named(number, head, content.len())?, content, tag)?;
            content
        } else {
            record
        };
        let (first, content) = record.split_at_checked(BLOCK)?;
        if content.is_empty() || !content.len().is_multiple_of(BLOCK) {
            return None;
        }
        plain.extend_from_slice(content);
        let (blocks, _) = Array::slice_as_chunks_mut(plain.as_mut_slice());
        let key = self.key.get(..self.suite.cipher.key_length())?;
        Decryptor::<C>::new_from_slices(key, first).ok()?.decrypt_blocks(blocks);
        let padding = *plain.last()?;
        let end = plain.len().checked_sub(usize::from(padding))?.checked_sub(1)?;
        if plain.get(end..)?.iter().any(|byte| *byte != padding) {
            return None;
        }
        plain.truncate(end);
        if !self.of_encrypted {
            let end = plain.len().checked_sub(mac.length())?;
            let (content, tag) = plain.split_at_checked(end)?;
            self.authenticate(mac, &named(number, head, end)?, content, tag)?;
            plain.truncate(end);
        }
        Some(())
    }

    /// Whether an HMAC is the one of something.
    fn authenticate(&self, mac: Mac, named: &[u8], content: &[u8], tag: &[u8]) -> Option<()> {
        let key = self.mac.get(..mac.length())?;
        match mac {
            Mac::Sha1 => verify::<Hmac<Sha1>>(key, named, content, tag),
            Mac::Sha256 => verify::<Hmac<Sha256>>(key, named, content, tag),
            Mac::Sha384 => verify::<Hmac<Sha384>>(key, named, content, tag),
        }
    }
}

/// What is authenticated beside the content up to TLS 1.2: the record's number, type, version and length.
fn named(number: u64, head: Head, length: usize) -> Option<[u8; 13]> {
    let mut named = [0; 13];
    let (first, rest) = named.split_at_mut_checked(8)?;
    first.copy_from_slice(&number.to_be_bytes());
    let ([major, minor], [high, low]) = (head.version.to_be_bytes(), u16::try_from(length).ok()?.to_be_bytes());
    rest.copy_from_slice(&[head.kind, major, minor, high, low]);
    Some(named)
}

fn decrypt<A: AeadInOut + KeyInit>(key: &[u8], nonce: &[u8], named: &[u8], plain: &mut [u8], tag: &[u8]) -> Option<()> {
    let (nonce, tag) = (Nonce::<A>::try_from(nonce).ok()?, Tag::<A>::try_from(tag).ok()?);
    A::new_from_slice(key).ok()?.decrypt_inout_detached(&nonce, named, plain.into(), &tag).ok()
}

fn verify<M: hmac::Mac + KeyInit>(key: &[u8], named: &[u8], content: &[u8], tag: &[u8]) -> Option<()> {
    let mut mac = <M as KeyInit>::new_from_slice(key).ok()?;
    mac.update(named);
    mac.update(content);
    mac.verify_slice(tag).ok()
}
