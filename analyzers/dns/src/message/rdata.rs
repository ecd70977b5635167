//! Record data: checked against its type, and written as zone files have it (presentation format).
//!
//! Nearly all types are a row of fields of a few kinds, so a table says which (RFC 1035 §3.3 and the RFC of each type). One
//! interpreter checks, writes and finds names. Types that the table does not have are written by RFC 3597 §5: `\# length hex`.

use std::fmt::{self, Write};

use data_encoding::{BASE32HEX_NOPAD, BASE64, HEXLOWER};
use mcpcap_analyzer::time::rfc3339;

use super::cursor::Cursor;
use super::fault::Malformed;
use super::name::{Name, write_quoted};
use super::targets::Targets;
use super::{Record, codes, loc, service};

/// What stands next in record data.
#[derive(Debug, Clone, Copy)]
enum Field {
    Name,
    U8,
    U16,
    U32,
    Ipv4,
    Ipv6,
    /// A `<character-string>`, in quotes.
    String,
    /// A `<character-string>` that zone files write without quotes.
    Word,
    /// All the rest as `<character-string>`s.
    Strings,
    /// All the rest as one text in quotes.
    Text,
    Base64,
    Hex,
    /// A length byte and bytes as hexadecimal digits, `-` for none (NSEC3 salt).
    Salt,
    /// A length byte and bytes in base32hex (NSEC3 hash).
    Hash,
    /// A 16-bit length and bytes in base64 (TSIG, TKEY).
    Sized,
    /// A record type by name.
    Type,
    /// All the rest as a type bit map (RFC 4034 §4.1.2).
    Types,
    /// Seconds since 1970 as YYYYMMDDHHmmSS (RFC 4034 §3.2).
    Time,
    /// Seconds since 1970 in 48 bits.
    Time48,
    /// A TSIG error by name.
    Error,
    /// Four groups of four hexadecimal digits (RFC 6742 §2.1.1).
    Locator,
    /// All the rest as hexadecimal digits with hyphens (RFC 7043 §3.2).
    Eui,
    /// All of a LOC record.
    Location,
    /// All the rest as service parameters.
    Parameters,
}

fn fields(kind: u16) -> Option<&'static [Field]> {
    use Field::{
        Base64, Error, Eui, Hash, Hex, Ipv4, Ipv6, Location, Locator, Name, Parameters, Salt, Sized, String, Strings,
        Text, Time, Time48, Type, Types, U8, U16, U32, Word,
    };
    Some(match kind {
        1 => &[Ipv4],
        2..=5 | 7..=9 | 12 | 23 | 39 => &[Name],
        6 => &[Name, Name, U32, U32, U32, U32, U32],
        13 => &[String, String],
        14 | 17 | 58 => &[Name, Name],
        15 | 18 | 21 | 36 | 107 => &[U16, Name],
        16 | 20 | 56 | 99 | 258 | 261 | 262 => &[Strings],
        19 => &[String],
        24 | 46 => &[Type, U8, U8, U32, Time, Time, U16, Name, Base64],
        25 | 48 | 57 | 60 => &[U16, U8, U8, Base64],
        26 => &[U16, Name, Name],
        27 => &[String, String, String],
        28 => &[Ipv6],
        29 => &[Location],
        33 => &[U16, U16, U16, Name],
        35 => &[U16, U16, String, String, String, Name],
        37 => &[U16, U16, U8, Base64],
        43 | 59 | 32768 | 32769 => &[U16, U8, U8, Hex],
        44 => &[U8, U8, Hex],
        47 => &[Name, Types],
        49 | 61 => &[Base64],
        50 => &[U8, U8, U16, Salt, Hash, Types],
        51 => &[U8, U8, U16, Salt],
        52 | 53 => &[U8, U8, U8, Hex],
        62 => &[U32, U16, Types],
        63 => &[U32, U8, U8, Hex],
        64 | 65 => &[U16, Name, Parameters],
        104 | 106 => &[U16, Locator],
        105 => &[U16, Ipv4],
        108 | 109 => &[Eui],
        249 => &[Name, Time, Time, U16, Error, Sized, Sized],
        250 => &[Name, Time48, U16, Sized, U16, Error, Sized],
        256 => &[U16, U16, Text],
        257 => &[U8, Word, Text],
        _ => return None,
    })
}

