//! What a component says about itself, and the schemas of its tools.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::decode::{copies, statistics};
use crate::finding;
use crate::{Ends, Prompt, Tool, ToolEntry};

/// Marks a text that is not from the capture: `#[schemars(extend("x-mcpcap-fixed" = true))]` on a field. The host takes every other text
/// for captured, and says so in each report.
const FIXED: &str = "x-mcpcap-fixed";

/// The document that `describe` returns; `wit/README.md` has its fields.
pub fn component(name: &str, version: &str, tools: &[ToolEntry], prompts: &[Prompt]) -> Value {
    let tables = |tool: &ToolEntry| tool.tables.iter().map(|table| table.describe(tool.name)).collect::<Vec<_>>();
    json!({
        "name": name,
        "version": version,
        "tools": tools.iter().map(|tool| (tool.describe)()).collect::<Vec<_>>(),
        "prompts": prompts.iter().map(prompt).collect::<Vec<_>>(),
        "tables": tools.iter().flat_map(tables).collect::<Vec<_>>(),
    })
}

/// What it says about one tool.
pub fn tool<T: Tool>() -> Value {
    let report = schema::<T::Report>(SchemaSettings::draft2020_12().for_serialize());
    // The decoder cuts those, in whichever report they are.
    let of_copies = report.pointer("/properties/copies").map_or(&[][..], |_| &copies::CUT);
    // Where `pages` can say that there are more.
    let has = |field: &str| report.pointer(&format!("/properties/{field}")).is_some();
    let of_decoding: Vec<String> = [("", "decoding"), ("limits.", "limits/properties/decoding")]
        .into_iter()
        .filter(|(_, place)| has(place) && has("pages"))
        .flat_map(|(within, _)| statistics::FRAMES.map(|list| format!("{within}{list}")))
        .collect();
    let of_findings = if has("findings") && has("pages") { &[finding::FRAMES][..] } else { &[] };
    let of_decoding: Vec<&str> = of_decoding.iter().map(String::as_str).collect();
    let cut = [T::CUT, of_copies, of_findings, &of_decoding].concat();
    let mut described = json!({
        "name": T::NAME,
        "title": T::TITLE,
        "description": T::DESCRIPTION,
        "arguments": schema::<T::Arguments>(SchemaSettings::draft2020_12().for_deserialize()),
        "report": report,
        "paged": T::PAGED,
        "cut": cut,
        "headers": T::WANTS.headers,
        "streams": T::WANTS.streams,
        "community_ids": T::WANTS.community_ids,
        "sha1": T::WANTS.sha1,
        "key_log": T::WANTS.key_log,
        "ends": match T::ENDS {
            Ends::Never => json!(false),
            Ends::Always => json!(true),
            Ends::With(arguments) => json!(arguments),
        },
    });
    if let (Some(transports), Some(described)) = (T::WANTS.transports, described.as_object_mut()) {
        let transports: Vec<&str> = transports.iter().map(|transport| transport.name()).collect();
        described.insert("wants".into(), json!({ "transports": transports, "ports": T::WANTS.ports }));
    }
    described
}

fn prompt(prompt: &Prompt) -> Value {
    let arguments: Vec<Value> = prompt
        .arguments
        .iter()
        .map(|a| json!({ "name": a.name, "description": a.description, "required": a.required }))
        .collect();
    json!({ "name": prompt.name, "title": prompt.title, "description": prompt.description, "arguments": arguments })
}

/// A schema that every client understands: no `$ref`, no lists of types, no formats, objects closed.
fn schema<T: JsonSchema>(mut settings: SchemaSettings) -> Value {
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut value = settings.into_generator().into_root_schema_for::<T>().to_value();
    if let Value::Object(root) = &mut value {
        // The title is the Rust type's name, which tells a client nothing.
        root.remove("title");
        root.remove("description");
    }
    simplify(&mut value);
    value
}

fn simplify(value: &mut Value) {
    match value {
        Value::Object(object) => {
            drop_null(object);
            // Validators know few formats (not `uint64`, not `ip`) and warn about the others.
            if let Some(format) = object.remove("format")
                && object.get("type").is_some_and(|kind| kind == "string")
                && format.is_string()
            {
                // What has a format is written by the analyzer: an address, a time.
                object.insert(FIXED.into(), Value::Bool(true));
            }
            if object.contains_key("properties") {
                object.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            // A default of null says no more than that the argument may be left out.
            if object.get("default").is_some_and(Value::is_null) {
                object.remove("default");
            }
            object.values_mut().for_each(simplify);
        }
        Value::Array(items) => items.iter_mut().for_each(simplify),
        _ => {}
    }
}

/// `Option<T>` is written as an absent field, never as `null`.
fn drop_null(object: &mut Map<String, Value>) {
    let only = match object.get_mut("type") {
        Some(Value::Array(types)) => {
            types.retain(|t| t != "null");
            (types.len() == 1).then(|| types.remove(0))
        }
        _ => None,
    };
    if let Some(only) = only {
        object.insert("type".into(), only);
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|c| c.get("type").is_none_or(|t| t != "null"));
        if choices.len() == 1
            && let Value::Object(only) = choices.remove(0)
        {
            object.remove("anyOf");
            for (key, value) in only {
                object.entry(key).or_insert(value);
            }
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|v| !v.is_null());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Serialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Inner {
        port: u16,
    }

    #[derive(serde::Serialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Report {
        /// How many.
        count: u64,
        address: std::net::IpAddr,
        #[serde(skip_serializing_if = "Option::is_none")]
        inner: Option<Inner>,
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    }

    #[test]
    fn a_schema_has_no_references_no_type_lists_and_no_formats() {
        let schema = schema::<Report>(SchemaSettings::draft2020_12().for_serialize());
        let text = schema.to_string();
        for word in ["$ref", "$defs", "null", "uint64", "uint16", "format"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
        assert_eq!(schema["properties"]["text"]["type"], "string");
        assert_eq!(schema["properties"]["inner"]["properties"]["port"]["type"], "integer");
        assert_eq!(schema["properties"]["inner"]["additionalProperties"], false);
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["required"], json!(["count", "address"]));
    }
}
