//! Lists by their own fields: `rcode=SERVFAIL`, `status>=400`.

use std::cmp::Ordering;

use serde_json::Value;

use super::schema::items;
use super::sort::compare;
use crate::answer::{AnswerError, Code};
use crate::text::neutral;

/// Conditions in one question.
pub const MOST: usize = 16;
/// Characters of a condition.
const LONGEST: usize = 300;
/// Objects and lists within an entry that are looked into.
const DEPTH: usize = 5;

/// What a field of an entry must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Its name; dots lead into objects, and into lists, of which one entry must fit.
    field: String,
    comparison: Comparison,
    /// As it was written, and as a number if it is one.
    text: String,
    number: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Different,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Contains,
}

/// As they are written; longer ones first.
const WRITTEN: [(&str, Comparison); 7] = [
    ("!=", Comparison::Different),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("=", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("~", Comparison::Contains),
];

impl Condition {
    /// Reads one: a field, a comparison, a value.
    ///
    /// # Errors
    /// [`Code::BadArgument`] with an example.
    pub fn parse(text: &str) -> Result<Self, AnswerError> {
        let wrong = || {
            let shown = neutral(text, 100);
            let message = format!(
                "argument where: {shown} is no condition; write a field, one of = != < <= > >= ~ (contains) and a value, for example \
                 rcode=SERVFAIL, bytes>=1000 or name~example"
            );
            AnswerError::new(Code::BadArgument, message)
        };
        if text.chars().count() > LONGEST {
            return Err(wrong());
        }
        let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-');
        let text_of = text.trim_start();
        let end = text_of.find(|character: char| !is_name(character)).ok_or_else(wrong)?;
        let (field, rest) = text_of.split_at_checked(end).ok_or_else(wrong)?;
        let rest = rest.trim_start();
        // Who knows programming languages writes two.
        let rest = if rest.starts_with("==") { rest.strip_prefix('=').unwrap_or(rest) } else { rest };
        let found = WRITTEN.iter().find_map(|(sign, comparison)| Some((rest.strip_prefix(sign)?, *comparison)));
        let (value, comparison) = found.ok_or_else(wrong)?;
        let value = unquoted(value.trim());
        if field.is_empty() {
            return Err(wrong());
        }
        let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
        Ok(Self { field: field.to_owned(), comparison, text: value.to_owned(), number })
    }

    /// Whether an entry fits. A field that is not there, as one that says nothing, is equal to zero, to nothing and to false.
    pub fn fits(&self, entry: &Value) -> bool {
        let mut found = false;
        let mut fits = false;
        // Of several values none may be the one.
        let is_different = self.comparison == Comparison::Different;
        let comparison = if is_different { Comparison::Equal } else { self.comparison };
        values(entry, &self.field, DEPTH, &mut |value| {
            found = true;
            fits |= self.fits_value(value, comparison);
        });
        match (found, self.comparison) {
            (true, _) => fits != is_different,
            (false, Comparison::Equal) => self.is_nothing(),
            (false, Comparison::Different) => !self.is_nothing(),
            (false, _) => false,
        }
    }

    fn is_nothing(&self) -> bool {
        self.number == Some(0.0) || matches!(self.text.as_str(), "" | "false" | "null" | "none")
    }

    fn fits_value(&self, value: &Value, comparison: Comparison) -> bool {
        let order = || match (value, self.number) {
            (Value::Number(number), Some(wanted)) => match self.text.parse::<u64>() {
                Ok(whole) => Some(compare(value, &whole.into())),
                Err(_) => number.as_f64()?.partial_cmp(&wanted),
            },
            (Value::String(text), _) => match (text.parse::<f64>(), self.number) {
                // Numbers that are written as text, such as status codes and ports.
                (Ok(number), Some(wanted)) => number.partial_cmp(&wanted),
                _ => Some(text.to_lowercase().cmp(&self.text.to_lowercase())),
            },
            (Value::Bool(truth), _) => Some(truth.to_string().cmp(&self.text.to_lowercase())),
            (Value::Null, _) if self.is_nothing() => Some(Ordering::Equal),
            _ => None,
        };
        match comparison {
            Comparison::Equal => order() == Some(Ordering::Equal),
            Comparison::Different => order() != Some(Ordering::Equal),
            Comparison::Less => order() == Some(Ordering::Less),
            Comparison::AtMost => order().is_some_and(Ordering::is_le),
            Comparison::Greater => order() == Some(Ordering::Greater),
            Comparison::AtLeast => order().is_some_and(Ordering::is_ge),
            Comparison::Contains => match value {
                Value::String(text) => text.to_lowercase().contains(&self.text.to_lowercase()),
                Value::Number(number) => number.to_string().contains(&self.text),
                _ => false,
            },
        }
    }
}

fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

/// Shows all values of a field, in the lists on its way too.
fn values(value: &Value, field: &str, depth: usize, seen: &mut impl FnMut(&Value)) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match value {
        Value::Array(entries) => entries.iter().for_each(|entry| values(entry, field, depth, seen)),
        Value::Object(fields) => {
            let whole = fields.get(field).map(|value| (value, ""));
            let dotted = || field.split_once('.').and_then(|(first, rest)| Some((fields.get(first)?, rest)));
            match whole.or_else(dotted) {
                Some((Value::Array(entries), "")) => entries.iter().filter(|entry| !entry.is_object()).for_each(seen),
                Some((value, "")) if !value.is_object() => seen(value),
                Some((inner, rest)) if !rest.is_empty() => values(inner, rest, depth, seen),
                _ => {}
            }
        }
        _ => {}
    }
}

