//! Reading big-endian numbers and bytes without ever leaving the message.

use super::fault::Malformed;

/// A position in a message, and where reading has to end.
///
/// The whole message stays reachable, because compressed names point back into it (RFC 1035 §4.1.4).
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    message: &'a [u8],
    at: usize,
    end: usize,
    wanted: usize,
}

impl<'a> Cursor<'a> {
    /// Reads `message[start..end]`. An end behind the message's is the message's.
    pub fn new(message: &'a [u8], start: usize, end: usize) -> Self {
        let end = end.min(message.len());
        Self { message, at: start.min(end), end, wanted: 0 }
    }

    /// The whole message, for what compressed names point to.
    pub fn message(&self) -> &'a [u8] {
        self.message
    }

    /// Where the next byte is.
    pub fn position(&self) -> usize {
        self.at
    }

    /// How far the last attempt to read beyond the end would have gone, and no less than where the next byte is.
    pub fn wanted(&self) -> usize {
        self.wanted.max(self.at)
    }

    /// Where reading has to end.
    pub fn end(&self) -> usize {
        self.end
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let stop = self.at.saturating_add(count);
        match self.message.get(self.at..stop) {
            Some(octets) if stop <= self.end => {
                self.at = stop;
                Ok(octets)
            }
            _ => {
                self.wanted = stop;
                Err(Malformed::EndsEarly)
            }
        }
    }

    /// All bytes that are left.
    pub fn rest(&mut self) -> &'a [u8] {
        let octets = self.message.get(self.at..self.end).unwrap_or_default();
        self.at = self.end;
        octets
    }

    /// Goes on at `position`, which may not lie behind the end.
    pub fn jump(&mut self, position: usize) -> Result<(), Malformed> {
        if position > self.end {
            return Err(Malformed::EndsEarly);
        }
        self.at = position;
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let octets = self.take(N)?;
        <[u8; N]>::try_from(octets).map_err(|_| Malformed::EndsEarly)
    }

    /// An byte.
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    /// Two bytes.
    pub fn u16(&mut self) -> Result<u16, Malformed> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    /// Four bytes.
    pub fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// Six bytes, as TSIG counts seconds (RFC 8945 §4.2).
    pub fn u48(&mut self) -> Result<u64, Malformed> {
        let high = self.u16()?;
        let low = self.u32()?;
        Ok((u64::from(high) << 32) | u64::from(low))
    }

    /// Four bytes of an address.
    pub fn ipv4(&mut self) -> Result<std::net::Ipv4Addr, Malformed> {
        Ok(self.array::<4>()?.into())
    }

    /// Sixteen bytes of an address.
    pub fn ipv6(&mut self) -> Result<std::net::Ipv6Addr, Malformed> {
        Ok(self.array::<16>()?.into())
    }

    /// A `<character-string>` (RFC 1035 §3.3): a length byte and so many bytes.
    pub fn character_string(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u8()?;
        self.take(length.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_big_endian_and_reading_ends_at_the_end() {
        let mut cursor = Cursor::new(&[1, 2, 3, 4, 5, 6, 7, 8, 9], 0, 8);
        assert_eq!(cursor.u8(), Ok(1));
        assert_eq!(cursor.u16(), Ok(0x0203));
        assert_eq!(cursor.u32(), Ok(0x0405_0607));
        assert_eq!(cursor.u16(), Err(Malformed::EndsEarly));
        assert_eq!(cursor.left(), 1);
        assert_eq!(cursor.rest(), &[8]);
        assert_eq!(cursor.u8(), Err(Malformed::EndsEarly));
    }

    #[test]
    fn ranges_outside_the_message_are_empty() {
        let mut cursor = Cursor::new(&[1, 2], 9, 99);
        assert_eq!((cursor.left(), cursor.position()), (0, 2));
        assert_eq!(cursor.take(usize::MAX), Err(Malformed::EndsEarly));
        assert_eq!(cursor.rest(), &[] as &[u8]);
    }
}
