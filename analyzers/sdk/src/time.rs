//! Times and durations as reports write them.

use time::OffsetDateTime;

/// RFC 3339 in UTC with `digits` decimals of a second (0 to 9): `2023-11-14T22:13:20.000000Z`.
pub fn rfc3339(nanoseconds: u64, digits: u8) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds.into()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let mut text = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        time.year(),
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
    let digits = usize::from(digits.min(9));
    if digits > 0 {
        let fraction = format!("{:09}", time.nanosecond());
        text.push('.');
        text.push_str(fraction.get(..digits).unwrap_or_default());
    }
    text.push('Z');
    text
}

/// Cuts a time of [`rfc3339`] to `digits` decimals: a report knows the capture's precision only at the end.
pub fn shorten(time: &mut String, digits: u8) {
    let whole = "2006-01-02T15:04:05".len();
    let keep = if digits == 0 { whole } else { whole.saturating_add(1).saturating_add(digits.into()) };
    if keep < time.len() {
        time.truncate(keep);
        time.push('Z');
    }
}

/// Nanoseconds as milliseconds, for latencies.
pub fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}

/// Nanoseconds as seconds, for durations.
pub fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(nanoseconds: u64, digits: u8, expected: &str) {
        assert_eq!(rfc3339(nanoseconds, digits), expected);
    }

    #[test]
    fn times_are_utc_with_the_precision_asked_for() {
        check(0, 6, "1970-01-01T00:00:00.000000Z");
        check(1_700_000_000_000_000_000, 6, "2023-11-14T22:13:20.000000Z");
        check(1_709_164_800_123_456_789, 9, "2024-02-29T00:00:00.123456789Z");
        check(4_294_967_296_000_000_001, 9, "2106-02-07T06:28:16.000000001Z");
        check(951_782_399_999_999_999, 0, "2000-02-28T23:59:59Z");
        check(u64::MAX - 1, 9, "2554-07-21T23:34:33.709551614Z");
    }

    #[test]
    fn times_are_cut_to_the_capture_s_precision() {
        for (digits, expected) in
            [(0, "2023-11-14T22:13:20Z"), (3, "2023-11-14T22:13:20.000Z"), (9, "2023-11-14T22:13:20.000000001Z")]
        {
            let mut text = rfc3339(1_700_000_000_000_000_001, 9);
            shorten(&mut text, digits);
            assert_eq!(text, expected);
        }
    }
}
