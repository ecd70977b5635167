//! Checks that hold for the schema of every tool's report.

use serde_json::Value;

use crate::Tool;

/// The fields of a tool's report, at any depth, without a description.
pub fn without_description<T: Tool>() -> Vec<String> {
    let mut found = Vec::new();
    walk(&crate::describe::tool::<T>()["report"], "", &mut |path, field| {
        if field["description"].as_str().is_none_or(|text| text.trim().is_empty()) {
            found.push(path.to_owned());
        }
    });
    found
}

/// Gives each property of a schema, at any depth, to a function.
pub fn walk(schema: &Value, path: &str, each: &mut impl FnMut(&str, &Value)) {
    if let Some(properties) = schema["properties"].as_object() {
        for (name, field) in properties {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            each(&path, field);
            walk(field, &path, each);
        }
    }
    if schema["items"].is_object() {
        walk(&schema["items"], &format!("{path}[]"), each);
    }
    for choices in ["anyOf", "oneOf", "allOf"] {
        for choice in schema[choices].as_array().into_iter().flatten() {
            walk(choice, path, each);
        }
    }
    if schema["additionalProperties"].is_object() {
        walk(&schema["additionalProperties"], &format!("{path}.*"), each);
    }
}