/// The fields of a list's entries that conditions can name, by the schema of the list.
pub fn fields(list: &Value) -> Vec<String> {
    let mut found = Vec::new();
    named(items(list), "", DEPTH, &mut found);
    found
}

fn named(schema: &Value, prefix: &str, depth: usize, found: &mut Vec<String>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let fields = schema.get("properties").and_then(Value::as_object);
    for (name, field) in fields.into_iter().flatten() {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let inner = field.get("items").unwrap_or(field);
        if inner.get("properties").is_some() { named(inner, &path, depth, found) } else { found.push(path) }
    }
}

/// Whether a list has all the fields that the conditions name.
pub fn applies(conditions: &[Condition], list: &Value) -> bool {
    let known = fields(list);
    conditions.iter().all(|condition| known.contains(&condition.field))
}

/// Refuses conditions that fit no list. `lists` are those asked for, with their schemas.
///
/// # Errors
/// [`Code::BadArgument`] with the fields of each list.
pub fn check<'a>(
    conditions: &[Condition],
    lists: impl Iterator<Item = (&'a str, &'a Value)> + Clone,
) -> Result<(), AnswerError> {
    if lists.clone().any(|(_, schema)| applies(conditions, schema)) {
        return Ok(());
    }
    let is_known = |condition: &&Condition| !lists.clone().any(|(_, list)| fields(list).contains(&condition.field));
    let wrong = conditions.iter().find(is_known).map_or_else(
        || "no one list has all of these fields".to_owned(),
        |condition| format!("no list here has the field {}", neutral(&condition.field, 100)),
    );
    let of_lists = lists.filter_map(|(name, list)| {
        let known = fields(list);
        (!known.is_empty()).then(|| format!("{name} has {}", known.join(", ")))
    });
    let mut known: Vec<String> = of_lists.collect();
    // Lists of their own first; those within statistics have dots.
    known.sort_by_key(|of_list| of_list.split(' ').next().is_some_and(|name| name.contains('.')));
    Err(AnswerError::new(Code::BadArgument, format!("argument where: {wrong}; {}", known.join("; "))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fits(condition: &str, entry: &Value) -> bool {
        Condition::parse(condition).unwrap().fits(entry)
    }

    #[test]
    fn conditions_compare_numbers_texts_and_truth() {
        let entry = json!({ "rcode": "SERVFAIL", "bytes": 1200, "ok": true, "ms": 0.5, "status": "404", "client": { "port": 53 },
            "answers": [{ "name": "a.example" }, { "name": "b.example" }], "flags": ["SYN", "ACK"], "big": u64::MAX, "zero": 0 });
        for yes in [
            "rcode=SERVFAIL",
            "rcode = servfail",
            "rcode==SERVFAIL",
            "rcode!=NOERROR",
            "rcode~serv",
            "bytes>=1200",
            "bytes>1199.5",
            "bytes<=1200",
            "bytes < 1201",
            "ok=true",
            "ok!=false",
            "ms>0.4",
            "status>=400",
            "status<500",
            "client.port=53",
            "answers.name=\"b.example\"",
            "answers.name~EXAMPLE",
            "flags=SYN",
            "flags!=RST",
            "big=18446744073709551615",
            "big>18446744073709551614",
            "zero=0",
            "missing=0",
            "missing=",
            "missing=false",
            "missing!=x",
        ] {
            assert!(fits(yes, &entry), "{yes}");
        }
        for no in [
            "rcode=NOERROR",
            "bytes>1200",
            "ok=false",
            "client.port!=53",
            "answers.name!=a.example",
            "flags!=ACK",
            "missing>0",
            "missing=x",
            "missing~x",
            "client=53",
            "big=18446744073709551614",
            "rcode>zz",
        ] {
            assert!(!fits(no, &entry), "{no}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused_with_an_example() {
        for text in ["", "rcode", "=5", "a b=5", "rcode:5", &format!("a={}", "x".repeat(LONGEST))] {
            let error = Condition::parse(text).unwrap_err();
            assert!(error.message.contains("rcode=SERVFAIL"), "{}", error.message);
        }
    }

    #[test]
    fn unknown_fields_are_refused_with_those_that_there_are() {
        let packets = json!({ "items": { "properties": { "rcode": {}, "answers": { "items": { "properties": { "name": {} } } } } } });
        let servers = json!({ "items": { "properties": { "server": {} } } });
        let lists = [("packets", &packets), ("servers", &servers)];
        let check = |texts: &[&str]| {
            let conditions: Vec<Condition> = texts.iter().map(|text| Condition::parse(text).unwrap()).collect();
            check(&conditions, lists.into_iter()).map_err(|error| error.message)
        };
        check(&["rcode=x", "answers.name=y"]).unwrap();
        let error = check(&["rcodes=x"]).unwrap_err();
        assert_eq!(
            error,
            "argument where: no list here has the field rcodes; packets has rcode, answers.name; servers has server"
        );
        assert!(check(&["rcode=x", "server=y"]).unwrap_err().contains("no one list has all"));
    }
}
