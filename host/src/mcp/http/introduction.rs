//! What is kept of a client: its name, its version, and which of the known abilities it has. A session lives for minutes, and what stands in its
//! first message lives as long.

use serde_json::{Map, Value};

/// Characters of a name or version.
const TEXT: usize = 200;
/// Bytes of the field that says who asks, in revisions that have no handshake.
const META: usize = 1024;
/// Abilities that the protocol knows and that a server may ask for, with what may be said of each.
const KNOWN: [(&str, &[&str]); 3] =
    [("roots", &["listChanged"]), ("sampling", &["context", "tools"]), ("elicitation", &["form", "url"])];

/// Leaves of the parameters of `initialize` only what is kept. Whether the message is one.
pub(super) fn shorten(message: &mut Map<String, Value>) -> bool {
    if message.get("method").and_then(Value::as_str) != Some("initialize") {
        return false;
    }
    if let Some(Value::Object(params)) = message.get_mut("params") {
        params.retain(|name, value| match name.as_str() {
            "protocolVersion" | "clientInfo" | "capabilities" => true,
            // Revisions without handshake say there who they are.
            "_meta" => value.to_string().len() <= META,
            _ => false,
        });
        if let Some(Value::Object(info)) = params.get_mut("clientInfo") {
            info.retain(|name, value| matches!(name.as_str(), "name" | "title" | "version") && value.is_string());
            info.values_mut().for_each(cut);
        }
        if let Some(version) = params.get_mut("protocolVersion") {
            cut(version);
        }
        if let Some(Value::Object(capabilities)) = params.get_mut("capabilities") {
            capabilities.retain(|name, _| KNOWN.iter().any(|(known, _)| known == name));
            for (name, capability) in capabilities {
                let members = KNOWN.iter().find(|(known, _)| known == name).map_or(&[][..], |(_, members)| members);
                flatten(capability, members);
            }
        }
    }
    true
}

/// Leaves the known members of an ability, and nothing in them.
fn flatten(capability: &mut Value, members: &[&str]) {
    let Value::Object(fields) = capability else { return };
    fields.retain(|name, value| members.contains(&name.as_str()) && (value.is_boolean() || value.is_object()));
    for value in fields.values_mut().filter(|value| value.is_object()) {
        *value = Value::Object(Map::new());
    }
}

fn cut(value: &mut Value) {
    if let Value::String(text) = value
        && let Some((end, _)) = text.char_indices().nth(TEXT)
    {
        text.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shortened(message: Value) -> Value {
        let Value::Object(mut message) = message else { panic!("an object") };
        shorten(&mut message);
        message.into()
    }

    #[test]
    fn name_version_and_known_abilities_are_kept() {
        let deep = (0..50).fold(json!(1), |inner, _| json!({ "a": [inner] }));
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "_meta": vec![deep.clone(); 9], "more": deep,
            "clientInfo": { "name": "x".repeat(1000), "version": "1", "icons": [deep] },
            "capabilities": { "roots": { "listChanged": true, "other": deep }, "sampling": { "tools": deep }, "elicitation": {},
                "experimental": { "a": deep }, "extensions": { "b": deep } },
        } });
        let expected = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "clientInfo": { "name": "x".repeat(200), "version": "1" },
            "capabilities": { "roots": { "listChanged": true }, "sampling": { "tools": {} }, "elicitation": {} },
        } });
        assert_eq!(shortened(message), expected);
    }

    #[test]
    fn other_messages_and_broken_ones_stay_as_they_are() {
        for message in [
            json!({ "method": "tools/call", "params": { "_meta": { "a": 1 } } }),
            json!({ "method": "initialize", "params": [1] }),
            json!({ "method": "initialize" }),
            json!({ "method": 5 }),
        ] {
            assert_eq!(shortened(message.clone()), message);
        }
    }
}
