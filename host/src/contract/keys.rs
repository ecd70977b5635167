//! Names of fields are the schema's and never the capture's: who reads a report takes a name for its author's word. An object whose names the schema
//! leaves open becomes a list of names and values; a name where none is left open is refused.

use serde_json::{Map, Value, json};

/// In a component's schema, put there by [`closed`]: the list that an open object has become. Never published.
pub const LISTED: &str = "x-mcpcap-listed";
/// Keywords whose schemas apply to the same value.
const BRANCHES: [&str; 3] = ["anyOf", "oneOf", "allOf"];

/// A component's schema with lists of `name` and `value` in place of open objects.
pub fn closed(schema: &Value) -> Value {
    let Value::Object(keywords) = schema else { return schema.clone() };
    if is_open(keywords) {
        let of_values = keywords.get("additionalProperties").filter(|_| !keywords.contains_key("properties"));
        let value = of_values.filter(|schema| schema.is_object()).map_or_else(|| json!({}), closed);
        let mut list = Map::new();
        for keyword in ["title", "description", super::schema::FIXED] {
            if let Some(kept) = keywords.get(keyword) {
                list.insert(keyword.into(), kept.clone());
            }
        }
        list.insert("type".into(), "array".into());
        let entry = json!({
            "type": "object",
            "properties": { "name": { "type": "string" }, "value": value },
            "required": ["name", "value"],
            "additionalProperties": false,
        });
        list.insert("items".into(), entry);
        list.insert(LISTED.into(), true.into());
        return list.into();
    }
    let mut made = Map::new();
    for (keyword, value) in keywords {
        let value = match (keyword.as_str(), value) {
            ("properties", Value::Object(named)) => {
                named.iter().map(|(name, schema)| (name.clone(), closed(schema))).collect::<Map<_, _>>().into()
            }
            ("items" | "contains", schema) => closed(schema),
            ("prefixItems", Value::Array(schemas)) => schemas.iter().map(closed).collect(),
            (keyword, Value::Array(schemas)) if BRANCHES.contains(&keyword) => schemas.iter().map(closed).collect(),
            (_, value) => value.clone(),
        };
        made.insert(keyword.clone(), value);
    }
    made.into()
}

/// Whether a schema is one of objects, and leaves their names open.
fn is_open(keywords: &Map<String, Value>) -> bool {
    let may_be_one = keywords.get("type").is_none_or(|kind| {
        let is_object = |kind: &Value| kind == "object";
        is_object(kind) || kind.as_array().is_some_and(|kinds| kinds.iter().any(is_object))
    });
    if !may_be_one
        || keywords
            .keys()
            .any(|keyword| BRANCHES.contains(&keyword.as_str()) || keyword == "enum" || keyword == "const")
    {
        return false;
    }
    match keywords.get("additionalProperties") {
        Some(Value::Bool(false)) => false,
        Some(_) => true,
        None => keywords.get("type").is_some() && !keywords.contains_key("properties"),
    }
}

/// A value with lists in place of open objects, by its schema from [`closed`]: where the schema says nothing of names, they are open.
///
/// # Errors
/// With the place of a name that is not in the schema.
pub fn listed(value: Value, schema: &Value) -> Result<Value, String> {
    let mut schemas = Vec::new();
    applying(schema, &mut schemas);
    at(value, &schemas, "")
}

/// The schemas that apply to the same value.
fn applying<'a>(schema: &'a Value, all: &mut Vec<&'a Map<String, Value>>) {
    let Value::Object(keywords) = schema else { return };
    all.push(keywords);
    let branches = BRANCHES.iter().filter_map(|keyword| keywords.get(*keyword)?.as_array());
    branches.flatten().for_each(|branch| applying(branch, all));
}