/// Writing into memory does not fail; the conversion lets one `?` do for both.
impl From<fmt::Error> for Malformed {
    fn from(_: fmt::Error) -> Self {
        Self::BadRecordData
    }
}

/// Where record data is written to.
pub trait Output: Write {
    /// Takes the name that is next, and goes behind it.
    ///
    /// # Errors
    /// When it is not valid.
    fn name(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
        let (name, end) = Name::read(cursor.message(), cursor.position(), cursor.end())?;
        cursor.jump(end)?;
        Ok(write!(self, "{name}")?)
    }
}

impl Output for String {}

/// Gives a function each name, which it has to go behind, and drops all else unformatted.
pub struct NamesOnly<F>(pub F);

impl<F: FnMut(&mut Cursor<'_>) -> Result<(), Malformed>> Output for NamesOnly<F> {
    fn name(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
        (self.0)(cursor)
    }
}

impl<F> Write for NamesOnly<F> {
    fn write_str(&mut self, _: &str) -> fmt::Result {
        Ok(())
    }

    fn write_char(&mut self, _: char) -> fmt::Result {
        Ok(())
    }

    fn write_fmt(&mut self, _: fmt::Arguments<'_>) -> fmt::Result {
        Ok(())
    }
}

/// Whether a record's data fits its type.
///
/// # Errors
/// When it does not.
pub fn check(message: &[u8], record: &Record, targets: &mut Targets) -> Result<(), Malformed> {
    let mut names = NamesOnly(|cursor: &mut Cursor<'_>| {
        let extent = targets.extent(cursor.message(), cursor.position(), cursor.end())?;
        extent.fault.map_or(Ok(()), Err)?;
        cursor.jump(extent.end)
    });
    interpret(message, record, &mut names)
}

/// Whether the data of a type has names in it, so that the same data may be written in different ways.
pub fn has_names(kind: u16) -> bool {
    fields(kind).is_some_and(|fields| fields.iter().any(|field| matches!(field, Field::Name)))
}

/// Writes a record's data in presentation format; by RFC 3597 when it does not fit its type.
pub fn write(message: &[u8], record: &Record, out: &mut impl Output) -> fmt::Result {
    if record.data_valid {
        return interpret(message, record, out).map_err(|_| fmt::Error);
    }
    write_unknown(cursor(message, record).rest(), out)
}

fn cursor<'a>(message: &'a [u8], record: &Record) -> Cursor<'a> {
    Cursor::new(message, record.data_at, record.data_at.saturating_add(record.data_length.into()))
}

fn interpret(message: &[u8], record: &Record, out: &mut impl Output) -> Result<(), Malformed> {
    let mut cursor = cursor(message, record);
    // Updates name records to delete, and prerequisites, without data (RFC 2136 §2.4 and §2.5).
    if record.data_length == 0 && matches!(record.class, 254 | 255) {
        return Ok(());
    }
    let Some(fields) = fields(record.kind) else {
        return Ok(write_unknown(cursor.rest(), out)?);
    };
    for (n, field) in fields.iter().enumerate() {
        if n > 0 {
            out.write_char(' ')?;
        }
        self::field(*field, &mut cursor, out).map_err(|reason| match reason {
            Malformed::EndsEarly => Malformed::BadRecordData,
            other => other,
        })?;
    }
    if cursor.left() > 0 { Err(Malformed::BadRecordData) } else { Ok(()) }
}

