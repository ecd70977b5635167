//! Functions that analysts need and SQLite has not, or not as they have to be here.

mod address;
mod percentile;
mod search;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use address::is_private;
use percentile::Percentile;

use crate::network::Network;

const SECOND: i128 = 1_000_000_000;

/// An argument that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unusable(String);

fn unusable(reason: impl Into<String>) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(Box::new(Unusable(reason.into())))
}

/// Makes them known.
pub(super) fn add(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("in_network", 2, flags, |context| {
        let network: Arc<Network> = context.get_or_create_aux(1, |value: ValueRef<'_>| {
            Network::parse(value.as_str().unwrap_or_default()).ok_or_else(|| {
                Unusable("in_network: the second argument must be a network such as '10.0.0.0/8'".into())
            })
        })?;
        Ok(text(context, 0)?.and_then(|address| address.parse().ok()).map(|address| network.has(address)))
    })?;
    connection.create_scalar_function("is_private", 1, flags, |context| {
        Ok(text(context, 0)?.and_then(|address| address.parse().ok()).map(is_private))
    })?;
    connection.create_scalar_function("registered_domain", 1, flags, |context| {
        Ok(text(context, 0)?.map(|name| registered_domain(name).to_owned()))
    })?;
    search::add(connection, flags)?;
    connection.create_scalar_function("entropy", 1, flags, |context| Ok(text(context, 0)?.map(entropy)))?;
    connection.create_scalar_function("rfc3339", 1, flags, |context| Ok(integer(context, 0)?.map(rfc3339)))?;
    connection.create_scalar_function("ns", 1, flags, |context| text(context, 0)?.map(ns).transpose())?;
    connection.create_scalar_function("bucket", 2, flags, |context| {
        let (Some(time), Some(length)) = (integer(context, 0)?, number(context, 1)?) else { return Ok(None) };
        bucket(time, length).map(Some)
    })?;
    let held = Arc::new(AtomicUsize::new(0));
    connection.create_aggregate_function(
        "median",
        1,
        flags,
        Percentile { fixed: Some(50.0), held: Arc::clone(&held) },
    )?;
    connection.create_aggregate_function("percentile", 2, flags, Percentile { fixed: None, held })
}

/// An argument as text; `None` for NULL.
fn text<'c>(context: &'c Context<'_>, n: usize) -> rusqlite::Result<Option<&'c str>> {
    match context.get_raw(n) {
        ValueRef::Null => Ok(None),
        ValueRef::Text(text) => std::str::from_utf8(text).map(Some).map_err(|_| unusable("a text that is not UTF-8")),
        value => Err(unusable(format!("argument {} must be text, not {}", n.saturating_add(1), value.data_type()))),
    }
}

fn integer(context: &Context<'_>, n: usize) -> rusqlite::Result<Option<i64>> {
    match context.get_raw(n) {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(number) => Ok(Some(number)),
        value => Err(unusable(format!(
            "argument {} must be a time in ns, not {}; ns(text) reads one",
            n.saturating_add(1),
            value.data_type()
        ))),
    }
}

fn number(context: &Context<'_>, n: usize) -> rusqlite::Result<Option<f64>> {
    match context.get_raw(n) {
        ValueRef::Null => Ok(None),
        // Exact enough for what is rounded anyway.
        #[allow(clippy::cast_precision_loss)]
        ValueRef::Integer(number) => Ok(Some(number as f64)),
        ValueRef::Real(number) => Ok(Some(number)),
        value => Err(unusable(format!("argument {} must be a number, not {}", n.saturating_add(1), value.data_type()))),
    }
}

/// A time in nanoseconds since 1970 as text, with six digits of a second where they say all, or nine.
pub(crate) fn rfc3339(time: i64) -> String {
    let digits = if time.rem_euclid(1000) == 0 { 6 } else { 9 };
    written(time, digits)
}

/// A time with so many digits of a second.
fn written(time: i64, digits: usize) -> String {
    // Every number of 64 bits is a time in the years from 1677 to 2262.
    let moment = OffsetDateTime::from_unix_timestamp_nanos(time.into()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (date, clock) = (moment.date(), moment.time());
    let fraction = format!("{:09}", moment.nanosecond());
    let (point, fraction) = if digits == 0 { ("", "") } else { (".", fraction.get(..digits).unwrap_or_default()) };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{point}{fraction}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        clock.hour(),
        clock.minute(),
        clock.second()
    )
}

