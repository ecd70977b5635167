//! A line of a log: a JSON object, as Zeek's writer of JSON has it. What is not set is left out.

use std::fmt::Display;
use std::io::{self, Write};
use std::net::IpAddr;

use serde::Serialize;

use super::uid::Uid;
use crate::text::data::exact;

/// Nanoseconds of a microsecond, which is what Zeek's times have.
const MICROSECOND: i64 = 1_000;
/// Microseconds of a second.
const SECOND: i64 = 1_000_000;

/// The ends of a connection: who began it comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ends {
    /// Who began it.
    pub orig: (IpAddr, u16),
    /// The other end.
    pub resp: (IpAddr, u16),
}

impl Ends {
    /// The same from the other side.
    pub fn turned(self) -> Self {
        Self { orig: self.resp, resp: self.orig }
    }
}

/// Writes lines to a log, one after another.
pub(super) struct Lines<'o> {
    out: &'o mut dyn Write,
    line: Vec<u8>,
    /// Lines that were written.
    pub count: u64,
    failed: Option<io::Error>,
}

impl<'o> Lines<'o> {
    /// None yet.
    pub fn to(out: &'o mut dyn Write) -> Self {
        Self { out, line: Vec::new(), count: 0, failed: None }
    }

    /// Ends a line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(&mut self) -> io::Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.line.extend_from_slice(b"}\n");
        // All that is written to it is text.
        let line = std::str::from_utf8(&self.line).map_err(io::Error::other)?;
        self.out.write_all(exact(line).as_bytes())?;
        self.line.clear();
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    /// The name of a field, which begins the line where it is the first one.
    fn name(&mut self, name: &str) {
        self.line.push(if self.line.is_empty() { b'{' } else { b',' });
        self.json(name);
        self.line.push(b':');
    }

    fn json(&mut self, value: impl Serialize) {
        if let Err(error) = serde_json::to_writer(&mut self.line, &value) {
            self.failed.get_or_insert(error.into());
        }
    }

    fn plain(&mut self, value: impl Display) {
        if let Err(error) = write!(self.line, "{value}") {
            self.failed.get_or_insert(error);
        }
    }

    fn list<T: Serialize>(&mut self, values: impl Iterator<Item = T>) {
        self.line.push(b'[');
        for (place, value) in values.enumerate() {
            if place > 0 {
                self.line.push(b',');
            }
            self.json(value);
        }
        self.line.push(b']');
    }

    /// A text.
    pub fn text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.name(name);
            self.json(value);
        }
    }

    /// A number that counts something.
    pub fn count(&mut self, name: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.name(name);
            self.json(value);
        }
    }

    /// True or false.
    pub fn truth(&mut self, name: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.name(name);
            self.json(value);
        }
    }

    /// An address.
    pub fn address(&mut self, name: &str, value: Option<IpAddr>) {
        if let Some(value) = value {
            self.name(name);
            self.json(value);
        }
    }

    /// A time of nanoseconds since 1970, as seconds with six decimals.
    pub fn time(&mut self, name: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.name(name);
            self.seconds(value.div_euclid(MICROSECOND));
        }
    }

    /// When the line happened. Packets without a time have that of 1970, as Zeek reads them.
    pub fn ts(&mut self, time: Option<i64>) {
        self.time("ts", Some(time.unwrap_or_default()));
    }

    /// A time between two, of nanoseconds.
    pub fn interval(&mut self, name: &str, value: Option<i64>) {
        self.time(name, value);
    }

    fn seconds(&mut self, microseconds: i64) {
        let sign = if microseconds < 0 { "-" } else { "" };
        let (whole, part) = (microseconds.unsigned_abs() / 1_000_000, microseconds.unsigned_abs() % 1_000_000);
        self.plain(format_args!("{sign}{whole}.{part:06}"));
    }

    /// Whole seconds of a time between two.
    pub fn whole_seconds(&mut self, name: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.name(name);
            self.seconds(value.saturating_mul(SECOND));
        }
    }

    /// A list of texts; left out where there is none.
    pub fn texts<'t>(&mut self, name: &str, values: Option<impl Iterator<Item = &'t str>>) {
        if let Some(values) = values {
            self.name(name);
            self.list(values);
        }
    }

    /// A list of times between two, of whole seconds.
    pub fn all_seconds(&mut self, name: &str, values: impl Iterator<Item = i64>) {
        self.name(name);
        self.line.push(b'[');
        for (place, value) in values.enumerate() {
            if place > 0 {
                self.line.push(b',');
            }
            self.seconds(value.saturating_mul(SECOND));
        }
        self.line.push(b']');
    }

    /// Which connection it is.
    pub fn connection(&mut self, uid: &Uid, ends: Ends) {
        self.text("uid", Some(uid.as_str()));
        self.ends(ends);
    }

    /// The ends of a connection.
    pub fn ends(&mut self, Ends { orig, resp }: Ends) {
        self.address("id.orig_h", Some(orig.0));
        self.count("id.orig_p", Some(orig.1.into()));
        self.address("id.resp_h", Some(resp.0));
        self.count("id.resp_p", Some(resp.1.into()));
    }
}

/// Nanoseconds of seconds with a fraction.
pub(super) fn of_seconds(seconds: f64) -> i64 {
    // What does not fit is the largest or smallest.
    (seconds * 1e9).round() as i64
}

/// Nanoseconds of milliseconds with a fraction.
pub(super) fn of_milliseconds(milliseconds: f64) -> i64 {
    (milliseconds * 1e6).round() as i64
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn written(write: impl FnOnce(&mut Lines<'_>)) -> String {
        let mut bytes = Vec::new();
        let mut lines = Lines::to(&mut bytes);
        write(&mut lines);
        lines.end().unwrap();
        assert_eq!(lines.count, 1);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn times_have_six_decimals() {
        for (nanoseconds, expected) in [
            (1_600_266_220_005_323_999, "{\"ts\":1600266220.005323}\n"),
            (0, "{\"ts\":0.000000}\n"),
            (-1_500_000_000, "{\"ts\":-1.500000}\n"),
        ] {
            assert_eq!(written(|lines| lines.ts(Some(nanoseconds))), expected);
        }
        assert_eq!(written(|lines| lines.ts(None)), "{\"ts\":0.000000}\n");
        assert_eq!((of_seconds(0.25), of_milliseconds(0.5)), (250_000_000, 500_000));
    }

    #[test]
    fn text_of_captures_stays_within_its_field() {
        let line = written(|lines| {
            lines.text("a", Some("\"}\n{\"b\":\u{1}\u{2028}"));
            lines.text("c", None);
            lines.texts("d", Some(["x", "\\"].into_iter()));
        });
        assert_eq!(line.lines().count(), 1);
        assert!(!line.trim_end().chars().any(crate::text::is_hidden), "{line}");
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value, json!({ "a": "\"}\n{\"b\":\u{1}\u{2028}", "d": ["x", "\\"] }));
    }

    #[test]
    fn what_cannot_be_written_is_an_error() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut out = Full;
        let mut lines = Lines::to(&mut out);
        lines.ts(None);
        assert_eq!(lines.end().unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
