//! Which JSON Schema a component may write: a tree of the keywords that describe data, without references. So its size bounds what checking an
//! answer costs, nothing is fetched, and what the host reads from a schema is all there is in it.

use serde_json::Value;

use crate::contract::text::neutral;

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

/// Checks a schema.
///
/// # Errors
/// With the place and the keyword that cannot be there.
pub(super) fn check(schema: &Value) -> Result<(), String> {
    at(schema, "")
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
                return wrong(&format!("at most {PATTERN} octets long"));
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
