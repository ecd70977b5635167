//! Options of a block (section 3.5): code, length, value, padding.

use crate::facts::text;
use crate::fields::{Fields, Order};
use pcap_parser::nom;
use pcap_parser::{OptionCode, PcapError, PcapNGOption, parse_option_be, parse_option_le};
use std::borrow::Cow;

/// One option.
#[derive(Clone, Copy)]
pub(crate) struct Opt<'a> {
    pub code: OptionCode,
    /// Without padding.
    pub value: &'a [u8],
    order: Order,
}

/// The options of a block, known to be well-formed.
#[derive(Clone, Copy)]
pub(crate) struct Options<'a>(Walk<'a>);

impl<'a> Options<'a> {
    /// Checks the whole list first, so that nothing is taken from a block that is damaged further on.
    pub(crate) fn checked(octets: &'a [u8], order: Order) -> Result<Self, String> {
        let walk = Walk::new(octets, order);
        for option in walk {
            option?;
        }
        Ok(Self(walk))
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = Opt<'a>;

    fn next(&mut self) -> Option<Opt<'a>> {
        self.0.next()?.ok()
    }
}

/// The options of a block, one after another, up to the end of the list or to the first that is damaged.
#[derive(Clone, Copy)]
pub(crate) struct Walk<'a> {
    rest: &'a [u8],
    order: Order,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(octets: &'a [u8], order: Order) -> Self {
        Self { rest: octets, order }
    }

    #[cold]
    fn damage(&self) -> String {
        let mut fields = Fields::new(self.rest, self.order);
        let left = self.rest.len();
        match (fields.u16(), fields.u16()) {
            (Some(code), Some(length)) => {
                format!("option {code} is {length} bytes long, but its block ends {left} bytes after its beginning")
            }
            _ => format!("{left} bytes are left for an option, less than the 4 it must have"),
        }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<Opt<'a>, String>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let parsed: nom::IResult<&[u8], PcapNGOption, PcapError<&[u8]>> = match self.order {
            Order::Little => parse_option_le(self.rest),
            Order::Big => parse_option_be(self.rest),
        };
        match parsed {
            Ok((_, PcapNGOption { code: OptionCode::EndOfOpt, .. })) => {
                self.rest = &[];
                None
            }
            Ok((rest, PcapNGOption { code, len, value: Cow::Borrowed(value) })) => {
                self.rest = rest;
                let value = value.get(..usize::from(len)).unwrap_or(value);
                Some(Ok(Opt { code, value, order: self.order }))
            }
            _ => {
                let damage = self.damage();
                self.rest = &[];
                Some(Err(damage))
            }
        }
    }
}

impl Opt<'_> {
    /// The value as a number; `None` when it has another size.
    pub(crate) fn u64(&self) -> Option<u64> {
        <[u8; 8]>::try_from(self.value).ok().map(|octets| self.order.u64(octets))
    }

    /// As above, signed (`if_tsoffset`).
    pub(crate) fn i64(&self) -> Option<i64> {
        self.u64().map(u64::cast_signed)
    }

    pub(crate) fn u32(&self) -> Option<u32> {
        <[u8; 4]>::try_from(self.value).ok().map(|octets| self.order.u32(octets))
    }

    pub(crate) fn u8(&self) -> Option<u8> {
        <[u8; 1]>::try_from(self.value).ok().map(|[octet]| octet)
    }

    /// The value as a timestamp: high half first.
    pub(crate) fn timestamp(&self) -> Option<u64> {
        Fields::new(self.value, self.order).timestamp().filter(|_| self.value.len() == 8)
    }

    /// The value as text; `None` when there is none.
    pub(crate) fn text(&self) -> Option<String> {
        Some(text(self.value)).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(octets: &[u8], order: Order) -> Result<Vec<(u16, Vec<u8>)>, String> {
        Ok(Options::checked(octets, order)?.map(|option| (option.code.0, option.value.to_vec())).collect())
    }

    #[test]
    fn options_are_padded_and_end_with_the_end() {
        let octets = b"\x02\0\x05\0eth0!\0\0\0\x09\0\x01\0\x09\0\0\0\0\0\0\0left over";
        assert_eq!(list(octets, Order::Little), Ok(vec![(2, b"eth0!".to_vec()), (9, vec![9])]));
        assert_eq!(list(b"\0\x09\0\x01\x06\0\0\0", Order::Big), Ok(vec![(9, vec![6])]));
        assert_eq!(list(b"", Order::Big), Ok(vec![]));
    }

    #[test]
    fn an_option_beyond_the_block_is_told_with_its_numbers() {
        let reason = list(b"\x01\0\x01\0a\0\0\0\x02\0\x30\x30eth0", Order::Little).unwrap_err();
        assert_eq!(reason, "option 2 is 12336 bytes long, but its block ends 8 bytes after its beginning");
        assert_eq!(list(b"\0\x01\xff\xff", Order::Big).unwrap_err().len(), 76);
        assert!(list(b"\x01\0\0", Order::Little).unwrap_err().starts_with("3 bytes are left"));
    }

    #[test]
    fn numbers_follow_the_byte_order_and_must_have_their_size() {
        let option = |value, order| Opt { code: OptionCode(14), value, order };
        assert_eq!(option(&[0, 0, 0, 0, 0, 0, 0x0e, 0x10], Order::Big).i64(), Some(3_600));
        assert_eq!(option(&[0xff; 8], Order::Little).i64(), Some(-1));
        assert_eq!(option(&[0xff; 7], Order::Little).u64(), None);
        assert_eq!(option(&[1, 0, 0, 0], Order::Little).u32(), Some(1));
        assert_eq!(option(&[0, 0, 0, 1, 0, 0, 0, 2], Order::Big).timestamp(), Some((1 << 32) + 2));
        assert_eq!(option(&[1, 0, 0, 0, 2, 0, 0, 0], Order::Little).timestamp(), Some((1 << 32) + 2));
    }
}
