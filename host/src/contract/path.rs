//! Lists within a report's objects, by dotted names: `statistics.servers` is the list `servers` of the object `statistics`.

use serde_json::{Map, Value};

use super::schema::{PAGES, items, property};

/// Lists of a report that can be asked for by name.
const MOST: usize = 200;
/// Objects within objects that are looked through.
const DEPTH: usize = 6;

/// The field of a report with this name.
pub fn at<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    match fields.get(name) {
        Some(value) => Some(value),
        None => {
            let (outer, inner) = name.split_once('.')?;
            at(fields.get(outer)?.as_object()?, inner)
        }
    }
}

/// The same, to be changed.
pub fn at_mut<'a>(fields: &'a mut Map<String, Value>, name: &str) -> Option<&'a mut Value> {
    if fields.contains_key(name) {
        return fields.get_mut(name);
    }
    let (outer, inner) = name.split_once('.')?;
    at_mut(fields.get_mut(outer)?.as_object_mut()?, inner)
}

/// The schema of the field with this name; null for an unknown one.
pub fn schema_at<'a>(schema: &'a Value, name: &str) -> &'a Value {
    match (property(schema, name), name.split_once('.')) {
        (Value::Null, Some((outer, inner))) => schema_at(property(schema, outer), inner),
        (found, _) => found,
    }
}

/// Puts a value in its place; objects around it are made, where they are not there.
pub fn put(fields: &mut Map<String, Value>, name: &str, value: Value) {
    let Some((outer, inner)) = name.split_once('.') else {
        fields.insert(name.to_owned(), value);
        return;
    };
    let around = fields.entry(outer).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(around) = around {
        put(around, inner, value);
    }
}

/// The names of the lists in a report with this schema; those within the entries of other lists are none.
pub fn lists(report: &Value) -> Vec<String> {
    let mut found = Vec::new();
    look(report, "", 0, &mut found);
    found
}

fn look(schema: &Value, prefix: &str, depth: usize, found: &mut Vec<String>) {
    let fields = schema.get("properties").and_then(Value::as_object);
    for (name, of_field) in fields.into_iter().flatten().filter(|(name, _)| *name != PAGES) {
        let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if !items(of_field).is_null() {
            if found.len() < MOST {
                found.push(name);
            }
        } else if depth < DEPTH {
            look(of_field, &name, depth.saturating_add(1), found);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_are_found_by_their_names_in_values_and_schemas() {
        let schema = json!({ "properties": {
            "pages": { "items": {} },
            "packets": { "items": { "properties": { "answers": { "items": {} } } } },
            "statistics": { "properties": { "n": {}, "servers": { "items": { "type": "string" } }, "t": { "properties": { "u": { "items": {} } } } } },
        } });
        assert_eq!(lists(&schema), ["packets", "statistics.servers", "statistics.t.u"]);
        assert_eq!(schema_at(&schema, "statistics.servers"), &json!({ "items": { "type": "string" } }));
        assert!(schema_at(&schema, "statistics.clients").is_null() && schema_at(&schema, "x.y").is_null());
        let mut value = json!({ "statistics": { "n": 1, "servers": [1] } }).as_object().unwrap().clone();
        assert_eq!(at(&value, "statistics.servers"), Some(&json!([1])));
        assert!(at(&value, "statistics.n.x").is_none() && at_mut(&mut value, "other.x").is_none());
        *at_mut(&mut value, "statistics.servers").unwrap() = json!([2]);
        put(&mut value, "statistics.t.u", json!([3]));
        assert_eq!(Value::Object(value), json!({ "statistics": { "n": 1, "servers": [2], "t": { "u": [3] } } }));
    }
}
