//! EDNS (RFC 6891): the OPT record and its options.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use data_encoding::HEXLOWER;
use smallvec::SmallVec;

use super::cursor::Cursor;
use super::fault::Malformed;
use super::name::{Name, write_quoted};
use super::{Record, codes};

/// An OPT record (RFC 6891 §6.1): its class is a size and its TTL holds flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edns {
    /// Version of EDNS.
    pub version: u8,
    /// The largest UDP payload that the sender takes.
    pub udp_size: u16,
    /// Upper eight bits of the response code.
    pub extended_rcode: u8,
    /// "DNSSEC OK" (RFC 3225).
    pub dnssec_ok: bool,
    /// The options, in their order.
    pub options: SmallVec<[EdnsOption; 2]>,
}

/// An option: its code, and where its data stands in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EdnsOption {
    /// OPTION-CODE.
    pub code: u16,
    at: usize,
    /// OPTION-LENGTH.
    pub length: u16,
}

impl Edns {
    /// Reads an OPT record, with what is wrong with its options.
    pub fn read(message: &[u8], record: &Record) -> (Self, Option<Malformed>) {
        let [extended_rcode, version, flags, _] = record.ttl.to_be_bytes();
        let mut edns = Self {
            version,
            udp_size: record.class,
            extended_rcode,
            dnssec_ok: flags & 0x80 != 0,
            options: SmallVec::new(),
        };
        let end = record.data_at.saturating_add(record.data_length.into());
        let mut cursor = Cursor::new(message, record.data_at, end);
        let fault = edns.read_options(&mut cursor).err().map(|_| Malformed::BadOpt);
        (edns, fault)
    }

    fn read_options(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
        while cursor.left() > 0 {
            let code = cursor.u16()?;
            let length = cursor.u16()?;
            let at = cursor.position();
            cursor.take(length.into())?;
            self.options.push(EdnsOption { code, at, length });
        }
        Ok(())
    }
}

impl EdnsOption {
    /// The option's data as text; hexadecimal where its format is not known or not kept. `None` when there is nothing to tell.
    pub fn text(&self, message: &[u8]) -> Option<String> {
        let mut cursor = Cursor::new(message, self.at, self.at.saturating_add(self.length.into()));
        let mut out = String::new();
        let known = self.known(&mut cursor.clone(), &mut out);
        if known.is_err() {
            out.clear();
            HEXLOWER.encode_write(cursor.rest(), &mut out).ok()?;
        }
        (!out.is_empty()).then_some(out)
    }

    fn known(&self, cursor: &mut Cursor<'_>, out: &mut String) -> Result<(), Malformed> {
        match self.code {
            // An identifier of the server's choice (RFC 5001 §2.3): text, where it is.
            3 => {
                let octets = cursor.rest();
                if octets.iter().all(|octet| (0x20..=0x7e).contains(octet)) {
                    write_quoted(out, octets)?;
                } else {
                    HEXLOWER.encode_write(octets, out)?;
                }
            }
            5..=7 => {
                let numbers: Vec<String> = cursor.rest().iter().map(u8::to_string).collect();
                out.push_str(&numbers.join(" "));
            }
            8 => client_subnet(cursor, out)?,
            9 => match cursor.left() {
                0 => {}
                _ => write!(out, "{} s", cursor.u32()?)?,
            },
            // Units of 100 ms (RFC 7828 §3.1).
            11 => match cursor.left() {
                0 => {}
                _ => {
                    let tenths = cursor.u16()?;
                    write!(out, "{}.{} s", tenths / 10, tenths % 10)?;
                }
            },
            // Its length is all that padding says (RFC 7830 §3).
            12 => {}
            13 | 18 => {
                let limit = cursor.position().saturating_add(cursor.left());
                let (name, _) = Name::read(cursor.message(), cursor.position(), limit)?;
                write!(out, "{name}")?;
            }
            14 => {
                let mut first = true;
                while cursor.left() > 0 {
                    write!(out, "{}{}", if first { "" } else { " " }, cursor.u16()?)?;
                    first = false;
                }
            }
            15 => {
                let code = cursor.u16()?;
                write!(out, "{code} ({})", codes::extended_error(code))?;
                if cursor.left() > 0 {
                    out.push(' ');
                    write_quoted(out, cursor.rest())?;
                }
            }
            _ => HEXLOWER.encode_write(cursor.rest(), out)?,
        }
        Ok(())
    }
}

/// Address and prefix lengths of source and scope (RFC 7871 §6): `192.0.2.0/24/0`.
fn client_subnet(cursor: &mut Cursor<'_>, out: &mut String) -> Result<(), Malformed> {
    let family = cursor.u16()?;
    let (source, scope) = (cursor.u8()?, cursor.u8()?);
    let octets = cursor.rest();
    match family {
        1 => write!(out, "{}", Ipv4Addr::from(padded::<4>(octets)?))?,
        2 => write!(out, "{}", Ipv6Addr::from(padded::<16>(octets)?))?,
        _ => return Err(Malformed::BadOpt),
    }
    Ok(write!(out, "/{source}/{scope}")?)
}

/// An address whose trailing zero bytes were left out.
fn padded<const N: usize>(octets: &[u8]) -> Result<[u8; N], Malformed> {
    let mut address = [0; N];
    address.get_mut(..octets.len()).ok_or(Malformed::BadOpt)?.copy_from_slice(octets);
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: u16, data: &[u8], expected: Option<&str>) {
        let option = EdnsOption { code, at: 0, length: u16::try_from(data.len()).unwrap() };
        assert_eq!(option.text(data).as_deref(), expected);
    }

    #[test]
    fn options_are_written_by_their_format() {
        check(3, b"ns1.example", Some("\"ns1.example\""));
        check(3, b"\x01\xff", Some("01ff"));
        check(8, &[0, 1, 24, 0, 192, 0, 2], Some("192.0.2.0/24/0"));
        check(8, &[0, 2, 56, 48, 0x20, 1, 0xd, 0xb8, 0, 0, 1], Some("2001:db8:0:100::/56/48"));
        check(10, &[1, 2, 3, 4, 5, 6, 7, 8], Some("0102030405060708"));
        check(11, &[1, 0x2c], Some("30.0 s"));
        check(12, &[0; 8], None);
        check(15, b"\x00\x0fblocked", Some("15 (Blocked) \"blocked\""));
        check(65_001, &[0xab], Some("ab"));
    }

    #[test]
    fn options_that_lie_are_written_as_octets() {
        check(8, &[0, 1, 24], Some("000118"));
        check(8, &[0, 1, 24, 0, 1, 2, 3, 4, 5], Some("000118000102030405"));
        check(8, &[0, 9, 24, 0], Some("00091800"));
        check(15, &[1], Some("01"));
    }
}