fn field(field: Field, cursor: &mut Cursor<'_>, out: &mut impl Output) -> Result<(), Malformed> {
    match field {
        Field::Name => out.name(cursor)?,
        Field::U8 => write!(out, "{}", cursor.u8()?)?,
        Field::U16 => write!(out, "{}", cursor.u16()?)?,
        Field::U32 => write!(out, "{}", cursor.u32()?)?,
        Field::Ipv4 => write!(out, "{}", cursor.ipv4()?)?,
        Field::Ipv6 => write!(out, "{}", cursor.ipv6()?)?,
        Field::String => write_quoted(out, cursor.character_string()?)?,
        Field::Word => super::name::write_label(out, cursor.character_string()?)?,
        Field::Strings => {
            let mut first = true;
            while cursor.left() > 0 {
                if !first {
                    out.write_char(' ')?;
                }
                first = false;
                write_quoted(out, cursor.character_string()?)?;
            }
        }
        Field::Text => write_quoted(out, cursor.rest())?,
        Field::Base64 => write!(out, "{}", BASE64.encode_display(cursor.rest()))?,
        Field::Hex => write!(out, "{}", HEXLOWER.encode_display(cursor.rest()))?,
        Field::Salt => match cursor.character_string()? {
            [] => out.write_char('-')?,
            salt => write!(out, "{}", HEXLOWER.encode_display(salt))?,
        },
        Field::Hash => write!(out, "{}", BASE32HEX_NOPAD.encode_display(cursor.character_string()?))?,
        Field::Sized => {
            let length = cursor.u16()?;
            write!(out, "{length}")?;
            let octets = cursor.take(length.into())?;
            if !octets.is_empty() {
                write!(out, " {}", BASE64.encode_display(octets))?;
            }
        }
        Field::Type => record_type(cursor.u16()?, out)?,
        Field::Types => types(cursor, out)?,
        Field::Time => {
            let seconds = u64::from(cursor.u32()?);
            let digits = fmt::from_fn(|f| {
                let time = rfc3339(seconds.saturating_mul(1_000_000_000), 0);
                time.chars().filter(char::is_ascii_digit).try_for_each(|digit| f.write_char(digit))
            });
            write!(out, "{digits}")?;
        }
        Field::Time48 => write!(out, "{}", cursor.u48()?)?,
        Field::Error => {
            let code = cursor.u16()?;
            write!(out, "{}", fmt::from_fn(|f| f.write_str(&codes::tsig_error(code))))?;
        }
        Field::Locator => {
            let groups = [cursor.u16()?, cursor.u16()?, cursor.u16()?, cursor.u16()?];
            let [a, b, c, d] = groups;
            write!(out, "{a:04x}:{b:04x}:{c:04x}:{d:04x}")?;
        }
        Field::Eui => {
            for (n, octet) in cursor.rest().iter().enumerate() {
                write!(out, "{}{octet:02x}", if n > 0 { "-" } else { "" })?;
            }
        }
        Field::Location => loc::write(cursor, out)?,
        Field::Parameters => service::write(cursor, out)?,
    }
    Ok(())
}

/// The types of a bit map (RFC 4034 §4.1.2): blocks of a window number, a length of 1 to 32 and so many bytes.
fn types(cursor: &mut Cursor<'_>, out: &mut impl Write) -> Result<(), Malformed> {
    let mut first = true;
    while cursor.left() > 0 {
        let window = cursor.u8()?;
        let length = cursor.u8()?;
        if !(1..=32).contains(&length) {
            return Err(Malformed::BadRecordData);
        }
        for (octet, bits) in (0_u8..).zip(cursor.take(length.into())?) {
            for bit in (0_u8..8).filter(|bit| bits & (0x80 >> bit) != 0) {
                let code = u16::from_be_bytes([window, octet.saturating_mul(8).saturating_add(bit)]);
                if !first {
                    out.write_char(' ')?;
                }
                first = false;
                record_type(code, out)?;
            }
        }
    }
    Ok(())
}

fn record_type(code: u16, out: &mut impl Write) -> fmt::Result {
    write!(out, "{}", fmt::from_fn(|f| f.write_str(&codes::record_type(code))))
}

