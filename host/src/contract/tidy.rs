//! Values without noise: numbers as short as they are, and of entries only the fields that say something.

use serde_json::{Map, Number, Value};

/// Digits behind the point: microseconds of a second, millionths of a share.
const DIGITS: f64 = 1e6;
/// From here on a float holds no fraction and not every whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Makes whole numbers whole and cuts fractions to six digits, in a value and all below it. A fraction that would be none then keeps its first six
/// digits that count.
pub fn numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(tidy) = tidied(number) {
                *number = tidy;
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(numbers),
        Value::Object(fields) => fields.values_mut().for_each(numbers),
        _ => {}
    }
}

/// A number in its short form, when it is a float.
fn tidied(number: &Number) -> Option<Number> {
    if !number.is_f64() {
        return None;
    }
    let float = number.as_f64()?;
    let rounded = (float * DIGITS).round() / DIGITS;
    if rounded.fract() == 0.0 && rounded.abs() < EXACT && (rounded != 0.0 || float == 0.0) {
        let text = format!("{rounded:.0}");
        return text.parse::<i64>().ok().map(Number::from);
    }
    let short = if rounded == 0.0 { format!("{float:.5e}").parse().ok()? } else { rounded };
    Number::from_f64(short)
}

/// Whether a value says nothing: zero, false, null, or empty, also when all in it is so.
pub fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(entries) => entries.is_empty(),
        Value::Object(fields) => fields.values().all(is_nothing),
    }
}

/// Whether there is nothing in a value: totals that are zero or false say something.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(entries) => entries.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A value without the fields that say nothing. Entries of lists stay, whatever they are.
pub fn pruned(value: &Value) -> Value {
    match value {
        Value::Array(entries) => entries.iter().map(pruned).collect(),
        Value::Object(fields) => {
            said(fields).map(|(name, value)| (name.clone(), pruned(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// The fields of an object that say something.
pub fn said(fields: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    fields.iter().filter(|(_, value)| !is_nothing(value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_are_whole_and_fractions_are_short() {
        let mut value =
            json!([1.0, -0.0, 0.1234567891, 2.000_000_01, 1e-9, 1.234_567_89e-8, 1e300, 7, u64::MAX, { "n": [3.50] }]);
        numbers(&mut value);
        let text = value.to_string();
        assert_eq!(text, "[1,0,0.123457,2,1e-9,1.23457e-8,1e+300,7,18446744073709551615,{\"n\":[3.5]}]");
    }

    #[test]
    fn fields_that_say_nothing_are_left_out_and_entries_are_not() {
        let value = json!({ "a": 0, "b": { "c": "", "d": [] }, "e": [0, null, { "f": false, "g": 1 }], "h": 0.5, "i": true, "j": null });
        assert_eq!(pruned(&value), json!({ "e": [0, null, { "g": 1 }], "h": 0.5, "i": true }));
        assert!(is_nothing(&json!({ "a": { "b": 0 } })) && !is_nothing(&json!([0])));
    }
}