/// A time as text in nanoseconds since 1970.
fn ns(text: &str) -> rusqlite::Result<i64> {
    let text = text.trim();
    // A date alone is its beginning; without a zone it is UTC.
    let day = format!("{text}T00:00:00Z");
    let utc = format!("{text}Z").replacen(' ', "T", 1);
    let read = [text, &utc, &day].into_iter().find_map(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    read.and_then(|time| i64::try_from(time.unix_timestamp_nanos()).ok())
        .ok_or_else(|| unusable("ns: the argument must be a time such as '2026-01-31T12:00:00Z'"))
}

/// The beginning of the span of so many seconds that a time is in.
fn bucket(time: i64, seconds: f64) -> rusqlite::Result<String> {
    let length = seconds * 1e9;
    if !(1.0..9e18).contains(&length) {
        return Err(unusable("bucket: the second argument must be a number of seconds above 0"));
    }
    #[allow(clippy::cast_possible_truncation)]
    let length = length.round() as i64;
    let start = time.saturating_sub(time.checked_rem_euclid(length).unwrap_or_default());
    let digits = if i128::from(length).checked_rem(SECOND) == Some(0) { 0 } else { 9 };
    Ok(written(start, digits))
}

/// Bits for each character, as often as each of them occurs.
#[allow(clippy::cast_precision_loss)]
fn entropy(text: &str) -> f64 {
    let mut counts: BTreeMap<char, u32> = BTreeMap::new();
    for character in text.chars() {
        let count = counts.entry(character).or_default();
        *count = count.saturating_add(1);
    }
    let total: f64 = counts.values().map(|count| f64::from(*count)).sum();
    let bits: f64 = counts.values().map(|count| f64::from(*count) / total).map(|share| -share * share.log2()).sum();
    // Of one character alone it is -0.
    bits.max(0.0)
}

/// The domain that somebody registered, of which a name is a part: one label below a public suffix. Other names stand for themselves, reverse
/// names for their tree.
fn registered_domain(name: &str) -> &str {
    // An escaped dot is no boundary of labels: what follows the last label with an escape is looked at.
    let name = match name.rfind('\\') {
        None => name,
        Some(escape) => {
            let behind = name.get(escape.saturating_add(2)..).unwrap_or_default();
            behind.split_once('.').map_or(name, |(_, rest)| rest)
        }
    };
    for reverse in ["in-addr.arpa", "ip6.arpa"] {
        if let Some(before) = name.strip_suffix(reverse)
            && (before.is_empty() || before.ends_with('.'))
        {
            return name.get(before.len()..).unwrap_or(name);
        }
    }
    let found = psl2::lookup(name).and_then(|found| found.registrable_domain().map(str::len));
    found.and_then(|length| name.get(name.len().saturating_sub(length)..)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(rfc3339(1_700_000_000_123_456_789), "2023-11-14T22:13:20.123456789Z");
        assert_eq!(rfc3339(i64::MAX), "2262-04-11T23:47:16.854775807Z");
        assert_eq!(rfc3339(i64::MIN), "1677-09-21T00:12:43.145224192Z");
        for (text, time) in [
            ("2023-11-14T22:13:20.123456789Z", 1_700_000_000_123_456_789),
            ("2023-11-14 22:13:20", 1_700_000_000_000_000_000),
            ("2023-11-14T23:13:20+01:00", 1_700_000_000_000_000_000),
            ("1970-01-02", 86_400_000_000_000),
        ] {
            assert_eq!(ns(text).unwrap(), time, "{text}");
        }
        for text in ["", "now", "2023", "9999-01-01", "1700000000"] {
            assert!(ns(text).is_err(), "{text}");
        }
    }

    #[test]
    fn buckets_begin_where_they_should() {
        assert_eq!(
            bucket(1_700_000_019_999_999_999, 20.0).unwrap(),
            "2023-11-14T22:13:20Z".replace(":20Z", ":00Z").replace(":00Z", ":20Z")
        );
        assert_eq!(bucket(1_700_000_000_250_000_000, 0.1).unwrap(), "2023-11-14T22:13:20.200000000Z");
        assert_eq!(bucket(-1, 1.0).unwrap(), "1969-12-31T23:59:59Z");
        for length in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-12] {
            assert!(bucket(0, length).is_err(), "{length}");
        }
    }

    #[test]
    fn domains_that_were_registered_are_told() {
        for (name, domain) in [
            ("www.example.com", "example.com"),
            ("a.b.example.co.uk", "example.co.uk"),
            ("co.uk", "co.uk"),
            ("printer", "printer"),
            ("1.0.0.127.in-addr.arpa", "in-addr.arpa"),
            ("a\\.b.example.com", "example.com"),
            ("a\\.b", "a\\.b"),
            ("a\\", "a\\"),
            ("", ""),
            (".", "."),
        ] {
            assert_eq!(registered_domain(name), domain, "{name}");
        }
    }

    #[test]
    fn entropy_is_in_bits() {
        for (text, bits) in [("", 0.0), ("aaaa", 0.0), ("abab", 1.0), ("abcd", 2.0), ("äöäö", 1.0)] {
            assert!((entropy(text) - bits).abs() < 1e-9, "{text}");
        }
    }
}
