//! Checked reading of integers in either byte order.

/// The byte order of a file or of a section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    #[default]
    Little,
    Big,
}

impl Order {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Little => "little",
            Self::Big => "big",
        }
    }

    #[inline]
    pub(crate) fn u16(self, octets: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(octets),
            Self::Big => u16::from_be_bytes(octets),
        }
    }

    #[inline]
    pub(crate) fn u32(self, octets: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(octets),
            Self::Big => u32::from_be_bytes(octets),
        }
    }

    #[inline]
    pub(crate) fn u64(self, octets: [u8; 8]) -> u64 {
        match self {
            Self::Little => u64::from_le_bytes(octets),
            Self::Big => u64::from_be_bytes(octets),
        }
    }
}

/// The fields of a header, one after another. Each read is `None` when the octets run out.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    order: Order,
}

impl<'a> Fields<'a> {
    #[inline]
    pub(crate) fn new(octets: &'a [u8], order: Order) -> Self {
        Self { rest: octets, order }
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*array)
    }

    #[inline]
    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(|octets| self.order.u16(octets))
    }

    #[inline]
    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(|octets| self.order.u32(octets))
    }

    /// A pcapng timestamp: the high half first, in both byte orders.
    #[inline]
    pub(crate) fn timestamp(&mut self) -> Option<u64> {
        let high = self.u32()?;
        let low = self.u32()?;
        Some((u64::from(high) << 32) | u64::from(low))
    }

    #[inline]
    pub(crate) fn take(&mut self, octets: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(octets)?;
        self.rest = rest;
        Some(taken)
    }

    /// What has not been read.
    #[inline]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

/// The next multiple of four.
#[inline]
pub(crate) fn padded(octets: u32) -> u64 {
    (u64::from(octets)).next_multiple_of(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_follow_the_byte_order_and_stop_at_the_end() {
        let octets = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        let mut little = Fields::new(&octets, Order::Little);
        assert_eq!(little.u16(), Some(0x0201));
        assert_eq!(little.u32(), Some(0x0605_0403));
        assert_eq!(little.u32(), None);
        assert_eq!(little.rest(), [7, 8, 9]);
        let mut big = Fields::new(&octets, Order::Big);
        assert_eq!(big.timestamp(), Some(0x0102_0304_0506_0708));
        assert_eq!(big.take(2), None);
        assert_eq!(big.take(1), Some(&[9][..]));
    }

    #[test]
    fn padding_does_not_wrap() {
        assert_eq!(padded(0), 0);
        assert_eq!(padded(5), 8);
        assert_eq!(padded(u32::MAX), 1 << 32);
    }
}
