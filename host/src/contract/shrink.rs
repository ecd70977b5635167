//! Making a value smaller without making it wrong: shorter lists, shorter captured texts, fewer optional fields.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::schema::{is_fixed, items, property};
use crate::text::neutral;

/// How much of a value is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Entries of each list.
    pub entries: usize,
    /// Characters of each captured text.
    pub characters: usize,
    /// Whether fields stay that the schema does not demand.
    pub optional: bool,
}

/// From all to least. The first is what every report gets: no captured text is longer.
pub const LEVELS: [Level; 8] = [
    level(usize::MAX, 1000),
    level(50, 500),
    level(20, 250),
    level(10, 120),
    level(5, 80),
    level(3, 64),
    level(1, 48),
    Level { entries: 0, characters: 32, optional: false },
];

const fn level(entries: usize, characters: usize) -> Level {
    Level { entries, characters, optional: true }
}

/// A value at a level: neutral texts, and what does not fit into the level left out. `path` names the value; the lists that were cut
/// are added to `cut` by their paths.
pub fn shrunk(value: &Value, schema: &Value, level: Level, path: &str, cut: &mut BTreeSet<String>) -> Value {
    match value {
        Value::String(text) => {
            // Texts of a fixed vocabulary are short, and cutting one would make another of it. A component can lie in its schema, so they
            // are made harmless all the same.
            let most = if is_fixed(schema) { LONGEST_FIXED } else { level.characters };
            Value::String(neutral(text, most).into_owned())
        }
        Value::Array(entries) => {
            if entries.len() > level.entries {
                cut.insert(path.to_owned());
            }
            let of = items(schema);
            let path = format!("{path}[]");
            entries.iter().take(level.entries).map(|entry| shrunk(entry, of, level, &path, cut)).collect()
        }
        Value::Object(fields) => {
            let demanded = |name: &str| {
                let required = schema.get("required").and_then(Value::as_array);
                required.is_some_and(|required| required.iter().any(|known| known == name))
            };
            let mut kept = Map::with_capacity(fields.len());
            for (name, value) in fields {
                let inner = || if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                if level.optional || demanded(name) {
                    let value = shrunk(value, property(schema, name), level, &inner(), cut);
                    kept.insert(neutral(name, LONGEST_NAME).into_owned(), value);
                } else {
                    // What is left out is named: parts by their own names, single values by the name of what they belong to.
                    cut.insert(if value.is_object() || value.is_array() { inner() } else { path.to_owned() });
                }
            }
            Value::Object(kept)
        }
        other => other.clone(),
    }
}

/// Characters of a text that is not captured.
const LONGEST_FIXED: usize = 1000;
/// Characters of a field's name. Names that are not in the schema are refused later.
const LONGEST_NAME: usize = 100;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(level: usize, value: &Value, schema: &Value) -> (Value, Vec<String>) {
        let mut cut = BTreeSet::new();
        (shrunk(value, schema, LEVELS[level], "s", &mut cut), cut.into_iter().collect())
    }

    #[test]
    fn lists_are_cut_and_named_and_numbers_stay() {
        let value = json!({ "n": 7, "list": [{ "inner": [1, 2, 3, 4] }, { "inner": [] }] });
        assert_eq!(at(0, &value, &json!({})), (value.clone(), vec![]));
        let (small, cut) = at(5, &value, &json!({}));
        assert_eq!(small, json!({ "n": 7, "list": [{ "inner": [1, 2, 3] }, { "inner": [] }] }));
        assert_eq!(cut, ["s.list[].inner"]);
    }

    #[test]
    fn captured_texts_are_cut_and_fixed_ones_are_not() {
        let long = "x".repeat(200);
        let schema = json!({ "properties": { "word": { "type": "string", "x-mcpcap-fixed": true } } });
        let (small, _) = at(4, &json!({ "word": long, "name": long }), &schema);
        assert_eq!(small["word"], long);
        assert_eq!(small["name"], format!("{}…", "x".repeat(80)));
    }

    #[test]
    fn the_last_level_keeps_what_the_schema_demands() {
        let schema = json!({ "properties": { "a": {}, "b": {} }, "required": ["a"] });
        let value = json!({ "a": 1, "b": 2, "c": [3] });
        assert_eq!(at(7, &value, &schema), (json!({ "a": 1 }), vec!["s".into(), "s.c".into()]));
    }
}
