//! Which JSON Schema a component may write: a tree of the keywords that describe data, without references. So its size bounds what checking an
//! answer costs, nothing is fetched, and what the host reads from a schema is all there is in it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::text::neutral;

/// What stands behind a keyword.
enum Holds {
    Schema,
    Schemas,
    NamedSchemas,
    Value,
}

/// Characters of a regular expression.
const PATTERN: usize = 500;

fn holds(keyword: &str) -> Option<Holds> {
    Some(match keyword {
        "items" | "additionalProperties" | "contains" | "propertyNames" | "not" => Holds::Schema,
        "anyOf" | "oneOf" | "allOf" | "prefixItems" => Holds::Schemas,
        "properties" => Holds::NamedSchemas,
        "type" | "enum" | "const" | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf"
        | "minLength" | "maxLength" | "pattern" | "minItems" | "maxItems" | "uniqueItems" | "minContains"
        | "maxContains" | "minProperties" | "maxProperties" | "required" | "format" | "title" | "description"
        | "default" | "examples" | "deprecated" | "readOnly" | "writeOnly" | "$comment" => Holds::Value,
        // The dialect; another one would be refused when it is compiled.
        "$schema" => Holds::Value,
        other if other.starts_with("x-") => Holds::Value,
        _ => return None,
    })
}

/// What one value may cost to be checked: schemas that apply to it, names of fields and words that it is compared with. An answer has
/// at most a few hundred thousand values.
const WEIGHT: usize = 500;
/// Schemas that are looked at to find that out; one that applies in several places is looked at in each.
const LOOKED_AT: usize = 100_000;

/// Checks a schema.
///
/// # Errors
/// With the place and the keyword that cannot be there, or that makes checking a value cost too much.
pub(crate) fn check(schema: &Value) -> Result<(), String> {
    at(schema, "")?;
    weigh(&[schema], "", &mut 0)
}

/// Checks what it costs to hold a value against several schemas at once, and each value in it against all that apply to it.
fn weigh(schemas: &[&Value], place: &str, looked_at: &mut usize) -> Result<(), String> {
    let mut all: Vec<&Map<String, Value>> = Vec::new();
    let mut waiting: Vec<&Value> = schemas.to_vec();
    let mut weight = 0_usize;
    while let Some(schema) = waiting.pop() {
        let Value::Object(schema) = schema else { continue };
        weight = weight.saturating_add(1);
        *looked_at = looked_at.saturating_add(1);
        for (keyword, value) in schema {
            match (holds(keyword), value) {
                (Some(Holds::Schemas), Value::Array(schemas)) if keyword != "prefixItems" => waiting.extend(schemas),
                (Some(Holds::Schema), schema) if keyword == "not" => waiting.push(schema),
                (Some(Holds::NamedSchemas), Value::Object(named)) => weight = weight.saturating_add(named.len()),
                (Some(Holds::Value), Value::Array(words)) if matches!(keyword.as_str(), "enum" | "required") => {
                    weight = weight.saturating_add(words.len());
                }
                _ => {}
            }
        }
        all.push(schema);
        if weight > WEIGHT || *looked_at > LOOKED_AT {
            let place = neutral(if place.is_empty() { "/" } else { place }, 100).into_owned();
            return Err(format!(
                "{place}: a value here would be held against more than {WEIGHT} schemas, fields and words"
            ));
        }
    }
    // Entries of a list, however they are named, may meet all of these.
    let mut entries: Vec<&Value> = Vec::new();
    for schema in &all {
        entries.extend(["items", "contains"].iter().filter_map(|keyword| schema.get(*keyword)));
        entries.extend(schema.get("prefixItems").and_then(Value::as_array).into_iter().flatten());
    }
    below(entries, place, "[]", looked_at)?;
    // A field may meet its own schemas and those of all others.
    let others: Vec<&Value> = all
        .iter()
        .flat_map(|schema| [schema.get("additionalProperties"), schema.get("propertyNames")])
        .flatten()
        .collect();
    let mut named: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for (name, schema) in all.iter().filter_map(|schema| schema.get("properties")?.as_object()).flatten() {
        named.entry(name).or_insert_with(|| others.clone()).push(schema);
    }
    for (name, schemas) in named {
        below(schemas, place, name, looked_at)?;
    }
    below(others, place, "*", looked_at)
}

fn below(schemas: Vec<&Value>, place: &str, name: &str, looked_at: &mut usize) -> Result<(), String> {
    if schemas.is_empty() { Ok(()) } else { weigh(&schemas, &format!("{place}/{name}"), looked_at) }
}

