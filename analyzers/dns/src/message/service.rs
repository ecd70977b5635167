//! Service parameters of SVCB and HTTPS records (RFC 9460).

use std::fmt::{self, Write};

use data_encoding::BASE64;

use super::codes;
use super::cursor::Cursor;
use super::fault::Malformed;
use super::name::{write_escaped, write_quoted};

/// Writes the parameters as RFC 9460 §2.1 has them: `alpn="h2,h3" port=8443 ipv4hint=192.0.2.1`.
pub fn write(cursor: &mut Cursor<'_>, out: &mut impl Write) -> Result<(), Malformed> {
    let mut previous: Option<u16> = None;
    while cursor.left() > 0 {
        let key = cursor.u16()?;
        let length = cursor.u16()?;
        let value = cursor.take(length.into())?;
        // Keys stand in strictly rising order (§2.2).
        if previous.is_some_and(|previous| key <= previous) {
            return Err(Malformed::BadRecordData);
        }
        if previous.replace(key).is_some() {
            out.write_char(' ')?;
        }
        name(key, out)?;
        parameter(key, value, out)?;
    }
    Ok(())
}

fn parameter(key: u16, value: &[u8], out: &mut impl Write) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(value, 0, value.len());
    match key {
        // no-default-alpn (§7.1.1) and ohttp (RFC 9540 §4) have no value.
        2 | 8 if value.is_empty() => {}
        2 | 8 => return Err(Malformed::BadRecordData),
        0 => {
            out.write_char('=')?;
            list(&mut cursor, out, |cursor, out| Ok(name(cursor.u16()?, out)?))?;
        }
        1 => {
            // Protocol identifiers are opaque bytes; the quotes take those that are no text.
            out.write_str("=\"")?;
            let mut is_first = true;
            while cursor.left() > 0 {
                let identifier = cursor.character_string()?;
                if !is_first {
                    out.write_char(',')?;
                }
                is_first &= identifier.is_empty();
                write_escaped(out, identifier)?;
            }
            out.write_char('"')?;
        }
        3 => {
            write!(out, "={}", cursor.u16()?)?;
            if cursor.left() > 0 {
                return Err(Malformed::BadRecordData);
            }
        }
        4 => {
            out.write_char('=')?;
            list(&mut cursor, out, |cursor, out| Ok(write!(out, "{}", cursor.ipv4()?)?))?;
        }
        6 => {
            out.write_char('=')?;
            list(&mut cursor, out, |cursor, out| Ok(write!(out, "{}", cursor.ipv6()?)?))?;
        }
        5 => {
            out.write_char('=')?;
            write!(out, "{}", BASE64.encode_display(value))?;
        }
        _ if value.is_empty() => {}
        _ => {
            out.write_char('=')?;
            write_quoted(out, value)?;
        }
    }
    Ok(())
}

fn name(key: u16, out: &mut impl Write) -> fmt::Result {
    write!(out, "{}", fmt::from_fn(|f| f.write_str(&codes::service_parameter(key))))
}

/// Values until the end, with commas; at least one.
fn list<W: Write>(
    cursor: &mut Cursor<'_>,
    out: &mut W,
    mut item: impl FnMut(&mut Cursor<'_>, &mut W) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    item(cursor, out)?;
    while cursor.left() > 0 {
        out.write_char(',')?;
        item(cursor, out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(data: &[u8], expected: Result<&str, Malformed>) {
        let mut out = String::new();
        let result = write(&mut Cursor::new(data, 0, data.len()), &mut out);
        assert_eq!(result.map(|()| out.as_str()), expected);
    }

    /// Values from the test vectors of RFC 9460 appendix D.2.
    #[test]
    fn parameters_are_written_by_name() {
        check(b"", Ok(""));
        check(b"\x00\x03\x00\x02\x00\x35", Ok("port=53"));
        check(b"\x02\x9b\x00\x05hello", Ok("key667=\"hello\""));
        check(b"\x00\x06\x00\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", Ok("ipv6hint=2001:db8::1"));
        check(
            b"\x00\x00\x00\x04\x00\x01\x00\x04\x00\x01\x00\x09\x02h2\x05h3-19\x00\x04\x00\x04\xc0\x00\x02\x01",
            Ok("mandatory=alpn,ipv4hint alpn=\"h2,h3-19\" ipv4hint=192.0.2.1"),
        );
    }

    #[test]
    fn keys_out_of_order_and_values_cut_short_are_refused() {
        check(b"\x00\x03\x00\x02\x00\x35\x00\x03\x00\x02\x00\x35", Err(Malformed::BadRecordData));
        check(b"\x00\x03\x00\x02\x00", Err(Malformed::EndsEarly));
        check(b"\x00\x04\x00\x03\xc0\x00\x02", Err(Malformed::EndsEarly));
        check(b"\x00\x02\x00\x01\x00", Err(Malformed::BadRecordData));
    }
}
