//! What the host itself may spend on what a component returned: a component decides what stands there, the host how much work that makes.

mod report;

use std::fmt;
use std::time::{Duration, Instant};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

pub use report::Lists;

/// Values in a report: each object, list, text, number, truth and null. A thousand messages with all their records have a tenth of it.
/// Each takes up to 100 bytes in the host, twice while a report is fitted.
pub const VALUES: usize = 130_000;
/// Values that are read between two looks at the clock.
const BETWEEN: usize = 4096;

/// Why the host did not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The caller has gone.
    #[error("the request was cancelled")]
    Cancelled,
    /// There was no time left.
    #[error("the time limit for an answer was reached; ask for fewer sections or frames")]
    Time,
    /// There are more values than a report may have.
    #[error("more than {VALUES} values")]
    Values,
    /// It is no JSON, or nested deeper than 128 levels.
    #[error("not valid JSON: {0}")]
    Malformed(String),
}

/// The time that is left for an answer, and whether somebody still waits for it.
#[derive(Debug, Clone, Copy)]
pub struct Effort<'a> {
    /// Set when the caller has gone.
    pub cancel: &'a CancellationToken,
    /// When the answer has to be there.
    pub until: Instant,
}

/// The moment so long from now; for lengths that no clock holds, a year.
pub fn after(length: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(31_536_000);
    let now = Instant::now();
    now.checked_add(length).or_else(|| now.checked_add(YEAR)).unwrap_or(now)
}

impl Effort<'_> {
    /// Whether to go on.
    ///
    /// # Errors
    /// [`Stopped::Cancelled`] or [`Stopped::Time`].
    pub fn check(&self) -> Result<(), Stopped> {
        if self.cancel.is_cancelled() {
            Err(Stopped::Cancelled)
        } else if Instant::now() >= self.until {
            Err(Stopped::Time)
        } else {
            Ok(())
        }
    }

    /// Reads JSON text into values, as many as a report may have.
    ///
    /// # Errors
    /// As it could not be read to its end.
    pub fn read(&self, text: &str) -> Result<Value, Stopped> {
        let mut budget = Budget { left: VALUES, effort: *self, stopped: None };
        let mut reader = serde_json::Deserializer::from_str(text);
        let read = Reading(&mut budget).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
        read.map_err(|error| budget.stopped.unwrap_or_else(|| Stopped::Malformed(error.to_string())))
    }
}

/// How many values there are in one, itself among them.
pub fn values(value: &Value) -> usize {
    let inner = match value {
        Value::Array(entries) => entries.iter().map(values).fold(0, usize::saturating_add),
        Value::Object(fields) => fields.values().map(values).fold(0, usize::saturating_add),
        _ => 0,
    };
    inner.saturating_add(1)
}

struct Budget<'a> {
    left: usize,
    effort: Effort<'a>,
    stopped: Option<Stopped>,
}

/// Reads one value, at the expense of a budget.
struct Reading<'b, 'a>(&'b mut Budget<'a>);

impl<'de> DeserializeSeed<'de> for Reading<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let budget = &mut *self.0;
        let stopped = match budget.left.checked_sub(1) {
            None => Some(Stopped::Values),
            Some(left) => {
                budget.left = left;
                if left.is_multiple_of(BETWEEN) { budget.effort.check().err() } else { None }
            }
        };
        if let Some(stopped) = stopped {
            let error = D::Error::custom(&stopped);
            budget.stopped = Some(stopped);
            return Err(error);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_, '_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = access.next_element_seed(Reading(&mut *self.0))? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut values: Vec<(String, Value)> = Vec::new();
        while let Some(name) = access.next_key::<String>()? {
            values.push((name, access.next_value_seed(Reading(&mut *self.0))?));
        }
        // With just the room that it needs: a map that grows takes room for four fields, and there may be as many maps as values.
        let mut map = Map::with_capacity(values.len());
        map.extend(values);
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Value, Stopped> {
        let cancel = CancellationToken::new();
        Effort { cancel: &cancel, until: Instant::now() + Duration::from_secs(60) }.read(text)
    }

    #[test]
    fn values_are_read_as_they_are() {
        let value =
            json!({ "a": [1, -2, 2.5, 18_446_744_073_709_551_615_u64, null, true, "x\u{1}\"ü"], "b": {}, "c": [[]] });
        assert_eq!(read(&value.to_string()).unwrap(), value);
        for text in ["", "{", "[1,]", "1 2", "{\"a\":1}}", &"[".repeat(200)] {
            assert!(matches!(read(text), Err(Stopped::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn more_values_than_a_report_may_have_are_not_read() {
        let list = |of: &str, count: usize| format!("[{}]", vec![of; count].join(","));
        // The list itself is one.
        assert!(read(&list("{}", VALUES - 1)).is_ok());
        for text in [list("{}", VALUES), list("[]", VALUES), list("0", VALUES), list("\"\"", VALUES)] {
            assert_eq!(read(&text), Err(Stopped::Values));
        }
        let wide: Vec<String> = (0..VALUES).map(|n| format!("\"{n}\":0")).collect();
        assert_eq!(read(&format!("{{{}}}", wide.join(","))), Err(Stopped::Values));
    }

    #[test]
    fn reading_ends_when_nobody_waits_and_when_time_is_over() {
        let cancel = CancellationToken::new();
        let text = format!("[{}]", vec!["0"; BETWEEN * 2].join(","));
        let effort = Effort { cancel: &cancel, until: Instant::now() };
        assert_eq!(effort.read(&text), Err(Stopped::Time));
        cancel.cancel();
        assert_eq!(effort.read(&text), Err(Stopped::Cancelled));
    }
}