fn at(schema: &Value, place: &str) -> Result<(), String> {
    let shown = |text: &str| neutral(text, 100).into_owned();
    let object = match schema {
        Value::Object(object) => object,
        Value::Bool(_) => return Ok(()),
        _ => return Err(format!("{} is no schema", shown(if place.is_empty() { "/" } else { place }))),
    };
    for (keyword, value) in object {
        let here = format!("{place}/{keyword}");
        let wrong = |what: &str| Err(format!("{} must be {what}", shown(&here)));
        match (holds(keyword), value) {
            (Some(Holds::Schema), schema) => at(schema, &here)?,
            (Some(Holds::Schemas), Value::Array(schemas)) => {
                schemas.iter().enumerate().try_for_each(|(n, schema)| at(schema, &format!("{here}/{n}")))?;
            }
            (Some(Holds::Schemas), _) => return wrong("a list of schemas"),
            (Some(Holds::NamedSchemas), Value::Object(schemas)) => {
                schemas.iter().try_for_each(|(name, schema)| at(schema, &format!("{here}/{name}")))?;
            }
            (Some(Holds::NamedSchemas), _) => return wrong("an object of schemas"),
            (Some(Holds::Value), Value::String(pattern)) if keyword == "pattern" && pattern.len() > PATTERN => {
                return wrong(&format!("at most {PATTERN} bytes long"));
            }
            (Some(Holds::Value), _) => {}
            (None, _) if keyword.starts_with('$') => {
                return Err(format!(
                    "{}: write schemas out where they are used; references are not followed",
                    shown(&here)
                ));
            }
            (None, _) => return Err(format!("{} is not a keyword that may be used here", shown(&here))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn data_may_be_described() {
        check(&json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "required": ["a"],
            "properties": {
                "$ref": { "type": "string", "x-mcpcap-fixed": true },
                "a": { "type": "array", "items": { "anyOf": [{ "enum": [1, 2] }, { "type": "null" }] } },
            },
            "additionalProperties": false,
        }))
        .unwrap();
    }

    #[test]
    fn many_schemas_for_one_value_are_refused() {
        let many = |count: usize| vec![json!({ "type": "object" }); count];
        check(&json!({ "items": { "allOf": many(WEIGHT - 10) } })).unwrap();
        let fields: serde_json::Map<String, Value> = (0..=WEIGHT).map(|n| (n.to_string(), true.into())).collect();
        let nested = (0..10).fold(json!({}), |inner, _| json!({ "anyOf": [inner.clone(), inner] }));
        // Each alternative has its own schema of the same field.
        let spread: Vec<Value> = (0..=WEIGHT / 2).map(|n| json!({ "properties": { "a": { "const": n } } })).collect();
        for schema in [
            json!({ "items": { "allOf": many(13_000) } }),
            json!({ "properties": fields }),
            json!({ "enum": vec![0; WEIGHT + 1] }),
            json!({ "properties": { "a": nested } }),
            json!({ "prefixItems": many(WEIGHT + 1) }),
            json!({ "additionalProperties": { "not": { "oneOf": many(WEIGHT) } } }),
            json!({ "anyOf": spread }),
            (0..20).fold(
                json!({}),
                |inner, _| json!({ "properties": { "a": {}, "b": {}, "c": {} }, "additionalProperties": inner }),
            ),
        ] {
            assert!(check(&schema).unwrap_err().contains("held against more than"), "{schema}");
        }
    }

    #[test]
    fn what_could_cost_without_bound_is_refused_with_its_place() {
        for (schema, place) in [
            (json!({ "$ref": "#" }), "/$ref"),
            (
                json!({ "properties": { "a": { "items": { "$ref": "https://example.com/x" } } } }),
                "/properties/a/items/$ref",
            ),
            (json!({ "anyOf": [{ "$dynamicRef": "#a" }] }), "/anyOf/0/$dynamicRef"),
            (json!({ "$id": "urn:a" }), "/$id"),
            (json!({ "$defs": {} }), "/$defs"),
            (json!({ "patternProperties": {} }), "/patternProperties"),
            (json!({ "properties": [] }), "/properties"),
            (json!({ "items": 5 }), "/items"),
            (json!({ "pattern": "a".repeat(501) }), "/pattern"),
        ] {
            let reason = check(&schema).unwrap_err();
            assert!(reason.starts_with(place), "{reason}");
        }
    }
}
