//! Numbers and vectors as TLS writes them (RFC 8446 §3), and numbers as QUIC does (RFC 9000 §16).

/// What is left of some bytes. Nothing is read behind their end.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// From the first byte on.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next bytes, if there are so many.
    pub fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of so many bytes, up to four.
    fn number(&mut self, bytes: usize) -> Option<u32> {
        Some(self.take(bytes)?.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte)))
    }

    /// A number of one byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.number(1).and_then(|number| u8::try_from(number).ok())
    }

    /// A number of two bytes.
    pub fn u16(&mut self) -> Option<u16> {
        self.number(2).and_then(|number| u16::try_from(number).ok())
    }

    /// A number of three bytes.
    pub fn u24(&mut self) -> Option<u32> {
        self.number(3)
    }

    /// A number of four bytes.
    pub fn u32(&mut self) -> Option<u32> {
        self.number(4)
    }

    /// A vector with its length in front, in so many bytes.
    pub fn vector(&mut self, length_bytes: usize) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number(length_bytes)?).ok()?;
        self.take(length)
    }

    /// The same; of one that is longer than what there is, that. Whether it is whole.
    pub fn vector_or_rest(&mut self, length_bytes: usize) -> Option<(&'a [u8], bool)> {
        let length = usize::try_from(self.number(length_bytes)?).ok()?;
        let is_whole = length <= self.0.len();
        Some((self.take(length.min(self.0.len()))?, is_whole))
    }

    /// A number of QUIC, whose first two bits tell how many bytes it has.
    pub fn varint(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first()?;
        let bytes = [0, 1, 3, 7].get(usize::from(first >> 6))?;
        let (rest, left) = rest.split_at_checked(*bytes)?;
        self.0 = left;
        Some(rest.iter().fold(u64::from(first & 0x3f), |number, byte| (number << 8) | u64::from(*byte)))
    }

    /// A vector with its length in front, as such a number.
    pub fn varint_vector(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        self.take(length)
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Bits of a number without zeros in front.
pub fn bits(number: &[u8]) -> u32 {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let rest = number.get(zeros..).unwrap_or_default();
    let free = rest.first().map_or(0, |byte| byte.leading_zeros());
    u32::try_from(rest.len()).unwrap_or(u32::MAX).saturating_mul(8).saturating_sub(free)
}

/// The numbers of two bytes in a vector.
pub fn codes(bytes: &[u8]) -> impl ExactSizeIterator<Item = u16> + Clone + '_ {
    bytes.chunks_exact(2).map(|pair| pair.iter().fold(0, |number, byte| (number << 8) | u16::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_quic_are_those_of_the_rfc() {
        // RFC 9000 appendix A.1.
        for (bytes, expected) in [
            (&[0xc2, 0x19, 0x7c, 0x5e, 0xff, 0x14, 0xe8, 0x8c][..], 151_288_809_941_952_652),
            (&[0x9d, 0x7f, 0x3e, 0x7d], 494_878_333),
            (&[0x7b, 0xbd], 15_293),
            (&[0x25], 37),
            (&[0x40, 0x25], 37),
        ] {
            let mut cursor = Cursor::new(bytes);
            assert_eq!((cursor.varint(), cursor.is_empty()), (Some(expected), true));
            assert_eq!(Cursor::new(&bytes[..bytes.len() - 1]).varint(), None);
        }
        assert_eq!(Cursor::new(&[2, 7, 8, 9]).varint_vector(), Some(&[7, 8][..]));
        assert_eq!(Cursor::new(&[4, 7, 8, 9]).varint_vector(), None);
    }
}
