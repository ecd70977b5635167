//! LOC records (RFC 1876).

use std::fmt::{self, Write};

use super::cursor::Cursor;
use super::fault::Malformed;

/// Writes latitude, longitude, altitude, size and both precisions, as RFC 1876 §3 has them.
pub fn write(cursor: &mut Cursor<'_>, out: &mut impl Write) -> Result<(), Malformed> {
    // Another version has another format (§2).
    if cursor.u8()? != 0 {
        return Err(Malformed::BadRecordData);
    }
    let sizes = [cursor.u8()?, cursor.u8()?, cursor.u8()?];
    angle(cursor.u32()?, 90, ['N', 'S'], out)?;
    out.write_char(' ')?;
    angle(cursor.u32()?, 180, ['E', 'W'], out)?;
    // Centimetres above 100,000 m below the reference spheroid.
    let altitude = i64::from(cursor.u32()?).saturating_sub(10_000_000);
    let sign = if altitude < 0 { "-" } else { "" };
    write!(out, " {sign}{}m", metres(altitude.unsigned_abs()))?;
    for size in sizes {
        let (base, exponent) = (size >> 4, size & 0xf);
        if base > 9 || exponent > 9 {
            return Err(Malformed::BadRecordData);
        }
        write!(out, " {}m", metres(u64::from(base).saturating_mul(10_u64.saturating_pow(exponent.into()))))?;
    }
    Ok(())
}

fn metres(centimetres: u64) -> impl fmt::Display {
    fmt::from_fn(move |f| write!(f, "{}.{:02}", centimetres / 100, centimetres % 100))
}

/// Thousandths of a second of arc, counted from 2^31.
fn angle(
    value: u32,
    most_degrees: u64,
    [positive, negative]: [char; 2],
    out: &mut impl Write,
) -> Result<(), Malformed> {
    let offset = i64::from(value).saturating_sub(1 << 31);
    let thousandths = offset.unsigned_abs();
    if thousandths > most_degrees.saturating_mul(3_600_000) {
        return Err(Malformed::BadRecordData);
    }
    let direction = if offset < 0 { negative } else { positive };
    let (degrees, minutes) = (thousandths / 3_600_000, thousandths / 60_000 % 60);
    let (seconds, fraction) = (thousandths / 1000 % 60, thousandths % 1000);
    Ok(write!(out, "{degrees} {minutes} {seconds}.{fraction:03} {direction}")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1876() {
        // cambridge-net.kei.com: 42 21 54 N 71 06 18 W -24m 30m 10000m 10m (§4)
        let mut data = vec![0, 0x33, 0x16, 0x13];
        data.extend_from_slice(&(0x8000_0000_u32 + 152_514_000).to_be_bytes());
        data.extend_from_slice(&(0x8000_0000_u32 - 255_978_000).to_be_bytes());
        data.extend_from_slice(&(10_000_000_u32 - 2400).to_be_bytes());
        let mut out = String::new();
        write(&mut Cursor::new(&data, 0, data.len()), &mut out).unwrap();
        assert_eq!(out, "42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m");
    }

    #[test]
    fn other_versions_and_impossible_angles_are_refused() {
        let refused = |data: &[u8]| write(&mut Cursor::new(data, 0, data.len()), &mut String::new());
        assert_eq!(refused(&[1; 16]), Err(Malformed::BadRecordData));
        assert_eq!(
            refused(&[0, 0x33, 0x16, 0x13, 0xff, 0xff, 0xff, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0]),
            Err(Malformed::BadRecordData)
        );
    }
}