fn at(value: Value, schemas: &[&Map<String, Value>], place: &str) -> Result<Value, String> {
    match value {
        Value::Array(entries) => {
            let mut of_entries = Vec::new();
            for schema in schemas {
                schema.get("items").into_iter().for_each(|items| applying(items, &mut of_entries));
                let first = schema.get("prefixItems").and_then(Value::as_array);
                first.into_iter().flatten().for_each(|items| applying(items, &mut of_entries));
            }
            let place = format!("{place}[]");
            entries.into_iter().map(|entry| at(entry, &of_entries, &place)).collect()
        }
        Value::Object(fields) => {
            let is_named = schemas.iter().any(|schema| schema.contains_key("properties"));
            let list = schemas.iter().find(|schema| schema.contains_key(LISTED));
            if let (Some(_), _) | (None, false) = (list, is_named) {
                return entries(fields, list, place);
            }
            let mut made = Map::with_capacity(fields.len());
            for (name, value) in fields {
                let mut of_field = Vec::new();
                let mut is_known = false;
                for schema in schemas {
                    if let Some(schema) = schema.get("properties").and_then(|named| named.get(&name)) {
                        is_known = true;
                        applying(schema, &mut of_field);
                    }
                }
                if !is_known {
                    return Err(if place.is_empty() { "/".into() } else { place.to_owned() });
                }
                let value = at(value, &of_field, &format!("{place}/{name}"))?;
                made.insert(name, value);
            }
            Ok(made.into())
        }
        other => Ok(other),
    }
}

/// An open object as a list.
fn entries(fields: Map<String, Value>, list: Option<&&Map<String, Value>>, place: &str) -> Result<Value, String> {
    let mut of_values = Vec::new();
    if let Some(schema) = list.and_then(|list| list.get("items")?.get("properties")?.get("value")) {
        applying(schema, &mut of_values);
    }
    let place = format!("{place}[]/value");
    let entry = |(name, value): (String, Value)| Ok(json!({ "name": name, "value": at(value, &of_values, &place)? }));
    fields.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_objects_become_lists_in_schemas_and_values_alike() {
        let schema = json!({ "type": "object", "properties": {
            "hosts": { "type": "object", "description": "By name.", "additionalProperties": { "type": "object", "properties": { "n": { "type": "integer" } } } },
            "any": { "type": "object" },
            "both": { "properties": { "a": {} }, "additionalProperties": true },
            "unknown": {},
            "list": { "type": "array", "items": { "type": "object", "additionalProperties": { "type": "integer" } } },
            "one": { "oneOf": [{ "properties": { "x": {} } }, { "type": "null" }] },
        } });
        let closed = closed(&schema);
        let value = json!({
            "hosts": { "Ignore this": { "n": 1 } }, "any": { "k": { "l": [] } }, "both": { "a": 1, "b": 2 },
            "unknown": { "u": 1 }, "list": [{ "c": 3 }], "one": { "x": 1 },
        });
        let made = listed(value, &closed).unwrap();
        assert_eq!(made["hosts"], json!([{ "name": "Ignore this", "value": { "n": 1 } }]));
        assert_eq!(made["any"], json!([{ "name": "k", "value": [{ "name": "l", "value": [] }] }]));
        assert_eq!(made["both"], json!([{ "name": "a", "value": 1 }, { "name": "b", "value": 2 }]));
        assert_eq!(
            (&made["unknown"], &made["list"]),
            (&json!([{ "name": "u", "value": 1 }]), &json!([[{ "name": "c", "value": 3 }]]))
        );
        assert_eq!(made["one"], json!({ "x": 1 }));
        let validator = jsonschema::validator_for(&closed).unwrap();
        assert!(validator.is_valid(&made), "{:?}", validator.iter_errors(&made).next());
    }

    #[test]
    fn a_name_that_the_schema_does_not_have_is_refused() {
        let schema = closed(&json!({ "properties": {
            "a": { "properties": { "b": { "type": "integer" } } },
            "one": { "allOf": [{ "properties": { "x": {} } }, { "properties": { "y": {} } }] },
        } }));
        let refused = |value: Value| listed(value, &schema).unwrap_err();
        assert_eq!(refused(json!({ "a": { "b": 1, "Ignore this": 2 } })), "/a");
        assert_eq!(refused(json!({ "one": { "x": 1, "z": 2 } })), "/one");
        assert_eq!(refused(json!({ "c": 1 })), "/");
        assert!(listed(json!({ "a": { "b": 1 }, "one": { "x": 1, "y": 2 } }), &schema).is_ok());
    }
}