fn write_unknown(octets: &[u8], out: &mut impl Write) -> fmt::Result {
    write!(out, "\\# {}", octets.len())?;
    if !octets.is_empty() {
        write!(out, " {}", HEXLOWER.encode_display(octets))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Section;
    use super::*;

    #[track_caller]
    fn check(kind: u16, data: &[u8], expected: &str) {
        let mut message = vec![0; 12];
        message.extend_from_slice(b"\x07example\x03com\x00"); // 12: example.com
        let data_at = message.len();
        message.extend_from_slice(data);
        let data_length = u16::try_from(data.len()).unwrap();
        let mut record = Record {
            name_at: 12,
            name_valid: true,
            section: Section::Answer,
            kind,
            class: 1,
            ttl: 0,
            data_at,
            data_length,
            data_valid: false,
        };
        record.data_valid = super::check(&message, &record, &mut Targets::default()).is_ok();
        let mut out = String::new();
        write(&message, &record, &mut out).unwrap();
        assert_eq!(out, expected);
    }

    #[test]
    fn addresses_and_names() {
        check(1, &[203, 0, 113, 80], "203.0.113.80");
        check(28, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80], "2001:db8::80");
        check(5, b"\x03web\xc0\x0c", "web.example.com");
        check(2, b"\x00", ".");
        check(15, b"\x00\x0a\x04mail\xc0\x0c", "10 mail.example.com");
        check(33, b"\x00\x01\x00\x02\x13\xc4\x03sip\xc0\x0c", "1 2 5060 sip.example.com");
        check(
            6,
            b"\x02ns\xc0\x0c\x04host\xc0\x0c\x00\x00\x00\x07\x00\x00\x0e\x10\x00\x00\x02\x58\x00\x01\x51\x80\x00\x00\x00\x3c",
            "ns.example.com host.example.com 7 3600 600 86400 60",
        );
    }

    #[test]
    fn texts() {
        check(16, b"\x0bv=spf1 -all\x06second", "\"v=spf1 -all\" \"second\"");
        check(257, b"\x00\x05issueca.example", "0 issue \"ca.example\"");
        check(35, b"\x00\x64\x00\x0a\x01u\x07E2U+sip\x00\x00", "100 10 \"u\" \"E2U+sip\" \"\" .");
    }

    #[test]
    fn dnssec() {
        // RFC 4034 §5.4 and §4.3
        let ds = [0xec, 0x45, 5, 1, 0x2b, 0xb1, 0x83, 0xaf, 0x5f, 0x22, 0x58, 0x81, 0x79, 0xa5, 0x3b, 0x0a];
        check(43, &ds, "60485 5 1 2bb183af5f22588179a53b0a");
        let mut nsec = b"\x04host\xc0\x0c\x00\x06\x40\x01\x00\x00\x00\x03\x04\x1b".to_vec();
        nsec.extend_from_slice(&[0; 26]);
        nsec.push(0x20);
        check(47, &nsec, "host.example.com A MX RRSIG NSEC TYPE1234");
        check(
            46,
            b"\x00\x01\x05\x03\x00\x01\x51\x80\x3e\x79\x95\x67\x3e\x52\x08\x67\x0a\x52\xc0\x0c\x01\x02\x03",
            "A 5 3 86400 20030320101815 20030218101815 2642 example.com AQID",
        );
        check(50, b"\x01\x01\x00\x0c\x04\xaa\xbb\xcc\xdd\x05fooba\x00\x01\x40", "1 1 12 aabbccdd CPNMUOJ1 A");
        check(51, b"\x01\x00\x00\x0a\x00", "1 0 10 -");
    }

    #[test]
    fn data_that_does_not_fit_its_type_is_written_as_octets() {
        check(1, &[1, 2, 3], "\\# 3 010203");
        check(1, &[1, 2, 3, 4, 5], "\\# 5 0102030405");
        check(5, b"\xc0\x40", "\\# 2 c040");
        check(16, b"\x05ab", "\\# 3 056162");
        check(65_280, &[0xde, 0xad], "\\# 2 dead");
        check(65_280, &[], "\\# 0");
    }

    #[test]
    fn identifiers() {
        check(108, &[0, 0, 0x5e, 0, 0x53, 0x2a], "00-00-5e-00-53-2a");
        check(106, &[0, 10, 0x20, 1, 0xd, 0xb8, 0x11, 0x40, 0x10, 0], "10 2001:0db8:1140:1000");
        check(
            250,
            b"\x0bhmac-sha256\x00\x00\x00\x5e\x0e\x1f\x00\x01\x2c\x00\x02\x01\x02\x12\x34\x00\x10\x00\x00",
            "hmac-sha256 1577983744 300 2 AQI= 4660 BADSIG 0",
        );
    }
}
