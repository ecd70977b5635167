//! Encodings of bytes as letters of a name.

/// An encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Two digits for each byte.
    Hex,
    /// RFC 4648 §6.
    Base32,
    /// RFC 4648 §7.
    Base32Hex,
    /// Letters, and digits from 0 to 5, as iodine has it.
    Base32Iodine,
    /// RFC 4648 §4 and §5.
    Base64,
}

impl Codec {
    /// The likeliest first: what fits one of them often fits those behind it too.
    pub const ALL: [Self; 5] = [Self::Hex, Self::Base32, Self::Base32Iodine, Self::Base32Hex, Self::Base64];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base32 => "base32",
            Self::Base32Hex => "base32hex",
            Self::Base32Iodine => "base32 of iodine",
            Self::Base64 => "base64",
        }
    }

    fn bits(self) -> u32 {
        match self {
            Self::Hex => 4,
            Self::Base32 | Self::Base32Hex | Self::Base32Iodine => 5,
            Self::Base64 => 6,
        }
    }

    /// The number that a letter stands for. Names are case insensitive, except in base64.
    fn value(self, letter: u8) -> Option<u8> {
        let lower = letter.to_ascii_lowercase();
        let from = |first: u8, value: u8| lower.checked_sub(first).and_then(|n| n.checked_add(value));
        match (self, lower) {
            (Self::Hex | Self::Base32Hex, b'0'..=b'9') => from(b'0', 0),
            (Self::Hex, b'a'..=b'f') | (Self::Base32Hex, b'a'..=b'v') => from(b'a', 10),
            (Self::Base32 | Self::Base32Iodine, b'a'..=b'z') => from(b'a', 0),
            (Self::Base32, b'2'..=b'7') => from(b'2', 26),
            (Self::Base32Iodine, b'0'..=b'5') => from(b'0', 26),
            (Self::Base64, _) => match letter {
                b'A'..=b'Z' => letter.checked_sub(b'A'),
                b'a'..=b'z' => letter.checked_sub(b'a').and_then(|n| n.checked_add(26)),
                b'0'..=b'9' => letter.checked_sub(b'0').and_then(|n| n.checked_add(52)),
                b'+' | b'-' => Some(62),
                b'/' | b'_' => Some(63),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether each letter is one of the encoding's.
    pub fn fits(self, text: &[u8]) -> bool {
        text.iter().all(|letter| *letter == b'=' || self.value(*letter).is_some())
    }

    /// The bytes that a text stands for, up to the first letter that is none of the encoding's. Bits that make no whole byte are left out.
    pub fn decode(self, text: &[u8]) -> Vec<u8> {
        let (mut bytes, mut held, mut count) = (Vec::with_capacity(text.len()), 0_u32, 0_u32);
        for value in text.iter().map_while(|letter| self.value(*letter)) {
            held = (held << self.bits() | u32::from(value)) & 0xffff;
            count = count.saturating_add(self.bits());
            if count >= 8 {
                count = count.saturating_sub(8);
                bytes.push((held >> count) as u8);
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648 §10.
    #[test]
    fn texts_of_the_rfc_are_decoded() {
        for (codec, text) in [
            (Codec::Hex, "666F6F626172"),
            (Codec::Base32, "MZXW6YTBOI======"),
            (Codec::Base32, "mzxw6ytboi"),
            (Codec::Base32Hex, "CPNMUOJ1E8======"),
            (Codec::Base64, "Zm9vYmFy"),
        ] {
            assert!(codec.fits(text.as_bytes()), "{text}");
            assert_eq!(codec.decode(text.as_bytes()), b"foobar", "{text}");
        }
        assert!(!Codec::Hex.fits(b"xyz") && !Codec::Base32.fits(b"a1") && !Codec::Base64.fits(b"a.b"));
        // The version that iodine's first message has: 0x00000502.
        assert_eq!(Codec::Base32Iodine.decode(b"aaaakaq")[..4], [0, 0, 5, 2]);
    }
}
